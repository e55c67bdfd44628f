package bitrixsim_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// dealDocument is DOCUMENT_ID of a deal.
func dealDocument(id int) []string { return []string{"crm", "CCrmDocumentDeal", "DEAL_" + itoa(id)} }

// bpt is a template file that the simulator can run.
func bpt(t *testing.T, steps ...bitrixsim.Step) []string {
	return []string{"acme.bpt", base64.StdEncoding.EncodeToString([]byte(toJSON(t, bitrixsim.Template{Steps: steps})))}
}

func TestTaskLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Квартира"})
	template := w.portal.AddTemplate(bitrixsim.Template{Name: "Подпись", EntityTypeID: bitrixsim.Deal, Steps: []bitrixsim.Step{
		{Task: &bitrixsim.TaskStep{
			Activity: bitrixsim.RequestInformationActivity, Name: "Скажите номер", Users: []int{1},
			Fields: []bitrixsim.TaskField{{ID: "number", Name: "Номер", Type: "string", Required: true}},
		}},
		{SetField: map[string]any{"title": "{=A1:number}"}},
	}})
	w.ok("bizproc.workflow.start", map[string]any{"TEMPLATE_ID": template, "DOCUMENT_ID": dealDocument(deal)})

	rows := w.ok("bizproc.task.list", nil).([]any)
	require.Len(t, rows, 1)
	row := rows[0].(map[string]any)
	require.Len(t, row, 7, "the default selection")
	require.Equal(t, "Квартира", row["DOCUMENT_NAME"])
	rows = w.ok("bizproc.task.list", map[string]any{"SELECT": []string{"parameters", "STATUS"}, "FILTER": map[string]any{"user_id": 1}}).([]any)
	fields := rows[0].(map[string]any)["PARAMETERS"].(map[string]any)["Fields"].([]any)
	require.Equal(t, "number", fields[0].(map[string]any)["Id"])

	complete := map[string]any{"TASK_ID": row["ID"], "STATUS": "ok"}
	w.refused(400, "ERROR_TASK_EXECUTION", "bizproc.task.complete", complete)
	complete["FIELDS"] = map[string]any{"number": "77:01"}
	require.Equal(t, true, w.ok("bizproc.task.complete", complete))
	w.refused(400, "ERROR_TASK_COMPLETED", "bizproc.task.complete", complete)
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, "77:01", item["title"])
	require.Equal(t, bitrixsim.Done, w.portal.Workflows()[0].State)

	w.clock.add(25 * time.Hour)
	fresh, _ := w.portal.IssueTokens(clientID, 1)
	_, body := w.as(fresh, "bizproc.task.list", nil)
	require.Empty(t, body["result"], "tasks of an ended workflow are kept for a day")
}

func TestTaskRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	start := func(step bitrixsim.TaskStep) int {
		step.Name = "Задание"
		id := w.portal.AddTemplate(bitrixsim.Template{Name: "T", EntityTypeID: bitrixsim.Deal, Steps: []bitrixsim.Step{{Task: &step}}})
		w.ok("bizproc.workflow.start", map[string]any{"TEMPLATE_ID": id, "DOCUMENT_ID": dealDocument(deal)})
		tasks := w.portal.Tasks()
		return tasks[len(tasks)-1].ID
	}
	approve := start(bitrixsim.TaskStep{Activity: bitrixsim.ApproveActivity, Users: []int{1}, CommentRequired: "YR"})
	manager := start(bitrixsim.TaskStep{Activity: bitrixsim.ReviewActivity, Users: []int{2}})
	odd := start(bitrixsim.TaskStep{Activity: "SomethingActivity", Users: []int{1}})
	for name, tc := range map[string]struct {
		code   string
		params map[string]any
	}{
		"no id":            {"ERROR_TASK_VALIDATION", map[string]any{"STATUS": 1}},
		"status":           {"ERROR_TASK_VALIDATION", map[string]any{"TASK_ID": approve, "STATUS": "maybe"}},
		"status of others": {"ERROR_TASK_VALIDATION", map[string]any{"TASK_ID": approve, "STATUS": 3}},
		"unknown":          {"ERROR_TASK_NOT_FOUND", map[string]any{"TASK_ID": 1, "STATUS": 1}},
		"not one's own":    {"ERROR_TASK_NOT_FOUND", map[string]any{"TASK_ID": manager, "STATUS": 3}},
		"type":             {"ERROR_TASK_TYPE", map[string]any{"TASK_ID": odd, "STATUS": 1}},
		"comment":          {"ERROR_TASK_EXECUTION", map[string]any{"TASK_ID": approve, "STATUS": "no"}},
	} {
		status, body := w.call("bizproc.task.complete", tc.params)
		require.Equal(t, 400, status, name)
		require.Equal(t, tc.code, body["error"], name)
	}
	w.ok("bizproc.task.complete", map[string]any{"TASK_ID": approve, "STATUS": "no", "COMMENT": "нет"})
	require.Equal(t, 2, w.portal.Tasks()[0].Status)

	w.refused(400, "ERROR_TASK_VALIDATION", "bizproc.task.delegate", map[string]any{"FROM_USER_ID": 2, "TO_USER_ID": 1})
	w.refused(400, "ERROR_INVALID_USER_ID", "bizproc.task.delegate", map[string]any{"TASK_IDS": []int{manager}, "FROM_USER_ID": 2, "TO_USER_ID": 9})
	w.refused(400, "ERROR_DELEGATION_NOT_ALLOWED", "bizproc.task.delegate", map[string]any{"TASK_IDS": []int{manager}, "FROM_USER_ID": 1, "TO_USER_ID": 2})
	w.ok("bizproc.task.delegate", map[string]any{"TASK_IDS": []int{manager}, "FROM_USER_ID": 2, "TO_USER_ID": 1})
	w.ok("bizproc.task.complete", map[string]any{"TASK_ID": manager, "STATUS": "3"})

	token, _ := w.portal.IssueTokens(clientID, 2)
	status, body := w.as(token, "bizproc.task.list", map[string]any{"FILTER": map[string]any{"USER_ID": 1}})
	require.Equal(t, 400, status)
	require.Equal(t, "ACCESS_DENIED", body["error"])
	w.refused(400, "ERROR_SELECT_VALIDATION_FAILURE", "bizproc.task.list", map[string]any{"SELECT": "ID"})
}

func TestOverdueTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	id := w.portal.AddTemplate(bitrixsim.Template{Name: "T", EntityTypeID: bitrixsim.Deal, Steps: []bitrixsim.Step{
		{Task: &bitrixsim.TaskStep{Activity: bitrixsim.ReviewActivity, Name: "Прочтите", Users: []int{1}, Due: time.Hour}},
	}})
	w.ok("bizproc.workflow.start", map[string]any{"TEMPLATE_ID": id, "DOCUMENT_ID": dealDocument(deal)})
	w.clock.add(time.Hour)
	w.sim.Tick()
	require.Equal(t, 4, w.portal.Tasks()[0].Status)
	require.Equal(t, bitrixsim.Done, w.portal.Workflows()[0].State)
}

func TestTemplatesOfApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.portal.AddTemplate(bitrixsim.Template{Name: "Чужой", EntityTypeID: bitrixsim.Deal})
	kind := []string{"crm", "CCrmDocumentDeal", "DEAL"}
	for name, tc := range map[string]struct {
		text   string
		params map[string]any
	}{
		"type":    {"Incorrect field DOCUMENT_TYPE!", map[string]any{"DOCUMENT_TYPE": []string{"crm", "CCrmDocumentDeal", "LEAD"}}},
		"name":    {"Empty template name!", map[string]any{"DOCUMENT_TYPE": kind}},
		"execute": {"Incorrect field AUTO_EXECUTE!", map[string]any{"DOCUMENT_TYPE": kind, "NAME": "T", "AUTO_EXECUTE": 4}},
		"data":    {"Incorrect field TEMPLATE_DATA!", map[string]any{"DOCUMENT_TYPE": kind, "NAME": "T", "TEMPLATE_DATA": "x"}},
	} {
		status, body := w.call("bizproc.workflow.template.add", tc.params)
		require.Equal(t, 400, status, name)
		require.Equal(t, "ERROR_TEMPLATE_VALIDATION_FAILURE", body["error"], name)
		require.Equal(t, tc.text, body["error_description"], name)
	}
	id := w.ok("bizproc.workflow.template.add", map[string]any{
		"DOCUMENT_TYPE": kind, "NAME": "Мой", "AUTO_EXECUTE": bitrixsim.OnCreate,
		"TEMPLATE_DATA": bpt(t, bitrixsim.Step{SetField: map[string]any{"title": "Заведено"}}),
	})
	rows := w.ok("bizproc.workflow.template.list", map[string]any{
		"SELECT": []string{"ID", "SYSTEM_CODE", "DOCUMENT_TYPE"}, "FILTER": map[string]any{"!SYSTEM_CODE": ""},
	}).([]any)
	require.Len(t, rows, 1)
	require.Equal(t, "rest_app_5", rows[0].(map[string]any)["SYSTEM_CODE"])
	require.Equal(t, "DEAL", rows[0].(map[string]any)["DOCUMENT_TYPE"])

	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "x"})
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, "Заведено", item["title"], "the template starts by itself")

	require.Equal(t, id, w.ok("bizproc.workflow.template.update", map[string]any{"ID": id, "FIELDS": map[string]any{"AUTO_EXECUTE": 0}}))
	w.refused(400, "ERROR_TEMPLATE_VALIDATION_FAILURE", "bizproc.workflow.template.update", map[string]any{"ID": id})
	w.refused(400, "ERROR_TEMPLATE_NOT_OWNER", "bizproc.workflow.template.update", map[string]any{"ID": foreign, "FIELDS": map[string]any{"NAME": "x"}})
	require.Nil(t, w.ok("bizproc.workflow.template.delete", map[string]any{"ID": id}))
	w.refused(400, "ERROR_TEMPLATE_NOT_FOUND", "bizproc.workflow.template.delete", map[string]any{"ID": id})
	hook := w.portal.AddWebhook(1, "bizproc")
	status, body := w.post(hook+"bizproc.workflow.template.add", nil)
	require.Equal(t, 400, status)
	require.Equal(t, "Application context required", body["error_description"])
}

func TestDocumentsOfWorkflows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	invoice := w.portal.CreateItem(bitrixsim.SmartInvoice, nil)
	quote := w.portal.CreateItem(bitrixsim.Quote, nil)
	process := w.portal.AddListElement(171, true, "Заявка")
	element := w.portal.AddListElement(172, false, "Строка")
	storage := w.ok("disk.storage.getForApp", nil).(map[string]any)
	file := w.ok("disk.storage.uploadFile", map[string]any{
		"id": storage["ID"], "data": map[string]string{"NAME": "a.txt"}, "fileContent": []string{"a.txt", "QQ=="},
	}).(map[string]any)
	const class = `Bitrix\Crm\Integration\BizProc\Document\`
	for name, tc := range map[string]struct{ kind, id [3]string }{
		"invoice": {[3]string{"crm", class + "SmartInvoice", "SMART_INVOICE"}, [3]string{"crm", class + "SmartInvoice", "SMART_INVOICE_" + itoa(invoice)}},
		"quote":   {[3]string{"crm", class + "Quote", "QUOTE"}, [3]string{"crm", class + "Quote", "QUOTE_" + itoa(quote)}},
		"process": {[3]string{"lists", "BizprocDocument", "iblock_171"}, [3]string{"lists", "BizprocDocument", itoa(process)}},
		"element": {[3]string{"lists", `Bitrix\Lists\BizprocDocumentLists`, "iblock_172"}, [3]string{"lists", `Bitrix\Lists\BizprocDocumentLists`, itoa(element)}},
		"file": {
			[3]string{"disk", `Bitrix\Disk\BizProcDocument`, "STORAGE_" + storage["ID"].(string)},
			[3]string{"disk", `Bitrix\Disk\BizProcDocument`, itoa(int(file["ID"].(float64)))},
		},
	} {
		template := w.portal.AddTemplate(bitrixsim.Template{Name: name, Document: tc.kind})
		require.NotEmpty(t, w.ok("bizproc.workflow.start", map[string]any{"TEMPLATE_ID": template, "DOCUMENT_ID": tc.id}), name)
		workflows := w.portal.Workflows()
		require.Equal(t, tc.id, workflows[len(workflows)-1].Document, name)
	}
	deals := w.portal.AddTemplate(bitrixsim.Template{Name: "T", EntityTypeID: bitrixsim.Deal})
	for text, id := range map[string][]string{
		"Template type and DOCUMENT_ID mismatch!": {"lists", "BizprocDocument", itoa(process)},
		"Incorrect document type!":                {"lists", "Nothing", "1"},
		"Wrong DOCUMENT_ID!":                      {"crm", "CCrmDocumentDeal", "DEAL_1"},
	} {
		status, body := w.call("bizproc.workflow.start", map[string]any{"TEMPLATE_ID": deals, "DOCUMENT_ID": id})
		require.Equal(t, 400, status)
		require.Equal(t, text, body["error_description"])
	}
}

func TestRobotsOutOfPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(map[string]any{"CODE": "leads", "FILTER": map[string]any{"INCLUDE": [][]string{{"crm", "CCrmDocumentLead"}}}})
	w.robot(map[string]any{"CODE": "box", "FILTER": map[string]any{"EXCLUDE": []any{"b24"}}})
	w.ok("bizproc.activity.add", map[string]any{"CODE": "act", "HANDLER": w.app.URL + "/robots/act", "NAME": "A"})
	for _, code := range []string{"leads", "box", "act"} {
		w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: code})
	}
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	require.Len(t, w.portal.Workflows()[0].Log, 3)
}

func TestRobotSettingsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.robot(map[string]any{"USE_PLACEMENT": "Y", "PLACEMENT_HANDLER": w.app.URL + "/settings"})
	w.portal.PlaceRobot(bitrixsim.Deal, "NEW", bitrixsim.Step{Robot: "acme_send", Properties: map[string]any{"note": "раз"}})
	page, ok := w.portal.OpenRobotSettings(bitrixsim.Deal, "NEW", 0, 1)
	require.True(t, ok)
	require.Equal(t, w.app.URL+"/settings", page.Handler)
	require.Equal(t, "BIZPROC_ACTIVITY_PROPERTIES_DIALOG", page.Form.Get("PLACEMENT"))
	var options struct {
		Code       string                    `json:"code"`
		Properties map[string]map[string]any `json:"properties"`
		Current    map[string]any            `json:"current_values"`
		Type       []string                  `json:"document_type"`
	}
	require.NoError(t, json.Unmarshal([]byte(page.Form.Get("PLACEMENT_OPTIONS")), &options))
	require.Equal(t, "acme_send", options.Code)
	require.Equal(t, "select", options.Properties["docType"]["Type"])
	require.Equal(t, map[string]any{"docType": "pdf", "note": "раз"}, options.Current)
	require.Equal(t, []string{"crm", "CCrmDocumentDeal", "DEAL"}, options.Type)

	require.True(t, w.portal.SetRobotProperties(bitrixsim.Deal, "NEW", 0, map[string]any{"note": "два", "stranger": 1}))
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Equal(t, "два", w.next().form.Get("properties[note]"))

	w.ok("bizproc.robot.update", map[string]any{"CODE": "acme_send", "FIELDS": map[string]any{"USE_PLACEMENT": "N"}})
	_, ok = w.portal.OpenRobotSettings(bitrixsim.Deal, "NEW", 0, 1)
	require.False(t, ok)
	w.refused(400, "ERROR_WRONG_HANDLER_URL", "bizproc.robot.update", map[string]any{"CODE": "acme_send", "FIELDS": map[string]any{"USE_PLACEMENT": "Y"}})
}

func TestDrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	storage := w.ok("disk.storage.getForApp", nil).(map[string]any)
	require.Equal(t, storage, w.ok("disk.storage.getForApp", nil), "made once")
	folder := w.ok("disk.storage.addFolder", map[string]any{"id": storage["ID"], "data": map[string]string{"NAME": "Пакет"}}).(map[string]any)
	w.refused(400, "DISK_OBJ_22000", "disk.folder.addSubFolder", map[string]any{"id": storage["ROOT_OBJECT_ID"], "data": map[string]string{"NAME": "Пакет"}})
	w.refused(400, "DISK_BASE_SERVICE_22001", "disk.folder.addSubFolder", map[string]any{"id": folder["ID"]})
	w.refused(400, "ERROR_NOT_FOUND", "disk.folder.getChildren", map[string]any{"id": 1})

	upload := map[string]any{"id": folder["ID"], "data": map[string]string{"NAME": "a.txt"}, "fileContent": []string{"a.txt", "QQ=="}}
	first := w.ok("disk.folder.uploadFile", upload).(map[string]any)
	w.refused(400, "DISK_OBJ_22000", "disk.folder.uploadFile", upload)
	upload["generateUniqueName"] = "true"
	require.Equal(t, "a (1).txt", w.ok("disk.folder.uploadFile", upload).(map[string]any)["NAME"])
	require.Equal(t, "a (2).txt", w.ok("disk.folder.uploadFile", upload).(map[string]any)["NAME"])
	upload["fileContent"] = []string{"a.txt", "not base64!"}
	w.refused(400, "ERROR_COULD_NOT_SAVE_FILE", "disk.folder.uploadFile", upload)

	id := map[string]any{"id": first["ID"]}
	version := w.ok("disk.file.uploadVersion", map[string]any{"id": first["ID"], "fileContent": []string{"a.txt", "QkI="}}).(map[string]any)
	require.EqualValues(t, 2, version["GLOBAL_CONTENT_VERSION"])
	require.Equal(t, "2", version["SIZE"])
	link := w.ok("disk.file.getExternalLink", id)
	require.Equal(t, link, w.ok("disk.file.getExternalLink", id))
	require.Equal(t, "3", w.ok("disk.file.markDeleted", id).(map[string]any)["DELETED_TYPE"])
	require.Len(t, w.ok("disk.folder.getChildren", map[string]any{"id": folder["ID"]}), 2)
	require.Equal(t, true, w.ok("disk.file.delete", id))
	w.refused(400, "ERROR_NOT_FOUND", "disk.file.get", id)
	kinds := map[any]bool{}
	for _, row := range w.ok("disk.storage.getList", nil).([]any) {
		kinds[row.(map[string]any)["ENTITY_TYPE"]] = true
	}
	require.Equal(t, map[any]bool{"restapp": true, "common": true, "user": true}, kinds)
}
