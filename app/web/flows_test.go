package web_test

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// trap is a listener that nobody may connect to.
type trap struct {
	address string
	visits  atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	x := &trap{address: listener.Addr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			x.visits.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return x
}

// baited puts the trap into every field that holds an address anywhere.
func (x *trap) baited(v url.Values) string {
	for _, key := range []string{"DOMAIN", "domain", "auth[domain]", "server_domain"} {
		v.Set(key, x.address)
	}
	for _, key := range []string{
		"SERVER_ENDPOINT", "server_endpoint", "client_endpoint", "CLIENT_ENDPOINT", "auth[server_endpoint]", "auth[client_endpoint]",
		"HANDLER", "URI", "properties[signatures]", "properties[url]", "auth[uri]",
	} {
		v.Set(key, "http://"+x.address+"/rest/")
	}
	v.Set("PROTOCOL", "0")
	return v.Encode()
}

// TestNoPostedAddressIsCalled posts a listener's address in every field, in requests that are forged and
// in ones that are genuine otherwise.
func TestNoPostedAddressIsCalled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	x := newTrap(t)
	p := r.install(t)
	id, token := string(p.ID), p.Apps[0].Token
	installEvent := func(access, refresh string) url.Values {
		v := eventForm(id, token)
		v.Set("event", "ONAPPINSTALL")
		v.Set("auth[access_token]", access)
		v.Set("auth[refresh_token]", refresh)
		return v
	}
	opening := func(genuine bool) url.Values {
		_, body := r.portal.OpenPage(clientID, "CRM_DEAL_DETAIL_TAB", `{"URI":"http://`+x.address+`/"}`, 1)
		if !genuine {
			body.Set("AUTH_ID", "forged")
		}
		return body
	}
	access, refresh := r.portal.IssueTokens(clientID, 1)
	for name, tc := range map[string]struct {
		path, body string
		status     int
	}{
		"install page, forged":   {"/bitrix/install", x.baited(opening(false)), 403},
		"install page":           {"/bitrix/install", x.baited(opening(true)), 200},
		"install event, forged":  {"/bitrix/install", x.baited(installEvent("forged", "forged")), 403},
		"install event":          {"/bitrix/events", x.baited(installEvent(access, refresh)), 200},
		"main page, forged":      {"/bitrix/app?DOMAIN=" + x.address, x.baited(opening(false)), 403},
		"main page":              {"/bitrix/app?DOMAIN=" + x.address, x.baited(opening(true)), 200},
		"tab, forged":            {"/bitrix/placements/crm_detail_tab", x.baited(opening(false)), 403},
		"tab":                    {"/bitrix/placements/crm_detail_tab", x.baited(opening(true)), 200},
		"event, forged":          {"/bitrix/events", x.baited(eventForm(id, "guess")), 403},
		"event":                  {"/bitrix/events", x.baited(eventForm(id, token)), 200},
		"robot, forged":          {"/bitrix/robots/realty_extract", x.baited(robotForm(id, "guess")), 403},
		"robot":                  {"/bitrix/robots/realty_extract", x.baited(robotForm(id, token)), 200},
		"hook, forged":           {"/bitrix/hooks/guess/realty_status", x.baited(hookForm(id)), 403},
		"hook":                   {"/bitrix/hooks/" + p.HookSecret + "/realty_status", x.baited(hookForm(id)), 200},
		"another portal's claim": {"/bitrix/install", x.baited(url.Values{"AUTH_ID": {"a"}, "REFRESH_ID": {"b"}, "member_id": {"c"}}), 403},
	} {
		got := r.post(t, tc.path, tc.body)
		require.Equal(t, tc.status, got.status, name+": "+got.body)
	}
	after, _ := r.directory.Get(p.ID)
	require.Equal(t, p.Endpoint, after.Endpoint, "what was posted is not stored either")
	require.Equal(t, p.Server, after.Server)
	require.Zero(t, x.visits.Load())
}

func session(t *testing.T, a answer) string {
	t.Helper()
	found := regexp.MustCompile(`data-session="([^"]*)"`).FindStringSubmatch(a.body)
	require.NotNil(t, found, a.body)
	return found[1]
}

// requireFrame checks what every page in a portal's frame must and must not send.
func requireFrame(t *testing.T, r *rig, a answer, secrets url.Values) {
	t.Helper()
	require.Equal(t, 200, a.status, a.body)
	require.Equal(t, "text/html; charset=utf-8", a.header.Get("Content-Type"))
	require.Empty(t, a.header.Get("X-Frame-Options"))
	require.Empty(t, a.header.Values("Set-Cookie"))
	require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	require.True(t, strings.HasSuffix(a.header.Get("Content-Security-Policy"), "frame-ancestors 'self' "+origin(r)),
		a.header.Get("Content-Security-Policy"))
	for _, key := range []string{"AUTH_ID", "REFRESH_ID", "APPLICATION_TOKEN"} {
		require.NotContains(t, a.body, secrets.Get(key))
		require.NotContains(t, r.journal.text(), secrets.Get(key))
	}
}

func origin(r *rig) string { return portal.Portal{Endpoint: r.portal.Endpoint()}.Origin() }

func TestInstallerPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addApp(clientID, false)
	query, body := r.portal.OpenPage(clientID, "", "", 1)
	got := r.post(t, "/bitrix/install?"+query.Encode(), body.Encode())
	requireFrame(t, r, got, body)
	require.Contains(t, got.body, "Установка моста")
	bearer := "Bearer " + session(t, got)

	progress := func() string {
		a := r.do(t, http.MethodGet, "/bitrix/pages/setup", "", "Authorization", bearer)
		require.Equal(t, 200, a.status)
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
		return a.body
	}
	require.JSONEq(t, `{"state":"waiting"}`, progress())
	p, ok := r.directory.Get(portal.ID(r.portal.MemberID()))
	require.True(t, ok)
	_, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	require.Contains(t, progress(), `"state":"done"`)
	require.Len(t, r.work(t, portal.KindSetup), 1)

	// What the page does at the end brings the event that carries the application_token.
	require.NoError(t, r.portal.FinishInstall(clientID))
	require.NoError(t, r.sim.Wait(t.Context(), func() bool { return len(r.portal.Deliveries()) > 0 }))
	require.Equal(t, 200, r.portal.Deliveries()[0].Status)
	require.Empty(t, r.portal.DroppedDeliveries())

	// In English, and with everything hostile escaped.
	query.Set("LANG", "de\"><script>")
	_, body = r.portal.OpenPage(clientID, "", "", 1)
	got = r.post(t, "/bitrix/install?"+query.Encode(), body.Encode())
	require.Contains(t, got.body, "Installing the bridge")
	require.NotContains(t, got.body, "<script>")
}

func TestInstallerPageWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.addApp("local.keyless", false)
	query, body := r.portal.OpenPage("local.keyless", "", "", 1)
	got := r.post(t, "/bitrix/install?"+query.Encode(), body.Encode())
	requireFrame(t, r, got, body)
	require.Contains(t, got.body, "BRIDGE_BITRIX_CLIENT_ID")
	bearer := "Bearer " + session(t, got)
	a := r.do(t, http.MethodGet, "/bitrix/pages/setup", "", "Authorization", bearer)
	require.JSONEq(t, `{"state":"pending"}`, a.body)
	require.Equal(t, 403, r.do(t, http.MethodGet, "/bitrix/pages/list", "", "Authorization", bearer).status, "waiting grants nothing")
	require.Equal(t, [3]int{0, 1, 0}, r.trace(t))
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	got := r.open(t, "", 2)
	require.Contains(t, got.body, p.Domain)
	require.Contains(t, got.body, `data-region="/bitrix/pages/list"`)
	require.NotContains(t, got.body, "data-tab", "one place needs no header")
	s, err := r.sessions.Open(session(t, got))
	require.NoError(t, err)
	require.Equal(t, portal.Session{Portal: p.ID, UserID: 2}, s)
	require.Contains(t, r.open(t, "", 1).body, `data-tab="settings"`, "an administrator sees more")

	deal := r.portal.CreateItem(bitrixsim.Deal, map[string]any{"TITLE": "Продажа"})
	got = r.open(t, `{"ID":"`+bitrix.ID(deal).String()+`"}`, 2)
	require.Contains(t, got.body, `data-region="/bitrix/pages/tab"`)
	require.Contains(t, got.header.Get("Content-Security-Policy"), "frame-src blob:")
	require.Contains(t, r.open(t, `{}`, 2).body, "Карточка ещё не сохранена")
}

// open opens the main page, or with options a deal's tab.
func (r *rig) open(t *testing.T, options string, user int) answer {
	t.Helper()
	placement, path := "", "/bitrix/app"
	if options != "" {
		placement, path = "CRM_DEAL_DETAIL_TAB", "/bitrix/placements/crm_detail_tab"
	}
	query, body := r.portal.OpenPage(clientID, placement, options, user)
	got := r.post(t, path+"?"+query.Encode(), body.Encode())
	requireFrame(t, r, got, body)
	return got
}

func TestBarePages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/bitrix/install", "/bitrix/app", "/bitrix/placements/crm_detail_tab", "/bitrix/events",
		"/bitrix/robots/realty_extract", "/bitrix/app?AUTH_ID=a&member_id=b"} {
		got := r.do(t, http.MethodGet, path, "")
		require.Equal(t, 200, got.status, path)
		require.Contains(t, got.body, "Эта страница открывается из портала")
		require.NotContains(t, got.body, "data-session=\"e")
	}
	require.Equal(t, [3]int{}, r.trace(t))
	for name, contentType := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"} {
		got := r.do(t, http.MethodGet, "/bitrix/assets/"+name, "")
		require.Equal(t, 200, got.status)
		require.Equal(t, contentType, got.header.Get("Content-Type"))
	}
}

// TestPortalsLife plays a portal's whole life through HTTP, as the portal itself plays it.
func TestPortalsLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	r.portal.PlaceRobot(bitrixsim.Deal, "PREPARATION", bitrixsim.Step{
		Robot: "realty_extract", Properties: map[string]any{"cadastral_number": "66:41:0204016:10"},
	})
	deal := r.portal.CreateItem(bitrixsim.Deal, map[string]any{"TITLE": "Продажа"})
	require.NoError(t, r.portal.MoveStage(bitrixsim.Deal, deal, "PREPARATION"))
	quiet := func() bool { return r.portal.PendingDeliveries() == 0 }
	require.NoError(t, r.sim.Wait(t.Context(), quiet))
	require.Empty(t, r.portal.DroppedDeliveries())
	calls := r.work(t, inbox.KindRobot)
	require.Len(t, calls, 1)
	call, err := inbox.ReadCall(calls[0].Body)
	require.NoError(t, err)
	require.Equal(t, "66:41:0204016:10", call.Properties.First("cadastral_number"))
	require.NotEmpty(t, r.work(t, inbox.KindEvent))

	require.NoError(t, r.portal.Payment(clientID, true, 0))
	require.NoError(t, r.sim.Wait(t.Context(), quiet))
	deliveries := r.portal.Deliveries()
	require.Equal(t, "ONAPPPAYMENT", deliveries[len(deliveries)-1].Event)
	require.Equal(t, 200, deliveries[len(deliveries)-1].Status, "it carries no proof, and is a hint all the same")

	require.NoError(t, r.portal.UpdateApp(clientID))
	require.NoError(t, r.sim.Wait(t.Context(), quiet))
	updated, _ := r.directory.Get(p.ID)
	require.NotEqual(t, p.Apps[0].Token, updated.Apps[0].Token)
	_, err = r.setup.Run(t.Context(), updated)
	require.NoError(t, err)
	require.Equal(t, []string{"realty_extract"}, r.portal.Robots())

	require.NoError(t, r.portal.Uninstall(t.Context(), clientID, true))
	require.NoError(t, r.sim.Wait(t.Context(), quiet))
	require.Empty(t, r.portal.DroppedDeliveries())
	gone, _ := r.directory.Get(p.ID)
	require.Equal(t, portal.Removed, gone.State)
	erasing := r.work(t, portal.KindErase)
	require.Len(t, erasing, 1, "CLEAN erases the history")
	for more := true; more; {
		more, err = r.store.Erase(t.Context(), p.ID, erasing[0].Body, 3)
		require.NoError(t, err)
	}
	require.Equal(t, [3]int{1, 0, 1}, r.trace(t))
}

// TestTestEvent: a check that a person asks for sees whether events reach the bridge.
func TestTestEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	asked := portal.AskedCheckRow(p.ID)
	ask := func() portal.Report {
		t.Helper()
		_, err := r.setup.Work(t.Context(), lane.Row{Lane: asked.Lane, Kind: asked.Kind, Code: asked.Code})
		require.NoError(t, err)
		report, err := r.store.Check(t.Context(), p.ID)
		require.NoError(t, err)
		return report
	}
	require.Empty(t, ask().Problems)
	r.portal.PauseDelivery(true)
	report := ask()
	require.Len(t, report.Problems, 1)
	require.Contains(t, report.Problems[0], "a test event did not arrive within 1s: Bitrix24 has to reach "+r.url+"/bitrix/events")
	r.portal.PauseDelivery(false)
	require.Empty(t, ask().Problems)
}
