package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// provider is Kontur's identity provider. It is strict about rotation, unless it is told to take again what it
// has just replaced.
type provider struct {
	mu      sync.Mutex
	good    map[string]bool // refresh tokens that are taken
	shown   []string
	keeps   bool // gives no new refresh token
	grace   bool // takes the old one again
	life    time.Duration
	lose    int // how many of the next answers get lost
	refuses error
}

var errGrant = classified{error: errors.New("diadoc: POST /connect/token: HTTP 400 invalid_grant"), class: upstream.Refused}

func (p *provider) exchange(_ context.Context, refresh string) (oauth.KonturTokens, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, refresh)
	if p.refuses != nil {
		return oauth.KonturTokens{}, p.refuses
	}
	if !p.good[refresh] {
		return oauth.KonturTokens{}, errGrant
	}
	tokens := oauth.KonturTokens{Access: fmt.Sprintf("access-%d", len(p.shown))}
	if p.life > 0 {
		tokens.Expires = time.Now().Add(p.life)
	}
	if !p.keeps {
		tokens.Refresh = fmt.Sprintf("refresh-%d", len(p.shown))
		p.good[refresh], p.good[tokens.Refresh] = p.grace, true
	}
	if p.lose > 0 {
		p.lose--
		return oauth.KonturTokens{}, upstream.Lost("diadoc", "POST /connect/token", errors.New("connection reset"))
	}
	return tokens, nil
}

func (p *provider) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.shown...)
}

// grant is a bench whose store holds what connecting leaves there: a refresh token alone.
type grant struct {
	*bench
	provider *provider
}

func newGrant(t *testing.T) *grant {
	t.Helper()
	b := newBench(t)
	b.table.pair = oauth.Pair{Refresh: "refresh-0", Version: 1}
	return &grant{b, &provider{good: map[string]bool{"refresh-0": true}, life: time.Hour}}
}

func (g *grant) on(store oauth.PairStore, c cache.Full) *oauth.KonturKeeper {
	return oauth.NewKonturKeeper(oauth.KonturConfig{Key: pairKey, Exchange: g.provider.exchange, Store: store,
		Dead: func(err error) bool { return errors.Is(err, errGrant.error) }}, oauth.Deps{Cache: c, Locks: c, Sealer: g.box,
		Log: slog.New(slog.NewTextHandler(g.logs, nil))})
}

// process is one more process on the same database, with a cache of its own.
func (g *grant) process() *oauth.KonturKeeper { return g.on(g.table, cache.NewMemory(time.Now)) }

func requireAccess(t *testing.T, k *oauth.KonturKeeper, want string) {
	t.Helper()
	access, err := k.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, access)
}

func TestKonturHundredCallsOfThreeNodesMakeOneExchange(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	g := newGrant(t)
	var (
		group sync.WaitGroup
		nodes []*oauth.KonturKeeper
	)
	for range 3 {
		c, err := cache.NewRedis(server.URL, cache.RedisOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		nodes = append(nodes, g.on(g.table, c))
	}
	for i := range 100 {
		group.Go(func() {
			call := nodes[i%3].Token
			if i%2 == 0 {
				call = func(ctx context.Context) (string, error) { return nodes[i%3].Renew(ctx, "access-0") }
			}
			if access, err := call(t.Context()); err != nil || access != "access-1" {
				t.Errorf("got %q, %v", access, err)
			}
		})
	}
	group.Wait()
	require.Equal(t, []string{"refresh-0"}, g.provider.seen())
	require.Equal(t, "refresh-1", g.table.stored().Refresh)
	requireNoPairSecret(t, g.logs.String())
}

// gated is a store whose saving waits until it is let through.
type gated struct {
	*table
	entered, gate chan struct{}
}

func (s gated) SavePair(ctx context.Context, key string, old int64, p oauth.Pair) (oauth.Pair, error) {
	s.entered <- struct{}{}
	<-s.gate
	return s.table.SavePair(ctx, key, old, p)
}

func TestKonturTokenIsStoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGrant(t)
		slow := gated{g.table, make(chan struct{}), make(chan struct{})}
		k := g.on(slow, g.cache)
		got := make(chan string, 2)
		ask := func() {
			access, err := k.Token(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- access
		}
		go ask()
		<-slow.entered // the provider has answered, and nothing is stored
		go ask()       // whoever comes now waits too
		synctest.Wait()
		require.Empty(t, got)
		require.Equal(t, "refresh-0", g.table.stored().Refresh)
		_, found, err := g.cache.Get(t.Context(), "pair:"+pairKey)
		require.NoError(t, err)
		require.False(t, found, "other nodes must not use it either")

		close(slow.gate)
		require.Equal(t, "access-1", <-got)
		require.Equal(t, "access-1", <-got)
		require.Equal(t, "refresh-1", g.table.stored().Refresh)
		require.Equal(t, []string{"refresh-0"}, g.provider.seen())
	})
}

// TestKonturCrashBetweenAnswerAndStore is the documented outcome: the next process shows the old token.
func TestKonturCrashBetweenAnswerAndStore(t *testing.T) {
	t.Parallel()
	for name, grace := range map[string]bool{"the old token is dead": false, "the old token is still taken": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGrant(t)
				g.provider.grace = grace
				away := errors.New("the database is away")
				dying := &dyingStore{table: g.table, err: away}
				_, err := g.on(dying, cache.NewMemory(time.Now)).Token(t.Context())
				require.ErrorIs(t, err, away)
				require.Equal(t, upstream.Retry, upstream.ClassOf(err))
				require.Equal(t, "refresh-0", g.table.stored().Refresh)

				// The process is gone, and with it refresh-1. Another one begins with what is stored.
				access, err := g.process().Token(t.Context())
				require.Equal(t, []string{"refresh-0", "refresh-0"}, g.provider.seen())
				if grace {
					require.NoError(t, err)
					require.Equal(t, "access-2", access)
					require.Equal(t, "refresh-2", g.table.stored().Refresh)
					return
				}
				requireKonturGrantDead(t, err)
			})
		})
	}
}

// dyingStore can be read, but stores nothing.
type dyingStore struct {
	*table
	err error
}

func (s *dyingStore) SavePair(context.Context, string, int64, oauth.Pair) (oauth.Pair, error) {
	return oauth.Pair{}, s.err
}

func requireKonturGrantDead(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, oauth.ErrKonturGrant)
	require.ErrorIs(t, err, oauth.ErrGrantDead)
	require.ErrorIs(t, err, errGrant.error)
	require.ErrorContains(t, err, "bridge connect diadoc")
	require.Equal(t, upstream.Refused, upstream.ClassOf(err))
	requireNoPairSecret(t, err.Error())
}

func TestKonturTokenOutlivesAnOutageOfTheDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGrant(t)
		dying := &dyingStore{table: g.table, err: errors.New("the database is away")}
		store := &switched{PairStore: dying}
		k := g.on(store, g.cache)
		for range 3 {
			_, err := k.Token(t.Context())
			require.ErrorIs(t, err, dying.err)
		}
		store.PairStore = g.table
		requireAccess(t, k, "access-1")
		require.Equal(t, []string{"refresh-0"}, g.provider.seen(), "the one that was got is kept meanwhile")
		require.Equal(t, "refresh-1", g.table.stored().Refresh)
	})
}

// switched is a store that a test replaces between calls.
type switched struct{ oauth.PairStore }

func TestKonturLostAnswer(t *testing.T) {
	t.Parallel()
	t.Run("repeated at once", func(t *testing.T) {
		t.Parallel()
		g := newGrant(t)
		g.provider.lose, g.provider.grace = 1, true
		requireAccess(t, g.process(), "access-2")
		require.Equal(t, []string{"refresh-0", "refresh-0"}, g.provider.seen())
		require.Equal(t, "refresh-2", g.table.stored().Refresh)
	})
	t.Run("lost twice", func(t *testing.T) {
		t.Parallel()
		g := newGrant(t)
		g.provider.lose, g.provider.grace = 2, true
		k := g.process()
		_, err := k.Token(t.Context())
		require.Equal(t, upstream.Retry, upstream.ClassOf(err), "the caller's work is tried again")
		require.NotErrorIs(t, err, oauth.ErrGrantDead)
		requireAccess(t, k, "access-3")
	})
	t.Run("and the old token is dead", func(t *testing.T) {
		t.Parallel()
		g := newGrant(t)
		g.provider.lose = 1
		_, err := g.process().Token(t.Context())
		requireKonturGrantDead(t, err)
		require.ErrorContains(t, err, "the answer to an exchange before this one was lost")
	})
}

func TestKonturFormerTokenIsShownOnce(t *testing.T) {
	t.Parallel()
	g := newGrant(t)
	k := g.process()
	requireAccess(t, k, "access-1")
	require.Equal(t, "refresh-0", g.table.stored().Former)
	g.provider.good = map[string]bool{"refresh-0": true} // the provider has forgotten the newest
	access, err := k.Renew(t.Context(), "access-1")
	require.NoError(t, err)
	require.Equal(t, "access-3", access)
	require.Equal(t, []string{"refresh-0", "refresh-1", "refresh-0"}, g.provider.seen())
	require.Equal(t, "refresh-3", g.table.stored().Refresh)

	g.provider.good = nil
	_, err = k.Renew(t.Context(), "access-3")
	requireKonturGrantDead(t, err)
	require.Equal(t, []string{"refresh-3", "refresh-0"}, g.provider.seen()[3:])
}

// TestKonturTokenThatDoesNotRotate: an answer without a refresh token leaves the old one good.
func TestKonturTokenThatDoesNotRotate(t *testing.T) {
	t.Parallel()
	g := newGrant(t)
	g.provider.keeps = true
	k := g.process()
	requireAccess(t, k, "access-1")
	access, err := k.Renew(t.Context(), "access-1")
	require.NoError(t, err)
	require.Equal(t, "access-2", access)
	require.Equal(t, "refresh-0", g.table.stored().Refresh)
	require.Empty(t, g.table.stored().Former)
}

func TestKonturTokenIsRenewedAfterFourFifths(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ life, used time.Duration }{
		"an hour":       {time.Hour, 48 * time.Minute},
		"very short":    {50 * time.Second, 40 * time.Second},
		"none is named": {0, 48 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGrant(t)
				g.provider.life = tc.life
				k := g.process()
				requireAccess(t, k, "access-1")
				<-time.After(tc.used - time.Second)
				requireAccess(t, k, "access-1")
				<-time.After(time.Second)
				requireAccess(t, k, "access-2")
			})
		})
	}
}

func TestKonturDeadGrantIsNotShownAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGrant(t)
		g.provider.good = nil
		k := g.process()
		for range 5 {
			_, err := k.Token(t.Context())
			requireKonturGrantDead(t, err)
		}
		require.Len(t, g.provider.seen(), 1)
		require.Contains(t, g.logs.String(), "level=ERROR")
		requireNoPairSecret(t, g.logs.String())
		<-time.After(10 * time.Minute)
		_, err := k.Token(t.Context())
		requireKonturGrantDead(t, err)
		require.Len(t, g.provider.seen(), 2)
	})
}

func TestKonturFaultsOfTheProvider(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer error
		class  upstream.Class
	}{
		"wrong client keys": {classified{error: errors.New("invalid_client"), class: upstream.Refused}, upstream.Refused},
		"not available":     {classified{error: errors.New("HTTP 503"), class: upstream.Retry}, upstream.Retry},
		"too often":         {classified{error: errors.New("HTTP 429"), class: upstream.Wait, at: time.Now().Add(time.Minute)}, upstream.Wait},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGrant(t)
			g.provider.refuses = tc.answer
			_, err := g.process().Token(t.Context())
			require.ErrorIs(t, err, tc.answer)
			require.NotErrorIs(t, err, oauth.ErrGrantDead)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			g.provider.refuses = nil
			requireAccess(t, g.process(), "access-2")
		})
	}
}

func TestKonturConnectionIsGone(t *testing.T) {
	t.Parallel()
	g := newGrant(t)
	g.table.put(func(p *oauth.Pair) { *p = oauth.Pair{} })
	_, err := g.process().Token(t.Context())
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.Empty(t, g.provider.seen())
}

// TestSessionsWithAnEnd: a token of Диадок's old scheme is known to live for a day.
func TestSessionsWithAnEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c, box := &account{}, cache.NewMemory(time.Now), newBox(t)
		open := func(shared cache.Full) *oauth.SessionKeeper {
			return oauth.NewSessionKeeper(oauth.SessionConfig{Key: "diadoc/7", Life: 23 * time.Hour, Login: a.login},
				oauth.Deps{Cache: shared, Locks: shared, Sealer: box})
		}
		first, alone := open(c), open(brokenCache{})
		requireSession(t, first, "session-1")
		requireSession(t, alone, "session-2")
		<-time.After(22 * time.Hour)
		late := open(c)
		requireSession(t, late, "session-1")
		<-time.After(time.Hour)
		requireSession(t, first, "session-3")
		requireSession(t, late, "session-3")
		requireSession(t, alone, "session-4")
	})
}
