package realty_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

const queued = `{"docflowId":"d20bd506-6325-43e1-b2e4-105ec5d63417","docflowType":"object_request","state":"queued"}`

var createBody = []byte(`{"requestId":"r","options":{"type":"info"}}`)

func TestStatusMeans(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer answer
		class  upstream.Class
		cause  error
		unsure bool
		until  time.Time
	}{
		"validation":      {answer{status: 400, body: `{"code":"validation"}`}, upstream.Refused, realty.ErrRefused, false, time.Time{}},
		"no access":       {answer{status: 403}, upstream.Refused, realty.ErrNoAccess, false, time.Time{}},
		"still 401":       {answer{status: 401}, upstream.Refused, realty.ErrNoAccess, false, time.Time{}},
		"unknown type":    {answer{status: 404}, upstream.Refused, realty.ErrRefused, false, time.Time{}},
		"timeout":         {answer{status: 408}, upstream.Retry, realty.ErrUnavailable, true, time.Time{}},
		"conflict":        {answer{status: 409}, upstream.Refused, realty.ErrRefused, false, time.Time{}},
		"too large":       {answer{status: 413}, upstream.Refused, realty.ErrRefused, false, time.Time{}},
		"rate":            {answer{status: 429}, upstream.Retry, realty.ErrUnavailable, false, time.Time{}},
		"rate, with time": {answer{429, "", map[string]string{"Retry-After": "7"}}, upstream.Wait, realty.ErrUnavailable, false, fixed().Add(7 * time.Second)},
		"crash":           {answer{status: 500, body: "boom"}, upstream.Retry, realty.ErrUnavailable, true, time.Time{}},
		"not connected":   {answer{501, "", map[string]string{"Retry-After": "7"}}, upstream.Refused, realty.ErrUnsupported, false, time.Time{}},
		"proxy":           {answer{status: 502, body: "<html>"}, upstream.Retry, realty.ErrUnavailable, true, time.Time{}},
		"down, with time": {answer{503, "", map[string]string{"Retry-After": "Fri, 02 Jan 2026 03:05:05 GMT"}}, upstream.Wait, realty.ErrUnavailable, true, fixed().Add(time.Minute)},
		"redirect":        {answer{302, "", map[string]string{"Location": "http://127.0.0.1/"}}, upstream.Retry, realty.ErrBadAnswer, true, time.Time{}},
		"page":            {answer{status: 200, body: "<html>login</html>"}, upstream.Retry, realty.ErrBadAnswer, true, time.Time{}},
		"empty":           {answer{status: 200}, upstream.Retry, realty.ErrBadAnswer, true, time.Time{}},
		"no id":           {answer{status: 201, body: `{"state":"queued"}`}, upstream.Retry, realty.ErrBadAnswer, true, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newService(t, tc.answer).client(realty.WithClock(fixed))
			_, err := client.Create(t.Context(), realty.ObjectRequestKind, createBody)
			require.ErrorIs(t, err, tc.cause)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.Equal(t, tc.unsure, upstream.MaybeDone(err))
			require.True(t, tc.until.Equal(upstream.RetryAt(err)))
			failure := apiError(t, err)
			require.Equal(t, tc.answer.status, failure.Status)
			require.Equal(t, tc.class == upstream.Retry || tc.class == upstream.Wait, failure.Temporary())

			_, err = client.Get(t.Context(), docflowID)
			require.False(t, upstream.MaybeDone(err), "a read has no effect")
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body, want string
	}{
		"leaves first": {string(file(t, "error.validation.json")),
			"realty: POST /docflows/{type}: the service refused the request (status 400): objectRequest.options.cadastralNumber: must not be null"},
		"no leaves":   {`{"code":"c","message":"m","target":"api","errors":[]}`, "realty: POST /docflows/{type}: the service refused the request (status 400): api: m"},
		"empty leaf":  {`{"message":"m","errors":[{}]}`, "realty: POST /docflows/{type}: the service refused the request (status 400): m"},
		"deep":        {`{"errors":[{"message":"a","errors":[{"message":"b"},{"target":"t"}]},{"code":7}]}`, "realty: POST /docflows/{type}: the service refused the request (status 400): b; t; 7"},
		"one, nulls":  {`{"code":null,"errors":{"message":"x"}}`, "realty: POST /docflows/{type}: the service refused the request (status 400): x"},
		"page":        {"<h1>\n  Bad\trequest</h1>", "realty: POST /docflows/{type}: the service refused the request (status 400): <h1> Bad request</h1>"},
		"other JSON":  {`{"problem":1}`, `realty: POST /docflows/{type}: the service refused the request (status 400): {"problem":1}`},
		"nothing":     {"", "realty: POST /docflows/{type}: the service refused the request (status 400)"},
		"the session": {`{"message":"no user for s0"}`, "realty: POST /docflows/{type}: the service refused the request (status 400): no user for ***"},
		"in a page":   {"auth.sid s0", "realty: POST /docflows/{type}: the service refused the request (status 400): auth.sid ***"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, answer{status: 400, body: tc.body}).client().Create(t.Context(), realty.ObjectRequestKind, createBody)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestLongErrorIsCut(t *testing.T) {
	t.Parallel()
	_, err := newService(t, answer{status: 500, body: strings.Repeat("я", 4000)}).client().Get(t.Context(), docflowID)
	require.Less(t, len(err.Error()), 500)
	require.NotContains(t, err.Error(), "�")
}

func TestSessionIsRenewedOnce(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 401}, answer{status: 200, body: queued})
	got, err := s.client().Create(t.Context(), realty.ObjectRequestKind, createBody)
	require.NoError(t, err)
	require.Equal(t, docflowID, got.ID)
	require.Equal(t, []string{"s0"}, s.sessions.renewed)
	requests := s.seen()
	require.Len(t, requests, 2)
	require.Equal(t, "auth.sid s0", requests[0].auth)
	require.Equal(t, "auth.sid s1", requests[1].auth)
	require.Equal(t, string(createBody), requests[1].body, "the frozen bytes again")
}

func TestSecond401IsAccess(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 401})
	_, err := s.client().Get(t.Context(), docflowID)
	require.ErrorIs(t, err, realty.ErrNoAccess)
	require.NotErrorIs(t, err, realty.ErrSessionExpired)
	require.Len(t, s.seen(), 2)
	require.Len(t, s.sessions.renewed, 1)
}

func TestSessionFailures(t *testing.T) {
	t.Parallel()
	refused := &realty.APIError{Op: "POST /auth", Status: 400, Class: upstream.Refused, Cause: realty.ErrLoginRefused}
	lost := &realty.APIError{Op: "POST /auth", Status: 502, Class: upstream.Retry, Unsure: true, Until: fixed(), Cause: realty.ErrUnavailable}
	for name, tc := range map[string]struct {
		sessions *sessions
		class    upstream.Class
		calls    int
	}{
		"login refused":   {&sessions{sessErr: refused}, upstream.Refused, 0},
		"login lost":      {&sessions{sessErr: lost}, upstream.Retry, 0},
		"renewal refused": {&sessions{renewErr: refused}, upstream.Refused, 1},
		"renewal lost":    {&sessions{renewErr: lost}, upstream.Retry, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, answer{status: 401})
			s.sessions = tc.sessions
			_, err := s.client().Create(t.Context(), realty.ObjectRequestKind, createBody)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.False(t, upstream.MaybeDone(err), "a lost login is no lost filing")
			require.Len(t, s.seen(), tc.calls)
			require.ErrorContains(t, err, "realty: POST /docflows/{type}: session: ")
			require.Equal(t, upstream.RetryAt(errors.Unwrap(err)), upstream.RetryAt(err))
		})
	}
}

func TestLostAnswerIsUnsure(t *testing.T) {
	t.Parallel()
	s := newService(t, answer{status: 200})
	cut := upstream.New(upstream.WithInsecure(true), upstream.WithTransport(cutting{}))
	_, err := realty.New(cut, s.url, s.sessions).Create(t.Context(), realty.ObjectRequestKind, createBody)
	require.True(t, upstream.MaybeDone(err))
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))

	client := realty.New(cut, s.url, s.sessions)
	_, err = client.Get(t.Context(), docflowID)
	requireHarmless(t, err)
	_, err = client.UploadContent(t.Context(), strings.NewReader(strings.Repeat("x", 100)), 100, realty.PDFType)
	requireHarmless(t, err)
	_, err = client.File(t.Context(), docflowID, fileID)
	requireHarmless(t, err)
	_, err = realty.Login(t.Context(), cut, s.url, realty.Credentials{Password: "hunter2"})
	requireHarmless(t, err)

	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, dead.Close())
	up := upstream.New(upstream.WithInsecure(true))
	_, err = realty.New(up, "http://"+dead.Addr().String(), s.sessions).Create(t.Context(), realty.ObjectRequestKind, createBody)
	require.Error(t, err)
	require.False(t, upstream.MaybeDone(err), "nothing was sent")
}

// requireHarmless wants an error that was sent, may be repeated, and leaves nothing to look for.
func requireHarmless(t *testing.T, err error) {
	t.Helper()
	lost, ok := errors.AsType[*upstream.TransportError](err)
	require.True(t, ok, "%v", err)
	require.True(t, lost.Sent)
	require.Equal(t, lost.Error(), err.Error())
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.True(t, upstream.RetryAt(err).IsZero())
	require.False(t, upstream.MaybeDone(err))
}

// cutting takes the request and breaks the connection before the answer.
type cutting struct{}

func (cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	client, server := net.Pipe()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
	go func() {
		_, _ = io.ReadFull(server, make([]byte, 64))
		_ = server.Close()
	}()
	return transport.RoundTrip(r)
}
