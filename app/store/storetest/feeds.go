package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
)

// connected stores portal p with one account whose position in the news is t0.
func connected(t testing.TB, st *store.Store) {
	t.Helper()
	installed(t, st)
	require.NoError(t, st.SaveSettings(t.Context(), "p", []byte("a: 1"), []portal.Connection{
		{Portal: "p", Name: "main", Kind: docflow.Realty, Default: true, AccountID: "acc"}}, nil, nil))
	require.NoError(t, st.TakeCursor(t.Context(), "p", "main", "t0"))
	require.NoError(t, st.TakeCursor(t.Context(), "p", "main", "t99"), "the first position stays")
}

func cursor(t testing.TB, st *store.Store) string {
	t.Helper()
	conns, err := st.Connections(t.Context(), "p")
	require.NoError(t, err)
	require.Len(t, conns, 1)
	return conns[0].Cursor
}

func item(external, request string, state docflow.State) feed.Item {
	return feed.Item{ExternalID: external, RequestID: request,
		Update: docflow.Update{State: state, Cause: "news", Token: "tok", At: time.Now().Truncate(time.Millisecond)}}
}

func news(t *testing.T, db Opened) {
	st := db.Open(t)
	connected(t, st)
	known := prepared(t, st, "known")
	settle(t, st, known.ID, 0, docflow.Update{ExternalID: "ext1", State: docflow.Queued})
	prepared(t, st, "lost")
	prepared(t, st, "twice")
	settle(t, st, "twice", 0, docflow.Update{ExternalID: "ext3", State: docflow.Queued})
	page := feed.Advance{Portal: "p", Connection: "main", From: "t0", Cursor: "t1", At: time.Now(), Items: []feed.Item{
		item("ext1", "", docflow.Sent),
		item("stranger", "somebody's", docflow.Completed),
		item("ext2", "request of lost", docflow.Queued), // the answer to its creation never came
		item("ext4", "request of twice", docflow.Completed),
		item("", "", docflow.Completed),
	}}
	require.NoError(t, st.Commit(t.Context(), page))
	require.Equal(t, "t1", cursor(t, st))
	states := func() map[docflow.ID]string {
		list, err := st.Docflows(t.Context(), "p", 10)
		require.NoError(t, err)
		got := map[docflow.ID]string{}
		for _, r := range list {
			got[r.ID] = r.ExternalID + " " + string(r.State)
		}
		return got
	}
	want := map[docflow.ID]string{"known": "ext1 sent", "lost": "ext2 queued", "twice": "ext3 queued"}
	require.Equal(t, want, states())
	written := db.count(t, "SELECT COUNT(*) FROM docflow_history")

	require.ErrorContains(t, st.Commit(t.Context(), page), "moved meanwhile")
	require.Equal(t, "t1", cursor(t, st), "two readers of one account: one wins")
	page.From = "t1"
	require.NoError(t, st.Commit(t.Context(), page))
	require.Equal(t, want, states())
	require.Equal(t, written, db.count(t, "SELECT COUNT(*) FROM docflow_history"), "a repeated page changes nothing")
	require.NoError(t, st.Commit(t.Context(), feed.Advance{Portal: "p", Connection: "main", From: "t1", Cursor: "t2", At: time.Now()}))
	require.Equal(t, "t2", cursor(t, st))
}

// newsOfOneCard: what a page says of a card is flushed once, in the page's order.
func newsOfOneCard(t *testing.T, db Opened) {
	st := db.Open(t)
	connected(t, st)
	prepared(t, st, "a")
	prepared(t, st, "b")
	elsewhere := record("c", "request of c")
	elsewhere.Card.ID++
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: elsewhere}))
	require.NoError(t, st.Commit(t.Context(), feed.Advance{Portal: "p", Connection: "main", From: "t0", Cursor: "t1", At: time.Now(), Items: []feed.Item{
		item("ext1", "request of a", docflow.Queued), item("ext2", "request of b", docflow.Queued), item("ext3", "request of c", docflow.Queued),
		item("ext1", "request of a", docflow.Sent), item("ext2", "", docflow.Sent), item("ext1", "request of a", docflow.Completed),
	}}))
	require.Equal(t, []string{`comment "queued"`, `comment "queued"`, `comment "sent"`, `comment "sent"`, `comment "completed"`}, kinds(t, st))
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'effects'"), "one for each card")
	for id, states := range map[docflow.ID][]docflow.State{"a": {docflow.Prepared, docflow.Queued, docflow.Sent, docflow.Completed},
		"b": {docflow.Prepared, docflow.Queued, docflow.Sent}, "c": {docflow.Prepared, docflow.Queued}} {
		history, err := st.History(t.Context(), id)
		require.NoError(t, err)
		var got []docflow.State
		for _, h := range history {
			got = append(got, h.State)
		}
		require.Equal(t, states, got, id)
	}
}

func newsAllOrNothing(t *testing.T, db Opened) {
	st := db.Open(t)
	connected(t, st)
	prepared(t, st, "d")
	row := claimed(t, st, "feed")
	page := feed.Advance{Portal: "p", Connection: "main", From: "t0", Cursor: "t1", At: time.Now(),
		Items: []feed.Item{item("ext", "request of d", docflow.Queued)}}
	again := lane.Result{Verdict: lane.Again, At: time.Now().Add(time.Minute), Writes: []lane.Write{page, unknown{}}}
	require.Error(t, finish(st, row, again, 0))
	require.Equal(t, "t0", cursor(t, st), "the position moves only together with what the news caused")
	rec, err := st.Docflow(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, docflow.Prepared, rec.State)

	again.Writes = again.Writes[:1]
	require.NoError(t, finish(st, row, again, 0))
	require.NoError(t, finish(st, row, again, 0), "sent again after a lost answer")
	require.Equal(t, "t1", cursor(t, st))
}

func openDocflows(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	for _, id := range []string{"unfiled", "open", "ended"} {
		prepared(t, st, id)
	}
	settle(t, st, "open", 0, docflow.Update{ExternalID: "e1", State: docflow.Sent})
	settle(t, st, "ended", 0, docflow.Update{ExternalID: "e2", State: docflow.Completed})
	list, err := st.OpenDocflows(t.Context(), "p", "main", clock.Now().Add(time.Second), 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, docflow.ID("open"), list[0].ID)
	list, err = st.OpenDocflows(t.Context(), "p", "main", clock.Now().Add(-time.Second), 10)
	require.NoError(t, err)
	require.Empty(t, list, "it was touched since")
}
