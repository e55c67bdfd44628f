package bitrixsim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func (w *world) press(verb string, body map[string]any) (int, map[string]any) {
	w.t.Helper()
	return w.post(w.base+"/control/bitrix/alpha/"+verb, body)
}

func TestControl(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.press("create", map[string]any{"entityTypeId": 2, "fields": map[string]any{"title": "Дом", "UF_CRM_X": "1"}})
	require.Equal(t, 200, status)
	id := int(body["id"].(float64))
	status, _ = w.press("robots", map[string]any{"entityTypeId": 2, "stage": "WON", "step": map[string]any{"setField": map[string]any{"UF_CRM_X": "2"}}})
	require.Equal(t, 200, status)
	status, _ = w.press("move", map[string]any{"entityTypeId": 2, "id": id, "stage": "WON"})
	require.Equal(t, 200, status)
	status, _ = w.press("fields", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"title": "Новый"}})
	require.Equal(t, 200, status)
	card, _ := w.portal.Item(bitrixsim.Deal, id)
	require.Equal(t, []any{"WON", "2", "Новый"}, []any{card["stageId"], card["UF_CRM_X"], card["title"]})
	status, body = w.press("move", map[string]any{"entityTypeId": 2, "id": id, "stage": "NOWHERE"})
	require.Equal(t, 422, status)
	require.Contains(t, body["error"], "stageId")
	status, body = w.press("page", map[string]any{"clientId": clientID, "placement": "CRM_DEAL_DETAIL_TAB", "options": `{"ID":"1"}`})
	require.Equal(t, 200, status)
	require.Equal(t, []any{`{"ID":"1"}`}, body["form"].(map[string]any)["PLACEMENT_OPTIONS"])
	status, _ = w.press("levers/fail", map[string]any{"method": "profile", "status": 500, "code": "INTERNAL_SERVER_ERROR"})
	require.Equal(t, 200, status)
	w.refused(500, "INTERNAL_SERVER_ERROR", "profile", nil)
	status, state := w.get(w.base + "/control/bitrix/state")
	require.Equal(t, 200, status)
	portal := state["portals"].([]any)[0].(map[string]any)
	require.Equal(t, "alpha", portal["name"])
	require.Len(t, portal["cards"], 1)
	require.NotContains(t, toJSON(t, state), w.token, "the page shows no tokens")
	for _, verb := range []string{"drop", "lose", "hang", "expire", "plan", "dismiss", "pause", "dropdeliveries", "limit", "failtoken"} {
		status, _ = w.press("levers/"+verb, map[string]any{"method": "never"})
		require.Equal(t, 200, status, verb)
	}
	w.refused(401, "expired_token", "profile", nil)
	for _, verb := range []string{"nothing", "levers/nothing"} {
		status, _ = w.press(verb, nil)
		require.Equal(t, 404, status)
	}
	status, _ = w.press("move", map[string]any{"typo": 1})
	require.Equal(t, 400, status)
	status, _ = w.press("delete", map[string]any{"entityTypeId": 2, "id": id})
	require.Equal(t, 200, status)
	require.Empty(t, w.portal.Items(bitrixsim.Deal))
	status, _ = w.press("install", map[string]any{"clientId": clientID})
	require.Equal(t, 422, status, "the queue was told to drop one")
	status, _ = w.press("install", map[string]any{"clientId": clientID})
	require.Equal(t, 200, status)
	status, _ = w.press("uninstall", map[string]any{"clientId": clientID, "on": true})
	require.Equal(t, 200, status)
	status, _ = w.press("levers/rename", map[string]any{"name": "omega"})
	require.Equal(t, 200, status)
	status, _ = w.press("move", nil)
	require.Equal(t, 404, status)
}

func TestControlIsOffByDefault(t *testing.T) {
	t.Parallel()
	sim := bitrixsim.New(bitrixsim.Config{})
	t.Cleanup(sim.Close)
	w := &world{t: t, base: serve(t, sim)}
	status, _ := w.get(w.base + "/control/bitrix/state")
	require.Equal(t, 404, status)
}

func TestWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	changed := w.portal.Changed()
	done := make(chan error, 1)
	go func() {
		done <- w.sim.Wait(t.Context(), func() bool { return len(w.portal.Items(bitrixsim.Deal)) == 3 })
	}()
	for range 3 {
		w.portal.CreateItem(bitrixsim.Deal, nil)
	}
	require.NoError(t, <-done)
	<-changed
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.sim.Wait(ctx, func() bool { return false }), context.DeadlineExceeded)
}

func TestCloseStopsDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALADD")
	w.sim.Close()
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Len(t, w.portal.DroppedDeliveries(), 1)
	require.Empty(t, w.got)
}

func TestControlOfEveryLever(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	activity := w.ok("crm.activity.configurable.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "fields": map[string]any{}, "layout": statusCard()})
	id := activity.(map[string]any)["activity"].(map[string]any)["id"]
	field := w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_KB_X"})
	for verb, body := range map[string]map[string]any{
		"press":                   {"id": id, "name": "again"},
		"inbound":                 {"scopes": []string{"crm"}},
		"outgoing":                {"handler": w.app.URL, "events": []string{"ONCRMDEALADD"}},
		"payment":                 {"clientId": clientID},
		"finish":                  {"clientId": clientID},
		"triggers":                {"trigger": map[string]any{"entityTypeId": 2, "stage": "WON", "code": "x"}},
		"levers/outage":           {},
		"levers/block":            {"method": "crm.lead.list", "milliseconds": 1000},
		"levers/fillbucket":       {},
		"levers/limit":            {},
		"levers/advance":          {"milliseconds": 1},
		"levers/dismiss":          {"userId": 2},
		"levers/restore":          {"userId": 2},
		"levers/requireconfirm":   {"method": "crm.lead.list"},
		"levers/confirm":          {"method": "crm.lead.list", "on": true},
		"levers/suspend":          {},
		"levers/deleterobots":     {},
		"levers/deletetriggers":   {},
		"levers/deletebindings":   {},
		"levers/deleteplacements": {},
		"levers/deletefield":      {"entityTypeId": 2, "name": field.Name},
		"levers/resetstats":       {},
	} {
		status, answer := w.post(w.base+"/control/bitrix/alpha/"+verb, body)
		require.Equal(t, 200, status, "%s: %v", verb, answer)
	}
	require.Empty(t, w.portal.UserFields(bitrixsim.Deal))
	require.Len(t, w.portal.Triggers(), 1)
	_, state := w.get(w.base + "/control/bitrix/state")
	portal := state["portals"].([]any)[0].(map[string]any)
	require.Contains(t, portal, "stats")
	require.Len(t, portal["triggers"], 1)
}
