package app

import (
	"context"
	"errors"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/oauth"
)

// reconnecting lets the work of a portal that needs reconnecting wait, in its order and without losing a try.
type reconnecting struct {
	portals *portal.Directory
	next    lane.Worker
	now     func() time.Time
}

// reconnectPause is how often such work looks whether its portal was reconnected; a reconnection wakes it.
const reconnectPause = 10 * time.Minute

// Work implements lane.Worker.
func (r reconnecting) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	waits := lane.Result{Verdict: lane.Backoff, At: r.now().Add(reconnectPause), Note: portal.WaitingNote}
	if p, ok := r.portals.Get(portal.ID(row.Lane)); ok && p.State == portal.Paused && row.Kind != portal.KindCheck {
		return waits, nil
	}
	result, err := r.next.Work(ctx, row)
	switch {
	case errors.Is(err, portal.ErrReconnect):
		return waits, nil
	case errors.Is(err, oauth.ErrClientKeys): // of the settings: whoever corrects them starts anew
		waits.Note = "waits for the application's keys: " + err.Error()
		return waits, nil
	}
	return result, err
}

// wakeAgain is after how long the work of a reconnected portal is woken once more: a row that was being held
// in the very moment of the reconnection is stored by then.
const wakeAgain = 2 * time.Second

// resumed wakes the work that waited for a portal's reconnection: each node does so when it has heard of it.
func (a *App) resumed(id portal.ID) {
	wake := func() {
		ctx, cancel := context.WithTimeout(context.Background(), wakeAgain)
		defer cancel()
		if err := a.store.WakeWaiting(ctx, id); err != nil {
			a.log.Warn("waiting work is not woken; it looks again by itself", "portal", string(id), "error", err)
		}
	}
	go wake()
	time.AfterFunc(wakeAgain, wake)
}

// echoFor is how long a test event is waited for: it may come to another node, and without a shared cache
// nobody would hear of it here.
func (a *App) echoFor() time.Duration {
	if a.store.Postgres() && a.cfg.RedisURL == "" {
		return 0
	}
	return portal.EchoTime
}

// eraser erases what a removed portal left behind, in small steps.
type eraser struct {
	store *store.Store
	now   func() time.Time
}

// erasePause keeps the erasing of a large portal from holding up anybody else's writes.
const erasePause = 50 * time.Millisecond

// Work implements lane.Worker.
func (e eraser) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	more, err := e.store.Erase(ctx, portal.ID(row.Lane), row.Body, pruneStep)
	if err != nil || !more {
		return lane.Result{Note: "erased"}, err
	}
	return lane.Result{Verdict: lane.Again, At: e.now().Add(erasePause)}, nil
}
