package cache_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
	"konturbridge/cache/cachetest"
	"konturbridge/internal/testservers"
)

func newRedis(t *testing.T, address string, opts cache.RedisOptions) *cache.Redis {
	t.Helper()
	c, err := cache.NewRedis(address, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	var caches atomic.Int32
	// The cases run after this function has returned: a group keeps the server until they are done.
	t.Run("suite", func(t *testing.T) {
		cachetest.Run(t, func(t *testing.T) cache.Full {
			return newRedis(t, server.URL, cache.RedisOptions{Prefix: fmt.Sprintf("test%d:", caches.Add(1))})
		})
	})
}

func TestNodesShareOneRedis(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	a, b := newRedis(t, server.URL, cache.RedisOptions{}), newRedis(t, server.URL, cache.RedisOptions{PoolSize: 2})

	require.NoError(t, a.Set(t.Context(), "k", []byte("v"), time.Minute))
	value, found, err := b.Get(t.Context(), "k")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "v", string(value))

	unlock, err := a.Lock(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = b.Lock(ctx, "k", time.Minute)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	unlock()

	rate := cache.Rate{PerSecond: 0.001, Burst: 2}
	require.NoError(t, a.Drain(t.Context(), "k", rate))
	wait, err := b.Take(t.Context(), "k", 1, rate)
	require.NoError(t, err)
	require.Positive(t, wait)
}

// everyCall makes one call of each kind.
func everyCall(ctx context.Context, c cache.Full) map[string]error {
	rate := cache.Rate{PerSecond: 1, Burst: 1}
	_, _, getErr := c.Get(ctx, "k")
	unlock, lockErr := c.Lock(ctx, "k", time.Minute)
	if lockErr == nil {
		unlock()
	}
	_, takeErr := c.Take(ctx, "k", 1, rate)
	return map[string]error{
		"ping": c.Ping(ctx), "get": getErr, "set": c.Set(ctx, "k", []byte("v"), time.Minute),
		"delete": c.Delete(ctx, "k"), "lock": lockErr, "take": takeErr, "drain": c.Drain(ctx, "k", rate),
	}
}

func requireUnavailable(t *testing.T, c cache.Full, address, why string) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	password, _ := u.User.Password()
	for call, err := range everyCall(t.Context(), c) {
		require.ErrorIs(t, err, cache.ErrUnavailable, call)
		require.ErrorContains(t, err, why, call)
		require.NotContains(t, err.Error(), u.Host, call)
		require.NotContains(t, err.Error(), password, call)
	}
}

func TestRedisGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	c := newRedis(t, server.URL, cache.RedisOptions{})
	for call, err := range everyCall(t.Context(), c) {
		require.NoError(t, err, call)
	}
	unlock, err := c.Lock(t.Context(), "held", time.Minute)
	require.NoError(t, err)
	for range 2 { // the second round has no connection left to find dead
		server.Stop()
		started := time.Now()
		requireUnavailable(t, c, server.URL, "no connection")
		require.Less(t, time.Since(started), 10*time.Second)
		unlock() // a holder is not held up either

		server.Start()
		require.Eventually(t, func() bool { return c.Ping(t.Context()) == nil }, 20*time.Second, 20*time.Millisecond)
		for call, err := range everyCall(t.Context(), c) {
			require.NoError(t, err, call)
		}
	}
	lost, err := c.Lock(t.Context(), "held", time.Minute)
	require.NoError(t, err, "a lock goes with the server that held it")
	lost()
}

func TestLockWaiterHearsOfAnOutage(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	c := newRedis(t, server.URL, cache.RedisOptions{})
	unlock, err := c.Lock(t.Context(), "k", time.Minute)
	require.NoError(t, err)
	defer unlock()
	failed := make(chan error, 1)
	go func() { _, err := c.Lock(t.Context(), "k", time.Minute); failed <- err }()
	server.Stop()
	require.ErrorIs(t, <-failed, cache.ErrUnavailable)
}

func TestWrongPasswordIsNamedAndNotShown(t *testing.T) {
	t.Parallel()
	server := testservers.Redis(t)
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	u.User = url.UserPassword("", "the-wrong-password")
	requireUnavailable(t, newRedis(t, u.String(), cache.RedisOptions{}), u.String(), "not accepted")
}

// TestSilentRedisIsGivenUp has a server that takes connections and never answers.
func TestSilentRedisIsGivenUp(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	c := newRedis(t, "redis://:secret-word@"+listener.Addr().String(), cache.RedisOptions{})
	err = c.Ping(t.Context())
	require.ErrorIs(t, err, cache.ErrUnavailable)
	require.ErrorContains(t, err, "no answer in time")
}

func TestRedisURLIsCheckedAndNotShown(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://:hunter2@host/0", "redis://:hunter2@host/none", "://hunter2", "redis://:hunter2%zz@h"} {
		_, err := cache.NewRedis(address, cache.RedisOptions{})
		require.Error(t, err, address)
		require.False(t, strings.Contains(err.Error(), "hunter2"), err)
	}
}
