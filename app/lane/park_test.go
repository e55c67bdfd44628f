package lane_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
)

// office works rows that wait for something outside until it is opened.
type office struct {
	opened   chan struct{}
	mu       sync.Mutex
	waiting  map[string]int // by lane
	working  int            // rows that are worked and not parked
	most     int
	refused  int
	finished []int64
}

func newOffice() *office {
	return &office{opened: make(chan struct{}), waiting: map[string]int{}}
}

func (o *office) count(row lane.Row, working, waiting int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.working += working
	o.most = max(o.most, o.working)
	o.waiting[row.Lane] += waiting
}

// Work implements lane.Worker. Rows of the kind "quick" wait for nothing.
func (o *office) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	o.count(row, 1, 0)
	defer o.count(row, -1, 0)
	if row.Kind != "quick" {
		resume, ok := lane.Park(ctx)
		if !ok {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.refused++
			return lane.Result{Verdict: lane.Aside, At: time.Now().Add(time.Hour)}, nil
		}
		o.count(row, -1, 1)
		defer func() {
			resume()
			resume() // as often as one likes
			o.count(row, 1, -1)
		}()
		select {
		case <-o.opened:
		case <-ctx.Done():
			return lane.Result{}, ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = append(o.finished, row.ID)
	return lane.Result{}, nil
}

// crowd is n rows of a lane, each of a part of its own.
func crowd(from int64, n int, name, kind string) []lane.Row {
	rows := make([]lane.Row, n)
	for i := range rows {
		rows[i] = due(from+int64(i), fmt.Sprint(kind, i))
		rows[i].Lane, rows[i].Kind = name, kind
	}
	return rows
}

// start runs a scheduler and gives the function that stops it.
func start(t *testing.T, cfg lane.Config, m *memory, w lane.Worker) (s *lane.Scheduler, stop func()) {
	t.Helper()
	cfg.Node = "n"
	s = lane.New(cfg, m, w)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx, time.Second) })
	synctest.Wait()
	return s, func() { cancel(); running.Wait() }
}

func TestParkedRowsNeedNoWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		m := newMemory(append(crowd(1, 600, "p", "effects"), crowd(3001, 50, "q", "quick")...)...)
		s, stop := start(t, lane.Config{Workers: 4, Parked: 400, Page: 40}, m, o)
		require.GreaterOrEqual(t, o.waiting["p"], 75, "the pages behind the parked rows are read")
		require.LessOrEqual(t, o.waiting["p"], 100, "a quarter of all for one lane")
		require.Equal(t, o.waiting["p"], s.Parked())
		require.Len(t, o.finished, 50, "another lane goes on")
		require.LessOrEqual(t, o.most, 4)

		m.store(crowd(4001, 3, "p", "quick")...)
		s.Foreign("p")
		synctest.Wait()
		require.Len(t, o.finished, 53, "so does another kind of the same lane")

		close(o.opened)
		<-time.After(10 * time.Second)
		synctest.Wait()
		require.Len(t, o.finished, 653)
		require.Zero(t, s.Parked())
		require.LessOrEqual(t, o.most, 4+100, "what was begun ends before anything new starts")
		stop()
	})
}

func TestParkedRowsKeepTheOrderOfTheirPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		var rows []lane.Row
		for id := range int64(5) {
			r := due(id+1, "one card")
			r.Kind = "effects"
			rows = append(rows, r)
		}
		_, stop := start(t, lane.Config{Workers: 2}, newMemory(rows...), o)
		require.Equal(t, 1, o.waiting["p"])
		close(o.opened)
		synctest.Wait()
		require.Equal(t, []int64{1, 2, 3, 4, 5}, o.finished)
		stop()
	})
}

func TestTooManyParkedRowsAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		var rows []lane.Row
		for i := range 5 { // lanes
			rows = append(rows, crowd(int64(100*i+1), 20, fmt.Sprint("p", i), "effects")...)
		}
		s, stop := start(t, lane.Config{Workers: 4, Parked: 8}, newMemory(rows...), o)
		require.Equal(t, 8, s.Parked(), "each lane alone has room for two and what its workers bring along")
		require.Positive(t, o.refused)
		stop()
		require.Empty(t, o.finished)
	})
}

func TestAStopEndsWhatIsParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice()
		m := newMemory(crowd(1, 10, "p", "effects")...)
		began := time.Now()
		s, stop := start(t, lane.Config{Workers: 2}, m, o)
		require.Equal(t, 10, s.Parked())
		stop()
		require.Equal(t, time.Second, time.Since(began), "the grace")
		require.Zero(t, s.Parked())
		require.Len(t, m.rows, 10, "unfinished and unchanged")
	})
}

func TestCallsOfOneRowMayWaitSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s *lane.Scheduler
		var counts []int
		look := func() { counts = append(counts, s.Parked()) }
		resumes := make(chan func(), 1)
		worked := withContext(func(ctx context.Context, row lane.Row) (lane.Result, error) {
			a, _ := lane.Park(ctx)
			b, _ := lane.Park(ctx)
			look()
			a()
			look()
			b()
			look()
			left, _ := lane.Park(ctx)
			resumes <- left
			return lane.Result{}, nil
		})
		m := newMemory()
		s, stop := start(t, lane.Config{Workers: 1}, m, worked)
		m.store(due(1, "a"))
		s.Foreign("")
		synctest.Wait()
		require.Equal(t, []int{1, 1, 0}, counts)
		require.Zero(t, s.Parked(), "a run that ended waits for nothing")
		(<-resumes)()
		require.Zero(t, s.Parked())
		stop()
	})
	resume, ok := lane.Park(t.Context())
	require.True(t, ok, "nobody counts what belongs to no row")
	resume()
}

type withContext func(context.Context, lane.Row) (lane.Result, error)

func (w withContext) Work(ctx context.Context, row lane.Row) (lane.Result, error) { return w(ctx, row) }
