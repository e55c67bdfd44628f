package reaction_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
)

// TestInvitationsAreNoDocuments: what the settings do with rejected documents does not happen to an invitation, and an
// invitation leaves the card's fields of documents alone.
func TestInvitationsAreNoDocuments(t *testing.T) {
	t.Parallel()
	rec := docflow.Record{ID: "d", Portal: "m1", Card: docflow.Card{EntityType: 2, ID: 5}, System: docflow.Diadoc, Kind: docflow.KindInvitation, ExternalID: "box",
		State: docflow.Rejected, Documents: []docflow.Document{{EntityID: "box", Title: "ООО «Пример»", State: docflow.Rejected, Comment: "Не интересно"}}}
	changed := docflow.Change{From: docflow.Invited, To: docflow.Rejected, Changed: true}
	of := func(x settings.Reaction, rec docflow.Record) (moves int) {
		x.MoveStage = "LOSE"
		for _, e := range reaction.Plan(settings.Settings{Reactions: []settings.Reaction{x}}, rec, changed, nil) {
			if e.Kind == reaction.MoveStage {
				moves++
			}
			require.NotEqual(t, reaction.RunTrigger, e.Kind)
			if e.Kind == reaction.SetFields {
				require.NotContains(t, string(e.Params), "DIADOC")
			}
			if e.Kind == reaction.Comment {
				require.Contains(t, string(e.Params), "приглашение отклонено.\\nНе интересно")
			}
		}
		return moves
	}
	require.Zero(t, of(settings.Reaction{System: settings.Diadoc, State: "rejected"}, rec))
	require.Zero(t, of(settings.Reaction{}, rec))
	require.Equal(t, 1, of(settings.Reaction{DocflowType: "invitation", State: "rejected"}, rec))
	rec.State = docflow.Partner
	rec.Documents[0].Comment = ""
	for _, e := range reaction.Plan(settings.Settings{Reactions: []settings.Reaction{{State: "partner", MoveStage: "WON"}}}, rec, docflow.Change{From: docflow.Invited, To: docflow.Partner, Changed: true}, nil) {
		if e.Kind == reaction.MoveStage {
			return
		}
	}
	require.Fail(t, "a partner is a state of invitations alone")
}
