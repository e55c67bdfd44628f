package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
)

func duties(t *testing.T, db Opened) {
	st := db.Open(t)
	charged := func(id, uin string) {
		settle(t, st, docflow.ID(id), 0, docflow.Update{ExternalID: id, State: docflow.Suspended, Requirement: docflow.RequirePayment,
			Charges: []docflow.Charge{{UIN: uin, Sum: 200000}}, Cause: docflow.CauseNews})
	}
	var told []docflow.ID
	remind := func(before time.Time) int {
		n, err := st.RemindOfDuties(t.Context(), before, 10, func(r docflow.Record) []reaction.Effect {
			told = append(told, r.ID)
			return []reaction.Effect{{Portal: r.Portal, Card: r.Card, Docflow: r.ID, Kind: reaction.Comment, Params: []byte(`"` + r.Charges[0].UIN + `"`)}}
		})
		require.NoError(t, err)
		return n
	}
	soon := time.Now().Add(time.Hour)
	prepared(t, st, "d1")
	prepared(t, st, "d2")
	charged("d1", "1")
	charged("d2", "2")
	settle(t, st, "d2", 0, docflow.Update{State: docflow.Sent, Cause: docflow.CauseNews})
	require.Zero(t, remind(time.Now().Add(-time.Hour)), "not yet")
	require.Equal(t, 1, remind(soon), "one is paid")
	require.Zero(t, remind(soon), "once for each charge")
	require.Equal(t, []docflow.ID{"d1"}, told)
	require.Contains(t, kinds(t, st), `comment "1"`)
	charged("d1", "3")
	require.Equal(t, 1, remind(soon), "another charge")
}
