package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"konturbridge/cache"
	"konturbridge/internal/upstream"
)

const (
	// expirySkew is how long before its end a token counts as over; the platform asks that it be no more.
	expirySkew = time.Minute
	// refusedPause keeps a dead pair from being shown to the authorization server at every call: it bans
	// applications that ask too often. A pair stored meanwhile ends the pause.
	refusedPause = 10 * time.Minute
	// saveRetry is the pause between tries to store a fresh pair while the database is away.
	saveRetry = 250 * time.Millisecond
)

// Exchanger turns a refresh token into a new pair; Servers does.
type Exchanger interface {
	Exchange(ctx context.Context, server string, keys Keys, refreshToken string) (Pair, error)
}

// Deps is what the keepers need; Now and Log may be left out.
type Deps struct {
	Cache  cache.Cache
	Locks  cache.Locker
	Sealer Sealer
	Now    func() time.Time
	Log    *slog.Logger
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

// warn reports a failure of the cache, which costs a read or a renewal and nothing else.
func (d Deps) warn(ctx context.Context, credential, doing string, err error) {
	if err != nil {
		d.Log.LogAttrs(ctx, slog.LevelWarn, "the cache failed", slog.String("doing", doing),
			slog.String("credential", credential), slog.String("error", err.Error()))
	}
}

// PairKeeper hands out the access token of one user in one portal for one application, fresh. It is a
// bitrix.TokenSource. Every node has its own keeper of the same pair; one keeper is safe for concurrent
// use.
//
// What remains: a process that dies after the authorization server has rotated the pair and before the
// store has it loses that pair; so does an answer that is lost on its way. The next refresh then gets
// ErrGrantDead, and another administrator's pair or a new authorisation must help. Nothing but decoding
// the answer stands between the two, and while the database is away the pair is kept and stored first
// thing when it is back.
type PairKeeper struct {
	key      string
	exchange func(ctx context.Context, old Pair) (Pair, error)
	skew     time.Duration // how long before its end a token counts as over
	store    PairStore
	deps     Deps
	flight   *flight

	mu      sync.Mutex
	held    held
	refused refused
	unsaved *Pair // rotated but not stored yet; its Version is that of the pair it replaces
}

// held is what a call needs, as it is kept in the process and, sealed, in the cache.
type held struct {
	Access   string    `json:"access"`
	Endpoint string    `json:"endpoint"`
	Expires  time.Time `json:"expires"`
	Version  int64     `json:"version"`
}

func (p Pair) held() held {
	return held{Access: p.Access, Endpoint: p.Endpoint, Expires: p.Expires, Version: p.Version}
}

// refused remembers an answer that asking again can't change.
type refused struct {
	err     error
	refresh string // the token that was refused
	until   time.Time
}

// NewPairKeeper keeps the pair that the store has under key. The key names it in the cache and the log
// too, so it holds no secret: portal, application and user.
func NewPairKeeper(key string, keys Keys, servers Exchanger, store PairStore, deps Deps) *PairKeeper {
	return newPairKeeper(key, expirySkew, func(ctx context.Context, old Pair) (Pair, error) {
		return servers.Exchange(ctx, old.Server, keys, old.Refresh)
	}, store, deps)
}

func newPairKeeper(key string, skew time.Duration, exchange func(context.Context, Pair) (Pair, error), store PairStore, deps Deps) *PairKeeper {
	deps = deps.withDefaults()
	return &PairKeeper{
		key: key, skew: skew, exchange: exchange, store: store, deps: deps,
		flight: newFlight("pair:"+key, deps.Locks, deps.Log),
	}
}

// Token gives an access token that lives for another minute at least, and the base of the portal's REST
// calls, ending with /rest/.
//
// Errors: matching ErrNoPair, ErrGrantDead, ErrClientKeys, ErrPayment, ErrAppGone or ErrUserGone; all
// others are of class Retry or Wait.
func (k *PairKeeper) Token(ctx context.Context) (access, endpoint string, err error) {
	if h, ok := k.usable(""); ok {
		return h.Access, h.Endpoint, nil
	}
	return k.renewed(ctx, "")
}

// Refresh is for a caller whose token the portal has refused: it gives another one than stale, by an
// exchange only when nobody else has refreshed meanwhile. Errors are those of Token.
func (k *PairKeeper) Refresh(ctx context.Context, stale string) (access, endpoint string, err error) {
	if h, ok := k.usable(stale); ok {
		return h.Access, h.Endpoint, nil
	}
	return k.renewed(ctx, stale)
}

// Forget drops what is held outside the store, after the pair there was replaced by an installation.
func (k *PairKeeper) Forget(ctx context.Context) {
	k.mu.Lock()
	k.held, k.refused, k.unsaved = held{}, refused{}, nil
	k.mu.Unlock()
	k.deps.warn(ctx, k.key, "forget a cached token", k.deps.Cache.Delete(ctx, k.cacheKey()))
}

func (k *PairKeeper) renewed(ctx context.Context, stale string) (string, string, error) {
	if err := k.flight.join(ctx, stale, func(ctx context.Context) error { return k.renew(ctx, stale) }); err != nil {
		return "", "", err
	}
	if h, ok := k.usable(stale); ok {
		return h.Access, h.Endpoint, nil
	}
	// Only when the keeper was told to forget in this very moment, or clocks jump.
	return "", "", passing("renew a token", errors.New("it ended while it was fetched"))
}

// usable is the token of this process unless it is stale or about to end.
func (k *PairKeeper) usable(stale string) (held, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ok := k.held.Access != "" && k.held.Access != stale && k.held.Expires.After(k.soon())
	return k.held, ok
}

func (k *PairKeeper) soon() time.Time { return k.deps.Now().Add(k.skew) }

// renew makes a usable token held, trying the cheap ways first.
func (k *PairKeeper) renew(ctx context.Context, stale string) error {
	if _, ok := k.usable(stale); ok {
		return nil
	}
	// A refused token is not looked for in the cache: a node that was slow to write may have left an
	// even older one there.
	if stale == "" && k.fromCache(ctx) {
		return nil
	}
	looking, cancel := context.WithTimeout(ctx, saveTime)
	defer cancel()
	pair, err := k.load(looking)
	if err != nil {
		return err
	}
	if k.fits(pair, stale) && k.holdNewer(pair.held()) {
		k.share(ctx, pair.held())
		return nil
	}
	if err := k.refusal(pair); err != nil {
		return err
	}
	return k.flight.alone(ctx, func(ctx context.Context) error { return k.rotate(ctx, stale) })
}

// rotate runs alone. The store is read again: who held the lock before may have refreshed.
func (k *PairKeeper) rotate(ctx context.Context, stale string) error {
	if err := k.storeUnsaved(ctx); err != nil {
		return err
	}
	pair, err := k.load(ctx)
	if err != nil {
		return err
	}
	if k.fits(pair, stale) {
		k.hold(ctx, pair)
		return nil
	}
	if err := k.refusal(pair); err != nil {
		return err
	}
	fresh, err := k.exchange(ctx, pair)
	if err != nil {
		return k.exchangeFailed(ctx, pair, err)
	}
	if fresh.MemberID != "" && pair.MemberID != "" && fresh.MemberID != pair.MemberID {
		return &Error{class: upstream.Broken, cause: errors.New("the answer is about another portal")}
	}
	fresh = fresh.after(pair)
	fresh.Version = pair.Version
	k.mu.Lock()
	k.unsaved = &fresh
	k.mu.Unlock()
	return k.storeUnsaved(ctx)
}

// storeUnsaved stores a rotated pair and only then lets anybody use it. The pair that it replaced is
// dead, so this is tried for as long as the flight lasts and again by the next one.
func (k *PairKeeper) storeUnsaved(ctx context.Context) error {
	k.mu.Lock()
	unsaved := k.unsaved
	k.mu.Unlock()
	if unsaved == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	for {
		stored, err := k.store.SavePair(ctx, k.key, unsaved.Version, *unsaved)
		if errors.Is(err, ErrStale) {
			// Somebody else's pair is there: rotated without the lock, or newly installed.
			stored, err = k.load(ctx)
		}
		if err == nil {
			k.saved(unsaved)
			k.hold(ctx, stored)
			return nil
		}
		if errors.Is(err, ErrNoPair) { // the portal was removed meanwhile
			k.saved(unsaved)
			return err
		}
		select {
		case <-ctx.Done():
			return passing("store fresh tokens", err)
		case <-time.After(saveRetry):
		}
	}
}

func (k *PairKeeper) saved(pair *Pair) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unsaved == pair {
		k.unsaved = nil
	}
}

// exchangeFailed looks whether somebody else's refresh, made without the lock, explains the refusal.
func (k *PairKeeper) exchangeFailed(ctx context.Context, shown Pair, err error) error {
	if errors.Is(err, ErrGrantDead) {
		if pair, loadErr := k.load(ctx); loadErr == nil && pair.Refresh != shown.Refresh && k.fits(pair, shown.Access) {
			k.hold(ctx, pair)
			return nil
		}
	}
	switch upstream.ClassOf(err) {
	case upstream.Refused, upstream.Wait:
		until := k.deps.Now().Add(refusedPause)
		if at := upstream.RetryAt(err); !at.IsZero() {
			until = at
		}
		k.mu.Lock()
		k.refused = refused{err: err, refresh: shown.Refresh, until: until}
		k.mu.Unlock()
	}
	return err
}

// refusal is what the server said of this very pair a short while ago.
func (k *PairKeeper) refusal(pair Pair) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused.err != nil && k.refused.refresh == pair.Refresh && k.deps.Now().Before(k.refused.until) {
		return k.refused.err
	}
	return nil
}

func (k *PairKeeper) load(ctx context.Context) (Pair, error) {
	pair, err := k.store.LoadPair(ctx, k.key)
	if errors.Is(err, ErrNoPair) {
		return Pair{}, &Error{kind: ErrNoPair, class: upstream.Refused}
	}
	if err != nil {
		return Pair{}, passing("load tokens", err)
	}
	return pair, nil
}

func (k *PairKeeper) fits(pair Pair, stale string) bool {
	return pair.Access != stale && pair.valid(k.soon())
}

// hold keeps a stored pair's token in the process and in the cache. It runs alone, right after the
// store was read or written, so it wins over whatever is held: the portal may have been removed and
// installed anew, and its versions begun again.
func (k *PairKeeper) hold(ctx context.Context, pair Pair) {
	k.mu.Lock()
	k.held = pair.held()
	k.mu.Unlock()
	k.share(ctx, pair.held())
}

// share puts a held token into the cache for the other nodes.
func (k *PairKeeper) share(ctx context.Context, h held) {
	plain, err := json.Marshal(h)
	life := h.Expires.Sub(k.soon())
	if err != nil || life <= 0 {
		return
	}
	sealed := k.deps.Sealer.Seal(plain, k.cacheKey())
	k.deps.warn(ctx, k.key, "cache a token", k.deps.Cache.Set(ctx, k.cacheKey(), sealed, life))
}

// holdNewer keeps h unless a newer one is held: who comes here may have read long ago.
func (k *PairKeeper) holdNewer(h held) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h.Version < k.held.Version {
		return false
	}
	k.held = h
	return true
}

// fromCache takes what another node has put there. An entry that does not open was sealed under a key
// that is gone, or by somebody else: it counts as missing.
func (k *PairKeeper) fromCache(ctx context.Context) bool {
	sealed, found, err := k.deps.Cache.Get(ctx, k.cacheKey())
	k.deps.warn(ctx, k.key, "read a cached token", err)
	if !found || err != nil {
		return false
	}
	plain, err := k.deps.Sealer.Open(sealed, k.cacheKey())
	var h held
	if err != nil || json.Unmarshal(plain, &h) != nil || h.Access == "" || !h.Expires.After(k.soon()) {
		return false
	}
	return k.holdNewer(h)
}

func (k *PairKeeper) cacheKey() string { return "pair:" + k.key }
