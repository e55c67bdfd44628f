package bitrixsim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestTriggerMovesCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALUPDATE")
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Квартира", "UF_CRM_READY": "да"})
	other := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Дом", "UF_CRM_READY": "нет"})
	w.portal.PlaceTrigger(bitrixsim.Trigger{
		EntityTypeID: bitrixsim.Deal, Stage: "EXECUTING", Code: "signed", When: map[string]any{"UF_CRM_READY": "да"},
	})
	execute := map[string]any{"CODE": "signed", "OWNER_TYPE_ID": bitrixsim.Deal, "OWNER_ID": deal}

	w.refused(400, "", "crm.automation.trigger.execute", execute)
	require.Equal(t, true, w.ok("crm.automation.trigger.add", map[string]any{"CODE": "signed", "NAME": "Подписано"}))
	require.Equal(t, true, w.ok("crm.automation.trigger.add", map[string]any{"CODE": "signed", "NAME": "Подписан"}))
	require.Equal(t, []any{map[string]any{"NAME": "Подписан", "CODE": "signed"}}, w.ok("crm.automation.trigger.list", nil))

	require.Equal(t, true, w.ok("crm.automation.trigger.execute", execute))
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, "EXECUTING", item["stageId"])
	in := w.next()
	require.Equal(t, itoa(deal), in.form.Get("data[FIELDS][ID]"))
	require.Empty(t, in.form.Get("auth[access_token]"), "a trigger moves the card, not a user")

	execute["OWNER_ID"] = other
	require.Equal(t, true, w.ok("crm.automation.trigger.execute", execute), "it ran, though nothing moved")
	item, _ = w.portal.Item(bitrixsim.Deal, other)
	require.Equal(t, "NEW", item["stageId"])

	require.Equal(t, true, w.ok("crm.automation.trigger.delete", map[string]any{"CODE": "signed"}))
	w.refused(400, "", "crm.automation.trigger.delete", map[string]any{"CODE": "signed"})
}

func TestTriggerRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("crm.automation.trigger.add", map[string]any{"CODE": "x", "NAME": "X"})
	manager, _ := w.portal.IssueTokens(clientID, 2)
	hook := w.portal.AddWebhook(1, "crm")
	for name, tc := range map[string]struct {
		method string
		params map[string]any
		text   string
	}{
		"no code":        {"add", map[string]any{"NAME": "X"}, "Empty trigger code!"},
		"capital letter": {"add", map[string]any{"CODE": "X", "NAME": "X"}, "Wrong trigger code!"},
		"no name":        {"add", map[string]any{"CODE": "y"}, "Empty trigger name!"},
		"unknown":        {"execute", map[string]any{"CODE": "y"}, "Trigger with code y is not registered."},
		"owner type":     {"execute", map[string]any{"CODE": "x", "OWNER_TYPE_ID": 3, "OWNER_ID": 1}, "Incorrect parameter OWNER_TYPE_ID."},
		"owner":          {"execute", map[string]any{"CODE": "x", "OWNER_TYPE_ID": 2, "OWNER_ID": 1}, "Incorrect parameter OWNER_ID."},
	} {
		status, body := w.call("crm.automation.trigger."+tc.method, tc.params)
		require.Equal(t, 400, status, name)
		require.Equal(t, "", body["error"], name)
		require.Equal(t, tc.text, body["error_description"], name)
	}
	status, body := w.as(manager, "crm.automation.trigger.list", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "Access denied! Admin permissions required", body["error_description"])
	status, body = w.post(hook+"crm.automation.trigger.list", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "Access denied! Application context required", body["error_description"])
}

func TestWebhookTrigger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	w.portal.PlaceTrigger(bitrixsim.Trigger{EntityTypeID: bitrixsim.Deal, Stage: "WON", Code: "paid", Webhook: true})
	hook := w.portal.AddWebhook(2, "crm")
	for target, text := range map[string]string{"": "Target is not set.", "deal": "Incorrect target format.", "DEAL_1": "Target is not found."} {
		status, body := w.post(hook+"crm.automation.trigger", map[string]any{"target": target, "code": "paid"})
		require.Equal(t, 400, status)
		require.Equal(t, text, body["error_description"])
	}
	status, _ := w.post(hook+"crm.automation.trigger", map[string]any{"target": "DEAL_" + itoa(deal), "code": "paid"})
	require.Equal(t, 200, status)
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, "WON", item["stageId"])
}

func TestSuspendedOnlineEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALADD")
	w.ok("event.bind", map[string]any{"event": "ONCRMDEALADD", "event_type": "offline"})
	w.portal.SuspendOnline(true)
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	require.Len(t, w.portal.OfflineRows(), 1)
	w.portal.SuspendOnline(false)
	w.silent()
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Equal(t, itoa(deal), w.next().form.Get("data[FIELDS][ID]"))
}

func TestStats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.ResetStats()
	w.ok("profile", nil)
	w.ok("batch", map[string]any{"cmd": map[string]any{"a": "profile", "b": "user.admin", "c": "no.such"}})
	stats := w.portal.Stats()
	require.Equal(t, 2, stats.Requests)
	require.Equal(t, []int{3}, stats.Batches)
	require.Equal(t, map[string]int{"profile": 2, "user.admin": 1, "no.such": 1}, stats.Commands)
	require.Equal(t, map[string]int{"ERROR_METHOD_NOT_FOUND": 1}, stats.Errors)
	require.InDelta(t, 2.0, stats.CommandsPerRequest(), 0)
	require.InDelta(t, 2.0, stats.MaxBucket, 0, "a batch is one hit")
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	w := startWorld(t, false)
	w.ok("profile", nil)
	w.sim.Advance(time.Hour + time.Second)
	w.refused(401, "expired_token", "profile", nil)
	status, _ := w.oauth(refresh(w.fresh))
	require.Equal(t, 200, status)
	w.sim.Advance(181 * 24 * time.Hour)
	status, body := w.oauth(refresh(w.fresh))
	require.Equal(t, 400, status)
	require.Equal(t, "invalid_grant", body["error"])
}
