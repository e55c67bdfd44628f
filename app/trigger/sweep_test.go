package trigger_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/app/trigger"
	"konturbridge/sandbox/bitrixsim"
)

// sweep works one sweep to its end and gives the parts of the cards to look at.
func (r *rig) sweep(t *testing.T) (lane.Result, []string) {
	t.Helper()
	before, err := r.store.Load(t.Context(), member, 0, 1000)
	require.NoError(t, err)
	sweeper := trigger.NewSweeper(trigger.SweepDeps{Store: committing{r.store}, Portals: r, Bitrix: r.Bitrix, Now: r.Now})
	result, err := sweeper.Work(t.Context(), lane.Row{ID: 1, Lane: member})
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	after, err := r.store.Load(t.Context(), member, 0, 1000)
	require.NoError(t, err)
	parts := []string{}
	for _, row := range after[len(before):] {
		require.Equal(t, []string{inbox.KindEvent, inbox.Sweep}, []string{row.Kind, row.Code})
		parts = append(parts, row.Part)
	}
	return result, parts
}

func part(kind, id int) string { return docflow.Card{EntityType: kind, ID: int64(id)}.String() }

func TestASweepFindsWhatNobodyTold(t *testing.T) {
	t.Parallel()
	item := func(x *settings.Trigger) { x.Entity, x.EntityTypeID = settings.Item, 147 }
	r := setup(t, on("PREPARATION"), on("DT147:NEW", item), settings.Trigger{Entity: settings.Lead, Field: "TITLE", Action: "realty_status"})
	r.sim.AddType(147, "Объекты")
	r.Add(time.Second)
	seen := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	r.Add(2 * time.Second)
	require.Empty(t, r.happens(t, added, 2, seen))
	fresh := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	lead := r.sim.CreateItem(bitrixsim.Lead, map[string]any{})
	object := r.sim.CreateItem(147, map[string]any{})
	r.sim.CreateItem(bitrixsim.Contact, map[string]any{})
	result, parts := r.sweep(t)
	require.ElementsMatch(t, []string{part(2, fresh), part(1, lead), part(147, object)}, parts, "one was looked at, contacts are watched by nobody")
	require.Contains(t, result.Note, "deal: 2 changed, 1 to look at")

	upto, err := r.store.SweptTo(t.Context(), member)
	require.NoError(t, err)
	require.WithinDuration(t, r.Now(), upto, time.Second)
	r.Add(2 * time.Second)
	require.Empty(t, r.happens(t, inbox.Sweep, 2, fresh))
	require.Empty(t, r.happens(t, inbox.Sweep, 1, lead))
	require.Empty(t, r.happens(t, inbox.Sweep, 147, object))
	r.Add(30 * time.Minute)
	_, parts = r.sweep(t)
	require.Empty(t, parts, "nothing changed")
	require.NoError(t, r.sim.MoveStage(2, seen, "PREPARATION"))
	require.NoError(t, r.sim.MoveStage(2, seen, "EXECUTING"))
	r.Add(time.Minute)
	_, parts = r.sweep(t)
	require.Equal(t, []string{part(2, seen)}, parts)
	require.Len(t, r.happens(t, inbox.Sweep, 2, seen), 1, "the stage between was entered")
}

// TestASweepMissesNothingInTheSecondOfALook: times are in whole seconds.
func TestASweepMissesNothingInTheSecondOfALook(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	_, parts := r.sweep(t)
	require.Empty(t, parts, "changed in the second in which such cards came to be watched")
	r.Add(time.Second)
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, r.happens(t, added, 2, deal))
	_, parts = r.sweep(t)
	require.Contains(t, parts, part(2, deal), "it may have changed after the look")
}

func TestASweepOfManyCards(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	r.Add(time.Second)
	for range 120 {
		r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	}
	before := r.reads()
	_, parts := r.sweep(t)
	require.Len(t, parts, 120)
	require.Equal(t, 3, r.reads()-before)
	_, parts = r.sweep(t)
	require.Len(t, parts, 120, "they were not looked at yet")
}

func TestASweepOfAKindThatIsGone(t *testing.T) {
	t.Parallel()
	r := setup(t, on("X", func(x *settings.Trigger) { x.Entity, x.EntityTypeID = settings.Item, 150 }), on("PREPARATION"))
	r.Add(time.Second)
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	result, parts := r.sweep(t)
	require.Equal(t, []string{part(2, deal)}, parts, "the others are swept all the same")
	require.Contains(t, result.Note, "item:150")
}

func TestASweepThatFails(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	sweeper := trigger.NewSweeper(trigger.SweepDeps{Store: committing{r.store}, Portals: r, Bitrix: r.Bitrix, Now: r.Now})
	for _, method := range []string{"server.time", "crm.item.list"} {
		r.sim.FailNext(method, 503, "INTERNAL_SERVER_ERROR", 1)
		_, err := sweeper.Work(t.Context(), lane.Row{Lane: member})
		require.Error(t, err, method)
	}
	upto, err := r.store.SweptTo(t.Context(), member)
	require.NoError(t, err)
	require.True(t, upto.IsZero(), "the position stays")
	r.triggers = nil
	result, err := sweeper.Work(t.Context(), lane.Row{ID: 5, Lane: member})
	require.NoError(t, err)
	require.Equal(t, []lane.Write{inbox.Forget{Row: 5}}, result.Writes)
}

// committing writes without a lease.
type committing struct{ *store.Store }

func (c committing) Write(ctx context.Context, _ lane.Lease, writes ...lane.Write) error {
	return c.Commit(ctx, writes...)
}
