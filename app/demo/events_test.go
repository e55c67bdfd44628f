package demo_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// objects is the smart process of these tests.
const objects = 147

// ran is which action was started how often for which card.
type ran map[string]int

func (r ran) expect(kind, id int, actions ...string) {
	for _, code := range actions {
		r[docflow.Card{EntityType: kind, ID: int64(id)}.String()+" "+code]++
	}
}

// agency is a world whose settings watch deals, leads and a smart process.
type agency struct {
	*demo.World
	stages []string // of the smart process
	want   ran
}

func openAgency(t *testing.T) *agency {
	t.Helper()
	w, err := demo.NewWorld(t.Context(), demo.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	a := &agency{World: w, want: ran{}}
	a.Portal.AddType(objects, "Объекты недвижимости")
	for _, s := range a.Portal.Stages() {
		if s.EntityTypeID == objects {
			a.stages = append(a.stages, s.Code)
		}
	}
	require.NoError(t, a.Apply(t.Context(), fmt.Sprintf(`
triggers:
  - {entity: deal, stage: PREPARATION, action: realty_status}
  - {entity: deal, stage: EXECUTING, action: realty_submit}
  - {entity: deal, category: 1, stage: "C1:NEW", action: realty_cadastre_suggest, parameters: {address: "Примерный город"}}
  - {entity: deal, field: UF_CRM_CADASTRAL, action: realty_cadastre_suggest, parameters: {address: "Примерный город"}}
  - {entity: lead, stage: IN_PROCESS, action: realty_status}
  - {entity: item, entityTypeId: %[1]d, stage: %[2]q, action: realty_status}
  - {entity: item, entityTypeId: %[1]d, stage: %[3]q, action: realty_submit}
reactions: []
`, objects, a.stages[1], a.stages[2])))
	return a
}

// until waits for what the journal tells; each look opens the database beside the bridge, as a command does.
func (a *agency) until(t *testing.T, what string, met func() bool) error {
	t.Helper()
	var last time.Time
	return a.Until(t.Context(), what, func() bool {
		if time.Since(last) < 100*time.Millisecond {
			return false
		}
		defer func() { last = time.Now() }()
		return met()
	})
}

// started reads which actions the bridge's journal tells.
func (a *agency) started(ctx context.Context) (ran, error) {
	got := ran{}
	err := a.WithStore(ctx, func(st *store.Store) error {
		jobs, err := st.Jobs(ctx, -1, 10_000)
		for _, j := range jobs {
			if j.Kind == inbox.KindAction {
				got[j.Part+" "+j.Code]++
			}
		}
		return err
	})
	return got, err
}

// underWay are the kinds of rows that end.
var underWay = map[string]bool{inbox.KindEvent: true, inbox.KindAction: true, inbox.KindNotice: true, inbox.KindSweep: true,
	portal.KindSetup: true, store.EffectsKind: true}

// quiet waits until nothing is under way between portal and bridge: no delivery, no record of the offline
// queue, no event, sweep or setup that is not worked.
func (a *agency) quiet(t *testing.T) {
	t.Helper()
	var left []string
	err := a.until(t, "nothing is under way", func() bool {
		left = nil
		if n := a.Portal.PendingDeliveries() + len(a.Portal.OfflineRows()); n > 0 {
			left = append(left, fmt.Sprint(n, " deliveries and records"))
		}
		err := a.WithStore(t.Context(), func(st *store.Store) error {
			jobs, err := st.Jobs(t.Context(), 0, 10_000)
			for _, j := range jobs {
				if underWay[j.Kind] {
					left = append(left, j.Kind+" "+j.Code+" "+j.Part)
				}
			}
			return err
		})
		return err == nil && len(left) == 0
	})
	require.NoError(t, err, strings.Join(left, "\n"))
}

// requireRun waits for what must have run, and sees to it that nothing ran twice.
func (a *agency) requireRun(t *testing.T) {
	t.Helper()
	err := a.until(t, "every trigger has run", func() bool {
		got, err := a.started(t.Context())
		if err != nil {
			return false
		}
		for key, n := range a.want {
			if got[key] < n {
				return false
			}
		}
		return true
	})
	if err != nil {
		got, _ := a.started(t.Context())
		require.Equal(t, a.want, got)
	}
	a.quiet(t)
	got, err := a.started(t.Context())
	require.NoError(t, err)
	require.Equal(t, a.want, got)
}

// cards are there before the bridge goes away.
type cards struct{ quick, back, funnel, field, edited, gone, lead, object int }

func (a *agency) cards() cards {
	deal := func() int {
		return a.Portal.CreateItem(bitrixsim.Deal, map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:814"})
	}
	return cards{deal(), deal(), deal(), deal(), deal(), deal(), a.Portal.CreateItem(bitrixsim.Lead, nil), a.Portal.CreateItem(objects, nil)}
}

// happen changes the cards as people do, and notes what must run.
func (a *agency) happen(t *testing.T, c cards) {
	t.Helper()
	move := func(kind, id int, stages ...string) {
		for _, stage := range stages {
			require.NoError(t, a.Portal.MoveStage(kind, id, stage))
		}
	}
	move(bitrixsim.Deal, c.quick, "PREPARATION", "EXECUTING", "FINAL_INVOICE")
	a.want.expect(2, c.quick, "realty_status", "realty_submit")
	move(bitrixsim.Deal, c.back, "PREPARATION", "NEW")
	a.want.expect(2, c.back, "realty_status")
	move(bitrixsim.Deal, c.funnel, "C1:NEW", "C1:PREPARATION")
	a.want.expect(2, c.funnel, "realty_cadastre_suggest")
	require.NoError(t, a.Portal.UpdateItem(bitrixsim.Deal, c.field, map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:815"}))
	a.want.expect(2, c.field, "realty_cadastre_suggest")
	require.NoError(t, a.Portal.UpdateItem(bitrixsim.Deal, c.edited, map[string]any{"title": "другая"}))
	move(bitrixsim.Deal, c.gone, "PREPARATION")
	a.Portal.DeleteItem(bitrixsim.Deal, c.gone)
	move(bitrixsim.Lead, c.lead, "IN_PROCESS", "PROCESSED")
	a.want.expect(1, c.lead, "realty_status")
	move(objects, c.object, a.stages[1], a.stages[2], a.stages[0])
	a.want.expect(objects, c.object, "realty_status", "realty_submit")

	fresh := a.Portal.CreateItem(bitrixsim.Deal, map[string]any{"stageId": "PREPARATION"})
	move(bitrixsim.Deal, fresh, "EXECUTING")
	a.want.expect(2, fresh, "realty_status", "realty_submit")
	object := a.Portal.CreateItem(objects, map[string]any{"stageId": a.stages[1]})
	a.want.expect(objects, object, "realty_status")
	for range 5 { // cards that only come and change
		id := a.Portal.CreateItem(bitrixsim.Deal, nil)
		require.NoError(t, a.Portal.UpdateItem(bitrixsim.Deal, id, map[string]any{"title": "x"}))
	}
}

// TestNothingIsLostWhileTheBridgeIsAway: deals change, are created and pass through stages while it does not
// listen, in each of the ways in which it may not; after it every trigger has run exactly once.
func TestNothingIsLostWhileTheBridgeIsAway(t *testing.T) {
	t.Parallel()
	stop := func(t *testing.T, a *agency) { require.NoError(t, a.StopBridge()) }
	start := func(t *testing.T, a *agency) { require.NoError(t, a.StartBridge(t.Context())) }
	for name, tc := range map[string]struct{ leave, comeBack func(t *testing.T, a *agency) }{
		"it was stopped": {stop, start},
		"it was stopped, and the plan has no confirmation": {func(t *testing.T, a *agency) {
			a.Portal.SetPlan("pro", bitrix.FeatureAuthConnector)
			stop(t, a)
		}, start},
		"it was stopped, and somebody deleted its bindings": {func(t *testing.T, a *agency) {
			stop(t, a)
			require.NotZero(t, a.Portal.DeleteBindings(""))
		}, func(t *testing.T, a *agency) {
			start(t, a)
			require.NoError(t, a.Until(t.Context(), "the bindings are back", func() bool {
				n := 0
				for _, b := range a.Portal.Bindings() {
					if b.Offline {
						n++
					}
				}
				return n == len(portal.CardEvents())
			}))
		}},
		"online events are suspended": {func(_ *testing.T, a *agency) { a.Portal.SuspendOnline(true) },
			func(_ *testing.T, a *agency) { a.Portal.SuspendOnline(false) }},
		"it listens": {func(*testing.T, *agency) {}, func(*testing.T, *agency) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := openAgency(t)
			c := a.cards()
			a.requireRun(t)
			tc.leave(t, a)
			a.happen(t, c)
			tc.comeBack(t, a)
			a.requireRun(t)
			require.NoError(t, a.StopBridge())
			require.NoError(t, a.StartBridge(t.Context()))
			require.NoError(t, a.Portal.UpdateItem(bitrixsim.Deal, c.edited, map[string]any{"title": "третья"}))
			a.requireRun(t)
			require.NoError(t, a.Portal.MoveStage(bitrixsim.Deal, c.quick, "PREPARATION"))
			a.want.expect(2, c.quick, "realty_status")
			a.requireRun(t)
		})
	}
}

// TestADeadEventIsShownAndTriedAgain: the portal refuses to show a card; the journal has the event with the
// portal's words, and a person tries it again.
func TestADeadEventIsShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	a := openAgency(t)
	deal := a.Portal.CreateItem(bitrixsim.Deal, nil)
	a.requireRun(t)
	a.Portal.SuspendOnline(true)
	a.Portal.FailNext("crm.item.get", 400, "ACCESS_DENIED", 1)
	require.NoError(t, a.Portal.MoveStage(bitrixsim.Deal, deal, "PREPARATION"))
	var dead store.Job
	require.NoError(t, a.until(t, "the event is dead", func() bool {
		err := a.WithStore(t.Context(), func(st *store.Store) error {
			jobs, err := st.Jobs(t.Context(), 2, 10)
			if len(jobs) > 0 {
				dead = jobs[0]
			}
			return err
		})
		return err == nil && dead.ID != 0
	}))
	require.Equal(t, []string{inbox.KindEvent, docflow.Card{EntityType: 2, ID: int64(deal)}.String()}, []string{dead.Kind, dead.Part})
	require.Contains(t, dead.Note, "ACCESS_DENIED")
	a.requireRun(t)
	require.NoError(t, a.WithStore(t.Context(), func(st *store.Store) error { return st.RetryJob(t.Context(), dead.ID) }))
	a.want.expect(2, deal, "realty_status")
	a.requireRun(t)
}
