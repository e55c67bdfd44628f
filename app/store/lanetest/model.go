package lanetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/app/store/storetest"
	"konturbridge/internal/upstream"
)

// flaky is a passing fault of an upstream.
type flaky struct{ class upstream.Class }

func (f flaky) Error() string                 { return "it is " + f.class.String() }
func (f flaky) UpstreamClass() upstream.Class { return f.class }
func (flaky) RetryAt() time.Time              { return time.Time{} }
func (flaky) MaybeDone() bool                 { return false }

// crashing is a scheduler's view of the database that dies with its process: from then on nothing that
// the process says reaches the store.
type crashing struct {
	lane.Store
	mu   sync.Mutex
	dead bool
}

var errCrashed = errors.New("the process is gone")

func (c *crashing) die() { c.mu.Lock(); defer c.mu.Unlock(); c.dead = true }

func (c *crashing) gone() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.dead }

func (c *crashing) Finish(row lane.Row, r lane.Result, tries int, done func(error)) {
	if c.gone() {
		go done(lane.ErrLeaseLost)
		return
	}
	c.Store.Finish(row, r, tries, done)
}

func (c *crashing) Release(l lane.Lease, idle func() (lane.Rest, bool), done func(error)) {
	if c.gone() {
		go done(errCrashed)
		return
	}
	c.Store.Release(l, idle, done)
}

// Load answers some time after the database did, as over a network: rows are stored meanwhile.
func (c *crashing) Load(ctx context.Context, name string, after int64, limit int) ([]lane.Row, error) {
	rows, err := c.Store.Load(ctx, name, after, limit)
	<-time.After(rand.N(40 * time.Millisecond))
	return rows, err
}

func (c *crashing) Renew(ctx context.Context, node string, lease time.Duration, held []lane.Lease) ([]lane.Lease, error) {
	if c.gone() {
		return nil, errCrashed
	}
	return c.Store.Renew(ctx, node, lease, held)
}

func (c *crashing) Claim(ctx context.Context, node string, lease time.Duration, limit int) ([]lane.Lease, error) {
	if c.gone() {
		return nil, errCrashed
	}
	return c.Store.Claim(ctx, node, lease, limit)
}

// model is what must be true whatever the schedule was. Each row's end causes one row in the journal of
// ends (lane "ends"), in the same transaction: so a row that ended twice shows.
type model struct {
	mu     sync.Mutex
	db     storetest.Opened
	people bool // somebody retries and cancels: a retried row may come back before those that passed it
	faults []string
	rand   *rand.Rand
}

// Work checks what the table says of the row and of those before it, and draws an outcome.
func (m *model) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	if row.Lane == "ends" {
		return lane.Result{}, nil
	}
	var state, before int
	err := m.db.Raw.QueryRowContext(ctx, fmt.Sprintf(`SELECT state, (SELECT COUNT(*) FROM inbox e WHERE e.lane = i.lane
		AND e.part = i.part AND e.id < i.id AND e.state = 0 AND e.aside = 0) FROM inbox i
		JOIN lanes l ON l.lane = i.lane WHERE i.id = %d AND l.fence = %d`, row.ID, row.Lease.Fence)).Scan(&state, &before)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil && (state == 1 || before > 0 && !m.people) { // no row: the lease is another's by now
		m.faults = append(m.faults, fmt.Sprintf("row %d in state %d runs before %d earlier ones", row.ID, state, before))
	}
	soon := time.Now().Add(time.Duration(m.rand.IntN(20)) * time.Millisecond)
	switch m.rand.IntN(12) {
	case 0:
		return lane.Result{Verdict: lane.Again, At: soon}, nil
	case 1:
		return lane.Result{Verdict: lane.Aside, At: soon, Key: "doc" + row.Part}, nil
	case 2:
		return lane.Result{}, flaky{upstream.Retry}
	case 3:
		return lane.Result{}, flaky{upstream.Wait}
	case 4:
		return lane.Result{}, flaky{upstream.Refused}
	case 5:
		panic("a bug")
	default:
		return lane.Result{Writes: []lane.Write{lane.NewRow{Lane: "ends", Part: fmt.Sprint(row.ID), Kind: "end"}}}, nil
	}
}

func randomSchedules(t *testing.T, db storetest.Opened) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	for round := range uint64(2) {
		random(t, db, rand.New(rand.NewPCG(seed, round)), round%2 == 1)
	}
}

// world is a few processes over one database that come, work and crash.
type world struct {
	t     *testing.T
	db    storetest.Opened
	m     *model
	alive []*mortal
	all   []int64
}

type mortal struct {
	st    *store.Store
	view  *crashing
	sched *lane.Scheduler
	end   func()
}

func (w *world) spawn() {
	st := w.db.Open(w.t)
	n := &mortal{st: st, view: &crashing{Store: st}}
	cfg := lane.Config{Node: fmt.Sprint("mortal-", nodes.Add(1)), Workers: 4, Page: 6, Lease: 300 * time.Millisecond,
		Renew: 50 * time.Millisecond, Idle: time.Millisecond, Sweep: 5 * time.Millisecond,
		Schedule: lane.Schedule{Retry: make([]time.Duration, 3), Wait: time.Millisecond}}
	n.sched = lane.New(cfg, n.view, w.m)
	st.SetScheduler(n.sched)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = n.sched.Run(ctx, 0) })
	wg.Go(func() { st.Listen(ctx, n.sched.Foreign) })
	n.end = sync.OnceFunc(func() { cancel(); wg.Wait() })
	w.t.Cleanup(n.end)
	w.alive = append(w.alive, n)
}

func (w *world) crash(i int) {
	n := w.alive[i]
	w.alive = append(w.alive[:i], w.alive[i+1:]...)
	n.view.die()
	n.end()
	require.NoError(w.t, n.st.Close())
}

func (w *world) step(r *rand.Rand) {
	ctx := context.Background()
	n := w.alive[r.IntN(len(w.alive))]
	switch k := r.IntN(100); {
	case k < 85:
		a := &store.Accept{Row: lane.NewRow{Lane: fmt.Sprint("lane", r.IntN(3)), Part: fmt.Sprint("card", r.IntN(4)), Kind: "robot"}}
		require.NoError(w.t, n.st.Accept(ctx, a))
		w.all = append(w.all, a.ID)
	case k < 90 && w.m.people && len(w.all) > 0:
		_ = n.st.RetryJob(ctx, w.all[r.IntN(len(w.all))]) // what is done refuses
	case k < 93 && w.m.people && len(w.all) > 0:
		_ = n.st.CancelJob(ctx, w.all[r.IntN(len(w.all))])
	case k < 96:
		w.crash(r.IntN(len(w.alive)))
		w.spawn()
	case k < 98 && w.db.Postgres && len(w.alive) < 3:
		w.spawn()
	default:
		if len(w.alive) > 1 {
			w.crash(r.IntN(len(w.alive)))
		}
	}
}

func random(t *testing.T, db storetest.Opened, r *rand.Rand, people bool) {
	w := &world{t: t, db: db, m: &model{db: db, people: people, rand: rand.New(rand.NewPCG(r.Uint64(), 1))}}
	w.spawn()
	if db.Postgres { // an embedded database is worked by one process
		w.spawn()
		w.spawn()
	}
	for range 300 {
		w.step(r)
	}
	drained(t, db)
	for len(w.alive) > 0 {
		w.alive[0].end()
		require.NoError(t, w.alive[0].st.Close())
		w.alive = w.alive[1:]
	}
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	require.Empty(t, w.m.faults)
	require.Zero(t, count(t, db, "SELECT COUNT(*) FROM inbox WHERE state = 0 OR finished = 0"), "every accepted row ended")
	require.GreaterOrEqual(t, count(t, db, "SELECT COUNT(*) FROM inbox WHERE lane <> 'ends'"), len(w.all))
	require.Zero(t, count(t, db, "SELECT COUNT(*) - COUNT(DISTINCT part) FROM inbox WHERE lane = 'ends'"), "and once")
	require.Equal(t, count(t, db, "SELECT COUNT(*) FROM inbox WHERE lane <> 'ends' AND state = 1"),
		count(t, db, "SELECT COUNT(*) FROM inbox WHERE lane = 'ends'"))
}

func count(t testing.TB, db storetest.Opened, query string) (n int) {
	t.Helper()
	require.NoError(t, db.Raw.QueryRow(query).Scan(&n))
	return n
}
