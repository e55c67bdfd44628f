package bitrixsim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// grant gives the application more scopes, as editing its form does.
func (w *world) grant(scopes ...string) {
	w.sim.AddApp(bitrixsim.App{
		ClientID: clientID, ClientSecret: secret, HandlerURL: w.app.URL + "/app", InstallURL: w.app.URL + "/install", NoUI: true,
		Scopes: append([]string{"crm", "bizproc", "placement", "user_brief", "im", "disk", "userfieldconfig"}, scopes...),
	})
	require.NoError(w.t, w.portal.Install(w.t.Context(), clientID))
	w.next()
	w.token, w.fresh = w.portal.IssueTokens(clientID, 1)
}

func TestOutgoingWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := w.portal.AddOutgoingWebhook(w.app.URL+"/hook", false, "ONCRMDEALADD", "ONCRMDEALMOVETOCATEGORY", "ONAPPINSTALL")
	require.Equal(t, []string{"ONCRMDEALADD"}, hook.Events, "the rest is for applications alone")
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	in := w.next()
	require.Equal(t, "/hook", in.path)
	require.Equal(t, itoa(deal), in.form.Get("data[FIELDS][ID]"))
	require.Equal(t, hook.Token, in.form.Get("auth[application_token]"))
	require.Equal(t, itoa(hook.ID), in.form.Get("event_handler_id"))
	require.NotContains(t, in.form, "auth[access_token]")
	require.True(t, w.portal.DeleteOutgoingWebhook(hook.ID))
	require.False(t, w.portal.DeleteOutgoingWebhook(hook.ID))
	w.portal.AddOutgoingWebhook(w.app.URL+"/small", true, "ONCRMDEALADD")
	w.portal.CreateItem(bitrixsim.Deal, nil)
	in = w.next()
	require.NotContains(t, in.form, "event_handler_id")
	require.NotContains(t, in.form, "auth[client_endpoint]")
}

func TestFiredEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDOCUMENTGENERATORDOCUMENTADD")
	w.bind("ONCRMTYPEADD")
	w.portal.FireEvent("onCrmDocumentGeneratorDocumentAdd", "9", map[string]any{"FIELDS": map[string]any{"ID": 9}}, 2)
	in := w.next()
	require.Equal(t, "9", in.form.Get("data[FIELDS][ID]"))
	require.Equal(t, "2", in.form.Get("auth[user_id]"))
	typeID := w.portal.AddType(177, "Объекты")
	require.Equal(t, itoa(typeID), w.next().form.Get("data[FIELDS][ID]"))
}

func TestUserAddEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(400, "ERROR_EVENT_NOT_FOUND", "event.bind", map[string]any{"event": "ONUSERADD", "handler": w.app.URL})
	w.grant("user")
	w.bind("ONUSERADD")
	w.portal.AddPerson(bitrixsim.Person{ID: 7, Name: "Ольга", Email: "o@example.org"})
	in := w.next()
	require.Equal(t, "7", in.form.Get("data[ID]"), "the fields stand at the top")
	require.Equal(t, "o@example.org", in.form.Get("data[EMAIL]"))
	require.NotContains(t, in.form, "auth[refresh_token]")
}

func TestConnectorNeedsPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.SetPlan("basic")
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline", "auth_connector": "bridge"})
	w.ok("crm.item.add", map[string]any{"entityTypeId": 2, "fields": map[string]any{"title": "x"}, "auth_connector": "bridge"})
	require.Len(t, w.portal.OfflineRows(), 1, "a plan without source keys knows no echo")
	got := w.ok("event.offline.get", map[string]any{"clear": 0, "auth_connector": "bridge"}).(map[string]any)
	require.Len(t, got["events"], 1)
	require.Nil(t, got["process_id"], "nor a reservation")
	require.Empty(t, w.portal.OfflineRows())
}

func TestForgottenReservation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.ok("event.offline.get", map[string]any{"clear": 0})
	w.clock.add(29 * 24 * time.Hour)
	w.token, _ = w.portal.IssueTokens(clientID, 1)
	require.Len(t, w.ok("event.offline.list", nil), 1)
	w.clock.add(2 * 24 * time.Hour)
	w.token, _ = w.portal.IssueTokens(clientID, 1)
	require.Empty(t, w.ok("event.offline.list", nil), "dropped without a word")
}

func TestNotificationTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ok("im.notify.system.add", map[string]any{"USER_ID": 2, "MESSAGE": "раз", "TAG": "d1"})
	second := w.ok("im.notify.system.add", map[string]any{"USER_ID": 2, "MESSAGE": "два", "TAG": "d1", "SUB_TAG": "all"})
	require.NotEqual(t, first, second)
	require.Len(t, w.portal.Notifications(), 1)
	hook := w.portal.AddWebhook(1, "im")
	_, body := w.post(hook+"im.notify.delete", map[string]any{"TAG": "d1"})
	require.Equal(t, false, body["result"], "tags are the application's own")
	require.Equal(t, false, w.ok("im.notify.delete", map[string]any{"TAG": "none"}))
	require.Equal(t, true, w.ok("im.notify.delete", map[string]any{"SUB_TAG": "all"}))
	w.refused(400, "PARAMS_ERROR", "im.notify.delete", nil)
}

func TestFieldTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(400, "ERROR_ARGUMENT", "userfieldtype.add", nil)
	w.refused(400, "ERROR_ARGUMENT", "userfieldtype.add", map[string]any{"USER_TYPE_ID": "Docflow", "HANDLER": w.app.URL + "/field"})
	w.refused(400, "ERROR_HANDLER_URL_MATCH", "userfieldtype.add", map[string]any{"USER_TYPE_ID": "docflow", "HANDLER": "https://elsewhere.example/field"})
	w.ok("userfieldtype.add", map[string]any{"USER_TYPE_ID": "docflow", "HANDLER": w.app.URL + "/field", "TITLE": "Документооборот"})
	w.refused(400, "ERROR_CORE", "userfieldtype.add", map[string]any{"USER_TYPE_ID": "other", "HANDLER": w.app.URL + "/field"})
	rows := w.ok("userfieldtype.list", nil).([]any)
	require.Equal(t, "Документооборот", rows[0].(map[string]any)["TITLE"])

	full := "rest_5_docflow"
	w.refused(400, "ERROR_CORE", "crm.deal.userfield.add", map[string]any{"fields": map[string]any{"USER_TYPE_ID": "rest_5_none", "FIELD_NAME": "X"}})
	w.ok("crm.deal.userfield.add", map[string]any{"fields": map[string]any{"USER_TYPE_ID": full, "FIELD_NAME": "KB_FLOW"}})
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"UF_CRM_KB_FLOW": "d1"})
	handler, _, form, ok := w.portal.OpenField(bitrixsim.Deal, deal, "UF_CRM_KB_FLOW", "view", 2)
	require.True(t, ok)
	require.Equal(t, w.app.URL+"/field", handler)
	require.Equal(t, "USERFIELD_TYPE", form.Get("PLACEMENT"))
	var options map[string]any
	require.NoError(t, json.Unmarshal([]byte(form.Get("PLACEMENT_OPTIONS")), &options))
	require.Equal(t, "d1", options["VALUE"])
	require.Equal(t, "CRM_DEAL", options["ENTITY_ID"])

	w.ok("userfieldtype.update", map[string]any{"USER_TYPE_ID": "docflow", "TITLE": "ДО"})
	w.ok("userfieldtype.delete", map[string]any{"USER_TYPE_ID": "docflow"})
	w.refused(400, "ERROR_NOT_FOUND", "userfieldtype.delete", map[string]any{"USER_TYPE_ID": "docflow"})
	_, _, _, ok = w.portal.OpenField(bitrixsim.Deal, deal, "UF_CRM_KB_FLOW", "view", 2)
	require.False(t, ok)
	token, _ := w.portal.IssueTokens(clientID, 2)
	status, body := w.as(token, "userfieldtype.list", nil)
	require.Equal(t, 403, status)
	require.Equal(t, "ACCESS_DENIED", body["error"])
}

func TestEntityStorage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(403, "insufficient_scope", "entity.get", nil)
	w.grant("entity")
	w.ok("entity.add", map[string]any{"ENTITY": "queue", "NAME": "Очередь", "ACCESS": map[string]string{"AU": "R", "U2": "Z"}})
	w.refused(400, "ERROR_ENTITY_ALREADY_EXISTS", "entity.add", map[string]any{"ENTITY": "queue"})
	w.refused(400, "ERROR_ARGUMENT", "entity.add", map[string]any{"ENTITY": "абв"})
	w.refused(400, "ERROR_ARGUMENT", "entity.add", map[string]any{"ENTITY": "a_name_that_is_much_too_long_for_it"})
	require.Equal(t, map[string]any{"AU": "R", "U1": "X"}, w.ok("entity.rights", map[string]any{"ENTITY": "queue"}))
	require.Nil(t, w.ok("entity.rights", map[string]any{"ENTITY": "none"}))

	w.ok("entity.item.property.add", map[string]any{"ENTITY": "queue", "PROPERTY": "STATE", "NAME": "Состояние", "TYPE": "S"})
	w.refused(400, "ERROR_PROPERTY_ALREADY_EXISTS", "entity.item.property.add", map[string]any{"ENTITY": "queue", "PROPERTY": "STATE"})
	w.refused(400, "ERROR_UNSUPPORTED_PROPERTY_TYPE", "entity.item.property.add", map[string]any{"ENTITY": "queue", "PROPERTY": "L", "TYPE": "L"})
	w.ok("entity.item.property.update", map[string]any{"ENTITY": "queue", "PROPERTY": "STATE", "SORT": 10})
	require.Len(t, w.ok("entity.item.property.get", map[string]any{"ENTITY": "queue"}), 1)

	section := w.ok("entity.section.add", map[string]any{"ENTITY": "queue", "NAME": "Май"})
	for i := range 51 {
		w.ok("entity.item.add", map[string]any{"ENTITY": "queue", "NAME": itoa(i), "SECTION": section, "PROPERTY_VALUES": map[string]any{"STATE": itoa(i % 2), "NONE": 1}})
	}
	status, body := w.call("entity.item.get", map[string]any{"ENTITY": "queue", "SORT": map[string]string{"ID": "DESC"}})
	require.Equal(t, 200, status)
	require.Len(t, body["result"], 50)
	require.EqualValues(t, 51, body["total"])
	first := body["result"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"STATE": "0"}, first["PROPERTY_VALUES"])
	_, body = w.call("entity.item.get", map[string]any{"ENTITY": "queue", "FILTER": map[string]string{"PROPERTY_STATE": "1"}})
	require.EqualValues(t, 25, body["total"])
	w.refused(400, "ERROR_ARGUMENT", "entity.item.get", map[string]any{"ENTITY": "queue", "FILTER": map[string]string{"NO": "1"}})
	w.ok("entity.item.update", map[string]any{"ENTITY": "queue", "ID": first["ID"], "NAME": "x"})
	w.ok("entity.item.delete", map[string]any{"ENTITY": "queue", "ID": first["ID"]})
	w.refused(400, "ERROR_ITEM_NOT_FOUND", "entity.item.delete", map[string]any{"ENTITY": "queue", "ID": first["ID"]})
	w.refused(400, "ERROR_SECTION_NOT_FOUND", "entity.section.delete", map[string]any{"ENTITY": "queue", "ID": 1})
	w.ok("entity.item.property.delete", map[string]any{"ENTITY": "queue", "PROPERTY": "STATE"})

	reader, _ := w.portal.IssueTokens(clientID, 2)
	_, body = w.as(reader, "entity.item.add", map[string]any{"ENTITY": "queue", "NAME": "x"})
	require.Equal(t, "ACCESS_DENIED", body["error"])
	status, _ = w.as(reader, "entity.item.get", map[string]any{"ENTITY": "queue"})
	require.Equal(t, 200, status)
	w.ok("entity.update", map[string]any{"ENTITY": "queue", "ENTITY_NEW": "queue2"})
	w.ok("entity.delete", map[string]any{"ENTITY": "queue2"})
	w.refused(400, "ERROR_ENTITY_NOT_FOUND", "entity.get", map[string]any{"ENTITY": "queue2"})
	require.Empty(t, w.ok("entity.get", nil))
}

// v3 posts to REST 3.0 and gives the answer with its headers.
func (w *world) v3(hook, method, key string, params any) (*http.Response, map[string]any) {
	w.t.Helper()
	raw, err := json.Marshal(params)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, hook+method, bytes.NewReader(raw))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var out map[string]any
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(&out))
	return resp, out
}

// v3Hook is the address of REST 3.0 for an inbound webhook.
func (w *world) v3Hook(scopes ...string) string {
	hook := w.portal.AddWebhook(1, scopes...)
	return w.portal.Endpoint() + "api/" + hook[len(w.portal.Endpoint()):]
}

func TestRestV3(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := w.v3Hook("tasks")
	task := map[string]any{"fields": map[string]any{"title": "Отчёт", "creatorId": 1, "responsibleId": 2}}
	_, body := w.v3(hook, "tasks.task.add", "", task)
	id := body["result"].(map[string]any)["item"].(map[string]any)["id"]
	_, body = w.v3(hook, "tasks.task.get", "", map[string]any{"id": id, "select": []string{"id", "title", "stageId"}})
	require.Equal(t, map[string]any{"id": id, "title": "Отчёт"}, body["result"].(map[string]any)["item"])
	_, body = w.v3(hook, "tasks.task.list", "", map[string]any{"filter": []any{[]any{"id", "in", []any{id, 1}}}})
	require.Equal(t, []any{map[string]any{"id": id}}, body["result"].(map[string]any)["items"])
	_, body = w.v3(hook, "batch", "", []any{map[string]any{"method": "tasks.task.get", "query": map[string]any{"id": id}}})
	require.Len(t, body["result"], 1)
	_, body = w.v3(hook, "tasks.task.update", "", map[string]any{"id": id, "fields": map[string]any{"title": "x"}})
	require.Equal(t, map[string]any{"result": true}, body["result"])
	_, body = w.v3(hook, "rest.documentation.openapi", "", map[string]any{})
	require.Contains(t, body["paths"], "/tasks.task.get")

	for name, tc := range map[string]struct {
		hook, method, code string
		status             int
		params             any
	}{
		"validation":   {hook, "tasks.task.get", "VALIDATION_REQUESTVALIDATIONEXCEPTION", 400, map[string]any{"id": "1"}},
		"not found":    {hook, "tasks.task.get", "ENTITYNOTFOUNDEXCEPTION", 400, map[string]any{"id": 1}},
		"access":       {hook, "tasks.task.delete", "ACCESSDENIEDEXCEPTION", 403, map[string]any{"id": 1}},
		"scope":        {w.v3Hook("crm"), "tasks.task.get", "INSUFFICIENTSCOPEEXCEPTION", 403, map[string]any{"id": 1}},
		"operator":     {hook, "tasks.task.list", "UNKNOWNFILTEROPERATOREXCEPTION", 400, map[string]any{"filter": []any{[]any{"id", "~", 1}}}},
		"property":     {hook, "tasks.task.update", "UNKNOWNDTOPROPERTYEXCEPTION", 400, map[string]any{"id": id, "fields": map[string]any{"colour": 1}}},
		"old batch":    {hook, "batch", "INVALIDSELECTEXCEPTION", 400, map[string]any{"cmd": map[string]any{}}},
		"not JSON":     {hook, "tasks.task.get", "INVALIDJSONEXCEPTION", 400, "text"},
		"no such time": {hook, "tasks.task.list", "INVALIDPAGINATIONEXCEPTION", 400, map[string]any{"pagination": map[string]any{"limit": 0}}},
	} {
		resp, body := w.v3(tc.hook, tc.method, "", tc.params)
		require.Equal(t, tc.status, resp.StatusCode, name)
		require.Equal(t, "BITRIX_REST_V3_EXCEPTION_"+tc.code, body["error"].(map[string]any)["code"], name)
	}
	resp, body := w.v3(hook, "crm.item.list", "", map[string]any{})
	require.Equal(t, 404, resp.StatusCode)
	require.Equal(t, "ERROR_METHOD_NOT_FOUND", body["error"])
	w.refused(404, "ERROR_METHOD_NOT_FOUND", "tasks.task.add", task)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := w.v3Hook("task")
	task := map[string]any{"fields": map[string]any{"title": "Отчёт", "creatorId": 1, "responsibleId": 2}}
	resp, first := w.v3(hook, "tasks.task.add", "k1", task)
	require.Empty(t, resp.Header.Get("Idempotent-Replayed"))
	resp, second := w.v3(hook, "tasks.task.add", "k1", task)
	require.Equal(t, "true", resp.Header.Get("Idempotent-Replayed"))
	require.Equal(t, "k1", resp.Header.Get("Idempotency-Key"))
	require.Equal(t, first, second)
	resp, _ = w.v3(hook, "tasks.task.add", "k1", map[string]any{"fields": map[string]any{"title": "y", "creatorId": 1, "responsibleId": 2}})
	require.Equal(t, 422, resp.StatusCode)
	resp, _ = w.v3(hook, "tasks.task.add", "ключ", task)
	require.Equal(t, 400, resp.StatusCode)
	resp, _ = w.v3(hook, "tasks.task.add", "k2", map[string]any{"fields": map[string]any{}})
	require.Equal(t, 400, resp.StatusCode)
	resp, _ = w.v3(hook, "tasks.task.add", "k2", task)
	require.Equal(t, 200, resp.StatusCode, "a refusal is not kept")
	w.clock.add(25 * time.Hour)
	resp, _ = w.v3(hook, "tasks.task.add", "k1", task)
	require.Empty(t, resp.Header.Get("Idempotent-Replayed"), "kept for a day")
}

func TestDoubledSlash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.post(w.portal.Endpoint()+"/profile", map[string]any{"auth": w.token})
	require.Equal(t, 200, status, "%v", body)
}
