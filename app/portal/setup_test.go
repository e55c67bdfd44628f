package portal_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

// boundEvents lists the events that are bound, sorted.
func boundEvents(r *rig) (online, offline []string) {
	for _, b := range r.portal.Bindings() {
		if b.Offline {
			offline = append(offline, b.Event)
		} else {
			online = append(online, b.Event+" "+b.Handler)
		}
	}
	slices.Sort(online)
	slices.Sort(offline)
	return online, offline
}

func fieldTypes(r *rig, kind int) map[string]string {
	types := map[string]string{}
	for _, f := range r.portal.UserFields(kind) {
		types[f.Name] = f.Type
		if f.Multiple {
			types[f.Name] += " multiple"
		}
	}
	return types
}

// requireSetUp checks everything that a portal must have after a setup, whatever happened before.
func requireSetUp(t *testing.T, r *rig) {
	t.Helper()
	require.Equal(t, []string{"realty_create", "realty_extract"}, r.portal.Robots())
	handler := " " + publicURL + "/bitrix/events"
	online, offline := boundEvents(r)
	require.Equal(t, []string{
		"ONAPPINSTALL" + handler, "ONAPPPAYMENT" + handler, "ONAPPTEST" + handler, "ONAPPUNINSTALL" + handler, "ONAPPUPDATE" + handler, "ONCRMDEALADD" + handler,
		"ONCRMDEALDELETE" + handler, "ONCRMDEALMOVETOCATEGORY" + handler, "ONCRMDEALUPDATE" + handler, "ONCRMDYNAMICITEMADD" + handler,
		"ONCRMDYNAMICITEMDELETE" + handler, "ONCRMDYNAMICITEMUPDATE" + handler, "ONCRMLEADADD" + handler, "ONCRMLEADDELETE" + handler,
		"ONCRMLEADUPDATE" + handler, "ONOFFLINEEVENT" + handler,
	}, online)
	require.Equal(t, []string{
		"ONCRMDEALADD", "ONCRMDEALDELETE", "ONCRMDEALMOVETOCATEGORY", "ONCRMDEALUPDATE", "ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMDELETE",
		"ONCRMDYNAMICITEMUPDATE", "ONCRMLEADADD", "ONCRMLEADDELETE", "ONCRMLEADUPDATE",
	}, offline)
	for _, kind := range []int{bitrixsim.Deal, bitrixsim.Lead} {
		require.Equal(t, map[string]string{
			portal.FieldRealtyID: "string", portal.FieldRealtyState: "string", portal.FieldRealtyUIN: "string",
			portal.FieldRealtyDuty: "money", portal.FieldRealtyFiles: "file multiple", portal.FieldDiadocID: "string",
			portal.FieldDiadocStatus: "string", portal.FieldDiadocLink: "url", portal.FieldError: "string",
		}, fieldTypes(r, kind))
	}
	tabs := map[string]string{}
	for _, p := range r.portal.Placements() {
		require.NotContains(t, tabs, p.Placement, "a tab is shown once")
		tabs[p.Placement] = p.Handler
	}
	require.Equal(t, map[string]string{
		"CRM_DEAL_DETAIL_TAB": publicURL + "/bitrix/placements/crm_detail_tab",
		"CRM_LEAD_DETAIL_TAB": publicURL + "/bitrix/placements/crm_detail_tab",
	}, tabs)
	triggers, err := r.client.TriggerList(t.Context())
	require.NoError(t, err)
	var wanted []bitrix.Trigger
	for _, trigger := range portal.AutomationTriggers() {
		wanted = append(wanted, bitrix.Trigger(trigger))
	}
	require.ElementsMatch(t, wanted, triggers)
}

// writes lists the calls that change something.
func writes(r *rig) (methods []string) {
	for _, c := range r.portal.Calls() {
		if !bitrix.IsRead(c.Method) {
			methods = append(methods, c.Method)
		}
	}
	return methods
}

func TestSetup(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	require.Equal(t, portal.SetupWaiting, r.setup.Progress(t.Context(), p.ID).State)
	report, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
	require.Equal(t, "pro", report.Family)
	require.Len(t, report.Added, 2+26+18+2+5)
	requireSetUp(t, r)

	after, _ := r.stored(t)
	require.Equal(t, "pro", after.Family)
	progress := r.setup.Progress(t.Context(), p.ID)
	require.Equal(t, portal.SetupDone, progress.State)
	require.Len(t, progress.Steps, 6)
	for _, step := range progress.Steps {
		require.Equal(t, step.Total, step.Done, step.Name)
	}

	r.install(t)
	require.Equal(t, portal.SetupWaiting, r.setup.Progress(t.Context(), p.ID).State, "a new installation begins anew")
	after, _ = r.stored(t)
	before := len(writes(r))
	report, err = r.setup.Run(t.Context(), after)
	require.NoError(t, err)
	require.False(t, report.Repaired(), report.String())
	require.Equal(t, 2, report.Renewed)
	require.Equal(t, []string{"bizproc.robot.update", "bizproc.robot.update"}, writes(r)[before:], "a repeated setup only renews the robots")
	before = len(writes(r))
	report, err = r.setup.Check(t.Context(), after)
	require.NoError(t, err)
	require.False(t, report.Repaired(), report.String())
	require.Empty(t, writes(r)[before:], "a check that finds everything in order writes nothing")
	requireSetUp(t, r)
}

func TestSetupAfterAnUpdateOfTheApplication(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	bindAll(t, r)
	require.NoError(t, r.portal.UpdateApp(clientID))
	require.Empty(t, r.portal.Robots())
	_, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	requireSetUp(t, r)
}

func TestSetupClearsWhatIsOld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	old := r.newSetup("https://bridge.example/", append(robots("realty_extract", "realty_create"), robots("gone_action")...))
	_, err := old.Run(t.Context(), p)
	require.NoError(t, err)
	// Handlers of the time before the bridge moved.
	for _, event := range []string{"ONCRMDEALADD", "ONCRMCONTACTADD"} {
		require.NoError(t, r.client.EventBind(t.Context(), bitrix.EventBinding{Event: event, Handler: "https://bridge.example:8443/bitrix/events"}))
	}
	_, err = r.client.PlacementUnbind(t.Context(), "CRM_DEAL_DETAIL_TAB", "")
	require.NoError(t, err)
	require.NoError(t, r.client.PlacementBind(t.Context(), bitrix.Placement{Code: "CRM_DEAL_DETAIL_TAB", Handler: "https://bridge.example/old"}))

	report, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"robot gone_action", "event ONCRMDEALADD", "event ONCRMCONTACTADD", "tab CRM_DEAL_DETAIL_TAB",
	}, report.Removed)
	requireSetUp(t, r)
}

func TestSetupSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	// All readings are made and judged alike, so one of them meets every fault.
	short := []string{"lost answer", "rate limit"}
	for method, only := range map[string][]string{
		"app.info": nil, "scope": short, "profile": short, "bizproc.robot.list": short, "event.get": short, "feature.get": short,
		"crm.deal.userfield.list": short, "placement.list": short, "placement.get": short, "crm.automation.trigger.list": short,
		"bizproc.robot.add": nil, "event.bind": nil, "crm.deal.userfield.add": nil, "crm.lead.userfield.add": short, "placement.bind": short,
		"crm.automation.trigger.add": short,
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			for name, spoil := range map[string]func(*bitrixsim.Portal){
				"proxy page":     func(p *bitrixsim.Portal) { p.FailNext(method, 502, "", 1) },
				"portal fault":   func(p *bitrixsim.Portal) { p.FailNext(method, 500, "INTERNAL_SERVER_ERROR", 1) },
				"lost answer":    func(p *bitrixsim.Portal) { p.DropAnswerNext(method) },
				"lost request":   func(p *bitrixsim.Portal) { p.LoseRequestNext(method) },
				"rate limit":     func(p *bitrixsim.Portal) { p.FailNext(method, 503, "QUERY_LIMIT_EXCEEDED", 1) },
				"operating time": func(p *bitrixsim.Portal) { p.FailNext(method, 429, "OPERATION_TIME_LIMIT", 1) },
			} {
				if only != nil && !slices.Contains(only, name) {
					continue
				}
				r := newRig(t)
				p := r.install(t)
				spoil(r.portal)
				report, err := r.setup.Run(t.Context(), p)
				if name != "lost answer" || !strings.HasSuffix(method, ".userfield.add") { // there it finds its own field
					require.Error(t, err, name)
					require.Contains(t, []upstream.Class{upstream.Retry, upstream.Wait}, upstream.ClassOf(err), name)
					require.Equal(t, portal.SetupAgain, r.setup.Progress(t.Context(), p.ID).State)
					report, err = r.setup.Run(t.Context(), p)
				}
				require.NoError(t, err, name)
				require.Empty(t, report.Problems, name)
				requireSetUp(t, r)
			}
		})
	}
}

func TestSetupProblems(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*rig)
		want  []string
	}{
		"no scope for robots": {func(r *rig) { r.rescope("crm") },
			[]string{`automation rules: the application's form does not grant the scope "bizproc"`}},
		"no scope at all": {func(r *rig) { r.rescope() }, []string{
			`automation rules: the application's form does not grant the scope "bizproc"`,
			`events: the application's form does not grant the scope "crm"`,
			`fields: the application's form does not grant the scope "crm"`,
		}},
		"one robot refused": {func(r *rig) {
			r.setup = r.newSetup(publicURL, robots("realty_extract"))
			r.portal.FailNext("bizproc.robot.add", 400, "ERROR_ACTIVITY_VALIDATION_FAILURE", 1)
		},
			[]string{"register the automation rule realty_extract: bitrix: bizproc.robot.add: ERROR_ACTIVITY_VALIDATION_FAILURE: Ordered failure (HTTP 400)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p := r.install(t)
			tc.spoil(r)
			result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindSetup})
			require.NoError(t, err)
			require.Equal(t, lane.Dead, result.Verdict, "the journal shows it with a retry button")
			progress := r.setup.Progress(t.Context(), p.ID)
			require.Equal(t, portal.SetupPartly, progress.State)
			require.Equal(t, tc.want, progress.Problems)
			result, err = r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck})
			require.NoError(t, err)
			require.Equal(t, lane.Again, result.Verdict, "a check never stops checking")
		})
	}
}

// rescope changes what the application's form grants.
func (r *rig) rescope(scopes ...string) {
	a := app(true)
	a.Scopes = scopes
	r.sim.AddApp(a)
	_, _ = r.portal.OpenPage(clientID, "", "", 1)
}

func TestSetupWork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	row := lane.Row{Lane: r.portal.MemberID(), Kind: portal.KindSetup}
	result, err := r.setup.Work(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict, "a portal that is not there needs nothing")

	r.install(t)
	result, err = r.setup.Work(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict)
	row.Kind = portal.KindCheck
	result, err = r.setup.Work(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, lane.Result{Verdict: lane.Again, At: r.clock.Now().Add(portal.CheckEvery), Note: result.Note}, result)

	// A check waits for what passes like any other row, and outlives what does not.
	r.portal.FailNext("app.info", 502, "", 1)
	_, err = r.setup.Work(t.Context(), row)
	require.Error(t, err)
	r.portal.FailNext("app.info", 401, "APPLICATION_NOT_FOUND", 2)
	renewals := r.sim.TokenRefreshes()
	result, err = r.setup.Work(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, lane.Again, result.Verdict)
	require.Contains(t, result.Note, "APPLICATION_NOT_FOUND")
	require.Equal(t, renewals+1, r.sim.TokenRefreshes(), "the authorization server was asked once, and says it is there")
	r.portal.FailNext("app.info", 401, "APPLICATION_NOT_FOUND", 2)
	row.Kind = portal.KindSetup
	_, err = r.setup.Work(t.Context(), row)
	require.ErrorIs(t, err, bitrix.ErrAppGone)
	r.portal.FailNext("app.info", 401, "APPLICATION_NOT_FOUND", 1)
	_, err = r.setup.Work(t.Context(), row)
	require.NoError(t, err, "a word that its portal takes back is survived")

	require.NoError(t, r.store.SetPortalState(t.Context(), portal.ID(row.Lane), portal.Paused))
	_, _ = r.stored(t)
	row.Kind = portal.KindCheck
	calls := len(r.portal.Calls())
	result, err = r.setup.Work(t.Context(), row)
	require.NoError(t, err)
	require.Equal(t, lane.Again, result.Verdict)
	require.Len(t, r.portal.Calls(), calls, "a paused portal has no credentials to ask with")
}

// lostMemory is a cache that is away.
type lostMemory struct{}

func (lostMemory) Get(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("away")
}

func (lostMemory) Set(context.Context, string, []byte, time.Duration) error {
	return errors.New("away")
}

func TestSetupWithoutTheCache(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	s := portal.NewSetup(portal.SetupDeps{
		Portals: r.directory, Store: r.store, PublicURL: publicURL, Memory: lostMemory{},
		Client: func(context.Context, portal.ID, string) (*bitrix.Client, error) { return nil, errors.New("no client") },
	})
	_, err := s.Run(t.Context(), p)
	require.ErrorContains(t, err, "no client")
	require.Equal(t, portal.SetupWaiting, s.Progress(t.Context(), p.ID).State)
}
