package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/web"
	"konturbridge/bitrix"
)

func TestAccepted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	token := p.Apps[0].Token
	for name, tc := range map[string]struct {
		method, path, body string
		kind, code, part   string
	}{
		"event":        {"POST", "/bitrix/events", eventForm(string(p.ID), token).Encode(), inbox.KindEvent, "ONCRMDEALUPDATE", "2:57"},
		"robot":        {"POST", "/bitrix/robots/realty_extract", robotForm(string(p.ID), token).Encode(), inbox.KindRobot, "realty_extract", "2:57"},
		"webhook":      {"POST", "/bitrix/hooks/" + p.HookSecret + "/realty_status?docflow_id=d1", hookForm(string(p.ID)).Encode(), inbox.KindHook, "realty_status", "2:57"},
		"webhook, GET": {"GET", "/bitrix/hooks/" + p.HookSecret + "/realty_status?" + hookForm(string(p.ID)).Encode(), "", inbox.KindHook, "realty_status", "2:57"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(r.work(t, tc.kind))
			got := r.do(t, tc.method, tc.path, tc.body)
			require.Equal(t, 200, got.status, got.body)
			rows := r.work(t, tc.kind)
			require.Len(t, rows, before+1, "it is stored when it is answered")
			row := rows[len(rows)-1]
			require.Equal(t, []string{tc.code, tc.part}, []string{row.Code, row.Part})
			require.NotContains(t, string(row.Body), token, "no token in the clear")
			require.NotContains(t, string(row.Body), "hsyU")

			if tc.kind != inbox.KindEvent { // an event is only recognised while an unstarted one is in memory
				require.Equal(t, 200, r.do(t, tc.method, tc.path, tc.body).status)
				require.Len(t, r.work(t, tc.kind), before+1, "a repeat is answered and stored once")
			}
		})
	}
	require.NotContains(t, r.journal.text(), token)
	require.NotContains(t, r.journal.text(), p.HookSecret)
	require.Equal(t, 4, r.journal.seen["/bitrix/hooks/:secret/:code OK"], "measured by the route, never by the path")
}

func TestIgnoredEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	before := r.trace(t)
	for _, event := range []string{"ONAPPTEST", "ONAPPMETHODCONFIRM", "ONCRMTIMELINECOMMENTADD", "ONTASKADD", "ONSOMETHINGNEW"} {
		body := form(eventForm(string(p.ID), p.Apps[0].Token), url.Values{"event": {event}})
		require.Equal(t, 200, r.post(t, "/bitrix/events", body).status, event)
	}
	require.Equal(t, before, r.trace(t))
	require.Equal(t, 200, r.post(t, "/bitrix/events", form(eventForm(string(p.ID), p.Apps[0].Token),
		url.Values{"event": {"ONOFFLINEEVENT"}, "data[FIELDS][ID]": {""}})).status)
	require.Len(t, r.work(t, inbox.KindNotice), 1, "the queue is read at once")
}

// refusal is one request that must leave no trace.
type refusal struct {
	method, path, body string
	status             int
	code               string
}

func post(path, body string, status int, code string) refusal {
	return refusal{http.MethodPost, path, body, status, code}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	id, token, hook := string(p.ID), p.Apps[0].Token, "/bitrix/hooks/"+p.HookSecret+"/realty_status"
	event := func(change url.Values) string { return form(eventForm(id, token), change) }
	robot := func(change url.Values) string { return form(robotForm(id, token), change) }
	call := func(change url.Values) string { return form(hookForm(id), change) }
	page := func(change url.Values) string {
		return form(url.Values{"AUTH_ID": {"forged"}, "REFRESH_ID": {"forged"}, "member_id": {id}}, change)
	}
	large := "event=ONCRMDEALUPDATE&x=" + strings.Repeat("x", 1<<20)
	cases := map[string]refusal{
		"event: empty body":           post("/bitrix/events", "", 400, "malformed"),
		"event: JSON":                 post("/bitrix/events", `{"event":"ONCRMDEALUPDATE"}`, 400, "malformed"),
		"event: no event":             post("/bitrix/events", event(url.Values{"event": {""}}), 400, "malformed"),
		"event: no member_id":         post("/bitrix/events", event(url.Values{"auth[member_id]": {""}}), 400, "malformed"),
		"event: id is no number":      post("/bitrix/events", event(url.Values{"data[FIELDS][ID]": {"x"}}), 400, "malformed"),
		"event: broken escape":        post("/bitrix/events", event(nil)+"&a=%zz", 400, "malformed"),
		"event: key twice":            post("/bitrix/events", event(nil)+"&event=ONCRMDEALADD", 400, "malformed"),
		"event: text and map":         post("/bitrix/events", event(nil)+"&auth=x", 400, "malformed"),
		"event: wrong token":          post("/bitrix/events", event(url.Values{"auth[application_token]": {"guess"}}), 403, "forbidden"),
		"event: no token":             post("/bitrix/events", event(url.Values{"auth[application_token]": {""}}), 403, "forbidden"),
		"event: unknown portal":       post("/bitrix/events", event(url.Values{"auth[member_id]": {"nobody"}}), 403, "forbidden"),
		"event: too large":            post("/bitrix/events", large, 413, "too_large"),
		"robot: empty body":           post("/bitrix/robots/realty_extract", "", 400, "malformed"),
		"robot: no event token":       post("/bitrix/robots/realty_extract", robot(url.Values{"event_token": {""}}), 400, "malformed"),
		"robot: no document":          post("/bitrix/robots/realty_extract", robot(url.Values{"document_id[1]": {""}}), 400, "malformed"),
		"robot: no card":              post("/bitrix/robots/realty_extract", robot(url.Values{"document_id[0]": {"lists"}}), 400, "malformed"),
		"robot: code of another":      post("/bitrix/robots/realty_status", robot(nil), 400, "malformed"),
		"robot: unknown action":       post("/bitrix/robots/no_such_action", robot(url.Values{"code": {"no_such_action"}}), 404, "not_found"),
		"robot: wrong token":          post("/bitrix/robots/realty_extract", robot(url.Values{"auth[application_token]": {"guess"}}), 403, "forbidden"),
		"robot: no token":             post("/bitrix/robots/realty_extract", robot(url.Values{"auth[application_token]": {""}}), 403, "forbidden"),
		"robot: unknown portal":       post("/bitrix/robots/realty_extract", robot(url.Values{"auth[member_id]": {"nobody"}}), 403, "forbidden"),
		"robot: too large":            post("/bitrix/robots/realty_extract", large, 413, "too_large"),
		"hook: wrong secret":          post("/bitrix/hooks/guess/realty_status", call(nil), 403, "forbidden"),
		"hook: another portal":        post(hook, call(url.Values{"auth[member_id]": {"nobody"}}), 403, "forbidden"),
		"hook: no member_id":          post(hook, call(url.Values{"auth[member_id]": {""}}), 400, "malformed"),
		"hook: no document":           post(hook, "auth[member_id]="+id, 400, "malformed"),
		"hook: no card":               post(hook, call(url.Values{"document_id[2]": {"DEAL_x"}}), 400, "malformed"),
		"hook: unknown action":        post("/bitrix/hooks/"+p.HookSecret+"/no_such_action", call(nil), 404, "not_found"),
		"hook: nothing by GET":        {http.MethodGet, hook, "", 400, "malformed"},
		"install: empty body":         post("/bitrix/install", "", 400, "malformed"),
		"install: no token":           post("/bitrix/install", page(url.Values{"AUTH_ID": {""}}), 400, "malformed"),
		"install: no member_id":       post("/bitrix/install", page(url.Values{"member_id": {""}}), 400, "malformed"),
		"install: forged":             post("/bitrix/install", page(nil), 403, "forbidden"),
		"install: no refresh token":   post("/bitrix/install", page(url.Values{"REFRESH_ID": {""}}), 403, "forbidden"),
		"install: too large":          post("/bitrix/install", large, 413, "too_large"),
		"install event: forged":       post("/bitrix/install", event(url.Values{"event": {"ONAPPINSTALL"}, "auth[access_token]": {"x"}, "auth[refresh_token]": {"x"}}), 403, "forbidden"),
		"install event: no tokens":    post("/bitrix/install", event(url.Values{"event": {"ONAPPINSTALL"}}), 403, "forbidden"),
		"install event: no app token": post("/bitrix/install", event(url.Values{"event": {"ONAPPINSTALL"}, "auth[application_token]": {""}}), 403, "forbidden"),
		"update: forged":              post("/bitrix/events", event(url.Values{"event": {"ONAPPUPDATE"}, "auth[access_token]": {"x"}, "auth[refresh_token]": {"x"}}), 403, "forbidden"),
		"uninstall: wrong token":      post("/bitrix/events", event(url.Values{"event": {"ONAPPUNINSTALL"}, "auth[application_token]": {"guess"}}), 403, "forbidden"),
		"uninstall: no token":         post("/bitrix/events", event(url.Values{"event": {"ONAPPUNINSTALL"}, "auth[application_token]": {""}}), 403, "forbidden"),
		"page: forged":                post("/bitrix/app", page(nil), 403, "forbidden"),
		"page: unknown portal":        post("/bitrix/app", page(url.Values{"member_id": {"nobody"}}), 403, "forbidden"),
		"page: empty body":            post("/bitrix/app", "", 400, "malformed"),
		"page: options are no JSON":   post("/bitrix/app", page(url.Values{"PLACEMENT_OPTIONS": {"{"}}), 400, "malformed"),
		"tab: forged":                 post("/bitrix/placements/crm_detail_tab", page(nil), 403, "forbidden"),
		"tab: no such widget":         post("/bitrix/placements/other", page(nil), 404, "not_found"),
		"no such address":             post("/bitrix/elsewhere", "", 404, "not_found"),
		"wrong method":                {http.MethodDelete, "/bitrix/events", "", 405, "method_not_allowed"},
		"progress: no session":        {http.MethodGet, "/bitrix/pages/setup", "", 401, "unauthorized"},
		"fragment: no session":        {http.MethodGet, "/bitrix/pages/tab", "", 401, "unauthorized"},
		"asset: not there":            {http.MethodGet, "/bitrix/assets/none.css", "", 404, "not_found"},
		"asset: out of the folder":    {http.MethodGet, "/bitrix/assets/..%2Fpage.go", "", 404, "not_found"},
	}
	before := r.trace(t)
	bodies := map[string]bool{}
	for name, tc := range cases {
		got := r.do(t, tc.method, tc.path, tc.body)
		require.Equal(t, tc.status, got.status, name+": "+got.body)
		require.Equal(t, tc.code, got.failure(t), name)
		if tc.status == 403 {
			bodies[got.body] = true
		}
	}
	require.Equal(t, before, r.trace(t), "nothing is stored")
	require.Len(t, bodies, 1, "all that is not trusted looks the same")
	for _, reason := range []string{"application_token is missing", "application_token is not the portal's", "portal is not known",
		"secret is not known", "secret belongs to another portal"} {
		require.Contains(t, r.journal.text(), reason, "the log says which it was")
	}
	require.NotContains(t, r.journal.text(), p.HookSecret)
	require.NotContains(t, r.journal.text(), token)
}

func TestPausedAndRemovedPortals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	id, token := string(p.ID), p.Apps[0].Token
	requests := func() []answer {
		return []answer{
			r.post(t, "/bitrix/events", eventForm(id, token).Encode()),
			r.post(t, "/bitrix/robots/realty_extract", robotForm(id, token).Encode()),
			r.post(t, "/bitrix/hooks/"+p.HookSecret+"/realty_status", hookForm(id).Encode()),
		}
	}
	require.NoError(t, r.store.SetPortalState(t.Context(), p.ID, portal.Paused))
	before := r.trace(t)
	for _, got := range requests() {
		require.Equal(t, 200, got.status, "it waits until the portal is reconnected: nothing comes twice")
	}
	waiting := r.trace(t)
	require.Equal(t, before[0]+3, waiting[0])
	before = waiting
	require.NoError(t, r.store.RemoveApplication(t.Context(), p.ID, clientID, false))
	require.NoError(t, r.directory.Reload(t.Context()))
	for _, got := range requests() {
		require.Equal(t, 403, got.status)
	}
	require.Equal(t, before, r.trace(t))
}

func TestCompressedBodyIsNotUnpacked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(bytes.Repeat([]byte("a"), 64<<20))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got := r.do(t, http.MethodPost, "/bitrix/events", packed.String(), "Content-Encoding", "gzip")
	require.Equal(t, 400, got.status, got.body)
}

// stuck is an inbox whose database does not answer, or refuses.
type stuck struct{ err error }

func (s stuck) accept(ctx context.Context) (bool, error) {
	if s.err != nil {
		return false, s.err
	}
	<-ctx.Done()
	return false, ctx.Err()
}

func (s stuck) Robot(ctx context.Context, _ string, _ bitrix.RobotCall) (bool, error) {
	return s.accept(ctx)
}
func (s stuck) Hook(ctx context.Context, _, _ string, _ bitrix.Hook) (bool, error) {
	return s.accept(ctx)
}
func (s stuck) Event(ctx context.Context, _ string, _ bitrix.Event) (bool, error) {
	return s.accept(ctx)
}

func (s stuck) Notice(ctx context.Context, _ string) error {
	_, err := s.accept(ctx)
	return err
}

func TestDatabaseRefuses(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"down":        fmt.Errorf("%w: disk full", lane.ErrStoreDown),
		"busy":        errors.New("too much is waiting to be stored"),
		"over 2 s":    nil,
		"fails oddly": errors.New("anything"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(d *web.Deps) { d.Inbox = stuck{err} })
			p := r.install(t)
			answers := make([]answer, 4)
			var asked sync.WaitGroup // side by side: one of the cases takes its two seconds
			asked.Go(func() { answers[0] = r.post(t, "/bitrix/events", eventForm(string(p.ID), p.Apps[0].Token).Encode()) })
			asked.Go(func() {
				answers[1] = r.post(t, "/bitrix/robots/realty_extract", robotForm(string(p.ID), p.Apps[0].Token).Encode())
			})
			asked.Go(func() {
				answers[2] = r.post(t, "/bitrix/hooks/"+p.HookSecret+"/realty_status", hookForm(string(p.ID)).Encode())
			})
			asked.Go(func() {
				body := form(eventForm(string(p.ID), p.Apps[0].Token), url.Values{"event": {"ONOFFLINEEVENT"}})
				answers[3] = r.post(t, "/bitrix/events", body)
			})
			asked.Wait()
			for _, got := range answers {
				require.Equal(t, 503, got.status)
				require.Equal(t, "unavailable", got.failure(t))
			}
		})
	}
}

// panicking is a bug.
type panicking struct{ stuck }

func (panicking) Robot(context.Context, string, bitrix.RobotCall) (bool, error) { panic("a bug") }

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(d *web.Deps) { d.Inbox = panicking{} })
	p := r.install(t)
	got := r.post(t, "/bitrix/robots/realty_extract", robotForm(string(p.ID), p.Apps[0].Token).Encode())
	require.Equal(t, 500, got.status)
	require.Equal(t, "internal", got.failure(t))
	require.NotContains(t, got.body, "a bug")
	require.Contains(t, r.journal.text(), "a bug")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Equal(t, 200, r.do(t, http.MethodGet, "/healthz", "").status)
	require.Equal(t, 200, r.do(t, http.MethodGet, "/readyz", "").status)
	down := newRig(t, func(d *web.Deps) { d.Ready = func(context.Context) error { return errors.New("no database") } })
	require.Equal(t, 200, down.do(t, http.MethodGet, "/healthz", "").status)
	got := down.do(t, http.MethodGet, "/readyz", "")
	require.Equal(t, 503, got.status)
	require.Equal(t, "unavailable", got.failure(t))
}
