package action_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/realty"
)

// uncertain files an extract whose request is lost on the way, and waits until nobody looks for it any more.
func uncertain(t *testing.T, w *world) docflow.Record {
	t.Helper()
	row := extract(w, t)
	w.box.Realty.LoseRequestNext("create")
	w.run(t, row)
	w.Add(3 * time.Minute)
	w.run(t, row)
	rec := w.record(t)
	require.Equal(t, docflow.Uncertain, rec.State)
	w.answers(t, w.demo.Extract)
	return rec
}

// decide carries a decision out.
func (w *world) decide(t *testing.T, rec docflow.Record, d action.Decision) lane.Result {
	t.Helper()
	d.Docflow = rec.ID
	require.NoError(t, d.Check())
	made, err := action.DecideRow(rec, d)
	require.NoError(t, err)
	w.rows++
	row := lane.Row{ID: w.rows, Lane: made.Lane, Part: made.Part, Kind: made.Kind, Code: made.Code, Body: made.Body, Received: w.Now(), Lease: w.lease}
	result, err := w.worker.Decider().Work(t.Context(), row)
	require.NoError(t, err)
	require.NoError(t, w.store.Commit(t.Context(), result.Writes...))
	return result
}

func TestAPersonHasItFiledAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rec := uncertain(t, w)
	w.decide(t, rec, action.Decision{Verdict: action.FileAgain})
	made := w.box.Realty.Find(rec.RequestID)
	require.Len(t, made, 1)
	require.Equal(t, docflow.Queued, w.record(t).State)
	require.Contains(t, w.decide(t, rec, action.Decision{Verdict: action.FileAgain}).Note, "решать нечего")
	require.Len(t, w.box.Realty.Find(rec.RequestID), 1, "deciding twice files once")
}

func TestADecisionSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rec := uncertain(t, w)
	w.box.Realty.DropAnswerNext("create")
	require.Equal(t, lane.Aside, w.decide(t, rec, action.Decision{Verdict: action.FileAgain}).Verdict)
	w.restart(t)
	require.Equal(t, lane.Done, w.decide(t, rec, action.Decision{Verdict: action.FileAgain}).Verdict)
	require.Len(t, w.box.Realty.Find(rec.RequestID), 1)
	require.Equal(t, docflow.Queued, w.record(t).State)
}

func TestAPersonHasFoundIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rec := uncertain(t, w)
	_, err := w.client.Create(t.Context(), realty.ObjectRequestKind, rec.Body)
	require.NoError(t, err)
	other, err := realty.NewCreateBody("another", map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"})
	require.NoError(t, err)
	foreign, err := w.client.Create(t.Context(), realty.ObjectRequestKind, other)
	require.NoError(t, err)

	result := w.decide(t, rec, action.Decision{Verdict: action.Found, ExternalID: string(foreign.ID)})
	require.Equal(t, lane.Dead, result.Verdict)
	require.Contains(t, result.Note, "по другому запросу")
	require.Equal(t, docflow.Uncertain, w.record(t).State)

	w.decide(t, rec, action.Decision{Verdict: action.Found, ExternalID: w.box.Realty.Find(rec.RequestID)[0].ID})
	require.Equal(t, w.box.Realty.Find(rec.RequestID)[0].ID, w.record(t).ExternalID)
	require.Equal(t, docflow.Queued, w.record(t).State)
}

func TestAPersonDropsIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rec := uncertain(t, w)
	w.decide(t, rec, action.Decision{Verdict: action.Dropped})
	require.Equal(t, docflow.Failed, w.record(t).State)
	require.Equal(t, "dropped", w.record(t).Refusal.Code)
	require.Empty(t, w.box.Realty.Docflows())
}

func TestWhatIsNoDecision(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, action.Decision{Verdict: "maybe"}.Check(), "unknown decision")
	require.ErrorContains(t, action.Decision{Verdict: action.Found, ExternalID: "1/../2"}.Check(), "no id of a docflow")
}
