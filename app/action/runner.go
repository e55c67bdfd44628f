package action

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/realty"
)

// KindAction is the kind of rows that a trigger makes; robots and webhooks bring their own kinds.
const KindAction = inbox.KindAction

// Store is what actions keep.
type Store interface {
	Docflow(ctx context.Context, id docflow.ID) (docflow.Record, error)
	CardDocflows(ctx context.Context, portal string, card docflow.Card, limit int) ([]docflow.Record, error)
	Write(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
	TakeCursor(ctx context.Context, id portal.ID, connection, cursor string) error
}

// Portals gives what a portal's administrator has set.
type Portals interface {
	Settings(ctx context.Context, id portal.ID) (settings.Settings, error)
	Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error)
}

// Clients gives clients that are ready to call.
type Clients interface {
	Bitrix(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Realty(c portal.Connection) *realty.Client
	Diadoc(c portal.Connection) (*diadoc.Client, error)
}

// Messages finds the records of messages of Диадок by the ids that they go by there.
type Messages interface {
	Messages(ctx context.Context, portal string, externalIDs []string) ([]docflow.Record, error)
}

// Sealer opens what the inbox sealed.
type Sealer interface {
	Open(sealed []byte, bind string) ([]byte, error)
}

// Deps of the runner.
type Deps struct {
	Store    Store
	Messages Messages
	Portals  Portals
	Clients  Clients
	Check    mapping.Checker
	Sealer   Sealer // opens files that people handed over in a page
	Now      func() time.Time
	NotFound error // what Store returns for a docflow that does not exist
	// Uncertain is how long a lost answer is looked for before a person is asked; zero: two minutes.
	Uncertain time.Duration
	// Look is the pause between such looks; zero: five seconds.
	Look time.Duration
}

// Worker works the rows of robots, webhooks and triggers.
type Worker struct{ r *runner }

type runner struct {
	Deps
	fields   *fieldNames
	mappings *mappings
	types    *boxTypes
	actions  map[string]Action
}

// New returns a Worker.
func New(d Deps) *Worker {
	if d.Uncertain == 0 {
		d.Uncertain = 2 * time.Minute
	}
	if d.Look == 0 {
		d.Look = 5 * time.Second
	}
	r := &runner{Deps: d, actions: map[string]Action{}, fields: newFieldNames(d.Now), mappings: &mappings{all: map[[32]byte]*mapping.Mapping{}},
		types: &boxTypes{all: map[diadoc.BoxID]typesOfBox{}}}
	for _, a := range Catalogue() {
		r.actions[a.Code] = a
	}
	return &Worker{r}
}

// call is one run of an action.
type call struct {
	inbox.Call
	row    lane.Row
	portal portal.ID
	action Action
	filed  bool // a docflow is stored: its own state tells what became of it, not a refusal
}

// Work implements lane.Worker.
func (w *Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	stored, err := inbox.ReadCall(row.Body)
	if err != nil {
		return lane.Result{}, err
	}
	a, known := w.r.actions[row.Code]
	if !known {
		return lane.Result{Verdict: lane.Dead, Note: "unknown action " + row.Code}, nil
	}
	c := &call{Call: stored, row: row, portal: portal.ID(row.Lane), action: a}
	result, err := w.r.run(ctx, c)
	if err != nil {
		w.r.hold(ctx, c)
		return lane.Result{}, fmt.Errorf("«%s» не выполнено: %w", a.Name.RU, err)
	}
	if c.WorkflowID != "" {
		result.Writes = append(result.Writes, inbox.Called{Portal: row.Lane, Workflow: c.WorkflowID, Code: row.Code})
	}
	return result, nil
}

// run reads the parameters and carries the action out. A business no is an outcome.
func (r *runner) run(ctx context.Context, c *call) (lane.Result, error) {
	read, faults := ReadParams(c.action.Params, c.Properties)
	if len(faults) > 0 {
		return r.refuse(c, badParams(faults)), nil
	}
	c.Properties = read
	result, err := c.action.run(ctx, r, c)
	if early, ok := errors.AsType[*outcome](err); ok {
		return early.result, nil
	}
	if refusal := refusalFor(err); refusal != nil && !c.filed {
		return r.refuse(c, refusal), nil
	}
	return result, err
}

// hold has a robot answered before its step gives up, though its action waits for a try that may come
// later than that. Where it can't be stored now, the next run does it.
func (r *runner) hold(ctx context.Context, c *call) {
	if w := c.waiter("", docflow.UntilNow); w != nil && !w.AnswerBy.IsZero() {
		_ = r.Store.Write(ctx, c.row.Lease, docflow.Await{Waiter: *w})
	}
}

// docflowID derives the docflow's id from the row, so that a second run finds what the first one made.
func (c *call) docflowID() docflow.ID {
	return docflow.ID(uuid.NewSHA1(uuid.NameSpaceOID, []byte("konturbridge/"+c.row.Lane+"/"+strconv.FormatInt(c.row.ID, 10))).String())
}

// waiter makes the robot's wait, or nil when nobody waits for this run.
func (c *call) waiter(id docflow.ID, until docflow.Until) *docflow.Waiter {
	if len(c.EventToken) == 0 {
		return nil
	}
	return &docflow.Waiter{Docflow: id, Portal: string(c.portal), Card: c.Card, Until: until, Action: c.action.Code,
		Token: c.EventToken, Workflow: c.WorkflowID, Deadline: c.Deadline, AnswerBy: c.AnswerBy}
}

// answer ends a run whose robot is answered with what the record holds now.
func (c *call) answer(id docflow.ID, note string, writes ...lane.Write) lane.Result {
	if w := c.waiter(id, docflow.UntilNow); w != nil {
		writes = append(writes, docflow.Await{Waiter: *w})
	}
	return lane.Result{Note: note, Writes: writes}
}

// await ends a run whose robot waits on.
func (c *call) await(id docflow.ID, until docflow.Until, writes ...lane.Write) lane.Result {
	if w := c.waiter(id, until); w != nil {
		writes = append(writes, docflow.Await{Waiter: *w})
	}
	return lane.Result{Writes: writes}
}

// refuse ends a run with a business no: it is shown in the card and returned to the robot.
func (r *runner) refuse(c *call, refusal *docflow.Refusal) lane.Result {
	effects := reaction.Refused(string(c.portal), c.Card, c.action.Name.RU, refusal, c.EventToken)
	return lane.Result{Note: refusal.Code + ": " + refusal.Journal(), Writes: []lane.Write{reaction.Enqueue{Effects: effects}}}
}

// record finds the docflow that the parameters name, or the card's latest.
func (r *runner) record(ctx context.Context, c *call) (docflow.Record, error) {
	id := strings.TrimSpace(c.Properties.First("docflow_id"))
	var (
		rec docflow.Record
		err error
	)
	if id == "" {
		rec, err = r.latest(ctx, c, func(realty.Kind) bool { return true })
	} else {
		rec, err = r.Store.Docflow(ctx, docflow.ID(id))
		if err == nil && rec.Portal != string(c.portal) {
			err = r.NotFound // another portal's docflow does not exist for this one
		}
	}
	if errors.Is(err, r.NotFound) {
		return rec, &docflow.Refusal{Code: "docflow_not_found",
			CRMText: "Документооборот не найден. Сначала создайте его роботом «Реестро: подать документы на регистрацию» или укажите его номер в параметре docflow_id.",
			TextEN:  "The docflow was not found. Create one first, or name it in docflow_id.", Cause: err}
	}
	return rec, err
}

// connection picks the account of Реестро to work through: the named one, else the default.
func (r *runner) connection(ctx context.Context, id portal.ID, name string) (portal.Connection, error) {
	return r.connectionOf(ctx, id, docflow.Realty, name)
}

// connectionOf picks the account or the box to work through: the named one, else the default.
func (r *runner) connectionOf(ctx context.Context, id portal.ID, kind docflow.System, name string) (portal.Connection, error) {
	service, to := "Реестро", "к Контур.Реестро. Добавьте логин, пароль и accountId"
	if kind == docflow.Diadoc {
		service, to = "Диадоку", "к Диадоку. Добавьте ящик командой bridge connect diadoc, на странице настроек или"
	}
	all, err := r.Portals.Connections(ctx, id)
	if err != nil {
		return portal.Connection{}, err
	}
	var found *portal.Connection
	for i, c := range all {
		if c.Kind == kind && (c.Name == name || name == "" && (c.Default || found == nil)) {
			found = &all[i]
		}
	}
	if found == nil && name != "" {
		return portal.Connection{}, &docflow.Refusal{Code: "no_connection",
			CRMText: fmt.Sprintf("Подключение «%s» к %s не найдено в настройках моста. Верните его в раздел connections или укажите в роботе другое.", name, service),
			TextEN:  fmt.Sprintf("There is no %s connection %q in the settings.", kind, name)}
	}
	if found == nil {
		return portal.Connection{}, &docflow.Refusal{Code: "no_connection",
			CRMText: "В настройках моста нет подключения " + to + " в раздел connections.",
			TextEN:  "The bridge has no " + string(kind) + " connection. Add one to the settings."}
	}
	return *found, nil
}

// client gives the docflow's own account.
func (r *runner) client(ctx context.Context, rec docflow.Record) (*realty.Client, error) {
	conn, err := r.connection(ctx, portal.ID(rec.Portal), rec.Connection)
	if err != nil {
		return nil, err
	}
	return r.Clients.Realty(conn), nil
}
