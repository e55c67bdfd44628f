package oauth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

// account is the service that logs in; refuse is its answer while it is set.
type account struct {
	mu     sync.Mutex
	logins int
	refuse error
}

func (a *account) login(context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logins++
	return fmt.Sprintf("session-%d", a.logins), a.refuse
}

func (a *account) set(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = err
}

func (a *account) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins
}

var wrongPassword = classified{error: errors.New("realty: POST /auth: HTTP 400"), class: upstream.Refused}

func newSession(a *account, password string, c cache.Full, box *seal.Box) *oauth.SessionKeeper {
	return oauth.NewSessionKeeper(oauth.SessionConfig{
		Key: "connection-7", Fingerprint: oauth.Fingerprint("a@b.ru", password), Login: a.login,
	}, oauth.Deps{Cache: c, Locks: c, Sealer: box})
}

func requireSession(t *testing.T, k *oauth.SessionKeeper, want string) {
	t.Helper()
	session, err := k.Session(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, session)
}

func requireRefused(t *testing.T, k *oauth.SessionKeeper) {
	t.Helper()
	_, err := k.Session(t.Context())
	require.ErrorIs(t, err, oauth.ErrLoginRefused)
	require.ErrorContains(t, err, "POST /auth")
	require.Equal(t, upstream.Refused, upstream.ClassOf(err))
}

func TestManyCallersLogInOnce(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	a, box := &account{}, newBox(t)
	var group sync.WaitGroup
	for range 3 {
		c, err := cache.NewRedis(server.URL, cache.RedisOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		k := newSession(a, "123", c, box)
		for range 30 {
			group.Go(func() {
				if session, err := k.Session(t.Context()); err != nil || session != "session-1" {
					t.Errorf("got %q, %v", session, err)
				}
			})
		}
	}
	group.Wait()
	require.Equal(t, 1, a.count())
}

func TestRefusedSessionIsRenewedOnce(t *testing.T) {
	t.Parallel()
	a, c, box := &account{}, cache.NewMemory(time.Now), newBox(t)
	one, two := newSession(a, "123", c, box), newSession(a, "123", c, box)
	requireSession(t, one, "session-1")
	requireSession(t, two, "session-1")
	var group sync.WaitGroup
	for range 20 {
		for _, k := range []*oauth.SessionKeeper{one, two} {
			group.Go(func() {
				if session, err := k.Renew(t.Context(), "session-1"); err != nil || session != "session-2" {
					t.Errorf("got %q, %v", session, err)
				}
			})
		}
	}
	group.Wait()
	require.Equal(t, 2, a.count())
	requireSession(t, one, "session-2")
}

func TestRefusedLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"400": wrongPassword,
		"401": classified{error: errors.New("realty: POST /auth: HTTP 401"), class: upstream.Relogin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, c, box := &account{refuse: answer}, cache.NewMemory(time.Now), newBox(t)
			one, two := newSession(a, "123", c, box), newSession(a, "123", c, box)
			for range 5 {
				requireRefused(t, one)
				requireRefused(t, two)
				_, err := one.Renew(t.Context(), "session-0")
				require.ErrorIs(t, err, oauth.ErrLoginRefused)
			}
			require.Equal(t, 1, a.count(), "a wrong password must not lock the account")

			two.Reset(t.Context()) // on one node, felt by all
			requireRefused(t, one)
			require.Equal(t, 2, a.count())

			a.set(nil)
			one.Reset(t.Context())
			requireSession(t, two, "session-3")
			requireSession(t, one, "session-3")
		})
	}
}

func TestChangedPasswordIsTried(t *testing.T) {
	t.Parallel()
	a, c, box := &account{refuse: wrongPassword}, cache.NewMemory(time.Now), newBox(t)
	requireRefused(t, newSession(a, "123", c, box))
	requireRefused(t, newSession(a, "123", c, box))
	require.Equal(t, 1, a.count())
	a.set(nil)
	requireSession(t, newSession(a, "124", c, box), "session-2")
	requireSession(t, newSession(a, "125", c, box), "session-3")
	require.Equal(t, 3, a.count(), "a session of other credentials does not count")
}

func TestRefusalHoldsWithoutACache(t *testing.T) {
	t.Parallel()
	a := &account{refuse: wrongPassword}
	k := newSession(a, "123", brokenCache{}, newBox(t))
	requireRefused(t, k)
	requireRefused(t, k)
	require.Equal(t, 1, a.count())
	a.set(nil)
	k.Reset(t.Context())
	requireSession(t, k, "session-2")
	requireSession(t, k, "session-2")
}

// TestRefusalOutlivesItsWriteFailure: the stale session is still in the cache, the refusal is not.
func TestRefusalOutlivesItsWriteFailure(t *testing.T) {
	t.Parallel()
	a, c := &account{}, &deaf{Full: cache.NewMemory(time.Now)}
	k := newSession(a, "123", c, newBox(t))
	requireSession(t, k, "session-1")
	a.set(wrongPassword)
	c.deaf.Store(true)
	for range 3 {
		_, err := k.Renew(t.Context(), "session-1")
		require.ErrorIs(t, err, oauth.ErrLoginRefused)
	}
	require.Equal(t, 2, a.count())
}

// deaf is a cache that can be read and not be written.
type deaf struct {
	cache.Full
	deaf atomic.Bool
}

func (d *deaf) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if d.deaf.Load() {
		return cache.ErrUnavailable
	}
	return d.Full.Set(ctx, key, value, ttl)
}

func TestPassingFaultOfALoginIsNotRemembered(t *testing.T) {
	t.Parallel()
	a := &account{refuse: classified{error: errors.New("realty: POST /auth: HTTP 502"), class: upstream.Retry}}
	k := newSession(a, "123", cache.NewMemory(time.Now), newBox(t))
	_, err := k.Session(t.Context())
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.NotErrorIs(t, err, oauth.ErrLoginRefused)
	a.set(nil)
	requireSession(t, k, "session-2")
}

func TestLoginWithoutASessionIsAnError(t *testing.T) {
	t.Parallel()
	c := cache.NewMemory(time.Now)
	k := oauth.NewSessionKeeper(oauth.SessionConfig{
		Key: "k", Login: func(context.Context) (string, error) { return "", nil },
	}, oauth.Deps{Cache: c, Locks: c, Sealer: newBox(t)})
	_, err := k.Session(t.Context())
	require.ErrorIs(t, err, oauth.ErrBadAnswer)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
}

func TestSessionsAreSharedSealedAndForATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, spy, box := &account{}, &watched{Full: cache.NewMemory(time.Now)}, newBox(t)
		requireSession(t, newSession(a, "123", spy, box), "session-1")
		a.set(wrongPassword)
		requireRefused(t, newSession(a, "124", spy, box))
		fingerprint := oauth.Fingerprint("a@b.ru", "123")
		for _, value := range spy.values {
			require.False(t, bytes.Contains(value, []byte("session-1")))
			require.False(t, bytes.Contains(value, []byte(fingerprint)), "a weak password could be guessed from it")
			require.False(t, bytes.Contains(value, []byte("a@b.ru")))
		}
		requireSession(t, newSession(&account{}, "123", spy, newBox(t)), "session-1") // a login of its own

		a.set(nil)
		requireSession(t, newSession(a, "123", spy, box), "session-3")
		<-time.After(oauth.DefaultSessionLife)
		requireSession(t, newSession(a, "123", spy, box), "session-4")
	})
}

func TestFingerprintsTellCredentialsApart(t *testing.T) {
	t.Parallel()
	require.Equal(t, oauth.Fingerprint("a", "bc"), oauth.Fingerprint("a", "bc"))
	require.NotEqual(t, oauth.Fingerprint("a", "bc"), oauth.Fingerprint("ab", "c"))
	require.NotEqual(t, oauth.Fingerprint("a"), oauth.Fingerprint("a", ""))
	require.NotContains(t, oauth.Fingerprint("password"), "password")
}
