package app

import (
	"context"
	"sync"
	"time"

	"konturbridge/app/portal"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// portalTokens is the token source of one portal. It tells when a refresh brought a new address, and
// gives a refused credential the class that is tried again rarely: an administrator may reconnect the
// portal, and work that waits must not be lost meanwhile.
type portalTokens struct {
	keeper   *oauth.PairKeeper
	portal   portal.ID
	moved    func(ctx context.Context, id portal.ID, endpoint string)
	mu       sync.Mutex
	endpoint string
}

func (t *portalTokens) Token(ctx context.Context) (string, string, error) {
	return t.checked(ctx)(t.keeper.Token(ctx))
}

func (t *portalTokens) Refresh(ctx context.Context, stale string) (string, string, error) {
	return t.checked(ctx)(t.keeper.Refresh(ctx, stale))
}

func (t *portalTokens) checked(ctx context.Context) func(string, string, error) (string, string, error) {
	return func(access, endpoint string, err error) (string, string, error) {
		if err != nil {
			if upstream.ClassOf(err) == upstream.Refused {
				err = reconnect{err}
			}
			return "", "", err
		}
		t.mu.Lock()
		changed := endpoint != "" && endpoint != t.endpoint
		if changed {
			t.endpoint = endpoint
		}
		t.mu.Unlock()
		if changed {
			t.moved(ctx, t.portal, endpoint)
		}
		return access, endpoint, nil
	}
}

// reconnect is a dead credential of a portal.
type reconnect struct{ error }

func (e reconnect) Unwrap() error                 { return e.error }
func (e reconnect) UpstreamClass() upstream.Class { return upstream.Relogin }
func (e reconnect) RetryAt() time.Time            { return time.Time{} }
func (e reconnect) MaybeDone() bool               { return false }
