package bitrixsim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestEventOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("OnCrmContactAdd")
	id := w.portal.CreateItem(bitrixsim.Contact, map[string]any{"name": "Иван"})
	in := w.next()
	require.Equal(t, keys(sample(t, "event.form")), keys(in.body))
	for key, want := range map[string]string{
		"event": "ONCRMCONTACTADD", "event_handler_id": "58", "data[FIELDS][ID]": itoa(id), "ts": "1778752800", "auth[expires]": "1778756400",
		"auth[expires_in]": "3600", "auth[user_id]": "1", "auth[client_endpoint]": w.portal.Endpoint(), "auth[member_id]": w.portal.MemberID(),
	} {
		require.Equal(t, want, in.form.Get(key), key)
	}
	_, body := w.as(in.form.Get("auth[access_token]"), "profile", nil)
	require.Equal(t, true, body["result"].(map[string]any)["ADMIN"])
}

func TestEventsOfDealsAndSmartProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.AddType(177, "Сделка с правами")
	for _, e := range []string{"ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY", "ONCRMDEALDELETE", "ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMADD_177"} {
		w.bind(e)
	}
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	require.NoError(t, w.portal.MoveStage(bitrixsim.Deal, deal, "PREPARATION"))
	require.Equal(t, "ONCRMDEALUPDATE", w.next().form.Get("event"))
	require.NoError(t, w.portal.MoveStage(bitrixsim.Deal, deal, "PREPARATION"))
	w.silent()
	require.NoError(t, w.portal.MoveStage(bitrixsim.Deal, deal, "C1:PREPARATION"))
	in := w.next()
	require.Equal(t, "ONCRMDEALMOVETOCATEGORY", in.form.Get("event"))
	require.Equal(t, "1", in.form.Get("data[FIELDS][CATEGORY_ID]"))
	require.Equal(t, "C1:PREPARATION", in.form.Get("data[FIELDS][STAGE_ID]"))
	w.silent()
	w.ok("crm.item.update", map[string]any{"entityTypeId": 2, "id": deal, "fields": map[string]any{"title": "Эхо"}})
	require.Equal(t, "ONCRMDEALUPDATE", w.next().form.Get("event"), "own writes come back")
	w.portal.DeleteItem(bitrixsim.Deal, deal)
	require.Equal(t, "ONCRMDEALDELETE", w.next().form.Get("event"))
	w.portal.CreateItem(177, nil)
	names := []string{}
	for range 2 {
		in := w.next()
		require.Equal(t, "177", in.form.Get("data[FIELDS][ENTITY_TYPE_ID]"))
		names = append(names, in.form.Get("event"))
	}
	require.ElementsMatch(t, []string{"ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMADD_177"}, names)
}

func TestEventBindRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler := w.app.URL + "/events"
	manager, _ := w.portal.IssueTokens(clientID, 2)
	hook := w.portal.AddWebhook(1, "crm")
	w.bind("ONCRMDEALADD")
	w.refused(400, "ERROR_CORE", "event.bind", map[string]any{"event": "onCrmDealAdd", "handler": handler})
	w.refused(400, "ERROR_EVENT_NOT_FOUND", "event.bind", map[string]any{"event": "ONNOTHING", "handler": handler})
	w.refused(400, "ERROR_EVENT_NOT_FOUND", "event.bind", map[string]any{"event": "ONTASKADD", "handler": handler})
	w.refused(400, "ERROR_EVENT_NOT_FOUND", "event.bind", map[string]any{"event": "ONCRMDYNAMICITEMADD_999", "handler": handler})
	w.refused(400, "ERROR_ARGUMENT", "event.bind", map[string]any{"event": "ONCRMDEALUPDATE"})
	status, body := w.as(manager, "event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
	require.Equal(t, 403, status)
	require.Equal(t, "ACCESS_DENIED", body["error"])
	status, _ = w.as(manager, "event.bind", map[string]any{"event": "ONCRMDEALADD", "handler": handler, "auth_type": 1})
	require.Equal(t, 403, status)
	status, body = w.post(hook+"event.get", nil)
	require.Equal(t, 403, status)
	require.Equal(t, "WRONG_AUTH_TYPE", body["error"])
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "handler": handler, "auth_type": 2})
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
	require.Equal(t, []any{
		map[string]any{"event": "ONCRMDEALADD", "handler": handler, "auth_type": "0", "offline": 0.0},
		map[string]any{"event": "ONCRMDEALADD", "handler": handler, "auth_type": "2", "offline": 0.0},
		map[string]any{"event": "ONCRMDEALADD", "handler": "", "auth_type": "0", "offline": 1.0, "connector_id": ""},
	}, w.ok("event.get", nil))
	require.Equal(t, map[string]any{"count": 1.0}, w.ok("event.unbind", map[string]any{"event": "ONCRMDEALADD", "handler": handler, "auth_type": 0}))
	require.Equal(t, map[string]any{"count": 2.0}, w.ok("event.unbind", map[string]any{"event": "ONCRMDEALADD"}))
	require.Contains(t, w.ok("events", nil), "ONCRMDEALMOVETOCATEGORY")
	w.bind("ONAPPTEST")
	require.Equal(t, 1.0, w.ok("event.test", map[string]any{"any": "thing"}))
	require.Equal(t, "thing", w.next().form.Get("data[QUERY][any]"))
}

func TestOneAttemptOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALADD")
	w.status.Store(503)
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.next()
	w.silent()
	w.portal.DropNextDeliveries(1)
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	require.Len(t, w.portal.DroppedDeliveries(), 2)
	w.status.Store(200)
	w.portal.PauseDelivery(true)
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Equal(t, 1, w.portal.PendingDeliveries())
	require.Empty(t, w.got)
	w.portal.PauseDelivery(false)
	w.next()
}

func TestOfflineQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALUPDATE", "event_type": "offline", "auth_connector": "kb"})
	w.ok("event.bind", map[string]any{"event": "ONOFFLINEEVENT", "handler": w.app.URL + "/events", "options": map[string]any{"minTimeout": 60}})
	a, b := w.portal.CreateItem(bitrixsim.Deal, nil), w.portal.CreateItem(bitrixsim.Deal, nil)
	for _, title := range []string{"1", "2"} {
		require.NoError(t, w.portal.UpdateItem(bitrixsim.Deal, a, map[string]any{"title": title}))
	}
	require.NoError(t, w.portal.UpdateItem(bitrixsim.Deal, b, map[string]any{"title": "x"}))
	in := w.next()
	require.Equal(t, "ONOFFLINEEVENT", in.form.Get("event"))
	require.NotEmpty(t, in.form.Get("auth[refresh_token]"))
	w.silent()
	w.ok("crm.item.update", map[string]any{"entityTypeId": 2, "id": b, "fields": map[string]any{"title": "own"}, "auth_connector": "kb"})
	rows := w.portal.OfflineRows()
	require.Len(t, rows, 2, "one row per object and event")
	require.Equal(t, []any{}, w.offline(nil)["events"], "another connector's rows are invisible")

	got := w.offline(map[string]any{"auth_connector": "kb", "clear": 0, "limit": 1})
	process := got["process_id"].(string)
	row := got["events"].([]any)[0].(map[string]any)
	require.Equal(t, "ONCRMDEALUPDATE", row["EVENT_NAME"])
	require.Equal(t, map[string]any{"FIELDS": map[string]any{"ID": itoa(a)}}, row["EVENT_DATA"])
	require.Equal(t, "0", row["ERROR"])
	other := w.offline(map[string]any{"auth_connector": "kb", "clear": "0"})
	require.Len(t, other["events"], 1, "parallel reservations are disjoint")
	require.NotEqual(t, process, other["process_id"])
	again := w.offline(map[string]any{"auth_connector": "kb", "clear": 0, "process_id": process})
	require.Equal(t, row["MESSAGE_ID"], again["events"].([]any)[0].(map[string]any)["MESSAGE_ID"])

	w.ok("event.offline.error", map[string]any{"process_id": process, "message_id": []any{row["MESSAGE_ID"]}})
	marked := w.ok("event.offline.list", map[string]any{"auth_connector": "kb", "filter": map[string]any{"ERROR": 1}})
	require.Len(t, marked, 1)
	w.ok("event.offline.clear", map[string]any{"process_id": process, "id": []any{row["ID"]}})
	w.ok("event.offline.clear", map[string]any{"process_id": other["process_id"]})
	require.Empty(t, w.portal.OfflineRows())
	w.refused(400, "ERROR_ARGUMENT", "event.offline.clear", nil)
}

func (w *world) offline(params map[string]any) map[string]any {
	w.t.Helper()
	return w.ok("event.offline.get", params).(map[string]any)
}

func TestOfflineQueueDeletesOnRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		features []string
		params   map[string]any
	}{
		"default":      {[]string{"rest_offline_extended"}, nil},
		"poor plan":    {nil, map[string]any{"clear": 0}},
		"asked for it": {[]string{"rest_offline_extended"}, map[string]any{"clear": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.portal.SetPlan("std", tc.features...)
			w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
			w.portal.CreateItem(bitrixsim.Deal, nil)
			got := w.offline(tc.params)
			require.Nil(t, got["process_id"])
			require.Len(t, got["events"], 1)
			require.Empty(t, w.portal.OfflineRows())
		})
	}
}

func TestOfflineNoticeIntervals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
	w.bind("ONOFFLINEEVENT")
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.next()
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	w.clock.add(time.Second)
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.next()
}
