package bitrixsim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/bitrixsim"
)

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.oauth(refresh(w.fresh))
	require.Equal(t, 200, status)
	require.NotEqual(t, w.fresh, body["refresh_token"])
	require.Equal(t, w.portal.MemberID(), body["member_id"])
	require.Equal(t, w.portal.Endpoint(), body["client_endpoint"])
	require.Equal(t, float64(1), body["user_id"])
	require.Equal(t, float64(3600), body["expires_in"])
	require.Equal(t, 1, w.sim.TokenRefreshes())

	status, body2 := w.oauth(refresh(w.fresh))
	require.Equal(t, 400, status, "a rotated token is dead at once")
	require.Equal(t, "invalid_grant", body2["error"])

	status, _ = w.oauth(refresh(body["refresh_token"].(string)))
	require.Equal(t, 200, status)
	require.Equal(t, 2, w.sim.TokenRefreshes())
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(w *world, q url.Values)
		status int
		code   string
	}{
		"empty token":    {func(_ *world, q url.Values) { q.Del("refresh_token") }, 400, "invalid_request"},
		"no secret":      {func(_ *world, q url.Values) { q.Del("client_secret") }, 400, "invalid_request"},
		"wrong secret":   {func(_ *world, q url.Values) { q.Set("client_secret", "x") }, 400, "invalid_client"},
		"unknown client": {func(_ *world, q url.Values) { q.Set("client_id", "local.x") }, 200, "wrong_client"},
		"unknown token":  {func(_ *world, q url.Values) { q.Set("refresh_token", "x") }, 400, "invalid_grant"},
		"unknown grant":  {func(_ *world, q url.Values) { q.Set("grant_type", "password") }, 400, "invalid_request"},
		"bad code": {func(_ *world, q url.Values) {
			q.Set("grant_type", "authorization_code")
		}, 400, "bad_verification_code"},
		"too old":     {func(w *world, _ url.Values) { w.clock.add(181 * 24 * time.Hour) }, 400, "invalid_grant"},
		"app deleted": {func(w *world, _ url.Values) { w.sim.RemoveApp(clientID) }, 200, "wrong_client"},
		"uninstalled": {func(w *world, _ url.Values) {
			require.NoError(w.t, w.portal.Uninstall(w.t.Context(), clientID, true))
		}, 401, "NOT_INSTALLED"},
		"dismissed": {func(w *world, _ url.Values) { w.portal.DismissUser(1) }, 403, "user_access_error"},
		"ordered":   {func(w *world, _ url.Values) { w.sim.FailTokenNext(500, "oops", 1) }, 500, "oops"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			q := refresh(w.fresh)
			tc.change(w, q)
			status, body := w.oauth(q)
			require.Equal(t, tc.status, status)
			require.Equal(t, tc.code, body["error"])
			require.Zero(t, w.sim.TokenRefreshes())
		})
	}
}

func TestTokenEndpointTakesPostAndFailsAsHTML(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.FailTokenNext(502, "", 1)
	resp, err := http.PostForm(w.base+"/oauth/token/", refresh(w.fresh))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 502, resp.StatusCode)
	require.Equal(t, "text/html", resp.Header.Get("Content-Type"))
	resp, err = http.PostForm(w.base+"/oauth/token/", refresh(w.fresh))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode, "the failure did not consume the refresh token")
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := strings.TrimSuffix(w.portal.Endpoint(), "rest/") + "oauth/authorize/?client_id=" + clientID + "&state=abc"
	code := func() string {
		resp, err := client().Get(page)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusFound, resp.StatusCode)
		to, err := resp.Location()
		require.NoError(t, err)
		require.Equal(t, "/app", to.Path)
		require.Equal(t, "abc", to.Query().Get("state"))
		require.Equal(t, w.portal.MemberID(), to.Query().Get("member_id"))
		return to.Query().Get("code")
	}
	q := url.Values{"grant_type": {"authorization_code"}, "client_id": {clientID}, "client_secret": {secret}, "code": {code()}}
	status, body := w.oauth(q)
	require.Equal(t, 200, status)
	require.NotEmpty(t, body["access_token"])
	require.NotContains(t, body, "expires")
	_, body = w.oauth(q)
	require.Equal(t, "bad_verification_code", body["error"], "a code is good once")
	q.Set("code", code())
	w.clock.add(31 * time.Second)
	_, body = w.oauth(q)
	require.Equal(t, "bad_verification_code", body["error"], "a code lives 30 s")
}

func TestAuthServerAppInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.get(w.base + "/rest/app.info?auth=" + w.token)
	require.Equal(t, 200, status)
	info := body["result"].(map[string]any)
	require.Equal(t, clientID, info["client_id"])
	require.Equal(t, "2026-05-14T14:00:00+03:00", info["expires"])
	install := info["install"].(map[string]any)
	require.Equal(t, w.portal.MemberID(), install["member_id"])
	require.Equal(t, w.portal.Endpoint(), install["client_endpoint"])
	require.Equal(t, true, install["installed"])

	status, body = w.get(w.base + "/rest/app.info?auth=nonsense")
	require.Equal(t, 401, status)
	require.Equal(t, "NO_AUTH_FOUND", body["error"])
	w.portal.ExpireAccessTokens()
	status, body = w.get(w.base + "/rest/app.info?auth=" + w.token)
	require.Equal(t, 401, status)
	require.Equal(t, "expired_token", body["error"])
	status, _ = w.get(w.base + "/rest/profile?auth=" + w.token)
	require.Equal(t, 404, status)
}

func TestRESTAuthorisation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(w *world)
		status int
		code   string
	}{
		"no token":      {func(w *world) { w.token = "" }, 401, "NO_AUTH_FOUND"},
		"wrong token":   {func(w *world) { w.token = "x" }, 401, "NO_AUTH_FOUND"},
		"refresh token": {func(w *world) { w.token = w.fresh }, 401, "NO_AUTH_FOUND"},
		"an hour later": {func(w *world) { w.clock.add(time.Hour + time.Second) }, 401, "expired_token"},
		"uninstalled": {func(w *world) {
			require.NoError(w.t, w.portal.Uninstall(w.t.Context(), clientID, false))
		}, 401, "ERROR_OAUTH"},
		"reinstalled": {func(w *world) {
			require.NoError(w.t, w.portal.Uninstall(w.t.Context(), clientID, false))
			require.NoError(w.t, w.portal.Install(w.t.Context(), clientID))
		}, 401, "ERROR_OAUTH"},
		"dismissed":         {func(w *world) { w.portal.DismissUser(1) }, 401, "authorization_error"},
		"of another portal": {func(w *world) { w.portal = w.sim.AddPortal("beta") }, 401, "NO_AUTH_FOUND"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tc.change(w)
			w.refused(tc.status, tc.code, "profile", nil)
		})
	}
}

func TestOpenPageOfUIApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.AddApp(bitrixsim.App{ClientID: "local.ui", ClientSecret: "x", HandlerURL: w.app.URL + "/app", InstallURL: w.app.URL + "/install", Scopes: []string{"crm"}})
	query, form := w.portal.OpenPage("local.ui", "", "", 1)
	require.Len(t, query.Get("APP_SID"), 32)
	require.Equal(t, "DEFAULT", form.Get("PLACEMENT"))
	require.Equal(t, "3600", form.Get("AUTH_EXPIRES"))
	require.Equal(t, w.portal.MemberID(), form.Get("member_id"))
	_, has := form["PLACEMENT_OPTIONS"]
	require.False(t, has)
	token := form.Get("AUTH_ID")
	_, body := w.as(token, "event.bind", map[string]any{"event": "ONCRMDEALADD", "handler": w.app.URL + "/e"})
	require.Equal(t, true, body["result"])
	_, body = w.as(token, "event.bind", map[string]any{"event": "onAppInstall", "handler": w.app.URL + "/e"})
	require.Equal(t, true, body["result"])
	_, body = w.as(token, "app.info", nil)
	require.Equal(t, false, body["result"].(map[string]any)["INSTALLED"])
	w.portal.CreateItem(bitrixsim.Deal, nil)
	w.silent()
	require.NoError(t, w.portal.FinishInstall("local.ui"))
	in := w.next()
	require.Equal(t, "ONAPPINSTALL", in.form.Get("event"))
	require.Equal(t, form.Get("APPLICATION_TOKEN"), in.form.Get("auth[application_token]"))
	w.portal.CreateItem(bitrixsim.Deal, nil)
	require.Equal(t, "ONCRMDEALADD", w.next().form.Get("event"))
	q, f := w.portal.OpenPage("local.unknown", "", "", 1)
	require.Nil(t, q)
	require.Nil(t, f)
}

func TestInstallUninstallUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.status.Store(500)
	require.ErrorContains(t, w.portal.Install(t.Context(), clientID), "500")
	in := w.next()
	for key, want := range map[string]string{
		"event": "ONAPPINSTALL", "data[VERSION]": "1", "data[ACTIVE]": "Y", "data[INSTALLED]": "Y", "data[LANGUAGE_ID]": "ru",
		"auth[scope]": "crm,bizproc,placement,user_brief,im,disk,userfieldconfig", "auth[status]": "L", "auth[member_id]": w.portal.MemberID(),
		"auth[client_endpoint]": w.portal.Endpoint(), "auth[server_endpoint]": w.base + "/rest/", "auth[user_id]": "1",
	} {
		require.Equal(t, want, in.form.Get(key), key)
	}
	require.Len(t, in.form.Get("auth[application_token]"), 32)
	w.status.Store(200)
	w.bind("ONAPPUPDATE")
	w.robot(nil)
	require.NoError(t, w.portal.UpdateApp(clientID))
	up := w.next()
	require.Equal(t, "ONAPPUPDATE", up.form.Get("event"))
	require.Equal(t, "1", up.form.Get("data[PREVIOUS_VERSION]"))
	require.NotEqual(t, in.form.Get("auth[application_token]"), up.form.Get("auth[application_token]"))
	require.Empty(t, w.portal.Robots())
	require.Empty(t, w.portal.Bindings())
	w.bind("ONAPPUNINSTALL")
	require.NoError(t, w.portal.Uninstall(t.Context(), clientID, true))
	gone := w.next()
	require.Equal(t, "1", gone.form.Get("data[CLEAN]"))
	require.Empty(t, gone.form.Get("auth[access_token]"))
	require.Equal(t, up.form.Get("auth[application_token]"), gone.form.Get("auth[application_token]"))
	require.ErrorIs(t, w.portal.Uninstall(t.Context(), clientID, true), bitrixsim.ErrUnknownApp)
	require.ErrorIs(t, w.portal.Install(t.Context(), "local.unknown"), bitrixsim.ErrUnknownApp)
}
