package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// legacyMargin is how long before its end a token of Диадок's old scheme is replaced.
const legacyMargin = time.Hour

// diadocClients makes the clients of Диадок's boxes and keeps their credentials fresh: one grant and one login
// for all connections that share it, one rate for each client id.
type diadocClients struct {
	up               *upstream.Client
	url, identityURL string
	clientID         string
	clientSecret     string
	store            *store.Store
	deps             oauth.Deps
	mark             func(string) string // names credentials without showing them
	announcedSunsets sync.Map            // operations whose end was logged

	mu     sync.Mutex
	grants map[string]*oauth.KonturKeeper
	logins map[string]*oauth.SessionKeeper
	boxes  map[string]diadoc.Limiter
	rates  map[string]diadoc.Limiter
}

func newDiadocClients(cfg config.Config, up *upstream.Client, st *store.Store, deps oauth.Deps, mark func(string) string) *diadocClients {
	return &diadocClients{up: up, url: cfg.DiadocURL, identityURL: cfg.DiadocIdentityURL, clientID: cfg.DiadocClientID,
		clientSecret: cfg.DiadocClientSecret.Reveal(), store: st, deps: deps, mark: mark,
		grants: map[string]*oauth.KonturKeeper{}, logins: map[string]*oauth.SessionKeeper{},
		boxes: map[string]diadoc.Limiter{}, rates: map[string]diadoc.Limiter{}}
}

// Diadoc gives the client of a box: with OpenID tokens when the connection has a refresh token, else with its
// login and password.
//
// Errors: *docflow.Refusal when the connection lacks what is needed.
func (c *clients) Diadoc(conn portal.Connection) (*diadoc.Client, error) {
	return c.diadoc.client(conn)
}

func (d *diadocClients) client(conn portal.Connection) (*diadoc.Client, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tokens, clientID, err := d.tokens(conn)
	if err != nil {
		return nil, err
	}
	return diadoc.New(d.up, d.url, tokens, diadoc.WithLimiter(d.limiter(clientID, conn)), diadoc.WithClock(d.deps.Now),
		diadoc.WithSunset(d.sunset)), nil
}

// tokens chooses how the connection is authorized, and under which client id.
func (d *diadocClients) tokens(conn portal.Connection) (tokens diadoc.TokenSource, clientID string, err error) {
	switch secrets := conn.Secrets; {
	case secrets["refreshToken"] != "":
		id, secret := conn.ClientID, secrets["clientSecret"]
		if id == "" {
			id, secret = d.clientID, d.clientSecret
		}
		if id == "" || secret == "" {
			return nil, "", incomplete(conn, "задайте BRIDGE_DIADOC_CLIENT_ID и BRIDGE_DIADOC_CLIENT_SECRET либо clientId и clientSecret подключения",
				"set BRIDGE_DIADOC_CLIENT_ID and BRIDGE_DIADOC_CLIENT_SECRET, or the connection's clientId and clientSecret")
		}
		return grantTokens{d.grant(conn, id, diadoc.Secret(secret))}, id, nil
	case conn.Login != "" && secrets["password"] != "" && secrets["clientKey"] != "":
		return loginTokens{again(d.store, conn, d.login(conn)), secrets["clientKey"]}, secrets["clientKey"], nil
	}
	return nil, "", incomplete(conn, "укажите в настройках refreshToken (его получает команда bridge connect diadoc) либо login, password и clientKey",
		"give it a refreshToken (bridge connect diadoc gets one) or login, password and clientKey in the settings")
}

func incomplete(conn portal.Connection, ru, en string) error {
	return &docflow.Refusal{Code: "no_connection", CRMText: "Подключение к Диадоку «" + conn.Name + "» не готово: " + ru + ".",
		TextEN: "The Диадок connection " + conn.Name + " is not ready: " + en + "."}
}

func (d *diadocClients) grant(conn portal.Connection, clientID string, secret diadoc.Secret) *oauth.KonturKeeper {
	key := conn.GrantKey()
	name := key + "/" + oauth.Fingerprint(clientID, string(secret)) // corrected client keys are tried at once
	if k := d.grants[name]; k != nil {
		return k
	}
	identity := diadoc.NewIdentity(d.up, d.identityURL, clientID, secret, diadoc.WithIdentityClock(d.deps.Now))
	k := oauth.NewKonturKeeper(oauth.KonturConfig{Key: key, Store: d.store.Grant(conn),
		Exchange: func(ctx context.Context, refresh string) (oauth.KonturTokens, error) {
			tokens, err := identity.Refresh(ctx, diadoc.Secret(refresh))
			return oauth.KonturTokens{Access: string(tokens.Access), Refresh: string(tokens.Refresh), Expires: tokens.Expires}, err
		},
		Dead: func(err error) bool { return errors.Is(err, diadoc.ErrGrantRefused) }}, d.deps)
	d.grants[name] = k
	return k
}

func (d *diadocClients) login(conn portal.Connection) *oauth.SessionKeeper {
	print := oauth.Fingerprint(conn.Login, conn.Secrets["password"], conn.Secrets["clientKey"])
	key := d.mark(print)
	if k := d.logins[key]; k != nil {
		return k
	}
	login := diadoc.NewDiadocLogin(d.up, d.url, conn.Secrets["clientKey"])
	k := oauth.NewSessionKeeper(oauth.SessionConfig{Key: "diadoc/" + key, Fingerprint: print, Life: diadoc.LegacyTokenLife - legacyMargin,
		Login: func(ctx context.Context) (string, error) {
			token, err := login.ByPassword(ctx, conn.Login, diadoc.Secret(conn.Secrets["password"]))
			return string(token), err
		}}, d.deps)
	d.logins[key] = k
	return k
}

// limiter holds one box to the few calls at once that the service asks for, so that a large box never takes
// all places, and all boxes of a client id to its rate, which is counted for the client id.
func (d *diadocClients) limiter(clientID string, conn portal.Connection) diadoc.Limiter {
	box := string(diadoc.BoxID(conn.AccountID).GUID())
	if d.boxes[box] == nil {
		d.boxes[box] = diadoc.NewLimiter(diadoc.RecommendedRate, diadoc.RecommendedParallel)
	}
	if d.rates[clientID] == nil {
		d.rates[clientID] = diadoc.NewLimiter(diadoc.RecommendedRate, diadoc.RecommendedRate)
	}
	return twoLimits{d.boxes[box], d.rates[clientID]}
}

// twoLimits is the limit of a box within that of its client id.
type twoLimits struct{ box, client diadoc.Limiter }

// Acquire implements diadoc.Limiter.
func (l twoLimits) Acquire(ctx context.Context) (func(), error) {
	leaveBox, err := l.box.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	leaveClient, err := l.client.Acquire(ctx)
	if err != nil {
		leaveBox()
		return nil, err
	}
	return func() { leaveClient(); leaveBox() }, nil
}

// SlowDown implements diadoc.Limiter: the service counts the calls of the client id.
func (l twoLimits) SlowDown(until time.Time) { l.client.SlowDown(until) }

// sunset warns once of each method that the service is going to end.
func (d *diadocClients) sunset(s diadoc.Sunset) {
	if _, announced := d.announcedSunsets.LoadOrStore(s.Operation, true); !announced {
		d.deps.Log.LogAttrs(context.Background(), slog.LevelWarn, "Диадок is going to end a method that the bridge calls",
			slog.String("op", s.Operation), slog.Time("at", s.At), slog.String("link", s.Link))
	}
}

// grantTokens is a diadoc.TokenSource of OpenID tokens.
type grantTokens struct{ keeper *oauth.KonturKeeper }

// Token implements diadoc.TokenSource.
func (t grantTokens) Token(ctx context.Context) (diadoc.Authorization, error) {
	access, err := t.keeper.Token(ctx)
	return diadoc.Bearer(access), explained(err)
}

// Renew implements diadoc.TokenSource.
func (t grantTokens) Renew(ctx context.Context, stale diadoc.Authorization) (diadoc.Authorization, error) {
	access, err := t.keeper.Renew(ctx, strings.TrimPrefix(string(stale), string(diadoc.Bearer(""))))
	return diadoc.Bearer(access), explained(err)
}

// loginTokens is a diadoc.TokenSource of the old scheme.
type loginTokens struct {
	keeper    logins
	clientKey string
}

// Token implements diadoc.TokenSource.
func (t loginTokens) Token(ctx context.Context) (diadoc.Authorization, error) {
	token, err := t.keeper.Session(ctx)
	return diadoc.DiadocAuth(t.clientKey, token), explained(err)
}

// Renew implements diadoc.TokenSource.
func (t loginTokens) Renew(ctx context.Context, stale diadoc.Authorization) (diadoc.Authorization, error) {
	_, token, _ := strings.Cut(string(stale), ",ddauth_token=")
	token, err := t.keeper.Renew(ctx, token)
	return diadoc.DiadocAuth(t.clientKey, token), explained(err)
}

// explained lets who knows the client alone tell what became of its credentials: what is remembered as refused
// matches diadoc.ErrGrantRefused or diadoc.ErrLoginRefused, like the answer that it was learnt from.
func explained(err error) error {
	var known error
	switch {
	case errors.Is(err, oauth.ErrGrantDead), errors.Is(err, oauth.ErrNoPair):
		known = diadoc.ErrGrantRefused
	case errors.Is(err, oauth.ErrLoginRefused):
		known = diadoc.ErrLoginRefused
	}
	if known == nil || errors.Is(err, known) {
		return err
	}
	return fmt.Errorf("%w: %w", known, err)
}
