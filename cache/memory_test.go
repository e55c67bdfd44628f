package cache_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
	"konturbridge/cache/cachetest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(*testing.T) cache.Full { return cache.NewMemory(time.Now) })
}

func TestMemoryValueEndsExactly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache.NewMemory(time.Now)
		require.NoError(t, c.Set(t.Context(), "k", []byte("v"), time.Minute))
		<-time.After(time.Minute - 1)
		_, found, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		require.True(t, found)
		<-time.After(1)
		_, found, err = c.Get(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, found)
	})
}

func TestMemoryBudgetArithmetic(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := cache.NewMemory(func() time.Time { return now })
	rate := cache.Rate{PerSecond: 2, Burst: 50} // the documented limit of an ordinary plan
	for step, tc := range []struct {
		after time.Duration
		n     int
		wait  time.Duration
	}{
		{0, 50, 0},
		{0, 1, 500 * time.Millisecond},
		{0, 50, 25 * time.Second},
		{499 * time.Millisecond, 1, time.Millisecond},
		{time.Millisecond, 1, 0},
		{0, 1, 500 * time.Millisecond},
		{-time.Hour, 1, 500 * time.Millisecond}, // a clock set back leaks nothing and takes nothing
		{2 * time.Hour, 50, 0},                  // idle time is not saved up beyond the size
		{0, 1, 500 * time.Millisecond},
	} {
		now = now.Add(tc.after)
		wait, err := c.Take(t.Context(), "k", tc.n, rate)
		require.NoError(t, err)
		require.Equal(t, tc.wait, wait, "step %d", step)
	}
}

func TestMemoryLockIsServedInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache.NewMemory(time.Now)
		unlock, err := c.Lock(t.Context(), "k", time.Hour)
		require.NoError(t, err)
		order := make(chan int, 5)
		for i := range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				if unlock, err := c.Lock(ctx, "k", time.Hour); err == nil {
					order <- i
					unlock()
				}
			}()
			synctest.Wait() // in the queue before the next comes
			if i == 1 {
				cancel() // gives up its place
			}
		}
		synctest.Wait()
		unlock()
		require.Equal(t, []int{0, 2, 3, 4}, []int{<-order, <-order, <-order, <-order})
	})
}

func TestMemoryLockEndsWithItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := cache.NewMemory(time.Now)
		_, err := c.Lock(t.Context(), "k", time.Minute)
		require.NoError(t, err)
		started := time.Now()
		unlock, err := c.Lock(t.Context(), "k", time.Minute)
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(started), time.Minute)
		require.Less(t, time.Since(started), time.Minute+time.Second)
		unlock()
	})
}

// TestMemoryStaysBounded fills each kind beyond its bound; a live value may be lost, the newest not.
func TestMemoryStaysBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := cache.NewMemory(func() time.Time { return now })
	rate := cache.Rate{PerSecond: 1, Burst: 1}
	const many = 250_000
	for i := range many {
		key := fmt.Sprint(i)
		require.NoError(t, c.Set(t.Context(), key, nil, time.Minute))
		_, err := c.Take(t.Context(), key, 1, rate)
		require.NoError(t, err)
	}
	kept := 0
	for i := range many {
		_, found, err := c.Get(t.Context(), fmt.Sprint(i))
		require.NoError(t, err)
		if found {
			kept++
		}
	}
	require.LessOrEqual(t, kept, 100_000)
	require.Greater(t, kept, 50_000)
	_, found, err := c.Get(t.Context(), fmt.Sprint(many-1))
	require.NoError(t, err)
	require.True(t, found)
}
