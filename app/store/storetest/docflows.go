package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

var card = docflow.Card{EntityType: 2, ID: 57}

func record(id, request string) docflow.Record {
	return docflow.Record{ID: docflow.ID(id), Portal: "p", Card: card, System: docflow.Realty, Kind: "object_request",
		Connection: "main", RequestID: request, Body: []byte(`{"a":1}`), State: docflow.Prepared,
		Created: time.Now().Truncate(time.Millisecond)}
}

func prepared(t testing.TB, st *store.Store, id string) docflow.Record {
	t.Helper()
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: record(id, "request of "+id)}))
	rec, err := st.Docflow(t.Context(), docflow.ID(id))
	require.NoError(t, err)
	return rec
}

func settle(t testing.TB, st *store.Store, id docflow.ID, seen int64, u docflow.Update) docflow.Record {
	t.Helper()
	if u.At.IsZero() {
		u.At = time.Now().Truncate(time.Millisecond)
	}
	require.NoError(t, st.Commit(t.Context(), docflow.Settle{ID: id, Seen: seen, Update: u}))
	rec, err := st.Docflow(t.Context(), id)
	require.NoError(t, err)
	return rec
}

// kinds lists a card's waiting effects with their parameters.
func kinds(t testing.TB, st *store.Store) []string {
	t.Helper()
	waiting, err := st.WaitingEffects(t.Context(), "p", card)
	require.NoError(t, err)
	var out []string
	for _, e := range waiting {
		out = append(out, string(e.Kind)+" "+string(e.Params))
	}
	return out
}

func docflowLife(t *testing.T, db Opened) {
	st := db.Open(t)
	want := record("d1", "r1")
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: want}))
	rec, err := st.Docflow(t.Context(), "d1")
	require.NoError(t, err)
	want.Version, want.Changed = 1, want.Created
	require.Equal(t, want, rec)
	_, err = st.Docflow(t.Context(), "d2")
	require.ErrorIs(t, err, store.ErrNotFound)

	at := time.Now().Truncate(time.Millisecond)
	for _, from := range []string{"t5", "t9"} { // the second run keeps where the first began to look
		require.NoError(t, st.Commit(t.Context(), docflow.Tried{ID: "d1", NewsFrom: from, At: at}))
	}
	rec, err = st.Docflow(t.Context(), "d1")
	require.NoError(t, err)
	require.Equal(t, "t5", rec.NewsFrom)
	require.Equal(t, at, rec.TriedAt)
	require.EqualValues(t, 2, rec.Version)

	rec = settle(t, st, "d1", rec.Version, docflow.Update{ExternalID: "ext", State: docflow.Suspended,
		Requirement: docflow.RequirePayment, Charges: []docflow.Charge{{UIN: "18", Sum: 200000}}, Cause: "create"})
	require.Equal(t, "ext", rec.ExternalID)
	require.Equal(t, docflow.Kopecks(200000), rec.Duty())
	rec = settle(t, st, "d1", rec.Version, docflow.Update{State: docflow.Failed, Cause: "news", Token: "t10",
		Refusal: &docflow.Refusal{Code: "no_access", CRMText: "Нет доступа"}})
	require.Equal(t, "no_access", rec.Refusal.Code)
	settle(t, st, "d1", 0, docflow.Update{State: docflow.Failed, Refusal: rec.Refusal, Cause: "get"})

	history, err := st.History(t.Context(), "d1")
	require.NoError(t, err)
	require.Len(t, history, 3, "an unchanged state is not written twice")
	require.Equal(t, "prepared", history[0].Cause)
	require.Equal(t, docflow.RequirePayment, history[1].Requirement)
	require.Equal(t, "t10", history[2].Token)
	require.Equal(t, "Нет доступа", history[2].Note)
	require.False(t, history[2].At.IsZero())
	require.Equal(t, []string{`comment "suspended"`, `comment "error"`}, kinds(t, st))

	latest, err := st.LatestDocflow(t.Context(), "p", card, docflow.Realty)
	require.NoError(t, err)
	require.Equal(t, docflow.ID("d1"), latest.ID)
	_, err = st.LatestDocflow(t.Context(), "p", card, docflow.Diadoc)
	require.ErrorIs(t, err, store.ErrNotFound)
	for portal, n := range map[string]int{"": 1, "p": 1, "q": 0} {
		list, err := st.Docflows(t.Context(), portal, 10)
		require.NoError(t, err)
		require.Len(t, list, n)
	}
	require.Error(t, st.Commit(t.Context(), docflow.Settle{ID: "d2"}), "no such docflow")
}

func olderAnswer(t *testing.T, db Opened) {
	st := db.Open(t)
	rec := prepared(t, st, "d")
	seen := rec.Version
	settle(t, st, "d", 0, docflow.Update{State: docflow.Sent, Cause: "news"})
	rec = settle(t, st, "d", seen, docflow.Update{ExternalID: "ext", State: docflow.Queued, Cause: "create"})
	require.Equal(t, docflow.Sent, rec.State, "the news was faster than the answer")
	require.Equal(t, "ext", rec.ExternalID, "what identifies the docflow is kept")
	rec = settle(t, st, "d", seen, docflow.Update{State: docflow.Uncertain, Cause: "create"})
	require.Equal(t, docflow.Sent, rec.State, "what is known is not doubted later")
	rec = settle(t, st, "d", rec.Version, docflow.Update{State: docflow.Completed, Cause: "get"})
	require.Equal(t, docflow.Completed, rec.State)
}

func signatures(t *testing.T, db Opened) {
	st := db.Open(t)
	prepared(t, st, "d")
	asked := []docflow.Statement{{FileID: "f1", PersonID: "1", Person: "Иванов"}, {FileID: "f1", PersonID: "2"}}
	settle(t, st, "d", 0, docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Statements: asked})
	at := time.Now().Truncate(time.Millisecond)
	require.NoError(t, st.Commit(t.Context(), docflow.Signed{ID: "d", FileID: "f1", PersonID: "2", At: at}))
	require.NoError(t, st.Commit(t.Context(), docflow.Signed{ID: "d", FileID: "f1", PersonID: "2", At: at.Add(time.Hour)}))
	rec, err := st.Docflow(t.Context(), "d")
	require.NoError(t, err)
	require.Len(t, rec.Unsigned(), 1)
	require.Equal(t, "Иванов", rec.Unsigned()[0].Person)
	require.True(t, at.Equal(rec.Statements[1].SignedAt), "the first signature stays")
	rec = settle(t, st, "d", 0, docflow.Update{State: docflow.Queued, Statements: asked})
	require.Len(t, rec.Unsigned(), 1, "what was signed stays signed, whatever the service lists")
}

// Statements that come without a change of state are what a person must sign: they are stored.
func newStatements(t *testing.T, db Opened) {
	st := db.Open(t)
	prepared(t, st, "d")
	u := docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Cause: "create"}
	settle(t, st, "d", 0, u)
	u.Statements = []docflow.Statement{{FileID: "f1", PersonID: "1"}}
	rec := settle(t, st, "d", 0, u)
	require.Len(t, rec.Statements, 1)
	history, err := st.History(t.Context(), "d")
	require.NoError(t, err)
	require.Len(t, history, 2, "prepared and suspended")
}

func requestIDs(t *testing.T, db Opened) {
	st := db.Open(t)
	prepared(t, st, "d1")
	again := record("d2", "request of d1")
	waiter := docflow.Waiter{Docflow: "d2", Portal: "p", Card: card, Until: docflow.UntilFirst, Token: []byte("t")}
	err := st.Commit(t.Context(), docflow.Prepare{Record: again, Waiter: &waiter})
	require.Error(t, err)
	require.NotErrorIs(t, err, lane.ErrStoreDown)
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM docflows"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters"))
}

func robots(t *testing.T, db Opened) {
	st := db.Open(t)
	wait := func(action string, until docflow.Until) docflow.Waiter {
		return docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: until, Action: action, Token: []byte("sealed")}
	}
	first := wait("create", docflow.UntilFirst)
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: record("d", "r"), Waiter: &first}))
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: wait("end", docflow.UntilCompleted)},
		docflow.Await{Waiter: wait("any", docflow.UntilAny)}))
	require.Empty(t, told(t, st), "nothing has happened yet")
	settle(t, st, "d", 0, docflow.Update{ExternalID: "ext", State: docflow.Queued, Cause: "create"})
	require.Equal(t, []string{`comment "queued"`, `robot_return "create"`, `robot_return "any"`}, told(t, st))
	settle(t, st, "d", 0, docflow.Update{State: docflow.Sent, Cause: "news"})
	settle(t, st, "d", 0, docflow.Update{State: docflow.Sent, Cause: "news"})
	require.Len(t, told(t, st), 4, "each robot is answered once")
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: wait("sent", docflow.UntilSent)}))
	require.Equal(t, `robot_return "sent"`, told(t, st)[4], "it is already where the robot wants it")
	settle(t, st, "d", 0, docflow.Update{State: docflow.Completed, Cause: "news"})
	require.Equal(t, []string{`comment "completed"`, `robot_return "end"`}, told(t, st)[5:])
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters"))
	require.Error(t, st.Commit(t.Context(), docflow.Await{Waiter: docflow.Waiter{Docflow: "none"}}))
}

func effects(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{}
	st.SetScheduler(h)
	other := docflow.Card{EntityType: 1, ID: 3}
	all := []reaction.Effect{
		{Portal: "p", Card: card, Kind: reaction.SetFields, Params: []byte(`{"A":"1"}`)},
		{Portal: "p", Card: other, Kind: reaction.Comment, Params: []byte(`"x"`)},
		{Portal: "p", Card: card, Docflow: "d", Kind: reaction.Comment, Params: []byte(`"y"`)},
	}
	require.Error(t, st.Commit(t.Context(), reaction.Enqueue{Effects: all}, unknown{}))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM effects"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM inbox"))
	require.Empty(t, h.pushed, "nothing is worked that was not committed")

	require.NoError(t, st.Commit(t.Context(), reaction.Enqueue{Effects: all}, reaction.Enqueue{}))
	require.Len(t, h.pushed, 2, "one row flushes a card")
	require.Equal(t, store.EffectsKind, h.pushed[0].Kind)
	require.Equal(t, "fx/2:57", h.pushed[0].Part)
	require.JSONEq(t, `{"entityType":2,"id":57}`, string(h.pushed[0].Body))
	waiting, err := st.WaitingEffects(t.Context(), "p", card)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	require.Equal(t, docflow.ID("d"), waiting[1].Docflow)
	require.Less(t, waiting[0].ID, waiting[1].ID)

	require.NoError(t, st.Commit(t.Context(), reaction.Begun{ID: waiting[1].ID, Mark: "3 comments"},
		reaction.Ended{ID: waiting[0].ID}))
	waiting, err = st.WaitingEffects(t.Context(), "p", card)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, "3 comments", waiting[0].Mark)
	require.NoError(t, st.Commit(t.Context(), reaction.Ended{ID: waiting[0].ID, Failed: true, Note: "no access"},
		reaction.Ended{ID: waiting[0].ID}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM effects WHERE state = 2 AND note = 'no access'"), "the first outcome stays")
}
