package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/journal"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
)

// trace is what a run leaves that made these calls.
func trace(began time.Time, calls ...journal.Call) journal.Trace {
	for i := range calls {
		calls[i].Began, calls[i].Packed = began, max(1, calls[i].Packed)
	}
	return journal.Trace{Began: began, Calls: calls}
}

func called(op, class string) journal.Call {
	c := journal.Call{System: "realty", Op: op, Took: 1200 * time.Millisecond, Status: 200, Class: class}
	if class != "" {
		c.Status, c.Words = 503, "не отвечает\x00"
	}
	return c
}

// rerun loads the row again and ends one more run of it.
func rerun(t *testing.T, st *store.Store, row lane.Row, r lane.Result, tries int) {
	t.Helper()
	require.NoError(t, finish(st, row, r, tries))
	require.NoError(t, finish(st, row, r, tries), "a commit that was not answered is sent again")
}

// callsOfRuns proves what a run leaves: with its outcome, once, bounded, and nothing of a feed that found nothing.
func callsOfRuns(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	row := claimed(t, st, "p")
	at := clock.Now()
	again := func(v lane.Verdict, tr journal.Trace, note string, writes ...lane.Write) {
		clock.Move(time.Second)
		tr.Began = clock.Now()
		rerun(t, st, row, lane.Result{Verdict: v, At: clock.Now().Add(time.Minute), Note: note, Trace: tr, Writes: writes}, 1)
	}
	again(lane.Backoff, trace(at, called("POST /docflows", "retry")), "не отвечает")
	again(lane.Aside, journal.Trace{}, "ждёт")
	again(lane.Again, trace(at, called("GET /news", "")), "")
	again(lane.Again, trace(at, called("GET /news", "relogin"), called("GET /news", "")), "")
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM runs"), "nobody asks for what found nothing")
	again(lane.Again, trace(at, called("GET /news", "")), "", lane.NewRow{Lane: "q", Part: "x", Kind: "k"})
	for range 3 { // it cannot be read for a while: one run, with the calls of the first
		again(lane.Again, trace(at, called("GET /news", "retry")), "503")
	}
	again(lane.Again, trace(at, called("GET /news", "retry")), "504")
	big := trace(at)
	for i := range journal.MaxCalls {
		big.Calls = append(big.Calls, called(fmt.Sprint("GET /", i), ""))
	}
	clock.Move(time.Second)
	big = trace(clock.Now(), big.Calls...)
	big.More = 7
	require.NoError(t, finish(st, row, lane.Result{Trace: big, Note: "готово"}, 0))

	story, err := st.Story(t.Context(), "p", row.ID)
	require.NoError(t, err)
	type told struct {
		verdict string
		failed  bool
		times   int
		more    int
	}
	var runs []told
	for _, r := range story.Runs {
		runs = append(runs, told{r.Verdict, r.Failed, r.Times, r.More})
	}
	require.Equal(t, []told{{"backoff", true, 1, 0}, {"again", false, 1, 0}, {"again", true, 3, 0}, {"again", true, 1, 0}, {"done", false, 1, 7}}, runs)
	require.Len(t, story.Calls, 4+journal.MaxCalls)
	require.Equal(t, journal.Call{Job: row.ID, Run: story.Runs[0].Began, System: "realty", Op: "POST /docflows", Began: story.Calls[0].Began,
		Took: 1200 * time.Millisecond, Status: 503, Class: "retry", Packed: 1, Words: story.Calls[0].Words}, story.Calls[0])
	require.Contains(t, story.Calls[0].Words, "не отвечает")
	require.False(t, story.Job.Finished.IsZero())

	clock.Move(25 * time.Hour)
	prune(t, st, 20)
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM calls"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM runs"))
}

// stories proves that each part of what happened leads to the others, within one portal.
func stories(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	installed(t, st)
	id := accept(t, st, lane.NewRow{Lane: "p", Part: "2:57", Kind: "event", Body: []byte(`{"event":"ONCRMDEALUPDATE","card":{"entityType":2,"id":57}}`)})
	lease := claim(t, st, "n", time.Minute, 1)[0]
	next := func() lane.Row { return load(t, st, lease)[0] }
	require.NoError(t, finish(st, next(), lane.Result{Writes: []lane.Write{lane.NewRow{Lane: "p", Part: "2:57", Kind: "action", Code: "realty_extract",
		Body: []byte(`{"card":{"entityType":2,"id":57},"user":7}`)}}}, 0))
	action := next()
	rec := record("d1", "r1")
	rec.Body = []byte(`{"object":{"cadastralNumber":"77:01:0001001:1234"},"documentNumber":"Д-15 / 7",
		"Metadata":[{"Key":"DocumentNumber","Value":"УПД-9"}]}`)
	require.NoError(t, finish(st, action, lane.Result{Writes: []lane.Write{docflow.Prepare{Record: rec}, docflow.Settle{ID: "d1",
		Update: docflow.Update{ExternalID: "ext-1", State: docflow.Queued, Cause: "create", At: clock.Now(), Charges: []docflow.Charge{{UIN: "18800001", Sum: 1}}}}},
		Trace: trace(clock.Now(), called("POST /docflows", ""))}, 0))
	flush := next()
	waiting, err := st.WaitingEffects(t.Context(), "p", card)
	require.NoError(t, err)
	require.NotEmpty(t, waiting)
	effects := lane.Result{Verdict: lane.Dead, Note: "сделка удалена", Trace: trace(clock.Now(), called("crm.item.update", "refused"))}
	for _, e := range waiting {
		effects.Writes = append(effects.Writes, reaction.Ended{ID: e.ID, Failed: true, Note: "нет прав"})
	}
	clock.Move(time.Second)
	require.NoError(t, finish(st, flush, effects, 1))
	require.NoError(t, st.RetryBy(t.Context(), "p", flush.ID, 7))
	clock.Move(time.Second)
	require.NoError(t, st.CancelBy(t.Context(), "p", flush.ID, 8))

	story, err := st.Story(t.Context(), "p", action.ID)
	require.NoError(t, err)
	require.Equal(t, id, story.Cause.ID)
	require.EqualValues(t, 7, story.Call.User)
	require.Len(t, story.Made, 1)
	require.Equal(t, flush.ID, story.Made[0].ID)
	require.Len(t, story.Docflows, 1)
	require.Empty(t, story.Docflows[0].Record.Body)
	var states []docflow.State
	for _, h := range story.Docflows[0].History {
		states = append(states, h.State)
	}
	require.Equal(t, []docflow.State{docflow.Prepared, docflow.Queued}, states)
	require.Equal(t, []int64{action.ID, action.ID}, story.Docflows[0].Jobs)
	require.Len(t, story.Effects, len(waiting))
	require.Len(t, story.Calls, 2, "with those that tried to apply its effects")
	first, err := st.Story(t.Context(), "p", id)
	require.NoError(t, err)
	require.Equal(t, "ONCRMDEALUPDATE", first.Call.Event)
	require.Equal(t, action.ID, first.Made[0].ID)
	last, err := st.Story(t.Context(), "p", flush.ID)
	require.NoError(t, err)
	require.Equal(t, []journal.Act{{At: last.Acts[0].At, Act: "retry", User: 7}, {At: last.Acts[1].At, Act: "cancel", User: 8}}, last.Acts)
	require.Len(t, last.Effects, len(waiting))

	feed := accept(t, st, lane.NewRow{Lane: "p", Part: "offline", Kind: "offline"})
	require.ErrorIs(t, st.CancelBy(t.Context(), "p", feed, 8), store.ErrNotFound, "the bridge keeps itself going by it")
	require.NoError(t, st.RetryBy(t.Context(), "p", feed, 8))
	require.NoError(t, st.CancelJob(t.Context(), feed), "the operator may")

	for _, number := range []string{"d1", "r1", "ext-1", " 77:01:0001001:1234", "18800001", "д-15  / 7", "упд-9"} {
		found, err := st.SearchJobs(t.Context(), journal.Query{Portal: "p", Number: number})
		require.NoError(t, err)
		require.Len(t, found.Jobs, 1, number)
		require.Equal(t, action.ID, found.Jobs[0].ID)
		records, err := st.SearchDocflows(t.Context(), journal.Query{Portal: "p", Number: number})
		require.NoError(t, err)
		require.Len(t, records, 1)
	}
	records, err := st.SearchDocflows(t.Context(), journal.Query{Portal: "p", Card: card})
	require.NoError(t, err)
	require.Len(t, records, 1)

	whole, err := st.DocflowStory(t.Context(), "p", "d1")
	require.NoError(t, err)
	require.Equal(t, []int{2, len(waiting), 2, 1}, []int{len(whole.Docflows[0].History), len(whole.Effects), len(whole.Calls), len(whole.Made)})
	_, err = st.DocflowStory(t.Context(), "other", "d1")
	require.ErrorIs(t, err, journal.ErrNotFound)

	// Another portal guesses.
	for _, guess := range []int64{id, action.ID, flush.ID, 999} {
		_, err = st.Story(t.Context(), "other", guess)
		require.ErrorIs(t, err, journal.ErrNotFound)
		_, err = st.Story(t.Context(), "", guess)
		require.ErrorIs(t, err, journal.ErrNotFound)
		require.ErrorIs(t, st.RetryBy(t.Context(), "other", guess, 1), store.ErrNotFound)
		require.ErrorIs(t, st.CancelBy(t.Context(), "other", guess, 1), store.ErrNotFound)
	}
	for _, q := range []journal.Query{{Number: "77:01:0001001:1234"}, {Number: "d1"}, {Number: "ext-1"}, {Card: card}, {}} {
		q.Portal = "other"
		found, err := st.SearchJobs(t.Context(), q)
		require.NoError(t, err)
		require.Empty(t, found.Jobs)
		records, err := st.SearchDocflows(t.Context(), q)
		require.NoError(t, err)
		require.Empty(t, records)
	}
	_, err = st.SearchJobs(t.Context(), journal.Query{})
	require.Error(t, err, "nobody sees all portals here")
}

// searches proves the filters and that pages meet without a gap or a repeat.
func searches(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	begun := clock.Now()
	const n = 130
	for i := range n {
		kind := "robot"
		if i%10 == 0 {
			kind = "effects"
		}
		accept(t, st, lane.NewRow{Lane: "p", Part: fmt.Sprintf("2:%d", i%7), Kind: kind})
		accept(t, st, lane.NewRow{Lane: "other", Part: "2:1", Kind: kind})
		clock.Move(time.Hour)
	}
	lease := claim(t, st, "n", time.Minute, 5)
	for _, l := range lease {
		if l.Lane == "p" {
			rows, err := st.Load(t.Context(), "p", 0, n)
			require.NoError(t, err)
			for i, row := range rows[:120] {
				row.Lease = l
				v := lane.Done
				if i%20 == 5 {
					v = lane.Dead
				}
				require.NoError(t, finish(st, row, lane.Result{Verdict: v}, 0))
			}
		}
	}
	all := func(q journal.Query) (ids []int64) {
		q.Portal = "p"
		for pages := 0; ; pages++ {
			page, err := st.SearchJobs(t.Context(), q)
			require.NoError(t, err)
			for _, j := range page.Jobs {
				require.Equal(t, "p", j.Portal)
				require.True(t, len(ids) == 0 || j.ID < ids[len(ids)-1], "newest first, each once")
				ids = append(ids, j.ID)
			}
			if page.Next == 0 {
				return ids
			}
			q.Before = page.Next
			require.Less(t, pages, 50)
		}
	}
	require.Len(t, all(journal.Query{Limit: 11}), 117, "without the bridge's own rows")
	require.Len(t, all(journal.Query{Limit: 11, Service: true}), n)
	require.Len(t, all(journal.Query{State: "dead"}), 6)
	require.Len(t, all(journal.Query{State: "waiting", Service: true, Limit: 3}), 10)
	require.Len(t, all(journal.Query{State: "canceled"}), 0)
	require.Len(t, all(journal.Query{Card: docflow.Card{EntityType: 2, ID: 3}, Service: true, Limit: 4}), 19)
	require.Len(t, all(journal.Query{From: begun.Add(10 * time.Hour), To: begun.Add(20 * time.Hour), Service: true}), 10)
	require.Len(t, all(journal.Query{From: begun.Add(10 * time.Hour), To: begun.Add(31 * time.Hour), Service: true, State: "dead"}), 1)
	require.Empty(t, all(journal.Query{From: begun.Add(1000 * time.Hour)}))
	require.Empty(t, all(journal.Query{To: begun}))
}

// health proves what is told of connections and of what waits.
func health(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	connected(t, st)
	conns, err := st.Connections(t.Context(), "p")
	require.NoError(t, err)
	row := feed.Row(conns[0])
	require.NoError(t, st.EnsureRows(t.Context(), row))
	lease := claim(t, st, "n", time.Minute, 5)[0]
	look := func() journal.Connection {
		all, err := st.ConnectionsHealth(t.Context(), "p")
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	read := func(class, note string) {
		clock.Move(time.Minute)
		require.NoError(t, finish(st, load(t, st, lease)[0], lane.Result{Verdict: lane.Again, At: clock.Now().Add(15 * time.Second), Note: note,
			Trace: trace(clock.Now(), called("GET /news", class))}, 0))
	}
	require.True(t, look().Reads)
	require.True(t, look().Read.IsZero())
	read("", "")
	require.Equal(t, clock.Now(), look().Read)
	require.True(t, look().Failing.IsZero())
	read("retry", "503")
	since := clock.Now()
	read("retry", "503")
	read("retry", "504")
	require.Equal(t, since, look().Failing)
	require.Equal(t, "504", look().Words)
	clock.Move(time.Hour)
	lag := look().Lag
	require.InDelta(t, 96, len(lag), 1)
	require.InDelta(t, clock.Now().Sub(since).Minutes(), lag[len(lag)-1].Value, .01, "nobody has read it since")
	require.Zero(t, lag[50].Value)
	require.NoError(t, st.MarkConnection(t.Context(), "p", "main", portal.ConnectionRefused, "пароль"))
	require.Equal(t, clock.Now(), look().Since)
	read("", "")
	require.True(t, look().Failing.IsZero())
	require.True(t, look().Next.After(clock.Now()))
	require.NoError(t, st.CheckConnection(t.Context(), "p", "main"))
	require.Equal(t, clock.Now(), look().Next)
	require.ErrorIs(t, st.CheckConnection(t.Context(), "other", "main"), journal.ErrNotFound)

	accept(t, st, lane.NewRow{Lane: "p", Part: "2:1"})
	came := clock.Now()
	accept(t, st, lane.NewRow{Lane: "p", Part: "2:2", RunAt: came.Add(time.Hour)})
	clock.Move(3 * time.Minute)
	backlog, err := st.Backlog(t.Context(), "p")
	require.NoError(t, err)
	require.Equal(t, journal.Backlog{Waiting: 1, Later: 1, Oldest: came}, backlog)
	points, err := st.WaitingByMinute(t.Context(), "p", 60)
	require.NoError(t, err)
	require.Len(t, points, 60)
	require.EqualValues(t, 1, points[59].Value)
	require.EqualValues(t, 1, points[58].Value)
	require.Zero(t, points[50].Value)
	counts, err := st.CountJobs(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 4, counts[0])
}

// prunesPastWork proves what goes with time, and that docflows keep their history.
func prunesPastWork(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	rec := prepared(t, st, "d1")
	require.NoError(t, st.Commit(t.Context(), docflow.Await{Waiter: docflow.Waiter{Docflow: rec.ID, Portal: "p", Card: card, Until: docflow.UntilCompleted, Token: []byte("t")}}))
	settle(t, st, "d1", 0, docflow.Update{State: docflow.Queued})
	ended := func() (ids []int64) {
		waiting, err := st.WaitingEffects(t.Context(), "p", card)
		require.NoError(t, err)
		for _, e := range waiting {
			ids = append(ids, e.ID)
		}
		return ids
	}
	ids := ended()
	lease := claim(t, st, "n", time.Minute, 1)[0]
	rows := load(t, st, lease)
	require.NoError(t, finish(st, rows[0], lane.Result{Verdict: lane.Dead, Writes: []lane.Write{reaction.Ended{ID: ids[0], Failed: true}}}, 0))
	settle(t, st, "d1", 0, docflow.Update{State: docflow.Sent})
	require.NoError(t, st.Commit(t.Context(), reaction.Ended{ID: ended()[0]}))
	settle(t, st, "d1", 0, docflow.Update{State: docflow.Failed})
	left := len(ended())
	history := db.count(t, "SELECT COUNT(*) FROM docflow_history")
	clock.Move(25 * time.Hour)
	prune(t, st, 3)
	require.Equal(t, 1+left, db.count(t, "SELECT COUNT(*) FROM effects"), "one that a retry would try again stays, and what waits")
	require.Equal(t, history, db.count(t, "SELECT COUNT(*) FROM docflow_history"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM waiters"))
	require.NoError(t, st.CancelJob(t.Context(), rows[0].ID))
	clock.Move(25 * time.Hour)
	prune(t, st, 3)
	require.Equal(t, left, db.count(t, "SELECT COUNT(*) FROM effects"))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM job_acts"))
}

// erasesPast proves that nothing is left of a removed portal's journal.
func erasesPast(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	busyPortal(t, st)
	rec := record("numbered", "request of numbered")
	rec.Body = []byte(`"77:01:0001001:1234"`)
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: rec}))
	for range 3 {
		accept(t, st, lane.NewRow{Lane: "p", Part: "2:57"})
	}
	lease := claim(t, st, "n", time.Minute, 1)[0]
	for _, row := range load(t, st, lease) {
		require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Dead, Trace: trace(clock.Now(), called("GET /", "retry"), called("GET /", ""))}, 1))
		require.NoError(t, st.CancelBy(t.Context(), "p", row.ID, 7))
	}
	tables := []string{"runs", "calls", "job_acts", "docflow_numbers"}
	for _, table := range tables {
		require.NotZero(t, db.count(t, "SELECT COUNT(*) FROM "+table), table)
	}
	clock.Move(time.Minute)
	for _, client := range []string{"app.1", "app_1"} {
		require.NoError(t, st.RemoveApplication(t.Context(), "p", client, true))
	}
	left, err := st.Load(t.Context(), "p", 0, 10)
	require.NoError(t, err)
	for more := true; more; {
		more, err = st.Erase(t.Context(), "p", left[0].Body, 2)
		require.NoError(t, err)
	}
	for _, table := range tables {
		require.Zero(t, db.count(t, "SELECT COUNT(*) FROM "+table), table)
	}
}
