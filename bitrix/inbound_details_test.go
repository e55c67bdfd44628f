package bitrix_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
)

func parseEvent(t *testing.T, body string) bitrix.Event {
	t.Helper()
	event, err := bitrix.ParseEvent([]byte(body + "&auth[member_id]=m"))
	require.NoError(t, err)
	return event
}

// TestAppEvents walks the events about the application itself.
func TestAppEvents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want bitrix.AppEvent
	}{
		"installed": {"event=ONAPPINSTALL&data[VERSION]=1&data[ACTIVE]=Y&data[INSTALLED]=N&data[LANGUAGE_ID]=ru",
			bitrix.AppEvent{Version: "1", Active: true, Language: "ru"}},
		"updated":   {"event=ONAPPUPDATE&data[VERSION]=2&data[PREVIOUS_VERSION]=1&data[LANGUAGE_ID]=ru", bitrix.AppEvent{Version: "2", PreviousVersion: "1", Language: "ru"}},
		"removed":   {"event=ONAPPUNINSTALL&data[LANGUAGE_ID]=ru&data[CLEAN]=1", bitrix.AppEvent{Language: "ru", Clean: true}},
		"kept":      {"event=ONAPPUNINSTALL&data[CLEAN]=0", bitrix.AppEvent{}},
		"paid":      {"event=ONAPPPAYMENT&data[CODE]=app.1&data[VERSION]=1&data[STATUS]=P&data[PAYMENT_EXPIRED]=N&data[DAYS]=30", bitrix.AppEvent{Version: "1", Code: "app.1", Status: "P", Days: 30}},
		"confirmed": {"event=ONAPPMETHODCONFIRM&data[TOKEN]=t&data[METHOD]=voximplant.user.get&data[CONFIRMED]=1", bitrix.AppEvent{Method: "voximplant.user.get", Confirmed: true, Token: "t"}},
		"no data":   {"event=ONOFFLINEEVENT", bitrix.AppEvent{}},
	} {
		got, err := parseEvent(t, tc.body).App()
		require.NoError(t, err, name)
		require.Equal(t, tc.want, got, name)
	}
	for _, body := range []string{"event=X&data[CLEAN]=maybe", "event=X&data[DAYS]=soon"} {
		_, err := parseEvent(t, body).App()
		require.ErrorIs(t, err, bitrix.ErrMalformed)
	}
}

func TestTimelineActions(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"data[FIELDS]", "data"} {
		got, err := parseEvent(t, "event=ONCRMTIMELINEITEMACTION&"+path+"[id]=refresh&"+path+"[entityTypeId]=2&"+path+"[entityId]=57&"+
			path+"[activityId]=999&"+path+"[userId]=7&"+path+"[actionParams][docflow]=df-1").TimelineAction()
		require.NoError(t, err)
		require.Equal(t, "df-1", got.Params.Get("docflow"))
		got.Params = nil
		require.Equal(t, bitrix.TimelineAction{ID: "refresh", Kind: bitrix.EntityDeal, EntityID: 57, ActivityID: 999, UserID: 7}, got)
	}
	for _, body := range []string{
		"event=X", "event=X&data[FIELDS][activityId]=1", "event=X&data[FIELDS][id]=a", "event=X&data[id]=a&data[activityId]=x", "event=X&data[id]=a&data[activityId]=1&data[userId]=x",
	} {
		_, err := parseEvent(t, body).TimelineAction()
		require.ErrorIs(t, err, bitrix.ErrMalformed, body)
	}
}

func TestRobotSettingsPage(t *testing.T) {
	t.Parallel()
	page := bitrix.PageOpening{Options: `{"code":"acme_send","activity_name":"A51601_82584","properties":{"docType":{"Id":"docType","Type":"select","Name":"Тип",
		"Description":null,"Multiple":false,"Required":true,"Options":{"pdf":"PDF"},"Settings":null,"Default":"pdf"}},"current_values":{"docType":"pdf","tags":["a","b"]},
		"document_type":["crm","CCrmDocumentDeal","DEAL"],"document_fields":{"TITLE":{"Name":"Название"}},"template":{"parameters":[]}}`}
	got, err := page.RobotSettings()
	require.NoError(t, err)
	require.Equal(t, "acme_send A51601_82584", line(got.Code, got.ActivityName))
	require.Equal(t, "select Тип Y N", line(got.Properties["docType"].Type, got.Properties["docType"].Name, got.Properties["docType"].Required, got.Properties["docType"].Multiple))
	require.JSONEq(t, `["a","b"]`, string(got.Values["tags"]))
	require.Equal(t, bitrix.DocumentType{Module: "crm", Entity: "CCrmDocumentDeal", Type: "DEAL"}, got.DocumentType)
	require.JSONEq(t, `{"Name":"Название"}`, string(got.DocumentFields["TITLE"]))
	require.JSONEq(t, `{"parameters":[]}`, string(got.Template))

	older, err := bitrix.PageOpening{Options: `{"code":"x","properties":[],"current_values":[],"document_type":null}`}.RobotSettings()
	require.NoError(t, err)
	require.Empty(t, older.Properties)
	for _, options := range []string{"", "[]", `{}`, `{"code":"x","document_type":["crm","x"]}`, `{"code":{}}`} {
		_, err := bitrix.PageOpening{Options: options}.RobotSettings()
		require.ErrorIs(t, err, bitrix.ErrMalformed, options)
	}
}

func TestFieldPage(t *testing.T) {
	t.Parallel()
	got, err := bitrix.PageOpening{Options: `{"MODE":"edit","ENTITY_ID":"CRM_DEAL","FIELD_NAME":"UF_CRM_CADASTRE","ENTITY_VALUE_ID":"57","VALUE":["02:55"],"MULTIPLE":"Y",
		"MANDATORY":"N","XML_ID":"KB","ENTITY_DATA":{"entityTypeId":2,"entityId":"57","module":"crm"}}`}.FieldPage()
	require.NoError(t, err)
	require.Equal(t, bitrix.FieldPage{
		Edit: true, EntityID: "CRM_DEAL", FieldName: "UF_CRM_CADASTRE", CardID: 57, Value: json.RawMessage(`["02:55"]`), Multiple: true, XMLID: "KB",
		Kind: bitrix.EntityDeal, Element: 57,
	}, got)
	got, err = bitrix.PageOpening{Options: `{"MODE":"view","FIELD_NAME":"UF_X","ENTITY_VALUE_ID":0,"ENTITY_DATA":[]}`}.FieldPage()
	require.NoError(t, err)
	require.Equal(t, bitrix.FieldPage{FieldName: "UF_X"}, got, "a card that is being created")
	for _, options := range []string{"", `{}`, `{"FIELD_NAME":"X","ENTITY_VALUE_ID":"x"}`, `{"FIELD_NAME":"X","ENTITY_DATA":{"entityId":"x"}}`} {
		_, err := bitrix.PageOpening{Options: options}.FieldPage()
		require.ErrorIs(t, err, bitrix.ErrMalformed, options)
	}
	require.Equal(t, "rest_5_cadastre", bitrix.FieldTypeName(5, "cadastre"))
}
