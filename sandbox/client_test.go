package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
	"konturbridge/sandbox/bitrixsim"
)

// These tests are where the two witnesses meet: the bridge's client against the simulated portal, area by area. Each
// knows the wire from the vendor's pages alone, so a mistake of one of them shows here.

// meeting is a portal with an installed application, the client of its administrator, and what the portal sent.
type meeting struct {
	t      *testing.T
	ctx    context.Context
	sim    *bitrixsim.Server
	portal *bitrixsim.Portal
	client *bitrix.Client
	home   string // the application's address
	got    chan []byte
}

const meetingApp = "local.1"

func meet(t *testing.T) *meeting {
	t.Helper()
	m := &meeting{t: t, ctx: t.Context(), got: make(chan []byte, 20)}
	home := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.got <- body
	}))
	t.Cleanup(home.Close)
	m.home = home.URL
	m.sim = bitrixsim.New(bitrixsim.Config{})
	server := httptest.NewServer(m.sim)
	t.Cleanup(server.Close)
	t.Cleanup(m.sim.Close)
	m.sim.SetBaseURL(server.URL)
	m.sim.AddApp(bitrixsim.App{
		ClientID: meetingApp, ClientSecret: "s", HandlerURL: home.URL, InstallURL: home.URL, NoUI: true,
		Scopes: []string{"crm", "bizproc", "placement", "user_basic", "im", "disk", "userfieldconfig", "entity", "task"},
	})
	m.portal = m.sim.AddPortal("agency")
	require.NoError(t, m.portal.Install(t.Context(), meetingApp))
	m.next()
	m.client = m.as(1)
	return m
}

// as is a client with the token of a user.
func (m *meeting) as(userID int, options ...bitrix.Option) *bitrix.Client {
	access, _ := m.portal.IssueTokens(meetingApp, userID)
	return bitrix.New(upstream.New(upstream.WithInsecure(true)), bitrix.NewToken(bitrix.Secret(access), m.portal.Endpoint(), nil), options...)
}

func (m *meeting) next() []byte {
	m.t.Helper()
	select {
	case body := <-m.got:
		return body
	case <-time.After(10 * time.Second):
		m.t.Fatal("nothing was delivered")
		return nil
	}
}

// all reads a sequence to its end.
func all[T any](t *testing.T, rows iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for row, err := range rows {
		require.NoError(t, err)
		out = append(out, row)
	}
	return out
}

func upload(name, content string) *bitrix.Upload {
	return &bitrix.Upload{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(content))), nil
	}}
}

func TestClientMeetsTriggersAndRobots(t *testing.T) {
	t.Parallel()
	m := meet(t)
	deal := m.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Квартира"})
	m.portal.PlaceTrigger(bitrixsim.Trigger{EntityTypeID: bitrixsim.Deal, Stage: "EXECUTING", Code: "signed"})
	require.NoError(t, m.client.TriggerAdd(m.ctx, bitrix.Trigger{Code: "signed", Name: "Подписано"}))
	require.NoError(t, m.client.TriggerExecute(m.ctx, "signed", bitrix.EntityDeal, bitrix.ID(deal)))
	item, _ := m.portal.Item(bitrixsim.Deal, deal)
	require.Equal(t, "EXECUTING", item["stageId"])
	triggers, err := m.client.TriggerList(m.ctx)
	require.NoError(t, err)
	require.Equal(t, []bitrix.Trigger{{Code: "signed", Name: "Подписано"}}, triggers)
	require.NoError(t, m.client.TriggerDelete(m.ctx, "signed"))
	require.Error(t, m.client.TriggerExecute(m.ctx, "signed", bitrix.EntityDeal, bitrix.ID(deal)))

	robot := bitrix.Robot{
		Code: "file", Handler: m.home + "/robot", Subscription: bitrix.SubscriptionYes, Name: bitrix.Texts{"ru": "Подать"}, AuthUserID: 1,
		UsePlacement: "Y", PlacementHandler: m.home + "/settings",
		Properties:       bitrix.RobotProperties{{ID: "note", Name: bitrix.Texts{"ru": "Заметка"}, Type: "string"}},
		ReturnProperties: bitrix.RobotProperties{{ID: "number", Name: bitrix.Texts{"ru": "Номер"}, Type: "string"}},
	}
	require.NoError(t, m.client.RobotAdd(m.ctx, robot))
	require.ErrorIs(t, m.client.RobotAdd(m.ctx, robot), bitrix.ErrAlreadyInstalled)
	m.portal.PlaceRobot(bitrixsim.Deal, "WON", bitrixsim.Step{Robot: "file", Properties: map[string]any{"note": "{=Document:TITLE}"}})
	page, ok := m.portal.OpenRobotSettings(bitrixsim.Deal, "WON", 0, 1)
	require.True(t, ok)
	opened, err := bitrix.ParsePage([]byte(page.Query.Encode()), []byte(page.Form.Encode()))
	require.NoError(t, err)
	settings, err := opened.RobotSettings()
	require.NoError(t, err)
	require.Equal(t, "file", settings.Code)

	require.NoError(t, m.portal.MoveStage(bitrixsim.Deal, deal, "WON"))
	called, err := bitrix.ParseRobotCall(m.next())
	require.NoError(t, err)
	require.Equal(t, "file", called.Code)
	require.NoError(t, m.client.ActivityLog(m.ctx, called.EventToken, "подаю"))
	require.NoError(t, m.client.EventSend(m.ctx, bitrix.RobotAnswer{EventToken: called.EventToken, ReturnValues: map[string]any{"number": "77"}}))
	require.Error(t, m.client.EventSend(m.ctx, bitrix.RobotAnswer{EventToken: called.EventToken}))
	require.Equal(t, bitrixsim.Done, m.portal.Workflows()[0].State)
}

func TestClientMeetsWorkflows(t *testing.T) {
	t.Parallel()
	m := meet(t)
	deal := m.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "Квартира"})
	kind, err := bitrix.NewDocumentType(bitrix.EntityDeal)
	require.NoError(t, err)
	steps := `{"steps":[{"task":{"activity":"RequestInformationActivity","name":"Номер","users":[1],
		"fields":[{"id":"number","name":"Номер","type":"string","required":true}]}}]}`
	id, err := m.client.TemplateAdd(m.ctx, bitrix.NewTemplate{DocumentType: kind, Name: "Спросить", Data: bitrix.FileContent{Name: "a.bpt", Data: []byte(steps)}})
	require.NoError(t, err)
	require.NoError(t, m.client.TemplateUpdate(m.ctx, id, bitrix.TemplateChange{Name: "Спросить номер"}))
	templates := all(t, m.client.Templates(m.ctx, bitrix.ScanOptions{Select: []string{"ID", "NAME", "SYSTEM_CODE"}}))
	require.EqualValues(t, "Спросить номер", templates[0].Name)

	started, err := m.client.WorkflowStart(m.ctx, bitrix.WorkflowStart{TemplateID: id, DocumentID: bitrix.DealDocument(bitrix.ID(deal))})
	require.NoError(t, err)
	running := all(t, m.client.Workflows(m.ctx, bitrix.ScanOptions{Select: []string{"ID", "DOCUMENT_ID"}}))
	require.Equal(t, started, running[0].ID)
	tasks := all(t, m.client.WorkflowTasks(m.ctx, bitrix.ScanOptions{Select: []string{"ID", "ACTIVITY", "PARAMETERS"}}))
	require.Len(t, tasks, 1)
	require.EqualValues(t, "number", tasks[0].Parameters.Fields[0].ID)
	answer := bitrix.TaskAnswer{TaskID: tasks[0].ID, Status: bitrix.TaskOK}
	require.Error(t, m.client.WorkflowTaskComplete(m.ctx, answer))
	answer.Fields = map[string]any{"number": "77"}
	require.NoError(t, m.client.WorkflowTaskComplete(m.ctx, answer))
	require.ErrorIs(t, m.client.WorkflowTaskComplete(m.ctx, answer), bitrix.ErrTaskCompleted)

	again, err := m.client.WorkflowStart(m.ctx, bitrix.WorkflowStart{TemplateID: id, DocumentID: bitrix.DealDocument(bitrix.ID(deal))})
	require.NoError(t, err)
	require.NoError(t, m.client.WorkflowTerminate(m.ctx, again, "хватит"))
	require.NoError(t, m.client.WorkflowKill(m.ctx, again))
	require.NoError(t, m.client.TemplateDelete(m.ctx, id))
	require.ErrorIs(t, m.client.TemplateDelete(m.ctx, id), bitrix.ErrNotFound)
}

func TestClientMeetsActivities(t *testing.T) {
	t.Parallel()
	m := meet(t)
	deal := bitrix.ID(m.portal.CreateItem(bitrixsim.Deal, nil))
	require.NoError(t, m.client.EventBind(m.ctx, bitrix.EventBinding{Event: bitrix.EventTimelineAction, Handler: m.home + "/event"}))
	require.NoError(t, m.client.BadgeAdd(m.ctx, bitrix.Badge{Code: "wait", Title: bitrix.Texts{"ru": "Регистрация"}, Value: bitrix.Texts{"ru": "ждёт"}, Type: bitrix.BadgeSuccess}))
	layout := bitrix.Layout{
		Icon: "info", Title: bitrix.Texts{"ru": "Регистрация"}, Logo: "document",
		Blocks:  bitrix.Blocks{{Key: "state", Type: bitrix.BlockText, Properties: map[string]any{"value": "отправлено"}}},
		Buttons: bitrix.Buttons{{Key: "again", Title: bitrix.Texts{"ru": "Ещё раз"}, Type: bitrix.ButtonPrimary, Action: bitrix.RestEvent("again", map[string]any{"docflow": "d1"}, bitrix.AnimateLoader)}},
	}
	id, err := m.client.ConfigurableAdd(m.ctx, bitrix.ConfigurableActivity{
		Kind: bitrix.EntityDeal, EntityID: deal, Fields: bitrix.ActivityFields{BadgeCode: "wait", OriginID: "d1"}, Layout: layout,
	})
	require.NoError(t, err)
	require.NoError(t, m.portal.PressActivity(int(id), "again", 2))
	event, err := bitrix.ParseEvent(m.next())
	require.NoError(t, err)
	press, err := event.TimelineAction()
	require.NoError(t, err)
	require.Equal(t, "again", press.ID)
	require.Equal(t, deal, press.EntityID)
	require.Equal(t, id, press.ActivityID)
	require.NoError(t, m.client.ConfigurableUpdate(m.ctx, id, bitrix.ActivityFields{Completed: true}, &layout))
	require.True(t, m.portal.Activities(bitrixsim.Deal, int(deal))[0].Completed)

	todo := bitrix.Todo{Kind: bitrix.EntityDeal, EntityID: deal, Deadline: time.Now().Add(time.Hour), Title: "Подписать", ColorID: 2}
	made, err := m.client.TodoAdd(m.ctx, todo)
	require.NoError(t, err)
	todo.Title = "Подписать сегодня"
	require.NoError(t, m.client.TodoUpdate(m.ctx, made, todo))
	require.NoError(t, m.client.ActivityComplete(m.ctx, made))
	_, err = m.client.LogMessageAdd(m.ctx, bitrix.LogMessage{Kind: bitrix.EntityDeal, EntityID: deal, Title: "Мост", Text: "принято"})
	require.NoError(t, err)
}

func TestClientMeetsSystemMethods(t *testing.T) {
	t.Parallel()
	m := meet(t)
	m.portal.AddPerson(bitrixsim.Person{ID: 5, Name: "Ольга", LastName: "Орлова", Email: "o@example.org"})
	users := all(t, m.client.Users(m.ctx, bitrix.ScanOptions{}))
	require.Len(t, users, 3)
	require.EqualValues(t, "o@example.org", users[2].Email)
	names, err := m.client.AccessNames(m.ctx, "U5", "AU")
	require.NoError(t, err)
	require.Equal(t, "Ольга Орлова", names["U5"])
	method, err := m.client.MethodGet(m.ctx, "crm.item.list")
	require.NoError(t, err)
	require.True(t, bool(method.Available))
	feature, err := m.client.Feature(m.ctx, bitrix.FeatureOfflineExtended)
	require.NoError(t, err)
	require.True(t, feature)
	scopes, err := m.client.Scope(m.ctx)
	require.NoError(t, err)
	require.Contains(t, scopes, "entity")
	_, err = m.client.ServerTime(m.ctx)
	require.NoError(t, err)
	dictionaries, err := m.client.StatusDictionaries(m.ctx)
	require.NoError(t, err)
	require.NotEmpty(t, dictionaries)

	first, err := m.client.NotifySystem(m.ctx, bitrix.Notice{UserID: 2, Message: "раз", Tag: "d1"})
	require.NoError(t, err)
	require.NotZero(t, first)
	gone, err := m.client.NotifyDelete(m.ctx, bitrix.NoticeKey{Tag: "d1"})
	require.NoError(t, err)
	require.True(t, gone)

	type task struct {
		ID    bitrix.ID   `json:"id"`
		Title bitrix.Text `json:"title"`
	}
	params := map[string]any{"fields": map[string]any{"title": "Отчёт", "creatorId": 1, "responsibleId": 2}}
	made, _, err := bitrix.CallV3[bitrix.V3Item[task]](m.ctx, m.client, "tasks.task.add", params, bitrix.V3Options{IdempotencyKey: "k"})
	require.NoError(t, err)
	again, answer, err := bitrix.CallV3[bitrix.V3Item[task]](m.ctx, m.client, "tasks.task.add", params, bitrix.V3Options{IdempotencyKey: "k"})
	require.NoError(t, err)
	require.Equal(t, made, again)
	require.True(t, answer.Replayed)
	_, err = m.client.V3OpenAPI(m.ctx)
	require.NoError(t, err)
	_, _, err = bitrix.CallV3[bitrix.V3Item[task]](m.ctx, m.client, "tasks.task.get", map[string]any{"id": 1}, bitrix.V3Options{})
	require.ErrorIs(t, err, bitrix.ErrNotFound)
}

func TestClientMeetsEvents(t *testing.T) {
	t.Parallel()
	m := meet(t)
	require.NoError(t, m.client.EventBind(m.ctx, bitrix.EventBinding{Event: "ONCRMDEALADD", Offline: true, AuthConnector: "bridge"}))
	require.NoError(t, m.client.EventBind(m.ctx, bitrix.EventBinding{Event: "ONCRMDEALADD", Handler: m.home + "/event"}))
	require.NoError(t, m.client.EventBind(m.ctx, bitrix.EventBinding{Event: "ONAPPPAYMENT", Handler: m.home + "/event"}))
	deal := m.portal.CreateItem(bitrixsim.Deal, nil)
	event, err := bitrix.ParseEvent(m.next())
	require.NoError(t, err)
	require.Equal(t, "ONCRMDEALADD", event.Name)
	require.Equal(t, bitrix.ID(1), event.Auth.UserID)
	batch, err := m.client.OfflineGet(m.ctx, bitrix.OfflineQuery{AuthConnector: "bridge"})
	require.NoError(t, err)
	require.Len(t, batch.Events, 1)
	require.Equal(t, bitrix.ID(deal).String(), m.portal.OfflineRows()[0].ObjectID)
	require.NoError(t, m.client.OfflineClear(m.ctx, batch.ProcessID))
	require.Empty(t, m.portal.OfflineRows())

	require.NoError(t, m.portal.Payment(meetingApp, true, 0))
	paid, err := bitrix.ParseEvent(m.next())
	require.NoError(t, err)
	state, err := paid.App()
	require.NoError(t, err)
	require.True(t, state.PaymentExpired)
	hook := m.portal.AddOutgoingWebhook(m.home+"/hook", true, "ONCRMDEALDELETE")
	m.portal.DeleteItem(bitrixsim.Deal, deal)
	deleted, err := bitrix.ParseEvent(m.next())
	require.NoError(t, err)
	require.EqualValues(t, hook.Token, deleted.Auth.ApplicationToken)
}

func TestClientNamesTheFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(*meeting)
		want  error
	}{
		"rate":       {func(m *meeting) { m.portal.FillBucket() }, bitrix.ErrRateLimited},
		"operating":  {func(m *meeting) { m.portal.BlockMethod("profile", time.Now().Add(time.Hour)) }, bitrix.ErrOperatingLimit},
		"expired":    {func(m *meeting) { m.portal.ExpireAccessTokens() }, bitrix.ErrExpiredToken},
		"dismissed":  {func(m *meeting) { m.portal.DismissUser(1) }, bitrix.ErrUserGone},
		"no access":  {func(m *meeting) { m.portal.LimitAppAccess(meetingApp, 2) }, bitrix.ErrAccessDenied},
		"waiting":    {func(m *meeting) { m.portal.RequireConfirm("profile") }, bitrix.ErrConfirmation},
		"plan":       {func(m *meeting) { m.portal.SetOutage(403, "ACCESS_DENIED") }, bitrix.ErrPaymentRequired},
		"uninstall":  {func(m *meeting) { require.NoError(m.t, m.portal.Uninstall(m.ctx, meetingApp, false)) }, bitrix.ErrAppGone},
		"proxy page": {func(m *meeting) { m.portal.SetOutage(502, "") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := meet(t)
			tc.spoil(m)
			_, err := m.client.Profile(m.ctx)
			require.Error(t, err)
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
			}
		})
	}
}

// TestClientFollowsRename posts again where the portal moved to, once somebody vouches for the new address.
func TestClientFollowsRename(t *testing.T) {
	t.Parallel()
	m := meet(t)
	vouched := m.as(1, bitrix.WithConfirm(func(context.Context, string) (string, error) { return m.portal.Endpoint(), nil }))
	m.portal.Rename("agency-new")
	_, err := m.client.Profile(m.ctx)
	require.ErrorIs(t, err, bitrix.ErrMoved)
	id, err := vouched.ItemAdd(m.ctx, bitrix.EntityDeal, map[string]any{"title": "после переезда"})
	require.NoError(t, err)
	require.Equal(t, "после переезда", id.String("title"))
	require.Len(t, m.portal.Items(bitrixsim.Deal), 1)
}
