package app

import (
	"context"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/app/trigger"
)

// eventWorkers gives the rows of events their workers: the look at a card, the offline queue, the sweep, and a
// connection's refusal.
func (a *App) eventWorkers(o Options, actions *action.Worker) dispatcher {
	looks := trigger.New(trigger.Deps{Store: a.store, Portals: a.settings, Cards: actions, Bitrix: a.clients.Bitrix, Now: o.Now,
		NotFound: store.ErrNotFound, Kind: action.KindAction, Rest: restOf(settleOf(o)), Linger: linger, Refused: refusedTrigger})
	offline := feed.NewOffline(feed.OfflineDeps{Bitrix: a.clients.Bitrix, Write: a.store.Write, Cards: a.store.Cards, Active: a.active,
		Repair: func(ctx context.Context, id portal.ID) error {
			return a.store.EnsureRows(ctx, portal.SetupRow(id, portal.SetupEvents))
		},
		Interval: a.cfg.OfflineInterval, Settle: settleOf(o), Now: o.Now, Log: a.log})
	sweeps := trigger.NewSweeper(trigger.SweepDeps{Store: a.store, Portals: a.settings, Bitrix: a.clients.Bitrix, Now: o.Now})
	return dispatcher{inbox.KindEvent: looks, inbox.KindOffline: offline, inbox.KindNotice: offline, inbox.KindSweep: sweeps,
		reaction.KindRefused: reaction.Notices{Store: a.store, Bitrix: a.clients.Bitrix}}
}

// rebound has a portal swept whose bindings were missing.
func (a *App) rebound(ctx context.Context, id portal.ID) error {
	return a.store.Commit(ctx, inbox.Look{Row: inbox.SweepRow(string(id), "repair")})
}

// linger is how long a look waits for others to share its requests.
const linger = 20 * time.Millisecond

// restOf is the least time between two looks at a card.
func restOf(settle time.Duration) time.Duration { return 3 * settle }

// settleOf is how long a card's event waits for others.
func settleOf(o Options) time.Duration {
	if o.Settle != 0 {
		return o.Settle
	}
	return inbox.Settle
}

// Watched tells whether triggers watch such cards, and which of their fields.
func (p *portalSettings) Watched(id portal.ID, card docflow.Card) (any bool, fields []string) {
	set, err := p.Settings(context.Background(), id)
	if err != nil { // no trigger runs then either
		return false, nil
	}
	return trigger.Watched(set.Triggers, card)
}
