package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
)

// cardJobs: a card's tab sees its own work and nobody else's.
func cardJobs(t *testing.T, db Opened) {
	st := db.Open(t)
	card := docflow.Card{EntityType: 2, ID: 57}
	for _, r := range []lane.NewRow{
		{Lane: "p", Part: "2:57", Kind: "page", Code: "realty_sign", Key: "d-1", Body: []byte("{}")},
		{Lane: "p", Part: "2:57", Kind: "page", Code: "refused", Body: []byte("{}")},
		{Lane: "p", Part: "2:57", Kind: "robot", Code: "realty_create", Body: []byte("{}")},
		{Lane: "p", Part: "2:57", Kind: "event", Code: "ONCRMDEALUPDATE", Body: []byte("{}")},
		{Lane: "p", Part: "2:57", Kind: "robot", Code: "failed", Body: []byte("{}")},
		{Lane: "p", Part: "2:57", Kind: "robot", Code: "done", Body: []byte("{}")},
		{Lane: "p", Part: "2:58", Kind: "page", Code: "another card's", Body: []byte("{}")},
		{Lane: "q", Part: "2:57", Kind: "page", Code: "another portal's", Body: []byte("{}")},
	} {
		require.NoError(t, st.Commit(t.Context(), r))
	}
	leases, err := st.Claim(t.Context(), "n", time.Minute, 10)
	require.NoError(t, err)
	for _, lease := range leases {
		for _, row := range load(t, st, lease) {
			row.Lease = lease
			switch row.Code {
			case "failed":
				require.NoError(t, finish(st, row, lane.Result{Verdict: lane.Dead, Note: "why"}, 3))
			case "done":
				require.NoError(t, finish(st, row, lane.Result{}, 0))
			case "refused":
				require.NoError(t, finish(st, row, lane.Result{Note: "no_such: нет"}, 0))
			}
		}
	}
	list := func(since time.Time, limit int) map[string]string {
		all, err := st.CardJobs(t.Context(), "p", card, since, limit)
		require.NoError(t, err)
		states := map[string]string{}
		for i, j := range all {
			states[j.Code] = j.State + " " + string(j.Docflow)
			require.True(t, i == 0 || all[i-1].ID > j.ID, "newest first")
		}
		return states
	}
	want := map[string]string{"realty_sign": "waiting d-1", "realty_create": "waiting ", "failed": "dead ", "refused": "done "}
	require.Equal(t, want, list(time.Now().Add(-time.Minute), 10))
	delete(want, "refused")
	require.Equal(t, want, list(time.Now().Add(time.Minute), 10), "what ended long ago is not news")
	require.Len(t, list(time.Time{}, 1), 1)
}
