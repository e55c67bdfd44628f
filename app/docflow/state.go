package docflow

import "slices"

// State is where a docflow stands. The words are those that settings, robots and cards show.
type State string

// The states. Prepared and Uncertain are the bridge's own; the others are what a service reports.
const (
	Prepared  State = "prepared"  // frozen and stored, not yet known to the service
	Uncertain State = "uncertain" // the answer to its creation was lost and it was not found: a person decides
	Queued    State = "queued"    // accepted, waiting to be sent to the registrar
	Verified  State = "verified"  // signatures are being checked
	Sent      State = "sent"      // with the registrar
	Suspended State = "suspended" // somebody must act: see Requirement
	Completed State = "completed" // done, with its result
	Failed    State = "error"     // the service or the registrar ended it without a result
)

// Requirement is what a suspended docflow waits for.
type Requirement string

// The requirements; RequireAnswer is a suspension by the registrar that wants more documents.
const (
	RequireNothing   Requirement = ""
	RequireSignature Requirement = "signature"
	RequirePayment   Requirement = "payment"
	RequireAnswer    Requirement = "result"
)

// expected holds the documented moves. News may skip or repeat states, so any other move is applied
// too and only marked as unexpected in the history; docs/states.md draws this table.
var expected = map[State][]State{
	Prepared:  {Queued, Suspended, Sent, Completed, Failed, Uncertain},
	Uncertain: {Prepared, Queued, Verified, Suspended, Sent, Completed, Failed}, // a person has it filed again; the news brought it after all
	Queued:    {Verified, Sent, Suspended, Completed, Failed},
	Verified:  {Queued, Sent, Suspended, Failed},
	Suspended: {Queued, Verified, Sent, Completed, Failed},
	Sent:      {Suspended, Completed, Failed},
	Failed:    {Suspended}, // only after a failed check of signatures: sign again and submit again
	Completed: {},
}

// States lists every state in the order of a docflow's life.
func States() []State {
	return []State{Prepared, Uncertain, Queued, Verified, Suspended, Sent, Completed, Failed}
}

// Moves lists the states that usually follow s.
func (s State) Moves() []State { return slices.Clone(expected[s]) }

// Final reports whether nothing more is expected to happen by itself; signatures that failed their check
// may be asked for again all the same.
func (s State) Final() bool { return s == Completed || s == Failed || slices.Contains(ended, s) }

// Known reports whether s is one of the bridge's states; a service may report others.
func (s State) Known() bool { _, ok := expected[s]; return ok }

// Expects reports whether the documentation lets to follow s.
func (s State) Expects(to State) bool {
	return s == to || slices.Contains(expected[s], to)
}
