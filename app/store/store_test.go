package store_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/store"
)

type plainSealer struct{}

func (plainSealer) Seal(p []byte, _ string) []byte          { return append([]byte("s:"), p...) }
func (plainSealer) Open(s []byte, _ string) ([]byte, error) { return s[2:], nil }

type countWorker struct {
	mu   sync.Mutex
	seen map[int64]int
	done chan struct{}
	want int
}

func (w *countWorker) Work(_ context.Context, row lane.Row) (lane.Result, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[row.ID]++
	if len(w.seen) == w.want {
		close(w.done)
	}
	return lane.Result{}, nil
}

func TestQuick(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	commits, rows := 0, 0
	st, err := store.Open(ctx, store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "b.db"), Sealer: plainSealer{}, Exclusive: true,
		Observe: func(c store.Commit) {
			if c.Accepts > 0 {
				commits++
				rows += c.Accepts
			}
		}})
	require.NoError(t, err)
	w := &countWorker{seen: map[int64]int{}, done: make(chan struct{}), want: 20000}
	sched := lane.New(lane.Config{Node: "n1"}, st, w)
	st.SetScheduler(sched)
	var wg sync.WaitGroup
	wg.Go(func() { _ = sched.Run(ctx, time.Second) })
	start := time.Now()
	var acc sync.WaitGroup
	for c := range 64 {
		acc.Go(func() {
			for i := range 20000/64 + 1 {
				if c*313+i >= 20000 {
					return
				}
				body, _ := json.Marshal(map[string]int{"i": i})
				a := &store.Accept{Row: lane.NewRow{Lane: "p", Part: "2:" + string(rune('a'+c)), Kind: "robot", Code: "noop", Body: body}, Window: time.Hour}
				a.Key[0], a.Key[1], a.Key[2] = byte(c), byte(i), byte(i>>8)
				a.Key[3] = 1
				require.NoError(t, st.Accept(ctx, a))
				require.False(t, a.Duplicate)
			}
		})
	}
	acc.Wait()
	t.Log("accepted", time.Since(start), "rows/commit", rows/commits)
	select {
	case <-w.done:
	case <-time.After(20 * time.Second):
		w.mu.Lock()
		t.Log(len(w.seen))
		w.mu.Unlock()
		t.Fatal("not all")
	}
	t.Log("worked", time.Since(start))
	cancel()
	wg.Wait()
	for _, n := range w.seen {
		require.Equal(t, 1, n)
	}
	c, err := st.CountJobs(context.Background())
	require.NoError(t, err)
	t.Log(c)
	require.NoError(t, st.Close())
}
