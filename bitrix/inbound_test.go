package bitrix_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func inboundFiles() []string {
	return []string{"event_contact_add", "event_app_install", "event_webhook", "robot", "hook", "page"}
}

func readInbound(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "inbound", name+".form"))
	require.NoError(t, err)
	return body
}

func TestParseEvent(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseEvent(readInbound(t, "event_contact_add"))
	require.NoError(t, err)
	require.Equal(t, "134806", got.Data.Get("FIELDS", "ID"))
	got.Data = nil
	require.Equal(t, bitrix.Event{
		Name: "ONCRMCONTACTADD", HandlerID: 58, TS: time.Unix(1727018926, 0).UTC(),
		Subject: bitrix.Subject{ObjectID: 134806, EntityTypeID: bitrix.EntityContact},
		Auth: bitrix.Auth{
			MemberID: "010b6886ebc205e43ae65000ee00addb", ApplicationToken: "e24831714bb347622e3ef25af61525cf",
			AccessToken: "be45f066AAAA", Expires: time.Unix(1727022526, 0).UTC(), ExpiresIn: time.Hour,
			Scope: []string{"crm", "placement", "user_brief"}, Domain: "portal.example",
			ServerEndpoint: "https://oauth.bitrix.info/rest/", ClientEndpoint: "https://portal.example/rest/", UserID: 1, Status: "L",
		},
	}, got)
}

func TestParseAppInstall(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseEvent(readInbound(t, "event_app_install"))
	require.NoError(t, err)
	require.Equal(t, bitrix.EventAppInstall, got.Name)
	require.Equal(t, "Y", got.Data.Get("INSTALLED"))
	require.Equal(t, bitrix.Secret("4s386p3"), got.Auth.RefreshToken)
	require.Zero(t, got.Subject)
	safe := got.Auth.WithoutSecrets()
	require.Equal(t, "a223c6b3710f85df22e9377d6c4f7553", safe.MemberID)
	require.Empty(t, string(safe.RefreshToken+safe.AccessToken+safe.ApplicationToken))
}

func TestEventSubjects(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		form string
		want bitrix.Subject
	}{
		"deal":                {"event=onCrmDealUpdate&data[FIELDS][ID]=57", bitrix.Subject{ObjectID: 57, EntityTypeID: 2}},
		"another funnel":      {"event=ONCRMDEALMOVETOCATEGORY&data[FIELDS][ID]=57&data[FIELDS][CATEGORY_ID]=1&data[FIELDS][STAGE_ID]=C1:NEW", bitrix.Subject{ObjectID: 57, EntityTypeID: 2, CategoryID: 1, StageID: "C1:NEW"}},
		"smart process":       {"event=ONCRMDYNAMICITEMUPDATE&data[FIELDS][ID]=1&data[FIELDS][ENTITY_TYPE_ID]=147", bitrix.Subject{ObjectID: 1, EntityTypeID: 147}},
		"suffixed":            {"event=ONCRMDYNAMICITEMUPDATE_147&data[FIELDS][ID]=1", bitrix.Subject{ObjectID: 1, EntityTypeID: 147}},
		"comment":             {"event=ONCRMTIMELINECOMMENTADD&data[ID]=9", bitrix.Subject{ObjectID: 9}},
		"task":                {"event=ONTASKUPDATE&data[FIELDS_BEFORE][ID]=3&data[FIELDS_AFTER][ID]=3", bitrix.Subject{ObjectID: 3}},
		"deleted task":        {"event=ONTASKDELETE&data[FIELDS_BEFORE][ID]=3&data[FIELDS_AFTER][ID]=undefined", bitrix.Subject{ObjectID: 3}},
		"task out of nothing": {"event=ONTASKADD&data[FIELDS_BEFORE][ID]=undefined&data[FIELDS_AFTER][ID]=undefined", bitrix.Subject{}},
		"task comment":        {"event=ONTASKCOMMENTADD&data[FIELDS_BEFORE]=undefined&data[FIELDS_AFTER][ID]=4&data[FIELDS_AFTER][TASK_ID]=3", bitrix.Subject{ObjectID: 4}},
		"address":             {"event=ONCRMADDRESSREGISTER&data[FIELDS][TYPE_ID]=6&data[FIELDS][ENTITY_TYPE_ID]=8&data[FIELDS][ENTITY_ID]=60&data[FIELDS][ANCHOR_ID]=9&data[FIELDS][ANCHOR_TYPE_ID]=4", bitrix.Subject{EntityTypeID: 8}},
		"new user":            {"event=ONUSERADD&data[ID]=67&data[ACTIVE]=Y&data[EMAIL]=a@portal.example", bitrix.Subject{ObjectID: 67}},
		"bank detail":         {"event=onCrmBankDetailUpdate&data[FIELDS][ID]=24", bitrix.Subject{ObjectID: 24}},
		"smart type":          {"event=ONCRMTYPEUPDATE&data[FIELDS][ID]=7", bitrix.Subject{ObjectID: 7}},
		"type's field":        {"event=ONCRMTYPEUSERFIELDADD&data[FIELDS][ID]=9&data[FIELDS][ENTITY_ID]=CRM_13&data[FIELDS][FIELD_NAME]=UF_X", bitrix.Subject{ObjectID: 9}},
		"document":            {"event=ONCRMDOCUMENTGENERATORDOCUMENTADD&data[FIELDS][ID]=5", bitrix.Subject{ObjectID: 5}},
		"activity":            {"event=ONCRMACTIVITYADD&data[FIELDS][ID]=999", bitrix.Subject{ObjectID: 999}},
		"quote":               {"event=ONCRMQUOTEADD&data[FIELDS][ID]=5", bitrix.Subject{ObjectID: 5, EntityTypeID: 7}},
		"company":             {"event=ONCRMCOMPANYUPDATE&data[FIELDS][ID]=9", bitrix.Subject{ObjectID: 9, EntityTypeID: 4}},
		"field of a deal":     {"event=ONCRMDEALUSERFIELDADD&data[FIELDS][ID]=9&data[FIELDS][ENTITY_ID]=CRM_DEAL", bitrix.Subject{ObjectID: 9}},
		"no data":             {"event=ONOFFLINEEVENT", bitrix.Subject{}},
		"requisite":           {"event=onCrmRequisiteAdd&data[FIELDS][ID]=9", bitrix.Subject{ObjectID: 9, EntityTypeID: 8}},
		"lead":                {"event=ONCRMLEADDELETE&data[FIELDS][ID]=7", bitrix.Subject{ObjectID: 7, EntityTypeID: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bitrix.ParseEvent([]byte(tc.form + "&auth[member_id]=m"))
			require.NoError(t, err)
			require.Equal(t, tc.want, got.Subject)
		})
	}
}

// TestInboundErrorsNameTheKey walks every parser's refusals.
func TestInboundErrorsNameTheKey(t *testing.T) {
	t.Parallel()
	event := func(body string) error { _, err := bitrix.ParseEvent([]byte(body)); return err }
	robot := func(body string) error { _, err := bitrix.ParseRobotCall([]byte(body)); return err }
	hook := func(body string) error { _, err := bitrix.ParseHook(nil, []byte(body)); return err }
	page := func(body string) error { _, err := bitrix.ParsePage(nil, []byte(body)); return err }
	const deal = "document_id[]=crm&document_id[]=CCrmDocumentDeal&document_id[]=DEAL_57"
	const call = deal + "&code=c&event_token=t&auth[member_id]=m"
	for name, tc := range map[string]struct {
		parse func(string) error
		body  string
		key   string
	}{
		"event: name":            {event, "auth[member_id]=m", "event"},
		"event: portal":          {event, "event=X", "auth[member_id]"},
		"event: handler":         {event, "event=X&auth[member_id]=m&event_handler_id=x", "event_handler_id"},
		"event: time":            {event, "event=X&auth[member_id]=m&ts=soon", "ts"},
		"event: negative time":   {event, "event=X&auth[member_id]=m&ts=-5", "ts"},
		"event: id":              {event, "event=X&auth[member_id]=m&data[FIELDS][ID]=x", "data[FIELDS][ID]"},
		"event: type":            {event, "event=X&auth[member_id]=m&data[FIELDS][ENTITY_TYPE_ID]=x", "data[FIELDS][ENTITY_TYPE_ID]"},
		"event: funnel":          {event, "event=X&auth[member_id]=m&data[FIELDS][CATEGORY_ID]=x", "data[FIELDS][CATEGORY_ID]"},
		"event: deleted task":    {event, "event=X&auth[member_id]=m&data[FIELDS_AFTER][ID]=undefined&data[FIELDS_BEFORE][ID]=x", "data[FIELDS_BEFORE][ID]"},
		"event: task":            {event, "event=X&auth[member_id]=m&data[FIELDS_AFTER][ID]=x", "data[FIELDS_AFTER][ID]"},
		"event: lifetime":        {event, "event=X&auth[member_id]=m&auth[expires_in]=x", "auth[expires_in]"},
		"event: end":             {event, "event=X&auth[member_id]=m&auth[expires]=x", "auth[expires]"},
		"event: user":            {event, "event=X&auth[member_id]=m&auth[user_id]=x", "auth[user_id]"},
		"event: form":            {event, "event=X&event=Y", "event"},
		"robot: code":            {robot, deal + "&event_token=t&auth[member_id]=m", "code"},
		"robot: token":           {robot, deal + "&code=c&auth[member_id]=m", "event_token"},
		"robot: document":        {robot, "code=c&event_token=t&auth[member_id]=m", "document_id"},
		"robot: half a document": {robot, "document_id[]=crm&code=c&event_token=t&auth[member_id]=m", "document_id"},
		"robot: empty part":      {robot, "document_id[]=crm&document_id[]=&document_id[]=x&code=c&event_token=t", "document_id"},
		"robot: kind":            {robot, call + "&document_type=DEAL", "document_type"},
		"robot: timeout":         {robot, call + "&timeout_duration=x", "timeout_duration"},
		"robot: time":            {robot, call + "&ts=x", "ts"},
		"robot: portal":          {robot, deal + "&code=c&event_token=t", "auth[member_id]"},
		"robot: form":            {robot, "code[=1", "code["},
		"hook: document":         {hook, "auth[member_id]=m", "document_id"},
		"hook: portal":           {hook, deal, "auth[member_id]"},
		"hook: form":             {hook, "a=1&a=2", "a"},
		"page: token":            {page, "member_id=m", "AUTH_ID"},
		"page: portal":           {page, "AUTH_ID=a", "member_id"},
		"page: options":          {page, "AUTH_ID=a&member_id=m&PLACEMENT_OPTIONS={", "PLACEMENT_OPTIONS"},
		"page: lifetime":         {page, "AUTH_ID=a&member_id=m&AUTH_EXPIRES=x", "AUTH_EXPIRES"},
		"page: form":             {page, "a=%zz", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.parse(tc.body)
			require.ErrorIs(t, err, bitrix.ErrMalformed)
			require.ErrorContains(t, err, tc.key)
		})
	}
	_, err := bitrix.ParsePage([]byte("a=1&a=2"), nil)
	require.ErrorIs(t, err, bitrix.ErrMalformed)
	_, err = bitrix.ParseHook([]byte(strings.Repeat("a", bitrix.MaxFormBytes+1)), nil)
	require.ErrorIs(t, err, bitrix.ErrMalformed)
}

func TestParseRobotCall(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseRobotCall(readInbound(t, "robot"))
	require.NoError(t, err)
	require.Equal(t, "66e81a641752f8.56521481", got.WorkflowID)
	require.Equal(t, "acme_send", got.Code)
	require.Equal(t, bitrix.DocumentID{Module: "crm", Entity: "CCrmDocumentDeal", Element: "DEAL_57"}, got.DocumentID)
	require.Equal(t, bitrix.DocumentType{Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"}, got.DocumentType)
	require.Equal(t, "55c1dc1c3f0d75.78875596|A51601_82584_96831_81132|hsyUws1j4XiwqPqN45eH66CcQtEvpUIP.47dd5d888e8e549d", string(got.EventToken))
	require.Equal(t, bitrix.Properties{"docType": {Values: []string{"pdf"}}, "note": {Values: []string{""}}}, got.Properties)
	require.True(t, got.Waits)
	require.Zero(t, got.Timeout)
	require.Equal(t, bitrix.Secret("ae45"), got.Auth.RefreshToken)
	printed := fmt.Sprintf("%v %+v %#v %s", got, got, got, got.EventToken)
	for _, secret := range []string{"hsyUws", "be45f066", "51856fef", "ae45"} {
		require.NotContains(t, printed, secret)
	}
}

func TestRobotProperties(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseRobotCall([]byte("code=c&event_token=t&document_id[0]=crm&document_id[1]=e&document_id[2]=DEAL_1&auth[member_id]=m" +
		"&use_subscription=N&timeout_duration=3600&properties[one]=a&properties[many][1]=b&properties[many][0]=a" +
		"&properties[none][]=&properties[files][x][id]=7&properties[files][y]=8"))
	require.NoError(t, err)
	require.False(t, got.Waits)
	require.Equal(t, time.Hour, got.Timeout)
	p := got.Properties
	require.Equal(t, "a", p.First("one"))
	require.Equal(t, []string{"a", "b"}, p.All("many"))
	require.True(t, p["many"].List)
	require.Empty(t, p.All("none"))
	require.Empty(t, p.First("missing"))
	require.Empty(t, p.All("missing"))
	require.Equal(t, []string{"7", "8"}, p.All("files"))
}

func TestRobotWithoutSubscriptionFieldWaits(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseRobotCall([]byte("code=c&event_token=t&document_id[]=crm&document_id[]=e&document_id[]=DEAL_1&auth[member_id]=m"))
	require.NoError(t, err)
	require.True(t, got.Waits, "an answer to a step that does not wait is harmless, a missing one hangs the workflow")
	require.Empty(t, got.Properties)
}

func TestParseHook(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseHook([]byte("deal_id=57&stage=C1%3APREPARATION&sum=100%&note=a&note=b&x[y=1&list[]=1&list[]=2"), readInbound(t, "hook"))
	require.NoError(t, err)
	require.Equal(t, bitrix.Hook{
		DocumentID: bitrix.DocumentID{Module: "crm", Entity: "CCrmDocumentDeal", Element: "DEAL_57"},
		MemberID:   "a223c6b3710f85df22e9377d6c4f7553", Domain: "portal.example",
		ClientEndpoint: "https://portal.example/rest/", ServerEndpoint: "https://oauth.bitrix.info/rest/",
		Parameters: bitrix.Properties{
			"deal_id": {Values: []string{"57"}}, "stage": {Values: []string{"C1:PREPARATION"}}, "sum": {Values: []string{"100%"}},
			"note": {Values: []string{"a"}}, "list": {Values: []string{"1", "2"}, List: true},
		},
	}, got)
}

func TestHookBodyWins(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseHook([]byte("inn=1&auth[member_id]=forged&document_id[]=a&document_id[]=b&document_id[]=c"),
		append(readInbound(t, "hook"), "&inn=2"...))
	require.NoError(t, err)
	require.Equal(t, "2", got.Parameters.First("inn"))
	require.Equal(t, "a223c6b3710f85df22e9377d6c4f7553", got.MemberID)
	require.Equal(t, "DEAL_57", got.DocumentID.Element)
}

func TestHookByQueryAlone(t *testing.T) {
	t.Parallel()
	got, err := bitrix.ParseHook([]byte("inn=%ff%00&document_id[]=crm&document_id[]=e&document_id[]=DEAL_1&auth[member_id]=m"), nil)
	require.NoError(t, err)
	require.Equal(t, "\uFFFD\uFFFD", got.Parameters.First("inn"))
}

func TestParsePage(t *testing.T) {
	t.Parallel()
	query := []byte("DOMAIN=portal.example&PROTOCOL=1&LANG=ru&APP_SID=dd8cec11e347088fe87c44870a9f1dba")
	got, err := bitrix.ParsePage(query, readInbound(t, "page"))
	require.NoError(t, err)
	require.Equal(t, bitrix.PageOpening{
		Domain: "portal.example", Lang: "ru", AppSID: "dd8cec11e347088fe87c44870a9f1dba", AccessToken: "be45f066007184",
		RefreshToken: "aec41767007184", ExpiresIn: time.Hour, ServerEndpoint: "https://oauth.bitrix.info/rest/",
		ApplicationToken: "51856fefc120afa4b628cc82d3935cce", Scope: []string{"crm", "bizproc", "placement"},
		MemberID: "a223c6b3710f85df22e9377d6c4f7553", Status: "L", Placement: "CRM_DEAL_DETAIL_TAB", Options: `{"ID":"8061"}`,
	}, got)
	require.Equal(t, bitrix.ID(8061), got.ObjectID())
	require.NotContains(t, fmt.Sprintf("%+v", got), "be45f066")
}

func TestPageOptions(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]bitrix.ID{
		"": 0, "[]": 0, `{"any":"28\/"}`: 0, `{"ID":"0"}`: 0, `{"ID":8}`: 8, `{"ENTITY_ID":"7"}`: 7, `{"id":"6"}`: 6,
		`{"ID":"x","id":"6"}`: 6, `{"ID":{}}`: 0, `"text"`: 0, `null`: 0,
	} {
		page, err := bitrix.ParsePage(nil, bitrix.PageOpening{AccessToken: "a", MemberID: "m", Plain: true, Options: options}.Encode())
		require.NoError(t, err)
		require.Equal(t, want, page.ObjectID(), options)
		require.True(t, page.Plain)
	}
}

func TestParsersKeepNothingOfTheirArguments(t *testing.T) {
	t.Parallel()
	body := readInbound(t, "robot")
	got, err := bitrix.ParseRobotCall(body)
	require.NoError(t, err)
	before := string(got.Encode())
	for i := range body {
		body[i] = '!'
	}
	require.Equal(t, before, string(got.Encode()))
}

func TestSecretsDoNotMarshal(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(bitrix.Auth{AccessToken: "be45f066", MemberID: "m"})
	require.NoError(t, err)
	require.NotContains(t, string(data), "be45")
	require.Equal(t, "***", bitrix.Secret("x").LogValue().String())
	require.Empty(t, bitrix.Secret("").String())
}

func FuzzParseEvent(f *testing.F) {
	f.Add(readInbound(f, "event_contact_add"))
	f.Add(readInbound(f, "event_app_install"))
	f.Add(readInbound(f, "event_webhook"))
	f.Add([]byte("event=ONCRMDEALUPDATE&data[FIELDS][ID]=7405&auth[application_token]=t&auth[member_id]=m"))
	f.Add([]byte("event=ONTASKADD&data[FIELDS_AFTER][ID]=undefined&auth[member_id]=m"))
	f.Add([]byte("event=X&data=text&auth[member_id]=m"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := bitrix.ParseEvent(body)
		if err != nil {
			return // refusing is fine; a panic or a half-read event is not
		}
		again, err := bitrix.ParseEvent(ev.Encode())
		require.NoError(t, err)
		require.Equal(t, ev.Data.Encode(), again.Data.Encode())
		ev.Data, again.Data = nil, nil
		require.Equal(t, ev, again)
	})
}

func FuzzParseRobotCall(f *testing.F) {
	f.Add(readInbound(f, "robot"))
	f.Add([]byte("code=c&event_token=t&document_id[]=crm&document_id[]=e&document_id[]=DYNAMIC_147_1&auth[member_id]=m&properties[a][5]=x&properties[a][7]=y"))
	f.Add([]byte("code=c&event_token=t&document_id[]=a&document_id[]=b&document_id[]=c&auth[member_id]=m&properties=none"))
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := bitrix.ParseRobotCall(body)
		if err != nil {
			return
		}
		again, err := bitrix.ParseRobotCall(call.Encode())
		require.NoError(t, err)
		require.Equal(t, call, again)
		_, _, _ = call.DocumentID.Card()
	})
}

func FuzzParseHook(f *testing.F) {
	f.Add([]byte("deal_id=57&stage=C1%3APREPARATION"), readInbound(f, "hook"))
	f.Add([]byte("inn=%zz&a[b=1&a=1&a=2&document_id[]=crm&document_id[]=e&document_id[]=DEAL_1&auth[member_id]=m"), []byte(nil))
	f.Fuzz(func(t *testing.T, query, body []byte) {
		hook, err := bitrix.ParseHook(query, body)
		if err != nil {
			return
		}
		again, err := bitrix.ParseHook(nil, hook.Encode())
		require.NoError(t, err)
		require.Equal(t, hook, again)
	})
}

func FuzzParsePage(f *testing.F) {
	f.Add([]byte("DOMAIN=portal.example&PROTOCOL=1&LANG=ru&APP_SID=dd8c"), readInbound(f, "page"))
	f.Add([]byte(nil), []byte("AUTH_ID=a&member_id=m&PLACEMENT_OPTIONS=[]"))
	f.Fuzz(func(t *testing.T, query, body []byte) {
		page, err := bitrix.ParsePage(query, body)
		if err != nil {
			return
		}
		again, err := bitrix.ParsePage(nil, page.Encode())
		require.NoError(t, err)
		require.Equal(t, page, again)
		require.GreaterOrEqual(t, page.ObjectID(), bitrix.ID(0))
	})
}
