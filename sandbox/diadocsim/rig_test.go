package diadocsim_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

type object = map[string]any

// rig is a simulator on a real socket with the demo's people, and a client written by hand from the pages.
type rig struct {
	t     *testing.T
	sim   *diadocsim.Server
	demo  diadocsim.Demo
	base  string
	auth  string
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

const redirect = "https://bridge.example.test/diadoc/callback"

func setup(t *testing.T, cfg diadocsim.Config) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	// On a kept connection the transport repeats a GET whose answer was cut, and hides the lever.
	r.wire = &http.Transport{DisableKeepAlives: true}
	cfg.Now = r.clock.Now
	r.sim = diadocsim.New(cfg)
	srv := httptest.NewServer(r.sim)
	t.Cleanup(srv.Close)
	r.base = srv.URL
	r.sim.SetBaseURL(srv.URL)
	r.demo = r.sim.SeedDemo(redirect)
	r.as(r.demo.Login)
	return r
}

// as makes the calls those of another user.
func (r *rig) as(login string) {
	r.t.Helper()
	token, err := r.sim.IssueAccessToken(r.demo.ClientID, login)
	require.NoError(r.t, err)
	r.auth = "Bearer " + token
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (a answer) text() string { return string(a.body) }

func (a answer) json() object {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, a.text())
	var out object
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.UseNumber()
	require.NoError(a.t, dec.Decode(&out), a.text())
	return out
}

// at walks a JSON answer: strings are keys, ints are indexes.
func (a answer) at(path ...any) any {
	a.t.Helper()
	return walk(a.t, a.json(), path...)
}

func (a answer) str(path ...any) string {
	a.t.Helper()
	out, ok := a.at(path...).(string)
	require.True(a.t, ok, "no text at %v in %s", path, a.text())
	return out
}

func walk(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(object)
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

type query = map[string]string

func address(path string, q query) string {
	values := url.Values{}
	for name, value := range q {
		values.Set(name, value)
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

func (r *rig) try(method, path string, header map[string]string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, bytes.NewReader(body))
	require.NoError(r.t, err)
	if r.auth != "" {
		req.Header.Set("Authorization", r.auth)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := r.wire.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{r.t, resp.StatusCode, resp.Header, data}, err
}

func (r *rig) do(method, path string, header map[string]string, body []byte) answer {
	r.t.Helper()
	a, err := r.try(method, path, header, body)
	require.NoError(r.t, err)
	return a
}

var wantJSON = map[string]string{"Accept": "application/json"}

func (r *rig) get(path string, q query) answer {
	r.t.Helper()
	return r.do("GET", "/diadoc"+address(path, q), wantJSON, nil)
}

func (r *rig) post(path string, q query, body any) answer {
	r.t.Helper()
	header := map[string]string{"Accept": "application/json"}
	var data []byte
	if body != nil {
		var err error
		data, err = json.Marshal(body)
		require.NoError(r.t, err)
		header["Content-Type"] = "application/json; charset=utf-8"
	}
	return r.do("POST", "/diadoc"+address(path, q), header, data)
}

func (r *rig) raw(path string, q query, media string, body []byte) answer {
	r.t.Helper()
	return r.do("POST", "/diadoc"+address(path, q), map[string]string{"Content-Type": media}, body)
}

func (r *rig) form(path string, form query) answer {
	r.t.Helper()
	values := url.Values{}
	for name, value := range form {
		values.Set(name, value)
	}
	return r.do("POST", "/identity"+path, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(values.Encode()))
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// signed is a SignedContent over a file, signed by somebody of a box.
func (r *rig) signed(box string, file []byte) object {
	r.t.Helper()
	return object{"Content": b64(file), "Signature": b64(r.signature(box, file))}
}

func (r *rig) signature(box string, file []byte) []byte {
	r.t.Helper()
	signature, err := r.sim.Signature(box, file)
	require.NoError(r.t, err)
	return signature
}

// contract is a message with one file that asks for the partner's signature.
func (r *rig) contract(file string) object {
	return object{"FromBoxId": r.demo.Box, "ToBoxId": r.demo.Partner, "DocumentAttachments": []any{object{
		"TypeNamedId": "Nonformalized", "NeedRecipientSignature": true, "CustomDocumentId": "deal-17/contract",
		"SignedContent": r.signed(r.demo.Box, []byte(file)),
		"Metadata":      []any{object{"Key": "FileName", "Value": "Договор.pdf"}},
		"CustomData":    []any{object{"Key": "crmDealId", "Value": "17"}},
	}}}
}

// sent posts a contract and gives the ids of its document.
func (r *rig) sent() (message, entity string) {
	r.t.Helper()
	a := r.post("/V3/PostMessage", query{"operationId": "op-" + r.t.Name()}, r.contract("договор"))
	return a.str("MessageId"), a.str("Entities", 0, "EntityId")
}

// received lets the partner send us a document and gives its ids.
func (r *rig) received(paper diadocsim.Paper) (message, entity string) {
	r.t.Helper()
	message, err := r.sim.Send(r.demo.Partner, r.demo.Box, paper)
	require.NoError(r.t, err)
	for _, d := range r.sim.Documents() {
		if d.MessageID == message {
			return message, d.EntityID
		}
	}
	r.t.Fatal("no document")
	return "", ""
}

func (r *rig) patch(message string, parts object) answer {
	r.t.Helper()
	body := object{"BoxId": r.demo.Box, "MessageId": message}
	for name, part := range parts {
		body[name] = part
	}
	return r.post("/V4/PostMessagePatch", nil, body)
}

func (r *rig) document(message, entity string) answer {
	r.t.Helper()
	return r.get("/V3/GetDocument", query{"boxId": r.demo.Box, "messageId": message, "entityId": entity})
}

// feed reads the whole feed of our box by pages.
func (r *rig) feed(limit string, filter query) []any {
	r.t.Helper()
	var out []any
	after := ""
	for {
		q := query{"boxId": r.demo.Box, "limit": limit}
		for name, value := range filter {
			q[name] = value
		}
		if after != "" {
			q["afterIndexKey"] = after
		}
		page, _ := r.get("/V8/GetNewEvents", q).at("Events").([]any)
		if len(page) == 0 {
			return out
		}
		out = append(out, page...)
		after, _ = walk(r.t, page[len(page)-1], "IndexKey").(string)
	}
}
