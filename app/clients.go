package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty"
)

// clients makes the clients of portals and accounts and keeps their credentials fresh.
type clients struct {
	up        *upstream.Client
	portals   *portal.Directory
	servers   *oauth.Servers
	store     *store.Store
	deps      oauth.Deps
	keys      map[string]oauth.Keys
	mark      func(string) string // names credentials without showing them
	realtyURL string
	// realtyOptions are the choices between the service's contradicting pages.
	realtyOptions []realty.Option
	diadoc        *diadocClients
	moved         func(ctx context.Context, id portal.ID, endpoint string)

	sent func(bitrix.Sent)

	mu       sync.Mutex
	budgets  budgets
	pairs    map[string]*oauth.PairKeeper
	bitrix   map[string]*bitrix.Client
	sessions map[string]*oauth.SessionKeeper
}

// Bitrix gives the client that works in a portal's name: with the tokens of the application and the
// administrator whose turn it is.
func (c *clients) Bitrix(_ context.Context, id portal.ID) (*bitrix.Client, error) {
	return c.client(id, "", "work", func() bitrix.Option { return c.packing(id) })
}

// client gives the client of one of a portal's applications for a purpose; "" stands for the one at work.
func (c *clients) client(id portal.ID, clientID, purpose string, packing func() bitrix.Option) (*bitrix.Client, error) {
	if p, ok := c.portals.Get(id); !ok || p.State == portal.Removed {
		return nil, fmt.Errorf("%w: %s", portal.ErrUnknown, id)
	}
	key := string(id) + "/" + clientID + "/" + purpose
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.bitrix[key]; client != nil {
		return client, nil
	}
	client := bitrix.New(c.up, c.tokens(id, clientID), packing(), bitrix.WithAuthConnector(portal.Connector))
	c.bitrix[key] = client
	return client, nil
}

// forget drops what is held of a replaced pair.
func (c *clients) forget(ctx context.Context, key string) {
	c.mu.Lock()
	k := c.pairs[key]
	delete(c.pairs, key)
	c.mu.Unlock()
	if k == nil { // another node may hold it in the shared cache all the same
		k = oauth.NewPairKeeper(key, oauth.Keys{}, c.servers, c.store, c.deps)
	}
	k.Forget(ctx)
}

// Realty gives the client of an account.
func (c *clients) Realty(conn portal.Connection) *realty.Client {
	return realty.New(c.up, c.realtyURL, realtySessions{again(c.store, conn, c.session(conn))}, c.realtyOptions...)
}

// realtySessions is a realty.SessionSource.
type realtySessions struct{ logins }

// Session implements realty.SessionSource.
func (s realtySessions) Session(ctx context.Context) (string, error) {
	session, err := s.logins.Session(ctx)
	return session, knownRefusal(err)
}

// Renew implements realty.SessionSource.
func (s realtySessions) Renew(ctx context.Context, stale string) (string, error) {
	session, err := s.logins.Renew(ctx, stale)
	return session, knownRefusal(err)
}

// knownRefusal lets who knows the client alone tell that a login is remembered as refused.
func knownRefusal(err error) error {
	if errors.Is(err, oauth.ErrLoginRefused) {
		return fmt.Errorf("%w: %w", realty.ErrLoginRefused, err)
	}
	return err
}

// logins gives sessions of an account, or its tokens of Диадок's old scheme.
type logins interface {
	Session(ctx context.Context) (string, error)
	Renew(ctx context.Context, stale string) (string, error)
}

// again has a refused login tried once more when a person has saved the connection since: the account may have
// been put in order though the password is the same.
func again(st *store.Store, conn portal.Connection, keeper *oauth.SessionKeeper) logins {
	if conn.State != portal.ConnectionAgain {
		return keeper
	}
	return forgiving{keeper, st, conn}
}

// forgiving forgets a refusal before the first call. It is taken first, so that a crash in between forgets
// nothing and no number of processes tries twice.
type forgiving struct {
	*oauth.SessionKeeper
	store *store.Store
	conn  portal.Connection
}

// Session gives the account's session.
func (f forgiving) Session(ctx context.Context) (string, error) {
	taken, err := f.store.TakeAgain(ctx, f.conn.Portal, f.conn.Name)
	if err != nil {
		return "", err
	}
	if taken {
		f.SessionKeeper.Reset(ctx)
	}
	return f.SessionKeeper.Session(ctx)
}

// session keeps the account's one session: connections with the same credentials share it, whatever portals
// they belong to, so a wrong password is tried once for all of them.
func (c *clients) session(conn portal.Connection) *oauth.SessionKeeper {
	credentials := realty.Credentials{Login: conn.Login, Password: conn.Secrets["password"], AccountID: conn.AccountID}
	print := oauth.Fingerprint(credentials.Login, credentials.Password, credentials.AccountID)
	key := c.mark(print)
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sessions[key]; s != nil {
		return s
	}
	s := oauth.NewSessionKeeper(oauth.SessionConfig{Key: "realty/" + key, Fingerprint: print,
		Login: func(ctx context.Context) (string, error) {
			answer, err := realty.Login(ctx, c.up, c.realtyURL, credentials)
			return answer.SessionID, err
		}}, c.deps)
	c.sessions[key] = s
	return s
}

// diadocOf gives the client and the box that a message goes through.
func (c *clients) diadocOf(ctx context.Context, rec docflow.Record) (*diadoc.Client, diadoc.BoxID, error) {
	all, err := c.store.Connections(ctx, portal.ID(rec.Portal))
	if err != nil {
		return nil, "", err
	}
	for _, conn := range all {
		if conn.Kind == docflow.Diadoc && conn.Name == rec.Connection {
			client, err := c.Diadoc(conn)
			return client, diadoc.BoxID(conn.AccountID), err
		}
	}
	return nil, "", &docflow.Refusal{Code: "no_connection", CRMText: "Подключение «" + rec.Connection + "» удалено из настроек моста."}
}

// realtyOf gives the client of the account that a docflow goes through.
func (c *clients) realtyOf(ctx context.Context, rec docflow.Record) (*realty.Client, error) {
	all, err := c.store.Connections(ctx, portal.ID(rec.Portal))
	if err != nil {
		return nil, err
	}
	for _, conn := range all {
		if conn.Kind == docflow.Realty && conn.Name == rec.Connection {
			return c.Realty(conn), nil
		}
	}
	return nil, &docflow.Refusal{Code: "no_connection", CRMText: "Подключение «" + rec.Connection + "» удалено из настроек моста."}
}
