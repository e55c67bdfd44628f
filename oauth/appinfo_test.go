package oauth_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

func TestAppInfo(t *testing.T) {
	t.Parallel()
	a := newAuthServer(t, answering(200, golden(t, "app.info.json")))
	identity, err := a.AppInfo(t.Context(), "", someAccess)
	require.NoError(t, err)
	require.True(t, identity.Expires.Equal(time.Date(2026, 5, 14, 8, 26, 32, 0, time.UTC)), identity.Expires)
	identity.Expires = time.Time{}
	require.Equal(t, oauth.Identity{
		ClientID: clientID, MemberID: memberID, ClientEndpoint: "https://portal.example/rest/", Domain: "portal.example",
		Scope: []string{"crm", "bizproc", "placement"}, UserID: 67, Status: "L", Installed: true,
	}, identity)
	require.Equal(t, []seen{{method: "GET", path: "/rest/app.info", query: "auth=" + someAccess, form: url.Values{}}}, a.requests())
	requireNoSecret(t, a.logs.String())
}

func TestAppInfoErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   error
		class  upstream.Class
	}{
		"unknown token":        {401, `{"error":"NO_AUTH_FOUND"}`, oauth.ErrTokenRefused, upstream.Refused},
		"expired":              {401, `{"error":"expired_token"}`, oauth.ErrTokenRefused, upstream.Refused},
		"token-shaped":         {400, `{"error":"invalid_client"}`, oauth.ErrTokenRefused, upstream.Refused},
		"another application":  {401, `{"error":"ERROR_OAUTH"}`, oauth.ErrTokenRefused, upstream.Refused},
		"removed":              {401, `{"error":"ERROR_OAUTH","error_description":"Application not installed"}`, oauth.ErrAppGone, upstream.Refused},
		"dismissed":            {401, `{"error":"authorization_error"}`, oauth.ErrUserGone, upstream.Refused},
		"down":                 {503, `<html>`, oauth.ErrBadAnswer, upstream.Retry},
		"no result":            {200, `{}`, oauth.ErrBadAnswer, upstream.Retry},
		"nothing installed":    {200, `{"result":{"client_id":"c","install":[]}}`, oauth.ErrBadAnswer, upstream.Retry},
		"result is a list":     {200, `{"result":[]}`, oauth.ErrBadAnswer, upstream.Retry},
		"nobody's application": {200, strings.Replace(golden(t, "app.info.json"), clientID, "", 1), oauth.ErrBadAnswer, upstream.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthServer(t, answering(tc.status, tc.body))
			identity, err := a.AppInfo(t.Context(), "", someAccess)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.class, upstream.ClassOf(err))
			require.Zero(t, identity)
			requireNoSecret(t, err.Error()+a.logs.String())
		})
	}
}

func TestAppInfoOfNothingAsksNobody(t *testing.T) {
	t.Parallel()
	a := newAuthServer(t, answering(200, golden(t, "app.info.json")))
	_, err := a.AppInfo(t.Context(), "", "")
	require.ErrorIs(t, err, oauth.ErrTokenRefused)
	require.Empty(t, a.requests())
}
