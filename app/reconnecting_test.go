package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/internal/seal"
	"konturbridge/oauth"
)

// failing is a worker that fails as it is told.
type failing struct{ err error }

func (f failing) Work(context.Context, lane.Row) (lane.Result, error) {
	return lane.Result{Note: "worked"}, f.err
}

func TestReconnecting(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_780_000_000, 0)
	stored := &shelf{portals: []portal.Portal{{ID: "good", State: portal.Active}, {ID: "lost", State: portal.Paused}}}
	directory := portal.NewDirectory(stored, nil)
	require.NoError(t, directory.Reload(t.Context()))
	other := errors.New("another failure")
	for name, tc := range map[string]struct {
		portal, kind string
		err          error
		waits        bool
	}{
		"at work":                         {"good", "robot", nil, false},
		"lost in the middle of it":        {"good", "robot", fmt.Errorf("read the card: %w", portal.ErrReconnect), true},
		"keys that are not accepted":      {"good", "robot", fmt.Errorf("token: %w", oauth.ErrClientKeys), true},
		"another failure":                 {"good", "robot", other, false},
		"lost before":                     {"lost", "robot", nil, true},
		"lost before, a setup":            {"lost", portal.KindSetup, nil, true},
		"lost before, the check goes on":  {"lost", portal.KindCheck, nil, false},
		"of no portal":                    {"news/x", "news", nil, false},
		"what another worker has decided": {"lost", portal.KindCheck, other, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconnecting{directory, failing{tc.err}, func() time.Time { return now }}
			result, err := w.Work(t.Context(), lane.Row{Lane: tc.portal, Kind: tc.kind})
			if tc.waits {
				require.NoError(t, err)
				require.Equal(t, lane.Backoff, result.Verdict, "it holds its part and burns no try")
				require.Equal(t, now.Add(reconnectPause), result.At)
				require.Contains(t, result.Note, "waits")
				return
			}
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, "worked", result.Note)
		})
	}
}

func TestResumedIsTold(t *testing.T) {
	t.Parallel()
	stored := &shelf{portals: []portal.Portal{{ID: "p", State: portal.Active}, {ID: "q", State: portal.Paused}}}
	directory := portal.NewDirectory(stored, nil)
	var resumed []portal.ID
	directory.OnResume(func(id portal.ID) { resumed = append(resumed, id) })
	turn := func(p, q portal.State) {
		stored.portals = []portal.Portal{{ID: "p", State: p}, {ID: "q", State: q}}
		require.NoError(t, directory.Reload(t.Context()))
	}
	turn(portal.Active, portal.Paused)
	turn(portal.Paused, portal.Paused)
	require.Empty(t, resumed)
	turn(portal.Active, portal.Removed)
	turn(portal.Active, portal.Active)
	require.Equal(t, []portal.ID{"p"}, resumed, "what was removed has no work that waits")
}

// never is a limiter that counts and lets everything pass.
type never struct{ taken int }

func (n *never) Take(context.Context) (time.Duration, error) { n.taken++; return 0, nil }
func (n *never) Exceeded(context.Context)                    {}

func TestGatherWaitsOnceForEachRequest(t *testing.T) {
	t.Parallel()
	below := &never{}
	g := &gather{Limiter: below}
	for request := range 3 {
		wait, err := g.Take(t.Context())
		require.NoError(t, err)
		require.Equal(t, gatherFor, wait, "the first call waits for others")
		require.Equal(t, request, below.taken)
		wait, err = g.Take(t.Context())
		require.NoError(t, err)
		require.Zero(t, wait)
		require.Equal(t, request+1, below.taken)
	}
}

func TestEraserGoesInSteps(t *testing.T) {
	t.Parallel()
	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "b.db"), Sealer: box})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active}, portal.Application{ClientID: "a", State: portal.Active}))
	for range pruneStep + 1 {
		require.NoError(t, st.Accept(t.Context(), &store.Accept{Row: lane.NewRow{Lane: "p", Part: "2:57", Kind: "robot"}}))
	}
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "a", true))
	rows, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	w, verdicts := eraser{st, time.Now}, []lane.Verdict(nil)
	for {
		result, err := w.Work(t.Context(), rows[0])
		require.NoError(t, err)
		if verdicts = append(verdicts, result.Verdict); result.Verdict == lane.Done {
			break
		}
	}
	require.Greater(t, len(verdicts), 2)
	jobs, err := st.Jobs(t.Context(), -1, 10)
	require.NoError(t, err)
	require.Len(t, jobs, 1, "the erasing itself")
}
