package diadoc

import (
	"context"
	"sync"
	"time"
)

// What the vendor asks of one client id.
const (
	RecommendedRate     = 100 // calls per second; from 200 on they are refused
	RecommendedParallel = 4   // calls under way at once
)

// NewLimiter is a [Limiter] for one process: at most parallel calls at once and perSecond calls per
// second, evenly spaced. Several processes with one client id divide the numbers among them.
// It waits for a place as long as the context allows; after a SlowDown it refuses at once, with the time.
func NewLimiter(perSecond, parallel int) Limiter {
	return &limiter{places: make(chan struct{}, max(parallel, 1)), gap: time.Second / time.Duration(max(perSecond, 1))}
}

type limiter struct {
	places chan struct{}
	gap    time.Duration

	mu    sync.Mutex
	next  time.Time // when the next call may start
	until time.Time // no call before
}

// Acquire implements [Limiter].
func (l *limiter) Acquire(ctx context.Context) (func(), error) {
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release := sync.OnceFunc(func() { <-l.places })
	wait, err := l.reserve(time.Now())
	if err != nil {
		release()
		return nil, err
	}
	if wait <= 0 {
		return release, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return release, nil
	case <-ctx.Done():
		release()
		return nil, ctx.Err()
	}
}

func (l *limiter) reserve(now time.Time) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) {
		return 0, &SlowDownError{Until: l.until}
	}
	start := l.next
	if start.Before(now) {
		start = now
	}
	l.next = start.Add(l.gap)
	return start.Sub(now), nil
}

// SlowDown implements [Limiter].
func (l *limiter) SlowDown(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
}
