package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/oauth"
)

// box is a Диадок connection with an OpenID refresh token.
func box(id portal.ID, name, token string) portal.Connection {
	return portal.Connection{Portal: id, Name: name, Kind: docflow.Diadoc, AccountID: "box-" + name, ClientID: "client",
		Secrets: map[string]string{"refreshToken": token}}
}

func saveConnections(t testing.TB, st *store.Store, id portal.ID, conns ...portal.Connection) {
	t.Helper()
	require.NoError(t, st.SaveSettings(t.Context(), id, nil, conns, nil, nil))
}

// grants proves the life of a rotating token: begun by the settings, shared, swapped, and wiped with the last
// connection that has it.
func grants(t *testing.T, db Opened) {
	st := db.Open(t)
	installed(t, st)
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "q", State: portal.Active}, application("app.1")))
	a, b := box("p", "a", "plain-first"), box("q", "b", "plain-first")
	key, tokens := a.GrantKey(), st.Grant(a)
	require.NotContains(t, key, "first")
	require.Empty(t, box("p", "x", "").GrantKey())
	require.NotEqual(t, key, box("p", "a", "plain-second").GrantKey())
	_, err := tokens.LoadPair(t.Context(), key)
	require.ErrorIs(t, err, oauth.ErrNoPair, "no connection has it yet")

	saveConnections(t, st, "p", a)
	saveConnections(t, st, "q", b)
	conns, err := st.Connections(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, "client", conns[0].ClientID)
	first, err := tokens.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, oauth.Pair{Refresh: "plain-first", Version: 1}, first)

	fresh := oauth.Pair{Access: "plain-access", Refresh: "plain-next", Former: "plain-first", Expires: time.Now().UTC().Truncate(time.Second)}
	saved, err := tokens.SavePair(t.Context(), key, first.Version, fresh)
	require.NoError(t, err)
	_, err = tokens.SavePair(t.Context(), key, first.Version, fresh)
	require.ErrorIs(t, err, oauth.ErrStale, "another node was first")
	shared, err := st.Grant(b).LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, saved, shared, "the other portal's connection goes on from there")
	require.NotContains(t, dumpAll(t, db), "plain-next")
	n, err := st.Reseal(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, n, "two portals, two applications, two connections and the grant")

	saveConnections(t, st, "p", a)
	again, err := tokens.LoadPair(t.Context(), key)
	require.NoError(t, err)
	require.Equal(t, saved, again, "the same settings applied again change nothing")

	saveConnections(t, st, "p", box("p", "a", "plain-second"))
	_, err = tokens.LoadPair(t.Context(), key)
	require.NoError(t, err, "the other portal still has it")
	second := box("p", "a", "plain-second")
	_, err = st.Grant(second).LoadPair(t.Context(), second.GrantKey())
	require.NoError(t, err)
	require.NoError(t, st.RemoveApplication(t.Context(), "q", "app.1", false))
	_, err = tokens.LoadPair(t.Context(), key)
	require.ErrorIs(t, err, oauth.ErrNoPair)
	_, err = tokens.SavePair(t.Context(), key, saved.Version, fresh)
	require.ErrorIs(t, err, oauth.ErrStale, "removed while it was refreshed")
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM grants"))
	saveConnections(t, st, "p")
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM grants"))
}
