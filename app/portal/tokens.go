package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// Keeper hands out one administrator's tokens, fresh; *oauth.PairKeeper is one.
type Keeper interface {
	Token(ctx context.Context) (access, endpoint string, err error)
	Refresh(ctx context.Context, stale string) (access, endpoint string, err error)
	Forget(ctx context.Context)
}

// Succession keeps who does a portal's work.
type Succession interface {
	LoadPair(ctx context.Context, key string) (oauth.Pair, error)
	// EndPair ends an administrator's pair and gives the work to the next one's.
	EndPair(ctx context.Context, end PairEnd) error
	// RevivePair takes a pair back that has been renewed.
	RevivePair(ctx context.Context, id ID, clientID string, userID int64) error
	// LoseApplication ends an application that is not there any more; see store.
	LoseApplication(ctx context.Context, id ID, clientID, why string, certain bool) error
}

// PairEnd is the end of an administrator's pair.
type PairEnd struct {
	Portal   ID
	ClientID string
	UserID   int64
	Version  int64 // of the pair that was refused; 0 when there was none
	Why      string
}

// Why an administrator's pair works no more.
const (
	endUser    = "the user is dismissed, or has no access to the application any more"
	endGrant   = "the tokens were refused: they are too old, or were used elsewhere"
	endMissing = "the tokens are missing"
	endRole    = "the user is no administrator of the portal any more"
	endApp     = "the application was deleted from the portal"
	endKeys    = "the authorization server does not accept the application's keys"
)

// maxHeirs bounds how many pairs one call goes through.
const maxHeirs = 20

// sparesRenewed is the age at which a spare pair is renewed: it would run out after 180 days.
// doc: settings/oauth/auto-renewal.md
const sparesRenewed = 150 * 24 * time.Hour

// askPause is how long a portal that goes on calling a living application gone is not believed.
const askPause = 10 * time.Minute

// TokensDeps is what Tokens need. Moved and Log may be left out.
type TokensDeps struct {
	Portals *Directory
	Store   Succession
	// Keeper gives the keeper of a pair; one and the same while the pair lives.
	Keeper func(key, clientID string) Keeper
	// Moved is told of an address that an authorization server has named.
	Moved func(ctx context.Context, id ID, endpoint string)
	Now   func() time.Time
	Log   *slog.Logger
}

// Tokens is the bitrix.TokenSource of a portal. It works with the pair of the administrator whose turn it is;
// when that one is lost (the user was dismissed, the tokens are refused) the next administrator's takes over
// at once, and when an application was deleted, the portal's other one. The call that found it out goes on
// with the new token. When nobody is left, its errors wrap ErrReconnect. Safe for concurrent use.
type Tokens struct {
	deps     TokensDeps
	portal   ID
	clientID string // "": of the application that does the portal's work
	turn     chan struct{}

	mu       sync.Mutex
	endpoint string    // confirmed by a renewal here
	asked    time.Time // when the authorization server was last asked whether the application is gone
}

var (
	_ bitrix.TokenSource = (*Tokens)(nil)
	_ bitrix.Substitute  = (*Tokens)(nil)
)

// NewTokens gives the tokens of a portal's application; "" stands for the one that does its work.
func NewTokens(deps TokensDeps, id ID, clientID string) *Tokens {
	if deps.Moved == nil {
		deps.Moved = func(context.Context, ID, string) {}
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Tokens{deps: deps, portal: id, clientID: clientID, turn: make(chan struct{}, 1)}
}

// Token implements bitrix.TokenSource. Errors: wrapping ErrUnknown or ErrReconnect; those of the keeper.
func (t *Tokens) Token(ctx context.Context) (access, endpoint string, err error) {
	return t.give(ctx, func(k Keeper) (string, string, error) { return k.Token(ctx) })
}

// Refresh implements bitrix.TokenSource.
func (t *Tokens) Refresh(ctx context.Context, stale string) (access, endpoint string, err error) {
	return t.give(ctx, func(k Keeper) (string, string, error) { return k.Refresh(ctx, stale) })
}

// Substitute implements bitrix.Substitute. The portal's word ends an administrator's pair; that an application
// is gone is asked of the authorization server first: portals remember the tokens of deleted applications,
// and may forget those of living ones.
func (t *Tokens) Substitute(ctx context.Context, stale string, because error) (access, endpoint string, err error) {
	select { // one at a time: calls made side by side find it out together
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	a, err := t.worker()
	if err != nil {
		return "", "", err
	}
	pair, err := t.deps.Store.LoadPair(ctx, PairKey(t.portal, a.ClientID, a.UserID))
	if err != nil && !errors.Is(err, oauth.ErrNoPair) {
		return "", "", err
	}
	switch gone := errors.Is(because, bitrix.ErrAppGone); {
	case err != nil || pair.Access != stale: // somebody else was faster
	case gone && !t.mayAsk():
		return stale, pair.Endpoint, nil
	case !gone:
		if err := t.end(ctx, a, pair.Version, endUser); err != nil {
			return "", "", err
		}
	}
	return t.Refresh(ctx, stale)
}

// mayAsk keeps a portal that goes on calling a living application gone from having its tokens renewed at
// every call.
func (t *Tokens) mayAsk() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.deps.Now()
	if now.Sub(t.asked) < askPause {
		return false
	}
	t.asked = now
	return true
}

// worker is the application with the user whose pair works now.
func (t *Tokens) worker() (Application, error) {
	p, ok := t.deps.Portals.Get(t.portal)
	if !ok || p.State == Removed {
		return Application{}, fmt.Errorf("%w: %s", ErrUnknown, t.portal)
	}
	a, ok := p.Service()
	if t.clientID != "" {
		a, ok = p.App(t.clientID)
		ok = ok && a.State == Active
	}
	switch {
	case !ok && p.State == Paused:
		return Application{}, reconnect{fmt.Errorf("%w (%s)", ErrReconnect, p.Note)}
	case !ok:
		return Application{}, fmt.Errorf("%w: no active application in %s", ErrUnknown, t.portal)
	case !a.Works():
		return Application{}, reconnect{fmt.Errorf("%w (%s)", ErrReconnect, p.Note)}
	}
	a.UserID = a.Worker()
	return a, nil
}

// give asks the keeper of whose turn it is, and the next one's when that one is lost.
func (t *Tokens) give(ctx context.Context, ask func(Keeper) (string, string, error)) (access, endpoint string, err error) {
	suspect := "" // a pair that was refused once: it may have been replaced in that moment
	for range maxHeirs {
		a, failure := t.worker()
		if failure != nil {
			return "", "", failure
		}
		key := PairKey(t.portal, a.ClientID, a.UserID)
		k := t.deps.Keeper(key, a.ClientID)
		if access, endpoint, err = ask(k); err == nil {
			access, endpoint, err = t.addressed(ctx, k, access, endpoint)
		}
		switch {
		case err == nil:
			return access, endpoint, nil
		case errors.Is(err, oauth.ErrAppGone), errors.Is(err, oauth.ErrClientKeys):
			next, failure := t.lose(ctx, a, err)
			if failure != nil || !next {
				return "", "", errors.Join(failure, lost(err))
			}
		case errors.Is(err, oauth.ErrGrantDead), errors.Is(err, oauth.ErrUserGone), errors.Is(err, oauth.ErrNoPair):
			if failure := t.doubt(ctx, a, k, key, err, &suspect); failure != nil {
				return "", "", failure
			}
		default:
			return "", "", lost(err)
		}
	}
	return "", "", lost(err)
}

// doubt ends a pair at the second refusal; after the first one everything that is held of it is forgotten.
func (t *Tokens) doubt(ctx context.Context, a Application, k Keeper, key string, refused error, suspect *string) error {
	pair, err := t.deps.Store.LoadPair(ctx, key)
	if err != nil && !errors.Is(err, oauth.ErrNoPair) {
		return err
	}
	mark := key + "/" + itoa(pair.Version)
	if err == nil && *suspect != mark {
		*suspect = mark
		k.Forget(ctx)
		return nil
	}
	why := endGrant
	switch {
	case errors.Is(refused, oauth.ErrUserGone):
		why = endUser
	case pair.Version == 0:
		why = endMissing
	}
	return t.end(ctx, a, pair.Version, why)
}

func (t *Tokens) end(ctx context.Context, a Application, version int64, why string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	end := PairEnd{Portal: t.portal, ClientID: a.ClientID, UserID: a.UserID, Version: version, Why: why}
	if err := t.deps.Store.EndPair(ctx, end); err != nil {
		return fmt.Errorf("end an administrator's tokens: %w", err)
	}
	t.deps.Log.LogAttrs(ctx, slog.LevelWarn, "an administrator's tokens work no more", slog.String("portal", string(t.portal)),
		slog.String("client_id", a.ClientID), slog.Int64("user", a.UserID), slog.String("reason", why))
	return t.deps.Portals.Reload(ctx)
}

// demote ends the pair of who works now and is no administrator any more.
func (t *Tokens) demote(ctx context.Context) error {
	a, err := t.worker()
	if err != nil {
		return err
	}
	pair, err := t.deps.Store.LoadPair(ctx, PairKey(t.portal, a.ClientID, a.UserID))
	if err != nil {
		return err
	}
	return t.end(ctx, a, pair.Version, endRole)
}

// lose ends an application that the authorization server does not know, and reports whether another one goes
// on in its place.
func (t *Tokens) lose(ctx context.Context, a Application, refused error) (next bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	why, certain := endApp, true
	if errors.Is(refused, oauth.ErrClientKeys) {
		why, certain = endKeys, false
	}
	if err := t.deps.Store.LoseApplication(ctx, t.portal, a.ClientID, why, certain); err != nil {
		return false, fmt.Errorf("end an application: %w", err)
	}
	if err := t.deps.Portals.Reload(ctx); err != nil {
		return false, err
	}
	heir, err := t.worker()
	if errors.Is(err, ErrReconnect) || errors.Is(err, ErrUnknown) {
		return false, err
	}
	if next = err == nil && heir.ClientID != a.ClientID; next {
		t.deps.Log.LogAttrs(ctx, slog.LevelWarn, "an application is gone; another one of the portal does its work", slog.String("portal", string(t.portal)),
			slog.String("gone", a.ClientID), slog.String("client_id", heir.ClientID), slog.String("reason", why))
	}
	return next, err
}

// addressed makes sure that a token goes to the portal's present address: a spare pair may be from before the
// portal was renamed, and its old name may be somebody else's by now. A renewal tells.
func (t *Tokens) addressed(ctx context.Context, k Keeper, access, endpoint string) (string, string, error) {
	if t.known(endpoint) {
		return access, endpoint, nil
	}
	access, endpoint, err := k.Refresh(ctx, access)
	if err != nil {
		return "", "", err
	}
	t.mu.Lock()
	t.endpoint = endpoint
	t.mu.Unlock()
	t.deps.Moved(ctx, t.portal, endpoint)
	return access, endpoint, nil
}

func (t *Tokens) known(endpoint string) bool {
	p, ok := t.deps.Portals.Get(t.portal)
	t.mu.Lock()
	defer t.mu.Unlock()
	return endpoint == "" || ok && endpoint == p.Endpoint || endpoint == t.endpoint
}

// Tend looks after the pairs that are not at work: spare ones are renewed before they run out, and for a
// portal that needs reconnecting those are tried again whose user may have been let in meanwhile.
func (t *Tokens) Tend(ctx context.Context) error {
	p, ok := t.deps.Portals.Get(t.portal)
	if !ok || p.State == Removed {
		return nil
	}
	var all error
	for _, a := range p.Apps {
		for _, admin := range a.Admins {
			if a.State != Active || ctx.Err() != nil {
				continue
			}
			a.UserID = admin.UserID
			switch {
			case admin.lives():
				all = errors.Join(all, t.renewSpare(ctx, a))
			case p.State == Paused && admin.Dead == endUser:
				all = errors.Join(all, t.revive(ctx, a))
			}
		}
	}
	return all
}

func (t *Tokens) renewSpare(ctx context.Context, a Application) error {
	key := PairKey(t.portal, a.ClientID, a.UserID)
	pair, err := t.deps.Store.LoadPair(ctx, key)
	if err != nil || t.deps.Now().Sub(pair.Expires) < sparesRenewed {
		return err
	}
	_, _, err = t.deps.Keeper(key, a.ClientID).Refresh(ctx, pair.Access)
	switch {
	case errors.Is(err, oauth.ErrGrantDead):
		return t.end(ctx, a, pair.Version, endGrant)
	case errors.Is(err, oauth.ErrUserGone):
		return t.end(ctx, a, pair.Version, endUser)
	}
	return err
}

func (t *Tokens) revive(ctx context.Context, a Application) error {
	key := PairKey(t.portal, a.ClientID, a.UserID)
	pair, err := t.deps.Store.LoadPair(ctx, key)
	if err != nil {
		return err
	}
	k := t.deps.Keeper(key, a.ClientID)
	k.Forget(ctx)
	_, _, err = k.Refresh(ctx, pair.Access)
	if errors.Is(err, oauth.ErrUserGone) || errors.Is(err, oauth.ErrGrantDead) {
		return nil // as before
	}
	if err == nil {
		err = t.deps.Store.RevivePair(ctx, t.portal, a.ClientID, a.UserID)
	}
	if err == nil {
		err = t.deps.Portals.Reload(ctx)
	}
	return err
}

// reconnect is the failure of a portal's credentials: it is tried again rarely, and work that waits must not
// be lost meanwhile.
type reconnect struct{ error }

// Unwrap gives the cause to errors.Is.
func (e reconnect) Unwrap() error { return e.error }

// UpstreamClass implements upstream.Classified.
func (e reconnect) UpstreamClass() upstream.Class { return upstream.Relogin }

// RetryAt implements upstream.Classified.
func (e reconnect) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements upstream.Classified.
func (e reconnect) MaybeDone() bool { return false }

// lost gives a refused credential the class that is tried again rarely.
func lost(err error) error {
	if err != nil && upstream.ClassOf(err) == upstream.Refused {
		return reconnect{err}
	}
	return err
}
