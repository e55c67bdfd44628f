package portal_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/oauth"
)

func TestInstallByPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sim.AddApp(app(false))
	o := r.page(t, 1)
	out, err := r.installer.Install(t.Context(), portal.FromPage(o))
	require.NoError(t, err)
	require.Equal(t, clientID, out.ClientID)
	require.EqualValues(t, 1, out.UserID)
	require.Empty(t, out.Pending)

	p, ok := r.stored(t)
	require.True(t, ok)
	require.Equal(t, portal.Active, p.State)
	require.Equal(t, r.portal.Endpoint(), p.Endpoint)
	require.Equal(t, p.Origin(), out.Origin)
	require.NotEmpty(t, p.HookSecret)
	a, ok := p.App(clientID)
	require.True(t, ok)
	require.Equal(t, string(o.ApplicationToken), a.Token)
	require.Equal(t, []string{"crm", "bizproc", "placement"}, a.Scope)
	require.Equal(t, "L", a.Status)

	key := portal.PairKey(p.ID, clientID, 1)
	pair, err := r.store.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.NotEqual(t, string(o.RefreshToken), pair.Refresh, "the posted refresh token was exchanged")
	require.Equal(t, []string{key}, r.replaced)
	require.Empty(t, r.pending(t), "nothing is left waiting")

	kinds := map[string]lane.Row{}
	for _, row := range r.rows(t) {
		kinds[row.Kind] = row
	}
	require.Len(t, kinds, 2)
	require.Equal(t, r.clock.Now().UnixMilli(), kinds[portal.KindSetup].RunAt.UnixMilli())
	require.True(t, kinds[portal.KindCheck].RunAt.After(r.clock.Now()))
}

func TestInstallRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.install(t)
	second := r.install(t)
	require.Equal(t, first.HookSecret, second.HookSecret, "webhook addresses in business processes stay good")
	require.Len(t, second.Apps, 1)
	require.Equal(t, 2, r.sim.TokenRefreshes())

	// An older portal leaves the token out of the page: the known one stays.
	o := r.page(t, 1)
	o.ApplicationToken = ""
	_, err := r.installer.Install(t.Context(), portal.FromPage(o))
	require.NoError(t, err)
	third, _ := r.stored(t)
	require.Equal(t, first.Apps[0].Token, third.Apps[0].Token)
}

func TestInstallForged(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*portal.Request, *rig){
		"unknown access token":       func(q *portal.Request, _ *rig) { q.Access = "forged" },
		"no access token":            func(q *portal.Request, _ *rig) { q.Access = "" },
		"no refresh token":           func(q *portal.Request, _ *rig) { q.Refresh = "" },
		"another portal's member_id": func(q *portal.Request, r *rig) { q.Member = r.sim.AddPortal("other").MemberID() },
		"made-up member_id":          func(q *portal.Request, _ *rig) { q.Member = "00000000000000000000000000000000" },
		"expired access token":       func(_ *portal.Request, r *rig) { r.portal.ExpireAccessTokens() },
		"application removed since":  func(_ *portal.Request, r *rig) { _ = r.portal.Uninstall(context.Background(), clientID, false) },
		"an employee's tokens":       func(q *portal.Request, r *rig) { q.Access = employee(r) },
		"refresh token made up":      func(q *portal.Request, _ *rig) { q.Refresh = "forged" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			request := portal.FromPage(r.page(t, 1))
			forge(&request, r)
			_, err := r.installer.Install(t.Context(), request)
			require.ErrorIs(t, err, portal.ErrDenied)
			r.requireNothing(t)
		})
	}
}

func employee(r *rig) bitrix.Secret {
	access, _ := r.portal.IssueTokens(clientID, 2)
	return bitrix.Secret(access)
}

func TestRefreshTokenOfAnotherPortal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	request := portal.FromPage(r.page(t, 1))
	other := r.sim.AddPortal("other")
	_, form := other.OpenPage(clientID, "", "", 1)
	request.Refresh = bitrix.Secret(form.Get("REFRESH_ID"))
	_, err := r.installer.Install(t.Context(), request)
	require.ErrorIs(t, err, portal.ErrDenied)
	_, known := r.stored(t)
	require.False(t, known)
	require.Empty(t, r.pending(t))
}

func TestEmployeeReplacesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.install(t)
	o := r.page(t, 2)
	o.ApplicationToken = "chosen by the employee"
	_, err := r.installer.Install(t.Context(), portal.FromPage(o))
	require.ErrorIs(t, err, portal.ErrDenied)
	after, _ := r.stored(t)
	require.Equal(t, before.Apps, after.Apps)
}

func TestPendingWithoutKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keyless := r.deps
	keyless.Keys = nil
	o := r.page(t, 1)
	out, err := portal.NewInstaller(keyless).Install(t.Context(), portal.FromPage(o))
	require.NoError(t, err)
	require.Equal(t, portal.NoKeys, out.Pending)
	require.NotEmpty(t, out.Origin, "the portal is proven already")
	_, known := r.stored(t)
	require.False(t, known, "waiting grants nothing")
	waiting := r.pending(t)
	require.Len(t, waiting, 1)
	require.Equal(t, clientID, waiting[0].ClientID)

	// A repeated opening replaces what waits, and without the key nothing is even asked.
	_, err = portal.NewInstaller(keyless).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	require.Len(t, r.pending(t), 1)
	require.NoError(t, portal.NewInstaller(keyless).CompletePending(t.Context()))
	require.Len(t, r.pending(t), 1)

	require.NoError(t, r.installer.CompletePending(t.Context()))
	_, known = r.stored(t)
	require.True(t, known)
	require.Empty(t, r.pending(t))
}

func TestPendingLongerThanTheAccessTokenLives(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keyless := r.deps
	keyless.Keys = nil
	_, err := portal.NewInstaller(keyless).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	r.clock.Add(20 * time.Hour)

	// The portal is silent when the keys come: the rotated tokens are kept with the request.
	r.portal.FailNext("profile", 502, "", 1)
	require.NoError(t, r.installer.CompletePending(t.Context()))
	require.Len(t, r.pending(t), 1)
	require.Equal(t, 1, r.sim.TokenRefreshes())
	require.NoError(t, r.installer.CompletePending(t.Context()))
	_, known := r.stored(t)
	require.True(t, known)
	require.Empty(t, r.pending(t))
}

func TestPendingRunsOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	keyless := r.deps
	keyless.Keys = nil
	_, err := portal.NewInstaller(keyless).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	r.clock.Add(portal.PendingFor + time.Minute)
	require.NoError(t, r.installer.CompletePending(t.Context()))
	_, known := r.stored(t)
	require.False(t, known)
}

// silent is an authorization server that does not answer.
type silent struct {
	portal.AuthServers
	err error
}

func (s silent) AppInfo(context.Context, string, string) (oauth.Identity, error) {
	return oauth.Identity{}, s.err
}

func TestPendingWhileTheServerIsSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	servers, err := oauth.NewServers(r.deps.Upstream, []string{gone.URL})
	require.NoError(t, err)
	_, failure := servers.AppInfo(t.Context(), "", "any")
	deaf := r.deps
	deaf.Servers = silent{r.deps.Servers, failure}

	request := portal.FromPage(r.page(t, 1))
	out, err := portal.NewInstaller(deaf).Install(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, portal.ServerSilent, out.Pending)
	require.Empty(t, out.Origin, "nobody was proven")
	require.Empty(t, out.Portal)

	// Somebody else's claim to be the same portal waits beside it and replaces nothing.
	forged := portal.FromPage(r.page(t, 1))
	forged.Access, forged.Refresh = "forged", "forged"
	forged.Form = []byte("AUTH_ID=forged&REFRESH_ID=forged&member_id=" + r.portal.MemberID())
	_, err = portal.NewInstaller(deaf).Install(t.Context(), forged)
	require.NoError(t, err)
	require.Len(t, r.pending(t), 2)

	for range 2 { // a second round has nothing left to do
		require.NoError(t, r.installer.CompletePending(t.Context()))
		_, known := r.stored(t)
		require.True(t, known)
		require.Empty(t, r.pending(t))
	}
}

func TestUnprovenPendingAfterItsHour(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deaf := r.deps
	_, failure := portalDown(t, r)
	deaf.Servers = silent{r.deps.Servers, failure}
	_, err := portal.NewInstaller(deaf).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	r.clock.Add(3 * time.Hour)
	require.NoError(t, r.installer.CompletePending(t.Context()))
	_, known := r.stored(t)
	require.True(t, known, "the refresh token proves it alone")
	require.Empty(t, r.pending(t))
}

// portalDown gives the error of a server that is not there.
func portalDown(t *testing.T, r *rig) (oauth.Identity, error) {
	t.Helper()
	gone := httptest.NewServer(nil)
	gone.Close()
	servers, err := oauth.NewServers(r.deps.Upstream, []string{gone.URL})
	require.NoError(t, err)
	return servers.AppInfo(t.Context(), "", "any")
}

func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deaf := r.deps
	_, failure := portalDown(t, r)
	deaf.Servers = silent{r.deps.Servers, failure}
	in := portal.NewInstaller(deaf)
	for i := range portal.MaxPending {
		_, err := in.Install(t.Context(), claim(r, i))
		require.NoError(t, err)
	}
	_, err := in.Install(t.Context(), claim(r, portal.MaxPending))
	require.ErrorIs(t, err, portal.ErrPendingFull)
	require.Len(t, r.pending(t), portal.MaxPending)
	_, err = in.Install(t.Context(), claim(r, 7))
	require.NoError(t, err, "one that waits already may be repeated")
}

func claim(r *rig, n int) portal.Request {
	token := bitrix.Secret("token-" + time.Duration(n).String())
	return portal.FromPage(bitrix.PageOpening{AccessToken: token, RefreshToken: token, MemberID: r.portal.MemberID()})
}

func TestExchangeThatMustWait(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		code   string
		want   portal.Reason
	}{
		"server down":     {502, "", portal.ServerSilent},
		"wrong keys":      {400, "invalid_client", portal.WrongKeys},
		"plan not paid":   {401, "PAYMENT_REQUIRED", portal.NotPaid},
		"garbage answers": {200, "", portal.ServerSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.clock.now = time.Now() // refusals with a time are told in the server's
			r.sim.FailTokenNext(tc.status, tc.code, 2)
			out, err := r.installer.Install(t.Context(), portal.FromPage(r.page(t, 1)))
			require.NoError(t, err)
			require.Equal(t, tc.want, out.Pending)
			_, known := r.stored(t)
			require.False(t, known)
			require.Len(t, r.pending(t), 1)
		})
	}
}

// brokenPairs loses the database between the exchange and the storing of its answer.
type brokenPairs struct{}

func (brokenPairs) SavePair(context.Context, string, int64, oauth.Pair) (oauth.Pair, error) {
	return oauth.Pair{}, errors.New("the disk is full")
}

func TestLostPairIsDroppedAndNothingPretended(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	broken := r.deps
	broken.Pairs = brokenPairs{}
	_, err := portal.NewInstaller(broken).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.Error(t, err)
	require.NotErrorIs(t, err, portal.ErrDenied, "it is our fault, not the sender's")
	_, known := r.stored(t)
	require.False(t, known)
	require.Len(t, r.pending(t), 1, "it is seen until it is known to be lost")

	require.NoError(t, r.installer.CompletePending(t.Context()))
	require.Len(t, r.pending(t), 1, "one that runs is left alone")
	r.clock.Add(3 * time.Minute)
	require.NoError(t, r.installer.CompletePending(t.Context()))
	require.Empty(t, r.pending(t), "its refresh token is dead: only a new installation helps")
	r.install(t)
}

func TestCrashBeforeTheExchangeIsHealed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// What the process leaves that dies right after it kept the request.
	o := r.page(t, 1)
	kept, err := r.store.AddPending(t.Context(), portal.Pending{
		ID: "left behind", ClientID: clientID, MemberID: r.portal.MemberID(), Reason: string(portal.Running), Body: o.Encode(),
		Created: r.clock.Now(),
	}, portal.MaxPending)
	require.NoError(t, err)
	require.True(t, kept)
	r.clock.Add(3 * time.Minute)
	require.NoError(t, r.installer.CompletePending(t.Context()))
	_, known := r.stored(t)
	require.True(t, known)
	require.Empty(t, r.pending(t))
}

func TestHealSchedulesWhatACrashLeftOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	silentRows := r.deps
	silentRows.Rows = noRows{}
	_, err := portal.NewInstaller(silentRows).Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	require.Empty(t, r.rows(t))
	for range 2 { // healing twice adds nothing
		require.NoError(t, r.installer.Heal(t.Context()))
		rows := r.rows(t)
		require.Len(t, rows, 1)
		require.Equal(t, portal.KindCheck, rows[0].Kind)
		require.False(t, rows[0].RunAt.After(r.clock.Now()))
	}
}

type noRows struct{}

func (noRows) Commit(context.Context, ...lane.Write) error      { return nil }
func (noRows) EnsureRows(context.Context, ...lane.NewRow) error { return nil }
