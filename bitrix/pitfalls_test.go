package bitrix_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// These tests hold the client against what is known to go wrong with this platform. What is not the
// client's part (whom to trust, what to store, when to refresh) is proven where it is done.

const member = "&auth[member_id]=m"

func TestPitfallsOfTime(t *testing.T) {
	t.Parallel()
	page, err := bitrix.ParsePage(nil, []byte("AUTH_ID=a&member_id=m&AUTH_EXPIRES=3600"))
	require.NoError(t, err)
	require.Equal(t, time.Hour, page.ExpiresIn, "a page's lifetime is in seconds")
	event := parseEvent(t, "event=X&auth[expires]=1727022526&auth[expires_in]=3600")
	require.Equal(t, int64(1727022526), event.Auth.Expires.Unix(), "an event's end is a moment")
	require.Equal(t, time.Hour, event.Auth.ExpiresIn)
	_, err = bitrix.ParseEvent([]byte("event=X&auth[expires]=1720011727002" + member))
	require.ErrorIs(t, err, bitrix.ErrMalformed, "milliseconds are no seconds")
	item := bitrix.Item{"closedate": json.RawMessage(`"2024-09-09T00:30:00+02:00"`), "RQ_COMPANY_REG_DATE": json.RawMessage(`"06.04.2007"`)}
	require.Equal(t, "2024-09-09", item.Date("closedate").String(), "a day is cut out, not converted")
	require.Equal(t, "2007-04-06", item.Date("RQ_COMPANY_REG_DATE").String(), "a requisite's date is local text")
}

func TestPitfallsOfForms(t *testing.T) {
	t.Parallel()
	call := func(properties string) bitrix.Properties {
		robot, err := bitrix.ParseRobotCall([]byte("code=c&event_token=t&document_id[1]=crm&document_id[2]=CCrmDocumentDeal&document_id[3]=DEAL_57" + properties + member))
		require.NoError(t, err)
		require.Equal(t, bitrix.DealDocument(57), robot.DocumentID, "numeric keys may start anywhere")
		require.True(t, robot.Waits, "an empty use_subscription waits")
		return robot.Properties
	}
	require.Equal(t, []string{"a"}, call("&properties[x]=a").All("x"), "one value of a multiple property may be alone")
	require.Equal(t, []string{"a"}, call("&properties[x][0]=a").All("x"))
	require.Equal(t, []string{"a", "b"}, call("&properties[x][4]=b&properties[x][3]=a").All("x"))
	require.Empty(t, call("&properties[x]=").All("x"))
	require.Empty(t, call("&properties[x][]=").All("x"))
	require.Empty(t, call("").All("x"), "an empty map disappears from the form")
	require.Equal(t, []string{"crm", "bizproc"}, bitrix.SplitScope("crm, bizproc"))
	require.Equal(t, []string{"crm", "bizproc"}, bitrix.SplitScope("crm bizproc"), "one page says that spaces separate")
	event := parseEvent(t, "event=onCrmDealUpdate&data[FIELDS][ID]=57")
	require.Equal(t, "ONCRMDEALUPDATE", event.Name)
	require.Empty(t, event.Auth.AccessToken, "a robot's change carries no token")
	require.Empty(t, event.Auth.Domain)
}

func TestPitfallsOfPHP(t *testing.T) {
	t.Parallel()
	for _, none := range []string{`null`, `"0"`, `0`, `""`, `false`} {
		require.Empty(t, bitrix.Item{"COMPANY_ID": json.RawMessage(none)}.IDs("COMPANY_ID"), none)
	}
	for _, yes := range []string{`"Y"`, `true`, `1`, `"1"`, `"true"`} {
		require.True(t, bitrix.Item{"f": json.RawMessage(yes)}.Bool("f"), yes)
	}
	accepts(t, map[string]bitrix.Map[int]{`[]`: {}, `{"a":1}`: {"a": 1}})
	accepts(t, map[string]bitrix.List[int]{`{"0":1,"2":3}`: {1, 3}})
	require.Equal(t, bitrix.Kopecks(100000000), bitrix.Item{"OPPORTUNITY": json.RawMessage(`"1000000.00"`)}.Money("OPPORTUNITY").Amount)
	require.Equal(t, bitrix.Kopecks(100000010), bitrix.Item{"opportunity": json.RawMessage(`1000000.1`)}.Money("opportunity").Amount)
	require.Equal(t, bitrix.Money{Amount: 100000, Currency: "RUB"}, bitrix.Item{"UF": json.RawMessage(`"1000|RUB"`)}.Money("UF"))
	require.Equal(t, "0278000001", bitrix.Item{"RQ_INN": json.RawMessage(`"0278000001"`)}.String("RQ_INN"), "leading zeroes stay")
	require.Equal(t, "ООО\u00a0\"Мост\"", bitrix.Item{"N": json.RawMessage(`"ООО\u00a0\"Мост\""`)}.String("N"))
}

func TestPitfallsOfErrors(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]error{
		`{"error":0,"error_description":"Access denied."}`:                bitrix.ErrAccessDenied,
		`{"error":"","error_description":"NOT FOUND<br>"}`:                bitrix.ErrNotFound,
		`{"error":100,"error_description":"could not find value"}`:        bitrix.ErrParameter,
		`{"error":"Insufficient_Scope"}`:                                  bitrix.ErrScope,
		`{"error":"EMPTY_ERROR_HANDLER_URL"}`:                             bitrix.ErrParameter,
		`{"error":"ERROR_ARGUMENT","argument":"PLACEMENT","result":true}`: bitrix.ErrParameter,
	} {
		_, err := newClient(t, newPortal(t, ok(body))).Do(t.Context(), "placement.bind", nil)
		require.ErrorIs(t, err, want, "%s with HTTP 200", body)
	}
	for _, status := range []int{401, 403} {
		_, err := newClient(t, newPortal(t, reply{status: status, body: `{"error":"INVALID_CREDENTIALS"}`})).Do(t.Context(), "x", nil)
		require.ErrorIs(t, err, bitrix.ErrAccessDenied, "the code decides, not the status")
	}
	gone := reply{status: 403, body: `{"error":"ACCESS_DENIED","error_description":"Access denied!"}`}
	err := newClient(t, newPortal(t, gone)).EventSend(t.Context(), bitrix.RobotAnswer{EventToken: "t"})
	require.ErrorIs(t, err, bitrix.ErrStepGone)
	require.Equal(t, upstream.Refused, upstream.ClassOf(err), "a step that is gone is never retried")
}

func TestPitfallsOfSecrets(t *testing.T) {
	t.Parallel()
	item := bitrix.Item{"id": json.RawMessage(`57`), "UF_FILE": json.RawMessage(`{"id":1,"urlMachine":"https://portal/rest/x?auth=SECRET"}`)}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "item", item, "link", item.Files("UF_FILE")[0].Link)
	shown := log.String() + fmt.Sprintf("%v %+v %#v %s", item, item, item, item) + fmt.Sprintf("%v %+v", item.Files("UF_FILE"), item.Files("UF_FILE"))
	require.NotContains(t, shown, "SECRET")
	require.Contains(t, shown, "item 57")
	data, err := json.Marshal(item.Files("UF_FILE"))
	require.NoError(t, err)
	require.Equal(t, `[{"id":1}]`, string(data))
}

func TestPitfallsOfNames(t *testing.T) {
	t.Parallel()
	fields := map[string]bitrix.FieldInfo{
		"stageId": {UpperName: "STAGE_ID"}, "UF_CRM_1": {Items: bitrix.List[bitrix.FieldChoice]{{ID: 45, Value: "Да"}, {ID: 46, Value: "Нет"}}},
	}
	require.Equal(t, []string{"UF_CRM_2", "stage"}, bitrix.UnknownFields(fields, "STAGE_ID", "UF_CRM_2", "stageId", "stage"), "the portal says nothing")
	require.Empty(t, bitrix.UnknownFields(fields))
	require.Equal(t, bitrix.ID(46), fields["UF_CRM_1"].ChoiceID("нет"), "options have other ids on every portal")
	require.Equal(t, "Да", fields["UF_CRM_1"].Choice(45))
	require.Zero(t, fields["UF_CRM_1"].ChoiceID("может быть"))
	require.Empty(t, fields["UF_CRM_1"].Choice(47))
	returns := bitrix.RobotProperties{{ID: "docflow_id"}, {ID: "State"}}
	require.Equal(t, []string{"amount", "uin"}, returns.Undeclared(map[string]any{"uin": 1, "DOCFLOW_ID": 2, "state": 3, "amount": 4}))
	require.Equal(t, "CRM_DYNAMIC_147_DETAIL_TAB", bitrix.DetailTab(147), "placements carry entityTypeId, fields the definition's id")
	for options, want := range map[string]bitrix.ID{`{"ID":"8061"}`: 8061, `{"ENTITY_ID":5}`: 5, `{"id":"7"}`: 7, `{"ID":"0"}`: 0, `{"any":"28\/"}`: 0, ``: 0, `[]`: 0} {
		require.Equal(t, want, bitrix.PageOpening{Options: options}.ObjectID(), options)
	}
}

// TestOwnChangesAreNamed: an application's own changes stay out of its offline queue.
func TestOwnChangesAreNamed(t *testing.T) {
	t.Parallel()
	answer := ok(`{"result":{"item":{"id":57},"result":{"c00":true}}}`)
	p := newPortal(t, answer, answer, answer, ok(`{"result":true}`), ok(`{"result":true}`), ok(`{"result":{"process_id":null,"events":[]}}`))
	c := newClient(t, p, bitrix.WithAuthConnector("bridge"))
	ctx := t.Context()
	_, err := c.ItemUpdate(ctx, bitrix.EntityDeal, 57, map[string]any{"title": "x"})
	require.NoError(t, err)
	_, err = c.ItemUpdate(ctx, bitrix.EntityDeal, 57, map[string]any{"UF_FILE": bitrix.FileContent{Name: "a", Data: []byte("A")}})
	require.NoError(t, err)
	_, err = c.ItemGet(ctx, bitrix.EntityDeal, 57)
	require.NoError(t, err)
	_, err = c.Do(ctx, "something.do", nil)
	require.NoError(t, err)
	require.NoError(t, c.EventBind(ctx, bitrix.EventBinding{Event: "X", Offline: true, AuthConnector: "other"}))
	_, err = c.OfflineGet(ctx, bitrix.OfflineQuery{})
	require.NoError(t, err)
	for i, want := range []string{`"bridge"`, `"bridge"`, ``, `"bridge"`, `"other"`, ``} {
		require.Equal(t, want, field(t, p.requests()[i].Body, "auth_connector"), p.requests()[i].Path)
	}
	_, err = c.Do(ctx, "x", func() {})
	require.Error(t, err)
}
