// Package cache is the memory that all nodes share and that may vanish at any moment: cached tokens
// and sessions, locks, rate budgets.
//
// SQL is the only truth. Every consumer goes on without the cache: it treats [ErrUnavailable] as "not
// found", "not locked", "not counted", and what must hold even then is held by the database. There are
// two implementations, Redis for several nodes and the process's own memory for one; package cachetest
// proves that they behave alike.
package cache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// ErrUnavailable is wrapped by every failure of the shared cache itself: no connection, no answer in
// time, an answer that makes no sense. The caller's own cancelled context is not one of them.
var ErrUnavailable = errors.New("the shared cache is unavailable")

// errUsage marks a call that can never work; it is a bug of the caller.
var errUsage = errors.New("cache: wrong call")

// Cache keeps small values for a time. Values are copied in and out. It may lose anything at any time.
type Cache interface {
	// Get gives the value of key; found is false when there is none or its time is over.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	// Set keeps value under key for ttl, which must be positive.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete forgets key; an unknown key is no error.
	Delete(ctx context.Context, key string) error
}

// Locker lets one holder at a time in, over all nodes.
type Locker interface {
	// Lock waits until key is free or ctx ends. Waiting costs each waiter the same, however long it has
	// waited. The lock is lost after ttl (positive) without a word to its holder, and with the cache:
	// what two holders must never both do is decided by the database. unlock frees only the lock that
	// this call took, may be called more than once and never blocks for long.
	Lock(ctx context.Context, key string, ttl time.Duration) (unlock func(), err error)
}

// Rate describes a leaky bucket: it holds Burst calls and leaks PerSecond of them every second.
type Rate struct {
	PerSecond float64 // calls per second, positive
	Burst     int     // calls that a bucket holds, positive
	// Start is what a bucket that nobody remembers holds, 0 to Burst: more than nothing when calls may
	// have been made that were counted elsewhere or forgotten.
	Start float64
}

func (r Rate) check(n int) error {
	if !(r.PerSecond > 0) || math.IsInf(r.PerSecond, 1) || r.Burst <= 0 {
		return fmt.Errorf("%w: rate %v per second, burst %d", errUsage, r.PerSecond, r.Burst)
	}
	if !(r.Start >= 0) || r.Start > float64(r.Burst) {
		return fmt.Errorf("%w: a bucket of %d starts at %v", errUsage, r.Burst, r.Start)
	}
	if n < 0 || n > r.Burst {
		return fmt.Errorf("%w: %d calls never fit into a bucket of %d", errUsage, n, r.Burst)
	}
	return nil
}

// drained is how long a full bucket takes to become empty, when nothing need be remembered of it.
func (r Rate) drained() time.Duration { return seconds(float64(r.Burst) / r.PerSecond) }

// overfull is how far a bucket may stand over its size and still count as full: what adding fractions
// leaves behind must not turn away a caller that waited exactly as long as it was told.
const overfull = 1e-6 // calls; take.lua has the same

// seconds rounds up to nanoseconds, but not for what adding fractions left behind.
func seconds(s float64) time.Duration {
	return time.Duration(math.Min(math.Ceil(s*float64(time.Second)-0.01), math.MaxInt64/2))
}

// Budget counts calls against a rate that all nodes share.
type Budget interface {
	// Take puts n calls into key's bucket. wait is 0 when they fit; else nothing was put in and wait is
	// when they would fit if nobody else came.
	Take(ctx context.Context, key string, n int, rate Rate) (wait time.Duration, err error)
	// Drain leaves key's bucket full of use: after an upstream said that its own bucket is full, or
	// when nobody knows what was used before.
	Drain(ctx context.Context, key string, rate Rate) error
}

// Full is all of it, as both implementations give it.
type Full interface {
	Cache
	Locker
	Budget
	// Ping tells whether the cache answers; its error wraps ErrUnavailable.
	Ping(ctx context.Context) error
}

func checkTTL(ttl time.Duration) error {
	if ttl <= 0 {
		return fmt.Errorf("%w: a lifetime of %v", errUsage, ttl)
	}
	return nil
}

// Every waiter for a lock asks again after a random pause from this range, whatever its age: a pause
// that grew would let newcomers overtake those who wait longest.
const (
	minPoll = 5 * time.Millisecond
	maxPoll = 50 * time.Millisecond
)

func pollPause() time.Duration { return minPoll + rand.N(maxPoll-minPoll) }
