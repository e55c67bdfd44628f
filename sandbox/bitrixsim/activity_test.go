package bitrixsim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// statusCard is a layout with everything that the bridge would use.
func statusCard() map[string]any {
	text := func(s string) map[string]any {
		return map[string]any{"type": "text", "properties": map[string]any{"value": s}}
	}
	return map[string]any{
		"icon":   map[string]any{"code": "document"},
		"header": map[string]any{"title": "Регистрация права", "tags": map[string]any{"state": map[string]any{"title": "Ждёт", "type": "warning"}}},
		"body": map[string]any{
			"logo": map[string]any{"code": "document"},
			"blocks": map[string]any{
				"state": map[string]any{"type": "withTitle", "properties": map[string]any{"title": "Состояние", "block": text("отправлено")}},
			},
		},
		"footer": map[string]any{"buttons": map[string]any{"again": map[string]any{
			"title": "Повторить", "type": "primary",
			"action": map[string]any{"type": "restEvent", "id": "again", "animationType": "loader", "actionParams": map[string]any{"docflow": "d1"}},
		}}},
	}
}

func TestConfigurableActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMTIMELINEITEMACTION")
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	w.ok("crm.activity.badge.add", map[string]any{"code": "wait", "title": "Состояние", "value": "Ждёт", "type": "warning"})
	add := map[string]any{
		"ownerTypeId": 2, "ownerId": deal, "layout": statusCard(),
		"fields": map[string]any{"badgeCode": "wait", "originatorId": "bridge", "originId": "d1", "completed": "N"},
	}
	id := int(w.ok("crm.activity.configurable.add", add).(map[string]any)["activity"].(map[string]any)["id"].(float64))
	got := w.ok("crm.activity.configurable.get", map[string]any{"id": id}).(map[string]any)["activity"].(map[string]any)
	require.Equal(t, "d1", got["fields"].(map[string]any)["originId"])
	require.Equal(t, "Регистрация права", got["layout"].(map[string]any)["header"].(map[string]any)["title"])
	found := w.ok("crm.activity.list", map[string]any{"filter": map[string]any{"ORIGIN_ID": "d1"}, "select": []string{"ID"}}).([]any)
	require.Equal(t, []any{map[string]any{"ID": itoa(id)}}, found)
	require.Equal(t, bitrixsim.KindActivity, w.portal.Timeline(bitrixsim.Deal, deal)[0].Kind)

	require.NoError(t, w.portal.PressActivity(id, "again", 2))
	in := w.next()
	require.Equal(t, "again", in.form.Get("data[FIELDS][id]"))
	require.Equal(t, itoa(deal), in.form.Get("data[FIELDS][entityId]"))
	require.Equal(t, "d1", in.form.Get("data[FIELDS][docflow]"))
	require.Equal(t, "2", in.form.Get("data[FIELDS][userId]"))
	require.Error(t, w.portal.PressActivity(id, "again", 2), "blocked until it is updated")
	w.ok("crm.activity.configurable.update", map[string]any{"id": id, "fields": map[string]any{"completed": true}})
	after := w.portal.Activities(bitrixsim.Deal, deal)[0]
	require.True(t, after.Completed)
	require.False(t, after.Blocked)
	require.NotEmpty(t, after.Layout, "what is left out stays")
	require.Error(t, w.portal.PressActivity(id, "none", 2))

	w.refused(400, "", "crm.activity.update", map[string]any{"id": id, "fields": map[string]any{"COMPLETED": "Y"}})
	require.Equal(t, true, w.ok("crm.activity.delete", map[string]any{"id": id}))
	w.refused(400, "NOT_FOUND", "crm.activity.configurable.get", map[string]any{"id": id})
}

func TestConfigurableRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	block := map[string]any{"type": "text", "properties": map[string]any{"value": "x"}}
	many := map[string]any{}
	for i := range 21 {
		many["b"+itoa(i)] = block
	}
	button := statusCard()["footer"].(map[string]any)["buttons"].(map[string]any)["again"]
	for name, tc := range map[string]struct {
		code   string
		fields map[string]any
		layout func(map[string]any)
	}{
		"empty layout":    {"ERROR_EMPTY_LAYOUT", nil, func(l map[string]any) { clear(l) }},
		"no icon":         {"FIELD_IS_REQUIRED", nil, func(l map[string]any) { delete(l, "icon") }},
		"stranger":        {"FIELD_IS_REDUNDANT", nil, func(l map[string]any) { l["colour"] = "red" }},
		"no blocks":       {"FIELD_IS_REQUIRED", nil, func(l map[string]any) { l["body"].(map[string]any)["blocks"] = map[string]any{} }},
		"too many blocks": {"TOO_MANY_ITEMS", nil, func(l map[string]any) { l["body"].(map[string]any)["blocks"] = many }},
		"three buttons": {"TOO_MANY_ITEMS", nil, func(l map[string]any) {
			l["footer"].(map[string]any)["buttons"] = map[string]any{"a": button, "b": button, "c": button}
		}},
		"odd key": {"KEY_CONTAIN_WRONG_SYMBOLS", nil, func(l map[string]any) { l["body"].(map[string]any)["blocks"] = map[string]any{"а б": block} }},
		"lavender": {"ENUM_FIELD", nil, func(l map[string]any) {
			l["header"].(map[string]any)["tags"].(map[string]any)["state"].(map[string]any)["type"] = "lavender"
		}},
		"language":    {"WRONG_LANG", nil, func(l map[string]any) { l["header"].(map[string]any)["title"] = map[string]any{"fr": "Titre"} }},
		"deadline":    {"INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE", map[string]any{"isIncomingChannel": "Y", "deadline": "2026-06-01T10:00:00"}, nil},
		"badge":       {"WRONG_FIELD_VALUE", map[string]any{"badgeCode": "none"}, nil},
		"responsible": {"WRONG_FIELD_VALUE", map[string]any{"responsibleId": 99}, nil},
	} {
		layout := statusCard()
		if tc.layout != nil {
			tc.layout(layout)
		}
		fields := tc.fields
		if fields == nil {
			fields = map[string]any{}
		}
		status, body := w.call("crm.activity.configurable.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "fields": fields, "layout": layout})
		require.Equal(t, 400, status, name)
		require.Equal(t, tc.code, body["error"], name)
	}
	w.refused(400, "OWNER_NOT_FOUND", "crm.activity.configurable.add", map[string]any{"ownerTypeId": 2, "ownerId": 1, "fields": map[string]any{}, "layout": statusCard()})
	w.refused(400, "100", "crm.activity.configurable.add", map[string]any{"ownerTypeId": 2})
	status, body := w.post(w.portal.AddWebhook(1, "crm")+"crm.activity.configurable.add", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "ERROR_WRONG_CONTEXT", body["error"])

	w.sim.AddApp(bitrixsim.App{ClientID: "local.other", ClientSecret: "x", HandlerURL: w.app.URL, InstallURL: w.app.URL + "/other", NoUI: true, Scopes: []string{"crm"}})
	id := w.ok("crm.activity.configurable.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "fields": map[string]any{}, "layout": statusCard()}).(map[string]any)["activity"].(map[string]any)["id"]
	require.NoError(t, w.portal.Install(t.Context(), "local.other"))
	token, _ := w.portal.IssueTokens("local.other", 1)
	_, body = w.as(token, "crm.activity.configurable.get", map[string]any{"id": id})
	require.Equal(t, "ERROR_WRONG_APPLICATION", body["error"])
}

func TestBadges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(400, "REQUIRED_ARG_MISSING", "crm.activity.badge.add", map[string]any{"code": "a"})
	w.ok("crm.activity.badge.add", map[string]any{"code": "a", "title": "Т", "value": "З", "type": "failure"})
	require.Len(t, w.ok("crm.activity.badge.list", nil).(map[string]any)["badges"], 1)
	w.ok("crm.activity.badge.get", map[string]any{"code": "a"})
	token, _ := w.portal.IssueTokens(clientID, 2)
	_, body := w.as(token, "crm.activity.badge.delete", map[string]any{"code": "a"})
	require.Equal(t, "ACCESS_DENIED", body["error"])
	w.ok("crm.activity.badge.delete", map[string]any{"code": "a"})
	w.refused(400, "NOT_FOUND", "crm.activity.badge.get", map[string]any{"code": "a"})
}

func TestTodoChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	id := w.ok("crm.activity.todo.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "deadline": "2026-06-01T10:00:00", "title": "Т"}).(map[string]any)["id"]
	base := func(more map[string]any) map[string]any {
		out := map[string]any{"id": id, "ownerTypeId": 2, "ownerId": deal}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	w.ok("crm.activity.todo.updateDescription", base(map[string]any{"value": "Подписать"}))
	w.ok("crm.activity.todo.updateDeadline", base(map[string]any{"value": "2026-06-02T10:00:00"}))
	w.ok("crm.activity.todo.updateColor", base(map[string]any{"colorId": "3"}))
	w.ok("crm.activity.todo.updateResponsibleUser", base(map[string]any{"responsibleId": 2}))
	w.ok("crm.activity.todo.update", base(map[string]any{"deadline": "2026-06-03T10:00:00", "title": "Новое"}))
	got := w.ok("crm.activity.get", map[string]any{"id": id}).(map[string]any)
	require.Equal(t, "Новое", got["SUBJECT"])
	require.Equal(t, "2", got["RESPONSIBLE_ID"])
	require.Equal(t, "2026-06-03T10:00:00+03:00", got["DEADLINE"])
	require.Equal(t, "Новое: Подписать", w.portal.Timeline(bitrixsim.Deal, deal)[0].Text)

	w.refused(400, "WRONG_DATETIME_FORMAT", "crm.activity.todo.updateDeadline", base(map[string]any{"value": "завтра"}))
	w.refused(400, "CAN_NOT_UPDATE_WRONG_COLOR_TODO", "crm.activity.todo.updateColor", base(map[string]any{"colorId": "9"}))
	w.refused(400, "100", "crm.activity.todo.updateDescription", base(nil))
	w.refused(400, "NOT_FOUND", "crm.activity.todo.updateDescription", base(map[string]any{"id": 1, "value": "x"}))
	w.ok("crm.activity.update", map[string]any{"id": id, "fields": map[string]any{"COMPLETED": "Y"}})
	w.refused(400, "CAN_NOT_UPDATE_COMPLETED_TODO", "crm.activity.todo.updateDescription", base(map[string]any{"value": "x"}))
	w.refused(400, "", "crm.activity.get", map[string]any{"id": 1})
}

func TestTimelineBindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal, company := w.portal.CreateItem(bitrixsim.Deal, nil), w.portal.CreateItem(bitrixsim.Company, nil)
	id := w.ok("crm.timeline.comment.add", map[string]any{"fields": map[string]any{"ENTITY_TYPE": "deal", "ENTITY_ID": deal, "COMMENT": "x"}})
	bind := map[string]any{"fields": map[string]any{"OWNER_ID": id, "ENTITY_TYPE": "company", "ENTITY_ID": company}}
	require.Equal(t, true, w.ok("crm.timeline.bindings.bind", bind))
	require.Equal(t, false, w.ok("crm.timeline.bindings.bind", bind))
	require.Len(t, w.portal.Timeline(bitrixsim.Company, company), 1)
	require.Len(t, w.ok("crm.timeline.bindings.list", map[string]any{"filter": map[string]any{"OWNER_ID": id}}), 2)
	require.Equal(t, true, w.ok("crm.timeline.bindings.unbind", bind))
	w.refused(400, "", "crm.timeline.bindings.unbind", bind)
	w.refused(400, "", "crm.timeline.bindings.list", nil)

	line := map[string]any{"entityTypeId": 2, "entityId": deal, "title": "Т", "text": "x", "iconCode": "info"}
	log := w.ok("crm.timeline.logmessage.add", map[string]any{"fields": line}).(map[string]any)["logMessage"].(map[string]any)["id"]
	_, body := w.post(w.portal.AddWebhook(1, "crm")+"crm.timeline.logmessage.delete", map[string]any{"id": log})
	require.Equal(t, "REMOVING_DISABLED", body["error"])
	require.Equal(t, true, w.ok("crm.timeline.logmessage.delete", map[string]any{"id": log}))
	w.refused(400, "NOT_FOUND", "crm.timeline.logmessage.delete", map[string]any{"id": log})
	require.NotEmpty(t, w.ok("crm.timeline.icon.list", nil).(map[string]any)["icons"])
}
