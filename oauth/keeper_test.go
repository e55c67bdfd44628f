package oauth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
	"konturbridge/internal/testservers"
	"konturbridge/oauth"
)

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
