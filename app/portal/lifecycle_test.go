package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/oauth"
	"konturbridge/sandbox/bitrixsim"
)

// lastEvent reads the body of the latest delivery of an event.
func lastEvent(t *testing.T, r *rig, name string) bitrix.Event {
	t.Helper()
	var found bitrix.Event
	require.NoError(t, r.sim.Wait(t.Context(), func() bool {
		for _, d := range r.portal.Deliveries() {
			if e, err := bitrix.ParseEvent([]byte(d.Body)); err == nil && e.Name == name {
				found = e
			}
		}
		return found.Name != ""
	}))
	return found
}

// bindAll does the setup, so that the portal tells about its application.
func bindAll(t *testing.T, r *rig) portal.Report {
	t.Helper()
	p, ok := r.stored(t)
	require.True(t, ok)
	report, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	return report
}

func TestUpdateSwapsTheToken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.install(t)
	r.setup = r.newSetup("http://127.0.0.1:1", nil) // deliveries are read, not answered
	bindAll(t, r)
	require.NoError(t, r.portal.UpdateApp(clientID))
	e := lastEvent(t, r, bitrix.EventAppUpdate)
	require.NotEqual(t, before.Apps[0].Token, string(e.Auth.ApplicationToken))

	_, _, err := r.directory.Trusted(e.Auth.MemberID, string(e.Auth.ApplicationToken))
	require.ErrorIs(t, err, portal.ErrDenied, "the new token is not known yet")
	_, err = r.installer.Install(t.Context(), portal.FromEvent(e))
	require.NoError(t, err)
	_, _, err = r.directory.Trusted(e.Auth.MemberID, string(e.Auth.ApplicationToken))
	require.NoError(t, err)
	_, _, err = r.directory.Trusted(e.Auth.MemberID, before.Apps[0].Token)
	require.ErrorIs(t, err, portal.ErrDenied)

	after, _ := r.stored(t)
	require.Equal(t, before.HookSecret, after.HookSecret)
	setups := 0
	for _, row := range r.rows(t) {
		if row.Kind == portal.KindSetup {
			setups++
		}
	}
	require.Equal(t, 2, setups, "robots and handlers of the old version are gone: they are set up again")
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	for name, clean := range map[string]bool{"keeping the data": false, "erasing the data": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.install(t)
			require.NoError(t, r.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{
				ID: "d1", Portal: string(p.ID), Card: docflow.Card{EntityType: 2, ID: 7}, System: docflow.Realty, RequestID: "r1",
				State: docflow.Prepared, Created: r.clock.Now(),
			}}))
			r.setup = r.newSetup("http://127.0.0.1:1", nil)
			bindAll(t, r)
			require.NoError(t, r.portal.Uninstall(t.Context(), clientID, clean))
			e := lastEvent(t, r, bitrix.EventAppUninstall)

			forged := e
			forged.Auth.ApplicationToken = "guess"
			require.ErrorIs(t, r.installer.Uninstall(t.Context(), forged), portal.ErrDenied)
			require.NoError(t, r.installer.Uninstall(t.Context(), e))

			gone, ok := r.stored(t)
			require.True(t, ok, "history stays")
			require.Equal(t, portal.Removed, gone.State)
			require.Empty(t, gone.HookSecret)
			_, err := r.store.LoadPair(t.Context(), portal.PairKey(p.ID, clientID, 1))
			require.ErrorIs(t, err, oauth.ErrNoPair)
			rows := r.rows(t)
			if clean {
				require.Len(t, rows, 1, "nothing more is worked but the erasing")
				require.Equal(t, portal.KindErase, rows[0].Kind)
				for more := true; more; {
					more, err = r.store.Erase(t.Context(), p.ID, rows[0].Body, 1)
					require.NoError(t, err)
				}
			} else {
				require.Empty(t, rows, "nothing more is worked")
			}
			records, err := r.store.Docflows(t.Context(), string(p.ID), 10)
			require.NoError(t, err)
			require.Equal(t, clean, len(records) == 0)
			require.ErrorIs(t, r.installer.Uninstall(t.Context(), e), portal.ErrDenied, "its token ended with it")
		})
	}
}

func TestInstallAfterRemoval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.install(t)
	require.NoError(t, r.store.RemoveApplication(t.Context(), before.ID, clientID, false))
	require.NoError(t, r.portal.Uninstall(t.Context(), clientID, false))
	after := r.install(t)
	require.Equal(t, portal.Active, after.State)
	require.NotEmpty(t, after.HookSecret)
	require.NotEqual(t, before.HookSecret, after.HookSecret, "the old addresses ended with the removal")
	_, err := r.directory.TrustedHook(after.HookSecret, string(after.ID))
	require.NoError(t, err)
}

func TestMove(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	require.NoError(t, r.installer.Move(t.Context(), p.ID, "https://Renamed.example/rest/"))
	moved, _ := r.stored(t)
	require.Equal(t, "https://Renamed.example/rest/", moved.Endpoint)
	require.Equal(t, "renamed.example", moved.Domain)
	require.NoError(t, r.installer.Move(t.Context(), p.ID, ""), "an answer that names no address changes nothing")
	require.Error(t, r.installer.Move(t.Context(), p.ID, "no address"))
	require.ErrorIs(t, r.installer.Move(t.Context(), "unknown", "https://x.example/rest/"), portal.ErrUnknown)
}

func TestVisit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	admin, err := r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	require.Equal(t, portal.Session{Portal: p.ID, UserID: 1, Admin: true}, admin.Session)
	manager, err := r.installer.Visit(t.Context(), r.page(t, 2))
	require.NoError(t, err)
	require.Equal(t, portal.Session{Portal: p.ID, UserID: 2}, manager.Session)
	require.Equal(t, 1, r.sim.TokenRefreshes(), "a page's own tokens are left alone")
}

func TestVisitOfACard(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	deal := r.portal.CreateItem(bitrixsim.Deal, map[string]any{"TITLE": "Продажа квартиры"})
	for name, tc := range map[string]struct {
		placement, options string
		card               docflow.Card
		err                error
	}{
		"a deal":            {"CRM_DEAL_DETAIL_TAB", `{"ID":"` + bitrix.ID(deal).String() + `"}`, docflow.Card{EntityType: 2, ID: int64(deal)}, nil},
		"a card to come":    {"CRM_DEAL_DETAIL_TAB", `{"ID":"0"}`, docflow.Card{}, nil},
		"no card's tab":     {"LEFT_MENU", `{"ID":"5"}`, docflow.Card{}, nil},
		"a card not seen":   {"CRM_DEAL_DETAIL_TAB", `{"ID":"424242"}`, docflow.Card{}, portal.ErrDenied},
		"no such type here": {"CRM_DYNAMIC_199_DETAIL_TAB", `{"ID":"1"}`, docflow.Card{}, portal.ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			query, form := r.portal.OpenPage(clientID, tc.placement, tc.options, 2)
			o, err := bitrix.ParsePage([]byte(query.Encode()), []byte(form.Encode()))
			require.NoError(t, err)
			v, err := r.installer.Visit(t.Context(), o)
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, tc.card, v.Session.Card)
		})
	}
}

func TestVisitForged(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*testing.T, *bitrix.PageOpening, *rig){
		"unknown portal":        func(_ *testing.T, o *bitrix.PageOpening, _ *rig) { o.MemberID = "nobody" },
		"made-up token":         func(_ *testing.T, o *bitrix.PageOpening, _ *rig) { o.AccessToken = "forged" },
		"expired token":         func(_ *testing.T, _ *bitrix.PageOpening, r *rig) { r.portal.ExpireAccessTokens() },
		"another portal's user": otherPortal,
		"another application's": otherApp,
		"a removed portal": func(t *testing.T, _ *bitrix.PageOpening, r *rig) {
			require.NoError(t, r.store.RemoveApplication(t.Context(), portal.ID(r.portal.MemberID()), clientID, false))
			require.NoError(t, r.portal.Uninstall(t.Context(), clientID, false))
		},
		"a removed portal's employee": func(t *testing.T, o *bitrix.PageOpening, r *rig) {
			require.NoError(t, r.store.RemoveApplication(t.Context(), portal.ID(r.portal.MemberID()), clientID, false))
			o.AccessToken = employee(r)
		},
		"a paused portal's employee": func(t *testing.T, o *bitrix.PageOpening, r *rig) {
			require.NoError(t, r.store.SetPortalState(t.Context(), portal.ID(r.portal.MemberID()), portal.Paused))
			o.AccessToken = employee(r)
		},
		"an application not installed to the end": func(_ *testing.T, o *bitrix.PageOpening, r *rig) {
			r.sim.AddApp(app(false))
			*o = unfinished(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.install(t)
			o := r.page(t, 1)
			forge(t, &o, r)
			require.NoError(t, r.directory.Reload(t.Context()))
			_, err := r.installer.Visit(t.Context(), o)
			require.ErrorIs(t, err, portal.ErrDenied)
		})
	}
}

// otherPortal takes a good token of another portal that has the same application.
func otherPortal(_ *testing.T, o *bitrix.PageOpening, r *rig) {
	_, form := r.sim.AddPortal("other").OpenPage(clientID, "", "", 1)
	o.AccessToken = bitrix.Secret(form.Get("AUTH_ID"))
}

// otherApp takes a good token of the portal itself that belongs to an application that is not ours.
func otherApp(_ *testing.T, o *bitrix.PageOpening, r *rig) {
	other := app(true)
	other.ClientID = "local.other"
	r.sim.AddApp(other)
	_, form := r.portal.OpenPage(other.ClientID, "", "", 1)
	o.AccessToken = bitrix.Secret(form.Get("AUTH_ID"))
}

// unfinished is a page of an application that its portal began to install anew.
func unfinished(r *rig) bitrix.PageOpening {
	other := app(false)
	other.ClientID = "local.unfinished"
	r.sim.AddApp(other)
	_, form := r.portal.OpenPage(other.ClientID, "", "", 1)
	o, _ := bitrix.ParsePage(nil, []byte(form.Encode()))
	return o
}

func TestVisitHeals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sim.AddApp(app(true))
	p := r.install(t)

	// The event that brought a new application_token was lost.
	require.NoError(t, r.portal.UpdateApp(clientID))
	o := r.page(t, 2)
	_, err := r.installer.Visit(t.Context(), o)
	require.NoError(t, err)
	_, _, err = r.directory.Trusted(string(p.ID), string(o.ApplicationToken))
	require.ErrorIs(t, err, portal.ErrDenied, "an employee's page teaches nothing")
	_, err = r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	_, _, err = r.directory.Trusted(string(p.ID), string(o.ApplicationToken))
	require.NoError(t, err)

	// The portal's own credentials were lost: an administrator's page brings new ones.
	require.NoError(t, r.store.SetPortalState(t.Context(), p.ID, portal.Paused))
	require.NoError(t, r.directory.Reload(t.Context()))
	v, err := r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	require.Equal(t, portal.Active, v.Portal.State)
	require.Equal(t, 2, r.sim.TokenRefreshes())
}

func TestVisitWhileBitrixIsSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	o := r.page(t, 1)
	r.portal.FailNext("profile", 502, "", 1)
	_, err := r.installer.Visit(t.Context(), o)
	require.ErrorIs(t, err, portal.ErrUpstreamSilent)
	_, err = r.installer.Visit(t.Context(), o)
	require.NoError(t, err)
}

func TestVisitAfterRenaming(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.install(t)
	r.portal.Rename("agency-new")
	_, err := r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	after, _ := r.stored(t)
	require.NotEqual(t, before.Endpoint, after.Endpoint)
	require.Equal(t, r.portal.Endpoint(), after.Endpoint)
}
