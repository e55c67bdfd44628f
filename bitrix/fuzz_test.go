package bitrix_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

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
