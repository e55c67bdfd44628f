package bitrixsim_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// form posts a urlencoded body and gives the raw answer.
func (w *world) form(method, body string) string {
	w.t.Helper()
	resp, err := http.Post(w.portal.Endpoint()+method, "application/x-www-form-urlencoded", strings.NewReader(body))
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return string(raw)
}

func TestEnvelopeAndEncodings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Дом <1>"})
	status, body := w.get(w.portal.Endpoint() + "CRM.deal.GET.json?auth=" + w.token + "&ID=" + itoa(id))
	require.Equal(t, 200, status)
	require.Equal(t, "Дом <1>", body["result"].(map[string]any)["TITLE"])
	block := body["time"].(map[string]any)
	for _, key := range []string{"start", "finish", "duration", "processing", "date_start", "date_finish", "operating", "operating_reset_at"} {
		require.Contains(t, block, key)
	}
	raw := w.form("crm.item.update", "auth="+w.token+"&entityTypeId=2&id="+itoa(id)+"&fields[title]=%D0%94&fields[contactIds][]=7&fields[contactIds][]=8")
	require.Contains(t, raw, `"title":"Д"`)
	card, _ := w.portal.Item(bitrixsim.Deal, id)
	require.Equal(t, []any{7, 8}, card["contactIds"])
	require.Equal(t, 7, card["contactId"])
	require.Contains(t, w.form("profile", "auth=%zz"), "INVALID_REQUEST")
	status, body = w.get(w.base + "/portal/nowhere/rest/profile")
	require.Equal(t, 404, status)
	require.Nil(t, body)
	calls := w.portal.Calls()
	require.Equal(t, "crm.deal.get", calls[0].Method)
	require.Equal(t, 1, calls[0].UserID)
}

func TestSystemErrorsAndRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.AddApp(bitrixsim.App{ClientID: "local.poor", ClientSecret: "x", HandlerURL: w.app.URL, InstallURL: w.app.URL, NoUI: true})
	require.NoError(t, w.portal.Install(t.Context(), "local.poor"))
	poor, _ := w.portal.IssueTokens("local.poor", 1)
	hook := w.portal.AddWebhook(2, "crm")
	for name, tc := range map[string]struct {
		status  int
		code    any
		address string
		token   string
	}{
		"unknown method":         {404, "ERROR_METHOD_NOT_FOUND", w.portal.Endpoint() + "crm.nothing", w.token},
		"scope":                  {403, "insufficient_scope", w.portal.Endpoint() + "crm.deal.list", poor},
		"webhook: no context":    {400, "ACCESS_DENIED", hook + "app.info", ""},
		"webhook: options":       {400, "AccessException", hook + "app.option.get", ""},
		"webhook: placement":     {403, "insufficient_scope", hook + "placement.list", ""},
		"webhook: wrong secret":  {401, "INVALID_CREDENTIALS", w.portal.Endpoint() + "2/nonsense/profile", ""},
		"webhook: wrong user":    {401, "INVALID_CREDENTIALS", strings.Replace(hook, "/2/", "/1/", 1) + "profile", ""},
		"webhook works":          {200, nil, hook + "crm.deal.list", ""},
		"basic needs no scope":   {200, nil, w.portal.Endpoint() + "profile", poor},
		"too many path segments": {404, "ERROR_METHOD_NOT_FOUND", w.portal.Endpoint() + "a/b/c/d", w.token},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := w.post(tc.address, map[string]any{"auth": tc.token})
			require.Equal(t, tc.status, status)
			require.Equal(t, tc.code, body["error"])
		})
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	company := w.portal.CreateItem(bitrixsim.Company, map[string]any{"title": "ООО"})
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"companyId": company})
	batch := func(halt int, cmd map[string]string) map[string]any {
		return w.ok("batch", map[string]any{"halt": halt, "cmd": cmd}).(map[string]any)
	}
	got := batch(1, map[string]string{
		"a01": "crm.item.get?entityTypeId=2&id=" + itoa(deal),
		"a02": "crm.item.get?entityTypeId=4&id=$result[a01][item][companyId]",
		"a03": "crm.deal.list?filter[TITLE]=nothing",
	})
	result := got["result"].(map[string]any)
	require.Equal(t, "ООО", result["a02"].(map[string]any)["item"].(map[string]any)["title"])
	require.Equal(t, []any{}, got["result_error"])
	require.Equal(t, []any{}, got["result_next"])
	require.Equal(t, map[string]any{"a03": 0.0}, got["result_total"])
	require.Len(t, got["result_time"], 3)

	broken := map[string]string{"a": "crm.item.get?entityTypeId=2&id=1", "b": "batch?x=1", "c": "disk.folder.uploadFile?id=1", "d": "profile"}
	got = batch(0, broken)
	errs := got["result_error"].(map[string]any)
	require.Equal(t, "NOT_FOUND", errs["a"].(map[string]any)["error"])
	require.Equal(t, "ERROR_BATCH_METHOD_NOT_ALLOWED", errs["b"].(map[string]any)["error"])
	require.Equal(t, "ERROR_BATCH_METHOD_NOT_ALLOWED", errs["c"].(map[string]any)["error"])
	require.Contains(t, got["result"], "d")
	got = batch(1, broken)
	require.Len(t, got["result_error"], 1)
	require.Equal(t, []any{}, got["result"])

	many := map[string]string{}
	for i := range 52 {
		many[fmt.Sprintf("c%02d", i)] = "profile"
	}
	got = batch(0, many)
	require.Len(t, got["result"], 50)
	require.Equal(t, "ERROR_BATCH_LENGTH_EXCEEDED", got["result_error"].(map[string]any)["c50"].(map[string]any)["error"])
	got = batch(0, map[string]string{"0": "profile", "1": "server.time"})
	require.Len(t, got["result"].([]any), 2, "names 0..n-1 come back as a list")
	before := w.portal.Requests()
	batch(0, map[string]string{"x": "profile"})
	require.Equal(t, before+1, w.portal.Requests())
	calls := w.portal.Calls()
	require.True(t, calls[len(calls)-2].InBatch)
	w.refused(400, "100", "batch", nil)
}

func TestBatchRunsInTheOrderGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	raw := w.form("batch", "auth="+w.token+"&cmd[z]=profile&cmd[a]="+url.QueryEscape("user.get?ID=$result[z][ID]"))
	require.Contains(t, raw, `"result":{"z":{`)
	require.Contains(t, raw, `"a":[{`)
	require.Less(t, strings.Index(raw, `"z"`), strings.Index(raw, `"a"`))
}

func TestLevers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	update := map[string]any{"entityTypeId": 2, "id": deal, "fields": map[string]any{"title": "новое"}}
	title := func() any { card, _ := w.portal.Item(bitrixsim.Deal, deal); return card["title"] }
	old := title()
	try := func() error {
		_, err := http.Post(w.portal.Endpoint()+"crm.item.update", "application/x-www-form-urlencoded",
			strings.NewReader("auth="+w.token+"&entityTypeId=2&id="+itoa(deal)+"&fields[title]=dropped"))
		return err
	}
	w.portal.FailNext("crm.item.update", 503, "QUERY_LIMIT_EXCEEDED", 2)
	w.refused(503, "QUERY_LIMIT_EXCEEDED", "crm.item.update", update)
	got := w.ok("batch", map[string]any{"cmd": map[string]string{"a": "crm.item.update?entityTypeId=2&id=1"}}).(map[string]any)
	require.Equal(t, "QUERY_LIMIT_EXCEEDED", got["result_error"].(map[string]any)["a"].(map[string]any)["error"])
	w.portal.FailNext("", 502, "", 1)
	status, body := w.call("profile", nil)
	require.Equal(t, 502, status)
	require.Nil(t, body, "an HTML page")
	w.portal.LoseRequestNext("crm.item.update")
	require.Error(t, try())
	require.Equal(t, old, title())
	w.portal.DropAnswerNext("crm.item.update")
	require.Error(t, try())
	require.Equal(t, "dropped", title())
	w.portal.HangNext("crm.item.update", time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.portal.Endpoint()+"crm.item.update?auth="+w.token, http.NoBody)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, "новое", w.ok("crm.item.update", update).(map[string]any)["item"].(map[string]any)["title"])
}

func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.portal.Endpoint()
	w.portal.Rename("omega")
	w.portal.Rename("psi")
	require.Equal(t, "psi", w.portal.Name())
	resp, err := client().Post(old+"profile?auth="+w.token, "application/x-www-form-urlencoded", strings.NewReader("a=b"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusFound, resp.StatusCode)
	require.Equal(t, w.portal.Endpoint()+"profile?auth="+w.token, resp.Header.Get("Location"))
	_, body := w.oauth(refresh(w.fresh))
	require.Equal(t, w.portal.Endpoint(), body["client_endpoint"])
	w.ok("profile", nil)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	for family, size := range map[string]int{"pro": 50, "ent": 250} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.portal.SetPlan(family)
			w.portal.LimitRate(true)
			for range size {
				w.ok("profile", nil)
			}
			w.refused(503, "QUERY_LIMIT_EXCEEDED", "batch", map[string]any{"cmd": map[string]string{"a": "profile"}})
			w.clock.add(time.Second)
			w.ok("profile", nil)
			w.portal.LimitRate(false)
			w.ok("profile", nil)
		})
	}
}

func TestOperatingLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.SetOperatingCost("crm.item.list", 479*time.Second)
	params := map[string]any{"entityTypeId": 2}
	w.ok("crm.item.list", params)
	_, body := w.call("crm.item.list", params)
	require.Equal(t, 958.0, body["time"].(map[string]any)["operating"], "the call that crosses the line completes")
	w.refused(429, "OPERATION_TIME_LIMIT", "crm.item.list", params)
	w.ok("profile", nil)
	w.clock.add(10 * time.Minute)
	w.ok("crm.item.list", params)
}

func TestSystemMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, true, w.ok("user.admin", nil))
	require.Contains(t, w.ok("scope", nil), "bizproc")
	require.Contains(t, w.ok("scope", map[string]any{"full": true}), "task")
	require.Equal(t, map[string]any{"isExisting": true, "isAvailable": true}, w.ok("method.get", map[string]any{"name": "crm.item.get"}))
	require.Equal(t, map[string]any{"isExisting": false, "isAvailable": false}, w.ok("method.get", map[string]any{"name": "x"}))
	require.Equal(t, map[string]any{"value": "Y"}, w.ok("feature.get", map[string]any{"CODE": "rest_offline_extended"}))
	w.portal.SetPlan("ent")
	require.Equal(t, map[string]any{"value": "N"}, w.ok("feature.get", map[string]any{"CODE": "rest_offline_extended"}))
	require.Equal(t, "ent", w.ok("app.info", nil).(map[string]any)["LICENSE_FAMILY"])
	require.Equal(t, "2026-05-14T13:00:00+03:00", w.ok("server.time", nil))
	require.Equal(t, []any{}, w.ok("app.option.get", nil))
	w.ok("app.option.set", map[string]any{"options": map[string]any{"schema": "3"}})
	require.Equal(t, "3", w.ok("app.option.get", map[string]any{"option": "schema"}))
	w.refused(400, "ArgumentNullException", "app.option.set", nil)
	w.ok("user.option.set", map[string]any{"options": map[string]any{"tab": "1"}})
	require.Equal(t, map[string]any{"tab": "1"}, w.ok("user.option.get", nil))
	require.Equal(t, "Админ", w.ok("user.current", nil).(map[string]any)["LAST_NAME"])
	w.portal.AddUser(9, "Новый", "Админ", true)
	require.Len(t, w.ok("user.get", nil), 3)
	require.Equal(t, true, w.ok("user.access", map[string]any{"ACCESS": []string{"U1"}}))
}
