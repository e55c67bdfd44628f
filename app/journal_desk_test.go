package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/journal"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/upstream"
)

// caller makes calls for its row.
type caller struct{ url string }

func (c caller) Work(ctx context.Context, _ lane.Row) (lane.Result, error) {
	up := upstream.New(upstream.WithInsecure(true))
	for range journal.MaxCalls + 3 {
		_, _ = up.Do(ctx, upstream.Request{API: "realty", Op: "GET /docflows/{id}", Method: http.MethodGet, URL: c.url + "/docflows/1?auth=secret"})
	}
	return lane.Result{}, errors.New("no answer")
}

// TestTracing proves that the calls of a run are left with its outcome, within a bound and without an address.
func TestTracing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	result, err := tracing{caller{server.URL}, time.Now}.Work(t.Context(), lane.Row{ID: 7})
	require.Error(t, err)
	trace, ok := result.Trace.(journal.Trace)
	require.True(t, ok)
	require.True(t, trace.Error)
	require.Len(t, trace.Calls, journal.MaxCalls)
	require.Equal(t, 3, trace.More)
	call := trace.Calls[0]
	require.WithinDuration(t, time.Now(), call.Began, time.Minute)
	call.Began, call.Took, call.Run = time.Time{}, 0, time.Time{}
	require.Equal(t, journal.Call{Job: 7, System: "realty", Op: "GET /docflows/{id}", Status: 404, Class: "refused", Packed: 1}, call)
}

// TestGauges proves that the fullest moment of each minute is remembered for an hour.
func TestGauges(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	c := &clients{budgets: newBudgets(cache.NewMemory(clock), clock), bitrix: map[string]*bitrix.Client{}}
	g := newGauges(c, clock)
	used, waiting := g.Budget("p")
	require.Empty(t, used, "this node has not called the portal")
	require.Zero(t, waiting)
	own := &budget{shared: c.budgets.shared, local: c.budgets.local, key: "k", portal: func() portal.Portal { return portal.Portal{} }, now: clock, began: now}
	c.budgets.all["p"] = own
	own.level, own.at = 20, now
	g.look()
	own.level = 2
	g.look()
	now = now.Add(time.Minute)
	own.at = now
	used, _ = g.Budget("p")
	require.Len(t, used, shownMinutes)
	require.Greater(t, used[58].Value, .3)
	require.Less(t, used[59].Value, .1)
	require.Zero(t, used[57].Value)
	now = now.Add(2 * time.Hour)
	own.at = now
	used, _ = g.Budget("p")
	require.Zero(t, used[58].Value, "what was two hours ago is forgotten")
}
