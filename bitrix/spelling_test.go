package bitrix_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func TestParseLocal(t *testing.T) {
	t.Parallel()
	ufa := time.FixedZone("Ufa", 5*60*60)
	for s, want := range map[string]string{
		"24.08.2023 13:19:39": "2023-08-24T13:19:39+05:00", "24.08.2023 13:19": "2023-08-24T13:19:00+05:00", "06.04.2007": "2007-04-06T00:00:00+05:00",
		"2026-05-14T11:26:32+03:00": "2026-05-14T11:26:32+03:00", "2026-05-14": "2026-05-14T00:00:00+05:00", " 2026-05-14 10:26:32 ": "2026-05-14T10:26:32+05:00",
	} {
		got, err := bitrix.ParseLocal(s, ufa)
		require.NoError(t, err, s)
		require.Equal(t, want, got.Format(time.RFC3339), s)
	}
	got, err := bitrix.ParseLocal("", ufa)
	require.NoError(t, err)
	require.True(t, got.IsZero())
	for _, s := range []string{"08/24/2023 01:19:39 pm", "32.01.2023", "tomorrow", "2023"} {
		_, err := bitrix.ParseLocal(s, ufa)
		require.Error(t, err, s)
	}
}

func TestParseUser(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bitrix.ID{"user_7": 7, "7": 7, " user_14 ": 14} {
		got, err := bitrix.ParseUser(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got)
	}
	for _, s := range []string{"", "group_g1", "Author", "user_", "user_0", "user_-5"} {
		_, err := bitrix.ParseUser(s)
		require.Error(t, err, s)
	}
	require.Equal(t, "user_14", bitrix.UserValue(14))
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bitrix.AddressValue{
		"Уфа, Ленина 1":                      {Text: "Уфа, Ленина 1"},
		"Уфа, Ленина 1|54.7261;55.9475|1234": {Text: "Уфа, Ленина 1", Latitude: "54.7261", Longitude: "55.9475", LocationID: 1234},
		"Уфа|;|":          {Text: "Уфа"},
		"Уфа|54.7;55.9|x": {Text: "Уфа", Latitude: "54.7", Longitude: "55.9"},
		"":                {},
	} {
		require.Equal(t, want, bitrix.ParseAddress(s), s)
	}
}

func TestParseBinding(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bitrix.EntityTypeID{
		"L_1": bitrix.EntityLead, "D_1": bitrix.EntityDeal, "C_1": bitrix.EntityContact, "CO_1": bitrix.EntityCompany, "I_1": bitrix.EntityInvoice,
		"Q_1": bitrix.EntityQuote, "RQ_1": bitrix.EntityRequisite, "O_1": bitrix.EntityOrder, "SI_1": bitrix.EntitySmartInvoice, "T80_1": 128, "T416_1": 1046,
	} {
		kind, id, err := bitrix.ParseBinding(s, 0)
		require.NoError(t, err, s)
		require.Equal(t, want, kind, s)
		require.Equal(t, bitrix.ID(1), id)
		require.Equal(t, s, bitrix.Binding(kind, id))
	}
	kind, id, err := bitrix.ParseBinding("57", bitrix.EntityDeal)
	require.NoError(t, err)
	require.Equal(t, bitrix.EntityDeal, kind, "a field that takes one type alone")
	require.Equal(t, bitrix.ID(57), id)
	for _, s := range []string{"", "57", "X_1", "D_", "D_0", "D_x", "_1", "T_1", "T7F_1", "TZZ_1", "D1"} {
		_, _, err := bitrix.ParseBinding(s, 0)
		require.Error(t, err, s)
	}
}

func TestMultifields(t *testing.T) {
	t.Parallel()
	want := []bitrix.Multifield{{ID: 101, Kind: bitrix.KindPhone, For: bitrix.ForWork, Value: "+7917"}}
	item := bitrix.Item{
		"fm":    json.RawMessage(`[{"id":101,"typeId":"PHONE","valueType":"WORK","value":"+7917"}]`),
		"PHONE": json.RawMessage(`[{"ID":"101","VALUE_TYPE":"WORK","VALUE":"+7917","TYPE_ID":"PHONE"}]`),
		"EMAIL": json.RawMessage(`null`), "WEB": json.RawMessage(`"x"`),
	}
	require.Equal(t, want, item.Multifields("fm"))
	require.Equal(t, want, item.Multifields("PHONE"))
	require.Empty(t, item.Multifields("EMAIL"))
	require.Empty(t, item.Multifields("WEB"))
	all, err := decode[bitrix.Multifields](`[{"id":101,"typeId":"PHONE","valueType":"WORK","value":"+7917"}]`)
	require.NoError(t, err)
	require.Equal(t, bitrix.Multifields(want), all)
	data, err := json.Marshal(bitrix.Multifields{{ID: 7, Value: "a"}, {Kind: "EMAIL", For: "HOME", Value: "b"}, {Kind: "WEB", Value: "c"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"7":{"id":7,"value":"a"},"n0":{"typeId":"EMAIL","valueType":"HOME","value":"b"},"n1":{"typeId":"WEB","value":"c"}}`, string(data))
	refuses[bitrix.Multifields](t, `"x"`, `{"id":{}}`)
}

func TestDocumentForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		document bitrix.DocumentID
		wire     string
		kind     bitrix.DocumentKind
	}{
		{bitrix.LeadDocument(777), `["crm","CCrmDocumentLead","LEAD_777"]`, bitrix.DocumentCard},
		{bitrix.DealDocument(777), `["crm","CCrmDocumentDeal","DEAL_777"]`, bitrix.DocumentCard},
		{bitrix.ContactDocument(777), `["crm","CCrmDocumentContact","CONTACT_777"]`, bitrix.DocumentCard},
		{bitrix.CompanyDocument(777), `["crm","CCrmDocumentCompany","COMPANY_777"]`, bitrix.DocumentCard},
		{bitrix.QuoteDocument(777), `["crm","Bitrix\\Crm\\Integration\\BizProc\\Document\\Quote","QUOTE_777"]`, bitrix.DocumentCard},
		{bitrix.SmartProcessDocument(147, 777), `["crm","Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic","DYNAMIC_147_777"]`, bitrix.DocumentCard},
		{bitrix.SmartInvoiceDocument(777), `["crm","Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice","SMART_INVOICE_777"]`, bitrix.DocumentCard},
		{bitrix.DiskDocument(777), `["disk","Bitrix\\Disk\\BizProcDocument","777"]`, bitrix.DocumentDisk},
		{bitrix.FeedDocument(777), `["lists","BizprocDocument","777"]`, bitrix.DocumentFeed},
		{bitrix.ListDocument(777), `["lists","Bitrix\\Lists\\BizprocDocumentLists","777"]`, bitrix.DocumentList},
	} {
		data, err := json.Marshal(tc.document)
		require.NoError(t, err)
		require.JSONEq(t, tc.wire, string(data))
		parsed, err := decode[bitrix.DocumentID](tc.wire)
		require.NoError(t, err)
		require.Equal(t, tc.document, parsed)
		require.Equal(t, tc.kind, parsed.Kind())
		id, err := parsed.ElementID()
		require.NoError(t, err)
		require.Equal(t, bitrix.ID(777), id)
	}
	for _, wire := range []string{`["tasks","Bitrix\\Tasks\\Doc","TASK_1"]`, `["lists","BizprocDocument","x"]`, `["disk","Bitrix\\Disk\\BizProcDocument","0"]`, `["crm","x","DEAL"]`} {
		document, err := decode[bitrix.DocumentID](wire)
		require.NoError(t, err)
		_, err = document.ElementID()
		require.Error(t, err, wire)
	}
	require.Equal(t, bitrix.DocumentOther, bitrix.DocumentID{Module: "tasks", Entity: "x", Element: "1"}.Kind())
	for want, kind := range map[string]bitrix.DocumentType{
		`["lists","BizprocDocument","iblock_5"]`: bitrix.FeedType(5), `["lists","Bitrix\\Lists\\BizprocDocumentLists","iblock_5"]`: bitrix.ListType(5),
		`["disk","Bitrix\\Disk\\BizProcDocument","STORAGE_5"]`: bitrix.DiskType(5),
	} {
		data, err := json.Marshal(kind)
		require.NoError(t, err)
		require.JSONEq(t, want, string(data))
	}
	accepts(t, map[string]bitrix.DocumentType{`"DEAL"`: {Type: "DEAL"}, `null`: {}, `["crm","CCrmDocumentDeal","DEAL"]`: {Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"}})
	refuses[bitrix.DocumentType](t, `["crm","x"]`, `{}x`, `[[]]`)
}

func TestEmptyObjectsOfPHP(t *testing.T) {
	t.Parallel()
	accepts(t, map[string]bitrix.StatusExtra{`[]`: {}, `null`: {}, `{"COLOR":"#FFF"}`: {Color: "#FFF"}})
	accepts(t, map[string]bitrix.TaskParameters{`[]`: {}, `""`: {}, `{"ShowComment":"Y"}`: {ShowComment: true}})
	status, err := decode[bitrix.Status](`{"SEMANTICS":null}`)
	require.NoError(t, err)
	require.Equal(t, bitrix.SemanticsProcess, status.Outcome())
	status, err = decode[bitrix.Status](`{"SEMANTICS":"F"}`)
	require.NoError(t, err)
	require.Equal(t, bitrix.SemanticsFailure, status.Outcome())
}

func TestTaskAnswers(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{1, 2}, bitrix.TaskAnswers("ApproveActivity"))
	require.Equal(t, []int{3}, bitrix.TaskAnswers("ReviewActivity"))
	require.Equal(t, []int{3}, bitrix.TaskAnswers("RequestInformationActivity"))
	require.Equal(t, []int{3, 4}, bitrix.TaskAnswers("RequestInformationOptionalActivity"))
	require.Empty(t, bitrix.TaskAnswers("CodeActivity"))
}

func TestFilterFlag(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, bitrix.FilterFlag(true))
	require.Equal(t, 0, bitrix.FilterFlag(false))
	require.Equal(t, "CRM_7", bitrix.SmartType{ID: 7}.UserFieldEntity())
	require.Equal(t, "Название", bitrix.FieldInfo{Title: "Название"}.Label())
}

func TestPlacementKinds(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bitrix.EntityTypeID{
		"CRM_LEAD_DETAIL_TAB": bitrix.EntityLead, "CRM_DYNAMIC_183_DETAIL_TAB": 183, "CRM_SMART_INVOICE_DETAIL_TOOLBAR": bitrix.EntitySmartInvoice,
		"crm_deal_list_menu": bitrix.EntityDeal, "CRM_CONTACT_ACTIVITY_TIMELINE_MENU": bitrix.EntityContact, "CRM_DYNAMIC_183_ROBOT_DESIGNER_TOOLBAR": 183,
		"CRM_ACTIVITY_LIST_MENU": 0, "DEFAULT": 0, "LEFT_MENU": 0, "CRM_REQUISITE_AUTOCOMPLETE": 0, "DEAL_DETAIL_TAB": 0, "": 0,
	} {
		require.Equal(t, want, bitrix.PageOpening{Placement: code}.Kind(), code)
	}
	require.Equal(t, "CRM_DYNAMIC_183_DETAIL_TOOLBAR", bitrix.CardPlacement(183, bitrix.PlaceDetailToolbar))
}

func TestAnyOf(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(map[string]any{"categoryId": 1, "0": bitrix.AnyOf(map[string]any{"=stageId": "C1:NEW"}, map[string]any{">opportunity": 1000})})
	require.NoError(t, err)
	require.JSONEq(t, `{"categoryId":1,"0":{"logic":"OR","0":{"=stageId":"C1:NEW"},"1":{">opportunity":1000}}}`, string(data))
}
