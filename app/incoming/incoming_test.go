package incoming_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/incoming"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

const member = "m1"

// rig is a portal and a box side by side.
type rig struct {
	*apptest.Clock
	t      *testing.T
	portal *bitrixsim.Portal
	b24    *bitrix.Client
	sim    *diadocsim.Server
	demo   diadocsim.Demo
	client *diadoc.Client
	store  *store.Store
	rules  []settings.Incoming
}

func setup(t *testing.T, rules ...settings.Incoming) *rig {
	t.Helper()
	r := &rig{Clock: apptest.NewClock(), t: t, rules: rules}
	r.portal, r.b24 = apptest.OpenPortal(t, r.Now)
	r.sim = diadocsim.New(diadocsim.Config{Now: r.Now})
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	r.sim.SetBaseURL(server.URL)
	r.demo = r.sim.SeedDemo("https://bridge.example.test/diadoc")
	r.client = diadoc.New(apptest.Calls(), server.URL+"/diadoc", r, diadoc.WithClock(r.Now))
	r.store, _ = apptest.OpenStore(t, r.Now, func(docflow.Record, docflow.Change, []docflow.Waiter) []reaction.Effect { return nil })
	require.NoError(t, r.store.SavePortal(t.Context(), portal.Portal{ID: member, State: portal.Active, Installed: r.Now()}, portal.Application{ClientID: "c", State: portal.Active}))
	require.NoError(t, r.store.SaveSettings(t.Context(), member, nil, []portal.Connection{{Portal: member, Name: "box", Kind: docflow.Diadoc, Default: true,
		AccountID: r.demo.Box, Secrets: map[string]string{"refreshToken": "r"}}}, nil, nil))
	return r
}

func (r *rig) Token(ctx context.Context) (diadoc.Authorization, error) { return r.Renew(ctx, "") }

func (r *rig) Renew(context.Context, diadoc.Authorization) (diadoc.Authorization, error) {
	token, err := r.sim.IssueAccessToken(r.demo.ClientID, r.demo.Login)
	return diadoc.Bearer(token), err
}

func (r *rig) Settings(context.Context, portal.ID) (settings.Settings, error) {
	return settings.Settings{Incoming: r.rules}, nil
}

func (r *rig) Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error) {
	return r.store.Connections(ctx, id)
}
func (r *rig) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return r.b24, nil }
func (r *rig) Diadoc(portal.Connection) (*diadoc.Client, error)          { return r.client, nil }

// receive lets the partner send a contract and gives the row that the feed makes of it.
func (r *rig) receive() lane.Row {
	r.t.Helper()
	id, err := r.sim.Send(r.demo.Partner, r.demo.Box, diadocsim.Paper{FileName: "Договор.pdf", Content: []byte("договор"), NeedReply: true})
	require.NoError(r.t, err)
	row := feed.IncomingRow(portal.Connection{Portal: member, Name: "box"}, id, diadoc.BoxID(r.demo.Partner))
	return lane.Row{Lane: row.Lane, Part: row.Part, Kind: row.Kind, Code: row.Code, Body: row.Body, Received: r.Now()}
}

func (r *rig) work(row lane.Row) (lane.Result, error) {
	r.t.Helper()
	result, err := incoming.Worker{Store: r.store, Portals: r, Clients: r, Now: r.Now}.Work(r.t.Context(), row)
	if err == nil {
		require.NoError(r.t, r.store.Commit(r.t.Context(), result.Writes...))
	}
	return result, err
}

func (r *rig) records() []docflow.Record {
	r.t.Helper()
	all, err := r.store.Docflows(r.t.Context(), member, 100)
	require.NoError(r.t, err)
	return all
}

// company adds one with the partner's requisites.
func (r *rig) company(kpp string, responsible int) int {
	id := r.portal.CreateItem(bitrixsim.Company, map[string]any{"title": "Застройщик", "assignedById": responsible})
	r.portal.AddRequisite(bitrixsim.Company, id, map[string]any{"RQ_INN": "5400000002", "RQ_KPP": kpp, "NAME": "Основные"})
	return id
}

func TestUnknownSenderMakesALead(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Incoming{Action: settings.IncomingDeal, Stage: "IN_PROCESS", Responsible: 1})
	row := r.receive()
	_, err := r.work(row)
	require.NoError(t, err)
	require.Len(t, r.records(), 1)
	rec := r.records()[0]
	require.Equal(t, bitrixsim.Lead, rec.Card.EntityType)
	require.Equal(t, docflow.AwaitingAnswer, rec.State)
	require.True(t, rec.Documents[0].OurTurn)
	require.Equal(t, docflow.Inbound, rec.Documents[0].Direction)
	history, err := r.store.History(t.Context(), rec.ID)
	require.NoError(t, err)
	require.Len(t, history, 1, "the bridge has not prepared it")
	lead, ok := r.portal.Item(bitrixsim.Lead, int(rec.Card.ID))
	require.True(t, ok)
	require.Contains(t, lead["title"], "Застройщик Выдуманный")
	require.Contains(t, lead["comments"], "5400000002")
	require.Equal(t, "IN_PROCESS", lead["stageId"])
	result, err := r.work(row)
	require.NoError(t, err)
	require.Contains(t, result.Note, "уже есть карточка")
	require.Len(t, r.records(), 1)
}

func TestLostAnswerMakesOneLead(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Incoming{Action: settings.IncomingLead})
	row := r.receive()
	before := len(r.portal.Items(bitrixsim.Lead))
	r.portal.DropAnswerNext("crm.item.add")
	_, err := r.work(row)
	require.Error(t, err)
	require.Empty(t, r.records())
	_, err = r.work(row)
	require.NoError(t, err)
	require.Len(t, r.portal.Items(bitrixsim.Lead), before+1)
	require.Len(t, r.records(), 1)
}

func TestJoinsTheNewestOpenDeal(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Incoming{Action: settings.IncomingDeal})
	r.company("770001001", 1) // another branch
	company := r.company("540001001", 1)
	deal := func(fields map[string]any) int {
		fields["companyId"] = company
		return r.portal.CreateItem(bitrixsim.Deal, fields)
	}
	deal(map[string]any{"title": "старая"})
	newest := deal(map[string]any{"title": "новая"})
	deal(map[string]any{"title": "проиграна", "stageId": "LOSE"})
	r.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "чужая"})
	_, err := r.work(r.receive())
	require.NoError(t, err)
	require.Equal(t, docflow.Card{EntityType: bitrixsim.Deal, ID: int64(newest)}, r.records()[0].Card)
}

func TestKnownCompanyWithoutADealGetsALead(t *testing.T) {
	t.Parallel()
	category := 5
	r := setup(t, settings.Incoming{Action: settings.IncomingDeal, Category: &category})
	company := r.company("540001001", 1)
	r.portal.CreateItem(bitrixsim.Deal, map[string]any{"title": "в другой воронке", "companyId": company})
	_, err := r.work(r.receive())
	require.NoError(t, err)
	card := r.records()[0].Card
	require.Equal(t, bitrixsim.Lead, card.EntityType)
	lead, _ := r.portal.Item(bitrixsim.Lead, int(card.ID))
	require.EqualValues(t, company, lead["companyId"])
}

func TestRulesLeaveAlone(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]settings.Incoming{
		"no rule":       nil,
		"another type":  {{Action: settings.IncomingLead, Types: []string{"Invoice"}}},
		"told to leave": {{Action: settings.IncomingNone, Types: []string{"Nonformalized"}}, {Action: settings.IncomingLead}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, rules...)
			before := len(r.portal.Items(bitrixsim.Lead))
			_, err := r.work(r.receive())
			require.NoError(t, err)
			require.Empty(t, r.records())
			require.Len(t, r.portal.Items(bitrixsim.Lead), before)
		})
	}
}

func TestWhatIsNotShownYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := setup(t, settings.Incoming{Action: settings.IncomingLead})
	row := r.receive()
	r.sim.FailNext("GetMessage", 404, 2)
	result, err := r.work(row)
	require.NoError(t, err)
	require.Equal(t, lane.Aside, result.Verdict)
	r.Add(3 * time.Minute)
	result, err = r.work(row)
	require.NoError(t, err)
	require.Equal(t, lane.Dead, result.Verdict, "shown in the journal, and may be tried again")
	_, err = r.work(row)
	require.NoError(t, err)
	require.Len(t, r.records(), 1)
}
