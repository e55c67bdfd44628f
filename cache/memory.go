package cache

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// maxEntries bounds each kind of thing that Memory holds.
const maxEntries = 100_000

// Memory is the cache of one process. It is right for one node only: nodes do not see each other's.
// Safe for concurrent use.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	values  map[string]value
	locks   map[string]*lock
	buckets map[string]bucket
	tokens  uint64 // given out to holders of locks so far
}

var _ Full = (*Memory)(nil)

type value struct {
	bytes   []byte
	expires time.Time
}

// lock is free when its time is over. Those who wait come in the order of their coming.
type lock struct {
	token   uint64 // the holder's; 0 when freed
	expires time.Time
	waiting []chan struct{}
}

type bucket struct {
	level   float64
	at      time.Time
	expires time.Time
}

// NewMemory returns an empty Memory; now is time.Now except in tests.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{
		now: now, values: map[string]value{}, locks: map[string]*lock{}, buckets: map[string]bucket{},
	}
}

// Ping implements Full.
func (m *Memory) Ping(ctx context.Context) error { return ended(ctx) }

// Get implements Cache.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := ended(ctx); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v, found := m.values[key]
	if !found || !m.now().Before(v.expires) {
		return nil, false, nil
	}
	return slices.Clone(v.bytes), true, nil
}

// Set implements Cache.
func (m *Memory) Set(ctx context.Context, key string, bytes []byte, ttl time.Duration) error {
	if err := checkTTL(ttl); err != nil {
		return err
	}
	if err := ended(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	makeRoom(m.values, func(v value) bool { return !now.Before(v.expires) })
	// An empty value stays an empty value, not a missing one.
	m.values[key] = value{bytes: append([]byte{}, bytes...), expires: now.Add(ttl)}
	return nil
}

// Delete implements Cache.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := ended(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// Lock implements Locker; those who wait are let in strictly in the order of their coming.
func (m *Memory) Lock(ctx context.Context, key string, ttl time.Duration) (func(), error) {
	if err := checkTTL(ttl); err != nil {
		return nil, err
	}
	turn := make(chan struct{}, 1)
	defer m.leave(key, turn)
	for {
		if err := ended(ctx); err != nil {
			return nil, fmt.Errorf("wait for a lock: %w", err)
		}
		if unlock := m.tryLock(key, turn, ttl); unlock != nil {
			return unlock, nil
		}
		select {
		case <-ctx.Done():
		case <-turn:
		case <-time.After(pollPause()): // the holder's time may be over
		}
	}
}

// tryLock takes the lock when it is free and turn is first in its queue, else makes sure that turn is
// in the queue.
func (m *Memory) tryLock(key string, turn chan struct{}, ttl time.Duration) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.locks[key]
	if l == nil {
		l = &lock{}
		m.locks[key] = l
	}
	if !slices.Contains(l.waiting, turn) {
		l.waiting = append(l.waiting, turn)
	}
	now := m.now()
	if l.waiting[0] != turn || (l.token != 0 && now.Before(l.expires)) {
		return nil
	}
	m.tokens++
	token := m.tokens
	l.token, l.expires = token, now.Add(ttl)
	return func() { m.unlock(key, token) }
}

func (m *Memory) unlock(key string, token uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.locks[key]; l != nil && l.token == token {
		l.token = 0
		m.wakeNext(key, l)
	}
}

// leave takes turn out of the queue, served or not.
func (m *Memory) leave(key string, turn chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.locks[key]
	if l == nil {
		return
	}
	if i := slices.Index(l.waiting, turn); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
	m.wakeNext(key, l)
}

// wakeNext tells the first in the queue of a free lock to look, or forgets a lock nobody wants.
func (m *Memory) wakeNext(key string, l *lock) {
	switch {
	case l.token != 0 && m.now().Before(l.expires):
	case len(l.waiting) == 0:
		delete(m.locks, key)
	default:
		select {
		case l.waiting[0] <- struct{}{}:
		default: // told already
		}
	}
}

// Take implements Budget.
func (m *Memory) Take(ctx context.Context, key string, n int, rate Rate) (time.Duration, error) {
	if err := rate.check(n); err != nil {
		return 0, err
	}
	if err := ended(ctx); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	b, known := m.buckets[key]
	if !known {
		b = bucket{level: rate.Start, at: now}
	}
	level := max(0, b.level-max(0, now.Sub(b.at).Seconds())*rate.PerSecond)
	if over := level + float64(n) - float64(rate.Burst); over > overfull {
		if !known { // from now on it is
			m.fill(key, level, rate, now)
		}
		return max(1, seconds(over/rate.PerSecond)), nil
	}
	m.fill(key, level+float64(n), rate, now)
	return 0, nil
}

// Drain implements Budget.
func (m *Memory) Drain(ctx context.Context, key string, rate Rate) error {
	if err := rate.check(0); err != nil {
		return err
	}
	if err := ended(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fill(key, float64(rate.Burst), rate, m.now())
	return nil
}

func (m *Memory) fill(key string, level float64, rate Rate, now time.Time) {
	makeRoom(m.buckets, func(b bucket) bool { return !now.Before(b.expires) })
	m.buckets[key] = bucket{level: level, at: now, expires: now.Add(rate.drained())}
}

// makeRoom sweeps a full map: first what is over, and when that frees too little, anything. Removing a
// quarter at a time keeps the sweep rare.
func makeRoom[V any](entries map[string]V, over func(V) bool) {
	if len(entries) < maxEntries {
		return
	}
	maps.DeleteFunc(entries, func(_ string, v V) bool { return over(v) })
	for key := range entries {
		if len(entries) <= maxEntries*3/4 {
			return
		}
		delete(entries, key)
	}
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}
