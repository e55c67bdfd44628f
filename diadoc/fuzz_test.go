package diadoc_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

// again requires that what was read is written back as itself: nothing half-read is stored.
func again[T any](t *testing.T, raw []byte) (T, bool) {
	t.Helper()
	var first, second T
	if err := json.Unmarshal(raw, &first); err != nil {
		return first, false // refusing is fine; a panic or another meaning is not
	}
	written, err := json.Marshal(first)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(written, &second), "%s", written)
	twice, err := json.Marshal(second)
	require.NoError(t, err)
	require.Equal(t, string(written), string(twice))
	return second, true
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(readGolden(f, "new_events").Answer))
	f.Add([]byte(`{"Events":[{"EventId":"e","IndexKey":"k","Message":1}],"TotalCountType":2}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		page, _ := again[diadoc.BoxEventList](t, raw)
		for _, e := range page.Events {
			if e.Message != nil {
				_, _ = e.Message.DeliveryFailed(), e.Message.Documents()
			}
			if e.Patch != nil {
				_, _ = e.Patch.DeliveryFailed(), e.Patch.Documents()
			}
		}
	})
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(readGolden(f, "message").Answer))
	f.Add([]byte(`{"Entities":[{"EntityId":"a","ParentEntityId":"a","EntityType":2,"New":{}}],"LockMode":9}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, _ := again[diadoc.Message](t, raw)
		for _, e := range m.Entities {
			_, _ = m.Signatures(e.EntityID), m.Children(e.EntityID)
			_, found := m.Entity(e.EntityID)
			require.True(t, found)
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(readGolden(f, "document").Answer))
	f.Add([]byte(`{"RevocationStatus":4,"SendTimestampTicks":"638585445988979088","Torg12Metadata":{"DocumentStatus":2,"X":null}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, read := again[diadoc.Document](t, raw)
		if !read {
			return
		}
		require.NotEmpty(t, d.State())
		require.Equal(t, d.SendTimestampTicks, diadoc.TicksOf(d.SendTimestampTicks.Time()))
	})
}

func FuzzDocflows(f *testing.F) {
	f.Add([]byte(readGolden(f, "docflow_events").Answer))
	f.Fuzz(func(t *testing.T, raw []byte) {
		page, _ := again[diadoc.GetDocflowEventsResponseV5](t, raw)
		for _, e := range page.Events {
			if e.Document != nil {
				require.NotEmpty(t, e.Document.State())
			}
		}
		_, _ = again[diadoc.GetDocflowBatchResponseV4](t, raw)
	})
}

func FuzzLists(f *testing.F) {
	f.Add([]byte(`{"CertificateInfos":[{"Thumbprint":"ab"}],"TotalCount":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var list diadoc.CertificateList
		_ = json.Unmarshal(raw, &list)
	})
}

// oneAnswer is a transport that answers everything alike.
type oneAnswer struct {
	status       int
	body, header string
}

func (a oneAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{"Retry-After": {a.header}, "Content-Disposition": {a.header}},
		Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// FuzzAnswer feeds foreign answers to the client: an error is always classified, waiting has a time, and no
// error shows the token.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "%PDF")
	f.Add(204, "5", "")
	f.Add(409, "", "token-0")
	f.Add(429, "Sat, 21 Nov 2026 03:05:05 GMT", "")
	f.Fuzz(func(t *testing.T, status int, header, body string) {
		if status < 200 || status > 599 {
			return // no server can say it
		}
		up := upstream.New(upstream.WithTransport(oneAnswer{status, body, header}))
		_, err := diadoc.New(up, "https://diadoc.example", &tokens{}, diadoc.WithClock(fixed)).GeneratePrintForm(t.Context(), myBox, document)
		if err == nil {
			require.NotEmpty(t, body)
			require.Empty(t, header, "an answer with a Retry-After is not ready")
			return
		}
		_, classified := errors.AsType[upstream.Classified](err)
		require.True(t, classified, "%T", err)
		require.NotContains(t, err.Error(), "token-0")
		require.Equal(t, upstream.ClassOf(err) == upstream.Wait, !upstream.RetryAt(err).IsZero())
		require.False(t, upstream.RetryAt(err).Before(fixed()) && upstream.ClassOf(err) == upstream.Wait)
	})
}
