package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/watchdog"
)

func lostCalls(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	ctx := t.Context()
	call := func(workflow, code string) {
		require.NoError(t, st.Commit(ctx, inbox.Called{Portal: "p", Workflow: workflow, Code: code}))
		clock.Move(time.Second)
	}
	call("w1", "realty_extract")
	call("w1", "realty_extract")
	call("w1", "realty_status")
	call("w2", "realty_wait")
	require.NoError(t, st.Commit(ctx, inbox.Called{Portal: "q", Workflow: "w1", Code: "x"}, inbox.Called{Portal: "p", Code: "x"}))
	unlearned, err := st.Unlearned(ctx, "p", 10)
	require.NoError(t, err)
	require.Equal(t, []string{"w2", "w1"}, unlearned, "latest first")
	unlearned, err = st.Unlearned(ctx, "p", 1)
	require.NoError(t, err)
	require.Len(t, unlearned, 1)

	learnedAt := clock.Now()
	require.NoError(t, st.Commit(ctx, watchdog.Learned{Portal: "p", Workflows: []watchdog.Origin{
		{Workflow: "w1", Template: 212, Entity: "CCrmDocumentDeal"}, {Workflow: "w2", Ended: true}}}))
	unlearned, err = st.Unlearned(ctx, "p", 10)
	require.NoError(t, err)
	require.Empty(t, unlearned)
	clock.Move(time.Hour)
	call("w3", "realty_status")
	require.NoError(t, st.Commit(ctx, watchdog.Learned{Portal: "p", Workflows: []watchdog.Origin{{Workflow: "w3", Template: 212, Entity: "CCrmDocumentDeal"}}}))
	templates, err := st.Templates(ctx, "p", time.Time{}, 10)
	require.NoError(t, err)
	require.Len(t, templates, 1)
	require.EqualValues(t, 212, templates[0].ID)
	require.Equal(t, "CCrmDocumentDeal", templates[0].Entity)
	require.Len(t, templates[0].Robots, 2)
	require.True(t, templates[0].Robots["realty_status"].Equal(learnedAt), "learned once")
	templates, err = st.Templates(ctx, "p", learnedAt, 10)
	require.NoError(t, err)
	require.Len(t, templates[0].Robots, 1, "a robot that is not called any more is no longer expected")
	none, err := st.Templates(ctx, "q", time.Time{}, 10)
	require.NoError(t, err)
	require.Empty(t, none)
}

func openCalls(t *testing.T, db Opened) {
	st := db.Open(t)
	ctx := t.Context()
	for _, workflow := range []string{"done", "waits", "works"} {
		require.NoError(t, st.Commit(ctx, inbox.Called{Portal: "p", Workflow: workflow, Code: "realty_extract"}))
	}
	prepared(t, st, "d")
	require.NoError(t, st.Commit(ctx, docflow.Await{Waiter: docflow.Waiter{Docflow: "d", Portal: "p", Card: card,
		Until: docflow.UntilCompleted, Action: "end", Token: []byte("t"), Workflow: "waits"}}))
	for _, workflow := range []string{"works", "fresh", ""} {
		body, err := json.Marshal(inbox.Call{Card: card, WorkflowID: workflow})
		require.NoError(t, err)
		accept(t, st, lane.NewRow{Lane: "p", Part: card.String(), Kind: inbox.KindRobot, Code: "realty_extract", Body: body})
	}
	calls, err := st.CallsOf(ctx, "p", []string{"done", "waits", "works", "never"})
	require.NoError(t, err)
	codes := []string{"realty_extract"}
	require.Equal(t, map[string]watchdog.Calls{"done": {Codes: codes}, "waits": {Codes: codes, Open: true}, "works": {Codes: codes, Open: true},
		"fresh": {Open: true}}, calls)
	calls, err = st.CallsOf(ctx, "q", []string{"done"})
	require.NoError(t, err)
	require.Empty(t, calls)
}

func suspects(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	ctx := t.Context()
	one := watchdog.Stuck{Portal: "p", Workflow: "w1", Template: 212, Document: "DEAL_57", Started: clock.Now().UTC(), Modified: clock.Now().UTC(),
		Missing: []string{"realty_extract"}, Found: clock.Now().UTC()}
	two := one
	two.Workflow = "w2"
	require.NoError(t, st.Commit(ctx, inbox.Called{Portal: "p", Workflow: "old", Code: "x"}))
	clock.Move(time.Hour)
	require.NoError(t, st.Commit(ctx, inbox.Called{Portal: "p", Workflow: "young", Code: "x"}))
	require.NoError(t, st.Commit(ctx, watchdog.Found{Portal: "p", Stuck: []watchdog.Stuck{one, two}, Forget: clock.Now()},
		watchdog.Found{Portal: "q", Stuck: []watchdog.Stuck{{Portal: "q", Workflow: "w1"}}}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM robot_calls"), "old calls are forgotten")
	for id, want := range map[portal.ID]int{"": 3, "p": 2, "q": 1, "r": 0} {
		all, err := st.StuckWorkflows(ctx, id)
		require.NoError(t, err)
		require.Len(t, all, want, id)
	}
	require.NoError(t, st.Commit(ctx, watchdog.Ended{Portal: "p", Workflow: "w2"}))
	all, err := st.StuckWorkflows(ctx, "p")
	require.NoError(t, err)
	require.Equal(t, []watchdog.Stuck{one}, all)
	require.NoError(t, st.Commit(ctx, watchdog.Found{Portal: "p"}))
	all, err = st.StuckWorkflows(ctx, "")
	require.NoError(t, err)
	require.Len(t, all, 1, "who is not found again is no suspect any more")
	require.NoError(t, st.Commit(ctx, watchdog.Gone{Portal: "q"}))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM stuck_workflows"))
}
