package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

// dispatcher gives each row to the worker of its kind.
type dispatcher map[string]lane.Worker

// Work implements lane.Worker.
func (d dispatcher) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	w, ok := d[row.Kind]
	if !ok {
		return lane.Result{Verdict: lane.Dead, Note: "this bridge does not know work of kind " + row.Kind}, nil
	}
	return w.Work(grouped(ctx, row), row)
}

// acquainted makes sure that the portal of a row is known before the row is worked: another process may
// have installed it a moment ago, and who looks only now and then would take it for none.
type acquainted struct {
	portals *portal.Directory
	next    lane.Worker
}

// Work implements lane.Worker.
func (a acquainted) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	if !slices.Contains([]string{feed.KindNews, feed.KindBox, kindPrune, portal.KindErase}, row.Kind) { // they need no portal
		if p, ok := a.portals.Get(portal.ID(row.Lane)); !ok || p.State == portal.Removed {
			if err := a.portals.Reload(ctx); err != nil {
				return lane.Result{}, err
			}
		}
	}
	return a.next.Work(ctx, row)
}

// kindPrune is the row that keeps the tables small, for ever.
const kindPrune = "prune"

// pruneRow has a lane of its own: one node prunes for all.
func pruneRow() lane.NewRow { return lane.NewRow{Lane: "bridge", Part: kindPrune, Kind: kindPrune} }

// pruner deletes what is no longer needed, in small steps.
type pruner struct {
	store *store.Store
	keep  time.Duration
	now   func() time.Time
}

// How often and how much is pruned, and how long finished work is kept for the journal.
const (
	pruneEvery = 10 * time.Minute
	pruneStep  = 500
	keepDone   = 30 * 24 * time.Hour
	dutyTerm   = 24 * time.Hour // the registrar sees a payment within a day
)

// Work implements lane.Worker.
func (p *pruner) Work(ctx context.Context, _ lane.Row) (lane.Result, error) {
	more, err := p.store.Prune(ctx, p.keep, pruneStep)
	if err != nil {
		return lane.Result{}, err
	}
	overdue, err := p.store.OverdueWaiters(ctx, p.now())
	if err != nil {
		return lane.Result{}, err
	}
	unpaid, err := p.store.RemindOfDuties(ctx, p.now().Add(-dutyTerm), pruneStep, reaction.Overdue)
	if err != nil {
		return lane.Result{}, err
	}
	more = more || unpaid == pruneStep
	at := p.now().Add(pruneEvery)
	if more {
		at = p.now().Add(100 * time.Millisecond)
	}
	return lane.Result{Verdict: lane.Again, At: at, Note: fmt.Sprintf("%d robots gave up waiting", overdue)}, nil
}

// deadlines answers robots whose step is about to give up.
type deadlines struct{}

// Work implements lane.Worker.
func (deadlines) Work(_ context.Context, row lane.Row) (lane.Result, error) {
	var e docflow.Expire
	if err := json.Unmarshal(row.Body, &e); err != nil {
		return lane.Result{}, err
	}
	return lane.Result{Writes: []lane.Write{e}}, nil
}

// actionTitle names an action for people.
func actionTitle(code string) string {
	for _, a := range action.Catalogue() {
		if a.Code == code {
			return a.Name.RU
		}
	}
	return code
}

// refusedTrigger shows in the card what keeps a trigger's action from being started.
func refusedTrigger(portal string, card docflow.Card, code string, refusal *docflow.Refusal) lane.Write {
	return reaction.Enqueue{Effects: reaction.Refused(portal, card, actionTitle(code), refusal, nil)}
}
