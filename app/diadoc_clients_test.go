package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/app/store/storetest"
	"konturbridge/cache"
	"konturbridge/diadoc"
	"konturbridge/internal/testservers"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// kontur is Диадок and its identity provider, as far as credentials go: one refresh token and one access token
// are good at a time.
type kontur struct {
	*httptest.Server

	mu        sync.Mutex
	refresh   string
	access    string // the Authorization header that is good now
	issued    int
	exchanges []string // client_id/client_secret/refresh_token
	logins    []string // header and body
	used      []string // Authorization headers of calls that came through
	before    func(authorization string)
	sunset    string
}

func newKontur(t *testing.T) *kontur {
	t.Helper()
	k := &kontur{refresh: "refresh-0"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /connect/token", k.token)
	mux.HandleFunc("POST /V3/Authenticate", k.authenticate)
	mux.HandleFunc("GET /GetMyOrganizations", k.organizations)
	k.Server = httptest.NewServer(mux)
	t.Cleanup(k.Close)
	return k
}

func (k *kontur) token(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.exchanges = append(k.exchanges, r.PostFormValue("client_id")+"/"+r.PostFormValue("client_secret")+"/"+r.PostFormValue("refresh_token"))
	if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("refresh_token") != k.refresh {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	k.issued++
	k.refresh, k.access = fmt.Sprintf("refresh-%d", k.issued), fmt.Sprintf("Bearer access-%d", k.issued)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": k.access[len("Bearer "):], "refresh_token": k.refresh, "expires_in": 3600, "token_type": "Bearer"})
}

func (k *kontur) authenticate(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	k.logins = append(k.logins, r.Header.Get("Authorization")+" "+r.URL.RawQuery+" "+body.String())
	if !strings.Contains(body.String(), "secret-password") {
		http.Error(w, "wrong login or password", http.StatusUnauthorized)
		return
	}
	k.issued++
	k.access = fmt.Sprintf("%s,ddauth_token=token-%d", r.Header.Get("Authorization"), k.issued)
	fmt.Fprintf(w, "token-%d", k.issued)
}

func (k *kontur) organizations(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	header := r.Header.Get("Authorization")
	if header != k.access {
		http.Error(w, "the token is unknown: "+header, http.StatusUnauthorized)
		return
	}
	k.used = append(k.used, header)
	if k.before != nil {
		k.before(header)
	}
	if k.sunset != "" {
		w.Header().Set("Sunset", k.sunset)
	}
	fmt.Fprint(w, `{"Organizations":[]}`)
}

// revoke ends the access token before its time.
func (k *kontur) revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.access = "-"
}

func (k *kontur) change(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}

// node is one more process on the database and the cache.
func (k *kontur) node(t *testing.T, st *store.Store, shared cache.Full, logs *lines) *diadocClients {
	t.Helper()
	box := storetest.Sealer(t)
	return newDiadocClients(config.Config{DiadocURL: k.URL, DiadocIdentityURL: k.URL, DiadocClientID: "integrator", DiadocClientSecret: "secret-key"},
		upstream.New(upstream.WithInsecure(true)), st, oauth.Deps{Cache: shared, Locks: shared, Sealer: box, Now: time.Now,
			Log: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))}, box.Mark)
}

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func diadocBox(name string, secrets map[string]string) portal.Connection {
	return portal.Connection{Portal: "p", Name: name, Kind: docflow.Diadoc, AccountID: "box-" + name, Secrets: secrets}
}

var firstToken = map[string]string{"refreshToken": "refresh-0"}

func connect(t *testing.T, st *store.Store, conns ...portal.Connection) {
	t.Helper()
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active}, portal.Application{ClientID: "a", State: portal.Active}))
	require.NoError(t, st.SaveSettings(t.Context(), "p", nil, conns, nil, nil))
}

func diadocCall(t *testing.T, d *diadocClients, conn portal.Connection) error {
	t.Helper()
	client, err := d.client(conn)
	require.NoError(t, err)
	_, err = client.GetMyOrganizations(t.Context(), false)
	return err
}

// bench is one node on an embedded database.
type diadocBench struct {
	*kontur
	store *store.Store
	logs  *lines
	node  *diadocClients
}

func newDiadocBench(t *testing.T, conns ...portal.Connection) *diadocBench {
	t.Helper()
	b := &diadocBench{kontur: newKontur(t), store: storetest.SQLite(t).Open(t), logs: &lines{}}
	connect(t, b.store, conns...)
	b.node = b.kontur.node(t, b.store, cache.NewMemory(time.Now), b.logs)
	return b
}

// TestDiadocNodesExchangeOnce: three nodes on PostgreSQL and Redis, a hundred calls, and a token that is over.
func TestDiadocNodesExchangeOnce(t *testing.T) {
	t.Parallel()
	k, logs := newKontur(t), &lines{}
	redis, db := testservers.Redis(t), storetest.PostgresAt(t, testservers.Postgres(t, testservers.NoSync()).URL)
	conn, sameUser := diadocBox("main", firstToken), diadocBox("branch", firstToken)
	var nodes []*diadocClients
	for i := range 3 {
		st := db.Open(t)
		if i == 0 {
			connect(t, st, conn, sameUser)
		}
		shared, err := cache.NewRedis(redis.URL, cache.RedisOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, shared.Close()) })
		nodes = append(nodes, k.node(t, st, shared, logs))
	}
	k.before = func(header string) { // by the time that a token is used, its successor can't be lost any more
		stored, err := nodes[0].store.Grant(conn).LoadPair(context.Background(), conn.GrantKey())
		if err != nil || "Bearer "+stored.Access != header || stored.Refresh != k.refresh {
			t.Errorf("%s is used before it is stored: %v", header, err)
		}
	}
	hundred := func() {
		var group sync.WaitGroup
		for i := range 100 {
			group.Go(func() {
				if err := diadocCall(t, nodes[i%3], []portal.Connection{conn, sameUser}[i%2]); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	hundred()
	require.Equal(t, []string{"integrator/secret-key/refresh-0"}, k.exchanges)
	k.revoke()
	hundred()
	require.Equal(t, []string{"integrator/secret-key/refresh-0", "integrator/secret-key/refresh-1"}, k.exchanges)
	require.Len(t, k.used, 200)
	for _, secret := range []string{"refresh-", "access-", "secret-"} {
		require.NotContains(t, logs.String(), secret)
	}
}

func TestDiadocRestartGoesOnWithWhatIsStored(t *testing.T) {
	t.Parallel()
	conn := diadocBox("main", firstToken)
	b := newDiadocBench(t, conn)
	require.NoError(t, diadocCall(t, b.node, conn))
	connect(t, b.store, conn) // the settings applied again, with the token that they have had all along
	again := b.kontur.node(t, b.store, cache.NewMemory(time.Now), b.logs)
	require.NoError(t, diadocCall(t, again, conn))
	require.Len(t, b.exchanges, 1, "the access token is in the database")
	b.revoke()
	require.NoError(t, diadocCall(t, again, conn))
	require.Equal(t, "integrator/secret-key/refresh-1", b.exchanges[1])
}

func TestDiadocDeadGrant(t *testing.T) {
	t.Parallel()
	conn := diadocBox("main", firstToken)
	b := newDiadocBench(t, conn)
	b.change(func() { b.refresh = "another" })
	for range 3 {
		err := diadocCall(t, b.node, conn)
		require.ErrorIs(t, err, diadoc.ErrGrantRefused)
		require.ErrorIs(t, err, oauth.ErrKonturGrant)
		require.ErrorContains(t, err, "bridge connect diadoc")
		require.Equal(t, upstream.Refused, upstream.ClassOf(err))
		require.NotContains(t, err.Error(), "refresh-0")
	}
	require.Len(t, b.exchanges, 1)
	require.Contains(t, b.logs.String(), "level=ERROR")
	require.NotContains(t, b.logs.String(), "refresh-0")

	anew := diadocBox("main", map[string]string{"refreshToken": "another"})
	connect(t, b.store, anew)
	require.NoError(t, diadocCall(t, b.node, anew))
	require.ErrorIs(t, diadocCall(t, b.kontur.node(t, b.store, cache.NewMemory(time.Now), b.logs), conn), diadoc.ErrGrantRefused,
		"work that still holds the former connection learns that it is gone")
	require.Len(t, b.exchanges, 2)
}

// TestDiadocClientKeys: a connection's own keys win, and corrected ones are tried at once.
func TestDiadocClientKeys(t *testing.T) {
	t.Parallel()
	own := diadocBox("own", map[string]string{"refreshToken": "refresh-0", "clientSecret": "secret-own"})
	own.ClientID = "theirs"
	b := newDiadocBench(t, own)
	require.NoError(t, diadocCall(t, b.node, own))
	require.Equal(t, []string{"theirs/secret-own/refresh-0"}, b.exchanges)
	corrected := own
	corrected.Secrets = map[string]string{"refreshToken": "refresh-0", "clientSecret": "secret-new"}
	b.revoke()
	require.NoError(t, diadocCall(t, b.node, corrected))
	require.Equal(t, "theirs/secret-new/refresh-1", b.exchanges[1])
}

func TestDiadocLoginWithPassword(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"password": "secret-password", "clientKey": "developer-key"}
	conn, other := diadocBox("main", secrets), diadocBox("other", secrets)
	conn.Login, other.Login = "a@b.ru", "a@b.ru"
	b := newDiadocBench(t, conn, other)
	require.NoError(t, diadocCall(t, b.node, conn))
	require.NoError(t, diadocCall(t, b.node, other))
	require.Equal(t, []string{`DiadocAuth ddauth_api_client_id=developer-key type=password {"login":"a@b.ru","password":"secret-password"}`}, b.logins)
	require.Equal(t, "DiadocAuth ddauth_api_client_id=developer-key,ddauth_token=token-1", b.used[0])
	b.revoke()
	require.NoError(t, diadocCall(t, b.node, conn))
	require.Len(t, b.logins, 2)
	require.NotContains(t, b.logs.String(), "secret-")

	wrong := diadocBox("main", map[string]string{"password": "wrong", "clientKey": "developer-key"})
	wrong.Login = "a@b.ru"
	for range 3 {
		err := diadocCall(t, b.node, wrong)
		require.ErrorIs(t, err, diadoc.ErrLoginRefused)
		require.Equal(t, upstream.Refused, upstream.ClassOf(err))
	}
	require.Len(t, b.logins, 3, "a wrong password is tried once")
}

func TestDiadocConnectionThatIsNotReady(t *testing.T) {
	t.Parallel()
	b := newDiadocBench(t)
	b.node.clientID = ""
	login := diadocBox("box", map[string]string{"password": "x"})
	login.Login = "a@b.ru"
	for text, conn := range map[string]portal.Connection{
		"BRIDGE_DIADOC_CLIENT_ID": diadocBox("box", firstToken),
		"bridge connect diadoc":   diadocBox("box", nil),
		"clientKey":               login,
	} {
		_, err := (&clients{diadoc: b.node}).Diadoc(conn)
		var refusal *docflow.Refusal
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, "no_connection", refusal.Code)
		require.Contains(t, refusal.CRMText, text)
		require.Contains(t, refusal.CRMText, "«box»")
		require.Contains(t, refusal.TextEN, text)
	}
}

// TestDiadocLimits: a busy box leaves room for the others, and a refused rate holds back the whole client id.
func TestDiadocLimits(t *testing.T) {
	t.Parallel()
	b := newDiadocBench(t)
	busy, calm := b.node.limiter("integrator", diadocBox("busy", nil)), b.node.limiter("integrator", diadocBox("calm", nil))
	var leave []func()
	for range diadoc.RecommendedParallel {
		release, err := busy.Acquire(t.Context())
		require.NoError(t, err)
		leave = append(leave, release)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := b.node.limiter("integrator", diadocBox("busy", nil)).Acquire(soon)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release, err := calm.Acquire(t.Context())
	require.NoError(t, err)
	release()
	leave[0]()
	release, err = busy.Acquire(t.Context())
	require.NoError(t, err)
	release()

	busy.SlowDown(time.Now().Add(time.Hour))
	for range 2 * diadoc.RecommendedParallel { // a refused place is given back
		_, err = calm.Acquire(t.Context())
		require.ErrorIs(t, err, diadoc.ErrTooManyRequests)
	}
	_, err = b.node.limiter("another", diadocBox("calm", nil)).Acquire(t.Context())
	require.NoError(t, err)
}

func TestDiadocSunsetIsToldOnce(t *testing.T) {
	t.Parallel()
	conn := diadocBox("main", firstToken)
	b := newDiadocBench(t, conn)
	b.sunset = "Wed, 01 Jul 2026 00:00:00 GMT"
	require.NoError(t, diadocCall(t, b.node, conn))
	require.NoError(t, diadocCall(t, b.node, conn))
	require.Equal(t, 1, strings.Count(b.logs.String(), "op=GetMyOrganizations"))
}
