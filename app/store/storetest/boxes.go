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

// boxed stores portal p with two boxes; a record for each name, through the box that it names.
func boxed(t testing.TB, st *store.Store, through map[string]string) {
	t.Helper()
	installed(t, st)
	require.NoError(t, st.SaveSettings(t.Context(), "p", []byte("a: 1"), []portal.Connection{
		{Portal: "p", Name: "one", Kind: docflow.Diadoc, Default: true, AccountID: "b1"}, {Portal: "p", Name: "two", Kind: docflow.Diadoc, AccountID: "b2"}}, nil, nil))
	require.NoError(t, st.TakeCursor(t.Context(), "p", "one", "k0"))
	for id, connection := range through {
		rec := docflow.Record{ID: docflow.ID(id), Portal: "p", Card: docflow.Card{EntityType: 2, ID: 57}, System: docflow.Diadoc, Kind: "Contract",
			Connection: connection, RequestID: "request of " + id, State: docflow.Prepared, Created: time.Now()}
		require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: rec}))
	}
}

func messageAt(state docflow.State, at int64, acts ...string) docflow.Update {
	return docflow.Update{State: state, Documents: []docflow.Document{{EntityID: "e", Type: "Contract", Title: "Договор", State: state}},
		Read: docflow.Reading{At: at, Acts: acts}, Cause: docflow.CauseNews, At: time.Now().Truncate(time.Millisecond)}
}

func ids(records []docflow.Record) []docflow.ID {
	var all []docflow.ID
	for _, r := range records {
		all = append(all, r.ID)
	}
	return all
}

// boxMessages: a message is told to the connection that follows it, by its id or by the request that made it.
func boxMessages(t *testing.T, db Opened) {
	st := db.Open(t)
	boxed(t, st, map[string]string{"a": "one", "b": "two", "c": "gone", "d": "one"})
	for _, id := range []string{"a", "b", "c"} {
		u := messageAt(docflow.AwaitingAnswer, 1, "sent")
		u.ExternalID = "message"
		settle(t, st, docflow.ID(id), 0, u)
	}
	find := func(connection string, messages, requests []string) []docflow.ID {
		found, err := st.BoxMessages(t.Context(), "p", connection, messages, requests)
		require.NoError(t, err)
		return ids(found)
	}
	require.ElementsMatch(t, []docflow.ID{"a", "c"}, find("one", []string{"message", "other"}, nil), "the other side of a box of ours is not ours")
	require.ElementsMatch(t, []docflow.ID{"b", "c"}, find("two", []string{"message"}, nil))
	require.ElementsMatch(t, []docflow.ID{"a", "c", "d"}, find("one", []string{"message"}, []string{"request of d", "request of a", "request of b"}))
	require.Empty(t, find("one", nil, nil))

	again := messageAt(docflow.AllSigned, 2, "sent", "signed")
	page := feed.Advance{Portal: "p", Connection: "one", From: "k0", Cursor: "k1", At: time.Now(), Rows: []lane.NewRow{{Lane: "p", Part: "incoming/x", Kind: "incoming"}},
		Items: []feed.Item{{Docflow: "a", ExternalID: "message", Update: again}, {Docflow: "d", ExternalID: "second", Update: messageAt(docflow.AwaitingAnswer, 1, "sent")}}}
	require.NoError(t, st.Commit(t.Context(), page))
	states := func() map[docflow.ID]string {
		all, err := st.Docflows(t.Context(), "p", 10)
		require.NoError(t, err)
		got := map[docflow.ID]string{}
		for _, r := range all {
			got[r.ID] = r.ExternalID + " " + string(r.State)
		}
		return got
	}
	want := map[docflow.ID]string{"a": "message signed", "b": "message awaiting-answer", "c": "message awaiting-answer", "d": "second awaiting-answer"}
	require.Equal(t, want, states())
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'incoming'"))
	require.ErrorContains(t, st.Commit(t.Context(), page), "moved meanwhile")
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'incoming'"), "all of a page or nothing")
	settle(t, st, "a", 0, messageAt(docflow.AwaitingAnswer, 1, "sent"))
	require.Equal(t, want, states(), "an older reading changes nothing")
	rec, err := st.Docflow(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, docflow.Reading{At: 2, Acts: []string{"sent", "signed"}}, rec.Read)

	moved := messageAt(docflow.AwaitingAnswer, 1, "sent")
	moved.MovedTo = "sent draft"
	require.NoError(t, st.Commit(t.Context(), feed.Advance{Portal: "p", Connection: "one", From: "k1", Cursor: "k2", At: time.Now(),
		Items: []feed.Item{{Docflow: "d", ExternalID: "sent draft", Update: moved}}}))
	require.Equal(t, "sent draft awaiting-answer", states()["d"])
}

// openMessages: what is over is not looked at any more, and the others come in turn.
func openMessages(t *testing.T, db Opened) {
	st := db.Open(t)
	boxed(t, st, map[string]string{"a": "one", "b": "one", "c": "one", "d": "two", "e": "one", "f": "one"})
	for id, state := range map[string]docflow.State{"a": docflow.AwaitingAnswer, "b": docflow.AllSigned, "c": docflow.RevocationIn, "d": docflow.AwaitingAnswer,
		"e": docflow.Failed, "f": "a new word"} {
		u := messageAt(state, 1)
		u.ExternalID = "message " + id
		settle(t, st, docflow.ID(id), 0, u)
	}
	open := func(since time.Time, after docflow.ID, limit int) []docflow.ID {
		found, err := st.OpenMessages(t.Context(), "p", "one", since, after, limit)
		require.NoError(t, err)
		return ids(found)
	}
	later := time.Now().Add(time.Hour)
	require.Equal(t, []docflow.ID{"a", "c", "f"}, open(later, "", 10))
	require.Equal(t, []docflow.ID{"a", "c"}, open(later, "", 2))
	require.Equal(t, []docflow.ID{"f"}, open(later, "c", 2))
	require.Empty(t, open(time.Now().Add(-time.Hour), "", 10), "touched a moment ago")
}

// cameFromOutside: the history of a message that the bridge has not sent begins with the service's word.
func cameFromOutside(t *testing.T, db Opened) {
	st := db.Open(t)
	installed(t, st)
	rec := docflow.Record{ID: "in", Portal: "p", Card: docflow.Card{EntityType: 1, ID: 5}, System: docflow.Diadoc, Kind: "Contract", Connection: "one",
		RequestID: "in", ExternalID: "message", Created: time.Now()}
	u := messageAt(docflow.AwaitingAnswer, 1, "sent")
	u.Documents[0].Comment = "по договору"
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: rec}, docflow.Settle{ID: "in", Update: u}))
	history, err := st.History(t.Context(), "in")
	require.NoError(t, err)
	require.Len(t, history, 1)
	require.Equal(t, docflow.AwaitingAnswer, history[0].State)
	require.Equal(t, "Договор: по договору", history[0].Note)
}
