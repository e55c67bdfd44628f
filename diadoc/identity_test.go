package diadoc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
	"konturbridge/internal/upstream"
)

func (s *service) identity(opts ...diadoc.IdentityOption) *diadoc.Identity {
	opts = append([]diadoc.IdentityOption{diadoc.WithIdentityClock(fixed)}, opts...)
	return diadoc.NewIdentity(upstream.New(upstream.WithInsecure(true)), s.url+"/", "client", "client-secret", opts...)
}

const tokenAnswer = `{"access_token":"access-1","refresh_token":"refresh-2","id_token":"id-1","token_type":"Bearer","expires_in":3600}`

func TestExchanges(t *testing.T) {
	t.Parallel()
	want := diadoc.Tokens{Access: "access-1", Refresh: "refresh-2", ID: "id-1", Type: "Bearer", Expires: fixed().Add(time.Hour)}
	device := diadoc.DeviceCode{Code: "device-1", Interval: 5 * time.Second}
	for name, tc := range map[string]struct {
		call func(*diadoc.Identity) (diadoc.Tokens, error)
		form url.Values
	}{
		"a code": {func(i *diadoc.Identity) (diadoc.Tokens, error) {
			return i.Exchange(t.Context(), "code-1", "https://bridge/back")
		},
			url.Values{"grant_type": {"authorization_code"}, "code": {"code-1"}, "redirect_uri": {"https://bridge/back"}}},
		"a refresh token": {func(i *diadoc.Identity) (diadoc.Tokens, error) { return i.Refresh(t.Context(), "refresh-1") },
			url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"refresh-1"}}},
		"a device code": {func(i *diadoc.Identity) (diadoc.Tokens, error) { return i.PollDevice(t.Context(), device) },
			url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {"device-1"}}},
	} {
		s := newService(t, ok(tokenAnswer))
		got, err := tc.call(s.identity())
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		require.Equal(t, diadoc.Bearer("access-1"), got.Authorization())
		r := s.one(t)
		require.Equal(t, "POST /connect/token", r.method+" "+r.path)
		require.Equal(t, "application/x-www-form-urlencoded", r.header.Get("Content-Type"))
		form, err := url.ParseQuery(r.body)
		require.NoError(t, err)
		tc.form["client_id"], tc.form["client_secret"] = []string{"client"}, []string{"client-secret"}
		require.Equal(t, tc.form, form, name)
		require.Empty(t, r.query, "no secret in an address")
	}
}

func TestRefreshKeepsTheOldTokenWhenThereIsNoNewOne(t *testing.T) {
	t.Parallel()
	got, err := newService(t, ok(`{"access_token":"access-1"}`)).identity().Refresh(t.Context(), "refresh-1")
	require.NoError(t, err)
	require.Equal(t, diadoc.Secret("refresh-1"), got.Refresh)
	require.True(t, got.Expires.IsZero(), "no lifetime was named")
	shown := fmt.Sprintf("%v %+v %#v", got, got, got)
	written, err := json.Marshal(got)
	require.NoError(t, err)
	for _, text := range []string{shown, string(written)} {
		require.NotContains(t, text, "access-1")
		require.NotContains(t, text, "refresh-1")
	}
}

func TestIdentityRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer    answer
		cause     error
		class     upstream.Class
		maybeDone bool
	}{
		"dead refresh token": {answer{status: 400, body: `{"error":"invalid_grant","error_description":"refresh-1 is used, client-secret"}`}, diadoc.ErrGrantRefused, upstream.Refused, false},
		"refused by a user":  {answer{status: 400, body: `{"error":"access_denied"}`}, diadoc.ErrGrantRefused, upstream.Refused, false},
		"wrong secret":       {answer{status: 400, body: `{"error":"invalid_client"}`}, diadoc.ErrLoginRefused, upstream.Refused, false},
		"wrong secret, 401":  {answer{status: 401}, diadoc.ErrLoginRefused, upstream.Refused, false},
		"bad request":        {answer{status: 400, body: `{"error":"invalid_scope"}`}, diadoc.ErrBadRequest, upstream.Refused, false},
		"busy":               {answer{status: 503, body: `{"error":"temporarily_unavailable"}`}, diadoc.ErrUnavailable, upstream.Retry, false},
		"proxy":              {answer{status: 502, body: `<html>`}, diadoc.ErrUnavailable, upstream.Retry, true},
		"rate":               {answer{status: 429, header: map[string]string{"Retry-After": "8"}}, diadoc.ErrTooManyRequests, upstream.Wait, false},
		"not JSON":           {ok(`<html>`), diadoc.ErrBadAnswer, upstream.Retry, true},
		"no token":           {ok(`{"refresh_token":"refresh-2"}`), diadoc.ErrBadAnswer, upstream.Retry, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newService(t, tc.answer).identity().Refresh(t.Context(), "refresh-1")
			require.ErrorIs(t, err, tc.cause)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.Equal(t, tc.maybeDone, upstream.MaybeDone(err), "the token may have been used up")
			for _, secret := range []string{"refresh-1", "refresh-2", "client-secret"} {
				require.NotContains(t, err.Error(), secret)
			}
			if tc.class == upstream.Wait {
				require.Equal(t, fixed().Add(8*time.Second), upstream.RetryAt(err))
			}
		})
	}
}

func TestLostRefreshMayHaveUsedTheToken(t *testing.T) {
	t.Parallel()
	s := newService(t, ok(""))
	_, err := s.identity().Refresh(t.Context(), "refresh-1")
	require.True(t, upstream.MaybeDone(err))
}

func TestDevice(t *testing.T) {
	t.Parallel()
	s := newService(t, ok(`{"device_code":"device-1","user_code":"AB-12","verification_uri":"https://identity/device","interval":7,"expires_in":300}`),
		answer{status: 400, body: `{"error":"authorization_pending"}`}, answer{status: 400, body: `{"error":"slow_down"}`},
		answer{status: 400, body: `{"error":"expired_token"}`})
	i := s.identity()
	device, err := i.StartDevice(t.Context(), diadoc.StagingScope)
	require.NoError(t, err)
	require.Equal(t, diadoc.DeviceCode{Code: "device-1", UserCode: "AB-12", VerificationURI: "https://identity/device",
		Interval: 7 * time.Second, Expires: fixed().Add(5 * time.Minute)}, device)
	require.Equal(t, "/connect/deviceauthorization", s.one(t).path)
	for _, wait := range []time.Duration{7 * time.Second, 12 * time.Second} {
		_, err = i.PollDevice(t.Context(), device)
		require.ErrorIs(t, err, diadoc.ErrNotReady)
		require.Equal(t, fixed().Add(wait), upstream.RetryAt(err))
	}
	_, err = i.PollDevice(t.Context(), device)
	require.ErrorIs(t, err, diadoc.ErrGrantRefused)
	_, err = newService(t, ok("{}")).identity().StartDevice(t.Context(), "s")
	require.ErrorIs(t, err, diadoc.ErrBadAnswer)
	device, err = newService(t, ok(`{"device_code":"d"}`)).identity().StartDevice(t.Context(), "s")
	require.NoError(t, err)
	require.Equal(t, 5*time.Second, device.Interval, "what the standard says when the answer does not")
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.answers = []answer{ok(fmt.Sprintf(`{"authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/t","device_authorization_endpoint":"%[1]s/d"}`, s.url)), ok(tokenAnswer)}
	endpoints, err := s.identity().Discover(t.Context())
	require.NoError(t, err)
	require.Equal(t, diadoc.Endpoints{Authorization: s.url + "/a", Token: s.url + "/t", Device: s.url + "/d"}, endpoints)
	_, err = s.identity(diadoc.WithEndpoints(endpoints)).Refresh(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, "/t", s.seen()[1].path)

	_, err = newService(t, ok(`{"token_endpoint":"https://elsewhere.example/t"}`)).identity().Discover(t.Context())
	require.ErrorIs(t, err, diadoc.ErrBadAnswer, "secrets go to the issuer alone")
	_, err = newService(t, answer{status: 404}).identity().Discover(t.Context())
	require.Error(t, err)
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	i := diadoc.NewIdentity(upstream.New(), diadoc.IdentityURL, "client", "client-secret")
	address, err := url.Parse(i.AuthorizeURL("https://bridge/back?x=1", diadoc.ProductionScope, "state", "nonce"))
	require.NoError(t, err)
	require.Equal(t, "https://identity.kontur.ru/connect/authorize", address.Scheme+"://"+address.Host+address.Path)
	require.Equal(t, url.Values{"response_type": {"code"}, "client_id": {"client"}, "scope": {"openid profile email offline_access Diadoc.PublicAPI"},
		"redirect_uri": {"https://bridge/back?x=1"}, "state": {"state"}, "nonce": {"nonce"}}, address.Query())
}

func (s *service) login() *diadoc.DiadocLogin {
	return diadoc.NewDiadocLogin(upstream.New(upstream.WithInsecure(true)), s.url, "developer-key")
}

func TestDiadocLogin(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call                    func(*diadoc.DiadocLogin) (diadoc.Secret, error)
		path, query, kind, body string
	}{
		"password": {func(l *diadoc.DiadocLogin) (diadoc.Secret, error) {
			return l.ByPassword(t.Context(), "login", "hunter2")
		},
			"/V3/Authenticate", "type=password", "application/json", `{"login":"login","password":"hunter2"}`},
		"sid": {func(l *diadoc.DiadocLogin) (diadoc.Secret, error) { return l.BySID(t.Context(), "hunter2") },
			"/V3/Authenticate", "type=sid", "text/plain", "hunter2"},
		"certificate by thumbprint": {func(l *diadoc.DiadocLogin) (diadoc.Secret, error) {
			return l.Confirm(t.Context(), diadoc.Confirmation{Decrypted: []byte{0xff, 0xfe}, Thumbprint: "ab", Certificate: []byte("DER"), SaveBinding: true})
		}, "/V3/AuthenticateConfirm", "saveBinding=true&thumbprint=ab&token=%2F%2F4%3D", "", ""},
		"certificate itself": {func(l *diadoc.DiadocLogin) (diadoc.Secret, error) {
			return l.Confirm(t.Context(), diadoc.Confirmation{Decrypted: []byte{0xff, 0xfe}, Certificate: []byte("DER")})
		}, "/V3/AuthenticateConfirm", "token=%2F%2F4%3D", "application/octet-stream", "DER"},
	} {
		s := newService(t, ok("\"token-1\"\n"))
		token, err := tc.call(s.login())
		require.NoError(t, err, name)
		require.Equal(t, diadoc.Secret("token-1"), token)
		r := s.one(t)
		require.Equal(t, "POST "+tc.path+" "+tc.query, r.method+" "+r.path+" "+r.query)
		require.Equal(t, tc.kind, r.header.Get("Content-Type"))
		require.Equal(t, tc.body, r.body)
		require.Equal(t, "DiadocAuth ddauth_api_client_id=developer-key", r.header.Get("Authorization"))
		require.Equal(t, diadoc.DiadocAuth("developer-key", "token-1"), s.login().Authorization(token))
	}
	encrypted, err := newService(t, ok("\xff\x00CMS")).login().ByCertificate(t.Context(), []byte("DER"))
	require.NoError(t, err)
	require.Equal(t, []byte("\xff\x00CMS"), encrypted)
}

func TestDiadocLoginRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{400: diadoc.ErrLoginRefused, 401: diadoc.ErrLoginRefused, 403: diadoc.ErrLoginRefused,
		500: diadoc.ErrUnavailable, 429: diadoc.ErrTooManyRequests, 200: diadoc.ErrBadAnswer} {
		body := "wrong hunter2 for developer-key"
		if status == 200 {
			body = ""
		}
		_, err := newService(t, answer{status: status, body: body}).login().ByPassword(t.Context(), "login", "hunter2")
		require.ErrorIs(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "developer-key")
		require.False(t, upstream.MaybeDone(err), "a login may always be repeated")
		if failure, is := errors.AsType[*diadoc.APIError](err); is && status == 401 {
			require.Equal(t, upstream.Refused, failure.UpstreamClass(), "the same login is never tried again")
		}
	}
	_, err := newService(t, ok("t")).login().Confirm(t.Context(), diadoc.Confirmation{})
	require.ErrorIs(t, err, diadoc.ErrBadCall)
	_, err = newService(t, ok("")).login().ByCertificate(t.Context(), []byte("DER"))
	require.ErrorIs(t, err, diadoc.ErrBadAnswer)
}
