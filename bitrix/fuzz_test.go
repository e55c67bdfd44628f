package bitrix_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// oneAnswer is a transport that answers everything alike.
type oneAnswer struct {
	status int
	body   string
}

func (a oneAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// fixed is a client whose portal gives one answer to everything.
func fixed(status int, body string) *bitrix.Client {
	up := upstream.New(upstream.WithTransport(oneAnswer{status, body}))
	return bitrix.New(up, bitrix.NewWebhook("https://portal.example/rest/1/secret/"), bitrix.WithClock(clock))
}

// FuzzAnswer feeds foreign bytes to the reader of answers: an error is always classified, and never
// shows the address.
func FuzzAnswer(f *testing.F) {
	f.Add(200, []byte(`{"result":{"item":{"id":57}},"total":"143","next":50,"time":{"operating":1.5,"operating_reset_at":1778747792}}`))
	f.Add(401, []byte(expired))
	f.Add(200, []byte(`{"error":{"code":"BITRIX_REST_V3_EXCEPTION_X","message":"m"}}`))
	f.Add(429, []byte(`{"error":"OPERATION_TIME_LIMIT","time":{"operating_reset_at":1e300,"duration":-1}}`))
	f.Add(502, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return // no server can say it
		}
		list, err := fixed(status, string(body)).ItemList(t.Context(), bitrix.EntityDeal, bitrix.ListOptions{})
		if err != nil {
			_, classified := errors.AsType[upstream.Classified](err)
			require.True(t, classified, "%T", err)
			require.NotContains(t, err.Error(), "secret")
			return
		}
		require.Less(t, status, 300)
		for _, item := range list.Result {
			for name := range item {
				_, _, _, _ = item.String(name), item.Files(name), item.Money(name), item.Date(name)
			}
		}
	})
}

// FuzzBatchAnswer proves that every command gets exactly one outcome, whatever the portal says.
func FuzzBatchAnswer(f *testing.F) {
	f.Add([]byte(`{"result":{"result":{"a":true},"result_error":{"b":{"error":"X"}},"result_total":[],"result_next":[],"result_time":[]}}`))
	f.Add([]byte(`{"result":{"result":[true,null],"result_error":[],"result_time":{"a":[]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		commands := []bitrix.Command{{Name: "a", Method: "x.add"}, {Name: "b", Method: "x.get"}}
		batch, err := fixed(200, string(body)).Batch(t.Context(), commands, true)
		if err != nil {
			return
		}
		require.Len(t, batch.Commands, 2)
		for _, one := range batch.Commands {
			if one.Err == nil {
				require.NotNil(t, one.Result, "success has a result")
			}
		}
	})
}

// FuzzEncodeQuery proves that what a batch command carries is what its parameters say.
func FuzzEncodeQuery(f *testing.F) {
	f.Add([]byte(`{"fields":{"PHONE":[{"VALUE":"+7"}]},"a":null,"b":true,"c":1.50}`))
	f.Add([]byte(`{"a":{"b":[]}}`))
	f.Add([]byte(`{"a b":"$result[x]"}`))
	f.Fuzz(func(t *testing.T, params []byte) {
		if !json.Valid(params) {
			return
		}
		query, err := bitrix.EncodeQuery(json.RawMessage(params))
		if err != nil {
			return // refusing is fine; another meaning is not
		}
		form, err := bitrix.ParseForm([]byte(query))
		if err != nil {
			return // deeper or larger than an inbound form may be, or NUL inside
		}
		require.Equal(t, query, string(form.Encode()))
	})
}

// FuzzValues proves that a value that was read is written back as itself.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`"1000.50|RUB"`, `"2024-09-09T02:00:00+02:00"`, `["1",2]`, `{"0":1}`, `0.30000000000000004`, `false`, `"Y"`, `-92233720368547758.07`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		again[bitrix.Kopecks](t, data)
		again[bitrix.Money](t, data)
		again[bitrix.Date](t, data)
		again[bitrix.Flag](t, data)
		again[bitrix.ID](t, data)
		again[bitrix.Multi[bitrix.ID]](t, data)
		again[bitrix.DocumentID](t, data)
		again[bitrix.DocumentType](t, data)
		again[bitrix.Texts](t, data)
		var fm bitrix.Multifields
		if json.Unmarshal(data, &fm) == nil {
			_, err := json.Marshal(fm)
			require.NoError(t, err)
		}
	})
}

func again[T any](t *testing.T, data []byte) {
	t.Helper()
	first, err := decode[T](string(data))
	if err != nil {
		return
	}
	written, err := json.Marshal(first)
	require.NoError(t, err)
	if id, is := any(first).(bitrix.DocumentID); is && id == (bitrix.DocumentID{}) {
		return // null leaves it empty, which cannot be written
	}
	second, err := decode[T](string(written))
	require.NoError(t, err, "%s from %s", written, data)
	require.Equal(t, first, second)
}

// FuzzTexts proves that texts of fields are read without a panic, and that what was read means itself.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{"T80_6", "CO_3", "57", "user_7", "24.08.2023 13:19:39", "Уфа|54.7;55.9|12", "_", "T_", "https://portal/x", "2026-05-14T11:26:32+03:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if kind, id, err := bitrix.ParseBinding(s, 0); err == nil {
			again, same, err := bitrix.ParseBinding(bitrix.Binding(kind, id), 0)
			require.NoError(t, err)
			require.Equal(t, kind, again)
			require.Equal(t, id, same)
		}
		if id, err := bitrix.ParseUser(s); err == nil {
			same, err := bitrix.ParseUser(bitrix.UserValue(id))
			require.NoError(t, err)
			require.Equal(t, id, same)
		}
		if at, err := bitrix.ParseLocal(s, time.UTC); err == nil && !at.IsZero() && at.Year() > 0 && at.Year() < 10000 {
			same, err := bitrix.ParseLocal(at.Format(time.RFC3339), time.UTC)
			require.NoError(t, err)
			require.True(t, at.Truncate(time.Second).Equal(same))
		}
		require.True(t, strings.HasPrefix(s, bitrix.ParseAddress(s).Text))
		if source, err := bitrix.ParseWebhook(s); err == nil {
			_, endpoint, _ := source.Token(t.Context())
			require.True(t, strings.HasSuffix(endpoint, "/"), endpoint)
		}
	})
}

// FuzzPageOptions feeds what a user's browser may send to the readers of placements' options.
func FuzzPageOptions(f *testing.F) {
	f.Add(`{"code":"acme_send","properties":{"a":{"Id":"a","Multiple":false}},"current_values":[],"document_type":["crm","CCrmDocumentDeal","DEAL"]}`)
	f.Add(`{"MODE":"edit","FIELD_NAME":"UF_X","ENTITY_VALUE_ID":"57","ENTITY_DATA":{"entityTypeId":2,"entityId":"57"}}`)
	f.Add(`{"ID":"8061","URI":"/crm/deal/details/8061/"}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, options string) {
		page := bitrix.PageOpening{Options: options}
		if settings, err := page.RobotSettings(); err == nil {
			require.NotEmpty(t, settings.Code)
		} else {
			require.ErrorIs(t, err, bitrix.ErrMalformed)
		}
		if field, err := page.FieldPage(); err == nil {
			require.NotEmpty(t, field.FieldName)
		} else {
			require.ErrorIs(t, err, bitrix.ErrMalformed)
		}
		require.GreaterOrEqual(t, page.ObjectID(), bitrix.ID(0))
	})
}

// FuzzEventDetails feeds foreign data to the readers of single events.
func FuzzEventDetails(f *testing.F) {
	f.Add("event=ONAPPUNINSTALL&data[CLEAN]=1&auth[member_id]=m")
	f.Add("event=ONCRMTIMELINEITEMACTION&data[FIELDS][id]=a&data[FIELDS][activityId]=1&data[FIELDS][actionParams][x]=1&auth[member_id]=m")
	f.Add("event=X&data=1&auth[member_id]=m")
	f.Fuzz(func(t *testing.T, body string) {
		event, err := bitrix.ParseEvent([]byte(body))
		if err != nil {
			return
		}
		if _, err := event.App(); err != nil {
			require.ErrorIs(t, err, bitrix.ErrMalformed)
		}
		if action, err := event.TimelineAction(); err == nil {
			require.Positive(t, action.ActivityID)
		} else {
			require.ErrorIs(t, err, bitrix.ErrMalformed)
		}
	})
}

// FuzzUploads proves that whatever a file and the texts beside it hold, the request is what they mean.
func FuzzUploads(f *testing.F) {
	f.Add([]byte("%PDF-1.7"), "name.pdf", "title")
	f.Add([]byte{}, `a"b\c`, "file:X:0")
	f.Fuzz(func(t *testing.T, content []byte, name, title string) {
		if !utf8.ValidString(name) || !utf8.ValidString(title) {
			return // JSON has no such texts
		}
		echo := &echoing{}
		client := bitrix.New(upstream.New(upstream.WithTransport(echo)), bitrix.NewToken("TOKEN", "https://portal.example/rest/", nil))
		_, err := client.ItemAdd(t.Context(), bitrix.EntityDeal, map[string]any{"title": title, "UF_X": bitrix.FileContent{Name: name, Data: content}})
		require.NoError(t, err)
		var sent struct {
			Fields struct {
				Title string
				File  []string `json:"UF_X"`
			}
		}
		require.NoError(t, json.Unmarshal(echo.body, &sent))
		require.Equal(t, title, sent.Fields.Title)
		require.Equal(t, []string{name, base64.StdEncoding.EncodeToString(content)}, sent.Fields.File)
	})
}

// echoing keeps what it was sent.
type echoing struct{ body []byte }

func (e *echoing) RoundTrip(r *http.Request) (*http.Response, error) {
	e.body, _ = io.ReadAll(r.Body)
	answer := io.NopCloser(strings.NewReader(`{"result":{"item":{"id":1}}}`))
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: answer, Request: r}, r.Body.Close()
}
