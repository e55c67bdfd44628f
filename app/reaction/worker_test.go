package reaction_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/action"
	"konturbridge/app/apptest"
	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/app/store"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/realtysim"
)

const account = "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"

// bench is a card in a simulated portal with effects that wait for it.
type bench struct {
	*apptest.Clock
	sim    *bitrixsim.Portal
	b24    *bitrix.Client
	realty *realtysim.Server
	client *realty.Client
	store  *store.Store
	box    *seal.Box
	worker *reaction.Worker
	card   docflow.Card
	gone   error // what asking for the account gives
}

func open(t *testing.T, kind int, fields map[string]any) *bench {
	t.Helper()
	b := &bench{Clock: apptest.NewClock()}
	b.sim, b.b24 = apptest.OpenPortal(t, b.Now)
	b.sim.AddType(147, "Объекты")
	b.store, b.box = apptest.OpenStore(t, b.Now, nil)
	b.realty = realtysim.New(realtysim.Config{Now: b.Now})
	server := httptest.NewServer(b.realty)
	t.Cleanup(server.Close)
	b.realty.AddAccount("a@b.ru", "123", account)
	b.client = realty.New(apptest.Calls(), server.URL+"/realty/v1", session{server.URL + "/realty/v1"})
	for _, f := range portal.Fields() {
		b.sim.AddUserField(2, bitrixsim.UserField{Name: f.FieldName, Type: string(f.UserTypeID), Multiple: bool(f.Multiple)})
	}
	b.card = docflow.Card{EntityType: kind, ID: int64(b.sim.CreateItem(kind, fields))}
	cards := action.New(action.Deps{Clients: b, Portals: b, Now: b.Now})
	b.worker = reaction.New(reaction.Deps{Store: b.store, Cards: cards, Sealer: b.box, Bitrix: b.Bitrix, Now: b.Now,
		Realty: func(context.Context, docflow.Record) (*realty.Client, error) { return b.client, b.gone }, TokenBind: func(p string) string { return "event_token/" + p }})
	return b
}

type session struct{ base string }

func (s session) Session(ctx context.Context) (string, error) { return s.Renew(ctx, "") }
func (s session) Renew(ctx context.Context, _ string) (string, error) {
	answer, err := realty.Login(ctx, apptest.Calls(), s.base, realty.Credentials{Login: "a@b.ru", Password: "123", AccountID: account})
	return answer.SessionID, err
}

func (b *bench) Bitrix(context.Context, portal.ID) (*bitrix.Client, error) { return b.b24, nil }
func (b *bench) Diadoc(portal.Connection) (*diadoc.Client, error)          { return nil, nil }

func (b *bench) Realty(portal.Connection) *realty.Client { return b.client }
func (b *bench) Settings(context.Context, portal.ID) (settings.Settings, error) {
	return settings.Settings{}, nil
}
func (b *bench) Connections(context.Context, portal.ID) ([]portal.Connection, error) { return nil, nil }

// add stores an effect of the docflow d.
func (b *bench) add(t *testing.T, kind reaction.Kind, params any) {
	t.Helper()
	raw, err := json.Marshal(params)
	require.NoError(t, err)
	require.NoError(t, b.store.Commit(t.Context(), reaction.Enqueue{Effects: []reaction.Effect{{Portal: "m1", Card: b.card, Docflow: "d", Kind: kind, Params: raw}}}))
}

func (b *bench) work(t *testing.T) (lane.Result, error) {
	t.Helper()
	body, err := json.Marshal(b.card)
	require.NoError(t, err)
	leases, err := b.store.Claim(t.Context(), "node", 1e9, 1)
	require.NoError(t, err)
	lease := lane.Lease{Lane: "m1", Fence: 1}
	if len(leases) > 0 {
		lease = leases[0]
	}
	result, err := b.worker.Work(t.Context(), lane.Row{Lane: "m1", Body: body, Lease: lease})
	if len(result.Writes) > 0 { // the scheduler stores them with the row's outcome
		require.NoError(t, b.store.Write(t.Context(), lease, result.Writes...))
	}
	return result, err
}

func (b *bench) done(t *testing.T) {
	t.Helper()
	result, err := b.work(t)
	require.NoError(t, err)
	require.Equal(t, lane.Done, result.Verdict, result.Note)
	require.Empty(t, b.waiting(t))
}

func (b *bench) waiting(t *testing.T) []reaction.Effect {
	t.Helper()
	all, err := b.store.WaitingEffects(t.Context(), "m1", b.card)
	require.NoError(t, err)
	return all
}

func (b *bench) field(name string) any {
	item, _ := b.sim.Item(b.card.EntityType, int(b.card.ID))
	return item[name]
}

func (b *bench) timeline(kind string) (texts []string) {
	for _, e := range b.sim.Timeline(b.card.EntityType, int(b.card.ID)) {
		if e.Kind == kind {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

func (b *bench) count(method string) (n int) {
	for _, c := range b.sim.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// completed files an extract, lets the registrar answer with one archive and stores the record.
func (b *bench) completed(t *testing.T) reaction.FileItem {
	t.Helper()
	return b.delivered(t, realtysim.ResultFile{Type: "outdoc", Name: "a", Data: []byte("PK\x03\x04archive")})[0]
}

// delivered is completed with the files of a test.
func (b *bench) delivered(t *testing.T, files ...realtysim.ResultFile) (items []reaction.FileItem) {
	t.Helper()
	body, err := realty.NewCreateBody("d", map[string]string{"type": "info", "cadastralNumber": "47:14:1203001:814"})
	require.NoError(t, err)
	made, err := b.client.Create(t.Context(), realty.ObjectRequestKind, body)
	require.NoError(t, err)
	require.NoError(t, b.realty.Dispatch(string(made.ID)))
	require.NoError(t, b.realty.Complete(string(made.ID), files...))
	ended, _ := b.realty.Docflow(string(made.ID))
	require.NoError(t, b.store.Commit(t.Context(), docflow.Prepare{Record: docflow.Record{ID: "d", Portal: "m1", Card: b.card, System: docflow.Realty,
		RequestID: "d", ExternalID: string(made.ID), State: docflow.Completed, Created: b.Now()}}))
	for i, f := range ended.Files {
		items = append(items, reaction.FileItem{ID: f.ID, Name: fmt.Sprintf("Выписка %d", i+1), Signatures: f.Signatures})
	}
	return items
}

func own(state string) reaction.FieldsParams {
	return reaction.FieldsParams{Values: map[string]any{portal.FieldRealtyState: state, portal.FieldError: ""}}
}

func TestFieldUpdatesFold(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.add(t, reaction.SetFields, own("первое"))
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "раз"})
	b.add(t, reaction.SetFields, own("второе"))
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "два"})
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "PREPARATION"})
	b.add(t, reaction.SetFields, own("третье"))
	b.done(t)
	require.Equal(t, "третье", b.field(portal.FieldRealtyState))
	require.Equal(t, 3, b.count("crm.item.update"), "two folded, the move, and what came behind the move")
	lines := b.timeline(bitrixsim.KindComment)
	require.Len(t, lines, 2, "lines never fold")
	require.True(t, strings.HasPrefix(lines[0], "раз") && strings.HasPrefix(lines[1], "два"), lines)
}

func TestABadTemplateHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{"title": "not a date"})
	b.add(t, reaction.SetFields, own("исполнен"))
	b.add(t, reaction.SetFields, reaction.FieldsParams{Tree: map[string]any{"COMMENTS": "{{ date(card.TITLE) }}"}})
	b.add(t, reaction.SetFields, reaction.FieldsParams{Tree: map[string]any{"UF_CRM_MISSING": "x"}})
	b.add(t, reaction.SetFields, reaction.FieldsParams{Tree: map[string]any{"COMMENTS": "{{ docflow.state }}"}, Docflow: map[string]any{"state": "completed"}})
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "после"})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Equal(t, lane.Dead, result.Verdict)
	require.Equal(t, "не применено в Bitrix24: 2 из 5. В карточке нет поля UF_CRM_MISSING. Создайте его в CRM или исправьте set_fields в настройках моста.", result.Note)
	require.Equal(t, "исполнен", b.field(portal.FieldRealtyState))
	require.Equal(t, "completed", b.field("comments"), "upper-case names reach the portal's own")
	require.Len(t, b.timeline(bitrixsim.KindComment), 1)
	require.Empty(t, b.waiting(t), "refused effects are kept as failed")
}

func TestARefusedUpdateIsTriedOneByOne(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.add(t, reaction.SetFields, own("исполнен"))
	b.add(t, reaction.SetFields, reaction.FieldsParams{Tree: map[string]any{"OPPORTUNITY": "много"}})
	b.sim.FailNext("crm.item.update", 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 1)
	result, err := b.work(t)
	require.NoError(t, err)
	require.Equal(t, "исполнен", b.field(portal.FieldRealtyState), result.Note)
}

func TestSmartProcesses(t *testing.T) {
	t.Parallel()
	b := open(t, 147, map[string]any{})
	b.add(t, reaction.SetFields, own("исполнен"))
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: []reaction.FileItem{{ID: "f", Name: "a.zip"}}})
	b.done(t)
	require.Zero(t, b.count("crm.item.update"), "a type without the bridge's fields is left alone")
	typeID := b.sim.AddType(147, "")
	name := "UF_CRM_" + bitrix.ID(typeID).String() + "_KB_REALTY_STATE"
	b.sim.AddUserField(147, bitrixsim.UserField{Name: name, Type: "string"})
	b.Add(11 * 60e9) // descriptions are held for a while
	b.add(t, reaction.SetFields, own("исполнен"))
	b.done(t)
	require.Equal(t, "исполнен", b.field(name))
}

func TestFilesJoinThoseThatAreThere(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	kept := b.sim.AddFile("old.pdf", []byte("old"))
	require.NoError(t, b.sim.UpdateItem(2, int(b.card.ID), map[string]any{portal.FieldRealtyFiles: []any{kept}}))
	file := b.completed(t)
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: []reaction.FileItem{file}})
	b.done(t)
	ids := b.field(portal.FieldRealtyFiles).([]any)
	require.Len(t, ids, 2)
	require.Equal(t, kept, ids[0], "files that are not listed would be deleted")
	name, data, _ := b.sim.File(ids[1].(int))
	require.Equal(t, "Выписка 1.zip", name, "named by its content")
	require.Equal(t, "PK\x03\x04archive", string(data))
}

func TestOtherFileFields(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.sim.AddUserField(2, bitrixsim.UserField{Name: "UF_CRM_ONE", Type: "file"})
	file := b.completed(t)
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: "UF_CRM_ONE", Files: []reaction.FileItem{file, file}})
	b.done(t)
	require.IsType(t, 0, b.field("UF_CRM_ONE"), "a single field takes the first")
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: "UF_CRM_NONE", Files: []reaction.FileItem{file}})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Contains(t, result.Note, "UF_CRM_NONE")
	require.Contains(t, result.Note, "files в настройках")
}

func TestPassingFaultsHoldTheOrder(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.add(t, reaction.SetFields, own("раз"))
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "раз"})
	b.add(t, reaction.Todo, reaction.TextParams{Text: "Позвонить {{ docflow.kind }}", Docflow: map[string]any{"kind": "клиенту"}})
	b.sim.FailNext("crm.timeline.comment.add", 503, "", 1)
	_, err := b.work(t)
	require.Equal(t, upstream.Retry, upstream.ClassOf(err))
	require.Len(t, b.waiting(t), 2, "what was applied stays applied, the rest waits in its order")
	require.Empty(t, b.timeline(bitrixsim.KindTodo))
	b.done(t)
	require.Len(t, b.timeline(bitrixsim.KindComment), 1)
	require.Contains(t, b.timeline(bitrixsim.KindTodo)[0], "Позвонить клиенту")
}

func TestRefusedEffectsLetOthersPass(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{"assignedById": 2})
	b.add(t, reaction.MoveStage, reaction.StageParams{Stage: "NOWHERE"})
	b.add(t, reaction.StartWorkflow, reaction.WorkflowParams{Template: 4000})
	b.add(t, reaction.Notify, reaction.TextParams{Text: "раз", User: "{{ card.TITLE }}"})
	b.add(t, reaction.Notify, reaction.TextParams{Text: "Оплатите", User: "responsible"})
	b.add(t, "novelty", struct{}{})
	result, err := b.work(t)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(result.Note, "не применено в Bitrix24: 4 из 5"), result.Note)
	require.Equal(t, 2, b.sim.Notifications()[0].UserID)
	require.Equal(t, "Оплатите", b.sim.Notifications()[0].Message)
	_, err = b.store.Card(t.Context(), "m1", 2, b.card.ID)
	require.ErrorIs(t, err, store.ErrNotFound, "the move did not happen: a person's later one must run")
}

func TestAnAccountThatIsGone(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	file := b.completed(t)
	b.gone = &docflow.Refusal{Code: "no_connection", CRMText: "Подключение «main» удалено из настроек моста."}
	b.add(t, reaction.Comment, reaction.CommentParams{Text: "исполнен", Files: []reaction.FileItem{file}})
	b.done(t)
	require.Contains(t, b.timeline(bitrixsim.KindComment)[0], "исполнен\nФайлы не приложены: Подключение «main» удалено из настроек моста.")
	b.add(t, reaction.AttachFiles, reaction.AttachParams{Field: portal.FieldRealtyFiles, Files: []reaction.FileItem{file}})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Contains(t, result.Note, "Подключение «main» удалено")
}

func TestRobots(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: b.box.Seal([]byte("a step of long ago"), "event_token/m1"), Values: map[string]any{"state": "sent"}})
	b.done(t)
	require.Equal(t, 1, b.count("bizproc.event.send"), "a step that is gone is no fault")
	b.add(t, reaction.RobotReturn, reaction.ReturnParams{Token: b.box.Seal([]byte("secret-token"), "event_token/another"), Values: map[string]any{}})
	result, err := b.work(t)
	require.NoError(t, err)
	require.Contains(t, result.Note, "Робот не получит ответ")
	require.NotContains(t, result.Note, "secret-token")
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	b := open(t, 2, map[string]any{})
	before := b.sim.Requests()
	b.done(t)
	require.Equal(t, before, b.sim.Requests())
	_, err := b.worker.Work(t.Context(), lane.Row{Body: []byte("{")})
	require.Error(t, err)
	stopped, cancel := context.WithCancel(t.Context())
	b.add(t, reaction.SetFields, own("раз"))
	cancel()
	body, err := json.Marshal(b.card)
	require.NoError(t, err)
	_, err = b.worker.Work(stopped, lane.Row{Lane: "m1", Body: body})
	require.True(t, errors.Is(err, context.Canceled) || errors.Is(err, lane.ErrStoreDown), err)
	require.Len(t, b.waiting(t), 1, "a stop is nobody's failure")
}
