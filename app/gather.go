package app

import (
	"context"
	"sync"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// gatherFor is how long the first call of a setup waits for those that come with it: they go as one request.
const gatherFor = 25 * time.Millisecond

// gather lets every first call wait a moment, so that calls made side by side are packed although the portal's
// budget would let each go by itself. Nobody watches a setup's milliseconds, and a portal's budget is better
// spent on its cards.
type gather struct {
	bitrix.Limiter
	mu   sync.Mutex
	open bool // a call waits for others
}

// Take implements bitrix.Limiter.
func (g *gather) Take(ctx context.Context) (time.Duration, error) {
	g.mu.Lock()
	first := !g.open
	g.open = true
	g.mu.Unlock()
	if first {
		return gatherFor, nil
	}
	wait, err := g.Limiter.Take(ctx)
	if wait <= 0 || err != nil {
		g.mu.Lock()
		g.open = false
		g.mu.Unlock()
	}
	return wait, err
}

// ForSetup gives the client that sets up a portal in the name of one of its applications; "" stands for the
// one at work. Calls that it makes side by side go together.
func (c *clients) ForSetup(_ context.Context, id portal.ID, clientID string) (*bitrix.Client, error) {
	return c.client(id, clientID, "setup", func() bitrix.Option {
		_ = c.packing(id) // makes the portal's budget
		return bitrix.WithPacker(&gather{Limiter: c.budgets.all[id]}, bitrix.PackerOptions{Park: lane.Park, Sent: c.sent})
	})
}
