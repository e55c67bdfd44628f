package portal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
)

// visits opens the application's page as an administrator, who leaves a spare pair.
func (r *rig) visits(t *testing.T, user int) {
	t.Helper()
	r.portal.AddUser(user, "Зам", "Админа", true)
	_, err := r.installer.Visit(t.Context(), r.page(t, user))
	require.NoError(t, err)
}

// works makes a call in the portal's name and tells whose token it carried.
func (r *rig) works(t *testing.T) (int64, error) {
	t.Helper()
	user, err := r.source().Profile(t.Context())
	return int64(user.ID), err
}

// source is a client that lives as long as the test.
func (r *rig) source() *bitrix.Client {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.worker == nil {
		r.worker = bitrix.New(r.deps.Upstream, r.tokens(portal.ID(r.portal.MemberID()), ""))
	}
	return r.worker
}

func (r *rig) service(t *testing.T) portal.Application {
	t.Helper()
	p, _ := r.stored(t)
	a, ok := p.Service()
	require.True(t, ok)
	return a
}

// setups counts the setups that wait.
func (r *rig) setups(t *testing.T, why string) (n int) {
	for _, row := range r.rows(t) {
		if row.Kind == portal.KindSetup && row.Code == why {
			n++
		}
	}
	return n
}

func TestAnotherAdministratorTakesOver(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*rig){
		"dismissed while the token lives": func(r *rig) { r.portal.DismissUser(1) },
		"dismissed, and the token is old": func(r *rig) { r.portal.DismissUser(1); r.clock.Add(2 * time.Hour) },
		"shut out of the application":     func(r *rig) { r.portal.LimitAppAccess(clientID, 3, 4) },
		"tokens used elsewhere": func(r *rig) {
			key := portal.PairKey(portal.ID(r.portal.MemberID()), clientID, 1)
			pair, err := r.store.LoadPair(t.Context(), key)
			require.NoError(t, err)
			_, err = r.deps.Servers.Exchange(t.Context(), pair.Server, r.deps.Keys[0], pair.Refresh)
			require.NoError(t, err)
			r.clock.Add(2 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.install(t)
			bindAll(t, r)
			r.clock.Add(time.Minute)
			r.visits(t, 3)
			user, err := r.works(t)
			require.NoError(t, err)
			require.EqualValues(t, 1, user)

			lose(r)
			user, err = r.works(t)
			require.NoError(t, err, "the call that finds it out goes on")
			require.EqualValues(t, 3, user)
			app := r.service(t)
			require.EqualValues(t, 3, app.Worker())
			require.Len(t, app.Admins, 2)
			require.NotEmpty(t, app.Admins[1].Dead)
			require.Equal(t, 1, r.setups(t, portal.SetupSuccession))

			p, _ := r.stored(t)
			require.Equal(t, portal.Active, p.State)
			report, err := r.setup.Check(t.Context(), p)
			require.NoError(t, err)
			require.ElementsMatch(t, []string{"robot realty_create", "robot realty_extract"}, report.Changed, "they call in the name of the new one")
			require.Empty(t, report.Problems)
			requireSetUp(t, r)
		})
	}
}

func TestNobodyIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	r.portal.DismissUser(1)
	_, err := r.works(t)
	require.ErrorIs(t, err, portal.ErrReconnect)
	require.Equal(t, upstream.Relogin, upstream.ClassOf(err))
	p, _ := r.stored(t)
	require.Equal(t, portal.Paused, p.State)
	require.Contains(t, p.Needs(), "open the application's page")
	require.Contains(t, p.Needs(), "dismissed")
	_, _, err = r.directory.Trusted(string(p.ID), p.Apps[0].Token)
	require.NoError(t, err, "what comes is kept")
	calls := len(r.portal.Calls())
	_, err = r.works(t)
	require.ErrorIs(t, err, portal.ErrReconnect)
	require.Len(t, r.portal.Calls(), calls, "nobody is asked in vain")

	result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck})
	require.NoError(t, err)
	require.Equal(t, lane.Again, result.Verdict)
	require.Contains(t, result.Note, "needs reconnecting")
	result, err = r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck, Code: portal.AskedCheckRow(p.ID).Code})
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict)

	// An employee's page brings nothing; another administrator's brings everything.
	_, err = r.installer.Visit(t.Context(), r.page(t, 2))
	require.ErrorIs(t, err, portal.ErrDenied)
	r.portal.AddUser(3, "Зам", "Админа", true)
	v, err := r.installer.Visit(t.Context(), r.page(t, 3))
	require.NoError(t, err)
	require.Equal(t, portal.Active, v.Portal.State)
	user, err := r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 3, user)
}

func TestWhoIsLetInAgainWorksAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	r.portal.DismissUser(1)
	_, err := r.works(t)
	require.ErrorIs(t, err, portal.ErrReconnect)
	check := lane.Row{Lane: string(p.ID), Kind: portal.KindCheck}
	result, err := r.setup.Work(t.Context(), check)
	require.NoError(t, err)
	require.Contains(t, result.Note, "needs reconnecting")
	r.portal.RestoreUser(1)
	result, err = r.setup.Work(t.Context(), check)
	require.NoError(t, err)
	require.NotContains(t, result.Note, "needs reconnecting")
	user, err := r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 1, user)
}

func TestRecreatedApplicationTakesOver(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*testing.T, *rig){
		"removed from the portal":  func(t *testing.T, r *rig) { require.NoError(t, r.portal.Uninstall(t.Context(), clientID, false)) },
		"its registration deleted": func(_ *testing.T, r *rig) { r.sim.RemoveApp(clientID) },
		"and its token is old": func(_ *testing.T, r *rig) {
			r.sim.RemoveApp(clientID)
			r.clock.Add(2 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "local.second")
			first := r.install(t)
			bindAll(t, r)
			forget(t, r) // and the bridge hears nothing of it
			r.clock.Add(time.Minute)
			p := r.installAs(t, "local.second")
			require.Equal(t, "local.second", p.Apps[1].ClientID)
			require.Equal(t, first.HookSecret, p.HookSecret)

			result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindSetup})
			require.NoError(t, err)
			require.Equal(t, lane.Done, result.Verdict, result.Note)
			require.Equal(t, "local.second", r.service(t).ClientID)
			after, _ := r.stored(t)
			require.NotEqual(t, portal.Active, after.Apps[0].State)
			require.Equal(t, 1, r.setups(t, portal.SetupSuccession))
			result, err = r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindSetup, Code: portal.SetupSuccession})
			require.NoError(t, err)
			require.Equal(t, lane.Done, result.Verdict, result.Note)
			_ = r.portal.Uninstall(t.Context(), clientID, false) // the simulator remembers what a deleted registration had
			requireSetUp(t, r)
		})
	}
}

func TestTheLastApplicationIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	require.NoError(t, r.portal.Uninstall(t.Context(), clientID, false))
	_, err := r.works(t)
	require.ErrorIs(t, err, portal.ErrReconnect)
	p, _ := r.stored(t)
	require.Equal(t, portal.Paused, p.State)
	require.Contains(t, p.Needs(), "the application was deleted from the portal")
	require.NotEmpty(t, p.HookSecret, "nothing is wiped until the portal says so")
	p = r.install(t)
	require.Equal(t, portal.Active, p.State)
	user, err := r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 1, user)
}

// TestTwoApplications: a market application and a local one in one portal.
func TestTwoApplications(t *testing.T) {
	t.Parallel()
	const market = "app.00000000000000.00000001"
	r := newRig(t, market)
	r.install(t)
	bindAll(t, r)
	r.clock.Add(time.Minute)
	r.installAs(t, market)
	require.Equal(t, clientID, r.service(t).ClientID, "who was first goes on")
	r.clock.Add(time.Minute)
	report := bindAll(t, r)
	require.Empty(t, report.Problems)
	events := map[string]int{}
	for _, b := range r.portal.Bindings() {
		if b.ClientID == market {
			require.False(t, b.Offline)
		}
		if b.Event == "ONCRMDEALUPDATE" {
			events[b.ClientID]++
		}
		events[b.Event+" "+b.ClientID]++
	}
	require.Equal(t, 2, events[clientID], "online and offline")
	require.Zero(t, events[market], "no event comes twice")
	require.Equal(t, 1, events["ONAPPUNINSTALL "+market], "but it hears of its own end")
	require.Equal(t, []string{"realty_create", "realty_create", "realty_extract", "realty_extract"}, r.portal.Robots(), "rules of both are kept up")
	tabs := map[string]int{}
	for _, tab := range r.portal.Placements() {
		tabs[tab.Placement]++
	}
	require.Equal(t, map[string]int{"CRM_DEAL_DETAIL_TAB": 1, "CRM_LEAD_DETAIL_TAB": 1}, tabs)
	check, err := r.setup.Check(t.Context(), mustGet(t, r))
	require.NoError(t, err)
	require.False(t, check.Repaired(), check.String())

	// The first one is removed, and its portal says so.
	token := mustGet(t, r).Apps[0].Token
	require.NoError(t, r.portal.Uninstall(t.Context(), clientID, false))
	require.NoError(t, r.installer.Uninstall(t.Context(), bitrix.Event{Name: bitrix.EventAppUninstall,
		Auth: bitrix.Auth{MemberID: r.portal.MemberID(), ApplicationToken: bitrix.Secret(token)}}))
	require.Equal(t, market, r.service(t).ClientID)
	require.Equal(t, portal.Active, mustGet(t, r).State)
	require.Equal(t, 1, r.setups(t, portal.SetupSuccession))
	bindAll(t, r)
	requireSetUp(t, r)
}

func mustGet(t *testing.T, r *rig) portal.Portal {
	t.Helper()
	p, ok := r.stored(t)
	require.True(t, ok)
	return p
}

func TestDemotedAdministratorHandsOver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	r.clock.Add(time.Minute)
	r.visits(t, 3)
	r.portal.AddUser(1, "Анна", "Бывшая", false)
	report := bindAll(t, r)
	require.Empty(t, report.Problems)
	require.EqualValues(t, 3, r.service(t).Worker())
	requireSetUp(t, r)

	r.portal.AddUser(3, "Зам", "Бывший", false)
	report = bindAll(t, r)
	require.Contains(t, report.Problems, "the user whose tokens do the work is no administrator of the portal")
	require.EqualValues(t, 3, r.service(t).Worker(), "nobody else is left")
}

func TestSparePairOfBeforeARenaming(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.install(t)
	r.clock.Add(time.Minute)
	r.visits(t, 3)
	r.portal.Rename("agency-new")
	user, err := r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 1, user)
	moved := mustGet(t, r)
	require.Equal(t, r.portal.Endpoint(), moved.Endpoint, "the new address is stored")

	// Its old name is somebody else's by now.
	other := r.sim.AddPortal("agency")
	r.portal.DismissUser(1)
	user, err = r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 3, user)
	require.Empty(t, other.Calls(), "no token goes to the old address")
	require.Equal(t, moved.Endpoint, mustGet(t, r).Endpoint)
}

func TestSparePairsAreKeptAlive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	r.clock.Add(time.Minute)
	r.visits(t, 3)
	tend := func() {
		t.Helper()
		require.NoError(t, r.tokens(p.ID, "").Tend(t.Context()))
	}
	before := r.sim.TokenRefreshes()
	r.clock.Add(100 * 24 * time.Hour)
	_, err := r.works(t) // the one at work is renewed by working
	require.NoError(t, err)
	tend()
	require.Equal(t, before+1, r.sim.TokenRefreshes(), "a young spare pair is left alone")
	r.clock.Add(60 * 24 * time.Hour)
	tend()
	require.Equal(t, before+2, r.sim.TokenRefreshes())
	r.clock.Add(100 * 24 * time.Hour) // the pair as it was given would have run out
	r.portal.DismissUser(1)
	user, err := r.works(t)
	require.NoError(t, err)
	require.EqualValues(t, 3, user)
	_, err = r.store.LoadPair(t.Context(), portal.PairKey(p.ID, clientID, 3))
	require.NoError(t, err)

	r.portal.AddUser(4, "Второй", "Зам", true)
	_, err = r.installer.Visit(t.Context(), r.page(t, 4))
	require.NoError(t, err)
	r.portal.DismissUser(4)
	r.clock.Add(160 * 24 * time.Hour)
	tend()
	require.NotEmpty(t, r.service(t).Admins[0].Dead, "a spare pair that works no more is told early")
	require.Equal(t, portal.Active, mustGet(t, r).State)
}

func TestPagesLeaveSparePairs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	r.visits(t, 3)
	key := portal.PairKey(p.ID, clientID, 3)
	first, err := r.store.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, 1, r.sim.TokenRefreshes(), "the page keeps its own tokens")
	_, err = r.installer.Visit(t.Context(), r.page(t, 3))
	require.NoError(t, err)
	again, err := r.store.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, first, again)
	r.clock.Add(25 * time.Hour)
	_, err = r.installer.Visit(t.Context(), r.page(t, 3))
	require.NoError(t, err)
	again, err = r.store.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.NotEqual(t, first, again, "the latest page's is surely good")
	_, err = r.installer.Visit(t.Context(), r.page(t, 2))
	require.NoError(t, err)
	_, err = r.store.LoadPair(t.Context(), portal.PairKey(p.ID, clientID, 2))
	require.ErrorIs(t, err, oauth.ErrNoPair, "an employee's tokens can do no work")
	own, err := r.store.LoadPair(t.Context(), portal.PairKey(p.ID, clientID, 1))
	require.NoError(t, err)
	_, err = r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	same, err := r.store.LoadPair(t.Context(), portal.PairKey(p.ID, clientID, 1))
	require.NoError(t, err)
	require.Equal(t, own, same, "the pair at work is left alone")
}

// TestFirstPageInstalls: an application whose form names no installer page counts as installed at once, and its
// main page is the first that the bridge hears of it.
func TestFirstPageInstalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	plain := app(false)
	plain.InstallURL = ""
	r.sim.AddApp(plain)
	_, err := r.installer.Visit(t.Context(), r.page(t, 2))
	require.ErrorIs(t, err, portal.ErrDenied, "an employee cannot install")
	v, err := r.installer.Visit(t.Context(), r.page(t, 1))
	require.NoError(t, err)
	require.Equal(t, portal.Active, v.Portal.State)
	require.Equal(t, 1, r.setups(t, ""))
	other := app(false)
	other.ClientID, other.InstallURL = "local.unknown", ""
	r.sim.AddApp(other)
	query, form := r.portal.OpenPage(other.ClientID, "", "", 1)
	o, err := bitrix.ParsePage([]byte(query.Encode()), []byte(form.Encode()))
	require.NoError(t, err)
	_, err = r.installer.Visit(t.Context(), o)
	require.ErrorIs(t, err, portal.ErrDenied, "an application without keys here")
	require.Empty(t, r.pending(t))
}

func TestPaymentIsAHint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	hint := bitrix.Event{Name: bitrix.EventAppPayment, Auth: bitrix.Auth{MemberID: string(p.ID)}}
	due := func() bool {
		for _, row := range r.rows(t) {
			if row.Kind == portal.KindCheck {
				return !row.RunAt.After(r.clock.Now())
			}
		}
		return false
	}
	require.False(t, due())
	require.NoError(t, r.installer.Payment(t.Context(), hint))
	require.True(t, due())
	require.ErrorIs(t, r.installer.Payment(t.Context(), bitrix.Event{Auth: bitrix.Auth{MemberID: "nobody"}}), portal.ErrDenied)
	rows := len(r.rows(t))
	for range 100 { // anybody may say so
		require.NoError(t, r.installer.Payment(t.Context(), hint))
	}
	require.Len(t, r.rows(t), rows)
}
