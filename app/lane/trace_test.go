package lane_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
)

// traced refuses traces, or remembers them.
type traced struct {
	*memory
	refuse error
	traces []lane.Write // of each outcome that was stored
}

func (m *traced) Finish(row lane.Row, r lane.Result, tries int, done func(error)) {
	go func() {
		if m.refuse != nil && r.Trace != nil {
			done(m.refuse)
			return
		}
		err := m.finish(row, r, tries)
		m.mu.Lock()
		m.traces = append(m.traces, r.Trace)
		m.mu.Unlock()
		done(err)
	}()
}

// TestTraces proves that a run's trace is handed in beside an error, too, and that none is worth doing work twice.
func TestTraces(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refuse error
		want   []lane.Write
	}{
		"kept":    {want: []lane.Write{lane.NewRow{Code: "1"}, lane.NewRow{Code: "2"}}},
		"refused": {refuse: errors.New("a letter that the database does not take"), want: []lane.Write{nil, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &traced{memory: newMemory(due(1, "a")), refuse: tc.refuse}
				runs := 0
				s := lane.New(lane.Config{Node: "n", Workers: 1}, m, worker(func(row lane.Row) (lane.Result, error) {
					runs++
					if runs == 1 {
						return lane.Result{Note: "dropped", Writes: []lane.Write{lane.NewRow{}}, Trace: lane.NewRow{Code: "1"}}, fault{class: upstream.Retry}
					}
					return lane.Result{Trace: lane.NewRow{Code: "2"}}, nil
				}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				require.NoError(t, s.Run(ctx, time.Second))
				synctest.Wait()
				require.Equal(t, 2, runs)
				require.Equal(t, lane.Done, m.end(1))
				require.Equal(t, tc.want, m.traces)
			})
		})
	}
}
