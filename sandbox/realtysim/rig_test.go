package realtysim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

const (
	accountID = "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"
	strangers = "00000000-0000-4000-8000-0000000000aa"
)

// rig is a simulator on a real socket with one logged-in account.
type rig struct {
	t     *testing.T
	sim   *realtysim.Server
	base  string
	sid   string
	clock *clock
	wire  *http.Transport
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func setup(t *testing.T, cfg realtysim.Config) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	// On a kept connection the transport repeats a GET whose answer was cut, and hides the lever.
	r.wire = &http.Transport{DisableKeepAlives: true}
	cfg.Now = r.clock.Now
	r.sim = realtysim.New(cfg)
	srv := httptest.NewServer(r.sim)
	t.Cleanup(srv.Close)
	r.base = srv.URL + "/realty/v1"
	r.sim.SetBaseURL(r.base)
	r.sim.AddAccount("email@yandex.ru", "123", accountID)
	r.sid = r.login("email@yandex.ru", "123", accountID)
	return r
}

func (r *rig) login(login, password, account string) string {
	r.t.Helper()
	body, err := json.Marshal(map[string]string{"login": login, "password": password, "accountId": account})
	require.NoError(r.t, err)
	a := r.post("/auth", "application/json", body)
	require.Equal(r.t, 200, a.status, a.text())
	sid, _ := a.json()["sessionId"].(string)
	require.Regexp(r.t, `^[0-9a-f]{32}$`, sid)
	return sid
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (a answer) text() string { return string(a.body) }

func (a answer) json() map[string]any {
	a.t.Helper()
	var out map[string]any
	require.NoError(a.t, json.Unmarshal(a.body, &out), a.text())
	return out
}

// at walks a JSON answer: strings are keys, ints are indexes.
func (a answer) at(path ...any) any {
	a.t.Helper()
	return walk(a.t, a.json(), path...)
}

func walk(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "no object at %v in %v", step, v)
			v = m[step]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && step < len(l), "no element %v in %v", step, v)
			v = l[step]
		}
	}
	return v
}

func (r *rig) try(method, path, media string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, bytes.NewReader(body))
	require.NoError(r.t, err)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if r.sid != "" {
		req.Header.Set("Authorization", "auth.sid "+r.sid)
	}
	resp, err := r.wire.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{r.t, resp.StatusCode, resp.Header, data}, err
}

func (r *rig) do(method, path, media string, body []byte) answer {
	r.t.Helper()
	a, err := r.try(method, path, media, body)
	require.NoError(r.t, err)
	return a
}

func (r *rig) post(path, media string, body []byte) answer {
	r.t.Helper()
	return r.do("POST", path, media, body)
}

func (r *rig) get(path string) answer {
	r.t.Helper()
	return r.do("GET", path, "", nil)
}

func (r *rig) create(typ string, body []byte) answer {
	r.t.Helper()
	return r.post("/docflows/"+typ, "application/json", body)
}

func (r *rig) extract(requestID string) string {
	r.t.Helper()
	a := r.create("object_request", []byte(`{"requestId":"`+requestID+`","options":{"type":"info","cadastralNumber":"47:14:1203001:814"}}`))
	require.Equal(r.t, 200, a.status, a.text())
	return a.at("docflowId").(string)
}

// registration files right_movement_request.json and returns its id and the ids of its statements.
func (r *rig) registration() (string, []string) {
	r.t.Helper()
	a := r.create("right_movement_request", r.example("right_movement_request.json"))
	require.Equal(r.t, 201, a.status, a.text())
	id := a.at("docflowId").(string)
	var files []string
	d, ok := r.sim.Docflow(id)
	require.True(r.t, ok)
	for _, st := range d.Statements {
		files = append(files, st.FileID)
	}
	return id, files
}

// signed files a registration and brings it to queued.
func (r *rig) signed() string {
	r.t.Helper()
	id, files := r.registration()
	for _, f := range files {
		require.Equal(r.t, 204, r.post("/docflows/"+id+"/files/"+f+"/signatures", "", r.signature(id, f)).status)
	}
	require.Equal(r.t, 200, r.post("/docflows/"+id, "", nil).status)
	return id
}

// signature is the good one of a statement by its first person.
func (r *rig) signature(id, file string) []byte {
	r.t.Helper()
	for _, st := range r.docflow(id).Statements {
		if st.FileID == file {
			data, err := r.sim.SignatureOf(id, file, st.Persons[0])
			require.NoError(r.t, err)
			return data
		}
	}
	r.t.Fatalf("no statement %s", file)
	return nil
}

func (r *rig) state(id string) string {
	r.t.Helper()
	return r.get("/docflows/" + id).at("state").(string)
}

func (r *rig) news(after string) answer {
	r.t.Helper()
	if after == "" {
		return r.get("/news")
	}
	return r.get("/news?after=" + after)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

var (
	pointerIn   = regexp.MustCompile(`"contentPointer":\s*\{\s*"id":\s*"([^"]+)"`)
	signatureIn = regexp.MustCompile(`"id":\s*"([^"]+)"`)
)

// example reads a create body and uploads, under the printed ids, everything that it points to.
func (r *rig) example(name string) []byte {
	r.t.Helper()
	body := read(r.t, name)
	seedContents(r.sim, body)
	return body
}

func seedContents(sim *realtysim.Server, body []byte) {
	for _, m := range signatureIn.FindAllSubmatch(body, -1) {
		sim.AddContent(accountID, string(m[1]), "application/x-pkcs7-signature", []byte("signature"))
	}
	for _, m := range pointerIn.FindAllSubmatch(body, -1) {
		sim.AddContent(accountID, string(m[1]), "application/pdf", []byte("%PDF"))
	}
}

var guid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// sameForm compares an answer with a printed body, taking ids, links and what vary names as equal.
func (r *rig) sameForm(name string, a answer, vary ...string) {
	r.t.Helper()
	plain := func(text string) string {
		text = strings.NewReplacer(r.base, "BASE", "https://api.kontur.ru/realty/v1", "BASE").Replace(text)
		text = guid.ReplaceAllString(text, "GUID")
		for _, key := range vary {
			text = regexp.MustCompile(`"`+key+`":\s*"[^"]*"`).ReplaceAllString(text, `"`+key+`":"ANY"`)
		}
		return text
	}
	require.JSONEq(r.t, plain(string(read(r.t, name))), plain(a.text()))
}
