package portal_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// newWorkshop is a rig whose portal is set up, with a smart process that the settings name, and with things of
// others in it.
func newWorkshop(t *testing.T) (r *rig, process int) {
	t.Helper()
	const stranger = "local.stranger"
	r = newRig(t, stranger)
	for _, client := range []string{clientID, stranger} {
		a := app(true)
		a.ClientID, a.Scopes = client, append(a.Scopes, "userfieldconfig")
		r.sim.AddApp(a)
	}
	process = 147
	r.processes = []int{process}
	require.NotEqual(t, process, r.portal.AddType(process, "Объекты"))
	r.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: "UF_CRM_CADASTRAL", Type: "string"})
	r.install(t)

	// An application of somebody else, and somebody else's handler in ours.
	_, form := r.portal.OpenPage(stranger, "", "", 1)
	other := bitrix.New(r.deps.Upstream, borrowed{form.Get("AUTH_ID"), r.portal.Endpoint()})
	require.NoError(t, other.RobotAdd(t.Context(), bitrix.Robot{Code: "theirs", Handler: publicURL + "/theirs", Name: bitrix.Texts{"ru": "Чужой"}}))
	require.NoError(t, other.TriggerAdd(t.Context(), bitrix.Trigger{Code: "theirs", Name: "Чужой"}))
	own := r.source()
	require.NoError(t, own.RobotAdd(t.Context(), bitrix.Robot{Code: "by_hand", Handler: publicURL + "/by_hand", Name: bitrix.Texts{"ru": "Свой"}}))
	require.NoError(t, own.TriggerAdd(t.Context(), bitrix.Trigger{Code: "by_hand", Name: "Свой"}))
	require.NoError(t, own.EventBind(t.Context(), bitrix.EventBinding{Event: "ONCRMDEALADD", Handler: "https://reports.example/deal"}))
	require.NoError(t, own.PlacementBind(t.Context(), bitrix.Placement{Code: "CRM_DEAL_DETAIL_TAB", Handler: "https://reports.example/tab"}))

	report := bindAll(t, r)
	require.Empty(t, report.Problems)
	require.Empty(t, report.Removed)
	return r, process
}

// borrowed is a token that is never renewed.
type borrowed struct{ access, endpoint string }

func (b borrowed) Token(_ context.Context) (string, string, error) { return b.access, b.endpoint, nil }
func (b borrowed) Refresh(_ context.Context, _ string) (string, string, error) {
	return b.access, b.endpoint, nil
}

// inventory is everything that applications and people have put into the portal.
func inventory(t *testing.T, r *rig) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, code := range r.portal.Robots() {
		all["robot "+code]++
	}
	for _, b := range r.portal.Bindings() {
		all["event "+b.ClientID+" "+b.Event+" "+b.Handler]++
	}
	for _, p := range r.portal.Placements() {
		all["tab "+p.ClientID+" "+p.Placement+" "+p.Handler+" "+p.Title]++
	}
	for _, kind := range []int{bitrixsim.Deal, bitrixsim.Lead, 147} {
		for _, f := range r.portal.UserFields(kind) {
			all["field "+bitrix.EntityTypeID(kind).Name()+" "+f.Name+" "+f.Type]++
		}
	}
	triggers, err := r.source().TriggerList(t.Context())
	require.NoError(t, err)
	for _, trigger := range triggers {
		all["trigger "+trigger.Code+" "+trigger.Name]++
	}
	return all
}

func TestSelfCheckRepairs(t *testing.T) {
	t.Parallel()
	r, process := newWorkshop(t)
	good := inventory(t, r)
	require.Equal(t, 1, good["robot theirs"])
	require.Equal(t, 1, good["robot by_hand"])
	require.Equal(t, 1, good["trigger by_hand Свой"])
	require.Equal(t, 1, good["event "+clientID+" ONCRMDEALADD https://reports.example/deal"])
	for name, n := range good {
		require.Equal(t, 1, n, name)
	}
	tab := "tab " + clientID + " CRM_DYNAMIC_147_DETAIL_TAB " + publicURL + "/bitrix/placements/crm_detail_tab Контур"
	require.Equal(t, 1, good[tab])

	own := r.source()
	smart := r.portal.UserFields(process)
	require.Len(t, smart, len(portal.Fields()))
	r.portal.DeleteRobots("realty_extract")
	r.portal.DeleteBindings("ONCRMDEALUPDATE")
	require.True(t, r.portal.DeleteUserField(bitrixsim.Lead, portal.FieldRealtyUIN))
	require.True(t, r.portal.DeleteUserField(process, smart[0].Name))
	r.portal.DeletePlacements("CRM_LEAD_DETAIL_TAB")
	r.portal.DeleteTriggers(portal.TriggerDutyCharged)
	// Altered: a handler, a title, a name.
	_, err := own.EventUnbind(t.Context(), bitrix.EventBinding{Event: "ONCRMLEADADD", Handler: publicURL + "/bitrix/events"})
	require.NoError(t, err)
	require.NoError(t, own.EventBind(t.Context(), bitrix.EventBinding{Event: "ONCRMLEADADD", Handler: publicURL + "/bitrix/events-old"}))
	_, err = own.PlacementUnbind(t.Context(), "CRM_DYNAMIC_147_DETAIL_TAB", publicURL+"/bitrix/placements/crm_detail_tab")
	require.NoError(t, err)
	require.NoError(t, own.PlacementBind(t.Context(), bitrix.Placement{Code: "CRM_DYNAMIC_147_DETAIL_TAB",
		Handler: publicURL + "/bitrix/placements/crm_detail_tab", Title: "Другой"}))
	require.NoError(t, own.TriggerAdd(t.Context(), bitrix.Trigger{Code: portal.TriggerSignatureNeeded, Name: "Другой"}))
	require.NoError(t, own.TriggerAdd(t.Context(), bitrix.Trigger{Code: "kb_of_earlier_times", Name: "Старый"}))
	require.NotEqual(t, good, inventory(t, r))

	p, _ := r.stored(t)
	result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck})
	require.NoError(t, err)
	require.Equal(t, good, inventory(t, r), "what was there is there again, once, and what is others' stayed")
	report, err := r.store.Check(t.Context(), p.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"robot realty_extract", "event ONCRMDEALUPDATE", "offline event ONCRMDEALUPDATE", "event ONCRMLEADADD",
		"field " + portal.FieldRealtyUIN + " of LEAD", "field " + smart[0].Name + " of DYNAMIC_147", "tab CRM_LEAD_DETAIL_TAB",
		"trigger " + portal.TriggerDutyCharged,
	}, report.Added)
	require.ElementsMatch(t, []string{"tab CRM_DYNAMIC_147_DETAIL_TAB", "trigger " + portal.TriggerSignatureNeeded}, report.Changed)
	require.ElementsMatch(t, []string{"event ONCRMLEADADD", "trigger kb_of_earlier_times"}, report.Removed)
	require.Empty(t, report.Problems)
	require.Contains(t, result.Note, "added 8 (robot realty_extract")

	before := len(writes(r))
	_, err = r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck})
	require.NoError(t, err)
	require.Empty(t, writes(r)[before:], "the second check writes nothing")
	report, err = r.store.Check(t.Context(), p.ID)
	require.NoError(t, err)
	require.False(t, report.Repaired())
}

// TestRobotsAreWrittenAgain: the portal lists the codes of robots and nothing else.
func TestRobotsAreWrittenAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	bindAll(t, r)
	check := func(s *portal.Setup) portal.Report {
		t.Helper()
		p, _ = r.stored(t)
		report, err := s.Check(t.Context(), p)
		require.NoError(t, err)
		return report
	}
	before := len(writes(r))
	require.Zero(t, check(r.setup).Renewed)
	require.Empty(t, writes(r)[before:])

	changed := robots("realty_extract", "realty_create")
	changed[0].Placement = true
	require.Equal(t, []string{"robot realty_extract"}, check(r.newSetup(publicURL, changed)).Changed, "a newer bridge has another slider")
	moved := check(r.newSetup("https://bridge.example:8443", changed))
	require.ElementsMatch(t, []string{"robot realty_create", "robot realty_extract"}, moved.Changed, "the bridge has another address")
	require.ElementsMatch(t, []string{"robot realty_create", "robot realty_extract"}, check(r.setup).Changed)

	// Altered by hand: what is asked for by a person writes them again, as does the check of every week.
	require.NoError(t, r.source().RobotUpdate(t.Context(), bitrix.Robot{Code: "realty_extract", Handler: publicURL + "/wrong"}))
	require.Zero(t, check(r.setup).Renewed)
	result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck, Code: portal.AskedCheckRow(p.ID).Code})
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict)
	report, err := r.store.Check(t.Context(), p.ID)
	require.NoError(t, err)
	require.Equal(t, 2, report.Renewed)
	require.Empty(t, report.Changed, "nobody can tell whether they were altered")
	r.clock.Add(8 * 24 * time.Hour)
	require.Equal(t, 2, check(r.setup).Renewed)
	require.Zero(t, check(r.setup).Renewed)
}

func TestFieldsOfOtherTypesAreLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.portal.AddUserField(bitrixsim.Deal, bitrixsim.UserField{Name: portal.FieldRealtyDuty, Type: "string"})
	r.portal.AddUserField(bitrixsim.Lead, bitrixsim.UserField{Name: portal.FieldRealtyFiles, Type: "file"})
	r.install(t)
	report := bindAll(t, r)
	require.Equal(t, []string{
		"field UF_CRM_KB_REALTY_DUTY of DEAL is string and should be money: delete it in the CRM settings once nobody needs what it holds, and it is made anew",
		"field UF_CRM_KB_REALTY_FILES of LEAD is file and should be file, multiple: delete it in the CRM settings once nobody needs what it holds, and it is made anew",
	}, report.Problems)
	require.Equal(t, "string", fieldTypes(r, bitrixsim.Deal)[portal.FieldRealtyDuty])
}

func TestSmartProcesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.processes = []int{147, 188}
	definition := r.portal.AddType(147, "Объекты")
	r.install(t)
	report := bindAll(t, r)
	require.Equal(t, []string{
		"the settings name the smart process with entityTypeId 188, which the portal does not have",
		`fields of smart processes: the application's form does not grant the scope "userfieldconfig"`,
	}, report.Problems)
	r.rescope("crm", "bizproc", "placement", "userfieldconfig")
	r.portal.AddType(188, "Споры")
	report = bindAll(t, r)
	require.Empty(t, report.Problems)
	prefix := "UF_CRM_" + bitrix.ID(definition).String() + "_KB_"
	types := fieldTypes(r, 147)
	require.Len(t, types, len(portal.Fields()))
	require.Equal(t, "money", types[prefix+"REALTY_DUTY"], "named by the definition's number, which is not the entityTypeId")
	require.Equal(t, "file multiple", types[prefix+"REALTY_FILES"])
	require.Len(t, fieldTypes(r, 188), len(portal.Fields()))
	before := len(writes(r))
	p, _ := r.stored(t)
	report, err := r.setup.Check(t.Context(), p)
	require.NoError(t, err)
	require.False(t, report.Repaired(), report.String())
	require.Empty(t, writes(r)[before:])
}

func TestCheckOfAnUnpaidOrUnfinishedInstallation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.sim.AddApp(app(false))
	out, err := r.installer.Install(t.Context(), portal.FromPage(r.page(t, 1)))
	require.NoError(t, err)
	require.Empty(t, out.Pending)
	p, _ := r.stored(t)
	report, err := r.setup.Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, report.Problems, "the page that installs is still open")
	report, err = r.setup.Check(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, report.Problems, 1)
	require.Contains(t, report.Problems[0], "installation is not finished")
	result, err := r.setup.Work(t.Context(), lane.Row{Lane: string(p.ID), Kind: portal.KindCheck, Code: portal.AskedCheckRow(p.ID).Code})
	require.NoError(t, err)
	require.Contains(t, result.Note, "installation is not finished")
	require.NoError(t, r.portal.FinishInstall(clientID))
	report, err = r.setup.Check(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}

func TestSetupsTakeTurns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := r.install(t)
	done := make(chan error, 3)
	for _, row := range []lane.Row{
		{Lane: string(p.ID), Kind: portal.KindSetup}, {Lane: string(p.ID), Kind: portal.KindCheck},
		{Lane: string(p.ID), Kind: portal.KindCheck, Code: portal.AskedCheckRow(p.ID).Code},
	} {
		go func() {
			_, err := r.setup.Work(t.Context(), row)
			done <- err
		}()
	}
	for range 3 {
		require.NoError(t, <-done)
	}
	added := map[string]int{}
	for _, method := range writes(r) {
		added[method]++
	}
	require.Equal(t, 2, added["bizproc.robot.add"], "nobody registers what another one is registering")
	require.Equal(t, 26, added["event.bind"])
	requireSetUp(t, r)
}
