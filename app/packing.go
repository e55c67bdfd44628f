package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/cache"
)

// packing makes the calls of one portal share its budget of requests. The caller holds mu.
func (c *clients) packing(id portal.ID) bitrix.Option {
	return c.budgets.packing(id, func() portal.Portal { p, _ := c.portals.Get(id); return p }, c.sent)
}

// grouped lets the kinds of work take turns in what waits for a portal's budget.
func grouped(ctx context.Context, row lane.Row) context.Context { return bitrix.InGroup(ctx, row.Kind) }

// waiting tells how many calls wait for their portal's budget, in how many portals, and how full the
// fullest bucket is, 0 to 1.
func (c *clients) waiting() (calls, portals int, fullest float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.bitrix {
		if n := client.Waiting(); n > 0 {
			calls += n
			portals++
		}
	}
	for _, b := range c.budgets.all {
		fullest = max(fullest, b.used())
	}
	return calls, portals, fullest
}

// packerMetrics tell how well the calls of portals are packed.
type packerMetrics struct {
	requests *prometheus.CounterVec
	commands prometheus.Histogram
	waited   prometheus.Histogram
}

func newPackerMetrics(registry *prometheus.Registry) *packerMetrics {
	m := &packerMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "bridge_bitrix_requests_total", Help: "Requests to portals."}, []string{"form"}),
		commands: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "bridge_bitrix_commands_per_request", Help: "Calls in a request to a portal.",
			Buckets: []float64{1, 2, 5, 10, 20, 30, 40, 45, 50}}),
		waited: histogram("bridge_bitrix_wait_seconds", "How long the call of a request that waited longest did so for the portal's limits."),
	}
	registry.MustRegister(m.requests, m.commands, m.waited)
	return m
}

func (m *packerMetrics) sent(s bitrix.Sent) {
	form := "single"
	if s.Batch {
		form = "batch"
	}
	m.requests.WithLabelValues(form).Inc()
	m.commands.Observe(float64(s.Commands))
	m.waited.Observe(s.Waited.Seconds())
}

// watch adds gauges of what waits now.
func (m *packerMetrics) watch(registry *prometheus.Registry, c *clients) {
	gauge := func(name, help string, value func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	gauge("bridge_bitrix_calls_waiting", "Calls that wait for their portal's limits.", func() float64 { n, _, _ := c.waiting(); return float64(n) })
	gauge("bridge_bitrix_portals_waiting", "Portals whose calls wait for their limits.", func() float64 { _, n, _ := c.waiting(); return float64(n) })
	gauge("bridge_bitrix_budget_used_max", "The part of the fullest portal's budget of requests that is used.", func() float64 { _, _, full := c.waiting(); return full })
}

// budgets are the budgets of the portals that were called.
type budgets struct {
	shared cache.Budget
	local  cache.Budget // for when the shared one is away
	now    func() time.Time
	began  time.Time
	all    map[portal.ID]*budget // guarded by the clients' mu
}

func newBudgets(shared cache.Budget, now func() time.Time) budgets {
	return budgets{shared: shared, local: cache.NewMemory(now), now: now, began: now(), all: map[portal.ID]*budget{}}
}

// packing makes a portal's calls wait for its budget, and go together when they wait. A row whose call waits
// needs no worker meanwhile; a wait that is too long sets it aside.
func (b *budgets) packing(id portal.ID, now func() portal.Portal, sent func(bitrix.Sent)) bitrix.Option {
	own := b.all[id]
	if own == nil {
		own = &budget{shared: b.shared, local: b.local, key: "bitrix/" + string(id), portal: now, now: b.now, began: b.began}
		b.all[id] = own
	}
	return bitrix.WithPacker(own, bitrix.PackerOptions{Park: lane.Park, Sent: sent})
}
