package lane_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
)

// memory is a table of rows without a disk: one lane store in which a test decides what fails.
type memory struct {
	mu      sync.Mutex
	rows    map[int64]lane.Row
	ended   map[int64]lane.Result
	held    map[string]bool
	down    int   // this many of the next outcomes meet a database that is away
	refuse  error // answers every outcome with writes
	loads   int
	badLoad int           // this many of the next reads fail
	answers chan struct{} // when set, a page that was read is given only when this is closed
}

func newMemory(rows ...lane.Row) *memory {
	m := &memory{rows: map[int64]lane.Row{}, ended: map[int64]lane.Result{}, held: map[string]bool{}}
	for _, r := range rows {
		m.rows[r.ID] = r
	}
	return m
}

func (m *memory) Claim(_ context.Context, _ string, _ time.Duration, limit int) (got []lane.Lease, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if !m.held[r.Lane] && !r.RunAt.After(time.Now()) && len(got) < limit {
			m.held[r.Lane] = true
			got = append(got, lane.Lease{Lane: r.Lane, Fence: 1})
		}
	}
	return got, nil
}

func (m *memory) Renew(context.Context, string, time.Duration, []lane.Lease) ([]lane.Lease, error) {
	return nil, nil
}

func (m *memory) Load(_ context.Context, name string, after int64, limit int) (page []lane.Row, err error) {
	m.mu.Lock()
	if answers := m.answers; answers != nil {
		defer func() { <-answers }()
	}
	defer m.mu.Unlock()
	if m.loads++; m.loads <= m.badLoad {
		return nil, lane.ErrStoreDown
	}
	for _, r := range m.rows {
		if r.Lane == name && r.ID > after {
			page = append(page, r)
		}
	}
	slices.SortFunc(page, func(a, b lane.Row) int { return int(a.ID - b.ID) })
	return page[:min(limit, len(page))], nil
}

func (m *memory) Finish(row lane.Row, r lane.Result, tries int, done func(error)) {
	go func() { done(m.finish(row, r, tries)) }()
}

func (m *memory) finish(row lane.Row, r lane.Result, tries int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down > 0 {
		m.down--
		return fmt.Errorf("commit: %w", lane.ErrStoreDown)
	}
	if m.refuse != nil && len(r.Writes) > 0 {
		return m.refuse
	}
	if r.Verdict == lane.Done || r.Verdict == lane.Dead {
		delete(m.rows, row.ID)
		m.ended[row.ID] = r
		return nil
	}
	row.RunAt, row.Tries, row.Aside = r.At, tries, r.Verdict != lane.Backoff
	m.rows[row.ID] = row
	return nil
}

func (m *memory) Release(l lane.Lease, idle func() (lane.Rest, bool), done func(error)) {
	go func() {
		if _, ok := idle(); ok {
			m.mu.Lock()
			m.held[l.Lane] = false
			m.mu.Unlock()
		}
		done(nil)
	}()
}

// store adds rows past the scheduler.
func (m *memory) store(rows ...lane.Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		m.rows[r.ID] = r
	}
}

// stall makes the next read, which fails if it is to, wait for its answer until the channel is closed.
func (m *memory) stall(fails bool) (answers chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if fails {
		m.badLoad = m.loads + 1
	}
	m.answers = make(chan struct{})
	return m.answers
}

func (m *memory) end(id int64) lane.Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.ended[id]
	if !ok {
		return -1
	}
	return r.Verdict
}

type worker func(lane.Row) (lane.Result, error)

func (w worker) Work(_ context.Context, row lane.Row) (lane.Result, error) { return w(row) }

// run lets the scheduler work for that long of fake time.
func run(t *testing.T, m *memory, w worker, d time.Duration) {
	t.Helper()
	s := lane.New(lane.Config{Node: "n", Workers: 4}, m, w)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.NoError(t, s.Run(ctx, time.Second))
	synctest.Wait()
}

func due(id int64, part string) lane.Row {
	return lane.Row{ID: id, Lane: "p", Part: part, RunAt: time.Now(), Received: time.Now()}
}

func TestBackoffFollowsTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		m := newMemory(due(1, "a"))
		run(t, m, func(row lane.Row) (lane.Result, error) {
			require.Equal(t, len(at), row.Tries)
			at = append(at, time.Since(began))
			if len(at) < 5 {
				return lane.Result{}, fault{class: upstream.Retry}
			}
			return lane.Result{}, nil
		}, time.Hour)
		require.Equal(t, lane.Done, m.end(1))
		for i, pause := range lane.DefaultSchedule().Retry[:4] {
			took := at[i+1] - at[i]
			require.GreaterOrEqual(t, took, pause)
			require.Less(t, took, pause*5/4+3*time.Second, "a lane that was given back is claimed by the next sweep")
		}
	})
}

func TestAnOutcomeOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		m := newMemory(due(1, "a"))
		m.down, m.badLoad = 20, 3
		run(t, m, func(lane.Row) (lane.Result, error) { runs++; return lane.Result{}, nil }, time.Minute)
		require.Equal(t, 1, runs, "the work was done and is not repeated only because the database was away")
		require.Equal(t, lane.Done, m.end(1))
	})
}

func TestRefusedWritesAreWorkedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		m := newMemory(due(1, "a"))
		m.refuse = errors.New("the position in the news moved meanwhile")
		run(t, m, func(lane.Row) (lane.Result, error) {
			if runs++; runs == 1 {
				return lane.Result{Writes: []lane.Write{lane.NewRow{}}}, nil
			}
			return lane.Result{}, nil
		}, time.Minute)
		require.Equal(t, 2, runs)
		require.Equal(t, lane.Done, m.end(1))
	})
}

func TestRowsBehindWaitingOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rows []lane.Row
		for i := range int64(3000) { // three pages that wait, and one that can run
			r := due(i+1, fmt.Sprint("w", i))
			r.RunAt = r.RunAt.Add(24 * time.Hour)
			rows = append(rows, r)
		}
		rows = append(rows, due(3001, "now"))
		m := newMemory(rows...)
		run(t, m, func(lane.Row) (lane.Result, error) { return lane.Result{}, nil }, time.Minute)
		require.Equal(t, lane.Done, m.end(3001))
		require.Len(t, m.rows, 3000)
	})
}

// TestNothingPassesWhatIsBeingRead stores rows while the scheduler reads those that another process stored.
func TestNothingPassesWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	type rows []struct {
		id   int64
		part string
	}
	for name, tc := range map[string]struct {
		foreign, own rows
		fails        bool
		want         []int64
	}{
		"one card":                     {rows{{2, "a"}}, rows{{3, "a"}, {4, "a"}}, false, []int64{1, 2, 3, 4}},
		"one card, and the read fails": {rows{{2, "a"}}, rows{{3, "a"}, {4, "a"}}, true, []int64{1, 2, 3, 4}},
		"ids below what is read":       {rows{{4, "a"}}, rows{{3, "b"}, {2, "c"}}, false, []int64{1, 4, 2, 3}},
		"ids around what is read":      {rows{{3, "a"}}, rows{{4, "b"}, {2, "c"}}, false, []int64{1, 3, 2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var ran []int64
				m := newMemory(due(1, "a"))
				s := lane.New(lane.Config{Node: "n", Workers: 1, Idle: time.Hour}, m, worker(func(row lane.Row) (lane.Result, error) {
					ran = append(ran, row.ID)
					return lane.Result{}, nil
				}))
				ctx, cancel := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { _ = s.Run(ctx, time.Second) })
				synctest.Wait()
				require.Equal(t, []int64{1}, ran)

				for _, r := range tc.foreign {
					m.store(due(r.id, r.part))
				}
				answers := m.stall(tc.fails)
				s.Foreign("p")
				synctest.Wait()
				for _, r := range tc.own {
					row := due(r.id, r.part)
					m.store(row)
					s.Push([]lane.Row{row})
				}
				synctest.Wait()
				require.Equal(t, []int64{1}, ran)
				close(answers)
				<-time.After(1500 * time.Millisecond) // a failed read is tried again after a second
				synctest.Wait()
				require.Equal(t, tc.want, ran)
				cancel()
				running.Wait()
			})
		})
	}
}

func TestShutdownWithoutADatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(due(1, "a"))
		m.down = 1 << 30
		run(t, m, func(lane.Row) (lane.Result, error) { return lane.Result{}, nil }, 10*time.Second)
		require.Equal(t, lane.Verdict(-1), m.end(1), "unfinished, and nobody keeps trying")
	})
}
