package oauth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

const (
	// DefaultSessionLife is how long a session is kept in the cache. Реестро documents no lifetime; a
	// session that ends sooner is renewed when a call is refused.
	DefaultSessionLife = 6 * time.Hour
	// refusalLife is how long all nodes remember a refused login, if nobody resets it.
	refusalLife = 30 * 24 * time.Hour
)

// SessionConfig describes one account's sessions.
type SessionConfig struct {
	// Key names the account in the cache and the log: no secret and nothing personal.
	Key string
	// Fingerprint changes with the credentials; see the function Fingerprint. What is remembered of
	// other credentials, a session or a refusal, does not count.
	Fingerprint string
	// Login makes a session. An error of class Refused or Relogin is the service's word about the
	// credentials; its text must not hold them.
	Login func(ctx context.Context) (session string, err error)
	// Life is how long a session is used; at its end a new one is made. Zero: until it is refused, with
	// DefaultSessionLife in the cache.
	Life time.Duration
}

// SessionKeeper hands out the session of one account (Kontur.Reestro API docs, page auth: header
// "Authorization: auth.sid <session>"), or its token of Диадок's old scheme (Диадок API, Authenticate). One
// login runs at a time over all nodes, and a refused one is not repeated until Reset or until the credentials
// change: a wrong password must not lock the account. Safe for concurrent use.
type SessionKeeper struct {
	cfg    SessionConfig
	deps   Deps
	flight *flight

	mu      sync.Mutex
	session string
	ends    time.Time // of session; zero when it is not known
	refused error
}

// cachedSession is the cache's entry: a session, or the refusal of the login.
type cachedSession struct {
	Fingerprint string    `json:"fingerprint"`
	Session     string    `json:"session,omitempty"`
	Ends        time.Time `json:"ends,omitzero"`
	Refusal     string    `json:"refusal,omitempty"`
}

// Fingerprint tells credentials apart without showing them. It is only ever kept encrypted: a weak
// password could be guessed from it.
func Fingerprint(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		_ = binary.Write(hash, binary.BigEndian, uint64(len(part))) // so that "a","bc" is not "ab","c"
		_, _ = hash.Write([]byte(part))                             // a hash takes everything
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// NewSessionKeeper keeps the session of the account that cfg describes.
func NewSessionKeeper(cfg SessionConfig, deps Deps) *SessionKeeper {
	deps = deps.withDefaults()
	return &SessionKeeper{cfg: cfg, deps: deps, flight: newFlight("session:"+cfg.Key, deps.Locks, deps.Log)}
}

// Session gives the account's session, logging in when there is none.
//
// Errors: *Error matching ErrLoginRefused, of class Refused; else what Login gave, or of class Retry.
func (k *SessionKeeper) Session(ctx context.Context) (string, error) {
	return k.other(ctx, "")
}

// Renew is for a caller whose session the service has refused: it gives another one than stale, by a
// login only when nobody else has renewed meanwhile. Errors are those of Session.
func (k *SessionKeeper) Renew(ctx context.Context, stale string) (string, error) {
	return k.other(ctx, stale)
}

// Reset forgets a refused login, so that the next call tries again: for a person who has put the
// account in order.
func (k *SessionKeeper) Reset(ctx context.Context) {
	k.hold(cachedSession{}, nil)
	k.deps.warn(ctx, k.cfg.Key, "forget a refused login", k.deps.Cache.Delete(ctx, k.cacheKey()))
}

func (k *SessionKeeper) other(ctx context.Context, stale string) (string, error) {
	if session := k.usable(stale); session != "" {
		return session, nil
	}
	if err := k.flight.join(ctx, stale, func(ctx context.Context) error { return k.renew(ctx, stale) }); err != nil {
		return "", err
	}
	if session := k.usable(stale); session != "" {
		return session, nil
	}
	// Only when the keeper was reset in this very moment.
	return "", passing("log in", errors.New("the session was dropped while it was fetched"))
}

func (k *SessionKeeper) usable(stale string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.session == stale || k.over(k.ends) {
		return ""
	}
	return k.session
}

func (k *SessionKeeper) over(ends time.Time) bool {
	return !ends.IsZero() && !k.deps.Now().Before(ends)
}

func (k *SessionKeeper) hold(entry cachedSession, refused error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.session, k.ends, k.refused = entry.Session, entry.Ends, refused
}

func (k *SessionKeeper) renew(ctx context.Context, stale string) error {
	if done, err := k.known(ctx, stale); done {
		return err
	}
	return k.flight.alone(ctx, func(ctx context.Context) error {
		done, err := k.known(ctx, stale)
		if done { // who held the lock before may have logged in
			return err
		}
		entry := cachedSession{}
		if k.cfg.Life > 0 {
			entry.Ends = k.deps.Now().Add(k.cfg.Life)
		}
		entry.Session, err = k.cfg.Login(ctx)
		switch {
		case err == nil && entry.Session != "":
			k.hold(entry, nil)
			k.share(ctx, entry, cmp.Or(k.cfg.Life, DefaultSessionLife))
			return nil
		case err == nil:
			return &Error{kind: ErrBadAnswer, class: upstream.Retry}
		case upstream.ClassOf(err) == upstream.Refused || upstream.ClassOf(err) == upstream.Relogin:
			text := clean(err.Error(), nil)
			refusal := loginRefused(text)
			k.hold(cachedSession{}, refusal)
			k.share(ctx, cachedSession{Refusal: text}, refusalLife)
			return refusal
		default:
			return err
		}
	})
}

func loginRefused(text string) error {
	return &Error{kind: ErrLoginRefused, class: upstream.Refused, Description: text}
}

// known looks for another session than stale, or for a refusal, in the process and in the cache. The
// cache decides when it answers: an entry that is gone there was reset on some node. When the cache is
// lost, each node tries a wrong password once more.
func (k *SessionKeeper) known(ctx context.Context, stale string) (done bool, err error) {
	if k.usable(stale) != "" {
		return true, nil
	}
	k.mu.Lock()
	refused := k.refused
	k.mu.Unlock()
	entry, found, err := k.cached(ctx)
	switch {
	case err == nil && entry.Refusal != "":
		refused = loginRefused(entry.Refusal)
		k.hold(cachedSession{}, refused)
		return true, refused
	case entry.Session != "" && entry.Session != stale && !k.over(entry.Ends):
		k.hold(entry, nil)
		return true, nil
	case err == nil && !found:
		return false, nil
	}
	return refused != nil, refused
}

// cached reads the entry; one that does not open or is about other credentials counts as missing.
func (k *SessionKeeper) cached(ctx context.Context) (entry cachedSession, found bool, err error) {
	sealed, found, err := k.deps.Cache.Get(ctx, k.cacheKey())
	if err != nil || !found {
		k.deps.warn(ctx, k.cfg.Key, "read a cached session", err)
		return cachedSession{}, false, err
	}
	plain, err := k.deps.Sealer.Open(sealed, k.cacheKey())
	if err != nil || json.Unmarshal(plain, &entry) != nil || entry.Fingerprint != k.cfg.Fingerprint {
		return cachedSession{}, false, nil
	}
	return entry, true, nil
}

func (k *SessionKeeper) share(ctx context.Context, entry cachedSession, life time.Duration) {
	entry.Fingerprint = k.cfg.Fingerprint
	plain, err := json.Marshal(entry)
	if err == nil {
		sealed := k.deps.Sealer.Seal(plain, k.cacheKey())
		err = k.deps.Cache.Set(ctx, k.cacheKey(), sealed, life)
	}
	k.deps.warn(ctx, k.cfg.Key, "cache a session", err)
}

func (k *SessionKeeper) cacheKey() string { return "session:" + k.cfg.Key }
