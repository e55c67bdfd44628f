package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

// told is kinds without the lines of workflows' logs.
func told(t testing.TB, st *store.Store) []string {
	t.Helper()
	return slices.DeleteFunc(kinds(t, st), func(s string) bool { return strings.HasPrefix(s, "robot_log ") })
}

func overdue(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	prepared(t, st, "d")
	now := clock.Now()
	for _, deadline := range []time.Time{{}, now.Add(-time.Minute), now.Add(time.Minute), now.Add(time.Hour)} {
		require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: docflow.Waiter{Docflow: "d", Portal: "p", Card: card,
			Until: docflow.UntilCompleted, Action: "end", Token: []byte("t"), Deadline: deadline}}))
	}
	require.Equal(t, 3, db.count(t, "SELECT COUNT(*) FROM waiters"), "a step that has given up is not waited with")
	gone, err := st.OverdueWaiters(t.Context(), now.Add(2*time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
	settle(t, st, "d", 0, docflow.Update{State: docflow.Completed})
	require.Equal(t, []string{`comment "completed"`, `robot_return "end"`, `robot_return "end"`}, told(t, st))
}

func progress(t *testing.T, db Opened) {
	st := db.Open(t)
	w := docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: docflow.UntilCompleted, Action: "end", Token: []byte("t")}
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: record("d", "r"), Waiter: &w}))
	require.Empty(t, kinds(t, st))
	settle(t, st, "d", 0, docflow.Update{ExternalID: "ext", State: docflow.Queued, Cause: "create"})
	settle(t, st, "d", 0, docflow.Update{State: docflow.Queued, Cause: "news"})
	settle(t, st, "d", 0, docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Cause: "news"})
	settle(t, st, "d", 0, docflow.Update{State: docflow.Suspended, Requirement: docflow.RequireSignature, Cause: "news",
		Files: []docflow.File{{ID: "f"}}})
	var lines []string
	for _, k := range kinds(t, st) {
		if line, ok := strings.CutPrefix(k, "robot_log "); ok {
			lines = append(lines, line)
		}
	}
	require.Len(t, lines, 2, "one for each place that it came to")
	require.Contains(t, lines[1], "нужны подписи. Шаг ждёт завершения.")
	settle(t, st, "d", 0, docflow.Update{State: docflow.Completed, Cause: "news"})
	require.Equal(t, `robot_return "end"`, kinds(t, st)[len(kinds(t, st))-1], "the end is an answer, not a line")
}

// answered decodes the only waiting answer to a robot.
func answered(t *testing.T, st *store.Store) reaction.ReturnParams {
	t.Helper()
	var p reaction.ReturnParams
	all := slices.DeleteFunc(kinds(t, st), func(s string) bool { return !strings.HasPrefix(s, "robot_return ") })
	require.Len(t, all, 1)
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(all[0], "robot_return ")), &p))
	return p
}

func expires(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	h := &holder{}
	st.SetScheduler(h)
	rec := prepared(t, st, "d")
	answerBy := clock.Now().Add(50 * time.Second)
	w := docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: docflow.UntilCompleted, Action: "end", Token: []byte("t"),
		Workflow: "66e8.1", Deadline: clock.Now().Add(time.Minute), AnswerBy: answerBy}
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: w}))
	at := slices.IndexFunc(h.pushed, func(r lane.Row) bool { return r.Kind == store.DeadlineKind })
	require.GreaterOrEqual(t, at, 0)
	require.Equal(t, answerBy, h.pushed[at].RunAt)
	require.NotEqual(t, card.String(), h.pushed[at].Part, "it holds nothing up while it waits for its time")
	var e docflow.Expire
	require.NoError(t, json.Unmarshal(h.pushed[at].Body, &e))
	require.Equal(t, rec.ID, e.Docflow)
	clock.Move(50 * time.Second)
	require.NoError(t, st.Commit(t.Context(), e, e))
	p := answered(t, st)
	require.Equal(t, "timeout", p.Values["error_code"])
	require.Equal(t, "prepared", p.Values["state"])
	require.Equal(t, "66e8.1", p.Workflow)
	settle(t, st, "d", 0, docflow.Update{State: docflow.Completed})
	answered(t, st)

	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: w}))
	settle(t, st, "d", 0, docflow.Update{State: docflow.Failed})
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters"))
}

func waitsForItsTry(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	h := &holder{}
	st.SetScheduler(h)
	w := docflow.Waiter{Portal: "p", Card: card, Until: docflow.UntilNow, Action: "realty_sign", Token: []byte("t"),
		Deadline: clock.Now().Add(time.Minute), AnswerBy: clock.Now().Add(50 * time.Second)}
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: w}, docflow.Await{Waiter: w}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM waiters"), "once, however often it is tried")
	require.Empty(t, kinds(t, st))

	prepared(t, st, "d")
	filed := w
	filed.Docflow, filed.Until = "d", docflow.UntilCompleted
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: filed}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM waiters"), "the docflow's own takes its place")
	var first docflow.Expire
	require.NoError(t, json.Unmarshal(h.pushed[0].Body, &first))
	require.NoError(t, st.Commit(t.Context(), first))
	require.Empty(t, told(t, st))

	other := w
	other.Token = []byte("u")
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: other}))
	var last docflow.Expire
	require.NoError(t, json.Unmarshal(h.pushed[len(h.pushed)-1].Body, &last))
	require.NoError(t, st.Commit(t.Context(), last))
	p := answered(t, st)
	require.Equal(t, map[string]any{"state": "uncertain", "error_code": "timeout", "error": p.Log}, p.Values)
	require.Equal(t, []byte("u"), p.Token)

	third := w
	third.Token = []byte("v")
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: third}))
	params, err := json.Marshal(reaction.ReturnParams{Token: []byte("v")})
	require.NoError(t, err)
	require.NoError(t, st.Commit(t.Context(), reaction.Enqueue{Effects: []reaction.Effect{{Portal: "p", Card: card, Kind: reaction.RobotReturn, Params: params}}}))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters WHERE docflow = ''"), "it was answered: its time has no meaning any more")
}

// robotRow stores a robot's call and takes it up.
func robotRow(t *testing.T, st *store.Store, c inbox.Call) lane.Row {
	t.Helper()
	body, err := json.Marshal(c)
	require.NoError(t, err)
	require.NoError(t, st.SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active, Installed: time.Now()},
		portal.Application{ClientID: "c", State: portal.Active}))
	accept(t, st, lane.NewRow{Lane: "p", Part: card.String(), Kind: inbox.KindRobot, Code: "realty_sign", Body: body})
	leases := claim(t, st, "node", time.Minute, 10)
	require.Len(t, leases, 1)
	rows := load(t, st, leases[0])
	return rows[len(rows)-1]
}

func titled(o *store.Options) {
	o.Title = func(string) string { return "Приложить подписи" }
}

func deadTells(t *testing.T, db Opened) {
	st := db.Open(t, titled)
	row := robotRow(t, st, inbox.Call{Card: card, EventToken: []byte("t"), WorkflowID: "66e8.1"})
	filed := record("d", "r")
	filed.State, filed.ExternalID = docflow.Suspended, "ext"
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: filed,
		Waiter: &docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: docflow.UntilCompleted, Token: []byte("t")}}))
	require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Dead, Note: "портал отказал"}, 1))
	require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Dead, Note: "портал отказал"}, 1))
	all := kinds(t, st)
	require.Len(t, all, 3, "said once: field, line, answer")
	require.Contains(t, all[0], "«Приложить подписи» не выполнено: портал отказал.")
	p := answered(t, st)
	require.Equal(t, "failed", p.Values["error_code"])
	require.Equal(t, "d", p.Values["docflow_id"])
	require.Equal(t, "suspended", p.Values["state"])
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters"), "it is not answered a second time")

	require.NoError(t, st.CancelJob(t.Context(), row.ID))
	require.Len(t, kinds(t, st), 3, "that it failed is told already")
}

func canceledTells(t *testing.T, db Opened) {
	st := db.Open(t, titled)
	row := robotRow(t, st, inbox.Call{Card: card, EventToken: []byte("t")})
	require.NoError(t, st.CancelJob(t.Context(), row.ID))
	p := answered(t, st)
	require.Equal(t, "canceled", p.Values["error_code"])
	require.Equal(t, "error", p.Values["state"])
	require.ErrorIs(t, st.CancelJob(t.Context(), row.ID), store.ErrNotFound)
	before := len(kinds(t, st))

	body, err := json.Marshal(inbox.Call{Card: card})
	require.NoError(t, err)
	accept(t, st, lane.NewRow{Lane: "p", Part: card.String(), Kind: inbox.KindHook, Code: "realty_sign", Body: body})
	rows := load(t, st, row.Lease)
	hook := rows[len(rows)-1]
	require.NoError(t, finish(st, hook, lane.Result{Verdict: lane.Dead, Note: "нет"}, 1))
	require.Len(t, kinds(t, st), before+2, "nobody waits for a webhook, the card shows it")
	_, err = db.Raw.Exec("UPDATE portals SET state = 'removed'")
	require.NoError(t, err)
	require.NoError(t, st.RetryJob(t.Context(), hook.ID))
	require.NoError(t, finish(st, hook, lane.Result{Verdict: lane.Dead, Note: "нет"}, 1))
	require.Len(t, kinds(t, st), before+2, "nothing can be told to a portal that is gone")
}
