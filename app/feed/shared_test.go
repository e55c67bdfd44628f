package feed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/portal"
	"konturbridge/realty"
	"konturbridge/sandbox/realtysim"
)

// join gives another portal a connection to the account.
func (r *rig) join(t *testing.T, id portal.ID, password string) {
	t.Helper()
	require.NoError(t, r.store.SavePortal(t.Context(), portal.Portal{ID: id, State: portal.Active, Installed: r.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	require.NoError(t, r.store.SaveSettings(t.Context(), id, nil, []portal.Connection{{Portal: id, Name: "ours", Kind: docflow.Realty,
		Default: true, Login: "a@b.ru", AccountID: account, Secrets: map[string]string{"password": password}}}, nil, nil))
}

func (r *rig) reads() (n int) {
	for _, c := range r.sim.Calls() {
		if c.Op == "news" {
			n++
		}
	}
	return n
}

func TestOneReadServesAllPortalsOfAnAccount(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	for _, id := range []portal.ID{"m2", "m3"} {
		r.join(t, id, "123")
	}
	require.Equal(t, feed.Row(portal.Connection{Portal: "m2", Name: "ours", Login: "a@b.ru", AccountID: account}).Lane,
		feed.Row(r.conn(t)).Lane)
	r.poll(t)
	require.Equal(t, 1, r.reads(), "the position is taken once")
	first := r.file(t, "d-1")
	second := first
	second.ID, second.RequestID, second.Portal, second.Connection = "d-2", "d-2", "m2", "ours"
	body, err := realty.NewCreateBody("d-2", map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"})
	require.NoError(t, err)
	second.Body = body
	require.NoError(t, r.store.Commit(t.Context(), docflow.Prepare{Record: second}))
	_, err = r.client.Create(t.Context(), realty.ObjectRequestKind, body)
	require.NoError(t, err)
	before := r.reads()
	r.poll(t)
	require.Equal(t, 1, r.reads()-before)
	for _, id := range []string{"d-1", "d-2"} {
		require.Equal(t, docflow.Queued, r.record(t, id).State, id)
	}
	all, err := r.store.AccountConnections(t.Context(), feed.Account{Login: "a@b.ru", ID: account})
	require.NoError(t, err)
	require.Len(t, all, 3)
	for _, c := range all {
		require.Equal(t, all[0].Cursor, c.Cursor)
	}
}

// A portal that joins later stands elsewhere in the news until it has read up to the others.
func TestAJoiningPortalCatchesUp(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.poll(t)
	r.file(t, "d-1")
	r.join(t, "m2", "123")
	r.poll(t) // m1 reads its news, m2 takes its position
	before := r.reads()
	r.poll(t)
	require.Equal(t, 1, r.reads()-before, "both stand at the end now")
}

// Somebody else's wrong password must not stop those who know the right one.
func TestAWrongPasswordOfOnePortal(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	r.poll(t)
	r.join(t, "m2", "wrong")
	r.news.Realty = func(c portal.Connection) *realty.Client {
		if c.Secrets["password"] == "wrong" {
			wrong := "wrong"
			return r.clientWith(&wrong)
		}
		return r.client
	}
	r.file(t, "d-1")
	result := r.poll(t)
	require.Equal(t, docflow.Queued, r.record(t, "d-1").State)
	require.False(t, result.At.After(r.Now().Add(time.Second)), "the others' full page is followed at once")
	theirs, err := r.store.Connections(t.Context(), "m2")
	require.NoError(t, err)
	require.Equal(t, "refused", theirs[0].State)
	require.Empty(t, r.conn(t).State)
}
