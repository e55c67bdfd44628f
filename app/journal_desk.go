package app

import (
	"context"
	"sync"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/journal"
	"konturbridge/app/page"
	pagejournal "konturbridge/app/page/journal"
	"konturbridge/app/portal"
	"konturbridge/app/store"
)

// journalDesk builds the journal and the health page.
func (a *App) journalDesk() (page.Desk, error) {
	return pagejournal.New(pagejournal.Deps{Past: a.store, Hand: a.store, Health: portalHealth{a.store}, Gauge: a.gauges,
		Title: titleIn, NotFound: store.ErrNotFound})
}

// titleIn names an action in a language.
func titleIn(code, lang string) string {
	for _, one := range action.Catalogue() {
		if one.Code == code {
			if lang == "en" {
				return one.Name.EN
			}
			return one.Name.RU
		}
	}
	return code
}

// portalHealth is a pagejournal.Health.
type portalHealth struct{ store *store.Store }

// shownMinutes is how far back the charts of minutes go.
const shownMinutes = 60

// Connections implements pagejournal.Health.
func (h portalHealth) Connections(ctx context.Context, id string) ([]journal.Connection, error) {
	return h.store.ConnectionsHealth(ctx, portal.ID(id))
}

// Backlog implements pagejournal.Health.
func (h portalHealth) Backlog(ctx context.Context, id string) (journal.Backlog, error) {
	return h.store.Backlog(ctx, portal.ID(id))
}

// Waiting implements pagejournal.Health.
func (h portalHealth) Waiting(ctx context.Context, id string) ([]journal.Point, error) {
	return h.store.WaitingByMinute(ctx, portal.ID(id), shownMinutes)
}

// Check implements pagejournal.Health.
func (h portalHealth) Check(ctx context.Context, id, connection string) error {
	return h.store.CheckConnection(ctx, portal.ID(id), connection)
}

// gauges remember by minutes how full the budgets of portals were. They are looked at now and then: a peak that
// leaked away between two looks is not seen.
type gauges struct {
	clients *clients
	now     func() time.Time

	mu      sync.Mutex
	portals map[portal.ID]*[shownMinutes]minuteMax
}

type minuteMax struct {
	minute int64 // since 1970
	used   float64
}

const gaugeEvery = 3 * time.Second

func newGauges(c *clients, now func() time.Time) *gauges {
	return &gauges{clients: c, now: now, portals: map[portal.ID]*[shownMinutes]minuteMax{}}
}

// run looks until ctx ends.
func (g *gauges) run(ctx context.Context) {
	tick := time.NewTicker(gaugeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			g.look()
		}
	}
}

func (g *gauges) look() {
	minute := g.now().Unix() / 60
	g.clients.mu.Lock()
	used := make(map[portal.ID]float64, len(g.clients.budgets.all))
	for id, b := range g.clients.budgets.all {
		used[id] = b.used()
	}
	g.clients.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, full := range used {
		ring := g.portals[id]
		if ring == nil {
			ring = &[shownMinutes]minuteMax{}
			g.portals[id] = ring
		}
		at := &ring[minute%shownMinutes]
		if at.minute != minute {
			*at = minuteMax{minute: minute}
		}
		at.used = max(at.used, full)
	}
}

// Budget implements pagejournal.Gauge.
func (g *gauges) Budget(id string) (used []journal.Point, waiting int) {
	g.look()
	g.clients.mu.Lock()
	if client := g.clients.bitrix[id+"//work"]; client != nil {
		waiting = client.Waiting()
	}
	g.clients.mu.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	ring := g.portals[portal.ID(id)]
	if ring == nil {
		return nil, waiting
	}
	minute := g.now().Unix() / 60
	for m := minute - shownMinutes + 1; m <= minute; m++ {
		point := journal.Point{At: time.Unix(m*60, 0)}
		if at := ring[m%shownMinutes]; at.minute == m {
			point.Value = at.used
		}
		used = append(used, point)
	}
	return used, waiting
}
