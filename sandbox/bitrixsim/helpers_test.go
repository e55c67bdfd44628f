package bitrixsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

const clientID, secret = "local.6537665f598492.98090704", "s3cret"

// clock is a hand-moved clock.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// inbound is one request that the application received.
type inbound struct {
	path, query, body string
	form              url.Values
}

// world is a portal with an installed application behind a real listener.
type world struct {
	t      *testing.T
	sim    *bitrixsim.Server
	base   string
	portal *bitrixsim.Portal
	app    *httptest.Server
	got    chan inbound
	status atomic.Int32
	clock  *clock
	token  string // access token of the admin
	fresh  string // refresh token of the admin
}

func newWorld(t *testing.T) *world { t.Helper(); return startWorld(t, true) }

// startWorld makes a world with a hand-moved clock, or on the wall clock.
func startWorld(t *testing.T, handClock bool) *world {
	t.Helper()
	w := &world{t: t, got: make(chan inbound, 100), clock: &clock{t: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC)}}
	w.status.Store(200)
	w.app = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		rw.WriteHeader(int(w.status.Load()))
		w.got <- inbound{path: r.URL.Path, query: r.URL.RawQuery, body: string(body), form: form}
	}))
	t.Cleanup(w.app.Close)
	cfg := bitrixsim.Config{Control: true}
	if handClock {
		cfg.Now = w.clock.now
	}
	w.sim = bitrixsim.New(cfg)
	srv := httptest.NewServer(w.sim)
	w.base = srv.URL
	t.Cleanup(srv.Close)
	t.Cleanup(w.sim.Close)
	w.sim.SetBaseURL(srv.URL)
	w.sim.AddApp(bitrixsim.App{
		ClientID: clientID, ClientSecret: secret, HandlerURL: w.app.URL + "/app", InstallURL: w.app.URL + "/install", NoUI: true,
		Scopes: []string{"crm", "bizproc", "placement", "user_brief", "im", "disk", "userfieldconfig"},
	})
	w.portal = w.sim.AddPortal("alpha")
	require.NoError(t, w.portal.Install(t.Context(), clientID))
	in := w.next()
	w.token, w.fresh = in.form.Get("auth[access_token]"), in.form.Get("auth[refresh_token]")
	return w
}

// next is the application's next request.
func (w *world) next() inbound {
	w.t.Helper()
	select {
	case in := <-w.got:
		return in
	case <-w.t.Context().Done():
	case <-time.After(10 * time.Second):
	}
	w.t.Fatal("nothing was delivered")
	return inbound{}
}

// settle waits until the queue is empty.
func (w *world) settle() {
	w.t.Helper()
	require.NoError(w.t, w.sim.Wait(w.t.Context(), func() bool { return w.portal.PendingDeliveries() == 0 }))
}

// silent checks that nothing was delivered.
func (w *world) silent() {
	w.t.Helper()
	w.settle()
	require.Empty(w.t, w.got)
}

func client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// post sends JSON and reads a JSON object back; a body that is none comes back as nil.
func (w *world) post(address string, params any) (int, map[string]any) {
	w.t.Helper()
	raw, err := json.Marshal(params)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, bytes.NewReader(raw))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var out map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&out)
	return resp.StatusCode, out
}

// call runs a method with the admin's token.
func (w *world) call(method string, params map[string]any) (int, map[string]any) {
	w.t.Helper()
	return w.as(w.token, method, params)
}

func (w *world) as(token, method string, params map[string]any) (int, map[string]any) {
	w.t.Helper()
	all := map[string]any{"auth": token}
	for k, v := range params {
		all[k] = v
	}
	return w.post(w.portal.Endpoint()+method, all)
}

// ok runs a method that must succeed and gives its result.
func (w *world) ok(method string, params map[string]any) any {
	w.t.Helper()
	status, body := w.call(method, params)
	require.Equal(w.t, 200, status, "%v", body)
	require.NotContains(w.t, body, "error")
	return body["result"]
}

// refused runs a method that must fail.
func (w *world) refused(status int, code, method string, params map[string]any) {
	w.t.Helper()
	got, body := w.call(method, params)
	require.Equal(w.t, status, got, "%v", body)
	require.Equal(w.t, code, body["error"], "%v", body)
	require.Contains(w.t, body, "error_description")
}

// get sends a GET and reads a JSON object.
func (w *world) get(address string) (int, map[string]any) {
	w.t.Helper()
	resp, err := client().Get(address)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var out map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&out)
	return resp.StatusCode, out
}

// oauth asks the token endpoint.
func (w *world) oauth(params url.Values) (int, map[string]any) {
	w.t.Helper()
	return w.get(w.base + "/oauth/token/?" + params.Encode())
}

func refresh(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {secret}, "refresh_token": {token}}
}

// keys lists the keys of a form body in order, still encoded.
func keys(body string) []string {
	var out []string
	for pair := range strings.SplitSeq(body, "&") {
		key, _, _ := strings.Cut(pair, "=")
		out = append(out, key)
	}
	return out
}

// sample reads a captured body; its lines are joined.
func sample(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return strings.ReplaceAll(string(raw), "\n", "")
}

func (w *world) bind(event string) {
	w.t.Helper()
	require.Equal(w.t, true, w.ok("event.bind", map[string]any{"event": event, "handler": w.app.URL + "/events"}))
}

func (w *world) robot(fields map[string]any) {
	w.t.Helper()
	all := map[string]any{
		"CODE": "acme_send", "HANDLER": w.app.URL + "/robots/acme_send", "AUTH_USER_ID": 1, "NAME": map[string]string{"ru": "Отправить"},
		"USE_SUBSCRIPTION": "Y",
		"PROPERTIES": map[string]any{
			"docType": map[string]any{"Name": "Тип", "Type": "select", "Default": "pdf"}, "note": map[string]any{"Name": "Note", "Type": "text"},
		},
		"RETURN_PROPERTIES": map[string]any{"externalId": map[string]any{"Name": "External id", "Type": "string"}},
	}
	for k, v := range fields {
		all[k] = v
	}
	require.Equal(w.t, true, w.ok("bizproc.robot.add", all))
}

func itoa(n int) string { return strconv.Itoa(n) }

func copyBody(to io.Writer, resp *http.Response) (int64, error) {
	defer resp.Body.Close()
	return io.Copy(to, resp.Body)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}
