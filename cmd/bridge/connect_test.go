package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

const (
	deviceAnswer = `{"device_code":"secret-device","user_code":"WDJB-MJHT","verification_uri":"https://identity.example/device","interval":1,"expires_in":300}`
	tokensAnswer = `{"access_token":"secret-access","refresh_token":"secret-refresh","expires_in":3600,"token_type":"Bearer"}`
	boxesAnswer  = `{"Organizations":[{"ShortName":"ООО Ромашка","Boxes":[{"BoxId":"0a1b2c3d4e5f60718293a4b5c6d7e8f9@diadoc.ru","BoxIdGuid":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}]}]}`
	ourBox       = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
	pending      = `{"error":"authorization_pending"}`
)

// konturAnswers is Диадок and its identity provider with a queue of answers for each path; the last one stays. One that
// begins with {"error" comes with 400.
type konturAnswers struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]string
	seen    []string
}

func newKonturAnswers(t *testing.T, device, boxes string, polls ...string) *konturAnswers {
	t.Helper()
	k := &konturAnswers{answers: map[string][]string{"/connect/deviceauthorization": {device}, "/connect/token": polls, "/GetMyOrganizations": {boxes}}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		defer k.mu.Unlock()
		_ = r.ParseForm()
		k.seen = append(k.seen, r.Method+" "+r.URL.Path+" "+r.Form.Encode()+" "+r.Header.Get("Authorization"))
		queue := k.answers[r.URL.Path]
		if len(queue) == 0 {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(queue[0], `{"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, queue[0])
		if len(queue) > 1 {
			k.answers[r.URL.Path] = queue[1:]
		}
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *konturAnswers) shell(t *testing.T) *shell {
	t.Helper()
	s := prepared(t)
	s.env = append(s.env, "BRIDGE_DIADOC_URL="+k.URL, "BRIDGE_DIADOC_IDENTITY_URL="+k.URL, "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true",
		"BRIDGE_DIADOC_CLIENT_ID=integrator", "BRIDGE_DIADOC_CLIENT_SECRET=secret-key")
	return s
}

func (s *shell) connections() (all []portal.Connection) {
	s.t.Helper()
	s.store(func(st *store.Store) {
		var err error
		all, err = st.Connections(s.t.Context(), member)
		require.NoError(s.t, err)
	})
	return all
}

func TestConnectDiadocAddsAConnection(t *testing.T) {
	t.Parallel()
	k := newKonturAnswers(t, deviceAnswer, boxesAnswer, pending, tokensAnswer)
	s := k.shell(t)
	out := s.done("connect", "diadoc", "--portal", member, "--connection", "box", "--box", ourBox)
	require.Contains(t, out, "https://identity.example/device")
	require.Contains(t, out, "WDJB-MJHT")
	require.Contains(t, out, "ООО Ромашка")
	require.NotContains(t, out, "secret-")
	conns := s.connections()
	require.Len(t, conns, 1)
	require.Equal(t, docflow.Diadoc, conns[0].Kind)
	require.True(t, conns[0].Default)
	require.Equal(t, ourBox, conns[0].AccountID)
	require.Equal(t, map[string]string{"refreshToken": "secret-refresh"}, conns[0].Secrets)
	shown := s.done("settings", "show", "--portal", member)
	require.Contains(t, shown, `refreshToken: '***'`)
	s.file("again.yaml", shown)
	s.done("settings", "apply", "--portal", member, "again.yaml")
	require.Equal(t, conns[0].Secrets, s.connections()[0].Secrets)

	const keys = "client_id=integrator&client_secret=secret-key"
	poll := "POST /connect/token " + keys + "&device_code=secret-device&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code "
	require.Equal(t, []string{
		"POST /connect/deviceauthorization " + keys + "&scope=openid+profile+email+offline_access+Diadoc.PublicAPI ", poll, poll,
		"GET /GetMyOrganizations autoRegister=false Bearer secret-access",
	}, k.seen)
}

// TestConnectDiadocReplacesALogin: with a connection that there is, in a settings file that has more in it, at a stand that
// has a scope of its own.
func TestConnectDiadocReplacesALogin(t *testing.T) {
	t.Parallel()
	k := newKonturAnswers(t, deviceAnswer, boxesAnswer, tokensAnswer)
	k.answers["/connect/deviceauthorization"] = []string{`{"error":"invalid_scope"}`, deviceAnswer}
	s := k.shell(t)
	s.file("settings.yaml", `connections:
  - {name: main, kind: realty, login: a@b.ru, password: secret-one, accountId: acc}
  - {name: box, kind: diadoc, boxId: 0A1B2C3D4E5F60718293A4B5C6D7E8F9@diadoc.ru, login: d@b.ru, password: secret-two, clientKey: secret-three, clientId: own, clientSecret: secret-own}
files: {deal: UF_CRM_FILES}
`)
	s.done("settings", "apply", "--portal", member, "settings.yaml")
	s.done("connect", "diadoc", "--portal", member, "--connection", "box")
	conns := s.connections()
	require.Equal(t, []string{"box", "main"}, []string{conns[0].Name, conns[1].Name})
	require.Empty(t, conns[0].Login)
	require.Equal(t, "own", conns[0].ClientID)
	require.Equal(t, map[string]string{"refreshToken": "secret-refresh", "clientSecret": "secret-own"}, conns[0].Secrets)
	require.Equal(t, map[string]string{"password": "secret-one"}, conns[1].Secrets)
	require.Contains(t, s.done("settings", "show", "--portal", member), "deal: UF_CRM_FILES")
	require.Contains(t, k.seen[1], "client_id=own&client_secret=secret-own")
	require.Contains(t, k.seen[1], "Diadoc.PublicAPI.Staging")
}

func TestConnectDiadocRefusals(t *testing.T) {
	t.Parallel()
	type args = []string
	added := args{"--portal", member, "--connection", "box", "--box", ourBox}
	for name, tc := range map[string]struct {
		args   args
		unset  string
		device string
		boxes  string
		poll   string
		code   int
		says   string
	}{
		"no portal named":      {args: args{"--connection", "box"}, code: 2, says: "--portal"},
		"no connection named":  {args: args{"--portal", member}, code: 2, says: "--connection"},
		"unknown portal":       {args: args{"--portal", "other", "--connection", "box"}, code: 1, says: "known: " + member},
		"unknown connection":   {args: args{"--portal", member, "--connection", "lost"}, code: 1, says: "it has none to diadoc; name the box with --box BOXID"},
		"another service":      {args: args{"--portal", member, "--connection", "main"}, code: 1, says: "to realty, not to diadoc"},
		"no client keys":       {args: added, unset: "BRIDGE_DIADOC_CLIENT_ID", code: 1, says: "Integrator Cabinet"},
		"wrong client keys":    {args: added, device: `{"error":"invalid_client"}`, code: 1, says: "check BRIDGE_DIADOC_CLIENT_ID"},
		"no such grant":        {args: added, device: `{"error":"unauthorized_client"}`, code: 1, says: "client id or its secret"},
		"the user refuses":     {args: added, poll: `{"error":"access_denied"}`, code: 1, says: "repeat the command"},
		"the code is too old":  {args: added, poll: `{"error":"expired_token"}`, code: 1, says: "took too long"},
		"no refresh token":     {args: added, poll: `{"access_token":"secret-access"}`, code: 1, says: "offline_access"},
		"another user's box":   {args: append(added[:5:5], "11111111-1111-1111-1111-111111111111"), code: 1, says: "does not see box 11111111-1111-1111-1111-111111111111; name one of his with --box: " + ourBox + " (ООО Ромашка)"},
		"a user without boxes": {args: added, boxes: `{}`, code: 1, says: "sees no box at all"},
		"Диадок is away":       {args: added, boxes: `<html>`, code: 1, says: "nothing was stored"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := func(given, usual string) string {
				if given == "" {
					return usual
				}
				return given
			}
			s := newKonturAnswers(t, answer(tc.device, deviceAnswer), answer(tc.boxes, boxesAnswer), answer(tc.poll, tokensAnswer)).shell(t)
			s.file("settings.yaml", "connections:\n  - {name: main, kind: realty, login: a@b.ru, password: x, accountId: acc}\n")
			s.done("settings", "apply", "--portal", member, "settings.yaml")
			before := s.connections()
			s.env = slices.DeleteFunc(s.env, func(v string) bool { return tc.unset != "" && strings.HasPrefix(v, tc.unset+"=") })
			o := s.run(append(args{"connect", "diadoc"}, tc.args...)...)
			require.Equal(t, tc.code, o.code, o.errout)
			require.Contains(t, o.errout, tc.says)
			require.Equal(t, 1, strings.Count(o.errout, "\n"), "one line: %q", o.errout)
			require.NotContains(t, o.out+o.errout, "secret-")
			require.Equal(t, before, s.connections(), "nothing was changed")
		})
	}
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestWaitForPerson: asked no oftener than the provider wants, through its faults, and no longer than the code lives.
func TestWaitForPerson(t *testing.T) {
	t.Parallel()
	const slower, away = `{"error":"slow_down"}`, "<html>"
	for name, tc := range map[string]struct {
		answers []string
		polled  []time.Duration // since the start
		fails   error
	}{
		"at once":            {[]string{tokensAnswer}, []time.Duration{5 * time.Second}, nil},
		"asked too often":    {[]string{pending, slower, pending, tokensAnswer}, []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second}, nil},
		"the provider fails": {[]string{away, pending, tokensAnswer}, []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second}, nil},
		"nobody comes":       {[]string{pending, pending, pending, pending}, []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second}, diadoc.ErrGrantRefused},
		"refused":            {[]string{`{"error":"access_denied"}`}, []time.Duration{5 * time.Second}, diadoc.ErrGrantRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var polled []time.Duration
				started, answers := time.Now(), tc.answers
				up := upstream.New(upstream.WithTransport(roundTrip(func(*http.Request) (*http.Response, error) {
					polled = append(polled, time.Since(started))
					answer := httptest.NewRecorder()
					switch body := answers[0]; {
					case body == away:
						answer.WriteHeader(http.StatusBadGateway)
					case strings.HasPrefix(body, `{"error"`):
						answer.WriteHeader(http.StatusBadRequest)
					}
					_, err := answer.WriteString(answers[0])
					answers = answers[1:]
					return answer.Result(), err
				})))
				life := 20 * time.Second
				if tc.fails == nil {
					life = time.Minute
				}
				tokens, err := waitForPerson(t.Context(), diadoc.NewIdentity(up, diadoc.IdentityURL, "integrator", "secret-key"),
					diadoc.DeviceCode{Code: "secret-device", Interval: 5 * time.Second, Expires: started.Add(life)})
				require.Equal(t, tc.polled, polled)
				if tc.fails != nil {
					require.ErrorIs(t, err, tc.fails)
					return
				}
				require.NoError(t, err)
				require.Equal(t, diadoc.Secret("secret-refresh"), tokens.Refresh)
			})
		})
	}
}
