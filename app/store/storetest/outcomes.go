package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

func seen(id int64, stage string) portal.CardSeen {
	return portal.CardSeen{Card: portal.Card{Portal: "p", Card: docflow.Card{EntityType: 2, ID: id}, Stage: stage}}
}

func outcomes(t *testing.T, db Opened) {
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	for name, tc := range map[string]struct {
		result lane.Result
		tries  int
		want   lane.Row // of the unfinished row
		state  string
	}{
		"done":    {result: lane.Result{Note: "fine"}, state: "done"},
		"dead":    {result: lane.Result{Verdict: lane.Dead, Note: "no such deal"}, tries: 4, state: "dead"},
		"again":   {result: lane.Result{Verdict: lane.Again, At: at}, want: lane.Row{RunAt: at, Aside: true}, state: "waiting"},
		"backoff": {result: lane.Result{Verdict: lane.Backoff, At: at, Note: "503"}, tries: 2, want: lane.Row{RunAt: at, Tries: 2}, state: "waiting"},
		"aside":   {result: lane.Result{Verdict: lane.Aside, At: at, Key: "doc"}, tries: 1, want: lane.Row{RunAt: at, Aside: true, Tries: 1, Key: "doc"}, state: "waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			st := db.Open(t)
			row := claimed(t, st, "lane of "+name)
			tc.result.Writes = []lane.Write{seen(row.ID, name), lane.NewRow{Lane: "more of " + name, Part: "x", Kind: "event"}}
			require.NoError(t, finish(st, row, tc.result, tc.tries))
			job, err := st.Job(t.Context(), row.ID)
			require.NoError(t, err)
			require.Equal(t, tc.state, job.State)
			require.Equal(t, tc.tries, job.Tries)
			require.Equal(t, tc.result.Note, job.Note)
			require.Equal(t, tc.state == "waiting", job.Finished.IsZero())
			card, err := st.Card(t.Context(), "p", 2, row.ID)
			require.NoError(t, err, "what the outcome caused is stored with it")
			require.Equal(t, name, card.Stage)
			require.Len(t, claim(t, st, "node", time.Minute, 10), 1, "the lane of the new row is due")
			rows := load(t, st, row.Lease)
			if tc.state != "waiting" {
				require.Empty(t, rows)
				return
			}
			require.Len(t, rows, 1)
			got := lane.Row{RunAt: rows[0].RunAt, Aside: rows[0].Aside, Tries: rows[0].Tries, Key: rows[0].Key}
			require.Equal(t, tc.want, got)
		})
	}
}

// A commit whose answer was lost is sent again: it must not cause twice what it caused.
func outcomeTwice(t *testing.T, db Opened) {
	for _, verdict := range []lane.Verdict{lane.Done, lane.Dead, lane.Again, lane.Backoff, lane.Aside} {
		t.Run(verdict.String(), func(t *testing.T) {
			st := db.Open(t)
			row := claimed(t, st, "twice "+verdict.String())
			result := lane.Result{Verdict: verdict, At: time.Now().Add(time.Minute),
				Writes: []lane.Write{lane.NewRow{Lane: row.Lane, Part: "caused", Kind: "event"}}}
			for range 3 {
				require.NoError(t, finish(st, row, result, 1))
			}
			caused := 0
			for _, r := range load(t, st, row.Lease) {
				if r.Part == "caused" {
					caused++
				}
			}
			require.Equal(t, 1, caused)
		})
	}
}

// unknown is a write that no store knows.
type unknown struct{}

func (unknown) LaneWrite() {}

func refusedAlone(t *testing.T, db Opened) {
	st := db.Open(t)
	var rows []lane.Row
	for _, name := range []string{"a", "b", "c", "d"} {
		rows = append(rows, claimed(t, st, name))
	}
	thaw := freeze(st)
	results := make(chan error, 8)
	outcomes := make([]error, len(rows))
	for i, row := range rows {
		result := lane.Result{Note: "worked", Writes: []lane.Write{seen(int64(i), "NEW")}}
		if i == 1 {
			result.Writes = append(result.Writes, unknown{})
		}
		if i == 2 { // a broken constraint is refused by the database itself, in the middle of the group
			rec := record("r", "same request")
			result.Writes = append(result.Writes, docflow.Prepare{Record: rec}, docflow.Prepare{Record: rec})
		}
		st.Finish(row, result, 0, func(err error) { outcomes[i] = err; results <- err })
	}
	released := false
	st.Release(rows[3].Lease, func() (lane.Rest, bool) { released = true; return lane.Rest{}, true }, func(err error) { results <- err })
	thaw()
	for range len(rows) + 1 {
		<-results
	}
	require.NoError(t, outcomes[0])
	require.ErrorContains(t, outcomes[1], "does not know this write")
	require.Error(t, outcomes[2])
	require.False(t, errors.Is(outcomes[2], lane.ErrStoreDown), "the database is well: %v", outcomes[2])
	require.NoError(t, outcomes[3])
	require.True(t, released)
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM cards"), "nothing of a refused outcome is stored")
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM docflows"))
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM inbox WHERE state = 1 AND note = 'worked'"))
	require.Equal(t, 2, db.count(t, "SELECT COUNT(*) FROM inbox WHERE state = 0 AND note = ''"))
	require.Equal(t, 3, db.count(t, "SELECT COUNT(*) FROM lanes WHERE holder <> ''"))
	require.NoError(t, st.Ready(t.Context()))
}

func canceledRow(t *testing.T, db Opened) {
	st := db.Open(t)
	row := claimed(t, st, "p")
	require.NoError(t, st.CancelJob(t.Context(), row.ID))
	require.NoError(t, finish(st, row, lane.Result{Writes: []lane.Write{seen(1, "NEW")}}, 0))
	require.Zero(t, db.count(t, "SELECT COUNT(*) FROM cards"), "a person said no while it ran")
	job, err := st.Job(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, "canceled", job.State)
}
