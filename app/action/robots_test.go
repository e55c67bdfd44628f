package action_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// limited is the row of a robot whose step gives up in a minute.
func (w *world) limited(t *testing.T, code string, p props) lane.Row {
	t.Helper()
	row := w.call(t, code, w.demo.Extract, p)
	var c inbox.Call
	require.NoError(t, json.Unmarshal(row.Body, &c))
	c.WorkflowID, c.Deadline, c.AnswerBy = "66e81a641752f8.56521481", w.Now().Add(time.Minute), w.Now().Add(48*time.Second)
	body, err := json.Marshal(c)
	require.NoError(t, err)
	row.Body = body
	return row
}

// expire lets the time of the portal's waiting robots come.
func (w *world) expire(t *testing.T) (n int) {
	t.Helper()
	w.Add(48 * time.Second)
	rows, err := w.store.Load(t.Context(), w.member, 0, 100)
	require.NoError(t, err)
	for _, row := range rows {
		var e docflow.Expire
		if row.Kind == "robot-deadline" && !row.RunAt.After(w.Now()) {
			require.NoError(t, json.Unmarshal(row.Body, &e))
			require.NoError(t, w.store.Commit(t.Context(), e))
			n++
		}
	}
	return n
}

func TestARobotIsAnsweredBeforeItsStepGivesUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.run(t, w.limited(t, "realty_extract", props{"cadastral_number": "47:14:1203001:814"}))
	require.Equal(t, 1, w.expire(t))
	told := w.answers(t, w.demo.Extract)
	require.Len(t, told, 1)
	require.Equal(t, "timeout", told[0]["error_code"])
	require.Equal(t, "queued", told[0]["state"])
	require.NotEmpty(t, told[0]["docflow_id"])
	ext := w.record(t).ExternalID
	require.NoError(t, w.box.Realty.Dispatch(ext))
	require.NoError(t, w.box.Realty.Complete(ext))
	w.news(t)
	require.Empty(t, w.answers(t, w.demo.Extract), "it has its answer")
}

func TestARobotWhoseActionCannotBeCarriedOutIsAnsweredToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	row := w.limited(t, "realty_extract", props{"cadastral_number": "47:14:1203001:814"})
	for range 2 { // Реестро is away, and the next try as well
		w.box.Realty.FailNext("news", 503, 1)
		_, err := w.worker.Work(t.Context(), row)
		require.Error(t, err)
	}
	require.Equal(t, 1, w.expire(t))
	told := w.answers(t, w.demo.Extract)
	require.Len(t, told, 1)
	require.Equal(t, "timeout", told[0]["error_code"])
	require.Equal(t, "uncertain", told[0]["state"])
	w.run(t, row)
	require.Equal(t, docflow.Queued, w.record(t).State, "what was accepted is done all the same")
}

func TestCallsAreRemembered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	result, err := w.worker.Work(t.Context(), w.limited(t, "realty_status", nil))
	require.NoError(t, err)
	require.Contains(t, result.Writes, inbox.Called{Portal: w.member, Workflow: "66e81a641752f8.56521481", Code: "realty_status"})
	require.NoError(t, w.store.Commit(t.Context(), result.Writes...))
	unlearned, err := w.store.Unlearned(t.Context(), portal.ID(w.member), 10)
	require.NoError(t, err)
	require.Equal(t, []string{"66e81a641752f8.56521481"}, unlearned)
}
