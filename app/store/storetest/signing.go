package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
)

// signings: how the signing of a message stands survives; its end answers whoever waits for it, once; and what an
// effect runs becomes work of the card.
func signings(t *testing.T, db Opened) {
	st := db.Open(t)
	rec := record("d", "r")
	rec.System, rec.Signing = docflow.Diadoc, &docflow.Signing{Operation: "op", Stage: docflow.SigningDue}
	waiter := docflow.Waiter{Docflow: "d", Portal: "p", Card: card, Until: docflow.UntilHanded, Action: "send", Token: []byte("sealed")}
	require.NoError(t, st.Commit(t.Context(), docflow.Prepare{Record: rec, Waiter: &waiter}))
	settle(t, st, "d", 0, docflow.Update{ExternalID: "m", State: docflow.Unsent, Cause: "create"})
	want := &docflow.Signing{Operation: "op", Certificate: "AB", Stage: docflow.SigningAsked, Task: "task", Told: true, Body: []byte("{}"),
		Until: time.Date(2026, 5, 14, 10, 0, 0, 0, time.UTC), Parts: []docflow.SignPart{{As: docflow.AsTitle, Entity: "e", Shelf: "s", Name: "n", Signature: []byte{1}}}}
	require.NoError(t, st.Commit(t.Context(), docflow.Sign{ID: "d", Signing: want}))
	stored, err := st.Docflow(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, want, stored.Signing)
	require.NotContains(t, told(t, st), `robot_return "send"`)

	settle(t, st, "d", 0, docflow.Update{State: docflow.AwaitingAnswer, Cause: "act"})
	require.NotContains(t, told(t, st), `robot_return "send"`)
	require.NoError(t, st.Commit(t.Context(), docflow.Sign{ID: "d"}))
	require.Equal(t, 1, count(told(t, st), `robot_return "send"`))
	require.NoError(t, st.Commit(t.Context(), docflow.Sign{ID: "d"}))
	require.Equal(t, 1, count(told(t, st), `robot_return "send"`))
	stored, err = st.Docflow(t.Context(), "d")
	require.NoError(t, err)
	require.Nil(t, stored.Signing)
	require.Equal(t, docflow.AwaitingAnswer, stored.State)
	require.Error(t, st.Commit(t.Context(), docflow.Sign{ID: "none"}))

	require.NoError(t, st.Commit(t.Context(), reaction.Enqueue{Effects: []reaction.Effect{{Portal: "p", Card: card, Docflow: "d", Kind: reaction.RunAction,
		Params: []byte(`{"code":"diadoc_sign","properties":{"receipts":"Y"}}`)}}}))
	require.Equal(t, 1, db.count(t, "SELECT COUNT(*) FROM inbox WHERE kind = 'action' AND code = 'diadoc_sign'"))
	require.Zero(t, count(told(t, st), "run_action"))
}

func count(all []string, one string) (n int) {
	for _, text := range all {
		if text == one {
			n++
		}
	}
	return n
}
