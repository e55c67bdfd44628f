package reaction

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/diadoc"
	"konturbridge/realty"
)

// Store is what the worker reads and writes.
type Store interface {
	WaitingEffects(ctx context.Context, portal string, card docflow.Card) ([]Effect, error)
	Docflow(ctx context.Context, id docflow.ID) (docflow.Record, error)
	Write(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
}

// Cards reads a card in the form that expressions see.
type Cards interface {
	Read(ctx context.Context, id portal.ID, card docflow.Card, reads []string) (mapping.Card, error)
}

// Sealer opens what the inbox sealed.
type Sealer interface {
	Open(sealed []byte, bind string) ([]byte, error)
}

// Deps of the worker.
type Deps struct {
	Store  Store
	Cards  Cards
	Sealer Sealer
	Bitrix func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	// Realty gives the client of the account that a docflow goes through.
	Realty func(ctx context.Context, rec docflow.Record) (*realty.Client, error)
	// Diadoc gives the client of the box that a message goes through.
	Diadoc func(ctx context.Context, rec docflow.Record) (*diadoc.Client, diadoc.BoxID, error)
	Now    func() time.Time
	// Watched tells whether triggers watch such cards, and which of their fields; nil: they don't. The
	// bridge's own writes to what is watched must run nothing.
	Watched func(id portal.ID, card docflow.Card) (any bool, fields []string)
	// TokenBind names the place that a portal's sealed event tokens belong to.
	TokenBind func(portal string) string
}

// Worker applies the effects of a card, in order.
type Worker struct {
	Deps
	fields   *descriptions
	triggers *refusals
}

// New returns a Worker.
func New(d Deps) *Worker {
	return &Worker{d, &descriptions{now: d.Now, all: map[string]described{}}, &refusals{}}
}

// Work implements lane.Worker: it applies everything that waits for the row's card. Each outcome is
// stored by itself, the last one with the row's own, so what was applied stays applied whatever happens to the
// rest. A refused effect is kept with its reason and the later ones go on; a passing fault holds the card's
// effects, in order.
func (w *Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var card docflow.Card
	if err := json.Unmarshal(row.Body, &card); err != nil {
		return lane.Result{}, err
	}
	effects, err := w.Store.WaitingEffects(ctx, row.Lane, card)
	if err != nil || len(effects) == 0 {
		return lane.Result{}, err
	}
	b24, err := w.Bitrix(ctx, portal.ID(row.Lane))
	if err != nil {
		return lane.Result{}, err
	}
	run := &run{Worker: w, ctx: ctx, b24: b24, row: row, card: card, last: lastWords(effects)}
	var ended []lane.Write
	for _, group := range fold(effects) {
		if len(ended) > 0 {
			if err := w.Store.Write(ctx, row.Lease, ended...); err != nil {
				return lane.Result{}, err
			}
		}
		var held error
		if ended, held = run.end(group); held != nil {
			if len(ended) > 0 {
				if err := w.Store.Write(context.WithoutCancel(ctx), row.Lease, ended...); err != nil {
					return lane.Result{}, err
				}
			}
			return lane.Result{}, held
		}
	}
	if run.failed > 0 {
		return lane.Result{Verdict: lane.Dead, Note: fmt.Sprintf("не применено в Bitrix24: %d из %d. %s", run.failed, len(effects), run.why), Writes: ended}, nil
	}
	return lane.Result{Note: fmt.Sprintf("применено в Bitrix24: %d", len(effects)), Writes: ended}, nil
}

// outcome is how one effect ended.
type outcome struct {
	note string
	err  error
}

// fold joins waiting field updates of one card into the first of them. A later update may overtake a
// comment, a file or a notice, never anything that reacts to the fields: a stage move, a workflow, a robot.
func fold(effects []Effect) [][]Effect {
	var groups [][]Effect
	open := -1 // the group of the field update that later ones may join
	for _, e := range effects {
		switch e.Kind {
		case SetFields:
			if open >= 0 && len(groups[open]) < 20 {
				groups[open] = append(groups[open], e)
				continue
			}
			open = len(groups)
		case MoveStage, StartWorkflow, EndWorkflow, RunTrigger, RobotReturn:
			open = -1
		}
		groups = append(groups, []Effect{e})
	}
	return groups
}

// run applies effects of one card.
type run struct {
	*Worker
	ctx  context.Context
	b24  *bitrix.Client
	row  lane.Row
	card docflow.Card
	gone bool             // the card was deleted
	last map[string]int64 // by a robot's token: the last effect that tells its workflow anything

	failed int    // effects that were refused
	why    string // of the last of them
}

// end applies a group and gives the outcomes to be stored. held is the passing fault that it ended with;
// what it hit and those behind it have no outcome yet.
func (r *run) end(group []Effect) (ended []lane.Write, held error) {
	for i, o := range r.apply(group) {
		if passing(o.err) || o.err != nil && r.ctx.Err() != nil {
			return ended, o.err
		}
		if o.err != nil {
			r.failed++
			o.note = explain(o.err)
			r.why = o.note
		}
		ended = append(ended, Ended{ID: group[i].ID, Failed: o.err != nil, Note: o.note})
	}
	return ended, nil
}

// apply applies a group: one effect, or field updates that go together. It may end early with a passing
// fault; then those behind it were not tried.
func (r *run) apply(group []Effect) []outcome {
	var outcomes []outcome
	switch {
	case r.gone && onCard(group[0]):
		outcomes = make([]outcome, len(group))
		for i := range outcomes {
			outcomes[i].note = goneNote
		}
	case group[0].Kind == SetFields:
		outcomes = r.setFields(group)
	default:
		note, err := r.applyOne(group[0])
		outcomes = []outcome{{note, err}}
	}
	for i := range outcomes {
		if onCard(group[i]) && r.cardGone(outcomes[i].err) {
			outcomes[i] = outcome{note: goneNote}
		}
	}
	return outcomes
}

func (r *run) applyOne(e Effect) (note string, err error) {
	switch e.Kind {
	case AttachFiles:
		return decoded(e, r.attach)
	case Comment:
		return decoded(e, r.comment)
	case MoveStage:
		return decoded(e, r.moveStage)
	case Todo:
		return decoded(e, r.todo)
	case Notify:
		return decoded(e, r.notify)
	case StartWorkflow:
		return decoded(e, r.startWorkflow)
	case EndWorkflow:
		return decoded(e, r.endWorkflows)
	case RunTrigger:
		return decoded(e, r.runTrigger)
	case RobotLog:
		return decoded(e, r.robotLog)
	case RobotReturn:
		return decoded(e, r.robotReturn)
	default:
		return "", fmt.Errorf("unknown effect %q", e.Kind)
	}
}

// decoded reads an effect's parameters and applies it.
func decoded[P any](e Effect, apply func(Effect, P) (string, error)) (string, error) {
	var p P
	if err := json.Unmarshal(e.Params, &p); err != nil {
		return "", fmt.Errorf("parameters of effect %d: %w", e.ID, err)
	}
	return apply(e, p)
}

func (r *run) kind() bitrix.EntityTypeID { return bitrix.EntityTypeID(r.card.EntityType) }
func (r *run) id() bitrix.ID             { return bitrix.ID(r.card.ID) }

// render fills a tree of the settings over the card as it is now and the docflow as it was then.
func (r *run) render(tree any, snapshot map[string]any) (any, error) {
	reads, err := mapping.Reads(tree)
	if err != nil {
		return nil, err
	}
	card := mapping.Card{Entity: r.card.Entity()}
	for _, name := range reads {
		if name != "docflow" && !isDocflowField(name) {
			if card, err = r.Cards.Read(r.ctx, portal.ID(r.row.Lane), r.card, reads); err != nil {
				return nil, err
			}
			break
		}
	}
	card.Docflow = snapshot
	value, problems := mapping.RenderValue(tree, card)
	if len(problems) > 0 {
		return nil, mapping.Problems(problems)
	}
	return value, nil
}

func isDocflowField(name string) bool { return strings.HasPrefix(name, "docflow.") }
