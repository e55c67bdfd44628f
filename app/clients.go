package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty"
)

// clients makes the clients of portals and accounts and keeps their credentials fresh.
type clients struct {
	up        *upstream.Client
	portals   *portal.Directory
	servers   *oauth.Servers
	store     *store.Store
	deps      oauth.Deps
	budget    cache.Budget
	keys      map[string]oauth.Keys
	realtyURL string
	moved     func(ctx context.Context, id portal.ID, endpoint string)

	line chan struct{} // calls that stand in line for a portal's budget

	mu       sync.Mutex
	pairs    map[string]*oauth.PairKeeper
	bitrix   map[string]*bitrix.Client
	sessions map[string]*oauth.SessionKeeper
}

// Bitrix gives the client that works in a portal's name: with the tokens of the application's installer.
func (c *clients) Bitrix(_ context.Context, id portal.ID) (*bitrix.Client, error) {
	p, ok := c.portals.Get(id)
	if !ok || p.State == portal.Removed {
		return nil, fmt.Errorf("%w: %s", portal.ErrUnknown, id)
	}
	service, ok := p.Service()
	if !ok {
		return nil, fmt.Errorf("%w: no active application in %s", portal.ErrUnknown, id)
	}
	key := portal.PairKey(id, service.ClientID, service.UserID)
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.bitrix[key]; client != nil {
		return client, nil
	}
	tokens := &portalTokens{keeper: c.keeper(key, service.ClientID), portal: id, moved: c.moved, endpoint: p.Endpoint}
	client := bitrix.New(c.up, tokens, bitrix.WithLimiter(&limiter{budget: c.budget, key: "bitrix/" + string(id), portals: c.portals, id: id, line: c.line}))
	c.bitrix[key] = client
	return client, nil
}

// keeper is called with mu held.
func (c *clients) keeper(key, clientID string) *oauth.PairKeeper {
	if k := c.pairs[key]; k != nil {
		return k
	}
	k := oauth.NewPairKeeper(key, c.keys[clientID], c.servers, c.store, c.deps)
	c.pairs[key] = k
	return k
}

// forget drops what is held of a replaced pair.
func (c *clients) forget(ctx context.Context, key string) {
	c.mu.Lock()
	k := c.pairs[key]
	delete(c.pairs, key)
	delete(c.bitrix, key)
	c.mu.Unlock()
	if k == nil { // another node may hold it in the shared cache all the same
		k = oauth.NewPairKeeper(key, oauth.Keys{}, c.servers, c.store, c.deps)
	}
	k.Forget(ctx)
}

// Realty gives the client of an account.
func (c *clients) Realty(conn portal.Connection) *realty.Client {
	return realty.New(c.up, c.realtyURL, c.session(conn))
}

func (c *clients) session(conn portal.Connection) *oauth.SessionKeeper {
	credentials := realty.Credentials{Login: conn.Login, Password: conn.Secrets["password"], AccountID: conn.AccountID}
	print := oauth.Fingerprint(credentials.Login, credentials.Password, credentials.AccountID)
	key := string(conn.Portal) + "/" + conn.Name
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sessions[key+print]; s != nil {
		return s
	}
	s := oauth.NewSessionKeeper(oauth.SessionConfig{Key: "realty/" + key, Fingerprint: print,
		Login: func(ctx context.Context) (string, error) {
			answer, err := realty.Login(ctx, c.up, c.realtyURL, credentials)
			return answer.SessionID, err
		}}, c.deps)
	c.sessions[key+print] = s
	return s
}

// realtyOf gives the client of the account that a docflow goes through.
func (c *clients) realtyOf(ctx context.Context, rec docflow.Record) (*realty.Client, error) {
	all, err := c.store.Connections(ctx, portal.ID(rec.Portal))
	if err != nil {
		return nil, err
	}
	for _, conn := range all {
		if conn.Kind == docflow.Realty && conn.Name == rec.Connection {
			return c.Realty(conn), nil
		}
	}
	return nil, &docflow.Refusal{Code: "no_connection", CRMText: "Подключение «" + rec.Connection + "» удалено из настроек моста."}
}

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
