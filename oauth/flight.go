package oauth

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"konturbridge/cache"
)

// Time limits of one renewal. The lock outlives the renewal that it covers: loading, the exchange and
// saving together take less than lockLife.
const (
	lockWait = 45 * time.Second // for renewals of the same credential elsewhere
	workTime = 45 * time.Second // for our own: the exchange has serverTimeout of it
	saveTime = 10 * time.Second // for storing what the exchange gave, counted on its own
	lockLife = workTime + saveTime + 5*time.Second
)

// flight lets one renewal of a credential run at a time: in this process certainly, over all nodes as
// long as the cache is there.
type flight struct {
	name  string // of the lock; no secret
	locks cache.Locker
	log   *slog.Logger
	group singleflight.Group
	gate  chan struct{} // holds one token: a mutex that heeds a context
}

func newFlight(name string, locks cache.Locker, log *slog.Logger) *flight {
	return &flight{name: name, locks: locks, log: log, gate: make(chan struct{}, 1)}
}

// join runs work once for all callers that ask for the same thing meanwhile. The work goes on when its
// first caller gives up: a renewal that stops between the server's answer and its storing costs the
// credential.
func (f *flight) join(ctx context.Context, same string, work func(context.Context) error) error {
	done := f.group.DoChan(same, func() (any, error) { return nil, work(context.WithoutCancel(ctx)) })
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return passing("wait for a renewal", ctx.Err())
	}
}

// alone runs work under the gate of this process and the lock of all nodes, with workTime to do it in.
func (f *flight) alone(ctx context.Context, work func(context.Context) error) error {
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	select {
	case f.gate <- struct{}{}:
		defer func() { <-f.gate }()
	case <-waiting.Done():
		return passing("wait for a renewal", waiting.Err())
	}
	unlock, err := f.locks.Lock(waiting, "renew:"+f.name, lockLife)
	switch {
	case err == nil:
		defer unlock()
	case errors.Is(err, cache.ErrUnavailable):
		// The store's compare-and-swap still keeps two nodes from storing over each other.
		f.log.LogAttrs(ctx, slog.LevelWarn, "renewing a credential without the lock of all nodes",
			slog.String("credential", f.name), slog.String("error", err.Error()))
	default:
		return passing("wait for a renewal on another node", err)
	}
	working, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	return work(working)
}
