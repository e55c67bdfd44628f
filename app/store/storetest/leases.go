package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

func claim(t testing.TB, st *store.Store, node string, lease time.Duration, limit int) []lane.Lease {
	t.Helper()
	leases, err := st.Claim(t.Context(), node, lease, limit)
	require.NoError(t, err)
	return leases
}

func claims(t *testing.T, db Opened) {
	st := db.Open(t)
	require.Empty(t, claim(t, st, "a", time.Minute, 10), "no work")
	for _, name := range []string{"p1", "p2", "p3"} {
		accept(t, st, lane.NewRow{Lane: name, Part: "2:1"})
	}
	two := claim(t, st, "a", time.Minute, 2)
	require.Len(t, two, 2, "no more than asked for")
	rest := claim(t, st, "a", time.Minute, 10)
	require.Len(t, rest, 1)
	require.Empty(t, claim(t, st, "a", time.Minute, 10), "all are held")
	lost, err := st.Renew(t.Context(), "a", time.Minute, append(two, rest...))
	require.NoError(t, err)
	require.Empty(t, lost)
	if db.Postgres {
		require.Empty(t, claim(t, st, "b", time.Minute, 10), "another node waits for the lease's end")
		lost, err = st.Renew(t.Context(), "b", time.Minute, two)
		require.NoError(t, err)
		require.ElementsMatch(t, two, lost, "nobody renews what another holds")
	}
}

// release gives a lane back and reports the error that it was told.
func release(st *store.Store, l lane.Lease, rest lane.Rest, ok bool) error {
	result := make(chan error, 1)
	st.Release(l, func() (lane.Rest, bool) { return rest, ok }, func(err error) { result <- err })
	return <-result
}

// restOf is what a holder knows that knows all rows.
func restOf(rows []lane.Row, due time.Time) lane.Rest {
	rest := lane.Rest{Due: due}
	for _, r := range rows {
		rest.Sum += lane.RestFactor + r.RunAt.UnixMilli()%lane.RestFactor
	}
	return rest
}

func dueTimes(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	later := clock.Now().Add(time.Hour)
	id := accept(t, st, lane.NewRow{Lane: "p", Part: "2:1", RunAt: later})
	require.Empty(t, claim(t, st, "a", time.Minute, 10), "its only row is to run later")
	accept(t, st, lane.NewRow{Lane: "p", Part: "2:2"})
	held := claim(t, st, "a", time.Minute, 10)
	require.Len(t, held, 1)
	rows := load(t, st, held[0])
	require.NoError(t, finish(st, rows[1], lane.Result{}, 0))
	require.NoError(t, release(st, held[0], restOf(rows[:1], later), true))
	require.Empty(t, claim(t, st, "a", time.Minute, 10), "given back until the row %d is due", id)
	clock.Move(-2 * time.Hour)
	accept(t, st, lane.NewRow{Lane: "q", Part: "2:1"})
	require.Len(t, claim(t, st, "a", time.Minute, 10), 1, "work for now is due whatever the clock was")
}

// takeOver makes node b the holder of the only lane as if node a had stalled past its lease.
func takeOver(t testing.TB, db Opened, st *store.Store) (stale, current lane.Lease) {
	t.Helper()
	held := claim(t, st, "a", time.Millisecond, 1)
	require.Len(t, held, 1)
	var taken []lane.Lease
	require.Eventually(t, func() bool {
		var err error
		taken, err = st.Claim(t.Context(), "b", time.Minute, 1)
		return err == nil && len(taken) == 1
	}, 10*time.Second, time.Millisecond)
	require.Equal(t, held[0].Lane, taken[0].Lane)
	require.Greater(t, taken[0].Fence, held[0].Fence, "the fence grows with every claim")
	return held[0], taken[0]
}

func lostLease(t *testing.T, db Opened) {
	st := db.Open(t)
	accept(t, st, lane.NewRow{Lane: "p", Part: "2:1"})
	stale, current := takeOver(t, db, st)
	write := portal.CardSeen{Card: portal.Card{Portal: "p", Card: docflow.Card{EntityType: 2, ID: 1}, Stage: "NEW"}}
	row := load(t, st, stale)[0]
	for _, verdict := range []lane.Verdict{lane.Done, lane.Dead, lane.Again, lane.Backoff, lane.Aside} {
		result := lane.Result{Verdict: verdict, At: time.Now().Add(time.Hour), Note: "stale", Writes: []lane.Write{write}}
		require.ErrorIs(t, finish(st, row, result, 3), lane.ErrLeaseLost)
	}
	require.ErrorIs(t, st.Write(t.Context(), stale, write), lane.ErrLeaseLost)
	require.ErrorIs(t, release(st, stale, lane.Rest{}, true), lane.ErrLeaseLost)
	require.ErrorIs(t, st.Write(t.Context(), lane.Lease{Lane: "never seen", Fence: 1}, write), lane.ErrLeaseLost)
	if db.Postgres {
		lost, err := st.Renew(t.Context(), "a", time.Minute, []lane.Lease{stale})
		require.NoError(t, err)
		require.Equal(t, []lane.Lease{stale}, lost)
	}
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM cards"))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE state = 0 AND tries = 0 AND note = ''"))

	require.NoError(t, st.Write(t.Context(), current, write))
	row.Lease = current
	require.NoError(t, finish(st, row, lane.Result{}, 0))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM cards"))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE state = 1"))
}

// A lane that is given back must be due when the table holds what its holder does not know.
func releaseSees(t *testing.T, db Opened) {
	for name, tc := range map[string]struct {
		meanwhile func(*testing.T, *store.Store, lane.Row) // in another process, its word not yet arrived
		due       bool
	}{
		"nothing":           {func(*testing.T, *store.Store, lane.Row) {}, false},
		"a new row":         {func(t *testing.T, st *store.Store, r lane.Row) { accept(t, st, lane.NewRow{Lane: r.Lane, Part: "2:5"}) }, true},
		"a person's retry":  {func(t *testing.T, st *store.Store, r lane.Row) { require.NoError(t, st.RetryJob(t.Context(), r.ID)) }, true},
		"a person's cancel": {func(t *testing.T, st *store.Store, r lane.Row) { require.NoError(t, st.CancelJob(t.Context(), r.ID)) }, true},
		"work that made work": {func(t *testing.T, st *store.Store, r lane.Row) {
			require.NoError(t, st.Commit(t.Context(), lane.NewRow{Lane: r.Lane, Part: "2:6", Kind: "event"}))
		}, true},
		"an effect": {func(t *testing.T, st *store.Store, r lane.Row) {
			require.NoError(t, st.Commit(t.Context(), reaction.Enqueue{Effects: []reaction.Effect{{Portal: r.Lane, Params: []byte("1")}}}))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			st, other := db.Open(t), db.Open(t)
			portalID := "portal of " + name
			row := claimed(t, st, portalID)
			later := time.Now().Add(time.Hour).Truncate(time.Millisecond)
			require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Aside, At: later}, 0))
			row.RunAt = later
			tc.meanwhile(t, other, row)
			require.NoError(t, release(st, row.Lease, restOf([]lane.Row{row}, later), true))
			require.Equal(t, tc.due, len(claim(t, st, "node", time.Minute, 1)) == 1)
		})
	}
	t.Run("kept", func(t *testing.T) {
		st := db.Open(t)
		row := claimed(t, st, "kept")
		require.NoError(t, release(st, row.Lease, lane.Rest{}, false))
		require.NoError(t, finish(st, row, lane.Result{}, 0), "the lease still stands")
	})
}
