package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/app/web"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

const once = "0123456789abcdef0123456789abcdef"

// testDesk is a page package that answers with what it was asked.
func testDesk(t *testing.T) page.Desk {
	t.Helper()
	set, err := page.NewSet(fstest.MapFS{"list.html": {Data: []byte(`{{define "list"}}<p>{{t "Привет" "Hello"}}, {{.Session.Domain}} {{.Query.Get "q"}} {{.Params}} {{.Session.Card}}</p>{{end}}`)}}, "*.html")
	require.NoError(t, err)
	show := func(_ context.Context, r page.Request) (page.Response, error) { return set.Render(r, "list", r) }
	return page.Desk{
		Tabs: []page.Tab{{Path: "list", RU: "Список", EN: "List", Right: page.Look}, {Path: "settings", RU: "Настройки", EN: "Settings", Right: page.Manage}},
		Routes: []page.Route{
			{Method: "GET", Path: "list", Right: page.Look, Do: show},
			{Method: "GET", Path: "item/:id", Right: page.Look, Do: show},
			{Method: "GET", Path: "tab", Right: page.See, Do: show},
			{Method: "GET", Path: "settings", Right: page.Manage, Do: show},
			{Method: "GET", Path: "long", Right: page.Look, Do: func(context.Context, page.Request) (page.Response, error) {
				return page.Response{HTML: bytes.Repeat([]byte("<p>строка</p>"), 500)}, nil
			}},
			{Method: "POST", Path: "form", Right: page.Look, Do: func(_ context.Context, r page.Request) (page.Response, error) {
				return page.Response{JSON: map[string]any{"form": r.Form, "files": r.Files, "once": r.Once}, Say: page.Good("Готово ✓", "Done"), Refresh: true}, nil
			}},
			{Method: "POST", Path: "act", Right: page.Act, Do: show},
			{Method: "GET", Path: "file", Right: page.Look, Do: func(context.Context, page.Request) (page.Response, error) {
				return page.Response{File: &page.File{Name: "Выписка «Дом».pdf", Type: "application/pdf", Size: 4, Body: io.NopCloser(strings.NewReader("%PDF"))}}, nil
			}},
			{Method: "GET", Path: "bad/:kind", Right: page.Look, Do: fails},
			{Method: "POST", Path: "bad/:kind", Right: page.Look, Do: fails},
		},
	}
}

// saidNo is an upstream's business no.
type saidNo struct{ error }

func (saidNo) UpstreamClass() upstream.Class { return upstream.Refused }
func (saidNo) RetryAt() time.Time            { return time.Time{} }
func (saidNo) MaybeDone() bool               { return false }

func fails(_ context.Context, r page.Request) (page.Response, error) {
	switch r.Params["kind"] {
	case "problem":
		return page.Response{}, &page.Problem{RU: "Нельзя <b>так</b>", EN: "Not <b>so</b>"}
	case "missing":
		return page.Response{}, page.NotFound()
	case "refusal":
		return page.Response{}, fmt.Errorf("read: %w", &docflow.Refusal{Code: "no_connection", CRMText: "Нет подключения", TextEN: "No connection"})
	case "upstream":
		return page.Response{}, fmt.Errorf("read: %w", saidNo{errors.New("secret trouble")})
	case "panic":
		panic("a bug")
	default:
		return page.Response{}, errors.New("the database's secret trouble")
	}
}

// bearer gives the headers of a page's request.
func (r *rig) bearer(t *testing.T, s portal.Session, more ...string) []string {
	t.Helper()
	token, err := r.sessions.Issue(s)
	require.NoError(t, err)
	return append([]string{"Authorization", "Bearer " + token, "HX-Request", "true"}, more...)
}

func TestFragments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	anyone := portal.Session{Portal: p.ID, UserID: 2}
	got := r.do(t, "GET", "/bitrix/pages/list?q=%3Cscript%3E", "", r.bearer(t, anyone)...)
	require.Equal(t, 200, got.status)
	require.Contains(t, got.body, "Привет, "+p.Domain+" &lt;script&gt;")
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	require.Empty(t, got.header.Values("Set-Cookie"))
	version := got.header.Get("ETag")
	require.Equal(t, 204, r.do(t, "GET", "/bitrix/pages/list?q=%3Cscript%3E", "", r.bearer(t, anyone, "If-None-Match", version)...).status, "it is shown already")
	require.Contains(t, r.do(t, "GET", "/bitrix/pages/list", "", r.bearer(t, anyone, "Bridge-Lang", "en")...).body, "Hello")
	require.Contains(t, r.do(t, "GET", "/bitrix/pages/item/a%2Fb", "", r.bearer(t, anyone)...).body, "map[id:a/b]")

	file := r.do(t, "GET", "/bitrix/pages/file", "", r.bearer(t, anyone)...)
	require.Equal(t, "%PDF", file.body)
	require.True(t, strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment; filename*=utf-8''"), file.header)
	require.Contains(t, file.header.Get("Content-Security-Policy"), "sandbox")

	long := r.do(t, "GET", "/bitrix/pages/long", "", r.bearer(t, anyone, "Accept-Encoding", "gzip")...)
	require.Equal(t, "gzip", long.header.Get("Content-Encoding"))
	unpacked, err := gzip.NewReader(strings.NewReader(long.body))
	require.NoError(t, err)
	whole, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.Contains(t, string(whole), "строка")
}

// TestWhoMayAsk: every way of not being who may ask is refused before a page package hears of it.
func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	anyone := portal.Session{Portal: p.ID, UserID: 2}
	card, admin := anyone, anyone
	card.Card = docflow.Card{EntityType: 2, ID: 57}
	admin.Admin = true
	token, err := r.sessions.Issue(admin)
	require.NoError(t, err)
	old, err := portal.NewSessions(make([]byte, 32), nil, func() time.Time { return time.Now().Add(-2 * time.Hour) }).Issue(admin)
	require.NoError(t, err)
	foreign, err := portal.NewSessions(bytes.Repeat([]byte{1}, 32), nil, nil).Issue(admin)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		header []string
		path   string
		status int
		kind   string
	}{
		"no session":        {[]string{"HX-Request", "true"}, "list", 401, "ended"},
		"no Bearer":         {[]string{"HX-Request", "true", "Authorization", token}, "list", 401, "ended"},
		"a cookie":          {[]string{"HX-Request", "true", "Cookie", "session=" + token}, "list", 401, "ended"},
		"in the address":    {[]string{"HX-Request", "true"}, "list?session=" + token, 401, "ended"},
		"altered":           {[]string{"HX-Request", "true", "Authorization", "Bearer " + token[:len(token)-2] + "xx"}, "list", 401, "ended"},
		"expired":           {[]string{"HX-Request", "true", "Authorization", "Bearer " + old}, "list", 401, "ended"},
		"of another key":    {[]string{"HX-Request", "true", "Authorization", "Bearer " + foreign}, "list", 401, "ended"},
		"unknown portal":    {r.bearer(t, portal.Session{Portal: "nobody", Admin: true}), "list", 403, "denied"},
		"no administrator":  {r.bearer(t, card), "settings", 403, "denied"},
		"no card":           {r.bearer(t, admin), "tab", 403, "denied"},
		"an administrator":  {r.bearer(t, admin), "settings", 200, ""},
		"in a card":         {r.bearer(t, card), "tab", 200, ""},
		"there is no such":  {r.bearer(t, admin), "nothing", 404, ""},
		"a POST as a GET":   {r.bearer(t, admin), "form", 405, ""},
		"a form of nobody":  {nil, "bad/problem", 401, ""},
		"what does not fit": {r.bearer(t, admin), "bad/problem", 422, "broken"},
	} {
		got := r.do(t, "GET", "/bitrix/pages/"+tc.path, "", tc.header...)
		require.Equal(t, tc.status, got.status, name+got.body)
		if tc.kind != "" {
			require.Contains(t, got.body, `data-failure="`+tc.kind+`"`, name)
		}
	}
	require.Equal(t, "#view", r.do(t, "GET", "/bitrix/pages/list", "", "HX-Request", "true").header.Get("HX-Retarget"))
	require.NoError(t, r.store.SetPortalState(t.Context(), p.ID, portal.Removed))
	require.NoError(t, r.directory.Reload(t.Context()))
	require.Equal(t, 403, r.do(t, "GET", "/bitrix/pages/list", "", r.bearer(t, admin)...).status, "a session ends with its portal")
}

func TestForms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	anyone := portal.Session{Portal: p.ID, UserID: 2}
	got := r.do(t, "POST", "/bitrix/pages/form", "a=1&a=2&b=%D1%8F", r.bearer(t, anyone, "Bridge-Once", once)...)
	require.JSONEq(t, `{"form":{"a":["1","2"],"b":["я"]},"files":null,"once":"`+once+`"}`, got.body)
	var said map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.header.Get("HX-Trigger")), &said))
	require.Equal(t, map[string]any{"say": map[string]any{"kind": "good", "text": "Готово ✓"}, "refresh": true}, said)
	require.Equal(t, 400, r.do(t, "POST", "/bitrix/pages/form", "a=1", r.bearer(t, anyone)...).status, "without a one-time value")
	require.Equal(t, 400, r.do(t, "POST", "/bitrix/pages/form", "{}", r.bearer(t, anyone, "Bridge-Once", once, "Content-Type", "application/json")...).status)
	require.Equal(t, 403, r.do(t, "POST", "/bitrix/pages/act", "", r.bearer(t, anyone, "Bridge-Once", once)...).status)

	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(t, w.WriteField("docflow", "d-1"))
	for _, name := range []string{"заявление.sig", "second.sig"} {
		part, err := w.CreateFormFile("signatures", name)
		require.NoError(t, err)
		_, err = part.Write([]byte{0x30, 0x80, 0})
		require.NoError(t, err)
	}
	_, err := w.CreateFormFile("signatures", "") // an input in which nothing was chosen
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got = r.do(t, "POST", "/bitrix/pages/form", body.String(), r.bearer(t, anyone, "Bridge-Once", once, "Content-Type", w.FormDataContentType())...)
	var echoed struct {
		Form  map[string][]string
		Files []page.Upload
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &echoed))
	require.Equal(t, map[string][]string{"docflow": {"d-1"}}, echoed.Form)
	require.Equal(t, []page.Upload{{Field: "signatures", Name: "заявление.sig", Data: []byte{0x30, 0x80, 0}}, {Field: "signatures", Name: "second.sig", Data: []byte{0x30, 0x80, 0}}}, echoed.Files)
}

// TestTroubles: what people can act on is told, the rest is in the log alone.
func TestTroubles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	s := portal.Session{Portal: p.ID, UserID: 2}
	for name, tc := range map[string]struct {
		path, lang string
		status     int
		text       string
	}{
		"a problem":       {"bad/problem", "ru", 422, "Нельзя &lt;b&gt;так&lt;/b&gt;"},
		"in English":      {"bad/problem", "en", 422, "Not &lt;b&gt;so&lt;/b&gt;"},
		"not there":       {"bad/missing", "ru", 404, "Этого здесь нет"},
		"a refusal":       {"bad/refusal", "ru", 422, "Нет подключения"},
		"upstream's no":   {"bad/upstream", "ru", 502, "Сервис отказал"},
		"the database":    {"bad/database", "ru", 503, "не отвечает"},
		"nothing is told": {"bad/database", "en", 503, "Try again in a minute"},
	} {
		got := r.do(t, "GET", "/bitrix/pages/"+tc.path, "", r.bearer(t, s, "Bridge-Lang", tc.lang)...)
		require.Equal(t, tc.status, got.status, name)
		require.Contains(t, got.body, tc.text, name)
		require.NotContains(t, got.body, "secret trouble")
		got = r.do(t, "POST", "/bitrix/pages/"+tc.path, "", r.bearer(t, s, "Bridge-Lang", tc.lang, "Bridge-Once", once)...)
		require.Equal(t, tc.status, got.status, name)
		require.Equal(t, "none", got.header.Get("HX-Reswap"), "the form stays as it is")
		require.Contains(t, got.header.Get("HX-Trigger"), `"kind":"bad"`)
	}
	require.Equal(t, 500, r.do(t, "GET", "/bitrix/pages/bad/panic", "", r.bearer(t, s)...).status)
	require.Contains(t, r.journal.text(), "secret trouble")
	plain := r.bearer(t, s)[:2]
	require.Equal(t, "refused", r.do(t, "GET", "/bitrix/pages/bad/problem", "", plain...).failure(t))
}

// TestMayIsAsked: a portal's own rule about who may do what decides.
func TestMayIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *web.Deps) {
		d.May = func(_ context.Context, s page.Session, right page.Right) (bool, error) {
			return right != page.Act && page.May(s, right), nil
		}
	})
	p := r.install(t)
	s := portal.Session{Portal: p.ID, UserID: 2, Card: docflow.Card{EntityType: 2, ID: 57}}
	require.Equal(t, 403, r.do(t, "POST", "/bitrix/pages/act", "", r.bearer(t, s, "Bridge-Once", once)...).status)
	require.Equal(t, 200, r.do(t, "GET", "/bitrix/pages/tab", "", r.bearer(t, s)...).status)
}

// TestFirstPaint: what a page needs before it shows anything stays small, packed and even unpacked.
func TestFirstPaint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	deal := r.portal.CreateItem(bitrixsim.Deal, map[string]any{"TITLE": "Продажа"})
	for _, shown := range []answer{r.open(t, "", 1), r.open(t, `{"ID":"`+bitrix.ID(deal).String()+`"}`, 1)} {
		wire, whole := len(shown.body), len(shown.body)
		for _, m := range regexp.MustCompile(`"(/bitrix/assets/[^"]+)"`).FindAllStringSubmatch(shown.body, -1) {
			wire += len(r.do(t, http.MethodGet, m[1], "", "Accept-Encoding", "gzip").body)
			whole += len(r.do(t, http.MethodGet, m[1], "", "Accept-Encoding", "identity").body)
		}
		require.Less(t, wire, 40_000)
		require.Less(t, whole, 100_000)
	}
}

func TestAssetsArePackedAndKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, name := range []string{"page.css", "page.js", "htmx.min.js"} {
		got := r.do(t, http.MethodGet, "/bitrix/assets/"+name, "", "Accept-Encoding", "gzip")
		require.Equal(t, "gzip", got.header.Get("Content-Encoding"), name)
		require.Equal(t, 304, r.do(t, http.MethodGet, "/bitrix/assets/"+name, "", "If-None-Match", got.header.Get("ETag")).status)
		require.Greater(t, len(r.do(t, http.MethodGet, "/bitrix/assets/"+name, "", "Accept-Encoding", "identity").body), len(got.body))
	}
}
