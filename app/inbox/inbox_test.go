package inbox_test

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/internal/seal"
)

const member = "a223c6b3710f85df22e9377d6c4f7553"

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// spy remembers what goes to the real store.
type spy struct {
	*store.Store
	items []inbox.Item
}

func (s *spy) AcceptItem(ctx context.Context, item inbox.Item) (bool, error) {
	s.items = append(s.items, item)
	return s.Store.AcceptItem(ctx, item)
}

func setup(t *testing.T) (*inbox.Inbox, *spy, *seal.Box) {
	t.Helper()
	box, err := seal.New(make([]byte, seal.KeySize), nil)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "bridge.db"), Sealer: box,
		Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	s := &spy{Store: st}
	return inbox.New(s, box, func() time.Time { return noon }), s, box
}

func (s *spy) rows(t *testing.T) []lane.Row {
	t.Helper()
	rows, err := s.Load(t.Context(), member, 0, 100)
	require.NoError(t, err)
	return rows
}

// robotCall is the example of bitrix24.md, section 5.4.
func robotCall(t *testing.T, change map[string]string) bitrix.RobotCall {
	t.Helper()
	form := url.Values{}
	for key, value := range map[string]string{
		"workflow_id": "66e81a641752f8.56521481", "code": "realty_sign",
		"document_id[0]": "crm", "document_id[1]": "CCrmDocumentDeal", "document_id[2]": "DEAL_57",
		"event_token":               "55c1dc1c3f0d75.78875596|A51601_82584|hsyUws1j4XiwqPqN45eH66CcQtEvpUIP",
		"properties[docflow_id]":    "d-1",
		"properties[signatures][0]": "https://portal.example/rest/crm.controller.item.getFile.json?auth=be45f066AAAA&token=crm%7CaWQ9&fileId=7",
		"use_subscription":          "Y", "timeout_duration": "3600", "ts": "1727018926",
		"auth[access_token]": "be45f066AAAA", "auth[refresh_token]": "ae00", "auth[member_id]": member,
		"auth[application_token]": "51856fefc120afa4b628cc82d3935cce", "auth[user_id]": "1",
	} {
		form.Set(key, value)
	}
	for key, value := range change {
		form.Set(key, value)
	}
	call, err := bitrix.ParseRobotCall([]byte(form.Encode()))
	require.NoError(t, err)
	return call
}

func TestRobotIsStored(t *testing.T) {
	t.Parallel()
	in, s, box := setup(t)
	duplicate, err := in.Robot(t.Context(), member, robotCall(t, nil))
	require.NoError(t, err)
	require.False(t, duplicate)
	rows := s.rows(t)
	require.Len(t, rows, 1)
	row := rows[0]
	require.Equal(t, []string{member, "2:57", "d-1", inbox.KindRobot, "realty_sign"}, []string{row.Lane, row.Part, row.Key, row.Kind, row.Code})
	call, err := inbox.ReadCall(row.Body)
	require.NoError(t, err)
	require.Equal(t, docflow.Card{EntityType: 2, ID: 57}, call.Card)
	require.Equal(t, "66e81a641752f8.56521481", call.WorkflowID)
	require.EqualValues(t, 1, call.UserID)
	require.True(t, call.Deadline.Equal(time.Unix(1727018926, 0).Add(time.Hour)))
	require.Equal(t, "https://portal.example/rest/crm.controller.item.getFile.json?token=crm%7CaWQ9&fileId=7", call.Properties.First("signatures"))
	token, err := box.Open(call.EventToken, inbox.TokenBind(member))
	require.NoError(t, err)
	require.Equal(t, "55c1dc1c3f0d75.78875596|A51601_82584|hsyUws1j4XiwqPqN45eH66CcQtEvpUIP", string(token))
	_, err = box.Open(call.EventToken, inbox.TokenBind("another portal"))
	require.Error(t, err, "a token is bound to its portal")
	for _, secret := range []string{"be45f066AAAA", "ae00", "51856fefc120afa4b628cc82d3935cce", "78875596", "hsyUws1j4"} {
		require.NotContains(t, string(row.Body), secret)
	}
}

func TestRobotDeadline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change map[string]string
		waits  bool
		want   time.Time
	}{
		"waits for ever":                 {map[string]string{"timeout_duration": "0"}, true, time.Time{}},
		"the time of sending is unknown": {map[string]string{"ts": "", "timeout_duration": "60"}, true, noon.Add(time.Minute)},
		"does not wait":                  {map[string]string{"use_subscription": "N"}, false, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, s, _ := setup(t)
			_, err := in.Robot(t.Context(), member, robotCall(t, tc.change))
			require.NoError(t, err)
			call, err := inbox.ReadCall(s.items[0].Row.Body)
			require.NoError(t, err)
			require.Equal(t, tc.waits, len(call.EventToken) > 0)
			require.True(t, tc.want.Equal(call.Deadline), call.Deadline)
		})
	}
}

func TestRobotRepeats(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	for _, tc := range []struct {
		change map[string]string
		want   bool
	}{
		{nil, false},
		{nil, true},
		{map[string]string{"properties[docflow_id]": "d-2", "ts": "1"}, true}, // the token alone tells a run
		{map[string]string{"event_token": "another run"}, false},
	} {
		duplicate, err := in.Robot(t.Context(), member, robotCall(t, tc.change))
		require.NoError(t, err)
		require.Equal(t, tc.want, duplicate)
	}
	duplicate, err := in.Robot(t.Context(), "another portal", robotCall(t, nil))
	require.NoError(t, err)
	require.False(t, duplicate, "portals don't know each other's tokens")
	require.Len(t, s.rows(t), 2)
}

func TestNotACard(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	list := map[string]string{"document_id[0]": "lists", "document_id[1]": "BizprocDocument", "document_id[2]": "777"}
	_, err := in.Robot(t.Context(), member, robotCall(t, list))
	require.ErrorIs(t, err, inbox.ErrNotACard)
	_, err = in.Hook(t.Context(), member, "realty_status", bitrix.Hook{DocumentID: bitrix.DocumentID{Module: "lists", Entity: "BizprocDocument", Element: "777"}})
	require.ErrorIs(t, err, inbox.ErrNotACard)
	for _, e := range []bitrix.Event{{Name: "ONCRMDEALUSERFIELDADD", Subject: bitrix.Subject{ObjectID: 5}},
		{Name: "ONCRMDEALUPDATE", Subject: bitrix.Subject{EntityTypeID: 2}}} {
		_, err = in.Event(t.Context(), member, e)
		require.ErrorIs(t, err, inbox.ErrNotACard)
	}
	require.Empty(t, s.items)
}

func hook(t *testing.T, query, body string) bitrix.Hook {
	t.Helper()
	h, err := bitrix.ParseHook([]byte(query), []byte(body))
	require.NoError(t, err)
	return h
}

const hookBody = "document_id[0]=crm&document_id[1]=CCrmDocumentLead&document_id[2]=LEAD_777&auth[member_id]=" + member + "&auth[domain]=portal.example"

func TestHook(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	_, err := in.Hook(t.Context(), member, "realty_extract", hook(t, "cadastral_number=47:14:1203001:814&docflow_id=d-1", hookBody))
	require.NoError(t, err)
	row := s.rows(t)[0]
	require.Equal(t, []string{"1:777", "d-1", inbox.KindHook, "realty_extract"}, []string{row.Part, row.Key, row.Kind, row.Code})
	call, err := inbox.ReadCall(row.Body)
	require.NoError(t, err)
	require.Equal(t, "47:14:1203001:814", call.Properties.First("cadastral_number"))
	require.Empty(t, call.EventToken)
	require.NotContains(t, string(row.Body), "portal.example", "nothing but the document and the parameters is kept")
}

// TestHookRepeats: every pair of different calls has different keys; only the token in a link counts not.
func TestHookRepeats(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	calls := []struct{ code, query, body string }{
		{"realty_extract", "a=1&b=2", hookBody},
		{"realty_status", "a=1&b=2", hookBody},
		{"realty_extract", "a=1&b=3", hookBody},
		{"realty_extract", "a=1b&=2", hookBody},
		{"realty_extract", "a=12", hookBody},
		{"realty_extract", "a[0]=1&a[1]=2", hookBody},
		{"realty_extract", "a=1&b=2", strings.Replace(hookBody, "LEAD_777", "LEAD_778", 1)},
	}
	for _, c := range calls {
		duplicate, err := in.Hook(t.Context(), member, c.code, hook(t, c.query, c.body))
		require.NoError(t, err)
		require.False(t, duplicate, c)
	}
	for _, c := range calls {
		duplicate, err := in.Hook(t.Context(), member, c.code, hook(t, c.query, c.body))
		require.NoError(t, err)
		require.True(t, duplicate, c)
	}
	require.Len(t, s.rows(t), len(calls))
	for _, auth := range []string{"one", "two"} {
		_, err := in.Hook(t.Context(), member, "realty_sign", hook(t, "file="+url.QueryEscape("/file?auth="+auth+"&id=7"), hookBody))
		require.NoError(t, err)
	}
	require.Len(t, s.rows(t), len(calls)+1)
}

func TestEventsAreCoalesced(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	e := bitrix.Event{Name: "ONCRMDEALMOVETOCATEGORY", TS: noon, Subject: bitrix.Subject{EntityTypeID: 2, ObjectID: 57, CategoryID: 1, StageID: "C1:NEW"}}
	_, err := in.Event(t.Context(), member, e)
	require.NoError(t, err)
	require.True(t, s.items[0].Coalesce)
	require.Zero(t, s.items[0].Key, "an event has nothing that tells a repeat")
	row := s.rows(t)[0]
	require.Equal(t, []string{"2:57", inbox.KindEvent, "ONCRMDEALMOVETOCATEGORY"}, []string{row.Part, row.Kind, row.Code})
	h, err := inbox.ReadHappened(row.Body)
	require.NoError(t, err)
	require.Equal(t, inbox.Happened{Event: e.Name, Card: docflow.Card{EntityType: 2, ID: 57}, Category: 1, Stage: "C1:NEW", At: noon}, h)
}

func TestTokensLeaveLinks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://p/f?auth=T&token=x%7Cy":              "https://p/f?token=x%7Cy",
		"https://p/f?token=b&z=1&auth=T":              "https://p/f?token=b&z=1", // order and escapes are signed
		"https://p/f?a=%20+%2F&auth=T&b=1":            "https://p/f?a=%20+%2F&b=1",
		"https://p/f?auth=T":                          "https://p/f",
		"/bitrix/show_file.php?auth=T&ownerId=5":      "/bitrix/show_file.php?ownerId=5",
		"https://p/f?a=1&amp;auth=T&amp;b=2":          "https://p/f?a=1&b=2",
		"https://p/1?auth=T, https://p/2?auth=U&i=2.": "https://p/1, https://p/2?i=2.",
		"<a href=\"https://p/1?auth=T\">":             "<a href=\"https://p/1\">",
		"https://p/f?oauth=1&auth=T#top":              "https://p/f?oauth=1#top",
		"auth=word in a sentence":                     "auth=word in a sentence",
		"":                                            "",
	} {
		in, s, _ := setup(t)
		given := bitrix.Properties{"f": {Values: []string{text}}}
		_, err := in.Hook(t.Context(), member, "x", bitrix.Hook{DocumentID: bitrix.DocumentID{Module: "crm", Entity: "CCrmDocumentDeal", Element: "DEAL_1"}, Parameters: given})
		require.NoError(t, err)
		call, err := inbox.ReadCall(s.items[0].Row.Body)
		require.NoError(t, err)
		require.Equal(t, want, call.Properties.First("f"), text)
		require.Equal(t, text, given.First("f"), "what was given stays")
	}
}

func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	in, s, _ := setup(t)
	require.NoError(t, s.Close())
	_, err := in.Robot(t.Context(), member, robotCall(t, nil))
	require.Error(t, err)
}

func FuzzReadCall(f *testing.F) {
	f.Add([]byte(`{"card":{"entityType":2,"id":57},"properties":{"a":{"Values":["1"],"List":true}},"workflow":"w","token":"AAE=","deadline":"2026-05-14T12:00:00Z","user":1}`))
	f.Add([]byte(`{"card":{}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := inbox.ReadCall(body)
		if err != nil {
			return
		}
		stored, err := json.Marshal(call)
		if err != nil {
			return // a year that RFC 3339 can't write was never stored by us
		}
		again, err := inbox.ReadCall(stored)
		require.NoError(t, err)
		twice, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(stored), string(twice))
	})
}

func FuzzReadHappened(f *testing.F) {
	f.Add([]byte(`{"event":"ONCRMDEALUPDATE","card":{"entityType":2,"id":57},"category":1,"stage":"C1:NEW","at":"2026-05-14T12:00:00Z"}`))
	f.Add([]byte(`{"at":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		h, err := inbox.ReadHappened(body)
		if err != nil {
			return
		}
		stored, err := json.Marshal(h)
		if err != nil {
			return
		}
		again, err := inbox.ReadHappened(stored)
		require.NoError(t, err)
		require.True(t, h.At.Equal(again.At))
		h.At, again.At = time.Time{}, time.Time{}
		require.Equal(t, h, again)
	})
}

// TestPageIsStoredOnce: a form that is sent twice is worked once; another press of the same button is another form.
func TestPageIsStoredOnce(t *testing.T) {
	t.Parallel()
	in, s, box := setup(t)
	ask := inbox.PageAsk{Card: docflow.Card{EntityType: 2, ID: 57}, Code: "realty_sign", UserID: 9, Once: "one",
		Properties: bitrix.Properties{"docflow_id": {Values: []string{"d-1"}}},
		Files:      []inbox.PageFile{{Param: "signatures", Name: "заявление.sig", Data: []byte("signed bytes")}}}
	for _, tc := range []struct {
		once  string
		user  int64
		again bool
	}{{"one", 9, false}, {"one", 9, true}, {"two", 9, false}, {"one", 10, false}} {
		ask.Once, ask.UserID = tc.once, tc.user
		duplicate, err := in.Page(t.Context(), member, ask)
		require.NoError(t, err)
		require.Equal(t, tc.again, duplicate, tc)
	}
	rows := s.rows(t)
	require.Len(t, rows, 3)
	require.Equal(t, []string{member, "2:57", "d-1", inbox.KindPage, "realty_sign"},
		[]string{rows[0].Lane, rows[0].Part, rows[0].Key, rows[0].Kind, rows[0].Code})
	require.NotContains(t, string(rows[0].Body), "signed bytes")
	call, err := inbox.ReadCall(rows[0].Body)
	require.NoError(t, err)
	require.EqualValues(t, 9, call.UserID)
	data, err := box.Open(call.Files[0].Sealed, inbox.FileBind(member))
	require.NoError(t, err)
	require.Equal(t, "signed bytes", string(data))

	ask.Once, ask.Files[0].Data = "large", make([]byte, inbox.MaxPageFiles+1)
	_, err = in.Page(t.Context(), member, ask)
	require.Error(t, err)
	require.Len(t, s.rows(t), 3)
}
