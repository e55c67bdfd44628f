package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/oauth"
)

func application(client string) portal.Application {
	return portal.Application{ClientID: client, Token: "plain-app-token", Scope: []string{"crm", "bizproc"}, Status: "L",
		UserID: 7, State: portal.Active}
}

func installed(t testing.TB, st *store.Store) portal.Portal {
	t.Helper()
	p := portal.Portal{ID: "p", Domain: "a.bitrix24.ru", Endpoint: "https://a.bitrix24.ru/rest/", Server: "oauth.bitrix.info",
		State: portal.Active, Family: "pro", HookSecret: "plain-hook-secret", Installed: time.Now().Truncate(time.Millisecond)}
	require.NoError(t, st.SavePortal(t.Context(), p, application("app.1")))
	p.Since, p.Apps = map[string]time.Time{}, []portal.Application{application("app.1")}
	return p
}

func onlyPortal(t testing.TB, st *store.Store) portal.Portal {
	t.Helper()
	all, err := st.Portals(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func portals(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	version := func() string {
		v, err := st.PortalsVersion(t.Context())
		require.NoError(t, err)
		return v
	}
	seen := map[string]bool{version(): true}
	changed := func(what string) {
		clock.Move(-time.Second) // a clock that goes back must not hide a change
		v := version()
		require.False(t, seen[v], what)
		seen[v] = true
	}
	want := installed(t, st)
	want.Settings, want.Apps[0].Installed = []byte{}, clock.Now()
	got := onlyPortal(t, st)
	require.Equal(t, want, got)
	changed("installation")
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", Domain: "b.bitrix24.ru", Endpoint: "e2", State: portal.Active,
		HookSecret: "another"}, application("app.2")))
	changed("second application")
	got = onlyPortal(t, st)
	require.Len(t, got.Apps, 2)
	require.Equal(t, "plain-hook-secret", got.HookSecret, "links that are in use keep working")
	require.NoError(t, st.MovePortal(t.Context(), "p", "c.bitrix24.ru", "e3"))
	changed("rename")
	require.NoError(t, st.SetPortalState(t.Context(), "p", portal.Paused))
	changed("pause")
	require.NoError(t, st.SetHookSecret(t.Context(), "p", "fresh"))
	changed("hook secret")
	require.NoError(t, st.SaveSettings(t.Context(), "p", []byte("a: 1"), nil, nil, nil))
	changed("settings")
	got = onlyPortal(t, st)
	require.Equal(t, "c.bitrix24.ru", got.Domain)
	require.Equal(t, "e3", got.Endpoint)
	require.Equal(t, portal.Paused, got.State)
	require.Equal(t, "fresh", got.HookSecret)
	require.Equal(t, "a: 1", string(got.Settings))
	require.EqualValues(t, 1, got.Version)
	require.ErrorIs(t, st.SaveSettings(t.Context(), "nobody", nil, nil, nil, nil), portal.ErrUnknown)
}

func secretsAreSealed(t *testing.T, db Opened) {
	st := db.Open(t)
	connected(t, st)
	require.NoError(t, st.SaveSettings(t.Context(), "p", nil, []portal.Connection{{Portal: "p", Name: "main", Kind: docflow.Realty,
		Login: "a@b.ru", Secrets: map[string]string{"password": "plain-password"}}}, nil, nil))
	_, err := st.SavePair(t.Context(), portal.PairKey("p", "app.1", 7), 0, oauth.Pair{Access: "plain-access", Refresh: "plain-refresh"})
	require.NoError(t, err)
	_, err = st.AddPending(t.Context(), portal.Pending{ID: "x", Body: []byte("plain-body"), Created: time.Now()}, 10)
	require.NoError(t, err)
	conns, err := st.Connections(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, "plain-password", conns[0].Secrets["password"])

	dump := dumpAll(t, db)
	require.Contains(t, dump, "a@b.ru", "the dump sees what is not secret")
	require.NotContains(t, dump, "plain-")
	for _, move := range []string{ // a sealed value opens nowhere but in its own row
		`UPDATE applications SET token = (SELECT sealed FROM pairs)`,
		`UPDATE portals SET hook_secret = (SELECT sealed FROM connections)`,
		`UPDATE connections SET sealed = (SELECT sealed FROM pairs)`,
	} {
		_, err := db.Raw.Exec(move)
		require.NoError(t, err)
	}
	_, err = st.Portals(t.Context())
	require.Error(t, err)
	_, err = st.Connections(t.Context(), "p")
	require.Error(t, err)
}

// dumpAll reads every column of the tables that hold secrets as text, past the store.
func dumpAll(t *testing.T, db Opened) string {
	t.Helper()
	var dump strings.Builder
	for _, table := range []string{"portals", "applications", "pairs", "pending", "connections", "grants", "inbox", "settings_history"} {
		rows, err := db.Raw.Query("SELECT * FROM " + table)
		require.NoError(t, err)
		names, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new([]byte)
			}
			require.NoError(t, rows.Scan(values...))
			for i := range values {
				fmt.Fprintf(&dump, "%s.%s=%s\n", table, names[i], *values[i].(*[]byte))
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return dump.String()
}

func pairs(t *testing.T, db Opened) {
	st := db.Open(t)
	key := portal.PairKey("p", "app.1", 7)
	_, err := st.LoadPair(t.Context(), key)
	require.ErrorIs(t, err, oauth.ErrNoPair)
	_, err = st.SavePair(t.Context(), key, 3, oauth.Pair{Access: "a"})
	require.ErrorIs(t, err, oauth.ErrStale, "it was removed meanwhile")
	first, err := st.SavePair(t.Context(), key, 0, oauth.Pair{Access: "a1", Refresh: "r1", Expires: time.Now().UTC().Truncate(time.Second)})
	require.NoError(t, err)
	second, err := st.SavePair(t.Context(), key, first.Version, oauth.Pair{Access: "a2", Refresh: "r2"})
	require.NoError(t, err)
	require.Greater(t, second.Version, first.Version)
	_, err = st.SavePair(t.Context(), key, first.Version, oauth.Pair{Access: "late"})
	require.ErrorIs(t, err, oauth.ErrStale, "somebody rotated it first")
	got, err := st.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, second, got)
	third, err := st.SavePair(t.Context(), key, 0, oauth.Pair{Access: "installed again"})
	require.NoError(t, err)
	require.Greater(t, third.Version, second.Version, "who still holds an older pair must lose")
}

func pendings(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	add := func(id string) bool {
		stored, err := st.AddPending(t.Context(), portal.Pending{ID: id, ClientID: "c", MemberID: "m", Reason: "no key",
			Body: []byte("body of " + id), Created: clock.Now()}, 2)
		require.NoError(t, err)
		return stored
	}
	ids := func() string {
		list, err := st.Pendings(t.Context())
		require.NoError(t, err)
		var all []string
		for _, p := range list {
			require.Equal(t, "body of "+p.ID, string(p.Body))
			all = append(all, p.ID)
		}
		return strings.Join(all, " ")
	}
	require.True(t, add("a"))
	clock.Move(time.Hour)
	require.True(t, add("b"))
	require.True(t, add("b"), "the same installation again takes no second place")
	require.False(t, add("c"), "no more than the limit")
	require.Equal(t, "a b", ids())
	clock.Move(portal.PendingFor - 30*time.Minute)
	require.Equal(t, "b", ids(), "the first is too old")
	require.True(t, add("c"), "and leaves its place")
	require.NoError(t, st.DropPending(t.Context(), "b"))
	require.Equal(t, "c", ids())
}

func connections(t *testing.T, db Opened) {
	st := db.Open(t)
	connected(t, st)
	feedRow := lane.NewRow{Lane: "feed/main", Part: "news", Kind: "news"}
	save := func(conns ...portal.Connection) {
		require.NoError(t, st.SaveSettings(t.Context(), "p", nil, conns, nil, []lane.NewRow{feedRow}))
	}
	main := portal.Connection{Portal: "p", Name: "main", Kind: docflow.Realty, Login: "a@b.ru", AccountID: "acc"}
	for _, why := range []string{"401", "401", "403"} {
		require.NoError(t, st.MarkConnection(t.Context(), "p", "main", "refused", why))
	}
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE lane = 'p' AND kind = 'connection-refused' AND code = 'main'"), "told once")
	conns, err := st.Connections(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, []string{"refused", "403"}, []string{conns[0].State, conns[0].Note})
	save(main, portal.Connection{Portal: "p", Name: "box", Kind: docflow.Diadoc})
	conns, err = st.Connections(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, conns, 2)
	require.Equal(t, "t0", conns[1].Cursor, "the account stayed, and so does its position")
	require.False(t, conns[1].CursorAt.IsZero())
	require.Equal(t, portal.ConnectionAgain, conns[1].State, "who saved it wants it tried")
	for _, want := range []bool{true, false} {
		taken, err := st.TakeAgain(t.Context(), "p", "main")
		require.NoError(t, err)
		require.Equal(t, want, taken)
	}
	main.AccountID = "another account"
	save(main)
	require.Empty(t, cursor(t, st), "another account has news of its own")
	require.NoError(t, st.EnsureRows(t.Context(), feedRow, lane.NewRow{Lane: "p", Part: "check", Kind: "check"}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'news'"), "a feed runs once")
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind <> 'connection-refused'"))
}

// busyPortal has two applications and something in every table.
func busyPortal(t *testing.T, st *store.Store) {
	connected(t, st)
	require.NoError(t, st.SavePortal(t.Context(), installed(t, st), application("app_1")))
	for _, client := range []string{"app.1", "app_1"} {
		_, err := st.SavePair(t.Context(), portal.PairKey("p", client, 7), 0, oauth.Pair{Access: client})
		require.NoError(t, err)
	}
	prepared(t, st, "d")
	accept(t, st, lane.NewRow{Lane: "p", Part: "2:57"})
	require.NoError(t, st.Commit(t.Context(), seen(57, "NEW"),
		docflow.Await{Waiter: docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: docflow.UntilCompleted, Token: []byte("t")}},
		reaction.Enqueue{Effects: []reaction.Effect{{Portal: "p", Card: card, Kind: reaction.Comment, Params: []byte("1")}}}))
}

func applicationGoes(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{}
	st.SetScheduler(h)
	busyPortal(t, st)
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app_1", false))
	p := onlyPortal(t, st)
	require.Equal(t, portal.Active, p.State, "the other application goes on")
	_, err := st.LoadPair(t.Context(), portal.PairKey("p", "app.1", 7))
	require.NoError(t, err)
	_, err = st.LoadPair(t.Context(), portal.PairKey("p", "app_1", 7))
	require.ErrorIs(t, err, oauth.ErrNoPair)
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app.1", false))
	p = onlyPortal(t, st)
	require.NoError(t, st.Commit(t.Context())) // the writer has told of everything before it
	require.Equal(t, portal.Removed, p.State)
	require.Empty(t, p.HookSecret)
	require.Empty(t, p.Apps[0].Token)
	require.Contains(t, h.told(), "p", "the scheduler drops what it still has in memory")
	for _, table := range []string{"pairs", "connections", "waiters"} {
		require.Zero(t, db.count(t, "SELECT COUNT(*) FROM "+table), table)
	}
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM inbox WHERE state = 0 OR finished = 0"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM effects WHERE state = 0 OR finished = 0"))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM docflows"), "history stays")
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM cards"))
}

func portalErased(t *testing.T, db Opened) {
	st := db.Open(t)
	busyPortal(t, st)
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app.1", true))
	require.NoError(t, st.RemoveApplication(t.Context(), "p", "app_1", true))
	rows, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	for more := true; more; {
		more, err = st.Erase(t.Context(), "p", rows[0].Body, 100)
		require.NoError(t, err)
	}
	require.NoError(t, st.CancelJob(t.Context(), rows[0].ID))
	for _, table := range []string{"pairs", "connections", "waiters", "effects", "docflows", "docflow_history", "cards"} {
		require.Zero(t, db.count(t, "SELECT COUNT(*) FROM "+table), table)
	}
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox"), "the erasing itself")
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active, HookSecret: "new secret"}, application("app.1")))
	p := onlyPortal(t, st)
	require.Equal(t, portal.Active, p.State)
	require.Equal(t, "new secret", p.HookSecret, "the wiped one is not kept")
	require.Empty(t, p.Settings)
}
