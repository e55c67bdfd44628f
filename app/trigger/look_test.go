package trigger_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/sandbox/bitrixsim"
)

// reads counts the calls that read cards.
func (r *rig) reads() int {
	n := r.sim.Stats().Commands
	return n["crm.item.get"] + n["crm.item.list"]
}

func (r *rig) histories() int { return r.sim.Stats().Commands["crm.stagehistory.list"] }

func TestStagesThatWerePassedThrough(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"), on("PREPAYMENT_INVOICE"), on("EXECUTING"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, r.happens(t, added, 2, deal))
	for _, stage := range []string{"PREPARATION", "EXECUTING", "PREPARATION", "FINAL_INVOICE"} {
		require.NoError(t, r.sim.MoveStage(2, deal, stage))
		r.Add(time.Minute)
	}
	require.Len(t, r.happens(t, edited, 2, deal), 3, "each entry once, though the card is far beyond")
	require.Empty(t, r.happens(t, edited, 2, deal))
	require.NoError(t, r.sim.MoveStage(2, deal, "EXECUTING"))
	require.Len(t, r.happens(t, edited, 2, deal), 1)
}

func TestTheHistoryIsReadOnlyAfterAMove(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	r.Add(2 * time.Second)
	require.Empty(t, r.happens(t, added, 2, deal))
	before := r.histories()
	for i := range 5 {
		require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"title": fmt.Sprint(i)}))
		r.Add(time.Minute)
		require.Empty(t, r.happens(t, edited, 2, deal))
	}
	require.Equal(t, before, r.histories(), "the card itself tells that it has not moved")
	old := r.sim.CreateItem(bitrixsim.Deal, map[string]any{"stageId": "PREPARATION"})
	r.Add(30 * time.Minute)
	r.since = r.Now()
	require.NoError(t, r.sim.UpdateItem(2, old, map[string]any{"title": "b"}))
	require.Empty(t, r.happens(t, edited, 2, old))
	require.Equal(t, before, r.histories(), "it came there before anybody watched")
	fields := setup(t, settings.Trigger{Entity: settings.Deal, Field: "TITLE", Action: "realty_status"})
	deal = fields.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, fields.happens(t, added, 2, deal))
	require.NoError(t, fields.sim.MoveStage(2, deal, "EXECUTING"))
	require.Empty(t, fields.happens(t, edited, 2, deal))
	require.Zero(t, fields.histories(), "no trigger asks for stages")
}

func TestSmartProcessesAndLeadsPassThroughStages(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]int{"lead": bitrixsim.Lead, "smart process": 147} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.sim.AddType(147, "Объекты")
			id := r.sim.CreateItem(kind, map[string]any{})
			var stages []string
			for _, s := range r.sim.Stages() {
				if s.EntityTypeID == kind {
					stages = append(stages, s.Code)
				}
			}
			require.Greater(t, len(stages), 3)
			watch := settings.Trigger{Entity: settings.Lead, Stage: stages[1], Action: "realty_status"}
			event := "ONCRMLEADUPDATE"
			if kind == 147 {
				watch.Entity, watch.EntityTypeID = settings.Item, 147
				event = "ONCRMDYNAMICITEMUPDATE"
			}
			r.triggers = []settings.Trigger{watch}
			require.Empty(t, r.happens(t, event, kind, id))
			for _, stage := range stages[1:4] {
				require.NoError(t, r.sim.MoveStage(kind, id, stage))
			}
			require.Len(t, r.happens(t, event, kind, id), 1)
			require.Empty(t, r.happens(t, event+"_147", kind, id), "the suffixed spelling is the same event")
		})
	}
}

func TestAFunnelIsEntered(t *testing.T) {
	t.Parallel()
	r := setup(t, on("C1:NEW", category(1)), on("NEW", category(0)))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{"stageId": "PREPARATION"})
	require.Empty(t, r.happens(t, added, 2, deal))
	require.NoError(t, r.sim.MoveStage(2, deal, "C1:NEW"))
	require.NoError(t, r.sim.MoveStage(2, deal, "C1:PREPARATION"))
	require.NoError(t, r.sim.MoveStage(2, deal, "NEW"))
	require.Len(t, r.happens(t, "ONCRMDEALMOVETOCATEGORY", 2, deal), 2)
}

// TestWithoutAHistory: where the portal keeps none, comparing has to do.
func TestWithoutAHistory(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"), on("EXECUTING"))
	r.sim.FailNext("crm.stagehistory.list", 400, "ENTITY_TYPE_NOT_SUPPORTED", 100)
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, r.happens(t, added, 2, deal))
	asked := r.histories()
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.NoError(t, r.sim.MoveStage(2, deal, "EXECUTING"))
	require.Len(t, r.happens(t, edited, 2, deal), 1, "the one where it stands")
	require.Equal(t, asked, r.histories(), "it is not asked again for a while")
	r.Add(40 * time.Minute)
	r.ownMove(t, deal, "PREPARATION")
	require.NoError(t, r.sim.MoveStage(2, deal, "NEW"))
	require.Empty(t, r.happens(t, edited, 2, deal))
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Len(t, r.happens(t, edited, 2, deal), 1, "the bridge's own move was over")
}

func TestAHistoryThatCannotBeReadNow(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"QUERY_LIMIT_EXCEEDED", "INTERNAL_SERVER_ERROR"} {
		r := setup(t, on("NEW"))
		deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
		r.sim.FailNext("crm.stagehistory.list", 503, code, 1)
		body, err := json.Marshal(inbox.Happened{Event: added, Card: docflow.Card{EntityType: 2, ID: int64(deal)}})
		require.NoError(t, err)
		_, err = r.worker.Work(t.Context(), lane.Row{Lane: member, Body: body})
		require.Error(t, err, code)
		require.Len(t, r.happens(t, added, 2, deal), 1, code)
	}
}

// TestOwnMovesAndPeoples: a person who moves the card on before its event is read, and back later.
func TestOwnMovesAndPeoples(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"), on("EXECUTING"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, r.happens(t, added, 2, deal))
	r.ownMove(t, deal, "PREPARATION")
	require.NoError(t, r.sim.MoveStage(2, deal, "EXECUTING"))
	require.Len(t, r.happens(t, edited, 2, deal), 1, "the person's move")
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Len(t, r.happens(t, edited, 2, deal), 1, "and the person's move back")
	r.ownMove(t, deal, "EXECUTING")
	r.ownMove(t, deal, "PREPARATION")
	require.Empty(t, r.happens(t, edited, 2, deal), "two own moves before one look")
}

func TestALookWaitsForAnOwnWrite(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	card := docflow.Card{EntityType: 2, ID: int64(deal)}
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnBegun{Portal: member, Card: card, Own: portal.Own{Effect: 1, Stage: "PREPARATION", At: r.Now()}}))
	result := r.work(t, edited, 2, deal)
	require.Equal(t, lane.Aside, result.Verdict, "the answer will tell")
	require.Zero(t, r.reads())
	r.Add(10 * time.Minute)
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Empty(t, r.happens(t, edited, 2, deal), "no answer in sight: it is taken for made")
}

// TestAnOwnWriteDuringALook: the look may have seen the bridge's move without knowing that it was one.
func TestAnOwnWriteDuringALook(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	result := r.work(t, edited, 2, deal)
	require.Len(t, result.Writes, 2)
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnBegun{Portal: member, Card: docflow.Card{EntityType: 2, ID: int64(deal)},
		Own: portal.Own{Effect: 1, Stage: "PREPARATION", At: r.Now()}}))
	require.Error(t, r.store.Commit(t.Context(), result.Writes...))
}

func TestOwnFieldsRunNothing(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Trigger{Entity: settings.Deal, Field: "TITLE", Action: "realty_status"}, settings.Trigger{Entity: settings.Deal, Field: "COMMENTS", Action: "realty_wait"})
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{"title": "a"})
	card := docflow.Card{EntityType: 2, ID: int64(deal)}
	require.Empty(t, r.happens(t, added, 2, deal))
	own := portal.Own{Effect: 1, Fields: []string{"title"}, At: r.Now()}
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnBegun{Portal: member, Card: card, Own: own}))
	require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"title": "b"}))
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnEnded{Portal: member, Card: card, Effect: 1, Made: true, Values: map[string]string{"title": "b"}}))
	require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"comments": "c"}))
	require.Equal(t, []string{"realty_wait"}, r.happens(t, edited, 2, deal), "the person's field runs, the bridge's does not")
	require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"title": "c"}))
	require.Equal(t, []string{"realty_status"}, r.happens(t, edited, 2, deal))
}

func TestADeletedCard(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Len(t, r.happens(t, edited, 2, deal), 1)
	waits := &store.Accept{Row: lane.NewRow{Lane: member, Part: fmt.Sprintf("2:%d", deal), Kind: inbox.KindRobot, Code: "realty_wait", RunAt: r.Now().Add(time.Hour)}}
	require.NoError(t, r.store.Accept(t.Context(), waits))
	r.sim.DeleteItem(2, deal)
	require.Empty(t, r.happens(t, "ONCRMDEALDELETE", 2, deal))
	job, err := r.store.Job(t.Context(), waits.ID)
	require.NoError(t, err)
	require.Contains(t, job.Note, "карточка удалена")
	require.Equal(t, "waiting", job.State, "what was filed for it goes on")
	card, err := r.store.Card(t.Context(), member, 2, int64(deal))
	require.NoError(t, err)
	require.True(t, card.Gone)
}

// TestEventsOfOneCardShareALook: the outcome of one ends the others.
func TestEventsOfOneCardShareALook(t *testing.T) {
	t.Parallel()
	r := setup(t, on("NEW"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	var ids []int64
	for _, event := range []string{edited, added, "ONCRMDEALMOVETOCATEGORY", inbox.Sweep} {
		row, err := inbox.EventRow(member, inbox.Happened{Event: event, Card: docflow.Card{EntityType: 2, ID: int64(deal)}}, r.Now(), inbox.Settle)
		require.NoError(t, err)
		a := &store.Accept{Row: row}
		require.NoError(t, r.store.Accept(t.Context(), a))
		ids = append(ids, a.ID)
	}
	rows, err := r.store.Load(t.Context(), member, 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 4)
	result, err := r.worker.Work(t.Context(), rows[0])
	require.NoError(t, err)
	require.Equal(t, "started realty_status; ", result.Note, "an event among them tells that the card was created")
	require.Equal(t, ids[1:], result.Writes[0].(portal.CardSeen).Covers)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	left, err := r.store.WaitingEvents(t.Context(), member, rows[0].Part)
	require.NoError(t, err)
	require.Equal(t, []inbox.Waiting{{ID: ids[0], Code: edited}}, left)
	require.Equal(t, 1, r.reads())
}

func TestACardIsNotReadAgainAtOnce(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	r.worker.Rest = 3 * time.Second
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
	require.Empty(t, r.happens(t, added, 2, deal))
	read := r.Now()
	r.Add(time.Second)
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	result := r.work(t, edited, 2, deal)
	require.Equal(t, lane.Aside, result.Verdict)
	require.True(t, read.Add(3*time.Second).Equal(result.At))
	r.Add(2 * time.Second)
	require.Len(t, r.happens(t, edited, 2, deal), 1)
}

// TestManyLooksShareTheirRequests: a hundred cards that changed at once cost a few requests, and each its own
// outcome.
func TestManyLooksShareTheirRequests(t *testing.T) {
	t.Parallel()
	r := setup(t, on("EXECUTING"))
	const cards = 120
	var deals []int
	for range cards {
		deals = append(deals, r.sim.CreateItem(bitrixsim.Deal, map[string]any{}))
	}
	for i, deal := range deals {
		require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
		if i%2 == 0 {
			require.NoError(t, r.sim.MoveStage(2, deal, "EXECUTING"))
			require.NoError(t, r.sim.MoveStage(2, deal, "FINAL_INVOICE"))
		}
	}
	r.sim.DeleteItem(2, deals[7])
	r.sim.HangNext("crm.item.get", 300*time.Millisecond) // the first look goes alone; the others gather meanwhile
	before := r.sim.Stats().Requests
	started := make([]int, cards)
	var looks sync.WaitGroup
	for i, deal := range deals {
		looks.Go(func() {
			result := r.work(t, edited, 2, deal)
			started[i] = len(result.Writes) - 1
			if err := r.store.Commit(t.Context(), result.Writes...); err != nil {
				t.Error(err)
			}
		})
	}
	looks.Wait()
	for i := range deals {
		want := 1 - i%2
		require.Equal(t, want, started[i], i)
	}
	// Alone every card would cost one or two requests; how many gather while the first one hangs is the machine's affair.
	require.LessOrEqual(t, r.sim.Stats().Requests-before, cards/3, "looks share their requests")
	gone := r.work(t, edited, 2, deals[7])
	require.IsType(t, portal.CardGone{}, gone.Writes[0])
}
