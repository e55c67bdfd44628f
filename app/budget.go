package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"konturbridge/app/portal"
	"konturbridge/cache"
	"konturbridge/internal/upstream"
)

// limiter keeps a portal's requests within its plan's leaky bucket, shared by all nodes. Without the
// shared cache a node counts by itself: the holder of the portal's lane makes nearly all of its calls.
type limiter struct {
	budget  cache.Budget
	key     string
	portals *portal.Directory
	id      portal.ID
	line    chan struct{} // of all portals
	local   localBudget
}

// Work that needs several calls would begin anew each time it were set aside, so a call stands in line
// for the budget; but only so many at once, or portals with spent budgets would hold every worker. Beyond
// that, and beyond this wait, the row is set aside.
const (
	maxBudgetWait = 30 * time.Second
	maxInLine     = 32 // half of the workers
)

func (l *limiter) rate() cache.Rate {
	// A burst of four fifths of the documented bucket leaves room for what others on this address do.
	if p, ok := l.portals.Get(l.id); ok && p.Family == "ent" {
		return cache.Rate{PerSecond: 5, Burst: 200}
	}
	return cache.Rate{PerSecond: 2, Burst: 40}
}

// Wait implements bitrix.Limiter.
func (l *limiter) Wait(ctx context.Context, _ string) error {
	rate := l.rate()
	for {
		wait, err := l.budget.Take(ctx, l.key, 1, rate)
		if errors.Is(err, cache.ErrUnavailable) {
			wait, err = l.local.take(ctx, l.key, rate)
		}
		if err != nil || wait <= 0 {
			return err
		}
		if wait > maxBudgetWait {
			return budgetSpent{time.Now().Add(wait)}
		}
		if err := l.stand(ctx, wait); err != nil {
			return err
		}
	}
}

// stand waits in line, when there is room in it.
func (l *limiter) stand(ctx context.Context, wait time.Duration) error {
	select {
	case l.line <- struct{}{}:
		defer func() { <-l.line }()
	default:
		return budgetSpent{time.Now().Add(wait)}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// Observe implements bitrix.Limiter. A method's refusal carries its own time, and the row waits for it.
func (l *limiter) Observe(string, time.Duration, time.Time) {}

// localBudget is made when the shared one is first missed.
type localBudget struct {
	once   sync.Once
	memory *cache.Memory
}

func (b *localBudget) take(ctx context.Context, key string, rate cache.Rate) (time.Duration, error) {
	b.once.Do(func() { b.memory = cache.NewMemory(time.Now) })
	return b.memory.Take(ctx, key, 1, rate)
}

// budgetSpent sets a row aside until the portal's budget has room for it.
type budgetSpent struct{ at time.Time }

func (e budgetSpent) Error() string                 { return "the portal's request budget is used up" }
func (e budgetSpent) UpstreamClass() upstream.Class { return upstream.Wait }
func (e budgetSpent) RetryAt() time.Time            { return e.at }
func (e budgetSpent) MaybeDone() bool               { return false }
