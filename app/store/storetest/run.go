package storetest

import "testing"

// Run proves that the store keeps its promises on the databases that open makes: an empty one each time.
func Run(t *testing.T, open func(testing.TB) Opened) {
	for name, test := range map[string]func(*testing.T, Opened){
		"migrates once":                         migratesOnce,
		"refuses a newer schema":                refusesNewerSchema,
		"repeats are told by their key":         repeats,
		"a repeat in the same group":            repeatInGroup,
		"an event waits in an unstarted one":    coalesces,
		"a repeat stands for nothing":           repeatStandsForNothing,
		"rows keep their fields and order":      keepsRows,
		"concurrent accepts share commits":      groupCommit,
		"a closed store refuses":                closedRefuses,
		"lanes are claimed once":                claims,
		"a lane's due time":                     dueTimes,
		"a lost lease writes nothing":           lostLease,
		"a release sees what came":              releaseSees,
		"outcomes":                              outcomes,
		"an outcome sent twice":                 outcomeTwice,
		"a refused write fails alone":           refusedAlone,
		"a canceled row takes no outcome":       canceledRow,
		"a docflow's life":                      docflowLife,
		"an older answer":                       olderAnswer,
		"signatures":                            signatures,
		"new statements alone":                  newStatements,
		"request ids are unique":                requestIDs,
		"a robot is answered once":              robots,
		"effects and their flush":               effects,
		"overdue robots":                        overdue,
		"unpaid duties":                         duties,
		"calls of workflows":                    lostCalls,
		"calls that are still open":             openCalls,
		"suspected workflows":                   suspects,
		"workflows hear of progress":            progress,
		"a robot is answered before its step":   expires,
		"an action that waits for its try":      waitsForItsTry,
		"a dead action tells its workflow":      deadTells,
		"a canceled action tells its workflow":  canceledTells,
		"news":                                  news,
		"a page of news is all or nothing":      newsAllOrNothing,
		"open docflows":                         openDocflows,
		"portals":                               portals,
		"secrets are sealed":                    secretsAreSealed,
		"token pairs":                           pairs,
		"pending installations":                 pendings,
		"connections":                           connections,
		"an application goes":                   applicationGoes,
		"a portal is erased and comes back":     portalErased,
		"administrators take over":              administrators,
		"applications take over":                applicationsSucceed,
		"findings of self-checks":               findings,
		"a removed portal is erased in steps":   erased,
		"cards":                                 cards,
		"a look ends the events that waited":    looksCover,
		"own writes":                            ownWrites,
		"many cards are read at once":           manyCards,
		"a deleted card":                        deletedCard,
		"looks wait in one row":                 looksWait,
		"sweeps":                                sweeps,
		"jobs":                                  jobs,
		"a job is tried again with its effects": retryEffects,
		"pruning goes in small steps":           prunes,
		"pruning passes young rows by":          prunesPast,
		"two processes":                         twoProcesses,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}
