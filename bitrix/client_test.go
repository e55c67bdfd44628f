package bitrix_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

const expired = `{"error":"expired_token","error_description":"The access token provided has expired."}`

func TestCallSendsJSONWithTheTokenInTheBody(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"item":{"id":57}}}`))
	got, err := bitrix.Call[map[string]map[string]int](t.Context(), newClient(t, p), "crm.item.get",
		map[string]any{"entityTypeId": 2, "id": 57})
	require.NoError(t, err)
	require.Equal(t, 57, got["item"]["id"])
	sent := p.requests()
	require.Len(t, sent, 1)
	require.Equal(t, "/rest/crm.item.get", sent[0].Path)
	require.Empty(t, sent[0].Query, "a query lands in logs")
	require.Equal(t, "application/json", sent[0].Header.Get("Content-Type"))
	require.Equal(t, "application/json", sent[0].Header.Get("Accept"))
	require.JSONEq(t, `{"auth":"TOKEN-OF-TEST","entityTypeId":2,"id":57}`, sent[0].Body)
}

func TestCallParams(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		params any
		want   string
	}{
		"none":       {nil, `{"auth":"TOKEN-OF-TEST"}`},
		"empty":      {map[string]any{}, `{"auth":"TOKEN-OF-TEST"}`},
		"raw":        {json.RawMessage(`{"a": [1,2]}`), `{"a":[1,2],"auth":"TOKEN-OF-TEST"}`},
		"own auth":   {map[string]any{"auth": "x"}, `{"auth":"TOKEN-OF-TEST"}`}, // the last key wins
		"not object": {[]int{1}, ""},
		"not JSON":   {make(chan int), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, ok(`{"result":true}`))
			_, err := bitrix.Call[bool](t.Context(), newClient(t, p), "m", tc.params)
			if tc.want == "" {
				require.Error(t, err)
				require.Equal(t, upstream.Broken, upstream.ClassOf(err))
				require.Empty(t, p.requests())
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, tc.want, p.requests()[0].Body)
		})
	}
}

func TestCallEnvelopes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want string
		fail error
	}{
		"scalar":            {`{"result":5}`, `5`, nil},
		"null":              {`{"result":null,"time":{}}`, `null`, nil},
		"empty text":        {`{"result":""}`, `""`, nil},
		"error null":        {`{"result":true,"error":null}`, `true`, nil},
		"odd time":          {`{"result":true,"time":[]}`, `true`, nil},
		"space around":      {" \n{\"result\":1}\n", `1`, nil},
		"error with 200":    {`{"error":"NOT_FOUND","error_description":"x"}`, "", bitrix.ErrNotFound},
		"error beside data": {`{"result":[],"error":"ACCESS_DENIED"}`, "", bitrix.ErrAccessDenied},
		"no frame":          {`{}`, "", bitrix.ErrBadAnswer},
		"a list":            {`[]`, "", bitrix.ErrBadAnswer},
		"a page":            {`<html>`, "", bitrix.ErrBadAnswer},
		"nothing":           {``, "", bitrix.ErrBadAnswer},
		"cut":               {`{"result":[1,`, "", bitrix.ErrBadAnswer},
		"odd next":          {`{"result":[],"next":"soon"}`, "", bitrix.ErrBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, ok(tc.body))
			got, err := bitrix.Call[json.RawMessage](t.Context(), newClient(t, p), "x.get", nil)
			if tc.fail != nil {
				require.ErrorIs(t, err, tc.fail)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
		})
	}
}

func TestCallErrorShapes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body        string
		code, words string
	}{
		"text":       {`{"error":"X","error_description":"why"}`, "X", "why"},
		"empty text": {`{"error":"","error_description":"Not found"}`, "", "Not found"},
		"number":     {`{"error":0,"error_description":"why"}`, "0", "why"},
		"digits":     {`{"error":"100"}`, "100", ""},
		"REST 3": {`{"error":{"code":"BITRIX_REST_V3_EXCEPTION_X","message":"why","validation":[]}}`,
			"BITRIX_REST_V3_EXCEPTION_X", "why"},
		"own token": {`{"error":"X","error_description":"TOKEN-OF-TEST is bad"}`, "X", "*** is bad"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, reply{status: 400, body: tc.body})
			_, err := bitrix.Call[bool](t.Context(), newClient(t, p), "crm.x", nil)
			failed, is := errors.AsType[*bitrix.APIError](err)
			require.True(t, is, "%v", err)
			require.Equal(t, tc.code, failed.Code)
			require.Equal(t, tc.words, failed.Description)
			require.Equal(t, 400, failed.Status)
			require.Contains(t, err.Error(), "crm.x")
		})
	}
}

func TestResultOfAnotherShapeWasCarriedOut(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":{"id":1}}`), ok(`{"result":{"id":1}}`))
	c := newClient(t, p)
	_, err := bitrix.Call[int](t.Context(), c, "crm.item.add", nil)
	require.ErrorIs(t, err, bitrix.ErrBadAnswer)
	require.Equal(t, upstream.Broken, upstream.ClassOf(err))
	require.True(t, upstream.MaybeDone(err))
	_, err = bitrix.Call[int](t.Context(), c, "crm.item.get", nil)
	require.False(t, upstream.MaybeDone(err), "a read has no effect to look for")
}

func TestCallList(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":["a"],"total":143,"next":50}`), ok(`{"result":["b"],"total":"143"}`))
	c := newClient(t, p)
	first, err := bitrix.CallList[[]string](t.Context(), c, "x.list", nil)
	require.NoError(t, err)
	require.Equal(t, bitrix.ListAnswer[[]string]{Result: []string{"a"}, Total: 143, Next: 50}, first)
	last, err := bitrix.CallList[[]string](t.Context(), c, "x.list", map[string]int{"start": first.Next})
	require.NoError(t, err)
	require.Zero(t, last.Next)
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"expired_token", "EXPIRED_TOKEN", "invalid_token", "NO_AUTH_FOUND"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, reply{status: 401, body: `{"error":"` + code + `"}`}, ok(`{"result":true}`))
			source := &tokens{access: "old", endpoint: p.endpoint(), next: []string{"new"}}
			_, err := bitrix.Call[bool](t.Context(), clientOf(source), "x.add", map[string]int{"a": 1})
			require.NoError(t, err)
			require.Equal(t, []string{"old"}, source.refreshed)
			require.JSONEq(t, `{"a":1,"auth":"new"}`, p.requests()[1].Body)
		})
	}
}

func TestRefusedTokenEndsTheCall(t *testing.T) {
	t.Parallel()
	gone := errors.New("no refresh token")
	for name, tc := range map[string]struct {
		next  []string
		fail  error
		calls int
		want  error
	}{
		"still refused":  {next: []string{"new", "newer"}, calls: 2, want: bitrix.ErrExpiredToken},
		"no newer token": {calls: 1, want: bitrix.ErrExpiredToken},
		"refresh fails":  {fail: gone, calls: 1, want: gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPortal(t, reply{status: 401, body: expired}, reply{status: 401, body: expired})
			source := &tokens{access: "old", endpoint: p.endpoint(), next: tc.next, fail: tc.fail}
			_, err := bitrix.Call[bool](t.Context(), clientOf(source), "x.add", nil)
			require.ErrorIs(t, err, tc.want)
			require.False(t, upstream.MaybeDone(err))
			require.Len(t, source.refreshed, 1)
			require.Len(t, p.requests(), tc.calls)
		})
	}
}

func TestWebhookSendsNoToken(t *testing.T) {
	t.Parallel()
	p := newPortal(t, ok(`{"result":true}`), reply{status: 401, body: `{"error":"NO_AUTH_FOUND"}`})
	source := bitrix.NewWebhook(p.URL + "/rest/1/hooksecret")
	c := clientOf(source)
	_, err := bitrix.Call[bool](t.Context(), c, "crm.x", nil)
	require.NoError(t, err)
	require.Equal(t, "/rest/1/hooksecret/crm.x", p.requests()[0].Path)
	require.JSONEq(t, `{}`, p.requests()[0].Body)
	_, err = bitrix.Call[bool](t.Context(), c, "crm.x", nil)
	require.ErrorIs(t, err, bitrix.ErrExpiredToken)
	require.NotContains(t, err.Error(), "hooksecret")
	require.Len(t, p.requests(), 2, "a webhook has nothing to renew")
}

func TestRenamedPortalGetsThePostAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			renamed := newPortal(t, ok(`{"result":true}`))
			old := newPortal(t, reply{status: status, header: map[string]string{"Location": renamed.URL + "/rest/crm.x"}})
			source := &tokens{access: "old", endpoint: old.endpoint(), next: []string{"new"}, moveTo: renamed.endpoint()}
			_, err := bitrix.Call[bool](t.Context(), clientOf(source), "crm.x", map[string]int{"a": 1})
			require.NoError(t, err)
			require.JSONEq(t, `{"a":1,"auth":"new"}`, renamed.requests()[0].Body)
		})
	}
}

func TestRenamedPortalByHook(t *testing.T) {
	t.Parallel()
	renamed := newPortal(t, ok(`{"result":true}`))
	old := newPortal(t, reply{status: 302, header: map[string]string{"Location": renamed.URL + "/"}})
	source := &tokens{access: "tok", endpoint: old.endpoint()}
	c := clientOf(source, bitrix.WithConfirm(func(_ context.Context, host string) (string, error) {
		require.Equal(t, renamed.host(), host)
		return renamed.endpoint(), nil
	}))
	_, err := bitrix.Call[bool](t.Context(), c, "crm.x", nil)
	require.NoError(t, err)
	require.Empty(t, source.refreshed)
	require.JSONEq(t, `{"auth":"tok"}`, renamed.requests()[0].Body)
}

func TestUnconfirmedRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for name, location := range map[string]string{
		"another host":   "",
		"nowhere":        "",
		"a login page":   "/rest/login",
		"the front page": "/",
		"with a user":    "http://u:p@elsewhere.example/rest/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			thief := newPortal(t)
			if name == "another host" {
				location = thief.URL + "/rest/crm.x"
			}
			p := newPortal(t, reply{status: 302, header: map[string]string{"Location": location}})
			source := &tokens{access: "tok", endpoint: p.endpoint()}
			_, err := bitrix.Call[bool](t.Context(), clientOf(source), "crm.x.add", nil)
			require.ErrorIs(t, err, bitrix.ErrMoved)
			require.Equal(t, upstream.Retry, upstream.ClassOf(err))
			require.False(t, upstream.MaybeDone(err))
			require.Empty(t, thief.requests())
			require.Len(t, p.requests(), 1)
		})
	}
}

func TestHookThatConfirmsAnotherHostIsNotBelieved(t *testing.T) {
	t.Parallel()
	other := newPortal(t)
	p := newPortal(t, reply{status: 302, header: map[string]string{"Location": "http://elsewhere.example/rest/crm.x"}})
	c := newClient(t, p, bitrix.WithConfirm(func(context.Context, string) (string, error) { return other.endpoint(), nil }))
	_, err := bitrix.Call[bool](t.Context(), c, "crm.x", nil)
	require.ErrorIs(t, err, bitrix.ErrMoved)
	require.Empty(t, other.requests())
}

func TestConfirmFailureIsPassedOn(t *testing.T) {
	t.Parallel()
	down := errors.New("the authorization server is down")
	p := newPortal(t, reply{status: 302, header: map[string]string{"Location": "http://elsewhere.example/rest/"}})
	c := newClient(t, p, bitrix.WithConfirm(func(context.Context, string) (string, error) { return "", down }))
	_, err := bitrix.Call[bool](t.Context(), c, "crm.x", nil)
	require.ErrorIs(t, err, down)
}

func TestSecondRedirectEndsTheCall(t *testing.T) {
	t.Parallel()
	again := newPortal(t, reply{status: 302, header: map[string]string{"Location": "http://elsewhere.example/"}, body: "{}"})
	p := newPortal(t, reply{status: 302, header: map[string]string{"Location": again.URL + "/rest/crm.x"}})
	c := newClient(t, p, bitrix.WithConfirm(func(context.Context, string) (string, error) { return again.endpoint(), nil }))
	_, err := bitrix.Call[bool](t.Context(), c, "crm.x.add", nil)
	require.ErrorIs(t, err, bitrix.ErrMoved)
	require.False(t, upstream.MaybeDone(err))
}

// limiter lets everything pass and counts it.
type limiter struct {
	mu    sync.Mutex
	taken int
	fail  error
}

func (l *limiter) Take(context.Context) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken++
	return 0, l.fail
}

func (l *limiter) Exceeded(context.Context) {}

func TestLimiterCountsEveryRequest(t *testing.T) {
	t.Parallel()
	l := &limiter{}
	p := newPortal(t, reply{status: 401, body: expired}, ok(`{"result":1,"time":{"operating":3.5,"operating_reset_at":1778747792}}`))
	source := &tokens{access: "old", endpoint: p.endpoint(), next: []string{"new"}}
	_, err := bitrix.Call[int](t.Context(), clientOf(source, bitrix.WithLimiter(l)), "crm.item.list", nil)
	require.NoError(t, err)
	require.Equal(t, 2, l.taken, "the one with the renewed token, too")
}

func TestLimiterRefusesBeforeTheCall(t *testing.T) {
	t.Parallel()
	l := &limiter{fail: context.DeadlineExceeded}
	p := newPortal(t)
	_, err := bitrix.Call[int](t.Context(), newClient(t, p, bitrix.WithLimiter(l)), "crm.item.add", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, upstream.MaybeDone(err))
	require.Empty(t, p.requests())
}

func TestOperatingLimitWaitsForTheReset(t *testing.T) {
	t.Parallel()
	const refused = `{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."}`
	reset := moment.Add(5 * time.Minute).Truncate(time.Second)
	p := newPortal(t,
		reply{status: 429, body: refused},
		ok(`{"result":[],"time":{"operating":470.1,"operating_reset_at":`+jsonUnix(reset)+`}}`),
		reply{status: 429, body: refused},
		reply{status: 429, body: refused},
	)
	c := newClient(t, p)
	call := func(method string) error {
		_, err := bitrix.Call[json.RawMessage](t.Context(), c, method, nil)
		return err
	}
	err := call("crm.item.list")
	require.ErrorIs(t, err, bitrix.ErrOperatingLimit)
	require.Equal(t, moment.Add(10*time.Second), upstream.RetryAt(err), "at least ten seconds")
	require.NoError(t, call("crm.item.list"))
	err = call("CRM.item.list")
	require.True(t, reset.Equal(upstream.RetryAt(err)), "%v", upstream.RetryAt(err))
	err = call("crm.item.get")
	require.Equal(t, moment.Add(10*time.Second), upstream.RetryAt(err), "the reset belongs to one method")
}

func jsonUnix(at time.Time) string {
	text, _ := json.Marshal(at.Unix())
	return string(text)
}

func TestNoAnswerIsATransportError(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	c := newClient(t, p)
	p.Close()
	_, err := bitrix.Call[int](t.Context(), c, "crm.item.add", nil)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.False(t, upstream.MaybeDone(err), "the connection was refused")
	require.NotContains(t, err.Error(), "TOKEN")
}

func TestRenamedPortalThatAlsoWantsANewToken(t *testing.T) {
	t.Parallel()
	renamed := newPortal(t, reply{status: 401, body: expired}, ok(`{"result":true}`))
	old := newPortal(t, reply{status: 302, header: map[string]string{"Location": renamed.URL + "/rest/crm.x"}})
	source := &tokens{access: "old", endpoint: old.endpoint(), next: []string{"second", "third"}, moveTo: renamed.endpoint()}
	_, err := bitrix.Call[bool](t.Context(), clientOf(source), "crm.x", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"old", "second"}, source.refreshed)
	require.JSONEq(t, `{"auth":"third"}`, renamed.requests()[1].Body)
}

func TestClientServesManyAtOnce(t *testing.T) {
	t.Parallel()
	const callers = 16
	replies := make([]reply, callers)
	for i := range replies {
		replies[i] = ok(`{"result":1,"time":{"operating":1.5,"operating_reset_at":1778747792}}`)
	}
	p := newPortal(t, replies...)
	c := newClient(t, p, bitrix.WithLimiter(&limiter{}))
	var group sync.WaitGroup
	failures := make(chan error, callers)
	for range callers {
		group.Go(func() {
			_, err := bitrix.Call[int](t.Context(), c, "crm.item.list", nil)
			failures <- err
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
}

func TestCancelledCallSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := bitrix.Call[int](ctx, newClient(t, newPortal(t)), "crm.item.add", nil)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, upstream.MaybeDone(err), "nothing was sent")
}

func TestWebhookDoesNotPrintItsSecret(t *testing.T) {
	t.Parallel()
	source := bitrix.NewWebhook("https://portal.example/rest/1/hooksecret/")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", source, source, source), "hooksecret")
}
