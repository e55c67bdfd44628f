package bitrixsim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestProductRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	owner := map[string]any{"ownerType": "D", "ownerId": deal}
	set := map[string]any{"ownerType": "D", "ownerId": deal, "productRows": []any{
		map[string]any{"productName": "Выписка", "price": 80000, "quantity": 2, "discountRate": 20, "taxRate": 20, "taxIncluded": "Y"},
		map[string]any{"productName": "Пошлина", "price": 700},
	}}
	rows := w.ok("crm.item.productrow.set", set).(map[string]any)["productRows"].([]any)
	first := rows[0].(map[string]any)
	require.InDelta(t, 66666.67, first["priceExclusive"], 0.001)
	require.InDelta(t, 83333.33, first["priceNetto"], 0.011)
	require.InDelta(t, 16666.67, first["discountSum"], 0.011)
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.InDelta(t, 160700.0, item["opportunity"], 0)

	filter := map[string]any{"filter": map[string]any{"=ownerType": "D", "=ownerId": deal}}
	list := w.ok("crm.item.productrow.list", filter).(map[string]any)["productRows"].([]any)
	require.Len(t, list, 2)
	id := list[1].(map[string]any)["id"]
	w.ok("crm.item.productrow.update", map[string]any{"id": id, "fields": map[string]any{"quantity": 3}})
	got := w.ok("crm.item.productrow.get", map[string]any{"id": id}).(map[string]any)["productRow"].(map[string]any)
	require.EqualValues(t, 3, got["quantity"])
	w.ok("crm.item.productrow.delete", map[string]any{"id": id})
	owner["price"] = 100
	w.ok("crm.item.productrow.add", map[string]any{"fields": owner})
	item, _ = w.portal.Item(bitrixsim.Deal, deal)
	require.InDelta(t, 160100.0, item["opportunity"], 0)

	w.refused(400, "NOT_FOUND", "crm.item.productrow.get", map[string]any{"id": id})
	w.refused(400, "100", "crm.item.productrow.list", nil)
	w.refused(400, "OWNER_NOT_FOUND", "crm.item.productrow.set", map[string]any{"ownerType": "D", "ownerId": 1, "productRows": []any{}})
	w.refused(400, "ENTITY_TYPE_NOT_SUPPORTED", "crm.item.productrow.set", map[string]any{"ownerType": "C", "ownerId": 1, "productRows": []any{}})
}

func TestRequisiteLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, event := range []string{"ONCRMREQUISITEUPDATE", "ONCRMREQUISITEDELETE", "ONCRMBANKDETAILADD", "ONCRMBANKDETAILDELETE", "ONCRMADDRESSREGISTER", "ONCRMADDRESSUNREGISTER"} {
		w.bind(event)
	}
	company := w.portal.CreateItem(bitrixsim.Company, nil)
	id := w.portal.AddRequisite(bitrixsim.Company, company, map[string]any{"RQ_INN": "0012345678"})
	w.ok("crm.requisite.update", map[string]any{"id": id, "fields": map[string]any{"RQ_KPP": "770101001", "ENTITY_ID": 1, "NO_SUCH": "x"}})
	w.next()
	got := w.ok("crm.requisite.get", map[string]any{"id": id}).(map[string]any)
	require.Equal(t, "770101001", got["RQ_KPP"])
	require.Equal(t, itoa(company), got["ENTITY_ID"], "the owner cannot be changed")
	require.NotContains(t, got, "NO_SUCH")

	bank := w.ok("crm.requisite.bankdetail.add", map[string]any{"fields": map[string]any{"ENTITY_ID": id, "NAME": "Счёт", "RQ_BIK": "044525225"}})
	w.next()
	require.Equal(t, true, w.ok("crm.requisite.bankdetail.update", map[string]any{"id": bank, "fields": map[string]any{"RQ_ACC_NUM": "407"}}))
	rows := w.ok("crm.requisite.bankdetail.list", map[string]any{"filter": map[string]any{"ENTITY_ID": id}, "select": []string{"RQ_BIK", "RQ_ACC_NUM"}}).([]any)
	require.Equal(t, []any{map[string]any{"RQ_BIK": "044525225", "RQ_ACC_NUM": "407"}}, rows)
	w.refused(400, "", "crm.requisite.bankdetail.add", map[string]any{"fields": map[string]any{"ENTITY_ID": 1, "NAME": "x"}})

	w.ok("crm.address.add", map[string]any{"fields": map[string]any{"TYPE_ID": 6, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id, "CITY": "Казань"}})
	in := w.next()
	require.Equal(t, itoa(company), in.form.Get("data[FIELDS][ANCHOR_ID]"))
	require.Equal(t, "4", in.form.Get("data[FIELDS][ANCHOR_TYPE_ID]"))
	w.refused(400, "", "crm.address.delete", map[string]any{"fields": map[string]any{"TYPE_ID": 1, "ENTITY_TYPE_ID": 8, "ENTITY_ID": id}})

	deal := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"companyId": company})
	link := map[string]any{"ENTITY_TYPE_ID": 2, "ENTITY_ID": deal, "REQUISITE_ID": id, "BANK_DETAIL_ID": bank, "MC_REQUISITE_ID": 0, "MC_BANK_DETAIL_ID": 0}
	require.Equal(t, true, w.ok("crm.requisite.link.register", map[string]any{"fields": link}))
	stranger := w.portal.CreateItem(bitrixsim.Deal, map[string]any{"companyId": 5})
	link["ENTITY_ID"] = stranger
	_, body := w.call("crm.requisite.link.register", map[string]any{"fields": link})
	require.Equal(t, "The Requisite with ID '"+itoa(id)+"' is not assigned to Company with ID '5'", body["error_description"])

	require.Equal(t, true, w.ok("crm.requisite.delete", map[string]any{"id": id}))
	names := map[string]bool{}
	for range 3 {
		names[w.next().form.Get("event")] = true
	}
	require.Equal(t, map[string]bool{"ONCRMBANKDETAILDELETE": true, "ONCRMADDRESSUNREGISTER": true, "ONCRMREQUISITEDELETE": true}, names)
	w.refused(400, "", "crm.requisite.link.get", map[string]any{"entityTypeId": 2, "entityId": deal})
	require.Empty(t, w.ok("crm.requisite.bankdetail.list", nil))
	require.Len(t, w.ok("crm.requisite.preset.list", map[string]any{"filter": map[string]any{"COUNTRY_ID": 1}}), 4)
	w.refused(400, "", "crm.requisite.preset.get", map[string]any{"id": 9})
}

func TestUserFieldEditing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMDEALUSERFIELDSETENUMVALUES")
	id := w.ok("crm.deal.userfield.add", map[string]any{"fields": map[string]any{
		"USER_TYPE_ID": "enumeration", "FIELD_NAME": "KB_KIND", "SORT": 200, "LIST": []any{map[string]any{"VALUE": "А", "XML_ID": "a"}},
	}})
	field := w.ok("crm.deal.userfield.get", map[string]any{"id": id}).(map[string]any)
	require.Equal(t, "200", field["SORT"])
	option := field["LIST"].([]any)[0].(map[string]any)["ID"]
	update := map[string]any{"id": id, "fields": map[string]any{
		"MANDATORY": "Y", "FIELD_NAME": "UF_CRM_OTHER", "LIST": []any{map[string]any{"ID": option, "VALUE": "Б"}, map[string]any{"VALUE": "В"}, map[string]any{"VALUE": ""}},
	}}
	require.Equal(t, true, w.ok("crm.deal.userfield.update", update))
	w.next()
	field = w.ok("crm.deal.userfield.get", map[string]any{"id": id}).(map[string]any)
	require.Equal(t, "UF_CRM_KB_KIND", field["FIELD_NAME"], "a name cannot be changed")
	require.Equal(t, "Y", field["MANDATORY"])
	require.Len(t, field["LIST"], 2)
	require.Equal(t, "Б", field["LIST"].([]any)[0].(map[string]any)["VALUE"])
	w.refused(400, "ERROR_CORE", "crm.deal.userfield.update", map[string]any{"id": id, "fields": map[string]any{"LIST": []any{map[string]any{"VALUE": "Г", "XML_ID": "a"}}}})

	got := w.ok("userfieldconfig.get", map[string]any{"moduleId": "crm", "id": id}).(map[string]any)["field"].(map[string]any)
	require.Equal(t, "CRM_DEAL", got["entityId"])
	w.ok("userfieldconfig.update", map[string]any{"moduleId": "crm", "id": id, "field": map[string]any{
		"userTypeId": "enumeration", "enum": []any{map[string]any{"id": option, "del": "Y"}},
	}})
	w.next()
	require.Len(t, w.portal.UserFields(bitrixsim.Deal)[0].Options, 1)
	token, _ := w.portal.IssueTokens(clientID, 2)
	status, _ := w.as(token, "crm.deal.userfield.delete", map[string]any{"id": id})
	require.Equal(t, 403, status)
	require.Equal(t, true, w.ok("crm.deal.userfield.delete", map[string]any{"id": id}))
	w.refused(400, "ERROR_NOT_FOUND", "crm.deal.userfield.get", map[string]any{"id": id})

	own := w.ok("crm.requisite.userfield.add", map[string]any{"fields": map[string]any{"USER_TYPE_ID": "string", "FIELD_NAME": "BOX"}})
	require.Nil(t, w.ok("userfieldconfig.delete", map[string]any{"moduleId": "crm", "id": own}))
	require.Contains(t, w.ok("userfieldconfig.getTypes", map[string]any{"moduleId": "crm"}).(map[string]any)["types"], "enumeration")
}

func TestContactLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.portal.CreateItem(bitrixsim.Contact, nil), w.portal.CreateItem(bitrixsim.Contact, nil)
	deal := w.portal.CreateItem(bitrixsim.Deal, nil)
	one := func(contact int) map[string]any {
		return map[string]any{"id": deal, "fields": map[string]any{"CONTACT_ID": contact}}
	}
	require.Equal(t, true, w.ok("crm.deal.contact.add", one(a)))
	require.Equal(t, false, w.ok("crm.deal.contact.add", one(a)))
	require.Equal(t, true, w.ok("crm.deal.contact.add", map[string]any{"id": deal, "fields": map[string]any{"CONTACT_ID": b, "IS_PRIMARY": "Y"}}))
	item, _ := w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, b, item["contactId"])
	require.Equal(t, true, w.ok("crm.deal.contact.delete", one(b)))
	item, _ = w.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, a, item["contactId"], "the next one becomes primary")
	require.Equal(t, true, w.ok("crm.deal.contact.items.delete", map[string]any{"id": deal}))
	require.Empty(t, w.ok("crm.deal.contact.items.get", map[string]any{"id": deal}))
	w.refused(400, "", "crm.deal.contact.add", one(1))
	w.refused(400, "", "crm.deal.contact.add", map[string]any{"id": 0})
	require.Contains(t, w.ok("crm.deal.contact.fields", nil), "CONTACT_ID")

	company := w.portal.CreateItem(bitrixsim.Company, nil)
	require.Equal(t, true, w.ok("crm.contact.company.items.set", map[string]any{"id": a, "items": []any{map[string]any{"COMPANY_ID": company}}}))
	require.Equal(t, itoa(company), w.ok("crm.contact.get", map[string]any{"id": a}).(map[string]any)["COMPANY_ID"])
}

func TestQuotesAndInvoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bind("ONCRMQUOTEUPDATE")
	w.bind("ONCRMDYNAMICITEMUPDATE")
	quote, invoice := w.portal.CreateItem(bitrixsim.Quote, nil), w.portal.CreateItem(bitrixsim.SmartInvoice, nil)
	w.ok("crm.item.update", map[string]any{"entityTypeId": 7, "id": quote, "fields": map[string]any{"stageId": "APPROVED"}})
	require.Equal(t, "ONCRMQUOTEUPDATE", w.next().form.Get("event"))
	w.ok("crm.item.update", map[string]any{"entityTypeId": 31, "id": invoice, "fields": map[string]any{"stageId": "DT31_1:P"}})
	in := w.next()
	require.Equal(t, "31", in.form.Get("data[FIELDS][ENTITY_TYPE_ID]"))
	history := w.ok("crm.stagehistory.list", map[string]any{"entityTypeId": 31}).(map[string]any)["items"].([]any)
	require.Equal(t, "S", history[1].(map[string]any)["STAGE_SEMANTIC_ID"])
	require.EqualValues(t, 3, history[1].(map[string]any)["TYPE_ID"])
	codes := map[any]bool{}
	for _, row := range w.ok("crm.status.entity.types", nil).([]any) {
		codes[row.(map[string]any)["ID"]] = true
	}
	require.True(t, codes["QUOTE_STATUS"] && codes["SMART_INVOICE_STAGE_1"] && codes["DEAL_STAGE_1"])
	require.Contains(t, w.ok("crm.category.fields", map[string]any{"entityTypeId": 2}).(map[string]any)["fields"], "isDefault")
	require.Contains(t, w.ok("placement.list", nil), "CRM_SMART_INVOICE_DETAIL_TAB")
}

func TestSmartProcessLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.portal.CreateItem(177, nil)
	w.portal.RestrictSmartProcesses(true)
	w.refused(400, "CREATE_DYNAMIC_ITEM_RESTRICTED", "crm.item.add", map[string]any{"entityTypeId": 177, "fields": map[string]any{}})
	w.refused(400, "UPDATE_DYNAMIC_ITEM_RESTRICTED", "crm.item.update", map[string]any{"entityTypeId": 177, "id": id, "fields": map[string]any{}})
}
