package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/oauth"
)

// staffed installs application app.1 by user 7 and lets others leave their pairs, one minute apart.
func staffed(t testing.TB, st *store.Store, clock *Clock, others ...int64) {
	t.Helper()
	_, err := st.SavePair(t.Context(), portal.PairKey("p", "app.1", 7), 0, oauth.Pair{Access: "a7", UserID: 7})
	require.NoError(t, err)
	installed(t, st)
	for _, user := range others {
		clock.Move(time.Minute)
		require.True(t, give(t, st, "app.1", user))
	}
}

func give(t testing.TB, st *store.Store, client string, user int64) bool {
	t.Helper()
	given, err := st.GivePair(t.Context(), "p", client, oauth.Pair{Access: "a", Refresh: "r", UserID: user}, time.Hour)
	require.NoError(t, err)
	return given
}

func endPair(t testing.TB, st *store.Store, client string, user int64) {
	t.Helper()
	pair, err := st.LoadPair(t.Context(), portal.PairKey("p", client, user))
	require.NoError(t, err)
	require.NoError(t, st.EndPair(t.Context(), portal.PairEnd{Portal: "p", ClientID: client, UserID: user, Version: pair.Version, Why: "dismissed"}))
}

// setups counts the setups that wait.
func (o Opened) setups(t testing.TB) int {
	return o.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'setup' AND state = 0")
}

func administrators(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	staffed(t, st, clock, 8, 9)
	app := func() portal.Application { return onlyPortal(t, st).Apps[0] }
	require.Equal(t, []int64{9, 8, 7}, []int64{app().Admins[0].UserID, app().Admins[1].UserID, app().Admins[2].UserID}, "the latest first")
	require.EqualValues(t, 7, app().Worker())
	require.False(t, give(t, st, "app.1", 7), "the pair at work is left alone")
	require.False(t, give(t, st, "app.1", 8), "a spare one is young")
	clock.Move(2 * time.Hour)
	require.True(t, give(t, st, "app.1", 8), "a newer page's is surely good")
	require.False(t, give(t, st, "app.9", 8), "an application that is not there")
	require.Zero(t, db.setups(t))

	version, err := st.PortalsVersion(t.Context())
	require.NoError(t, err)
	endPair(t, st, "app.1", 9)
	require.Zero(t, db.setups(t), "the end of a spare one changes no work")
	require.NoError(t, st.EndPair(t.Context(), portal.PairEnd{Portal: "p", ClientID: "app.1", UserID: 7, Version: 99, Why: "late"}))
	require.EqualValues(t, 7, app().Worker(), "the pair was replaced since")
	endPair(t, st, "app.1", 7)
	require.EqualValues(t, 8, app().Worker(), "the next one takes over")
	require.EqualValues(t, 8, app().UserID)
	require.Equal(t, 1, db.setups(t), "what was registered in the first one's name is registered anew")
	endPair(t, st, "app.1", 7)
	require.Equal(t, 1, db.setups(t), "an end is an end")
	now, err := st.PortalsVersion(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, version, now, "other processes follow")

	accept(t, st, lane.NewRow{Lane: "p", Part: "2:57"})
	_, err = db.Raw.Exec("UPDATE inbox SET run_at = run_at + 600000, note = '" + portal.WaitingNote + "' WHERE kind = 'robot'")
	require.NoError(t, err)
	require.NoError(t, st.EnsureRows(t.Context(), lane.NewRow{Lane: "p", Part: "setup-check", Kind: portal.KindCheck, RunAt: clock.Now().Add(20 * time.Hour)}))
	endPair(t, st, "app.1", 8)
	require.Equal(t, int(clock.Now().Add(portal.ReviveEvery).UnixMilli()), db.count(t, "SELECT run_at FROM inbox WHERE kind = 'setup-check'"))
	p := onlyPortal(t, st)
	require.Equal(t, portal.Paused, p.State, "nobody is left")
	require.Equal(t, "dismissed", p.Note)
	require.Zero(t, p.Apps[0].Worker())
	require.NoError(t, st.RevivePair(t.Context(), "p", "app.1", 9))
	p = onlyPortal(t, st)
	require.Equal(t, portal.Active, p.State)
	require.Empty(t, p.Note)
	require.EqualValues(t, 9, p.Apps[0].Worker())
	require.Equal(t, 2, db.setups(t))
	require.LessOrEqual(t, db.count(t, "SELECT run_at FROM inbox WHERE kind = 'robot'"), int(clock.Now().UnixMilli()), "what waited runs at once")

	// An installation by an administrator whose pair had ended counts as new.
	endPair(t, st, "app.1", 9)
	require.Equal(t, portal.Paused, onlyPortal(t, st).State)
	staffed(t, st, clock)
	require.Equal(t, portal.Active, onlyPortal(t, st).State)
	require.EqualValues(t, 7, app().Worker())

	require.NoError(t, st.EndPair(t.Context(), portal.PairEnd{Portal: "p", ClientID: "app.1", UserID: 44, Why: "missing"}))
	_, err = st.LoadPair(t.Context(), portal.PairKey("p", "app.1", 44))
	require.ErrorIs(t, err, oauth.ErrNoPair, "a pair that never was is remembered as dead")
	require.NoError(t, st.LearnToken(t.Context(), "p", "app.1", "plain-new-token"))
	require.Equal(t, "plain-new-token", app().Token)
}

// toldAdministrators: nobody is told in the name of who is gone.
func toldAdministrators(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	staffed(t, st, clock, 3, 9)
	list := func() []int64 {
		users, err := st.Administrators(t.Context(), "p")
		require.NoError(t, err)
		return users
	}
	require.Equal(t, []int64{7, 3, 9}, list(), "who does the work first")
	endPair(t, st, "app.1", 3)
	require.Equal(t, []int64{7, 9}, list())
}

func applicationsSucceed(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	staffed(t, st, clock)
	second := func(client string) {
		clock.Move(time.Minute)
		_, err := st.SavePair(t.Context(), portal.PairKey("p", client, 5), 0, oauth.Pair{Access: "a5", UserID: 5})
		require.NoError(t, err)
		a := application(client)
		a.UserID = 5
		require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active}, a))
	}
	service := func() string {
		a, ok := onlyPortal(t, st).Service()
		require.True(t, ok)
		return a.ClientID
	}
	state := func(client string) portal.State {
		a, _ := onlyPortal(t, st).App(client)
		return a.State
	}
	require.NoError(t, st.LoseApplication(t.Context(), "p", "app.1", "keys", false))
	require.Equal(t, portal.Active, state("app.1"), "keys that are not accepted end nothing while it is the last")
	second("app.0")
	require.Equal(t, "app.1", service(), "the older one goes on, whatever its name")

	require.NoError(t, st.LoseApplication(t.Context(), "p", "app.1", "keys", false))
	require.Equal(t, portal.Gone, state("app.1"))
	_, err := st.LoadPair(t.Context(), portal.PairKey("p", "app.1", 7))
	require.NoError(t, err, "what is not certain wipes nothing")
	require.Equal(t, "app.0", service())
	require.Equal(t, 1, db.setups(t))
	second("app.0")
	require.Equal(t, portal.Gone, state("app.1"), "another installation does not end it either")
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active}, application("app.1")))
	require.Equal(t, "app.0", service(), "who comes back is the youngest")

	require.NoError(t, st.SaveRegistered(t.Context(), "p", "app.0", portal.Registered{"robot/x": {Wanted: "1"}}))
	require.NoError(t, st.LoseApplication(t.Context(), "p", "app.0", "deleted", true))
	require.Equal(t, portal.Removed, state("app.0"), "certain, and another one is there")
	require.Equal(t, "app.1", service())
	_, err = st.LoadPair(t.Context(), portal.PairKey("p", "app.0", 5))
	require.ErrorIs(t, err, oauth.ErrNoPair)
	known, err := st.Registered(t.Context(), "p", "app.0")
	require.NoError(t, err)
	require.Empty(t, known)

	require.NoError(t, st.LoseApplication(t.Context(), "p", "app.1", "deleted", true))
	p := onlyPortal(t, st)
	require.Equal(t, portal.Paused, p.State, "the last one: everything is kept until it is installed again")
	require.Equal(t, "deleted", p.Note)
	require.Equal(t, portal.Gone, state("app.1"))
	second("app.2")
	require.Equal(t, portal.Active, onlyPortal(t, st).State)
	require.Equal(t, portal.Removed, state("app.1"), "the new one takes its place")
	require.Equal(t, "app.2", service())
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app.2", false))
	require.Equal(t, portal.Removed, onlyPortal(t, st).State)
}

func findings(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	staffed(t, st, clock)
	_, err := st.Check(t.Context(), "p")
	require.ErrorIs(t, err, store.ErrNotFound)
	report := portal.Report{At: clock.Now().UTC(), Added: []string{"robot x"}, Problems: []string{"a"}}
	for range 2 {
		require.NoError(t, st.SaveCheck(t.Context(), "p", report))
	}
	got, err := st.Check(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, report, got)

	known, err := st.Registered(t.Context(), "p", "app.1")
	require.NoError(t, err)
	require.Empty(t, known)
	known["robot/x"] = portal.Written{Wanted: "1", At: clock.Now().UTC()}
	require.NoError(t, st.SaveRegistered(t.Context(), "p", "app.1", known))
	again, err := st.Registered(t.Context(), "p", "app.1")
	require.NoError(t, err)
	require.Equal(t, known, again)

	version := func() string {
		v, err := st.PortalsVersion(t.Context())
		require.NoError(t, err)
		return v
	}
	before := version()
	same := portal.Application{ClientID: "app.1", Scope: []string{"crm", "bizproc"}, Status: "L"}
	require.NoError(t, st.LearnApplication(t.Context(), "p", "pro", same))
	require.NoError(t, st.LearnApplication(t.Context(), "p", "", portal.Application{ClientID: "app.1"}))
	require.Equal(t, before, version(), "nothing new")
	same.Scope = []string{"crm"}
	require.NoError(t, st.LearnApplication(t.Context(), "p", "ent", same))
	require.NotEqual(t, before, version())
	p := onlyPortal(t, st)
	require.Equal(t, "ent", p.Family)
	require.Equal(t, []string{"crm"}, p.Apps[0].Scope)

	require.NoError(t, st.EnsureRows(t.Context(), lane.NewRow{Lane: "p", Part: "setup-check", Kind: portal.KindCheck, RunAt: clock.Now().Add(time.Hour)}))
	require.NoError(t, st.HurryCheck(t.Context(), "p"))
	id, err := st.AskCheck(t.Context(), "p")
	require.NoError(t, err)
	rows, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	for _, row := range rows {
		require.False(t, row.RunAt.After(clock.Now()))
	}
	require.Equal(t, id, rows[1].ID)
}

func erased(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	busyPortal(t, st)
	for range 5 {
		accept(t, st, lane.NewRow{Lane: "p", Part: "2:57"})
	}
	for _, client := range []string{"app.1", "made anew"} {
		_, err := st.AddPending(t.Context(), portal.Pending{ID: client, MemberID: "p", ClientID: client, Created: clock.Now()}, 10)
		require.NoError(t, err)
	}
	clock.Move(time.Minute)
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app.1", true))
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app_1", true))
	rows, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, portal.KindErase, rows[0].Kind)
	waiting, err := st.Pendings(t.Context())
	require.NoError(t, err)
	require.Len(t, waiting, 1, "its tokens are wiped wherever they are")
	require.Equal(t, "made anew", waiting[0].ClientID, "the installation of another one waits on")

	// It is installed again, and works, before the erasing comes to it.
	clock.Move(time.Minute)
	busyPortalAgain(t, st, clock.Now())
	steps := 0
	for more := true; more; steps++ {
		more, err = st.Erase(t.Context(), "p", rows[0].Body, 2)
		require.NoError(t, err)
	}
	require.Greater(t, steps, 4, "in small steps")
	for table, left := range map[string]int{"docflows": 1, "docflow_history": 1, "cards": 1, "effects": 0} {
		require.Equal(t, left, db.count(t, "SELECT COUNT(*) FROM "+table), table)
	}
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM inbox"), "the erasing itself and the new work")
	_, err = st.Erase(t.Context(), "p", []byte("no moment"), 1)
	require.Error(t, err)
}

// busyPortalAgain installs it anew and gives it one docflow, one card and one row of work.
func busyPortalAgain(t testing.TB, st *store.Store, now time.Time) {
	t.Helper()
	installed(t, st)
	rec := record("fresh", "request of fresh")
	rec.Created = now
	card := seen(58, "NEW")
	card.Card.Seen = now
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: rec}, card))
	accept(t, st, lane.NewRow{Lane: "p", Part: "2:58"})
}
