package bitrixsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMTIMELINECOMMENTADD")
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	fields := map[string]any{"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "Готово", "FILES": []any{file("s.pdf", "S")}}
	id := w.ok("crm.timeline.comment.add", map[string]any{"fields": fields})
	require.Equal(t, itoa(int(id.(float64))), w.next().form.Get("data[ID]"))
	entry := w.portal.Timeline(bitrixsim.Deal, deal)[0]
	require.Equal(t, bitrixsim.KindComment, entry.Kind)
	require.Equal(t, []byte("S"), entry.Files[0].Data)
	got := w.ok("crm.timeline.comment.get", map[string]any{"id": id}).(map[string]any)
	for disk := range got["FILES"].(map[string]any) {
		f := w.ok("disk.file.get", map[string]any{"id": disk}).(map[string]any)
		status, data := w.download(f["DOWNLOAD_URL"].(string))
		require.Equal(t, 200, status)
		require.Equal(t, "S", data)
	}
	w.refused(400, "100", "crm.timeline.comment.add", map[string]any{"FIELDS": fields})
	w.refused(400, "OWNER_NOT_FOUND", "crm.timeline.comment.add", map[string]any{"fields": map[string]any{"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "x"}})
	w.refused(400, "INVALID_ARG_VALUE", "crm.timeline.comment.add", map[string]any{"fields": map[string]any{"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}})
	w.ok("crm.timeline.comment.update", map[string]any{"id": id, "fields": map[string]any{"COMMENT": "Иначе", "FILES": []any{}}})
	rows := w.ok("crm.timeline.comment.list", map[string]any{"filter": map[string]any{"ENTITY_ID": deal, "ENTITY_TYPE": "deal"}}).([]any)
	require.Equal(t, "Иначе", rows[0].(map[string]any)["COMMENT"])
	require.Equal(t, []any{}, rows[0].(map[string]any)["FILES"])
	w.ok("crm.timeline.comment.delete", map[string]any{"id": id})
	w.refused(400, "NOT_FOUND", "crm.timeline.comment.get", map[string]any{"id": id})

	line := map[string]any{"entityTypeId": 2, "entityId": deal, "title": "Мост", "text": "принято", "iconCode": "info"}
	msg := w.ok("crm.timeline.logmessage.add", map[string]any{"fields": line}).(map[string]any)["logMessage"].(map[string]any)
	require.Equal(t, "принято", msg["text"])
	require.Equal(t, msg, w.ok("crm.timeline.logmessage.get", map[string]any{"id": msg["id"]}).(map[string]any)["logMessage"])
	require.Len(t, w.ok("crm.timeline.logmessage.list", map[string]any{"entityTypeId": 2, "entityId": deal}).(map[string]any)["logMessages"], 1)
	delete(line, "iconCode")
	w.refused(400, "100", "crm.timeline.logmessage.add", map[string]any{"fields": line})
	w.refused(400, "WRONG_DATETIME_FORMAT", "crm.activity.todo.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "deadline": "soon"})
	w.ok("crm.activity.todo.add", map[string]any{"ownerTypeId": 2, "ownerId": deal, "deadline": "2026-06-01T10:00:00+03:00", "title": "Оплатить"})
	require.Equal(t, "Оплатить", w.portal.Activities(bitrixsim.Deal, deal)[0].Subject, "a to-do has no layout")
	entries := w.portal.Timeline(bitrixsim.Deal, deal)
	require.Equal(t, []string{bitrixsim.KindLog, bitrixsim.KindTodo}, []string{entries[0].Kind, entries[1].Kind})
}

func TestNotify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("im.notify", map[string]any{"USER_ID": 2, "MESSAGE": "раз", "TAG": "a"})
	w.ok("im.notify.system.add", map[string]any{"USER_ID": 2, "MESSAGE": "два", "TAG": "a"})
	require.Len(t, w.portal.Notifications(), 1, "the same tag replaces")
	require.Equal(t, "SYSTEM", w.portal.Notifications()[0].Type)
	require.Equal(t, false, w.ok("im.notify", map[string]any{"USER_ID": 99, "MESSAGE": "x"}))
	w.refused(400, "USER_ID_EMPTY", "im.notify", map[string]any{"MESSAGE": "x"})
	w.refused(400, "MESSAGE_EMPTY", "im.notify", map[string]any{"USER_ID": 2})
}

func TestDiskUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	storage := w.ok("disk.storage.getForApp", nil).(map[string]any)
	up := w.ok("disk.folder.uploadFile", map[string]any{"id": storage["ROOT_OBJECT_ID"], "data": map[string]any{"NAME": "a.txt"}, "fileContent": file("a.txt", "A")}).(map[string]any)
	require.IsType(t, 0.0, up["ID"])
	require.IsType(t, "", w.ok("disk.file.get", map[string]any{"id": up["ID"]}).(map[string]any)["ID"])
	link := w.ok("disk.folder.uploadFile", map[string]any{"id": storage["ROOT_OBJECT_ID"]}).(map[string]any)
	body := "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.txt\"\r\n\r\nB\r\n--B--\r\n"
	resp, err := http.Post(link["uploadUrl"].(string), "multipart/form-data; boundary=B", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"NAME":"b.txt"`)
	w.refused(400, "ERROR_NOT_FOUND", "disk.file.get", map[string]any{"id": 1})
	w.refused(400, "ERROR_ARGUMENT", "disk.file.get", nil)
	w.refused(400, "DISK_BASE_SERVICE_22001", "disk.folder.uploadFile", map[string]any{"id": storage["ROOT_OBJECT_ID"], "fileContent": file("a", "A")})
}

func TestPlacements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bind := func(code, handler string) map[string]any {
		return map[string]any{"PLACEMENT": code, "HANDLER": handler, "TITLE": "Контур"}
	}
	tab := w.app.URL + "/tab"
	require.Equal(t, true, w.ok("placement.bind", bind("CRM_DEAL_DETAIL_TAB", tab)))
	w.ok("placement.bind", bind("REST_APP_URI", tab))
	for name, tc := range map[string]struct {
		status int
		code   string
		params map[string]any
	}{
		"duplicate":   {400, "ERROR_CORE", bind("CRM_DEAL_DETAIL_TAB", tab)},
		"second":      {200, "ERROR_PLACEMENT_MAX_COUNT", bind("REST_APP_URI", tab+"2")},
		"unknown":     {400, "ERROR_PLACEMENT_NOT_FOUND", bind("CRM_NOTHING", tab)},
		"no scope":    {400, "ERROR_PLACEMENT_NOT_FOUND", bind("TASK_VIEW_TAB", tab)},
		"no code":     {200, "ERROR_ARGUMENT", bind("", tab)},
		"no handler":  {200, "ERROR_ARGUMENT", bind("LEFT_MENU", "")},
		"protocol":    {400, "ERROR_UNSUPPORTED_PROTOCOL", bind("LEFT_MENU", "ftp://a.b/c")},
		"no host":     {400, "ERROR_WRONG_HANDLER_URL", bind("LEFT_MENU", "/tab")},
		"worker":      {200, "EMPTY_ERROR_HANDLER_URL", bind("PAGE_BACKGROUND_WORKER", tab)},
		"user's mode": {200, "ERROR_PLACEMENT_USER_MODE", map[string]any{"PLACEMENT": "LEFT_MENU", "HANDLER": tab, "USER_ID": 2}},
	} {
		t.Run(name, func(t *testing.T) { w.refused(tc.status, tc.code, "placement.bind", tc.params) })
	}
	row := w.ok("placement.get", nil).([]any)[0].(map[string]any)
	require.Equal(t, []any{}, row["options"])
	require.Equal(t, tab, row["handler"])
	require.Equal(t, "CRM_DEAL_DETAIL_TAB", w.portal.Placements()[0].Placement)
	w.portal.AddType(177, "x")
	require.Contains(t, w.ok("placement.list", nil), "CRM_DYNAMIC_177_DETAIL_TAB")
	require.Equal(t, map[string]any{"count": 2.0}, w.ok("placement.unbind", bind("CRM_DEAL_DETAIL_TAB", "")))
	w.refused(400, "ERROR_ARGUMENT", "placement.unbind", nil)
}
