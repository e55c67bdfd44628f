package portal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"konturbridge/app/lane"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// ErrPendingFull is returned for an installation that has to wait while too many do already.
var ErrPendingFull = errors.New("too many installations are waiting")

// storeTime bounds the writes that follow an exchange: they are made although the caller has gone.
const storeTime = 20 * time.Second

// Writer changes stored portals.
type Writer interface {
	SavePortal(ctx context.Context, p Portal, a Application) error
	MovePortal(ctx context.Context, id ID, domain, endpoint string) error
	SetHookSecret(ctx context.Context, id ID, secret string) error
	RemoveApplication(ctx context.Context, id ID, clientID string, clean bool) error
	Learner
}

// Learner keeps what a proven page brings.
type Learner interface {
	// GivePair keeps an administrator's pair as a spare one and reports whether it did: not in place of
	// one that is at work, or of a living one that is younger than fresh.
	GivePair(ctx context.Context, id ID, clientID string, p oauth.Pair, fresh time.Duration) (given bool, err error)
	LearnToken(ctx context.Context, id ID, clientID, applicationToken string) error
	// HurryCheck brings the portal's next self-check forward to now.
	HurryCheck(ctx context.Context, id ID) error
}

// Pairs stores token pairs; see oauth.PairStore.
type Pairs interface {
	SavePair(ctx context.Context, key string, old int64, p oauth.Pair) (oauth.Pair, error)
}

// Waiting keeps the installations that wait.
type Waiting interface {
	// AddPending reports false, and keeps nothing, when limit others wait already.
	AddPending(ctx context.Context, p Pending, limit int) (bool, error)
	Pendings(ctx context.Context) ([]Pending, error)
	DropPending(ctx context.Context, id string) error
}

// Rows schedules work.
type Rows interface {
	Commit(ctx context.Context, writes ...lane.Write) error
	// EnsureRows adds rows unless unfinished ones of their lane, part and kind are there.
	EnsureRows(ctx context.Context, rows ...lane.NewRow) error
}

// AuthServers are the allowed authorization servers; *oauth.Servers is one.
type AuthServers interface {
	Choose(serverEndpoint string) string
	AppInfo(ctx context.Context, server, accessToken string) (oauth.Identity, error)
	Exchange(ctx context.Context, server string, keys oauth.Keys, refreshToken string) (oauth.Pair, error)
}

// InstallerDeps is what an Installer needs. Memory, Replaced, Now and Log may be left out.
type InstallerDeps struct {
	Portals  *Directory
	Store    Writer
	Pairs    Pairs
	Pending  Waiting
	Rows     Rows
	Servers  AuthServers
	Upstream *upstream.Client
	Keys     []oauth.Keys // of every application in the settings
	Memory   Memory       // the one that the Setup has: an installation begins its progress anew
	// Replaced is told the key of a token pair that an installation has replaced or a removal has
	// ended, so that nobody goes on with what is cached of it (oauth.PairKeeper.Forget).
	Replaced func(ctx context.Context, pairKey string)
	Now      func() time.Time
	Log      *slog.Logger
}

// Installer proves installations and stores them, keeps those that must wait, and removes applications.
// Safe for concurrent use.
//
// What remains: a process that dies after the authorization server rotated the pair and before the
// store has it loses that pair, as [oauth.PairKeeper] says. The posted refresh token is dead then, and
// an administrator has to open the installer page again (or save an application without pages again).
// Before and after that moment an installation survives: it is kept as a waiting one while it runs.
type Installer struct {
	deps InstallerDeps

	mu     sync.Mutex
	notNow map[string]time.Time // waiting installations that it is pointless to try again yet
	hinted map[ID]time.Time     // when a portal was last looked at because of a payment
}

// Installed is the outcome of a request that was proven, or that has to wait.
type Installed struct {
	Portal   ID
	ClientID string
	UserID   int64
	Origin   string // of the confirmed portal; "" while nothing is confirmed
	Pending  Reason // why it waits; "" when it is installed
}

// Reason says why an installation waits.
type Reason string

// The reasons.
const (
	Running      Reason = "the installation is running"
	ServerSilent Reason = "the authorization server does not answer"
	NoKeys       Reason = "the application's keys are not in the settings"
	WrongKeys    Reason = "the authorization server does not accept the application's keys"
	NotPaid      Reason = "the portal's plan or application is not paid"
	PortalSilent Reason = "the portal does not answer"
)

// NewInstaller returns an Installer.
func NewInstaller(deps InstallerDeps) *Installer {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Replaced == nil {
		deps.Replaced = func(context.Context, string) {}
	}
	return &Installer{deps: deps, notNow: map[string]time.Time{}, hinted: map[ID]time.Time{}}
}

// Install proves the request and stores the portal, or keeps the request waiting. It serves the first
// installation, a repeated one and an update alike: each brings tokens of its own and is proven by them,
// never by what was stored before.
//
// Errors: wrapping ErrDenied when it does not check out, and then nothing is stored; ErrPendingFull;
// anything else is the database's.
// doc: settings/oauth/simple-way.md, api-reference/common/events/on-app-install.md
func (in *Installer) Install(ctx context.Context, r Request) (Installed, error) {
	if err := r.complete(); err != nil {
		return Installed{}, err
	}
	return in.install(ctx, r, nil)
}

// install runs the steps. pair is what an earlier exchange of this request brought, else nil.
func (in *Installer) install(ctx context.Context, r Request, pair *oauth.Pair) (Installed, error) {
	id, err := in.prove(ctx, r)
	if err != nil {
		return in.waitOrDeny(ctx, r, oauth.Identity{}, err, ServerSilent)
	}
	keys, known := in.keys(id.ClientID)
	if !known {
		return in.wait(ctx, r, id, NoKeys)
	}
	// Only an administrator's tokens can do the work, and the posted application_token is believed: an
	// employee must be able to replace neither.
	user, err := userOf(ctx, in.deps.Upstream, id.ClientEndpoint, string(r.Access))
	if err != nil {
		return in.waitOrDeny(ctx, r, id, err, PortalSilent)
	}
	if !user.Admin {
		return Installed{}, denied("the installation's user is no administrator of the portal")
	}
	if pair == nil {
		if err := in.keepRunning(ctx, r, id); err != nil {
			return Installed{}, err
		}
		fresh, err := in.exchange(ctx, r, id, keys)
		if err != nil {
			return in.exchangeFailed(ctx, r, id, err)
		}
		pair = &fresh
	}
	return in.save(ctx, r, id, *pair)
}

// prove asks an allowed server whose token was posted. Errors wrap ErrDenied or are the server's.
func (in *Installer) prove(ctx context.Context, r Request) (oauth.Identity, error) {
	id, err := in.deps.Servers.AppInfo(ctx, r.Server, string(r.Access))
	if err != nil {
		return oauth.Identity{}, err
	}
	if id.MemberID != r.Member {
		return oauth.Identity{}, denied("the access token belongs to another portal")
	}
	return id, nil
}

// exchange proves the refresh token. It outlives the request that asked for it: a rotated pair that
// nobody waits for is lost.
func (in *Installer) exchange(ctx context.Context, r Request, id oauth.Identity, keys oauth.Keys) (oauth.Pair, error) {
	pair, err := in.deps.Servers.Exchange(context.WithoutCancel(ctx), r.Server, keys, string(r.Refresh))
	if err == nil && pair.MemberID != id.MemberID {
		err = denied("the refresh token belongs to another portal")
	}
	return pair, err
}

func (in *Installer) exchangeFailed(ctx context.Context, r Request, id oauth.Identity, err error) (Installed, error) {
	out, failure := in.waitOrDeny(ctx, r, id, err, ServerSilent)
	if errors.Is(failure, ErrDenied) { // it was kept while it ran
		if err := in.deps.Pending.DropPending(context.WithoutCancel(ctx), pendingID(r, id)); err != nil {
			return Installed{}, err
		}
	}
	return out, failure
}

// save stores the pair, then the portal, then makes its setup due. What a crash leaves undone, the
// waiting request and Heal complete.
func (in *Installer) save(ctx context.Context, r Request, id oauth.Identity, pair oauth.Pair) (Installed, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	pair.Endpoint = cmp.Or(pair.Endpoint, id.ClientEndpoint)
	pair.UserID = cmp.Or(pair.UserID, id.UserID)
	pair.Status = cmp.Or(pair.Status, id.Status)
	if pair.Scope == nil {
		pair.Scope = id.Scope
	}
	key := PairKey(ID(id.MemberID), id.ClientID, pair.UserID)
	if _, err := in.deps.Pairs.SavePair(ctx, key, 0, pair); err != nil {
		return Installed{}, fmt.Errorf("store the installation's tokens: %w", err)
	}
	if err := in.savePortal(ctx, r, id, pair); err != nil {
		return Installed{}, err
	}
	in.deps.Replaced(ctx, key)
	if err := in.schedule(ctx, ID(id.MemberID)); err != nil {
		return Installed{}, err
	}
	if err := in.deps.Pending.DropPending(ctx, pendingID(r, id)); err != nil {
		return Installed{}, fmt.Errorf("end the waiting installation: %w", err)
	}
	in.deps.Log.LogAttrs(ctx, slog.LevelInfo, "portal installed", slog.String("portal", id.MemberID),
		slog.String("client_id", id.ClientID), slog.String("domain", id.Domain))
	return installed(id, ""), nil
}

func (in *Installer) savePortal(ctx context.Context, r Request, id oauth.Identity, pair oauth.Pair) error {
	if err := in.deps.Portals.Reload(ctx); err != nil { // another node may have changed it a moment ago
		return err
	}
	old, _ := in.deps.Portals.Get(ID(id.MemberID))
	before, _ := old.App(id.ClientID)
	domain, err := Host(pair.Endpoint)
	if err != nil {
		return fmt.Errorf("the confirmed portal: %w", err)
	}
	p := Portal{
		ID: ID(id.MemberID), Domain: cmp.Or(id.Domain, domain), Endpoint: pair.Endpoint, Server: pair.Server,
		State: Active, Family: old.Family, HookSecret: NewHookSecret(), Installed: in.deps.Now(),
	}
	a := Application{
		ClientID: id.ClientID, Scope: pair.Scope, Status: pair.Status, UserID: pair.UserID, State: Active,
		// An older portal leaves the token out of a page; ONAPPINSTALL brings it later.
		Token: cmp.Or(string(r.AppToken), before.Token),
	}
	if err := in.deps.Store.SavePortal(ctx, p, a); err != nil {
		return fmt.Errorf("store the portal: %w", err)
	}
	if old.ID != "" && old.HookSecret == "" { // wiped when the portal was removed, and kept by SavePortal
		if err := in.deps.Store.SetHookSecret(ctx, p.ID, p.HookSecret); err != nil {
			return fmt.Errorf("store the webhook secret: %w", err)
		}
	}
	return in.deps.Portals.Reload(ctx)
}

// schedule makes the setup due now, and sees to its repetition.
func (in *Installer) schedule(ctx context.Context, id ID) error {
	if in.deps.Memory != nil { // the installer page must not take the end of an earlier setup for this one's
		newTracker(in.deps.Memory, in.deps.Log, id).end(ctx, SetupWaiting, nil)
	}
	if err := in.deps.Rows.Commit(ctx, SetupRow(id, "")); err != nil {
		return fmt.Errorf("schedule the setup: %w", err)
	}
	if err := in.deps.Rows.EnsureRows(ctx, checkRow(id, in.deps.Now().Add(CheckEvery))); err != nil {
		return fmt.Errorf("schedule the self-check: %w", err)
	}
	return nil
}

func (in *Installer) keys(clientID string) (oauth.Keys, bool) {
	i := slices.IndexFunc(in.deps.Keys, func(k oauth.Keys) bool { return k.ClientID == clientID })
	if i < 0 {
		return oauth.Keys{}, false
	}
	return in.deps.Keys[i], true
}

func installed(id oauth.Identity, why Reason) Installed {
	return Installed{
		Portal: ID(id.MemberID), ClientID: id.ClientID, UserID: id.UserID, Origin: originOf(id.ClientEndpoint), Pending: why,
	}
}

// fixed is the token of one request: it is never renewed.
type fixed struct{ access, endpoint string }

// Token implements bitrix.TokenSource.
func (f fixed) Token(context.Context) (string, string, error) { return f.access, f.endpoint, nil }

// Refresh implements bitrix.TokenSource.
func (f fixed) Refresh(context.Context, string) (string, string, error) {
	return f.access, f.endpoint, nil
}

// userOf asks the portal, at an address that an authorization server has confirmed, who the token's user
// is. doc: api-reference/common/users/profile.md
func userOf(ctx context.Context, up *upstream.Client, endpoint, access string) (bitrix.Profile, error) {
	return bitrix.New(up, fixed{access, endpoint}).Profile(ctx)
}
