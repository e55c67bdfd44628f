package bitrixsim_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestRobotOnTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	w.portal.PlaceRobot(bitrixsim.Deal, "PREPARATION", bitrixsim.Step{Robot: "acme_send", Properties: map[string]any{"note": "", "unregistered": "x"}})
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	require.NoError(t, w.portal.MoveStage(bitrixsim.Deal, id, "PREPARATION"))
	in := w.next()
	require.Equal(t, keys(sample(t, "robot.form")), keys(in.body))
	for key, want := range map[string]string{
		"code": "acme_send", "document_id[2]": "DEAL_" + itoa(id), "document_type[2]": "DEAL", "properties[docType]": "pdf", "properties[note]": "",
		"use_subscription": "Y", "timeout_duration": "0", "auth[user_id]": "1",
	} {
		require.Equal(t, want, in.form.Get(key), key)
	}
	require.Regexp(t, `^[0-9a-f]{14}\.\d{8}$`, in.form.Get("workflow_id"))
	require.Equal(t, 2, strings.Count(in.form.Get("event_token"), "|"))
	status, _ := w.oauth(refresh(in.form.Get("auth[refresh_token]")))
	require.Equal(t, 200, status)
}

func TestRobotWaitsAndReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_OUT"})
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send"})
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{SetField: map[string]any{"UF_CRM_OUT": "id {=A1:externalId}"}})
	w.bind("ONCRMDEALUPDATE")
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	token := w.next().form.Get("event_token")
	require.Equal(t, "acme_send", w.portal.Workflows()[0].WaitingFor)
	require.Equal(t, true, w.ok("bizproc.activity.log", map[string]any{"event_token": token, "LOG_MESSAGE": "half"}))
	w.refused(400, "ERROR_EMPTY_LOG_MESSAGE", "bizproc.activity.log", map[string]any{"EVENT_TOKEN": token})
	w.refused(403, "ACCESS_DENIED", "bizproc.event.send", map[string]any{"EVENT_TOKEN": token + "x"})
	answer := map[string]any{"EVENT_TOKEN": token, "RETURN_VALUES": map[string]any{"EXTERNALID": "42", "other": "x"}, "LOG_MESSAGE": "done"}
	require.Equal(t, true, w.ok("bizproc.event.send", answer))
	w.refused(403, "ACCESS_DENIED", "bizproc.event.send", answer)
	wf := w.portal.Workflows()[0]
	require.Equal(t, bitrixsim.Done, wf.State)
	require.Equal(t, []map[string]any{{"externalId": "42"}}, wf.Returns, "only declared outputs survive")
	require.Equal(t, []string{"half", "done"}, wf.Log)
	card, _ := w.portal.Item(bitrixsim.Deal, id)
	require.Equal(t, "id 42", card["UF_CRM_OUT"])
	in := w.next()
	require.Equal(t, "ONCRMDEALUPDATE", in.form.Get("event"))
	require.NotContains(t, in.form, "auth[access_token]", "a robot's change names no user")
	require.NotContains(t, in.form, "auth[user_id]")
}

func TestRobotSubscription(t *testing.T) {
	t.Parallel()
	no, yes := false, true
	for name, tc := range map[string]struct {
		registered string
		step       *bool
		waits      bool
	}{
		"Y":               {"Y", nil, true},
		"Y locks":         {"Y", &no, true},
		"N":               {"N", nil, false},
		"N locks":         {"N", &yes, false},
		"empty waits":     {"", nil, true},
		"empty, step no":  {"", &no, false},
		"empty, step yes": {"", &yes, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.robot(map[string]any{"USE_SUBSCRIPTION": tc.registered})
			w.portal.PlaceRobot(bitrixsim.Lead, "NEW", bitrixsim.Step{Robot: "acme_send", Wait: tc.step})
			w.portal.CreateItem(bitrixsim.Lead, nil)
			in := w.next()
			require.Equal(t, map[bool]string{true: "Y", false: "N"}[tc.waits], in.form.Get("use_subscription"))
			require.Equal(t, tc.waits, w.portal.Workflows()[0].State == bitrixsim.Running)
			status, _ := w.call("bizproc.event.send", map[string]any{"EVENT_TOKEN": in.form.Get("event_token")})
			require.Equal(t, tc.waits, status == 200)
		})
	}
}

func TestRobotTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send", Timeout: time.Hour})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	in := w.next()
	require.Equal(t, "3600", in.form.Get("timeout_duration"))
	w.sim.Tick()
	require.Equal(t, bitrixsim.Running, w.portal.Workflows()[0].State)
	w.clock.add(time.Hour)
	w.sim.Tick()
	wf := w.portal.Workflows()[0]
	require.Equal(t, bitrixsim.Done, wf.State)
	require.Equal(t, []map[string]any{{"IsTimeout": "1"}}, wf.Returns)
	in2, _ := w.portal.IssueTokens(clientID, 1)
	status, _ := w.as(in2, "bizproc.event.send", map[string]any{"EVENT_TOKEN": in.form.Get("event_token")})
	require.Equal(t, 403, status)
}

func TestStepTimesOutOnTheWallClock(t *testing.T) {
	t.Parallel()
	w := startWorld(t, false)
	w.robot(nil)
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send", Timeout: time.Millisecond})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.next()
	require.NoError(t, w.sim.Wait(t.Context(), func() bool { return w.portal.Workflows()[0].State == bitrixsim.Done }))
	require.Equal(t, "1", w.portal.Workflows()[0].Returns[0]["IsTimeout"])
}

func TestUnregisteredRobotIsBlocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "nobody"})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Contains(t, w.portal.Workflows()[0].Log[0], "blocked")
	require.Equal(t, bitrixsim.Done, w.portal.Workflows()[0].State)
	w.silent()
}

func TestRobotProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	prop := func(typ, multiple string) map[string]any {
		return map[string]any{"Name": typ, "Type": typ, "Multiple": multiple}
	}
	w.robot(map[string]any{"USE_SUBSCRIPTION": "N", "PROPERTIES": map[string]any{
		"day": prop("date", "N"), "who": prop("user", "N"), "files": prop("file", "Y"), "none": prop("file", "Y"), "tags": prop("string", "Y"),
		"flag": prop("bool", "N"), "mixed": prop("string", "N"),
	}})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_DAY", Type: "date"})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_F", Type: "file", Multiple: true})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_E", Type: "file", Multiple: true})
	a, b := w.portal.AddFile("a.pdf", []byte("A")), w.portal.AddFile("b.pdf", []byte("B"))
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send", Properties: map[string]any{
		"day": "{=Document:UF_CRM_DAY}", "who": "{=Document:ASSIGNED_BY_ID}", "files": "{=Document:UF_CRM_F}", "none": "{=Document:UF_CRM_E}",
		"tags": []string{"x", "{=Document:UF_CRM_TAGS}"}, "flag": true, "mixed": "№{=Document:ID}: {{TITLE}}",
	}})
	id := w.portal.CreateItem(bitrixsim.Deal, map[string]any{
		"TITLE": "Дом", "UF_CRM_DAY": "2026-03-01", "UF_CRM_F": []int{a, b}, "UF_CRM_TAGS": []string{"y", "z"},
	})
	in := w.next()
	require.Equal(t, "01.03.2026", in.form.Get("properties[day]"))
	require.Equal(t, "user_1", in.form.Get("properties[who]"))
	require.Equal(t, "Y", in.form.Get("properties[flag]"))
	require.Equal(t, "№"+itoa(id)+": Дом", in.form.Get("properties[mixed]"))
	require.Equal(t, "z", in.form.Get("properties[tags][2]"))
	require.NotContains(t, in.body, "none")
	link := in.form.Get("properties[files][1]")
	require.True(t, strings.HasPrefix(link, w.base+"/portal/alpha/"), link)
	status, _ := w.download(link)
	require.Equal(t, 401, status, "links need authorization")
	status, data := w.download(strings.Replace(link, "auth=", "auth="+w.token, 1))
	require.Equal(t, 200, status)
	require.Equal(t, "B", data)
}

func TestRobotRegistrationErrors(t *testing.T) {
	t.Parallel()
	valid := func(w *world) map[string]any {
		return map[string]any{"CODE": "c1", "HANDLER": w.app.URL + "/r", "NAME": "N"}
	}
	for name, tc := range map[string]struct {
		change map[string]any
		code   string
	}{
		"no code":            {map[string]any{"CODE": ""}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"bad code":           {map[string]any{"CODE": "a b"}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"no name":            {map[string]any{"NAME": ""}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"scalar properties":  {map[string]any{"PROPERTIES": "x"}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"list of properties": {map[string]any{"PROPERTIES": []any{map[string]any{"Name": "x"}}}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"bad property key":   {map[string]any{"PROPERTIES": map[string]any{"1a": map[string]any{"Name": "x"}}}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"nameless property":  {map[string]any{"RETURN_PROPERTIES": map[string]any{"a": map[string]any{}}}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"bad filter":         {map[string]any{"FILTER": map[string]any{"ONLY": []any{"b24"}}}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"bad document":       {map[string]any{"DOCUMENT_TYPE": []any{"crm"}}, "ERROR_ACTIVITY_VALIDATION_FAILURE"},
		"protocol":           {map[string]any{"HANDLER": "ftp://127.0.0.1/x"}, "ERROR_UNSUPPORTED_PROTOCOL"},
		"no handler":         {map[string]any{"HANDLER": ""}, "ERROR_WRONG_HANDLER_URL"},
		"other host":         {map[string]any{"HANDLER": "https://evil.example/r"}, "ERROR_HANDLER_URL_MATCH"},
		"placement host":     {map[string]any{"USE_PLACEMENT": "Y", "PLACEMENT_HANDLER": "https://evil.example/r"}, "ERROR_HANDLER_URL_MATCH"},
		"installed":          {map[string]any{"CODE": "acme_send"}, "ERROR_ACTIVITY_ALREADY_INSTALLED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.robot(nil)
			params := valid(w)
			maps.Copy(params, tc.change)
			for _, kind := range []string{"robot", "activity"} {
				w.refused(400, tc.code, "bizproc."+kind+".add", params)
			}
		})
	}
}

func TestRobotUpdateListDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	w.ok("bizproc.activity.add", map[string]any{"CODE": "act", "HANDLER": w.app.URL + "/a", "NAME": "A"})
	require.Equal(t, []any{"acme_send"}, w.ok("bizproc.robot.list", nil))
	require.Equal(t, []any{"act"}, w.ok("bizproc.activity.list", nil))
	require.Equal(t, []string{"acme_send", "act"}, w.portal.Robots())
	w.ok("bizproc.robot.update", map[string]any{"CODE": "acme_send", "FIELDS": map[string]any{"USE_SUBSCRIPTION": "N"}})
	w.refused(400, "ERROR_ACTIVITY_VALIDATION_FAILURE", "bizproc.robot.update", map[string]any{"CODE": "acme_send"})
	w.refused(400, "ERROR_ACTIVITY_NOT_FOUND", "bizproc.robot.update", map[string]any{"CODE": "act", "FIELDS": map[string]any{"NAME": "x"}})
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send"})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Equal(t, "N", w.next().form.Get("use_subscription"))
	w.ok("bizproc.robot.delete", map[string]any{"CODE": "acme_send"})
	w.refused(400, "ERROR_ACTIVITY_NOT_FOUND", "bizproc.robot.delete", map[string]any{"CODE": "acme_send"})
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	w.portal.ClearRobots(bitrixsim.Deal, "NEW")
	manager, _ := w.portal.IssueTokens(clientID, 2)
	status, body := w.as(manager, "bizproc.robot.list", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "Access denied!", body["error_description"])
	status, body = w.post(w.portal.AddWebhook(1, "bizproc")+"bizproc.robot.list", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "Application context required", body["error_description"])
}

func TestWebhookStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Webhook: w.app.URL + "/hook/s?deal_id={{ID}}&stage={=Document:STAGE_ID}"})
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	in := w.next()
	require.Equal(t, keys(sample(t, "webhook_step.form")), keys(in.body))
	require.Equal(t, "deal_id="+itoa(id)+"&stage=NEW", in.query)
	require.Equal(t, "DEAL_"+itoa(id), in.form.Get("document_id[2]"))
	require.Equal(t, bitrixsim.Done, w.portal.Workflows()[0].State)
}

func TestWorkflows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(nil)
	deal, smart := w.portal.CreateItem(bitrixsim.Deal, nil), w.portal.CreateItem(177, nil)
	template := w.portal.AddTemplate(bitrixsim.Template{
		Name: "Проверка", EntityTypeID: bitrixsim.Deal, Parameters: map[string]any{"docflow": "", "who": "user_1"},
		Steps: []bitrixsim.Step{{Robot: "acme_send", Properties: map[string]any{"note": "{=Template:docflow}"}}},
	})
	start := func(template any, document ...string) map[string]any {
		return map[string]any{"TEMPLATE_ID": template, "DOCUMENT_ID": document, "PARAMETERS": map[string]any{"docflow": "d1"}}
	}
	const dynamic = `Bitrix\Crm\Integration\BizProc\Document\Dynamic`
	w.refused(400, "ERROR_WRONG_WORKFLOW_ID", "bizproc.workflow.start", start("", "crm", "CCrmDocumentDeal", "DEAL_"+itoa(deal)))
	w.refused(400, "ERROR_WRONG_WORKFLOW_ID", "bizproc.workflow.start", start(1, "crm", "CCrmDocumentDeal", "DEAL_"+itoa(deal)))
	w.refused(400, "", "bizproc.workflow.start", start(template, "crm", "CCrmDocumentDeal", itoa(deal)))
	w.refused(400, "", "bizproc.workflow.start", start(template, "crm", "CCrmDocumentWrong", "DEAL_"+itoa(deal)))
	w.refused(400, "", "bizproc.workflow.start", start(template, "crm", dynamic, "DYNAMIC_177_"+itoa(smart)))
	w.refused(400, "", "bizproc.workflow.start", start(template, "lists", "CCrmDocumentDeal", "DEAL_"+itoa(deal)))
	id := w.ok("bizproc.workflow.start", start(template, "crm", "CCrmDocumentDeal", "DEAL_"+itoa(deal))).(string)
	in := w.next()
	require.Equal(t, id, in.form.Get("workflow_id"))
	require.Equal(t, "d1", in.form.Get("properties[note]"))
	wf := w.portal.Workflows()[0]
	require.Equal(t, map[string]any{"docflow": "d1", "who": "user_1"}, wf.Parameters)
	require.Equal(t, template, wf.TemplateID)
	rows := w.ok("bizproc.workflow.instances", map[string]any{
		"SELECT": []string{"ID", "DOCUMENT_ID", "TEMPLATE_ID", "STARTED_BY"}, "FILTER": map[string]any{"=DOCUMENT_ID": "DEAL_" + itoa(deal)},
	})
	require.Equal(t, []any{map[string]any{"ID": id, "DOCUMENT_ID": "DEAL_" + itoa(deal), "TEMPLATE_ID": itoa(template), "STARTED_BY": "1"}}, rows)
	w.ok("bizproc.workflow.terminate", map[string]any{"ID": id, "STATUS": "снят"})
	require.Equal(t, bitrixsim.Terminated, w.portal.Workflows()[0].State)
	w.refused(403, "ACCESS_DENIED", "bizproc.event.send", map[string]any{"EVENT_TOKEN": in.form.Get("event_token")})
	require.Empty(t, w.ok("bizproc.workflow.instances", nil))
	w.ok("bizproc.workflow.kill", map[string]any{"ID": id})
	require.Empty(t, w.portal.Workflows())
	w.refused(400, "ERROR_WRONG_WORKFLOW_ID", "bizproc.workflow.kill", nil)
	require.Equal(t, []any{map[string]any{"ID": itoa(template), "NAME": "Проверка"}},
		w.ok("bizproc.workflow.template.list", map[string]any{"select": []string{"ID", "NAME"}}))
}
