package watchdog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// Kind is the kind of the row that looks after a portal's workflows, for ever.
const Kind = "watchdog"

// Row makes the row that looks after a portal's workflows.
func Row(id portal.ID) lane.NewRow { return lane.NewRow{Lane: string(id), Part: Kind, Kind: Kind} }

// What one look reads at most, and how long things count.
const (
	maxLearned   = bitrix.MaxBatch // workflows asked about in one look: one batch
	maxTemplates = bitrix.MaxBatch // templates looked at
	maxStuck     = 200             // suspects of a portal
	// Remember is how long calls are kept. Workflows that are older are not judged.
	Remember = 90 * 24 * time.Hour
	// believed is how long a template counts as calling a robot after its last call was seen.
	believed = 30 * 24 * time.Hour
)

// Store is what the watchdog keeps.
type Store interface {
	// Unlearned lists workflows that have called and whose template is not known, latest first.
	Unlearned(ctx context.Context, id portal.ID, limit int) ([]string, error)
	// Templates lists those whose robots have called since, the busiest first.
	Templates(ctx context.Context, id portal.ID, since time.Time, limit int) ([]Template, error)
	// CallsOf tells what workflows have asked for; one that never called is not in it.
	CallsOf(ctx context.Context, id portal.ID, workflows []string) (map[string]Calls, error)
	Write(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
}

// Deps of the worker. Every and After may be left out.
type Deps struct {
	Store  Store
	Bitrix func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Active func(id portal.ID) bool
	Now    func() time.Time
	Every  time.Duration // pause between two looks; zero: 15 minutes
	After  time.Duration // how long nothing has moved in a suspect; zero: an hour
}

// Worker looks after workflows.
type Worker struct{ Deps }

// New returns a Worker.
func New(d Deps) *Worker {
	d.Every, d.After = cmp.Or(d.Every, 15*time.Minute), cmp.Or(d.After, time.Hour)
	return &Worker{d}
}

// Work implements lane.Worker. A look that fails is made again at its next time: what it finds is no
// less true then.
func (w *Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	id := portal.ID(row.Lane)
	if !w.Active(id) {
		return lane.Result{Note: "the portal is not active any more", Writes: []lane.Write{Gone{id}}}, nil
	}
	found, err := w.look(ctx, id, row.Lease)
	if errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || ctx.Err() != nil {
		return lane.Result{}, err
	}
	at := w.Now().Add(w.Every)
	note := fmt.Sprintf("%d workflows are suspected to wait for a lost call", found)
	if err != nil {
		note = err.Error()
		if until := upstream.RetryAt(err); until.After(at) {
			at = until
		}
	}
	return lane.Result{Verdict: lane.Again, At: at, Note: note}, nil
}

// look learns from the calls that came and looks for those that did not. A portal whose robots are not
// used costs no request.
func (w *Worker) look(ctx context.Context, id portal.ID, lease lane.Lease) (found int, err error) {
	unlearned, err := w.Store.Unlearned(ctx, id, maxLearned)
	if err != nil {
		return 0, err
	}
	templates, err := w.Store.Templates(ctx, id, w.Now().Add(-believed), maxTemplates)
	if err != nil || len(unlearned)+len(templates) == 0 {
		return 0, err
	}
	b24, err := w.Bitrix(ctx, id)
	if err != nil {
		return 0, err
	}
	if len(unlearned) > 0 {
		if err := w.learn(ctx, b24, id, lease, unlearned); err != nil {
			return 0, err
		}
	}
	stuck, err := w.suspects(ctx, b24, id, templates)
	if err != nil {
		return 0, err
	}
	return len(stuck), w.Store.Write(ctx, lease, Found{Portal: id, Stuck: stuck, Forget: w.Now().Add(-Remember)})
}

// learn asks which templates the workflows are of.
func (w *Worker) learn(ctx context.Context, b24 *bitrix.Client, id portal.ID, lease lane.Lease, workflows []string) error {
	filters := make([]map[string]any, 0, len(workflows))
	for _, workflow := range workflows {
		filters = append(filters, map[string]any{"=ID": workflow})
	}
	answers, err := instances(ctx, b24, filters)
	if err != nil {
		return err
	}
	learned := Learned{Portal: id}
	for i, rows := range answers {
		o := Origin{Workflow: workflows[i], Ended: true}
		for _, wf := range rows {
			if wf.ID == o.Workflow {
				o.Ended, o.Template, o.Entity = false, int64(wf.TemplateID), string(wf.Entity)
			}
		}
		learned.Workflows = append(learned.Workflows, o)
	}
	return w.Store.Write(ctx, lease, learned)
}

// suspects lists the workflows of known templates in which nothing moves and whose calls did not come.
func (w *Worker) suspects(ctx context.Context, b24 *bitrix.Client, id portal.ID, templates []Template) ([]Stuck, error) {
	now := w.Now()
	filters := make([]map[string]any, 0, len(templates))
	for _, t := range templates {
		filters = append(filters, map[string]any{"=TEMPLATE_ID": t.ID, "=ENTITY": t.Entity,
			"<MODIFIED": now.Add(-w.After).UTC().Format(time.RFC3339), ">STARTED": now.Add(-Remember).UTC().Format(time.RFC3339)})
	}
	answers, err := instances(ctx, b24, filters)
	if err != nil {
		return nil, err
	}
	var standing []string
	for _, rows := range answers {
		for _, wf := range rows {
			standing = append(standing, wf.ID)
		}
	}
	calls, err := w.Store.CallsOf(ctx, id, standing)
	if err != nil {
		return nil, err
	}
	var stuck []Stuck
	for i, rows := range answers {
		for _, wf := range rows {
			c := calls[wf.ID]
			missing := templates[i].missing(c, wf.Started.Time)
			if c.Open || len(missing) == 0 || string(wf.Entity) != templates[i].Entity || len(stuck) == maxStuck {
				continue
			}
			stuck = append(stuck, Stuck{Portal: id, Workflow: wf.ID, Template: int64(wf.TemplateID), Document: string(wf.Element),
				Started: wf.Started.UTC(), Modified: wf.Modified.UTC(), Missing: missing, Received: c.Codes, Found: now.UTC()})
		}
	}
	return w.withoutTasks(ctx, b24, stuck)
}

// withoutTasks drops the workflows in which a person has something to do: they stand there.
func (w *Worker) withoutTasks(ctx context.Context, b24 *bitrix.Client, stuck []Stuck) ([]Stuck, error) {
	commands := make([]bitrix.Command, 0, len(stuck))
	for _, s := range stuck {
		commands = append(commands, bitrix.Command{Method: "bizproc.task.list", Params: map[string]any{
			"SELECT": []string{"ID"}, "FILTER": map[string]any{"WORKFLOW_ID": s.Workflow, "STATUS": bitrix.TaskInProgress}}})
	}
	answers, err := batch(ctx, b24, commands)
	if err != nil {
		return nil, err
	}
	kept := stuck[:0:0]
	for i, s := range stuck {
		var tasks bitrix.List[bitrix.WorkflowTask]
		// Who may not see tasks can't rule them out: the suspicion stays.
		if answers[i].Err != nil || answers[i].Decode(&tasks) != nil || len(tasks) == 0 {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// instances reads a page of running workflows for each filter, those that stand longest first.
func instances(ctx context.Context, b24 *bitrix.Client, filters []map[string]any) ([][]bitrix.Workflow, error) {
	commands := make([]bitrix.Command, 0, len(filters))
	for _, filter := range filters {
		commands = append(commands, bitrix.Command{Method: "bizproc.workflow.instances", Params: map[string]any{
			"SELECT": []string{"ID", "MODIFIED", "STARTED", "MODULE_ID", "ENTITY", "DOCUMENT_ID", "TEMPLATE_ID"},
			"FILTER": filter, "ORDER": map[string]string{"MODIFIED": "asc"}}})
	}
	answers, err := batch(ctx, b24, commands)
	if err != nil {
		return nil, err
	}
	pages := make([][]bitrix.Workflow, len(filters))
	for i, answer := range answers {
		var rows bitrix.List[bitrix.Workflow]
		if err := cmp.Or(answer.Err, answer.Decode(&rows)); err != nil {
			return nil, err
		}
		pages[i] = rows
	}
	return pages, nil
}

// batch runs commands in as few requests as they fit into.
func batch(ctx context.Context, b24 *bitrix.Client, commands []bitrix.Command) ([]bitrix.CommandAnswer, error) {
	answers := make([]bitrix.CommandAnswer, 0, len(commands))
	for part := range slices.Chunk(commands, bitrix.MaxBatch) {
		done, err := b24.Batch(ctx, part, false)
		if err != nil {
			return nil, err
		}
		answers = append(answers, done.Commands...)
	}
	return answers, nil
}
