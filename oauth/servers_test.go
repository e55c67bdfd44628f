package oauth_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

const (
	clientID     = "local.6537665f598492.98090704"
	clientSecret = "the-client-secret"
	oldRefresh   = "the-old-refresh-token"
	someAccess   = "the-access-token"
	memberID     = "a223c6b3710f85df22e9377d6c4f7553"
)

var keys = oauth.Keys{ClientID: clientID, ClientSecret: clientSecret}

// golden reads an answer of the contract.
func golden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

// seen is one request as the authorization server got it.
type seen struct {
	method, path, query, contentType string
	form                             url.Values
}

// authServer answers every request with answer and notes it.
type authServer struct {
	*oauth.Servers
	url  string
	logs *bytes.Buffer

	mu   sync.Mutex
	seen []seen
}

func (a *authServer) requests() []seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen
}

func newAuthServer(t *testing.T, answer http.HandlerFunc) *authServer {
	t.Helper()
	a := &authServer{logs: &bytes.Buffer{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		a.mu.Lock()
		a.seen = append(a.seen, seen{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), form})
		a.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	log := slog.New(slog.NewTextHandler(a.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	servers, err := oauth.NewServers(upstream.New(upstream.WithInsecure(true), upstream.WithLogger(log)), []string{srv.URL})
	require.NoError(t, err)
	a.Servers, a.url = servers, srv.URL
	return a
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{clientSecret, oldRefresh, someAccess, "ydtj8pho532", "3s6lr4kr3cv"} {
		require.NotContains(t, text, secret)
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	a := newAuthServer(t, answering(200, golden(t, "token.json")))
	before := time.Now()
	pair, err := a.Exchange(t.Context(), "https://evil.example/rest/", keys, oldRefresh)
	require.NoError(t, err)

	require.WithinRange(t, pair.Expires, before.Add(time.Hour), time.Now().Add(time.Hour))
	pair.Expires = time.Time{}
	require.Equal(t, oauth.Pair{
		Access: "ydtj8pho532wydb5ixk78ol7uqlb7sch", Refresh: "3s6lr4kr3cv2od4v853gvrchb875bwxb",
		Endpoint: "https://portal.example/rest/", Server: a.url, MemberID: memberID, UserID: 67,
		Scope: []string{"crm", "entity", "im", "task"}, Status: "L",
	}, pair)
	require.Equal(t, []seen{{
		method: "POST", path: "/oauth/token/", contentType: "application/x-www-form-urlencoded",
		form: url.Values{
			"grant_type": {"refresh_token"}, "client_id": {clientID}, "client_secret": {clientSecret},
			"refresh_token": {oldRefresh},
		},
	}}, a.requests(), "nothing secret in the query")
	requireNoSecret(t, a.logs.String())
}

// TestTokensEndByTheGivenClock: whoever judges whether a token has ended must count from the same clock.
func TestTokensEndByTheGivenClock(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(answering(200, golden(t, "token.json")))
	t.Cleanup(srv.Close)
	tomorrow := time.Now().Add(24 * time.Hour)
	servers, err := oauth.NewServers(upstream.New(upstream.WithInsecure(true)), []string{srv.URL}, oauth.WithNow(func() time.Time { return tomorrow }))
	require.NoError(t, err)
	pair, err := servers.Exchange(t.Context(), "", keys, oldRefresh)
	require.NoError(t, err)
	require.Equal(t, tomorrow.Add(time.Hour), pair.Expires)
}

// TestExchangeIsTolerant has what other captured answers look like.
func TestExchangeIsTolerant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want oauth.Pair
		in   time.Duration
	}{
		"nothing optional": {
			`{"access_token":"a","refresh_token":"r"}`,
			oauth.Pair{Access: "a", Refresh: "r"}, time.Hour,
		},
		"numbers as strings": {
			`{"access_token":"a","refresh_token":"r","expires_in":"1800","user_id":"67","scope":"crm, im"}`,
			oauth.Pair{Access: "a", Refresh: "r", UserID: 67, Scope: []string{"crm", "im"}}, 30 * time.Minute,
		},
		"nulls and arrays": {
			`{"access_token":"a","refresh_token":"r","expires_in":null,"user_id":[],"error":null,"client_endpoint":"https://p.example/rest"}`,
			oauth.Pair{Access: "a", Refresh: "r", Endpoint: "https://p.example/rest/"}, time.Hour,
		},
		"absurd lifetime": {
			`{"access_token":"a","refresh_token":"r","expires_in":9223372036854775807}`,
			oauth.Pair{Access: "a", Refresh: "r"}, 24 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer(t, answering(200, tc.body))
			pair, err := a.Exchange(t.Context(), "", keys, oldRefresh)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(tc.in), pair.Expires, 10*time.Second)
			pair.Expires, tc.want.Server = time.Time{}, a.url
			require.Equal(t, tc.want, pair)
		})
	}
}

func TestExchangeErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   error
		class  upstream.Class
	}{
		"used refresh token":  {400, `{"error":"invalid_grant","error_description":"Invalid grant"}`, oauth.ErrGrantDead, upstream.Refused},
		"used code":           {400, `{"error":"bad_verification_code"}`, oauth.ErrGrantDead, upstream.Refused},
		"wrong secret":        {400, `{"error":"invalid_client"}`, oauth.ErrClientKeys, upstream.Refused},
		"wrong secret as 401": {401, `{"error":"invalid_client"}`, oauth.ErrClientKeys, upstream.Refused},
		"deleted app as 200":  {200, `{"error":"wrong_client"}`, oauth.ErrClientKeys, upstream.Refused},
		"error beats tokens":  {200, `{"error":"wrong_client","access_token":"a","refresh_token":"r"}`, oauth.ErrClientKeys, upstream.Refused},
		"unpaid":              {401, `{"error":"PAYMENT_REQUIRED"}`, oauth.ErrPayment, upstream.Wait},
		"removed":             {401, `{"error":"NOT_INSTALLED"}`, oauth.ErrAppGone, upstream.Refused},
		"removed, older word": {401, `{"error":"ERROR_OAUTH","error_description":"Application not installed"}`, oauth.ErrAppGone, upstream.Refused},
		"portal unknown":      {404, `{"error":"portal_unknown"}`, oauth.ErrAppGone, upstream.Refused},
		"user dismissed":      {403, `{"error":"user_access_error"}`, oauth.ErrUserGone, upstream.Refused},
		"upper case":          {400, `{"error":"INVALID_GRANT"}`, oauth.ErrGrantDead, upstream.Refused},
		"scope":               {403, `{"error":"invalid_scope"}`, nil, upstream.Refused},
		"malformed":           {400, `{"error":"invalid_request"}`, nil, upstream.Broken},
		"unknown word":        {400, `{"error":"teapot"}`, nil, upstream.Broken},
		"too many":            {429, `{}`, nil, upstream.Wait},
		"rate":                {503, `{"error":"QUERY_LIMIT_EXCEEDED"}`, nil, upstream.Wait},
		"fault":               {500, `{"error":"INTERNAL_SERVER_ERROR"}`, oauth.ErrBadAnswer, upstream.Retry},
		"proxy page":          {502, `<html>bad gateway</html>`, oauth.ErrBadAnswer, upstream.Retry},
		"page of a 404":       {404, `<html>nginx</html>`, oauth.ErrBadAnswer, upstream.Retry},
		"redirect":            {302, ``, oauth.ErrBadAnswer, upstream.Retry},
		"cut":                 {200, `{"access_token":"a","refr`, oauth.ErrBadAnswer, upstream.Retry},
		"half a pair":         {200, `{"access_token":"a"}`, oauth.ErrBadAnswer, upstream.Retry},
		"not an object":       {200, `[]`, oauth.ErrBadAnswer, upstream.Retry},
		"empty":               {200, ``, oauth.ErrBadAnswer, upstream.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer(t, answering(tc.status, tc.body))
			_, err := a.Exchange(t.Context(), "", keys, oldRefresh)
			var typed *oauth.Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, tc.status, typed.Status)
			require.Equal(t, tc.class, upstream.ClassOf(err), err)
			require.False(t, upstream.MaybeDone(err))
			require.Equal(t, tc.class == upstream.Wait, upstream.RetryAt(err).After(time.Now()))
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
			}
			requireNoSecret(t, err.Error()+a.logs.String())
		})
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	a := newAuthServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(503)
	})
	_, err := a.Exchange(t.Context(), "", keys, oldRefresh)
	require.Equal(t, upstream.Wait, upstream.ClassOf(err))
	require.WithinDuration(t, time.Now().Add(2*time.Minute), upstream.RetryAt(err), 10*time.Second)
}

func TestServersWordsAreCleaned(t *testing.T) {
	t.Parallel()
	echo := `{"error":"invalid_grant","error_description":"no ` + oldRefresh + ` of ` + clientSecret + `\n` + strings.Repeat("я", 300) + `"}`
	_, err := newAuthServer(t, answering(400, echo)).Exchange(t.Context(), "", keys, oldRefresh)
	requireNoSecret(t, err.Error())
	require.NotContains(t, err.Error(), "\n")
	require.Less(t, len(err.Error()), 400)
	require.Contains(t, err.Error(), "no *** of ***")
}

func TestNoAnswerIsATransportError(t *testing.T) {
	t.Parallel()
	a := newAuthServer(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := a.Exchange(t.Context(), "", keys, oldRefresh)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.True(t, upstream.MaybeDone(err), "the pair may have been rotated")
	_, err = a.AppInfo(t.Context(), "", someAccess)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	requireNoSecret(t, err.Error()+a.logs.String())
}

// TestExchangeFallsBackToGet asks twice: the second time the server is known.
func TestExchangeFallsBackToGet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		post, get http.HandlerFunc
		methods   string
	}{
		"405":                  {answering(405, ""), answering(200, golden(t, "token.json")), "POST GET GET"},
		"404":                  {answering(404, "<html>"), answering(200, golden(t, "token.json")), "POST GET GET"},
		"page":                 {answering(200, "<html>"), answering(200, golden(t, "token.json")), "POST GET GET"},
		"refused by GET":       {answering(405, ""), answering(400, `{"error":"invalid_grant"}`), "POST GET GET"},
		"refused by POST":      {answering(400, `{"error":"invalid_grant"}`), nil, "POST POST"},
		"down":                 {answering(502, "<html>"), nil, "POST POST"},
		"no better by GET":     {answering(404, ""), answering(404, ""), "POST GET POST GET"},
		"portal gone for both": {answering(404, `{"error":"x"}`), answering(404, `{"error":"x"}`), "POST GET POST GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					tc.post(w, r)
				} else {
					tc.get(w, r)
				}
			})
			for range 2 {
				_, err := a.Exchange(t.Context(), "", keys, oldRefresh)
				if err != nil {
					requireNoSecret(t, err.Error())
				}
			}
			var methods []string
			for _, r := range a.requests() {
				methods = append(methods, r.method)
				if r.method == http.MethodGet {
					query, err := url.ParseQuery(r.query)
					require.NoError(t, err)
					require.Equal(t, oldRefresh, query.Get("refresh_token"))
					require.Equal(t, clientSecret, query.Get("client_secret"))
				}
			}
			require.Equal(t, tc.methods, strings.Join(methods, " "))
			requireNoSecret(t, a.logs.String())
		})
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	const west, east = "https://oauth.bitrix.info", "https://oauth.bitrix24.tech"
	servers, err := oauth.NewServers(upstream.New(), []string{west + "/", east})
	require.NoError(t, err)
	require.Equal(t, []string{west, east}, servers.URLs())
	for endpoint, want := range map[string]string{
		"":                                               west,
		"https://oauth.bitrix.info/rest/":                west,
		"https://oauth.bitrix24.tech/rest/":              east,
		"https://OAuth.Bitrix24.Tech:443/rest":           east,
		"https://oauth.bitrix24.tech":                    east,
		"oauth.bitrix24.tech":                            east,
		"https://evil.example/rest/":                     west,
		"https://oauth.bitrix24.tech.evil.example/rest/": west,
		"https://evil.example/oauth.bitrix24.tech/":      west,
		"https://oauth.bitrix24.tech@evil.example/":      west,
		"https://oauth.bitrix24.tech:8443/rest/":         west,
		"://":                                            west, "\x00": west, "https://[": west,
	} {
		require.Equal(t, want, servers.Choose(endpoint), endpoint)
	}

	local, err := oauth.NewServers(upstream.New(upstream.WithInsecure(true)), []string{"http://127.0.0.1:1/a", "http://127.0.0.1:1/b/"})
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1/b", local.Choose("http://127.0.0.1:1/b/rest/"))
	require.Equal(t, "http://127.0.0.1:1/a", local.Choose("http://127.0.0.1:1/bc/rest/"))
}

func TestServersAreChecked(t *testing.T) {
	t.Parallel()
	for _, urls := range [][]string{nil, {""}, {"oauth.bitrix.info"}, {"http://oauth.bitrix.info"}, {"https://oauth.bitrix.info", "ftp://x"}} {
		_, err := oauth.NewServers(upstream.New(), urls)
		require.Error(t, err, urls)
	}
}

// fixedAnswer is a transport that answers without a network.
type fixedAnswer struct {
	status int
	body   []byte
}

func (f fixedAnswer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: f.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(f.body))}, nil
}

func FuzzAnswers(f *testing.F) {
	f.Add(200, []byte(golden(f, "token.json")))
	f.Add(200, []byte(golden(f, "app.info.json")))
	f.Add(200, []byte(`{"error":"wrong_client"}`))
	f.Add(400, []byte(`{"error":"invalid_grant","error_description":null}`))
	f.Add(401, []byte(`{"error":0}`))
	f.Add(200, []byte(`{"result":{"client_id":1,"install":{"installed":"Y","member_id":2}}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		up := upstream.New(upstream.WithTransport(fixedAnswer{status, body}))
		servers, err := oauth.NewServers(up, []string{"https://oauth.bitrix.info"})
		require.NoError(t, err)
		pair, err := servers.Exchange(context.Background(), "", keys, oldRefresh)
		require.Equal(t, err == nil, pair.Access != "" && pair.Refresh != "", "a whole pair or an error")
		identity, err := servers.AppInfo(context.Background(), "", someAccess)
		require.Equal(t, err == nil, identity.ClientID != "" && identity.MemberID != "" && identity.ClientEndpoint != "")
	})
}
