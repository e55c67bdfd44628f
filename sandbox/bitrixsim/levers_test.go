package bitrixsim_test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestBlockedMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	until := w.clock.now().Add(90 * time.Second)
	w.portal.BlockMethod("crm.deal.fields", until)
	w.refused(429, "OPERATION_TIME_LIMIT", "crm.deal.fields", nil)
	w.ok("crm.lead.fields", nil)
	w.clock.add(90 * time.Second)
	w.ok("crm.deal.fields", nil)
}

func TestFullBucketLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.FillBucket()
	w.refused(503, "QUERY_LIMIT_EXCEEDED", "profile", nil)
	w.clock.add(time.Second)
	w.ok("profile", nil)
	w.ok("profile", nil)
	w.refused(503, "QUERY_LIMIT_EXCEEDED", "profile", nil)
	require.InDelta(t, 50.0, w.portal.Stats().MaxBucket, 0)
}

func TestOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.SetOutage(403, "ACCESS_DENIED")
	status, body := w.call("profile", nil)
	require.Equal(t, 403, status)
	require.Equal(t, "REST API is available only on commercial plans", body["error_description"])
	w.portal.SetOutage(503, "OVERLOAD_LIMIT")
	w.refused(503, "OVERLOAD_LIMIT", "batch", map[string]any{"cmd": map[string]any{"a": "profile"}})
	w.portal.SetOutage(0, "")
	w.ok("profile", nil)
}

func TestDeletedByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	w.bind("ONCRMDEALUSERFIELDDELETE")
	w.bind("ONCRMDEALADD")
	w.ok("placement.bind", map[string]any{"PLACEMENT": "CRM_DEAL_DETAIL_TAB", "HANDLER": w.app.URL + "/tab"})
	w.ok("crm.automation.trigger.add", map[string]any{"CODE": "x", "NAME": "X"})
	field := w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_KB_X"})
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"UF_CRM_KB_X": "1"})
	w.next()

	require.True(t, w.portal.DeleteUserField(bitrixsim.Deal, "UF_CRM_KB_X"))
	require.False(t, w.portal.DeleteUserField(bitrixsim.Deal, "UF_CRM_KB_X"))
	in := w.next()
	require.Equal(t, itoa(field.ID), in.form.Get("data[FIELDS][ID]"))
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.NotContains(t, item, "UF_CRM_KB_X")

	require.Equal(t, 1, w.portal.DeleteRobots("acme_send"))
	require.Equal(t, 1, w.portal.DeletePlacements(""))
	require.Equal(t, 1, w.portal.DeleteTriggers("x"))
	require.Equal(t, 1, w.portal.DeleteBindings("ONCRMDEALADD"))
	require.Empty(t, w.ok("bizproc.robot.list", nil))
	require.Empty(t, w.ok("placement.get", nil))
	require.Len(t, w.ok("event.get", nil), 1)
}

func TestRightsOfUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen, hidden := w.portal.CreateItem(bitrixsim.Deal, nil), w.portal.CreateItem(bitrixsim.Deal, nil)
	w.portal.HideCards(2, bitrixsim.Deal, hidden)
	w.portal.ForbidChanges(2, bitrixsim.Deal)
	token, _ := w.portal.IssueTokens(clientID, 2)
	_, body := w.as(token, "crm.item.list", map[string]any{"entityTypeId": 2})
	require.EqualValues(t, 1, body["total"], "a hidden row is left out without a word")
	for name, tc := range map[string]struct {
		method, code string
		params       map[string]any
	}{
		"read hidden":     {"crm.item.get", "ACCESS_DENIED", map[string]any{"entityTypeId": 2, "id": hidden}},
		"read hidden old": {"crm.deal.get", "", map[string]any{"id": hidden}},
		"change":          {"crm.item.update", "ACCESS_DENIED", map[string]any{"entityTypeId": 2, "id": seen, "fields": map[string]any{"title": "x"}}},
		"add":             {"crm.deal.add", "", map[string]any{"fields": map[string]any{"TITLE": "x"}}},
		"delete":          {"crm.item.delete", "ACCESS_DENIED", map[string]any{"entityTypeId": 2, "id": seen}},
		"comment": {"crm.timeline.comment.add", "ACCESS_DENIED", map[string]any{
			"fields": map[string]any{"ENTITY_TYPE": "deal", "ENTITY_ID": seen, "COMMENT": "x"},
		}},
	} {
		status, body := w.as(token, tc.method, tc.params)
		require.Equal(t, 400, status, name)
		require.Equal(t, tc.code, body["error"], name)
	}
	lead := w.portal.CreateItem(bitrixsim.Lead, nil)
	w.portal.ForbidStages(2, bitrixsim.Lead)
	move := map[string]any{"entityTypeId": 1, "id": lead, "fields": map[string]any{"stageId": "IN_PROCESS"}}
	_, body = w.as(token, "crm.item.update", move)
	require.Equal(t, "-", body["error"])
	w.ok("crm.item.update", move)
	company := w.portal.CreateItem(bitrixsim.Company, nil)
	requisite := w.portal.AddRequisite(bitrixsim.Company, company, nil)
	w.portal.HideCards(2, bitrixsim.Company, company)
	_, body = w.as(token, "crm.requisite.list", nil)
	require.Empty(t, body["result"])
	_, body = w.as(token, "crm.requisite.get", map[string]any{"id": requisite})
	require.Equal(t, "Access denied.", body["error_description"])
	w.portal.HideCards(2, bitrixsim.Company)
	w.portal.HideCards(2, bitrixsim.Contact)
	_, body = w.as(token, "crm.requisite.list", nil)
	require.InDelta(t, 0.0, body["error"], 0, "a number for a code")
	w.portal.AddPerson(bitrixsim.Person{ID: 9, Name: "Гость", Extranet: true})
	guest, _ := w.portal.IssueTokens(clientID, 9)
	status, body := w.as(guest, "crm.item.list", map[string]any{"entityTypeId": 2})
	require.Equal(t, 403, status)
	require.Equal(t, "allowed_only_intranet_user", body["error"])
}

func TestAccessToApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, fresh := w.portal.IssueTokens(clientID, 2)
	w.portal.LimitAppAccess(clientID, 1)
	status, body := w.as(token, "profile", nil)
	require.Equal(t, 403, status)
	require.Equal(t, "user_access_error", body["error"])
	status, body = w.oauth(refresh(fresh))
	require.Equal(t, 403, status)
	require.Equal(t, "user_access_error", body["error"])
	w.portal.LimitAppAccess(clientID)
	status, _ = w.as(token, "profile", nil)
	require.Equal(t, 200, status)
}

func TestRestoredUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _ := w.portal.IssueTokens(clientID, 2)
	w.portal.DismissUser(2)
	status, body := w.as(token, "profile", nil)
	require.Equal(t, 401, status)
	require.Equal(t, "authorization_error", body["error"])
	w.portal.RestoreUser(2)
	status, _ = w.as(token, "profile", nil)
	require.Equal(t, 200, status)
}

func TestMethodConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONAPPMETHODCONFIRM")
	w.portal.RequireConfirm("crm.deal.list")
	w.refused(401, "METHOD_CONFIRM_WAITING", "crm.deal.list", nil)
	w.refused(401, "METHOD_CONFIRM_WAITING", "crm.deal.list", nil)
	require.Equal(t, 1, w.portal.Confirm("crm.deal.list", true))
	in := w.next()
	require.Equal(t, "crm.deal.list", in.form.Get("data[METHOD]"))
	require.Equal(t, w.token, in.form.Get("data[TOKEN]"))
	require.Equal(t, "1", in.form.Get("data[CONFIRMED]"))
	require.NotEmpty(t, in.form.Get("auth[application_token]"))
	require.Empty(t, in.form.Get("auth[access_token]"))
	w.ok("crm.deal.list", nil)

	other, _ := w.portal.IssueTokens(clientID, 1)
	status, _ := w.as(other, "crm.deal.list", nil)
	require.Equal(t, 401, status, "a permission is for one token")
	w.portal.Confirm("crm.deal.list", false)
	require.Equal(t, "0", w.next().form.Get("data[CONFIRMED]"))
	status, body := w.as(other, "crm.deal.list", nil)
	require.Equal(t, 403, status)
	require.Equal(t, "METHOD_CONFIRM_DENIED", body["error"])
}

func TestPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONAPPPAYMENT")
	require.NoError(t, w.portal.Payment(clientID, true, 0))
	in := w.next()
	require.Equal(t, "Y", in.form.Get("data[PAYMENT_EXPIRED]"))
	require.NotContains(t, in.form, "auth[application_token]")
	require.ErrorIs(t, w.portal.Payment("none", true, 0), bitrixsim.ErrUnknownApp)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.AddPerson(bitrixsim.Person{ID: 5, Name: "Ольга", LastName: "Орлова", Email: "o@example.org", Position: "Юрист"})
	rows := w.ok("user.get", map[string]any{"FILTER": map[string]any{"ID": 5}}).([]any)
	require.Len(t, rows, 1)
	row := rows[0].(map[string]any)
	require.Equal(t, "Юрист", row["WORK_POSITION"])
	require.NotContains(t, row, "EMAIL", "user_brief has names only")
	last := w.ok("user.get", map[string]any{"sort": "ID", "order": "DESC"}).([]any)[0].(map[string]any)
	require.Equal(t, "5", last["ID"])

	names := w.ok("access.name", map[string]any{"ACCESS": []string{"AU", "U5", "U77"}}).(map[string]any)
	require.Len(t, names, 2)
	require.Equal(t, "Ольга Орлова", names["U5"].(map[string]any)["name"])
	require.Equal(t, false, w.ok("access.name", nil))
}

func TestAnswersInXML(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := w.portal.AddWebhook(1, "crm")
	for path, want := range map[string]string{
		"profile.xml":      "<response><result><ADMIN>1</ADMIN><ID>1</ID>",
		"no.such.xml":      "<response><error>ERROR_METHOD_NOT_FOUND</error>",
		"crm.deal.add.XML": "<error></error>",
		"scope.xml":        "<result><item>crm</item></result>",
	} {
		resp, err := http.Get(hook + path)
		require.NoError(t, err)
		raw := new(strings.Builder)
		_, err = copyBody(raw, resp)
		require.NoError(t, err)
		require.Equal(t, "text/xml; charset=utf-8", resp.Header.Get("Content-Type"))
		require.Contains(t, raw.String(), want)
		require.NoError(t, xml.Unmarshal([]byte(raw.String()), new(struct{})))
	}
}
