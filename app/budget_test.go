package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/cache"
)

// purse is a budget on a clock that the test moves, over a cache that can go away.
type purse struct {
	*budget
	cache.Budget // shared by all nodes

	clock  time.Time
	away   bool
	family string
}

func newPurse(installed time.Duration) *purse {
	p := &purse{clock: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)}
	p.Budget = cache.NewMemory(p.now)
	began := p.clock
	p.budget = &budget{shared: p, local: cache.NewMemory(p.now), key: "bitrix/m1", now: p.now, began: began,
		portal: func() portal.Portal {
			return portal.Portal{ID: "m1", Family: p.family, Installed: began.Add(installed)}
		}}
	return p
}

func (p *purse) now() time.Time { return p.clock }

func (p *purse) Take(ctx context.Context, key string, n int, rate cache.Rate) (time.Duration, error) {
	if p.away {
		return 0, fmt.Errorf("no connection: %w", cache.ErrUnavailable)
	}
	return p.Budget.Take(ctx, key, n, rate)
}

func (p *purse) Drain(ctx context.Context, key string, rate cache.Rate) error {
	if p.away {
		return cache.ErrUnavailable
	}
	return p.Budget.Drain(ctx, key, rate)
}

// requests counts those that may go at once.
func (p *purse) requests(t *testing.T) (n int) {
	t.Helper()
	for {
		wait, err := p.budget.Take(t.Context())
		require.NoError(t, err)
		if wait > 0 {
			return n
		}
		n++
	}
}

func TestBudgetFollowsThePlan(t *testing.T) {
	t.Parallel()
	for family, tc := range map[string]struct{ burst, inTenSeconds int }{"": {40, 20}, "basic": {40, 20}, "ent": {200, 50}} {
		t.Run("family "+family, func(t *testing.T) {
			t.Parallel()
			p := newPurse(time.Second) // nothing was used before it was installed
			p.family = family
			require.Equal(t, tc.burst, p.requests(t))
			p.clock = p.clock.Add(10 * time.Second)
			require.Equal(t, tc.inTenSeconds, p.requests(t))
			p.clock = p.clock.Add(time.Hour)
			require.Equal(t, tc.burst, p.requests(t))
		})
	}
}

func TestBudgetStartsFullOfUse(t *testing.T) {
	t.Parallel()
	p := newPurse(-time.Hour)
	require.Zero(t, p.requests(t), "the process before may have used all of it")
	p.clock = p.clock.Add(5 * time.Second)
	require.Equal(t, 10, p.requests(t))
	late := newPurse(-time.Hour)
	late.clock = late.clock.Add(15 * time.Second)
	require.Equal(t, 30, late.requests(t), "since the start it is known that nothing was")
}

func TestBudgetWithoutTheSharedCache(t *testing.T) {
	t.Parallel()
	p := newPurse(time.Second)
	require.Equal(t, 40, p.requests(t))
	p.clock = p.clock.Add(time.Hour)
	p.away = true
	require.Zero(t, p.requests(t), "what other nodes do is not known any more")
	p.clock = p.clock.Add(10 * time.Second)
	require.Equal(t, 20, p.requests(t))
	p.clock = p.clock.Add(time.Hour)
	p.away = false
	require.Equal(t, 1, p.requests(t), "what was done meanwhile, the cache does not know")
	p.clock = p.clock.Add(10 * time.Second)
	require.Equal(t, 20, p.requests(t))
}

// TestNodesShareABudget: pages on one node and the lane's work on another draw on one bucket.
func TestNodesShareABudget(t *testing.T) {
	t.Parallel()
	a := newPurse(time.Second)
	b := &budget{shared: a, local: cache.NewMemory(a.now), key: a.key, now: a.now, began: a.clock.Add(time.Minute), portal: a.portal}
	require.Equal(t, 40, a.requests(t))
	wait, err := b.Take(t.Context())
	require.NoError(t, err)
	require.Equal(t, 500*time.Millisecond, wait)
	a.clock = a.clock.Add(2 * time.Second)
	for range 2 {
		wait, err = b.Take(t.Context())
		require.NoError(t, err)
		require.Zero(t, wait)
	}
	require.Equal(t, 2, a.requests(t), "the other node has taken two of four")
}

func TestBudgetAfterARefusal(t *testing.T) {
	t.Parallel()
	p := newPurse(time.Second)
	require.Zero(t, p.used())
	p.Exceeded(t.Context())
	require.Zero(t, p.requests(t), "the portal's bucket is full")
	require.InDelta(t, 1, p.used(), 0.01)
	p.clock = p.clock.Add(10 * time.Second)
	require.Equal(t, 10, p.requests(t), "half the rate for a while")
	p.clock = p.clock.Add(time.Minute)
	require.Equal(t, 40, p.requests(t))
	p.clock = p.clock.Add(10 * time.Second)
	require.Equal(t, 20, p.requests(t))
	require.InDelta(t, 1, p.used(), 0.01)
	p.clock = p.clock.Add(10 * time.Second)
	require.InDelta(t, 0.5, p.used(), 0.03)

	p.away = true
	p.Exceeded(t.Context()) // nobody to tell
}

func TestBudgetPassesAnEndedContextOn(t *testing.T) {
	t.Parallel()
	p := newPurse(time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.budget.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
	p.away = true
	_, err = p.budget.Take(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestPackerMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := newPackerMetrics(registry)
	p := newPurse(time.Second)
	p.requests(t)
	c := &clients{budgets: budgets{all: map[portal.ID]*budget{"m1": p.budget}}, bitrix: map[string]*bitrix.Client{"k": bitrix.New(nil, nil)}}
	m.watch(registry, c)
	m.sent(bitrix.Sent{Commands: 1})
	m.sent(bitrix.Sent{Batch: true, Commands: 50, Waited: time.Second})
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName()
			for _, label := range metric.GetLabel() {
				name += " " + label.GetValue()
			}
			got[name] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue() + metric.GetHistogram().GetSampleSum()
		}
	}
	require.Equal(t, map[string]float64{"bridge_bitrix_requests_total single": 1, "bridge_bitrix_requests_total batch": 1,
		"bridge_bitrix_commands_per_request": 51, "bridge_bitrix_wait_seconds": 1, "bridge_bitrix_calls_waiting": 0,
		"bridge_bitrix_portals_waiting": 0, "bridge_bitrix_budget_used_max": 1}, got)
}
