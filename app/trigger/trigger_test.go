package trigger_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/app/trigger"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/realty"
	"konturbridge/sandbox/bitrixsim"
)

const member = "m1"

// rig is a trigger worker beside a simulated portal. It stands for its own dependencies.
type rig struct {
	refused []*docflow.Refusal
	effect  int64
	*apptest.Clock
	sim      *bitrixsim.Portal
	b24      *bitrix.Client
	store    *store.Store
	worker   *trigger.Worker
	triggers []settings.Trigger
	since    time.Time
}

func setup(t *testing.T, triggers ...settings.Trigger) *rig {
	t.Helper()
	r := &rig{Clock: apptest.NewClock(), triggers: triggers}
	r.since = r.Now()
	r.sim, r.b24 = apptest.OpenPortal(t, r.Now)
	r.store, _ = apptest.OpenStore(t, r.Now, nil)
	cards := action.New(action.Deps{Clients: r, Portals: r, Now: r.Now})
	r.worker = trigger.New(trigger.Deps{Store: r.store, Portals: r, Cards: cards, Bitrix: r.Bitrix, Now: r.Now,
		NotFound: store.ErrNotFound, Kind: action.KindAction, Refused: r.refuse})
	return r
}

// refuse keeps what would be shown in the card.
func (r *rig) refuse(_ string, card docflow.Card, _ string, refusal *docflow.Refusal) lane.Write {
	r.refused = append(r.refused, refusal)
	return portal.OwnEnded{Portal: member, Card: card}
}

func (r *rig) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return r.b24, nil }
func (r *rig) Diadoc(portal.Connection) (*diadoc.Client, error)          { return nil, nil }
func (r *rig) Realty(portal.Connection) *realty.Client                   { return nil }
func (r *rig) Since(portal.ID, docflow.Card) time.Time                   { return r.since }
func (r *rig) Settings(context.Context, portal.ID) (settings.Settings, error) {
	return settings.Settings{Triggers: r.triggers}, nil
}
func (r *rig) Connections(context.Context, portal.ID) ([]portal.Connection, error) { return nil, nil }

// happens works one event of a card, commits what it asks for and gives the started actions.
func (r *rig) happens(t *testing.T, event string, kind, id int) []string {
	t.Helper()
	result := r.work(t, event, kind, id)
	require.Equal(t, lane.Done, result.Verdict)
	require.NoError(t, r.store.Commit(t.Context(), result.Writes...))
	started := []string{}
	for _, w := range result.Writes {
		if row, ok := w.(lane.NewRow); ok {
			require.Equal(t, []string{member, fmt.Sprintf("%d:%d", kind, id), action.KindAction}, []string{row.Lane, row.Part, row.Kind})
			started = append(started, row.Code)
		}
	}
	return started
}

func (r *rig) work(t *testing.T, event string, kind, id int) lane.Result {
	t.Helper()
	body, err := json.Marshal(inbox.Happened{Event: event, Card: docflow.Card{EntityType: kind, ID: int64(id)}})
	require.NoError(t, err)
	result, err := r.worker.Work(t.Context(), lane.Row{Lane: member, Body: body})
	require.NoError(t, err)
	return result
}

func on(stage string, tune ...func(*settings.Trigger)) settings.Trigger {
	x := settings.Trigger{Entity: settings.Deal, Stage: stage, Action: "realty_status"}
	for _, f := range tune {
		f(&x)
	}
	return x
}

func category(n int) func(*settings.Trigger) {
	return func(x *settings.Trigger) { x.Category = &n }
}

const (
	added  = "ONCRMDEALADD"
	edited = "ONCRMDEALUPDATE"
)

func TestAStageIsEnteredOnce(t *testing.T) {
	t.Parallel()
	r := setup(t, on("PREPARATION"))
	deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{"title": "a"})
	require.Empty(t, r.happens(t, added, 2, deal), "it is not there yet")
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Equal(t, []string{"realty_status"}, r.happens(t, edited, 2, deal))
	require.Empty(t, r.happens(t, edited, 2, deal), "a repeated event")
	require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"title": "b"}))
	require.Empty(t, r.happens(t, edited, 2, deal), "an edit within the stage")
	require.NoError(t, r.sim.MoveStage(2, deal, "NEW"))
	require.Empty(t, r.happens(t, edited, 2, deal))
	require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
	require.Equal(t, []string{"realty_status"}, r.happens(t, edited, 2, deal), "it left and came back")
}

func TestFirstSight(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		event string
		moved time.Duration // of the move into the stage, after the bridge began to watch
		want  []string
	}{
		"created there":                   {added, -time.Minute, []string{"realty_status"}},
		"came there while nobody watched": {edited, -time.Minute, []string{}},
		"came there since":                {edited, time.Minute, []string{"realty_status"}},
		"in the very second":              {edited, 0, []string{"realty_status"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, on("PREPARATION"))
			r.since = r.since.Add(300 * time.Millisecond) // histories are in whole seconds
			r.Add(tc.moved)
			deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{"stageId": "PREPARATION"})
			r.Add(2 * time.Minute)
			require.Equal(t, tc.want, r.happens(t, tc.event, 2, deal))
			require.Empty(t, r.happens(t, tc.event, 2, deal), "now it is known")
		})
	}
}

func TestOwnMovesRunNothing(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string]bool{"of a card that was seen": true, "of a card that never was": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, on("PREPARATION"), on("EXECUTING"))
			deal := r.sim.CreateItem(bitrixsim.Deal, map[string]any{})
			if seen {
				require.Empty(t, r.happens(t, added, 2, deal))
			}
			r.ownMove(t, deal, "PREPARATION")
			require.Empty(t, r.happens(t, edited, 2, deal))
			require.NoError(t, r.sim.MoveStage(2, deal, "EXECUTING"))
			require.Len(t, r.happens(t, edited, 2, deal), 1, "a person's move runs")
			require.NoError(t, r.sim.MoveStage(2, deal, "PREPARATION"))
			require.Len(t, r.happens(t, edited, 2, deal), 1, "back too: the bridge's own move was long ago")
		})
	}
}

// ownMove moves a deal as the bridge does.
func (r *rig) ownMove(t *testing.T, deal int, stage string) {
	t.Helper()
	r.effect++
	card := docflow.Card{EntityType: 2, ID: int64(deal)}
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnBegun{Portal: member, Card: card, Own: portal.Own{Effect: r.effect, Stage: stage, At: r.Now()}}))
	require.NoError(t, r.sim.MoveStage(2, deal, stage))
	require.NoError(t, r.store.Commit(t.Context(), portal.OwnEnded{Portal: member, Card: card, Effect: r.effect, Made: true}))
}

func TestWhichCards(t *testing.T) {
	t.Parallel()
	item := func(x *settings.Trigger) { x.Entity, x.EntityTypeID = settings.Item, 147 }
	other := func(x *settings.Trigger) { x.Entity, x.EntityTypeID = settings.Item, 150 }
	lead := func(x *settings.Trigger) { x.Entity = settings.Lead }
	for name, tc := range map[string]struct {
		trigger settings.Trigger
		kind    int
		event   string
		fields  map[string]any
		want    int
	}{
		"deal":                     {on("C1:NEW"), 2, added, map[string]any{"categoryId": 1, "stageId": "C1:NEW"}, 1},
		"deal of the funnel":       {on("C1:NEW", category(1)), 2, added, map[string]any{"categoryId": 1, "stageId": "C1:NEW"}, 1},
		"deal of another funnel":   {on("NEW", category(1)), 2, added, map[string]any{}, 0},
		"the first funnel is zero": {on("NEW", category(0)), 2, added, map[string]any{}, 1},
		"lead":                     {on("NEW", lead), 1, "ONCRMLEADADD", map[string]any{}, 1},
		"lead, not deal":           {on("NEW", lead), 2, added, map[string]any{}, 0},
		"deal, not lead":           {on("NEW"), 1, "ONCRMLEADADD", map[string]any{}, 0},
		"smart process":            {on("DT147_FIRST:NEW", item), 147, "ONCRMDYNAMICITEMADD_147", map[string]any{}, 1},
		"another smart process":    {on("DT147_FIRST:NEW", other), 147, "ONCRMDYNAMICITEMADD", map[string]any{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, tc.trigger)
			r.sim.AddType(147, "Объекты")
			id := r.sim.CreateItem(tc.kind, tc.fields)
			if tc.kind == 147 { // the funnel's number is the portal's choice
				card, _ := r.sim.Item(147, id)
				r.triggers[0].Stage = fmt.Sprint(card["stageId"])
			}
			require.Len(t, r.happens(t, tc.event, tc.kind, id), tc.want)
		})
	}
}

func TestCardsThatAreGoneOrUnwatched(t *testing.T) {
	t.Parallel()
	r := setup(t, on("NEW"))
	gone := r.work(t, edited, 2, 4000)
	require.Equal(t, []lane.Write{portal.CardGone{Portal: member, Card: docflow.Card{EntityType: 2, ID: 4000}}}, gone.Writes)
	require.NoError(t, r.store.Commit(t.Context(), gone.Writes...))
	lead := r.sim.CreateItem(bitrixsim.Lead, map[string]any{})
	before := r.sim.Requests()
	require.Empty(t, r.work(t, "ONCRMLEADADD", 1, lead).Writes)
	require.Equal(t, before, r.sim.Requests(), "nobody asks about cards that no trigger watches")
}

func TestFieldTriggers(t *testing.T) {
	t.Parallel()
	watch := func(name string) settings.Trigger {
		return settings.Trigger{Entity: settings.Deal, Field: name, Action: "realty_extract", Parameters: map[string]any{"cadastral_number": "{{ deal.UF_CRM_CADASTRAL }}"}}
	}
	for name, tc := range map[string]struct {
		field  string
		change map[string]any
		want   int
	}{
		"changed":          {"UF_CRM_CADASTRAL", map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:815"}, 1},
		"emptied":          {"UF_CRM_CADASTRAL", map[string]any{"UF_CRM_CADASTRAL": ""}, 1},
		"another one":      {"UF_CRM_CADASTRAL", map[string]any{"title": "b"}, 0},
		"a standard field": {"TITLE", map[string]any{"title": "b"}, 1},
		"its funnel":       {"CATEGORY_ID", map[string]any{"title": "b"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, watch(tc.field))
			r.sim.AddUserField(2, bitrixsim.UserField{Name: "UF_CRM_CADASTRAL", Type: "string"})
			deal := r.sim.CreateItem(2, map[string]any{"title": "a", "UF_CRM_CADASTRAL": "47:14:1203001:814"})
			require.Empty(t, r.happens(t, added, 2, deal), "the first value is no change")
			require.NoError(t, r.sim.UpdateItem(2, deal, tc.change))
			require.Len(t, r.happens(t, edited, 2, deal), tc.want)
			require.Empty(t, r.happens(t, edited, 2, deal))
		})
	}
}

// TestFilesAreWatchedByTheirIds: links differ with every reading and hold the access token.
func TestFilesAreWatchedByTheirIds(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Trigger{Entity: settings.Deal, Field: "UF_CRM_SIG", Action: "realty_sign", Parameters: map[string]any{"signatures": "{{ deal.UF_CRM_SIG }}"}})
	r.sim.AddUserField(2, bitrixsim.UserField{Name: "UF_CRM_SIG", Type: "file", Multiple: true})
	first := r.sim.AddFile("1.sig", []byte("1"))
	deal := r.sim.CreateItem(2, map[string]any{"UF_CRM_SIG": []any{first}})
	require.Empty(t, r.happens(t, added, 2, deal))
	require.Empty(t, r.happens(t, edited, 2, deal), "the same file is no change")
	second := r.sim.AddFile("2.sig", []byte("2"))
	require.NoError(t, r.sim.UpdateItem(2, deal, map[string]any{"UF_CRM_SIG": []any{first, second}}))
	result := r.work(t, edited, 2, deal)
	require.Len(t, result.Writes, 2)
	call, err := inbox.ReadCall(result.Writes[1].(lane.NewRow).Body)
	require.NoError(t, err)
	require.Equal(t, bitrix.PropertyValue{Values: []string{fmt.Sprint(first), fmt.Sprint(second)}, List: true}, call.Properties["signatures"])
	for _, w := range result.Writes {
		text, err := json.Marshal(w)
		require.NoError(t, err)
		require.NotContains(t, string(text), "auth")
		require.NotContains(t, string(text), "http")
	}
	seen := result.Writes[0].(portal.CardSeen).Card
	require.Equal(t, fmt.Sprintf("[%d,%d]", first, second), seen.Fields["UF_CRM_SIG"])
}

func TestParametersAreRenderedAtOnce(t *testing.T) {
	t.Parallel()
	full := on("NEW", func(x *settings.Trigger) {
		x.Action = "realty_extract"
		x.Parameters = map[string]any{"cadastral_number": "{{ deal.UF_CRM_CADASTRAL }}", "type": "info", "sum": "{{ deal.OPPORTUNITY }}",
			"mixed": "№ {{ deal.ID }}", "docflow_id": "d-1", "flag": true, "empty": "{{ deal.UF_CRM_NONE }}"}
	})
	r := setup(t, full, on("NEW"))
	deal := r.sim.CreateItem(2, map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:814", "opportunity": 4500000.0})
	result := r.work(t, added, 2, deal)
	require.Len(t, result.Writes, 3)
	row := result.Writes[1].(lane.NewRow)
	require.Equal(t, "d-1", row.Key)
	call, err := inbox.ReadCall(row.Body)
	require.NoError(t, err)
	require.Equal(t, docflow.Card{EntityType: 2, ID: int64(deal)}, call.Card)
	for name, want := range map[string]string{"cadastral_number": "47:14:1203001:814", "type": "info", "sum": "4500000",
		"mixed": fmt.Sprintf("№ %d", deal), "flag": "true", "empty": ""} {
		require.Equal(t, want, call.Properties.First(name), name)
	}
	require.Equal(t, "started realty_extract; started realty_status; ", result.Note)
	gets := 0
	for _, c := range r.sim.Calls() {
		if c.Method == "crm.item.get" {
			gets++
		}
	}
	require.Equal(t, 2, gets, "one look at the stage, one for all parameters")
}

func TestAParameterThatFails(t *testing.T) {
	t.Parallel()
	r := setup(t, on("NEW", func(x *settings.Trigger) { x.Parameters = map[string]any{"docflow_id": "{{ date(deal.TITLE) }}"} }))
	deal := r.sim.CreateItem(2, map[string]any{"title": "not a date"})
	body, err := json.Marshal(inbox.Happened{Event: added, Card: docflow.Card{EntityType: 2, ID: int64(deal)}})
	require.NoError(t, err)
	result, err := r.worker.Work(t.Context(), lane.Row{Lane: member, Body: body})
	require.NoError(t, err)
	require.Equal(t, "NEW", result.Writes[0].(portal.CardSeen).Card.Stage)
	require.Len(t, result.Writes, 2, "the card is told instead of the action being started")
	require.Len(t, r.refused, 1)
	require.Equal(t, "bad_parameters", r.refused[0].Code)
	require.Contains(t, r.refused[0].CRMText, "realty_status")
	require.Contains(t, r.refused[0].CRMText, "docflow_id")
	_, err = r.worker.Work(t.Context(), lane.Row{Lane: member, Body: []byte("{")})
	require.Error(t, err)
}
