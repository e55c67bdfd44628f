package watchdog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/app/watchdog"
	"konturbridge/bitrix"
	"konturbridge/sandbox/bitrixsim"
)

// kennel is a simulated portal with a robot, and a watchdog over it.
type kennel struct {
	*apptest.Clock
	sim    *bitrixsim.Portal
	b24    *bitrix.Client
	store  *store.Store
	worker *watchdog.Worker
	lease  lane.Lease
	alive  bool
}

func open(t *testing.T) *kennel {
	t.Helper()
	k := &kennel{Clock: apptest.NewClock(), alive: true}
	k.sim, k.b24 = apptest.OpenPortal(t, k.Now)
	k.store, _ = apptest.OpenStore(t, k.Now, nil)
	host, _, _ := strings.Cut(k.sim.Endpoint(), "/portal")
	for _, code := range []string{"realty_extract", "realty_status"} {
		require.NoError(t, k.b24.RobotAdd(t.Context(), bitrix.Robot{Code: code, Handler: host + "/nobody", Subscription: bitrix.SubscriptionYes, Name: bitrix.Texts{"ru": "Р"}}))
	}
	k.worker = watchdog.New(watchdog.Deps{Store: k.store, Bitrix: k.Bitrix, Active: func(portal.ID) bool { return k.alive }, Now: k.Now,
		Every: time.Minute, After: 10 * time.Minute})
	require.NoError(t, k.store.EnsureRows(t.Context(), watchdog.Row("p")))
	leases, err := k.store.Claim(t.Context(), "node", time.Hour, 1)
	require.NoError(t, err)
	k.lease = leases[0]
	return k
}

func (k *kennel) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return k.b24, nil }

func (k *kennel) look(t *testing.T) lane.Result {
	t.Helper()
	result, err := k.worker.Work(t.Context(), lane.Row{Lane: "p", Lease: k.lease})
	require.NoError(t, err)
	require.NoError(t, k.store.Commit(t.Context(), result.Writes...))
	return result
}

func (k *kennel) stuck(t *testing.T) []watchdog.Stuck {
	t.Helper()
	all, err := k.store.StuckWorkflows(t.Context(), "p")
	require.NoError(t, err)
	return all
}

// template adds a template of deals.
func (k *kennel) template(steps ...bitrixsim.Step) int {
	return k.sim.AddTemplate(bitrixsim.Template{Name: "Выписка", EntityTypeID: 2, Steps: steps})
}

// start starts a workflow on a new deal; the calls of the given robots come, what else it calls is lost.
func (k *kennel) start(t *testing.T, template int, came ...string) string {
	t.Helper()
	deal := k.sim.CreateItem(2, map[string]any{})
	workflow, err := k.b24.WorkflowStart(t.Context(), bitrix.WorkflowStart{TemplateID: bitrix.ID(template), DocumentID: bitrix.DealDocument(bitrix.ID(deal))})
	require.NoError(t, err)
	k.came(t, workflow, came...)
	return workflow
}

func (k *kennel) came(t *testing.T, workflow string, codes ...string) {
	t.Helper()
	for _, code := range codes {
		require.NoError(t, k.store.Commit(t.Context(), inbox.Called{Portal: "p", Workflow: workflow, Code: code}))
	}
}

func robot(code string) bitrixsim.Step { return bitrixsim.Step{Robot: code} }

func TestALostCallIsSuspected(t *testing.T) {
	t.Parallel()
	k := open(t)
	template := k.template(robot("realty_extract"), robot("realty_status"))
	before := k.start(t, template)
	k.Add(time.Second)
	first := k.start(t, template, "realty_extract")
	require.Equal(t, lane.Again, k.look(t).Verdict)
	k.Add(2 * time.Second)
	lost := k.start(t, template)
	k.Add(9 * time.Minute)
	k.look(t)
	require.Empty(t, k.stuck(t), "it has not stood long enough")
	k.Add(2 * time.Minute)
	require.Equal(t, "1 workflows are suspected to wait for a lost call", k.look(t).Note)
	all := k.stuck(t)
	require.Len(t, all, 1)
	require.Equal(t, lost, all[0].Workflow)
	require.NotContains(t, []string{before, first}, all[0].Workflow, "what began before the robot was known is not judged")
	require.EqualValues(t, template, all[0].Template)
	require.Equal(t, []string{"realty_extract"}, all[0].Missing)
	require.Empty(t, all[0].Received)
	require.Contains(t, all[0].Reason(), "ни один вызов не пришёл")
	require.True(t, strings.HasPrefix(all[0].Document, "DEAL_"))

	k.came(t, lost, "realty_extract")
	k.look(t)
	require.Empty(t, k.stuck(t), "it came after all")
}

func TestTheSecondOfTwoCallsIsLost(t *testing.T) {
	t.Parallel()
	k := open(t)
	template := k.template(robot("realty_extract"), robot("realty_status"))
	k.start(t, template, "realty_extract", "realty_status")
	k.look(t)
	k.Add(time.Second)
	half := k.start(t, template, "realty_extract")
	k.look(t)
	k.Add(11 * time.Minute)
	k.look(t)
	require.Len(t, k.stuck(t), 1)
	require.Equal(t, half, k.stuck(t)[0].Workflow)
	require.Equal(t, "не пришёл вызов: realty_status; пришли: realty_extract", k.stuck(t)[0].Reason())
}

func TestWhoIsNoSuspect(t *testing.T) {
	t.Parallel()
	k := open(t)
	template := k.template(robot("realty_extract"))
	person := k.template(bitrixsim.Step{Task: &bitrixsim.TaskStep{Activity: bitrixsim.ReviewActivity, Name: "Проверить", Users: []int{1}}}, robot("realty_extract"))
	foreign := k.template(bitrixsim.Step{Task: &bitrixsim.TaskStep{Activity: bitrixsim.ReviewActivity, Name: "Проверить", Users: []int{1}}})
	k.start(t, template, "realty_extract")
	seen := k.start(t, person)
	require.NoError(t, k.b24.WorkflowTaskComplete(t.Context(), bitrix.TaskAnswer{TaskID: bitrix.ID(k.sim.Tasks()[0].ID), Status: bitrix.TaskOK}))
	k.came(t, seen, "realty_extract")
	k.look(t)
	k.Add(time.Second)
	waits := k.start(t, template)
	body, err := json.Marshal(inbox.Call{WorkflowID: waits})
	require.NoError(t, err)
	require.NoError(t, k.store.Accept(t.Context(), &store.Accept{Row: lane.NewRow{Lane: "p", Part: "2:1", Kind: inbox.KindRobot, Body: body}}))
	k.start(t, person)
	k.start(t, foreign)
	k.Add(11 * time.Minute)
	k.look(t)
	require.Empty(t, k.stuck(t), "one call is being worked, two processes wait for a person")
}

func TestAutomationOfStages(t *testing.T) {
	t.Parallel()
	k := open(t)
	k.sim.PlaceRobot(2, "PREPARATION", robot("realty_extract"))
	enter := func() {
		deal := k.sim.CreateItem(2, map[string]any{})
		require.NoError(t, k.sim.MoveStage(2, deal, "PREPARATION"))
	}
	enter()
	k.came(t, k.sim.Workflows()[0].ID, "realty_extract")
	k.look(t)
	k.Add(time.Second)
	enter()
	k.Add(11 * time.Minute)
	k.look(t)
	require.Len(t, k.stuck(t), 1)
	require.Zero(t, k.stuck(t)[0].Template)
}

func TestAQuietPortalCostsNothing(t *testing.T) {
	t.Parallel()
	k := open(t)
	before := k.sim.Requests()
	require.Equal(t, lane.Again, k.look(t).Verdict)
	require.Equal(t, before, k.sim.Requests())
}

func TestFaultsOfALook(t *testing.T) {
	t.Parallel()
	k := open(t)
	template := k.template(robot("realty_extract"))
	k.start(t, template, "realty_extract")
	k.sim.FailNext("batch", 503, "", 1)
	result := k.look(t)
	require.Equal(t, lane.Again, result.Verdict)
	require.Contains(t, result.Note, "503")
	k.look(t)
	k.Add(time.Second)
	k.start(t, template)
	k.Add(11 * time.Minute)
	k.sim.FailNext("bizproc.task.list", 403, "ACCESS_DENIED", 1)
	k.look(t)
	require.Len(t, k.stuck(t), 1, "who may not see tasks can't rule them out")
	k.alive = false
	require.Equal(t, lane.Done, k.look(t).Verdict)
	require.Empty(t, k.stuck(t), "of a removed portal nothing is left")
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	k.alive = true
	_, err := k.worker.Work(stopped, lane.Row{Lane: "p", Lease: k.lease})
	require.Error(t, err)
}

func TestAPersonEndsAWorkflow(t *testing.T) {
	t.Parallel()
	k := open(t)
	template := k.template(robot("realty_extract"))
	ended, killed := k.start(t, template), k.start(t, template)
	require.NoError(t, k.store.Commit(t.Context(), watchdog.Found{Portal: "p", Stuck: []watchdog.Stuck{{Portal: "p", Workflow: ended}}}))
	end := func(e watchdog.End) lane.Result {
		row, err := watchdog.EndRow("p", e)
		require.NoError(t, err)
		result, err := watchdog.Ender{Bitrix: k.Bitrix}.Work(t.Context(), lane.Row{Lane: row.Lane, Body: row.Body})
		require.NoError(t, err)
		require.NoError(t, k.store.Commit(t.Context(), result.Writes...))
		return result
	}
	require.Equal(t, "ended", end(watchdog.End{Workflow: ended}).Note)
	require.Equal(t, bitrixsim.Terminated, k.sim.Workflows()[0].State)
	require.Contains(t, strings.Join(k.sim.Workflows()[0].Log, " "), "Завершён из моста Контур")
	require.Empty(t, k.stuck(t))
	require.Equal(t, "erased", end(watchdog.End{Workflow: killed, Kill: true}).Note)
	require.Len(t, k.sim.Workflows(), 1)
	require.Equal(t, "it was not running any more", end(watchdog.End{Workflow: killed}).Note)
	k.sim.FailNext("bizproc.workflow.terminate", 403, "ACCESS_DENIED", 1)
	row, err := watchdog.EndRow("p", watchdog.End{Workflow: ended})
	require.NoError(t, err)
	_, err = watchdog.Ender{Bitrix: k.Bitrix}.Work(t.Context(), lane.Row{Lane: "p", Body: row.Body})
	require.ErrorContains(t, err, ended)
	_, err = watchdog.Ender{Bitrix: k.Bitrix}.Work(t.Context(), lane.Row{Lane: "p", Body: []byte("{")})
	require.Error(t, err)
}
