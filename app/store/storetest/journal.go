package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

func jobs(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{}
	st.SetScheduler(h)
	var rows []lane.Row
	for i := range 4 {
		rows = append(rows, claimed(t, st, fmt.Sprint("p", i)))
	}
	require.NoError(t, finish(st, rows[0], lane.Result{}, 0))
	require.NoError(t, finish(st, rows[1], lane.Result{Verdict: lane.Dead, Note: "no such deal"}, 3))
	require.NoError(t, finish(st, rows[2], lane.Result{Verdict: lane.Backoff, At: time.Now().Add(time.Hour)}, 2))
	counts, err := st.CountJobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, [4]int64{2, 1, 1, 0}, counts)
	require.Len(t, store.JobStates(), 4)
	dead, err := st.Jobs(t.Context(), 2, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, "no such deal", dead[0].Note)
	all, err := st.Jobs(t.Context(), -1, 3)
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Greater(t, all[0].ID, all[1].ID, "newest first")

	ctx := t.Context()
	require.ErrorIs(t, st.RetryJob(ctx, rows[0].ID), store.ErrNotFound, "what is done is done")
	require.ErrorIs(t, st.CancelJob(ctx, rows[0].ID), store.ErrNotFound)
	require.ErrorIs(t, st.RetryJob(ctx, 9999), store.ErrNotFound)
	require.NoError(t, st.RetryJob(ctx, rows[1].ID))
	require.NoError(t, st.RetryJob(ctx, rows[2].ID))
	require.NoError(t, st.CancelJob(ctx, rows[3].ID))
	require.NoError(t, st.Commit(ctx)) // the writer has told of everything before it
	require.Equal(t, []string{"p1", "p2", "p3"}, h.told(), "the scheduler reads their lanes again")
	for _, row := range rows[1:3] {
		again := load(t, st, row.Lease)
		require.Len(t, again, 1)
		require.Zero(t, again[0].Tries)
		require.WithinDuration(t, time.Now(), again[0].RunAt, time.Minute)
	}
	require.Empty(t, load(t, st, rows[3].Lease))
	require.NoError(t, st.RetryJob(ctx, rows[3].ID), "a person may change their mind")
	require.Len(t, load(t, st, rows[3].Lease), 1)
	_, err = st.Job(ctx, 9999)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func retryEffects(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{}
	st.SetScheduler(h)
	require.NoError(t, st.Commit(t.Context(), reaction.Enqueue{Effects: []reaction.Effect{
		{Portal: "p", Card: card, Kind: reaction.Comment, Params: []byte("1")},
		{Portal: "p", Card: card, Kind: reaction.Comment, Params: []byte("2")}}}))
	waiting, err := st.WaitingEffects(t.Context(), "p", card)
	require.NoError(t, err)
	require.NoError(t, st.Commit(t.Context(), reaction.Ended{ID: waiting[0].ID, Failed: true, Note: "x"}))
	require.NoError(t, st.CancelJob(t.Context(), h.pushed[0].ID))
	require.NoError(t, st.RetryJob(t.Context(), h.pushed[0].ID))
	require.Equal(t, []string{"comment 1", "comment 2"}, kinds(t, st), "at their old places")
}

// filled stores n finished rows, of which the given ones are left alone.
func filled(t *testing.T, st *store.Store, n int, except ...int) {
	t.Helper()
	skip := map[int]bool{}
	for _, i := range except {
		skip[i] = true
	}
	for i := range n {
		accept(t, st, lane.NewRow{Lane: "p", Part: fmt.Sprint(i)})
	}
	leases := claim(t, st, "n", time.Minute, 1)
	rows, err := st.Load(t.Context(), "p", 0, n)
	require.NoError(t, err)
	for i, row := range rows {
		row.Lease = leases[0]
		if !skip[i] {
			require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Done}, 0))
		}
	}
}

func prune(t *testing.T, st *store.Store, step int) (steps int) {
	t.Helper()
	for {
		more, err := st.Prune(t.Context(), 24*time.Hour, step)
		require.NoError(t, err)
		steps++
		if !more {
			return steps
		}
		require.Less(t, steps, 1000)
	}
}

func prunes(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	for i := range 5 {
		a := &store.Accept{Row: lane.NewRow{Lane: "other", Part: "x", Kind: "k"}, Window: time.Hour}
		a.Key[0] = byte(i + 1)
		require.NoError(t, st.Accept(t.Context(), a))
	}
	filled(t, st, 25, 3, 9)
	prune(t, st, 4)
	require.Equal(t, 30, db.count(t, "SELECT COUNT(*) FROM inbox"), "the journal keeps them for a day")
	require.Equal(t, 5, db.count(t, "SELECT COUNT(*) FROM dedup"))
	clock.Move(25 * time.Hour)
	require.Greater(t, prune(t, st, 4), 5, "a step is small")
	require.Equal(t, 7, db.count(t, "SELECT COUNT(*) FROM inbox"), "unfinished rows stay")
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM dedup"))
}

// A row that ended late has a low id and keeps nothing behind it from going.
func prunesPast(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	filled(t, st, 230, 0)
	clock.Move(25 * time.Hour)
	rows := load(t, st, lane.Lease{Lane: "p"})
	require.NoError(t, st.CancelJob(t.Context(), rows[0].ID))
	prune(t, st, 1)
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox"))
	clock.Move(25 * time.Hour)
	prune(t, st, 1)
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM inbox"))
}

func twoProcesses(t *testing.T, db Opened) {
	serving := db.Open(t, func(o *store.Options) { o.Exclusive = true })
	if db.Postgres {
		db.Open(t, func(o *store.Options) { o.Exclusive = true })
	} else {
		_, err := store.Open(t.Context(), store.Options{URL: db.URL, Sealer: Sealer(t), Exclusive: true})
		require.ErrorContains(t, err, "another bridge already serves this database")
	}
	told := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); serving.Listen(ctx, func(name string) { told <- name }) }()
	command := db.Open(t)
	if db.Postgres {
		require.Empty(t, <-told, "what came before it listened is looked for once")
	} else {
		// The first look only takes the version; what the command line stored before it is due by its lane.
		require.Eventually(t, func() bool { return serving.Commit(ctx) == nil }, time.Second, time.Millisecond)
	}
	row := claimed(t, serving, "p")
	deadline := time.After(2 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	require.NoError(t, command.CancelJob(t.Context(), row.ID))
	for heard := false; !heard; {
		select {
		case name := <-told:
			heard = name == "p" || name == ""
		case <-tick.C:
		case <-deadline:
			require.Fail(t, "the serving process did not hear of the change within two seconds")
		}
	}
	cancel()
	<-done
}
