package bitrixsim_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

// download fetches a link with the headers that the docs require.
func (w *world) download(link string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, link, http.NoBody)
	require.NoError(w.t, err)
	for k, v := range map[string]string{"User-Agent": "test/1", "Accept": "*/*", "Accept-Language": "en-US,en;q=0.9", "Referer": w.base + "/"} {
		req.Header.Set(k, v)
	}
	resp, err := client().Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(raw)
}

func file(name, data string) []any {
	return []any{name, base64.StdEncoding.EncodeToString([]byte(data))}
}

func (w *world) update(id int, fields map[string]any, original bool) map[string]any {
	w.t.Helper()
	params := map[string]any{"entityTypeId": 2, "id": id, "fields": fields}
	if original {
		params["useOriginalUfNames"] = "Y"
	}
	return w.ok("crm.item.update", params).(map[string]any)["item"].(map[string]any)
}

func TestItemNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"UF_CRM_1747309879", "UF_CRM_3_DIGIT", "UF_CRM_3_DIGIT10", "UF_CRM_KB_ERROR"} {
		w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: name})
	}
	fields := w.ok("crm.item.fields", map[string]any{"entityTypeId": 2}).(map[string]any)["fields"].(map[string]any)
	for camel, upper := range map[string]string{
		"ufCrm_1747309879": "UF_CRM_1747309879", "ufCrm3Digit": "UF_CRM_3_DIGIT", "ufCrm_3_DIGIT10": "UF_CRM_3_DIGIT10", "ufCrmKbError": "UF_CRM_KB_ERROR",
		"stageId": "STAGE_ID", "updatedTime": "DATE_MODIFY", "assignedById": "ASSIGNED_BY_ID",
	} {
		require.Equal(t, upper, fields[camel].(map[string]any)["upperName"], camel)
	}
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	item := w.update(id, map[string]any{"UF_CRM_KB_ERROR": "ignored", "ufCrm3Digit": "set", "nonsense": 1}, false)
	require.Nil(t, item["ufCrmKbError"])
	require.Equal(t, "set", item["ufCrm3Digit"])
	item = w.update(id, map[string]any{"UF_CRM_KB_ERROR": "set", "ufCrm3Digit": "ignored"}, true)
	require.Equal(t, "set", item["UF_CRM_KB_ERROR"])
	require.Equal(t, "set", item["UF_CRM_3_DIGIT"])
	require.Equal(t, 0.0, item["companyId"], "no company is 0")
	require.Equal(t, "Y", item["opened"])
	require.Equal(t, "P", item["stageSemanticId"])
	require.Nil(t, item["begindate"])
}

func TestItemErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_E", Type: "enumeration", Options: []bitrixsim.EnumOption{{Value: "A"}}})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_N", Type: "integer"})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_M", Multiple: true})
	w.portal.AddUserField(bitrixsim.Contact, bitrixsim.UserField{Name: "UF_CRM_REQ", Mandatory: true})
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	w.portal.RequireAtStage(bitrixsim.Deal, "WON", "UF_CRM_N")
	for name, tc := range map[string]struct {
		method string
		params map[string]any
		code   string
	}{
		"no type":        {"crm.item.get", map[string]any{"id": 1}, "100"},
		"unknown type":   {"crm.item.get", map[string]any{"entityTypeId": 999, "id": 1}, "NOT_FOUND"},
		"old invoice":    {"crm.item.get", map[string]any{"entityTypeId": 5, "id": 1}, "ENTITY_TYPE_NOT_SUPPORTED"},
		"unknown id":     {"crm.item.get", map[string]any{"entityTypeId": 2, "id": 1}, "NOT_FOUND"},
		"no id":          {"crm.item.update", map[string]any{"entityTypeId": 2}, "100"},
		"no fields":      {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id}, "100"},
		"stage":          {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"stageId": "C1:NEW"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"funnel":         {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"categoryId": 77}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"option text":    {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"ufCrmE": "A"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"unknown option": {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"ufCrmE": 9999}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"number":         {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"ufCrmN": "ten"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"date":           {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"begindate": "soon"}}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"},
		"not iterable":   {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"ufCrmM": "one"}}, "100"},
		"by stage":       {"crm.item.update", map[string]any{"entityTypeId": 2, "id": id, "fields": map[string]any{"stageId": "WON"}}, "CRM_FIELD_ERROR_REQUIRED"},
		"mandatory":      {"crm.item.add", map[string]any{"entityTypeId": 3, "fields": map[string]any{"name": "x"}}, "CRM_FIELD_ERROR_REQUIRED"},
		"filter":         {"crm.item.list", map[string]any{"entityTypeId": 2, "filter": map[string]any{"NOPE": 1}}, "INVALID_ARG_VALUE"},
		"order":          {"crm.item.list", map[string]any{"entityTypeId": 2, "order": map[string]any{"id": "UP"}}, "INVALID_ARG_VALUE"},
		"no funnels":     {"crm.category.list", map[string]any{"entityTypeId": 3}, "ENTITY_TYPE_NOT_SUPPORTED"},
		"old: no id":     {"crm.deal.get", nil, ""},
		"old: wrong id":  {"crm.deal.get", map[string]any{"id": 1}, ""},
		"old: fields":    {"crm.deal.update", map[string]any{"id": id, "fields": "x"}, ""},
	} {
		t.Run(name, func(t *testing.T) { w.refused(400, tc.code, tc.method, tc.params) })
	}
	require.Error(t, w.portal.MoveStage(bitrixsim.Deal, id, "WON"))
	require.NoError(t, w.portal.UpdateItem(bitrixsim.Deal, id, map[string]any{"UF_CRM_N": 5, "stageId": "WON"}))
	card, _ := w.portal.Item(bitrixsim.Deal, id)
	require.Equal(t, "S", card["stageSemanticId"])
	require.Equal(t, "Y", card["closed"])
	require.Error(t, w.portal.UpdateItem(bitrixsim.Deal, 1, nil))
}

func TestItemList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 120 {
		w.portal.CreateItem(bitrixsim.Deal, map[string]any{"opportunity": 10.5})
	}
	last := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Особая", "opportunity": 99, "UF_CRM_B": true})
	rows := func(params map[string]any) ([]any, map[string]any) {
		params["entityTypeId"] = 2
		_, body := w.call("crm.item.list", params)
		return body["result"].(map[string]any)["items"].([]any), body
	}
	got, body := rows(map[string]any{"select": []string{"id"}})
	require.Len(t, got, 50)
	require.Equal(t, 121.0, body["total"])
	require.Equal(t, 50.0, body["next"])
	got, body = rows(map[string]any{"start": 100})
	require.Len(t, got, 21)
	require.NotContains(t, body, "next")
	got, body = rows(map[string]any{"start": -1, "filter": map[string]any{">id": last - 3}, "order": map[string]any{"id": "DESC"}})
	require.NotContains(t, body, "total")
	require.Len(t, got, 3)
	require.Equal(t, float64(last), got[0].(map[string]any)["id"])
	for name, filter := range map[string]map[string]any{
		"equal": {"title": "Особая"}, "like": {"%title": "СОБ"}, "own percent": {"%=title": "Осо%"}, "greater": {">opportunity": 50}, "in": {"@id": []int{last, 1}},
		"not": {"!opportunity": 10.5}, "boolean by 1": {"ufCrmB": 1},
		"or": {"logic": "OR", "0": map[string]any{"title": "Особая"}, "1": map[string]any{"id": 1}},
	} {
		got, _ := rows(map[string]any{"filter": filter})
		require.Len(t, got, 1, name)
	}
	old := w.ok("crm.deal.list", map[string]any{"filter": map[string]any{"ID": last}, "select": []string{"ID", "UF_*"}})
	require.Equal(t, []any{map[string]any{"ID": itoa(last), "UF_CRM_B": "1"}}, old)
}

func TestNothingChangedSavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALUPDATE")
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_M", Multiple: true})
	id := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "x", "UF_CRM_D": "2026-01-01"})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_LATE", Multiple: true})
	w.update(id, map[string]any{"title": "x", "UF_CRM_M": []string{}, "UF_CRM_LATE": []string{}, "opportunity": 0, "unknown": 5}, true)
	w.silent()
	w.update(id, map[string]any{"UF_CRM_M": []string{"a"}}, true)
	w.next()
}

func TestOldMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := int(w.ok("crm.contact.add", map[string]any{"fields": map[string]any{
		"NAME": "Иван", "BIRTHDATE": "1980-02-03", "PHONE": []any{map[string]any{"VALUE": "+7900", "VALUE_TYPE": "MOBILE"}},
	}}).(float64))
	contact := w.ok("crm.contact.get", map[string]any{"id": id}).(map[string]any)
	require.Equal(t, itoa(id), contact["ID"])
	require.Equal(t, "1980-02-03T00:00:00+03:00", contact["BIRTHDATE"])
	require.Nil(t, contact["COMPANY_ID"])
	phone := contact["PHONE"].([]any)[0].(map[string]any)
	require.Equal(t, "MOBILE", phone["VALUE_TYPE"])
	w.ok("crm.contact.update", map[string]any{"id": id, "fields": map[string]any{"PHONE": []any{map[string]any{"ID": phone["ID"], "VALUE": "+7901"}}}})
	item := w.ok("crm.item.get", map[string]any{"entityTypeId": 3, "id": id}).(map[string]any)["item"].(map[string]any)
	require.Equal(t, "+7901", item["fm"].([]any)[0].(map[string]any)["value"])
	w.ok("crm.contact.update", map[string]any{"id": id, "fields": map[string]any{"PHONE": []any{map[string]any{"ID": phone["ID"], "DELETE": "Y"}}}})
	require.NotContains(t, w.ok("crm.contact.get", map[string]any{"id": id}), "PHONE")

	deal := int(w.ok("crm.deal.add", map[string]any{"fields": map[string]any{"OPPORTUNITY": "1000000", "CATEGORY_ID": 1, "CONTACT_IDS": []int{id}}}).(float64))
	w.ok("crm.deal.update", map[string]any{"id": deal, "fields": map[string]any{"CATEGORY_ID": 0, "TITLE": "т"}, "params": map[string]any{"REGISTER_SONET_EVENT": "N"}})
	got := w.ok("crm.deal.get", map[string]any{"id": deal}).(map[string]any)
	require.Equal(t, "1000000.00", got["OPPORTUNITY"])
	require.Equal(t, "1", got["CATEGORY_ID"], "the funnel is immutable here")
	require.Equal(t, "C1:NEW", got["STAGE_ID"])
	require.Equal(t, []any{map[string]any{"CONTACT_ID": float64(id), "SORT": 10.0, "ROLE_ID": 0.0, "IS_PRIMARY": "Y"}},
		w.ok("crm.deal.contact.items.get", map[string]any{"id": deal}))
	w.ok("crm.deal.contact.items.set", map[string]any{"id": deal, "items": []any{}})
	require.Equal(t, []any{}, w.ok("crm.deal.contact.items.get", map[string]any{"id": deal}))
	require.Contains(t, w.ok("crm.deal.fields", nil), "STAGE_ID")
	lead := w.portal.CreateItem(bitrixsim.Lead, map[string]any{"STAGE_ID": "IN_PROCESS"})
	got = w.ok("crm.lead.get", map[string]any{"id": lead}).(map[string]any)
	require.Equal(t, "IN_PROCESS", got["STATUS_ID"])
	require.Equal(t, "", got["BIRTHDATE"], "empty dates of leads are empty texts")
	w.ok("crm.lead.delete", map[string]any{"id": lead})
	require.Empty(t, w.portal.Items(bitrixsim.Lead))
}

func TestFileFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_ONE", Type: "file"})
	w.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_MANY", Type: "file", Multiple: true})
	id := w.portal.CreateItem(bitrixsim.Deal, nil)
	item := w.update(id, map[string]any{"UF_CRM_ONE": file("a.pdf", "A"), "UF_CRM_MANY": []any{file("b.pdf", "B"), file("c.pdf", "C")}}, true)
	one := item["UF_CRM_ONE"].(map[string]any)
	many := item["UF_CRM_MANY"].([]any)
	require.Len(t, many, 2)
	status, data := w.download(one["urlMachine"].(string))
	require.Equal(t, 200, status)
	require.Equal(t, "A", data)
	status, _ = w.download(strings.Replace(one["urlMachine"].(string), "fileId=", "fileId=1", 1))
	require.Equal(t, 404, status, "the signed query may not be altered")
	resp, err := http.Get(one["urlMachine"].(string))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 404, resp.StatusCode, "a library's default headers are refused")

	item = w.update(id, map[string]any{"UF_CRM_MANY": []any{map[string]any{"id": many[1].(map[string]any)["id"]}, file("d.pdf", "D")}}, true)
	card, _ := w.portal.Item(bitrixsim.Deal, id)
	var names []string
	for _, f := range card["UF_CRM_MANY"].([]any) {
		name, _, ok := w.portal.File(f.(int))
		require.True(t, ok)
		names = append(names, name)
	}
	require.Equal(t, []string{"c.pdf", "d.pdf"}, names, "files that are not listed are deleted")
	require.NotNil(t, item["UF_CRM_ONE"], "a field that is left out stays")
	item = w.update(id, map[string]any{"UF_CRM_ONE": []any{map[string]any{"id": one["id"]}}}, true)
	require.NotNil(t, item["UF_CRM_ONE"])
	item = w.update(id, map[string]any{"UF_CRM_ONE": "", "UF_CRM_MANY": []any{}}, true)
	require.Nil(t, item["UF_CRM_ONE"])
	require.Equal(t, []any{}, item["UF_CRM_MANY"])

	old := int(w.ok("crm.deal.add", map[string]any{"fields": map[string]any{"UF_CRM_ONE": map[string]any{"fileData": file("o.txt", "O")}}}).(float64))
	got := w.ok("crm.deal.get", map[string]any{"id": old}).(map[string]any)
	link := got["UF_CRM_ONE"].(map[string]any)["downloadUrl"].(string)
	status, data = w.download(w.base + strings.Replace(link, "auth=", "auth="+w.token, 1))
	require.Equal(t, 200, status)
	require.Equal(t, "O", data)
	require.NotContains(t, w.ok("crm.deal.get", map[string]any{"id": id}), "UF_CRM_ONE")
	_, _, ok := w.portal.File(1)
	require.False(t, ok)
}

func TestDictionaries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	typeID := w.portal.AddType(177, "Права")
	require.NotEqual(t, 177, typeID)
	funnel := w.portal.AddCategory(bitrixsim.Deal, "Ещё")
	types := w.ok("crm.type.list", nil).(map[string]any)["types"].([]any)
	require.Equal(t, float64(typeID), types[0].(map[string]any)["id"])
	cats := w.ok("crm.category.list", map[string]any{"entityTypeId": 2}).(map[string]any)["categories"].([]any)
	require.Len(t, cats, 3)
	require.Equal(t, "Y", cats[0].(map[string]any)["isDefault"])
	one := w.ok("crm.category.get", map[string]any{"entityTypeId": 2, "id": funnel}).(map[string]any)["category"].(map[string]any)
	require.Equal(t, "Ещё", one["name"])
	stages := w.ok("crm.status.list", map[string]any{"filter": map[string]any{"ENTITY_ID": "DEAL_STAGE_1"}}).([]any)
	require.Len(t, stages, 8)
	require.Equal(t, "C1:NEW", stages[0].(map[string]any)["STATUS_ID"])
	require.Nil(t, stages[0].(map[string]any)["SEMANTICS"])
	require.Equal(t, "S", stages[5].(map[string]any)["SEMANTICS"])
	id := w.portal.CreateItem(177, nil)
	card, _ := w.portal.Item(177, id)
	require.Regexp(t, `^DT177_\d+:NEW$`, card["stageId"])
	require.NoError(t, w.portal.MoveStage(177, id, strings.Replace(card["stageId"].(string), "NEW", "SUCCESS", 1)))
	history := w.ok("crm.stagehistory.list", map[string]any{"entityTypeId": 177, "filter": map[string]any{"OWNER_ID": id}}).(map[string]any)["items"].([]any)
	require.Equal(t, []any{1.0, 3.0}, []any{history[0].(map[string]any)["TYPE_ID"], history[1].(map[string]any)["TYPE_ID"]})
}

func TestUserFieldMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	typeID := itoa(w.portal.AddType(177, "Права"))
	w.bind("ONCRMDEALUSERFIELDADD")
	add := func(fields map[string]any) map[string]any { return map[string]any{"fields": fields} }
	w.ok("crm.deal.userfield.add", add(map[string]any{
		"FIELD_NAME": "KB_STATE", "USER_TYPE_ID": "enumeration", "XML_ID": "KB1", "LABEL": map[string]string{"ru": "Состояние"},
		"LIST": []any{map[string]any{"VALUE": "Да", "XML_ID": "y"}},
	}))
	require.Equal(t, "UF_CRM_KB_STATE", w.next().form.Get("data[FIELDS][FIELD_NAME]"))
	for name, tc := range map[string]struct {
		fields map[string]any
		code   string
	}{
		"duplicate":        {map[string]any{"FIELD_NAME": "UF_KB_STATE", "USER_TYPE_ID": "string"}, "ERROR_CORE"},
		"duplicate XML_ID": {map[string]any{"FIELD_NAME": "X1", "USER_TYPE_ID": "string", "XML_ID": "KB1"}, "ERROR_CORE"},
		"too long":         {map[string]any{"FIELD_NAME": strings.Repeat("X", 50), "USER_TYPE_ID": "string"}, "ERROR_CORE"},
		"characters":       {map[string]any{"FIELD_NAME": "A-B", "USER_TYPE_ID": "string"}, "ERROR_CORE"},
		"type":             {map[string]any{"FIELD_NAME": "A", "USER_TYPE_ID": "text"}, "ERROR_CORE"},
		"flags":            {map[string]any{"FIELD_NAME": "A", "USER_TYPE_ID": "boolean", "MULTIPLE": "Y"}, "ERROR_CORE"},
		"no name":          {map[string]any{"USER_TYPE_ID": "string"}, ""},
		"no type":          {map[string]any{"FIELD_NAME": "A"}, ""},
	} {
		t.Run(name, func(t *testing.T) { w.refused(400, tc.code, "crm.deal.userfield.add", add(tc.fields)) })
	}
	rows := w.ok("crm.deal.userfield.list", map[string]any{"filter": map[string]any{"FIELD_NAME": "UF_CRM_KB_STATE"}}).([]any)
	require.Equal(t, "Да", rows[0].(map[string]any)["LIST"].([]any)[0].(map[string]any)["VALUE"])
	config := func(entity, name string) map[string]any {
		return map[string]any{"moduleId": "crm", "field": map[string]any{"entityId": entity, "fieldName": name, "userTypeId": "string"}}
	}
	w.refused(400, "", "userfieldconfig.add", config("CRM_177", "UF_CRM_177_KB_X"))
	w.refused(400, "", "userfieldconfig.add", config("CRM_"+typeID, "UF_CRM_KB_X"))
	field := w.ok("userfieldconfig.add", config("CRM_"+typeID, "UF_CRM_"+typeID+"_KB_X")).(map[string]any)["field"].(map[string]any)
	w.refused(400, "", "userfieldconfig.add", config("CRM_"+typeID, "UF_CRM_"+typeID+"_KB_X"))
	require.Equal(t, field["fieldName"], w.ok("userfieldconfig.get", map[string]any{"moduleId": "crm", "id": field["id"]}).(map[string]any)["field"].(map[string]any)["fieldName"])
	list := w.ok("userfieldconfig.list", map[string]any{"moduleId": "crm", "filter": map[string]any{"entityId": "CRM_" + typeID}})
	require.Len(t, list.(map[string]any)["fields"], 1)
	require.Equal(t, "UF_CRM_"+typeID+"_KB_X", w.portal.UserFields(177)[0].Name)
}

func TestRequisites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	company, deal := w.portal.CreateItem(bitrixsim.Company, nil), w.portal.CreateItem(bitrixsim.Deal, nil)
	id := w.portal.AddRequisite(bitrixsim.Company, company, map[string]any{"RQ_INN": "0277000000", "RQ_KPP": "027701001"})
	rows := w.ok("crm.requisite.list", map[string]any{"filter": map[string]any{"ENTITY_TYPE_ID": 4, "ENTITY_ID": company}, "select": []string{"ID", "RQ_INN"}})
	require.Equal(t, []any{map[string]any{"ID": itoa(id), "RQ_INN": "0277000000"}}, rows)
	require.Nil(t, w.ok("crm.requisite.get", map[string]any{"id": id}).(map[string]any)["RQ_OGRN"])
	w.refused(400, "", "crm.requisite.get", map[string]any{"id": 1})
	link := map[string]any{"entityTypeId": 2, "entityId": deal}
	w.refused(400, "", "crm.requisite.link.get", link)
	w.portal.LinkRequisite(bitrixsim.Deal, deal, id)
	require.Equal(t, itoa(id), w.ok("crm.requisite.link.get", link).(map[string]any)["REQUISITE_ID"])
	require.Len(t, w.ok("crm.requisite.link.list", nil), 1)
	require.Equal(t, true, w.ok("crm.requisite.link.unregister", link))
	require.Equal(t, false, w.ok("crm.requisite.link.unregister", link))
	w.refused(400, "", "crm.requisite.link.register", map[string]any{"fields": map[string]any{"ENTITY_TYPE_ID": 2}})
	w.refused(400, "", "crm.requisite.link.get", map[string]any{"entityTypeId": 2})
	added := w.ok("crm.requisite.add", map[string]any{"fields": map[string]any{"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "N"}})
	require.Greater(t, added.(float64), float64(id))
}
