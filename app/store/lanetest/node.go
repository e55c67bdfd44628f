// Package lanetest is the suite that the scheduler must pass over the store on every database.
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

// soon bounds what the suite waits for; it is far more than anything should take.
const soon = 60 * time.Second

// work is a worker made of a function.
type work func(ctx context.Context, row lane.Row) (lane.Result, error)

func (w work) Work(ctx context.Context, row lane.Row) (lane.Result, error) { return w(ctx, row) }

// node is one process: a store and its scheduler.
type node struct {
	st    *store.Store
	sched *lane.Scheduler
	stop  func() // in good order; may be called twice
}

var nodes atomic.Int64 // names must differ between runs of a process, too

// start starts a process. The configuration is made quick; tune changes it.
func start(t testing.TB, db storetest.Opened, w work, tune func(*lane.Config), options ...func(*store.Options)) *node {
	t.Helper()
	st := db.Open(t, options...)
	cfg := lane.Config{Node: fmt.Sprint("node-", nodes.Add(1)), Workers: 16, Lease: 2 * time.Second, Renew: 300 * time.Millisecond,
		Idle: 50 * time.Millisecond, Sweep: 20 * time.Millisecond}
	if tune != nil {
		tune(&cfg)
	}
	n := &node{st: st, sched: lane.New(cfg, st, w)}
	st.SetScheduler(n.sched)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = n.sched.Run(ctx, time.Second) })
	wg.Go(func() { st.Listen(ctx, n.sched.Foreign) })
	n.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(n.stop)
	return n
}

// push stores a row that must be accepted.
func (n *node) push(t testing.TB, name, part string) int64 {
	t.Helper()
	id, err := n.accept(name, part)
	require.NoError(t, err)
	return id
}

func (n *node) accept(name, part string) (int64, error) {
	a := &store.Accept{Row: lane.NewRow{Lane: name, Part: part, Kind: "robot", Body: []byte("{}")}}
	err := n.st.Accept(context.Background(), a)
	return a.ID, err
}

// drained waits until nothing is unfinished. It counts seldom: a count reads every row, and under the race detector
// that alone would keep a processor busy.
func drained(t testing.TB, db storetest.Opened) {
	t.Helper()
	require.Eventually(t, func() bool {
		var n int
		err := db.Raw.QueryRow("SELECT COUNT(*) FROM inbox WHERE state = 0").Scan(&n)
		return err == nil && n == 0
	}, 3*soon, 100*time.Millisecond)
}

// ledger checks what no schedule may break: a part's rows run one at a time and in order, and each row
// runs once.
type ledger struct {
	mu     sync.Mutex
	inside map[string]int64
	last   map[string]int64
	runs   map[int64]int
	faults []string
}

func newLedger() *ledger {
	return &ledger{inside: map[string]int64{}, last: map[string]int64{}, runs: map[int64]int{}}
}

func (l *ledger) enter(row lane.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	part := row.Lane + "|" + row.Part
	if other := l.inside[part]; other != 0 {
		l.faults = append(l.faults, fmt.Sprintf("%s: rows %d and %d ran side by side", part, other, row.ID))
	}
	if l.last[part] >= row.ID {
		l.faults = append(l.faults, fmt.Sprintf("%s: row %d ran after row %d", part, row.ID, l.last[part]))
	}
	l.inside[part], l.last[part] = row.ID, row.ID
	l.runs[row.ID]++
}

func (l *ledger) leave(row lane.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.inside, row.Lane+"|"+row.Part)
}

func (l *ledger) work(context.Context, lane.Row) (lane.Result, error) { return lane.Result{}, nil }

// recorded is a worker that keeps the ledger around another.
func (l *ledger) recorded(w work) work {
	return func(ctx context.Context, row lane.Row) (lane.Result, error) {
		l.enter(row)
		defer l.leave(row)
		return w(ctx, row)
	}
}

func (l *ledger) check(t testing.TB, rows int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(t, l.faults)
	require.Len(t, l.runs, rows)
	for id, n := range l.runs {
		require.Equal(t, 1, n, "row %d", id)
	}
}
