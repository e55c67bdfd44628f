package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/app/web"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/sandbox/bitrixsim"
)

const clientID = "local.65376655f59849.09090704"

// journal collects what is logged and measured.
type journal struct {
	mu    sync.Mutex
	lines bytes.Buffer
	seen  map[string]int // "route status" → number
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(p)
}

func (j *journal) observe(route string, status int, _ time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen[route+" "+http.StatusText(status)]++
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

// rig is the public side over a real database, a real listener and a simulated Bitrix24.
type rig struct {
	url       string
	sim       *bitrixsim.Server
	portal    *bitrixsim.Portal
	store     *store.Store
	directory *portal.Directory
	installer *portal.Installer
	sessions  *portal.Sessions
	setup     *portal.Setup
	journal   *journal
	deps      web.Deps
}

// option changes what the handlers are built with.
type option func(*web.Deps)

func newRig(t *testing.T, options ...option) *rig {
	t.Helper()
	r := &rig{journal: &journal{seen: map[string]int{}}}
	r.sim = bitrixsim.New(bitrixsim.Config{})
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	t.Cleanup(r.sim.Close)
	r.sim.SetBaseURL(server.URL)
	r.portal = r.sim.AddPortal("agency")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.url = "http://" + listener.Addr().String()
	r.addApp(clientID, true)

	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	r.store, err = store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.store.Close()) })
	memory := cache.NewMemory(time.Now)
	up := upstream.New(upstream.WithInsecure(true))
	servers, err := oauth.NewServers(up, []string{server.URL})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(r.journal, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.directory = portal.NewDirectory(r.store, log)
	require.NoError(t, r.directory.Reload(t.Context()))
	r.installer = portal.NewInstaller(portal.InstallerDeps{
		Portals: r.directory, Store: r.store, Pairs: r.store, Pending: r.store, Rows: r.store, Servers: servers, Upstream: up,
		Keys: []oauth.Keys{{ClientID: clientID, ClientSecret: "app-secret"}}, Memory: memory, Log: log,
	})
	r.sessions = portal.NewSessions(make([]byte, 32), nil, nil)
	r.setup = r.newSetup(up, memory, log)
	pages, err := page.New()
	require.NoError(t, err)
	r.deps = web.Deps{
		Trust: r.directory, Installer: r.installer, Inbox: inbox.New(r.store, box, time.Now), Sessions: r.sessions, Pages: pages,
		Desks: []page.Desk{testDesk(t)},
		Codes: []string{"realty_extract", "realty_status"}, Progress: r.setup.Progress, Echo: r.setup.Echo,
		Robot: func(_ context.Context, id portal.ID, lang string, s bitrix.RobotSettings) (page.RobotForm, error) {
			return page.RobotForm{Title: string(id) + " " + lang + " " + s.Code}, nil
		},
		Ready: r.store.Ready, Observe: r.journal.observe, Log: log,
	}
	for _, o := range options {
		o(&r.deps)
	}
	app := web.New(r.deps)
	var served sync.WaitGroup
	served.Go(func() { _ = app.Listener(listener) })
	t.Cleanup(func() {
		require.NoError(t, app.Shutdown())
		served.Wait()
	})
	return r
}

func (r *rig) addApp(client string, noUI bool) {
	r.sim.AddApp(bitrixsim.App{
		ClientID: client, ClientSecret: "app-secret", HandlerURL: r.url + "/bitrix/app", InstallURL: r.url + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement"}, NoUI: noUI,
	})
}

type tokens struct{ access, endpoint string }

func (t tokens) Token(context.Context) (string, string, error) { return t.access, t.endpoint, nil }
func (t tokens) Refresh(context.Context, string) (string, string, error) {
	return t.access, t.endpoint, nil
}

func (r *rig) newSetup(up *upstream.Client, memory *cache.Memory, log *slog.Logger) *portal.Setup {
	name := map[string]string{"ru": "Выписка", "en": "Extract"}
	return portal.NewSetup(portal.SetupDeps{
		Portals: r.directory, Store: r.store, PublicURL: r.url, Memory: memory, Log: log, EchoFor: time.Second,
		Robots: []portal.RobotSpec{{Code: "realty_extract", Wait: true, Name: name,
			Properties: []portal.PropertySpec{{ID: "cadastral_number", Type: "string", Name: name}}}},
		Client: func(ctx context.Context, id portal.ID, _ string) (*bitrix.Client, error) {
			pair, err := r.store.LoadPair(ctx, portal.PairKey(id, clientID, 1))
			return bitrix.New(up, tokens{pair.Access, pair.Endpoint}), err
		},
	})
}

// install installs the application without pages, through HTTP, and sets it up.
func (r *rig) install(t *testing.T) portal.Portal {
	t.Helper()
	require.NoError(t, r.portal.Install(t.Context(), clientID))
	p, ok := r.directory.Get(portal.ID(r.portal.MemberID()))
	require.True(t, ok)
	report, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	return p
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// failure reads the documented error body, exactly.
func (a answer) failure(t *testing.T) string {
	t.Helper()
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	require.NoError(t, decoder.Decode(&body), a.body)
	require.NotEmpty(t, body.Error.Message)
	return body.Error.Code
}

func (r *rig) do(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

func (r *rig) post(t *testing.T, path, body string) answer {
	t.Helper()
	return r.do(t, http.MethodPost, path, body)
}

// work lists the portal's rows of the given kind, finished or not.
func (r *rig) work(t *testing.T, kinds ...string) []lane.Row {
	t.Helper()
	all, err := r.store.Load(t.Context(), r.portal.MemberID(), 0, 1000)
	require.NoError(t, err)
	var rows []lane.Row
	for _, row := range all {
		for _, kind := range kinds {
			if row.Kind == kind {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// trace counts everything that is stored, to prove that a refused request left nothing.
func (r *rig) trace(t *testing.T) [3]int {
	t.Helper()
	jobs, err := r.store.Jobs(t.Context(), -1, 1000)
	require.NoError(t, err)
	pending, err := r.store.Pendings(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.directory.Reload(t.Context()))
	return [3]int{len(jobs), len(pending), len(r.directory.All())}
}

// Requests as Bitrix24 sends them; change overrides or, with an empty value, removes keys.
func form(base url.Values, change url.Values) string {
	for key, values := range change {
		if values[0] == "" {
			base.Del(key)
			continue
		}
		base[key] = values
	}
	return base.Encode()
}

func auth(member, token string) url.Values {
	return url.Values{
		"auth[member_id]": {member}, "auth[application_token]": {token}, "auth[domain]": {"portal.example"},
		"auth[client_endpoint]": {"https://portal.example/rest/"}, "auth[server_endpoint]": {"https://oauth.bitrix.info/rest/"},
	}
}

func eventForm(member, token string) url.Values {
	v := auth(member, token)
	v.Set("event", "ONCRMDEALUPDATE")
	v.Set("data[FIELDS][ID]", "57")
	v.Set("ts", "1727018926")
	return v
}

func robotForm(member, token string) url.Values {
	v := auth(member, token)
	v.Set("code", "realty_extract")
	v.Set("workflow_id", "66e81a641752f8.56521481")
	v.Set("event_token", "55c1dc1c3f0d75.78875596|A51601|hsyU")
	for i, part := range []string{"crm", "CCrmDocumentDeal", "DEAL_57"} {
		v.Set("document_id["+string(rune('0'+i))+"]", part)
	}
	v.Set("properties[cadastral_number]", "66:41:0204016:10")
	v.Set("use_subscription", "Y")
	return v
}

func hookForm(member string) url.Values {
	v := auth(member, "")
	v.Del("auth[application_token]")
	for i, part := range []string{"crm", "CCrmDocumentDeal", "DEAL_57"} {
		v.Set("document_id["+string(rune('0'+i))+"]", part)
	}
	return v
}
