package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"konturbridge/app/portal"
	"konturbridge/cache"
)

// budget counts the requests to one portal against its plan's leaky bucket, which all nodes share: they
// are taken to call from one address, the careful side. It implements bitrix.Limiter.
//
// What was used is not always known: by the process that ran before this one, or by other nodes while the
// shared cache was away. Then the bucket starts full of use, as of the moment since which it is known.
type budget struct {
	shared cache.Budget
	local  cache.Budget // while the shared one is away
	key    string
	portal func() portal.Portal // as it is now; its plan decides the rate
	now    func() time.Time
	began  time.Time // since when this process counts

	mu    sync.Mutex
	away  bool      // the shared cache did not answer last time
	slow  time.Time // until then the rate is lower: the portal refused a request
	level float64   // of the bucket, as far as it is known here, for metrics
	at    time.Time // of level
}

// The plans' rates and, in front of their buckets of 50 and 250, what the bridge uses of them: a fifth is left
// for what others on its address do. doc: limits.md
var (
	planRate       = cache.Rate{PerSecond: 2, Burst: 40}
	enterpriseRate = cache.Rate{PerSecond: 5, Burst: 200}
)

// slowFor is how long half the rate must do after the portal refused a request.
const slowFor = time.Minute

func (b *budget) rate(now time.Time) cache.Rate {
	rate := planRate
	p := b.portal()
	if p.Family == "ent" {
		rate = enterpriseRate
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.slow) {
		rate.PerSecond /= 2
	}
	if p.Installed.Before(b.began) { // else nothing was used before
		rate.Start = max(0, float64(rate.Burst)-rate.PerSecond*max(0, now.Sub(b.began).Seconds()))
	}
	return rate
}

// Take implements bitrix.Limiter.
func (b *budget) Take(ctx context.Context) (time.Duration, error) {
	now := b.now()
	rate := b.rate(now)
	wait, err := b.shared.Take(ctx, b.key, 1, rate)
	gone := errors.Is(err, cache.ErrUnavailable)
	if err != nil && !gone {
		return 0, err
	}
	if b.switched(gone) {
		if err := b.drain(ctx, rate); err != nil {
			return 0, err
		}
	}
	if gone {
		if wait, err = b.local.Take(ctx, b.key, 1, rate); err != nil {
			return 0, err
		}
	}
	b.note(wait, rate, now)
	return wait, nil
}

// switched reports whether the shared cache has just gone away or come back.
func (b *budget) switched(gone bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switched := b.away != gone
	b.away = gone
	return switched
}

// drain fills the bucket that counts now: nobody knows what the other one has seen.
func (b *budget) drain(ctx context.Context, rate cache.Rate) error {
	b.mu.Lock()
	counts := b.shared
	if b.away {
		counts = b.local
	}
	b.mu.Unlock()
	err := counts.Drain(ctx, b.key, rate)
	if errors.Is(err, cache.ErrUnavailable) {
		return nil // the next request finds that out, too
	}
	return err
}

// Exceeded implements bitrix.Limiter: somebody else on this address fills the portal's bucket.
func (b *budget) Exceeded(ctx context.Context) {
	now := b.now()
	b.mu.Lock()
	b.slow = now.Add(slowFor)
	b.mu.Unlock()
	_ = b.drain(ctx, b.rate(now)) // the portal's own refusals are waited out all the same
}

// note keeps the level for metrics.
func (b *budget) note(wait time.Duration, rate cache.Rate, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.level = b.leaked(rate, now) + 1
	if wait > 0 {
		b.level = float64(rate.Burst) + 1 - wait.Seconds()*rate.PerSecond
	}
	b.at = now
}

// leaked is called with mu held.
func (b *budget) leaked(rate cache.Rate, now time.Time) float64 {
	return max(0, b.level-rate.PerSecond*max(0, now.Sub(b.at).Seconds()))
}

// used is the part of the bucket that is full, 0 to 1.
func (b *budget) used() float64 {
	now := b.now()
	rate := b.rate(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	return min(1, b.leaked(rate, now)/float64(rate.Burst))
}
