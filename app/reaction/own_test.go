package reaction_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/sandbox/bitrixsim"
)

// openWatched is a card whose stages and one of whose fields triggers watch.
func openWatched(t *testing.T) *bench {
	t.Helper()
	b := open(t, bitrixsim.Deal, map[string]any{"UF_CRM_A": "1", "UF_CRM_B": "1"})
	b.worker.Watched = func(portal.ID, docflow.Card) (bool, []string) { return true, []string{"UF_CRM_A", "TITLE"} }
	require.NoError(t, b.store.Commit(t.Context(), portal.CardSeen{Card: portal.Card{Portal: "m1", Card: b.card, Stage: "NEW",
		Fields: map[string]string{"UF_CRM_A": "1", "TITLE": "x"}, Seen: b.Now()}}))
	return b
}

func (b *bench) seen(t *testing.T) portal.Card {
	t.Helper()
	c, err := b.store.Card(t.Context(), "m1", b.card.EntityType, b.card.ID)
	require.NoError(t, err)
	return c
}

func TestOwnMovesAreRemembered(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	b.done(t)
	own := b.seen(t).Own
	require.Len(t, own, 1)
	require.Equal(t, []any{"PREPARATION", true}, []any{own[0].Stage, own[0].Made})

	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	calls := b.sim.Stats().Commands["crm.item.update"]
	b.done(t)
	require.Equal(t, calls, b.sim.Stats().Commands["crm.item.update"], "it is there")
	require.Len(t, b.seen(t).Own, 1, "a person who moved it there must not be taken for the bridge")
}

func TestARefusedMoveIsForgotten(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "NOWHERE"})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Equal(t, lane.Dead, result.Verdict)
	require.Empty(t, b.seen(t).Own)
}

// TestAMoveInDoubt stays under way until the next try finds the card there.
func TestAMoveInDoubt(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	b.sim.DropAnswerNext("crm.item.update")
	_, err := b.work(t)
	require.Error(t, err)
	own := b.seen(t).Own
	require.Len(t, own, 1)
	require.False(t, own[0].Made)
	b.done(t)
	require.Len(t, b.seen(t).Own, 1)
	require.True(t, b.seen(t).Own[0].Made)
}

func TestAMoveThatWasNotSent(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	b.sim.FailNext("crm.item.update", 503, "QUERY_LIMIT_EXCEEDED", 1)
	_, err := b.work(t)
	require.Error(t, err)
	require.Empty(t, b.seen(t).Own, "surely not done: a person's move runs")
	b.done(t)
	require.Len(t, b.seen(t).Own, 1)
}

// TestOwnFieldsAreRememberedAsTheyAre: what is watched is what the bridge left there.
func TestOwnFieldsAreRememberedAsTheyAre(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.add(t, reaction.SetFields, reaction.FieldsParams{Values: map[string]any{"UF_CRM_A": "2", "UF_CRM_B": "2"}})
	b.add(t, reaction.SetFields, reaction.FieldsParams{Values: map[string]any{"UF_CRM_A": "3"}})
	b.done(t)
	require.Equal(t, map[string]string{"UF_CRM_A": "3", "TITLE": "x"}, b.seen(t).Fields)
	require.Empty(t, b.seen(t).Own)
	version := b.seen(t).Version
	b.add(t, reaction.SetFields, reaction.FieldsParams{Values: map[string]any{"UF_CRM_B": "3"}})
	b.done(t)
	require.Equal(t, version, b.seen(t).Version, "nobody watches it")
}

func TestWhereNobodyWatchesNothingIsRemembered(t *testing.T) {
	t.Parallel()
	b := openWatched(t)
	b.worker.Watched = nil
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	b.add(t, reaction.SetFields, reaction.FieldsParams{Values: map[string]any{"UF_CRM_A": "2"}})
	b.done(t)
	require.Zero(t, b.seen(t).Version)
	require.Empty(t, b.seen(t).Own)
}
