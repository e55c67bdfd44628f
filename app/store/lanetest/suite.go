package lanetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/app/store/storetest"
)

// Run proves the scheduler over the databases that open makes: an empty one each time.
func Run(t *testing.T, open func(testing.TB) storetest.Opened) {
	for name, test := range map[string]func(*testing.T, storetest.Opened){
		"order under load":                order,
		"two nodes share the parts":       shared,
		"a stalled node writes nothing":   stalled,
		"a flood delays nobody":           fairness,
		"a backlog is worked under load":  backlog,
		"pages lose nothing":              paging,
		"waiting rows hide nothing":       waitingRows,
		"rows come while lanes are given": releases,
		"an idle lane costs nothing":      idleLane,
		"changes from elsewhere":          foreign,
		"shutdown gives back":             shutdown,
		"a panic parks the row":           panics,
		"a clock that jumps":              clockJumps,
		"random schedules with crashes":   randomSchedules,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// flood accepts rows from n goroutines, each for its own parts of the given lanes.
func flood(t testing.TB, n, each int, accept func(i, j int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		wg.Go(func() {
			for j := range each {
				if err := accept(i, j); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func order(t *testing.T, db storetest.Opened) {
	l := newLedger()
	n := start(t, db, l.recorded(l.work), func(c *lane.Config) { c.Page = 50 })
	flood(t, 16, 100, func(i, j int) error {
		_, err := n.accept(fmt.Sprint("lane", i%3), fmt.Sprint("card", (i+j)%20))
		return err
	})
	drained(t, db)
	l.check(t, 1600)
}

func shared(t *testing.T, db storetest.Opened) {
	if !db.Postgres {
		db.Open(t) // an embedded database is worked by one process; another one only stores
	}
	l := newLedger()
	a := start(t, db, l.recorded(l.work), nil)
	b := a
	if db.Postgres {
		b = start(t, db, l.recorded(l.work), nil)
	} else {
		b = &node{st: db.Open(t)}
	}
	flood(t, 8, 50, func(i, j int) error {
		n := a
		if (i+j)%2 == 0 {
			n = b
		}
		_, err := n.accept(fmt.Sprint("lane", i), fmt.Sprint("card", j%5))
		return err
	})
	drained(t, db)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Len(t, l.runs, 400)
	for id, n := range l.runs {
		require.Equal(t, 1, n, "row %d", id)
	}
	for _, fault := range l.faults {
		require.NotContains(t, fault, "side by side")
	}
}

// stalled takes a lane away from a node that is in the middle of a row, as if its lease had run out.
func stalled(t *testing.T, db storetest.Opened) {
	entered, canceled := make(chan lane.Row, 1), make(chan error, 1)
	causes := lane.NewRow{Lane: "other", Part: "x", Kind: "event"}
	var first atomic.Bool
	var caused atomic.Int64
	n := start(t, db, func(ctx context.Context, row lane.Row) (lane.Result, error) {
		if row.Lane == "other" {
			caused.Add(1)
			return lane.Result{}, nil
		}
		result := lane.Result{Note: "second", Writes: []lane.Write{causes}}
		if first.CompareAndSwap(false, true) {
			entered <- row
			<-ctx.Done() // the node notices the loss and tells what runs
			canceled <- context.Cause(ctx)
			result.Note = "stale"
		}
		return result, nil
	}, nil)
	n.push(t, "p", "2:1")
	row := <-entered
	_, err := db.Raw.Exec("UPDATE lanes SET fence = fence + 1, holder = 'other', lease = 0 WHERE lane = 'p'")
	require.NoError(t, err)
	if !db.Postgres {
		// Nobody renews on an embedded database: the loss shows at the next write.
		require.ErrorIs(t, n.st.Write(t.Context(), row.Lease), lane.ErrLeaseLost)
		return
	}
	require.ErrorIs(t, <-canceled, lane.ErrLeaseLost)
	drained(t, db)
	job, err := n.st.Job(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, "second", job.Note, "what the stale run brought is not stored")
	require.EqualValues(t, 1, caused.Load())
}

func fairness(t *testing.T, db storetest.Opened) {
	var total, between atomic.Int64
	began := make(chan struct{})
	var once sync.Once
	gate := make(chan struct{})
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		once.Do(func() { close(began) })
		<-gate
		if row.Lane == "small" {
			between.Store(total.Load())
		}
		total.Add(1)
		return lane.Result{}, nil
	}, nil)
	flood(t, 50, 100, func(i, j int) error { _, err := n.accept("flood", fmt.Sprint(i, j)); return err })
	<-began
	n.push(t, "small", "2:1")
	require.Eventually(t, func() bool { return n.sched.Holds("small") }, soon, time.Millisecond)
	lanes, rows, running := n.sched.Waiting()
	require.Equal(t, 2, lanes)
	require.Positive(t, rows)
	require.LessOrEqual(t, running, 16*3/4+1, "a flood never takes all the workers")
	close(gate)
	drained(t, db)
	require.Less(t, between.Load(), int64(200), "row-runs of the flood before the other lane's row")
}

func backlog(t *testing.T, db storetest.Opened) {
	const old, fresh = 50_000, 1000
	st := db.Open(t)
	insert := `INSERT INTO inbox (lane, part, kind, body, received, run_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
		SELECT 'lane' || (i % 7), 'card' || (i % 501), 'robot', '{}', 1, 1 FROM n`
	_, err := db.Raw.Exec(insert)
	require.NoError(t, err)
	_, err = db.Raw.Exec(`INSERT INTO lanes (lane, due) SELECT DISTINCT lane, 0 FROM inbox`)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	l := newLedger()
	began := time.Now()
	n := start(t, db, l.recorded(l.work), func(c *lane.Config) { c.Lease = 15 * time.Second })
	flood(t, 10, fresh/10, func(i, j int) error { _, err := n.accept(fmt.Sprint("lane", i), fmt.Sprint("card", j)); return err })
	drained(t, db)
	l.check(t, old+fresh)
	t.Log("backlog worked in", time.Since(began))
}

func paging(t *testing.T, db storetest.Opened) {
	l := newLedger()
	n := start(t, db, l.recorded(l.work), func(c *lane.Config) { c.Page = 8; c.Workers = 4 })
	flood(t, 20, 50, func(i, j int) error { _, err := n.accept("p", fmt.Sprint("card", (i*j)%9)); return err })
	drained(t, db)
	l.check(t, 1000)
}

// waitingRows: however many rows wait for their time, those behind them run.
func waitingRows(t *testing.T, db storetest.Opened) {
	later := time.Now().Add(time.Hour)
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		if row.Part[0] == 'w' {
			return lane.Result{Verdict: lane.Backoff, At: later}, nil
		}
		return lane.Result{}, nil
	}, func(c *lane.Config) { c.Page = 10 })
	for i := range 60 {
		n.push(t, "p", fmt.Sprint("waits", i))
	}
	for i := range 30 {
		n.push(t, "p", fmt.Sprint("runs", i))
	}
	require.Eventually(t, func() bool {
		counts, err := n.st.CountJobs(t.Context())
		return err == nil && counts == [4]int64{60, 30, 0, 0}
	}, soon, 10*time.Millisecond)
}

// releases stores rows right when their lane is being given back.
func releases(t *testing.T, db storetest.Opened) {
	const rounds = 2000
	done := make(chan int64, rounds)
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) { done <- row.ID; return lane.Result{}, nil },
		func(c *lane.Config) { c.Idle, c.Sweep = time.Nanosecond, 500*time.Microsecond })
	timeout := time.After(soon)
	for range rounds {
		id := n.push(t, "p", "2:1")
		select {
		case got := <-done:
			require.Equal(t, id, got)
		case <-timeout:
			require.Fail(t, "a row is stranded", "row %d", id)
		}
	}
}

func fence(t *testing.T, db storetest.Opened, name string) (fence int64) {
	t.Helper()
	require.NoError(t, db.Raw.QueryRow("SELECT fence FROM lanes WHERE lane = '"+name+"'").Scan(&fence))
	return fence
}

// idleLane: a lane whose rows wait is given back once, and not claimed again before its time.
func idleLane(t *testing.T, db storetest.Opened) {
	at := time.Now().Add(2 * time.Second)
	var runs atomic.Int64
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		if runs.Add(1) == 1 {
			return lane.Result{Verdict: lane.Again, At: at}, nil
		}
		return lane.Result{}, nil
	}, nil)
	n.push(t, "p", "feed")
	require.Eventually(t, func() bool { return runs.Load() == 1 && !n.sched.Holds("p") }, soon, time.Millisecond)
	before := fence(t, db, "p")
	drained(t, db)
	require.False(t, time.Now().Before(at.Truncate(time.Millisecond)))
	require.LessOrEqual(t, fence(t, db, "p")-before, int64(1), "claimed for its next run alone")
}

func foreign(t *testing.T, db storetest.Opened) {
	entered, proceed := make(chan string, 10), make(chan struct{})
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		entered <- row.Part
		if row.Part == "first" {
			<-proceed
		}
		return lane.Result{}, nil
	}, func(c *lane.Config) { c.Idle, c.Sweep = time.Hour, time.Hour })
	n.push(t, "p", "first")
	require.Equal(t, "first", <-entered)
	canceled := n.push(t, "p", "first")
	other := &node{st: db.Open(t)}
	require.NoError(t, other.st.CancelJob(t.Context(), canceled))
	other.push(t, "p", "second")
	select {
	case part := <-entered: // the lane is held and never swept: only the word of the other process brings it
		require.Equal(t, "second", part)
	case <-time.After(2 * time.Second):
		require.Fail(t, "the holder did not hear of the row within two seconds")
	}
	later := &store.Accept{Row: lane.NewRow{Lane: "p", Part: "third", Kind: "robot", RunAt: time.Now().Add(time.Hour)}}
	require.NoError(t, n.st.Accept(t.Context(), later))
	require.NoError(t, n.st.RetryJob(t.Context(), later.ID), "a person does not want to wait")
	require.Equal(t, "third", <-entered)
	close(proceed)
	drained(t, db)
	require.Empty(t, entered, "the canceled row did not run")
}

func shutdown(t *testing.T, db storetest.Opened) {
	entered := make(chan struct{}, 10)
	n := start(t, db, func(ctx context.Context, row lane.Row) (lane.Result, error) {
		entered <- struct{}{}
		<-ctx.Done()
		return lane.Result{}, ctx.Err()
	}, nil)
	cut := n.push(t, "p", "2:1")
	n.push(t, "p", "2:1")
	<-entered
	n.stop()
	var held int
	require.NoError(t, db.Raw.QueryRow("SELECT COUNT(*) FROM lanes WHERE holder <> '' OR due > 0").Scan(&held))
	require.Zero(t, held, "given back, and due at once")
	job, err := n.st.Job(t.Context(), cut)
	require.NoError(t, err)
	require.Equal(t, "waiting", job.State)
	require.Zero(t, job.Tries, "a run that is cut burns no try")
	l := newLedger()
	start(t, db, l.recorded(l.work), nil)
	drained(t, db)
	l.check(t, 2)
}

func panics(t *testing.T, db storetest.Opened) {
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		if row.Part == "bad" {
			panic("a bug")
		}
		return lane.Result{}, nil
	}, nil)
	bad, next := n.push(t, "p", "bad"), n.push(t, "p", "good")
	drained(t, db)
	job, err := n.st.Job(t.Context(), bad)
	require.NoError(t, err)
	require.Equal(t, "dead", job.State)
	require.Equal(t, "internal error: a bug", job.Note)
	job, err = n.st.Job(t.Context(), next)
	require.NoError(t, err)
	require.Equal(t, "done", job.State)
}

func clockJumps(t *testing.T, db storetest.Opened) {
	clock := storetest.NewClock()
	backs := make(chan int64, 10)
	done := make(chan int64, 10)
	n := start(t, db, func(_ context.Context, row lane.Row) (lane.Result, error) {
		if row.Part == "later" && row.RunAt.Equal(row.Received) {
			backs <- row.ID
			return lane.Result{Verdict: lane.Backoff, At: clock.Now().Add(6 * time.Hour)}, nil
		}
		done <- row.ID
		return lane.Result{}, nil
	}, func(c *lane.Config) { c.Now, c.Idle = clock.Now, 100*time.Hour }, func(o *store.Options) { o.Now = clock.Now })
	waits := n.push(t, "p", "later")
	require.Equal(t, waits, <-backs)
	clock.Move(-3 * time.Hour)
	require.Equal(t, n.push(t, "p", "now"), <-done, "work for now runs whatever the clock was")
	require.Equal(t, n.push(t, "another", "now"), <-done)
	clock.Move(10 * time.Hour)
	require.Equal(t, waits, <-done, "a jump forward is noticed")
	drained(t, db)
}

// PostgresRestart cuts a working node off its server and brings it back.
func PostgresRestart(t *testing.T, db storetest.Opened, stop, again func()) {
	l := newLedger()
	n := start(t, db, l.recorded(l.work), nil)
	n.push(t, "p", "2:1")
	drained(t, db)
	stop()
	_, err := n.accept("p", "2:2")
	require.ErrorIs(t, err, lane.ErrStoreDown)
	require.ErrorIs(t, n.st.Ready(t.Context()), lane.ErrStoreDown)
	again()
	require.Eventually(t, func() bool { _, err := n.accept("p", "2:3"); return err == nil }, soon, 10*time.Millisecond)
	require.NoError(t, n.st.Ready(t.Context()))
	require.Eventually(t, func() bool { return db.Raw.Ping() == nil }, soon, 10*time.Millisecond)
	drained(t, db)
	l.check(t, 2)
}
