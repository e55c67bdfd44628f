// Package cachetest proves that an implementation behaves as package cache promises. Both are run
// through it, so that what passes with one node's memory passes with Redis too.
package cachetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
)

// Real time is used, in steps short enough to wait for and with conditions that a slow machine only
// makes later, never false.
const (
	short   = 50 * time.Millisecond
	long    = time.Minute
	patient = 10 * time.Second
	tick    = 5 * time.Millisecond
)

// Run is the suite. newCache gives a cache that shares nothing with that of another call.
func Run(t *testing.T, newCache func(t *testing.T) cache.Full) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, cache.Full){
		"values":                testValues,
		"values end":            testValuesEnd,
		"values are copied":     testValuesAreCopied,
		"names do not meet":     testNamesDoNotMeet,
		"lock excludes":         testLockExcludes,
		"lock waits until ctx":  testLockWaitsUntilContext,
		"lock ends with ttl":    testLockEnds,
		"unlock frees only own": testUnlockFreesOnlyOwn,
		"unlock after ctx":      testUnlockAfterContext,
		"everybody gets in":     testEverybodyGetsIn,
		"budget holds":          testBudgetHolds,
		"budget leaks":          testBudgetLeaks,
		"budget drains":         testBudgetDrains,
		"budget starts":         testBudgetStarts,
		"budget is shared":      testBudgetIsShared,
		"wrong calls":           testWrongCalls,
		"ended context":         testEndedContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCache(t)
			require.NoError(t, c.Ping(t.Context()))
			test(t, c)
		})
	}
}

func get(t *testing.T, c cache.Cache, key string) (string, bool) {
	t.Helper()
	value, found, err := c.Get(t.Context(), key)
	require.NoError(t, err)
	return string(value), found
}

func requireValue(t *testing.T, c cache.Cache, key, want string) {
	t.Helper()
	value, found := get(t, c, key)
	require.True(t, found, key)
	require.Equal(t, want, value)
}

func testValues(t *testing.T, c cache.Full) {
	_, found := get(t, c, "absent")
	require.False(t, found)
	require.NoError(t, c.Delete(t.Context(), "absent"))

	binary := "\x00\xff\r\n ключ"
	for _, value := range []string{"first", "", binary} {
		require.NoError(t, c.Set(t.Context(), "k", []byte(value), long))
		requireValue(t, c, "k", value)
	}
	require.NoError(t, c.Set(t.Context(), binary, nil, long))
	requireValue(t, c, binary, "")

	require.NoError(t, c.Delete(t.Context(), "k"))
	_, found = get(t, c, "k")
	require.False(t, found)
}

func testValuesEnd(t *testing.T, c cache.Full) {
	require.NoError(t, c.Set(t.Context(), "passing", []byte("v"), short))
	require.NoError(t, c.Set(t.Context(), "instant", []byte("v"), time.Nanosecond))
	require.NoError(t, c.Set(t.Context(), "kept", []byte("v"), short))
	require.NoError(t, c.Set(t.Context(), "kept", []byte("v2"), long)) // a new value brings its own life
	for _, key := range []string{"passing", "instant"} {
		require.Eventually(t, func() bool { _, found := get(t, c, key); return !found }, patient, tick)
	}
	requireValue(t, c, "kept", "v2")
}

func testValuesAreCopied(t *testing.T, c cache.Full) {
	value := []byte("abc")
	require.NoError(t, c.Set(t.Context(), "k", value, long))
	value[0] = 'X'
	got, _, err := c.Get(t.Context(), "k")
	require.NoError(t, err)
	got[1] = 'X'
	requireValue(t, c, "k", "abc")
}

func testNamesDoNotMeet(t *testing.T, c cache.Full) {
	unlock, err := c.Lock(t.Context(), "k", long)
	require.NoError(t, err)
	defer unlock()
	require.NoError(t, c.Drain(t.Context(), "k", slow))
	_, found := get(t, c, "k")
	require.False(t, found, "a lock or a budget is no value")
	require.NoError(t, c.Set(t.Context(), "k", []byte("v"), long))
	requireLocked(t, c, "k")
}

// requireLocked gives a second holder a moment to get in wrongly.
func requireLocked(t *testing.T, c cache.Locker, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*short)
	defer cancel()
	_, err := c.Lock(ctx, key, long)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, cache.ErrUnavailable)
}

func lock(t *testing.T, c cache.Locker, key string, ttl time.Duration) func() {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	unlock, err := c.Lock(ctx, key, ttl)
	require.NoError(t, err)
	return unlock
}

func testLockExcludes(t *testing.T, c cache.Full) {
	var inside, entered atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			unlock, err := c.Lock(t.Context(), "k", long)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if now := inside.Add(1); now != 1 {
				t.Errorf("%d holders at once", now)
			}
			entered.Add(1)
			inside.Add(-1)
		})
	}
	group.Wait()
	require.EqualValues(t, 20, entered.Load())
}

func testLockWaitsUntilContext(t *testing.T, c cache.Full) {
	unlock := lock(t, c, "k", long)
	requireLocked(t, c, "k")

	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { _, err := c.Lock(ctx, "k", long); failed <- err }()
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)

	unlock()
	lock(t, c, "k", long)() // those who gave up left nothing behind
}

func testLockEnds(t *testing.T, c cache.Full) {
	lock(t, c, "k", short)          // and never unlocked, as by a node that died
	unlock := lock(t, c, "k", long) // waits for the end of the first
	requireLocked(t, c, "k")
	unlock()
}

func testUnlockFreesOnlyOwn(t *testing.T, c cache.Full) {
	late := lock(t, c, "k", time.Millisecond)
	unlock := lock(t, c, "k", long)
	late()
	requireLocked(t, c, "k")
	unlock()
	next := lock(t, c, "k", long)
	unlock()
	requireLocked(t, c, "k")
	next()
}

func testUnlockAfterContext(t *testing.T, c cache.Full) {
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := c.Lock(ctx, "k", long)
	require.NoError(t, err)
	cancel()
	unlock()
	lock(t, c, "k", long)()
}

// testEverybodyGetsIn has holders come back for the lock as soon as they have freed it, and one waiter
// that wants it once.
func testEverybodyGetsIn(t *testing.T, c cache.Full) {
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	var turns atomic.Int32
	for range 3 {
		group.Go(func() {
			for ctx.Err() == nil {
				if unlock, err := c.Lock(ctx, "k", long); err == nil {
					turns.Add(1)
					unlock()
				}
			}
		})
	}
	require.Eventually(t, func() bool { return turns.Load() > 3 }, patient, tick)
	lock(t, c, "k", long)()
}

// slow leaks so little that a test's own duration does not matter; fast empties at once.
var (
	slow = cache.Rate{PerSecond: 0.001, Burst: 10}
	fast = cache.Rate{PerSecond: 1000, Burst: 10}
)

func take(t *testing.T, c cache.Budget, key string, n int, rate cache.Rate) time.Duration {
	t.Helper()
	wait, err := c.Take(t.Context(), key, n, rate)
	require.NoError(t, err)
	return wait
}

// requireAbout allows for what leaked while the test ran.
func requireAbout(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.LessOrEqual(t, got, want+time.Millisecond)
	require.Greater(t, got, want-patient)
}

func testBudgetHolds(t *testing.T, c cache.Full) {
	require.Zero(t, take(t, c, "k", 4, slow))
	require.Zero(t, take(t, c, "k", 6, slow))
	requireAbout(t, 1000*time.Second, take(t, c, "k", 1, slow))
	requireAbout(t, 3000*time.Second, take(t, c, "k", 3, slow))
	requireAbout(t, 1000*time.Second, take(t, c, "k", 1, slow)) // what was refused put nothing in
	require.Zero(t, take(t, c, "other", 10, slow))

	// A plan that allows more is felt at once.
	require.Zero(t, take(t, c, "k", 5, cache.Rate{PerSecond: 0.001, Burst: 15}))
}

func testBudgetLeaks(t *testing.T, c cache.Full) {
	require.Zero(t, take(t, c, "k", 10, fast))
	require.Eventually(t, func() bool { return take(t, c, "k", 10, fast) == 0 }, patient, tick)

	// A wait that was waited out is enough, when nobody else came.
	steady := cache.Rate{PerSecond: 50, Burst: 1}
	require.Zero(t, take(t, c, "steady", 1, steady))
	if wait := take(t, c, "steady", 1, steady); wait > 0 {
		require.LessOrEqual(t, wait, 20*time.Millisecond+time.Millisecond)
		<-time.After(wait)
		require.Zero(t, take(t, c, "steady", 1, steady))
	}
}

func testBudgetDrains(t *testing.T, c cache.Full) {
	require.NoError(t, c.Drain(t.Context(), "k", slow))
	requireAbout(t, 10_000*time.Second, take(t, c, "k", 10, slow))
	require.NoError(t, c.Drain(t.Context(), "k", slow)) // full is full
	requireAbout(t, 10_000*time.Second, take(t, c, "k", 10, slow))
	require.NoError(t, c.Drain(t.Context(), "fast", fast))
	require.Eventually(t, func() bool { return take(t, c, "fast", 10, fast) == 0 }, patient, tick)
}

// testBudgetStarts: who knows nothing of a bucket starts it with what may have been used; one that is
// remembered keeps its level.
func testBudgetStarts(t *testing.T, c cache.Full) {
	careful := slow
	careful.Start = 7
	require.Zero(t, take(t, c, "k", 3, careful))
	requireAbout(t, 1000*time.Second, take(t, c, "k", 1, careful))
	requireAbout(t, 1000*time.Second, take(t, c, "k", 1, slow))

	careful.Start = 10
	requireAbout(t, 1000*time.Second, take(t, c, "refused", 1, careful))
	requireAbout(t, 1000*time.Second, take(t, c, "refused", 1, slow)) // known since then

	require.Zero(t, take(t, c, "known", 1, slow))
	require.Zero(t, take(t, c, "known", 9, careful))
}

func testBudgetIsShared(t *testing.T, c cache.Full) {
	rate := cache.Rate{PerSecond: 0.001, Burst: 25}
	var taken atomic.Int32
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for range 10 {
				wait, err := c.Take(t.Context(), "k", 1, rate)
				if err != nil {
					t.Error(err)
				} else if wait == 0 {
					taken.Add(1)
				}
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 25, taken.Load())
}

func testWrongCalls(t *testing.T, c cache.Full) {
	ctx := t.Context()
	for _, ttl := range []time.Duration{0, -time.Second} {
		require.Error(t, c.Set(ctx, "k", nil, ttl))
		_, err := c.Lock(ctx, "k", ttl)
		require.Error(t, err)
	}
	for _, rate := range []cache.Rate{{}, {PerSecond: 1}, {Burst: 1}, {PerSecond: -1, Burst: 1},
		{PerSecond: 1, Burst: 1, Start: 2}, {PerSecond: 1, Burst: 1, Start: -1}} {
		_, err := c.Take(ctx, "k", 1, rate)
		require.Error(t, err, fmt.Sprint(rate))
		require.NotErrorIs(t, err, cache.ErrUnavailable)
		require.Error(t, c.Drain(ctx, "k", rate))
	}
	for _, n := range []int{-1, slow.Burst + 1} {
		_, err := c.Take(ctx, "k", n, slow)
		require.Error(t, err, n)
	}
}

func testEndedContext(t *testing.T, c cache.Full) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, getErr := c.Get(ctx, "k")
	_, lockErr := c.Lock(ctx, "k", long)
	_, takeErr := c.Take(ctx, "k", 1, slow)
	for _, err := range []error{
		getErr, lockErr, takeErr, c.Set(ctx, "k", nil, long), c.Delete(ctx, "k"), c.Drain(ctx, "k", slow), c.Ping(ctx),
	} {
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, cache.ErrUnavailable, "the caller ended it, the cache is well")
	}
}
