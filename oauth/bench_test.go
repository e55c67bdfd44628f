package oauth_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/cache"
	"konturbridge/internal/seal"
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
