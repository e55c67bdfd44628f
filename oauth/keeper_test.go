package oauth_test

import (
	"bytes"
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
	"konturbridge/internal/seal"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

const pairKey = "a223c6b3710f85df22e9377d6c4f7553/local.app/67"

// table is a PairStore with the compare-and-swap of a database row.
type table struct {
	mu    sync.Mutex
	pair  oauth.Pair
	saves int
	fail  error // what every call answers while it is set
}

func (s *table) LoadPair(_ context.Context, key string) (oauth.Pair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return oauth.Pair{}, s.fail
	}
	if key != pairKey || s.pair.Refresh == "" {
		return oauth.Pair{}, fmt.Errorf("load %s: %w", key, oauth.ErrNoPair)
	}
	return s.pair, nil
}

func (s *table) SavePair(_ context.Context, key string, old int64, p oauth.Pair) (oauth.Pair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return oauth.Pair{}, s.fail
	}
	if s.pair.Version != old {
		return oauth.Pair{}, fmt.Errorf("save %s: %w", key, oauth.ErrStale)
	}
	s.saves++
	p.Version = old + 1
	s.pair = p
	return p, nil
}

// put is an installation or another node writing the row.
func (s *table) put(change func(*oauth.Pair)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.pair)
}

func (s *table) setFail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *table) stored() oauth.Pair {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pair
}

// exchange is the authorization server: strict about rotation, as the contract tells to assume.
type exchange struct {
	mu      sync.Mutex
	refresh string // the one that is good now
	calls   int
	answer  func(fresh *oauth.Pair) error // may change or refuse the next answers
	entered chan struct{}                 // told of each call, when set
	gate    chan struct{}                 // waited for in each call, when set
	now     func() time.Time
}

func (e *exchange) Exchange(ctx context.Context, server string, k oauth.Keys, refresh string) (oauth.Pair, error) {
	if e.entered != nil {
		e.entered <- struct{}{}
	}
	if e.gate != nil {
		select {
		case <-e.gate:
		case <-ctx.Done():
			return oauth.Pair{}, ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if refresh != e.refresh || k != keys {
		return oauth.Pair{}, grantDead
	}
	fresh := oauth.Pair{
		Access: fmt.Sprintf("access-%d", e.calls), Refresh: fmt.Sprintf("refresh-%d", e.calls),
		Expires: e.now().Add(time.Hour), Endpoint: "https://renamed.example/rest/", Server: server, MemberID: memberID,
	}
	if e.answer != nil {
		if err := e.answer(&fresh); err != nil {
			return oauth.Pair{}, err
		}
	}
	e.refresh = fresh.Refresh
	return fresh, nil
}

func (e *exchange) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls
}

// classified is an answer of the authorization server.
type classified struct {
	error
	class upstream.Class
	at    time.Time
}

func (c classified) Unwrap() error                 { return c.error }
func (c classified) UpstreamClass() upstream.Class { return c.class }
func (c classified) RetryAt() time.Time            { return c.at }
func (c classified) MaybeDone() bool               { return false }

var grantDead = classified{error: oauth.ErrGrantDead, class: upstream.Refused}

// watched remembers every value put into the cache.
type watched struct {
	cache.Full
	mu     sync.Mutex
	values [][]byte
}

func (w *watched) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	w.mu.Lock()
	w.values = append(w.values, value, []byte(key))
	w.mu.Unlock()
	return w.Full.Set(ctx, key, value, ttl)
}

func newBox(t *testing.T) *seal.Box {
	t.Helper()
	key, err := seal.ParseKey(seal.NewKey())
	require.NoError(t, err)
	box, err := seal.New(key, nil)
	require.NoError(t, err)
	return box
}

// bench is a portal whose access token is over.
type bench struct {
	table    *table
	exchange *exchange
	cache    cache.Full
	box      *seal.Box
	logs     *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{
		table: &table{pair: oauth.Pair{
			Access: "access-0", Refresh: "refresh-0", Expires: time.Now().Add(-time.Second), Version: 3,
			Endpoint: "https://portal.example/rest/", Server: "https://oauth.bitrix.info", MemberID: memberID,
			UserID: 67, Scope: []string{"crm"}, Status: "L",
		}},
		exchange: &exchange{refresh: "refresh-0", now: time.Now},
		cache:    cache.NewMemory(time.Now),
		box:      newBox(t),
		logs:     &lockedBuffer{},
	}
}

// node is one more node's keeper of the same pair.
func (b *bench) node(c cache.Full) *oauth.PairKeeper {
	return oauth.NewPairKeeper(pairKey, keys, b.exchange, b.table, oauth.Deps{
		Cache: c, Locks: c, Sealer: b.box, Log: slog.New(slog.NewTextHandler(b.logs, nil)),
	})
}

func (b *bench) keeper() *oauth.PairKeeper { return b.node(b.cache) }

func requireToken(t *testing.T, k *oauth.PairKeeper, want string) {
	t.Helper()
	access, _, err := k.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, access)
}

// hammer calls every keeper n times at once, by Token and by Refresh, and wants one answer for all.
func hammer(t *testing.T, n int, want string, keepers ...*oauth.PairKeeper) {
	t.Helper()
	var group sync.WaitGroup
	start := make(chan struct{})
	for _, k := range keepers {
		for i := range n {
			group.Go(func() {
				<-start
				call := k.Token
				if i%2 == 0 {
					call = func(ctx context.Context) (string, string, error) { return k.Refresh(ctx, "access-0") }
				}
				access, endpoint, err := call(t.Context())
				if err != nil || access != want || endpoint != "https://renamed.example/rest/" {
					t.Errorf("got %q, %q, %v", access, endpoint, err)
				}
			})
		}
	}
	close(start)
	group.Wait()
}

func TestHundredCallersMakeOneExchange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hammer(t, 100, "access-1", b.keeper())
	require.Equal(t, 1, b.exchange.count())
	stored := b.table.stored()
	require.Equal(t, int64(4), stored.Version)
	require.Equal(t, "refresh-1", stored.Refresh)
	require.Equal(t, int64(67), stored.UserID, "what the answer left out is kept")
	require.Equal(t, []string{"crm"}, stored.Scope)
}

func TestThreeNodesOverRedisMakeOneExchange(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	b := newBench(t)
	var nodes []*oauth.PairKeeper
	for range 3 {
		c, err := cache.NewRedis(server.URL, cache.RedisOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		nodes = append(nodes, b.node(c))
	}
	hammer(t, 30, "access-1", nodes...)
	require.Equal(t, 1, b.exchange.count())

	server.Stop() // and nobody notices while the token lives
	hammer(t, 10, "access-1", nodes...)
	_, _, err := nodes[0].Refresh(t.Context(), "access-1")
	require.NoError(t, err)
	require.Equal(t, 2, b.exchange.count())
	access, _, err := nodes[1].Refresh(t.Context(), "access-1")
	require.NoError(t, err)
	require.Equal(t, "access-2", access, "taken from the store")
	require.Equal(t, 2, b.exchange.count())
	require.Contains(t, b.logs.String(), "without the lock of all nodes")
	requireNoPairSecret(t, b.logs.String())
}

func requireNoPairSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"access-", "refresh-", clientSecret} {
		require.NotContains(t, text, secret)
	}
}

func TestTokenIsReadOnceAndSharedSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	spy := &watched{Full: b.cache}
	first := b.node(spy)
	requireToken(t, first, "access-1")
	requireToken(t, first, "access-1")
	require.Equal(t, 1, b.exchange.count())
	require.NotEmpty(t, spy.values)
	for _, value := range spy.values {
		requireNoPairSecret(t, string(value))
	}

	// Another node needs neither the store nor the server; one with another secret key needs the store.
	b.table.setFail(errors.New("the database is away"))
	requireToken(t, b.node(spy), "access-1")
	b.table.setFail(nil)
	b.box = newBox(t)
	requireToken(t, b.node(spy), "access-1")
	require.Equal(t, 1, b.exchange.count())
}

func TestTokenIsRenewedAMinuteBeforeItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		k := b.keeper()
		requireToken(t, k, "access-1")
		<-time.After(59*time.Minute - time.Second)
		requireToken(t, k, "access-1")
		<-time.After(time.Second)
		requireToken(t, k, "access-2")
		require.Equal(t, 2, b.exchange.count())
	})
}

func TestWhatSomebodyElseRotatedIsUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.keeper()
	requireToken(t, k, "access-1")
	b.table.put(func(p *oauth.Pair) { p.Access, p.Refresh, p.Version = "access-theirs", "refresh-theirs", p.Version+1 })
	access, _, err := k.Refresh(t.Context(), "access-1")
	require.NoError(t, err)
	require.Equal(t, "access-theirs", access)
	require.Equal(t, 1, b.exchange.count())

	// A late caller with a token from before gets the held one at once.
	access, _, err = k.Refresh(t.Context(), "access-0")
	require.NoError(t, err)
	require.Equal(t, "access-theirs", access)
}

func TestReinstalledPortalBeginsItsVersionsAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.keeper()
	requireToken(t, k, "access-1")
	b.table.put(func(p *oauth.Pair) { p.Access, p.Refresh, p.Version = "access-new", "refresh-new", 1 })
	access, _, err := k.Refresh(t.Context(), "access-1") // a node that was not told
	require.NoError(t, err)
	require.Equal(t, "access-new", access)

	b.table.put(func(p *oauth.Pair) { p.Access, p.Version = "access-newer", 1 })
	requireToken(t, k, "access-new")
	k.Forget(t.Context())
	requireToken(t, k, "access-newer")
}

func TestGivingUpDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.entered, b.exchange.gate = make(chan struct{}, 1), make(chan struct{})
	k := b.keeper()
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error, 1), make(chan error, 1)
	go func() { _, _, err := k.Token(ctx); impatient <- err }()
	<-b.exchange.entered
	go func() { _, _, err := k.Token(t.Context()); patient <- err }()
	cancel()
	err := <-impatient
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	close(b.exchange.gate)
	require.NoError(t, <-patient)
	require.Equal(t, 1, b.exchange.count())
	require.Equal(t, "refresh-1", b.table.stored().Refresh)
}

func TestNothingIsUsedBeforeItIsStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		away := errors.New("the database is away")
		b.exchange.answer = func(*oauth.Pair) error { b.table.fail = away; return nil }
		k := b.keeper()
		_, _, err := k.Token(t.Context())
		require.ErrorIs(t, err, away)
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		_, _, err = k.Token(t.Context())
		require.ErrorIs(t, err, away)
		require.Equal(t, 1, b.exchange.count())
		_, found, err := b.cache.Get(t.Context(), "pair:"+pairKey)
		require.NoError(t, err)
		require.False(t, found)

		// When it is back, the pair that was got before is stored first.
		b.table.setFail(nil)
		requireToken(t, k, "access-1")
		require.Equal(t, 1, b.exchange.count())
		require.Equal(t, "refresh-1", b.table.stored().Refresh)
	})
}

func TestShortOutageOfTheDatabaseIsWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.exchange.answer = func(*oauth.Pair) error {
			b.table.setFail(errors.New("the database is away"))
			time.AfterFunc(2*time.Second, func() { b.table.setFail(nil) })
			return nil
		}
		requireToken(t, b.keeper(), "access-1")
		require.Equal(t, 1, b.table.saves)
	})
}

func TestLostSwapUsesWhatIsStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error {
		b.table.put(func(p *oauth.Pair) {
			p.Access, p.Refresh, p.Version, p.Expires = "access-theirs", "refresh-theirs", 9, time.Now().Add(time.Hour)
		})
		return nil
	}
	requireToken(t, b.keeper(), "access-theirs")
	require.Equal(t, "refresh-theirs", b.table.stored().Refresh)
}

func TestRemovedWhileRefreshed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error { b.table.put(func(p *oauth.Pair) { *p = oauth.Pair{} }); return nil }
	_, _, err := b.keeper().Token(t.Context())
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.Zero(t, b.table.stored())
}

// TestRefusedGrantOfALoser is two nodes that both went without the lock: the loser's token was used up.
func TestRefusedGrantOfALoser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error {
		b.table.put(func(p *oauth.Pair) {
			p.Access, p.Refresh, p.Version, p.Expires = "access-theirs", "refresh-theirs", 4, time.Now().Add(time.Hour)
		})
		return grantDead
	}
	requireToken(t, b.keeper(), "access-theirs")
}

func TestDeadPairIsNotShownAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.exchange.refresh = "another"
		k := b.keeper()
		for range 5 {
			_, _, err := k.Token(t.Context())
			require.ErrorIs(t, err, oauth.ErrGrantDead)
			require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		}
		require.Equal(t, 1, b.exchange.count())
		<-time.After(10 * time.Minute)
		_, _, err := k.Token(t.Context())
		require.ErrorIs(t, err, oauth.ErrGrantDead)
		require.Equal(t, 2, b.exchange.count(), "asked again, rarely")

		b.table.put(func(p *oauth.Pair) { p.Refresh = "another" }) // authorised again
		requireToken(t, k, "access-3")
	})
}

func TestUnpaidPortalIsAskedAgainWhenToldTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		unpaid := classified{error: oauth.ErrPayment, class: upstream.Wait, at: time.Now().Add(time.Hour)}
		b.exchange.answer = func(*oauth.Pair) error { return unpaid }
		k := b.keeper()
		for range 2 {
			_, _, err := k.Token(t.Context())
			require.ErrorIs(t, err, oauth.ErrPayment)
			require.Equal(t, unpaid.at, upstream.RetryAt(err))
		}
		require.Equal(t, 1, b.exchange.count())
		b.exchange.answer = nil
		<-time.After(time.Hour)
		requireToken(t, k, "access-2")
	})
}

func TestPassingFaultIsTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(*oauth.Pair) error { return classified{error: oauth.ErrBadAnswer, class: upstream.Retry} }
	k := b.keeper()
	_, _, err := k.Token(t.Context())
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	b.exchange.answer = nil
	requireToken(t, k, "access-2")
}

func TestAnswerAboutAnotherPortalIsNotStored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.exchange.answer = func(p *oauth.Pair) error { p.MemberID = "another"; return nil }
	_, _, err := b.keeper().Token(t.Context())
	require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	require.Equal(t, "refresh-0", b.table.stored().Refresh)
}

func TestNoPairAndNoDatabase(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.table.put(func(p *oauth.Pair) { *p = oauth.Pair{} })
	_, _, err := b.keeper().Token(t.Context())
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.Equal(t, upstream.Refused, upstream.ClassOf(err))

	away := errors.New("the database is away")
	b.table.setFail(away)
	_, _, err = b.keeper().Refresh(t.Context(), "x")
	require.ErrorIs(t, err, away)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.Zero(t, b.exchange.count())
}

func TestLockOfAnotherNodeIsWaitedForAndGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		_, err := b.cache.Lock(t.Context(), "renew:pair:"+pairKey, time.Hour)
		require.NoError(t, err)
		started := time.Now()
		_, _, err = b.keeper().Token(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, upstream.Retry, upstream.ClassOf(err))
		require.Equal(t, 45*time.Second, time.Since(started))
		require.Zero(t, b.exchange.count())
	})
}

// TestDifferentStaleTokensRunOneAfterTheOther: the gate of the process holds even without the lock.
func TestDifferentStaleTokensRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.node(brokenCache{})
	var group sync.WaitGroup
	for i := range 30 {
		group.Go(func() {
			stale := []string{"", "access-0", "of-another-time"}[i%3]
			if access, _, err := k.Refresh(t.Context(), stale); err != nil || access != "access-1" {
				t.Errorf("got %q, %v", access, err)
			}
		})
	}
	group.Wait()
	require.Equal(t, 1, b.exchange.count())
}

// brokenCache is a Redis that is away.
type brokenCache struct{ cache.Full }

func (brokenCache) Get(context.Context, string) ([]byte, bool, error) {
	return nil, false, cache.ErrUnavailable
}
func (brokenCache) Set(context.Context, string, []byte, time.Duration) error {
	return cache.ErrUnavailable
}
func (brokenCache) Delete(context.Context, string) error { return cache.ErrUnavailable }
func (brokenCache) Lock(context.Context, string, time.Duration) (func(), error) {
	return nil, cache.ErrUnavailable
}

func TestWithoutACacheOneNodeMakesOneExchange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.node(brokenCache{})
	hammer(t, 100, "access-1", k)
	require.Equal(t, 1, b.exchange.count())
	k.Forget(t.Context())
	requireToken(t, k, "access-1")
	requireNoPairSecret(t, b.logs.String())
}
