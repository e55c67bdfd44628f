package oauth

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"konturbridge/internal/upstream"
)

const (
	// konturLife is reckoned with when the provider names no lifetime: the one that has been seen.
	konturLife = time.Hour
	// konturTry bounds one request to the provider: an exchange makes up to three within workTime.
	konturTry = 14 * time.Second
)

// KonturTokens are what a refresh token brings at Kontur's identity provider.
type KonturTokens struct {
	Access  string
	Refresh string    // "": the one that was shown stays good
	Expires time.Time // of Access; zero when the provider named no lifetime
}

// KonturConfig describes one grant: what a user has let the bridge do once, and what became of its refresh
// token since.
type KonturConfig struct {
	// Key names the grant in the store, the cache and the log: no secret.
	Key string
	// Exchange shows a refresh token to the provider once. Its errors have a class and hold no secret.
	Exchange func(ctx context.Context, refresh string) (KonturTokens, error)
	// Dead tells an error of Exchange that condemns the token.
	Dead func(error) bool
	// Store is the truth about the grant. At the beginning it gives a pair of a refresh token alone.
	Store PairStore
}

// KonturKeeper hands out the access token of one Kontur user (Диадок API, "Авторизация с помощью OpenID
// Connect"), renewed after four fifths of its life. All connections with the same grant share it, for the
// refresh token rotates: each exchange gives a new one and the old one dies. Over all nodes one exchange runs
// at a time, and the new token is stored before the access token that came with it is used. Safe for
// concurrent use.
//
// The documentation says nothing of a time during which the old refresh token is still taken. So:
//
//   - After a lost answer the same token is shown again at once, and by each later call. If the provider has
//     rotated it unseen, that is ErrKonturGrant, and its text says that an answer was lost.
//   - A process that dies between the answer and the store loses the new token; the next one shows the old
//     one, with the same two ways out. While the process lives and the database is away, the new token is kept
//     and stored first thing when it is back; until then nobody uses anything.
//   - The token before the current one is kept until the current one has been exchanged, and is shown once
//     when that is refused.
type KonturKeeper struct {
	cfg   KonturConfig
	pairs *PairKeeper
	log   *slog.Logger
	now   func() time.Time
	lost  atomic.Bool // an answer was lost since the last exchange that came through
}

// NewKonturKeeper keeps the grant that cfg describes.
func NewKonturKeeper(cfg KonturConfig, deps Deps) *KonturKeeper {
	deps = deps.withDefaults()
	k := &KonturKeeper{cfg: cfg, log: deps.Log, now: deps.Now}
	k.pairs = newPairKeeper(cfg.Key, 0, k.exchange, cfg.Store, deps)
	return k
}

// Token gives an access token.
//
// Errors: matching ErrNoPair (the connection is gone) or ErrKonturGrant, of class Refused; what Exchange gave
// otherwise, a refusal being remembered for ten minutes; else of class Retry.
func (k *KonturKeeper) Token(ctx context.Context) (string, error) {
	access, _, err := k.pairs.Token(ctx)
	return access, err
}

// Renew is for a caller whose token was refused with 401: it gives another one than stale, by an exchange
// only when nobody else has made one meanwhile. Errors are those of Token.
func (k *KonturKeeper) Renew(ctx context.Context, stale string) (string, error) {
	access, _, err := k.pairs.Refresh(ctx, stale)
	return access, err
}

// exchange turns the stored pair into the next one.
func (k *KonturKeeper) exchange(ctx context.Context, old Pair) (Pair, error) {
	shown, started := old.Refresh, k.now()
	tokens, err := k.show(ctx, shown)
	if k.dead(err) && old.Former != "" {
		if again, formerErr := k.show(ctx, old.Former); formerErr == nil {
			shown, tokens, err = old.Former, again, nil
		}
	}
	if err != nil {
		return Pair{}, k.failed(ctx, err)
	}
	if tokens.Access == "" {
		return Pair{}, &Error{kind: ErrBadAnswer, class: upstream.Retry}
	}
	k.lost.Store(false)
	life := tokens.Expires.Sub(started)
	if tokens.Expires.IsZero() {
		life = konturLife
	}
	fresh := Pair{Access: tokens.Access, Refresh: cmp.Or(tokens.Refresh, shown), Expires: started.Add(life / 5 * 4)}
	if fresh.Refresh != shown {
		fresh.Former = shown
	}
	return fresh, nil
}

func (k *KonturKeeper) dead(err error) bool { return err != nil && k.cfg.Dead(err) }

// show makes one exchange. One whose answer is lost is repeated at once: should the provider take a token that
// it has just replaced, then hardly for long.
func (k *KonturKeeper) show(ctx context.Context, refresh string) (KonturTokens, error) {
	tokens, err := k.try(ctx, refresh)
	if err == nil || !upstream.MaybeDone(err) {
		return tokens, err
	}
	k.lost.Store(true)
	if ctx.Err() != nil {
		return KonturTokens{}, err
	}
	return k.try(ctx, refresh)
}

func (k *KonturKeeper) try(ctx context.Context, refresh string) (KonturTokens, error) {
	ctx, cancel := context.WithTimeout(ctx, konturTry)
	defer cancel()
	return k.cfg.Exchange(ctx, refresh)
}

// failed raises the alarm for a dead grant: from now on nothing of the user's boxes is sent or read.
func (k *KonturKeeper) failed(ctx context.Context, err error) error {
	if !k.dead(err) {
		return err
	}
	dead := &Error{kind: ErrKonturGrant, class: upstream.Refused, cause: err}
	if k.lost.Load() {
		dead.Description = "the answer to an exchange before this one was lost"
	}
	k.log.LogAttrs(ctx, slog.LevelError, "a refresh token of Диадок is dead: a person has to connect it again",
		slog.String("credential", k.cfg.Key), slog.String("error", dead.Error()))
	return dead
}
