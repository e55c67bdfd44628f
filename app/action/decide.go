package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// KindDecide is the kind of the row that carries a person's decision about an uncertain docflow out.
const KindDecide = "decide"

// Verdict is what a person found out about a docflow whose creation was never answered.
type Verdict string

// The verdicts.
const (
	FileAgain Verdict = "again"   // the service does not have it: file it now, under the same request id
	Found     Verdict = "found"   // the service has it under an id of its own
	Dropped   Verdict = "dropped" // the service does not have it, and it is not wanted any more
)

// Decision is a verdict about a docflow.
type Decision struct {
	Docflow    docflow.ID `json:"docflow"`
	Verdict    Verdict    `json:"verdict"`
	ExternalID string     `json:"externalId,omitempty"` // of Found
	By         string     `json:"by,omitempty"`         // who decided, for the history
}

// DecideRow is the row that carries a decision out, in order with the card's other work.
func DecideRow(rec docflow.Record, d Decision) (lane.NewRow, error) {
	body, err := json.Marshal(d)
	return lane.NewRow{Lane: rec.Portal, Part: rec.Card.String(), Key: string(rec.ID), Kind: KindDecide, Code: string(d.Verdict), Body: body}, err
}

// Decider works the rows of KindDecide.
type Decider struct{ r *runner }

// Decider gives the worker of decisions.
func (w *Worker) Decider() *Decider { return &Decider{w.r} }

// Work implements lane.Worker. A decision is about an uncertain docflow; when the news has brought it
// meanwhile there is nothing left to decide.
func (d *Decider) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	var dec Decision
	if err := json.Unmarshal(row.Body, &dec); err != nil {
		return lane.Result{}, err
	}
	rec, err := d.r.Store.Docflow(ctx, dec.Docflow)
	if errors.Is(err, d.r.NotFound) {
		return lane.Result{Verdict: lane.Dead, Note: "документооборот не найден"}, nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State == docflow.Prepared && dec.Verdict == FileAgain { // an earlier run got so far
		return d.r.refile(ctx, row, rec)
	}
	if rec.State != docflow.Uncertain {
		return lane.Result{Note: "решать нечего: документооборот уже в состоянии " + string(rec.State)}, nil
	}
	switch dec.Verdict {
	case FileAgain:
		reopened := docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: docflow.Update{State: docflow.Prepared, Cause: docflow.CausePerson, At: d.r.Now()}}
		if err := d.r.Store.Write(ctx, row.Lease, reopened, docflow.Untried{ID: rec.ID}); err != nil {
			return lane.Result{}, err
		}
		if rec, err = d.r.Store.Docflow(ctx, dec.Docflow); err != nil {
			return lane.Result{}, err
		}
		return d.r.refile(ctx, row, rec)
	case Found:
		return d.r.adopt(ctx, rec, dec)
	case Dropped:
		refusal := &docflow.Refusal{Code: "dropped", CRMText: "Документооборот не создан: так решено после проверки в Реестро.",
			TextEN: "The docflow was not created, as a person has found out."}
		return lane.Result{Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version,
			Update: docflow.Update{State: docflow.Failed, Refusal: refusal, Cause: docflow.CausePerson, At: d.r.Now()}}}}, nil
	default:
		return lane.Result{Verdict: lane.Dead, Note: "unknown verdict " + string(dec.Verdict)}, nil
	}
}

// refile files what is stored, as an action does whose row runs again.
func (r *runner) refile(ctx context.Context, row lane.Row, rec docflow.Record) (lane.Result, error) {
	client, err := r.client(ctx, rec)
	if refusal, ok := errors.AsType[*docflow.Refusal](err); ok {
		return r.stranded(rec, refusal), nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	return r.fileStored(ctx, row, client, rec)
}

// adopt takes the service's docflow as ours, when it is the one that was asked for.
func (r *runner) adopt(ctx context.Context, rec docflow.Record, dec Decision) (lane.Result, error) {
	client, err := r.client(ctx, rec)
	if err != nil {
		return lane.Result{}, err
	}
	there, err := client.Get(ctx, realty.DocflowID(strings.TrimSpace(dec.ExternalID)))
	if err != nil && upstream.ClassOf(err) == upstream.Refused {
		return lane.Result{Verdict: lane.Dead, Note: "Реестро не отдаёт документооборот " + dec.ExternalID + ": " + refusalOf(err, "").Journal()}, nil
	}
	if err != nil {
		return lane.Result{}, err
	}
	kind, known := realty.ParseKind(string(there.Kind))
	if there.RequestID != "" && there.RequestID != rec.RequestID || known && string(kind) != rec.Kind {
		return lane.Result{Verdict: lane.Dead, Note: fmt.Sprintf("документооборот %s в Реестро подан по другому запросу (%s, %s), ожидался запрос %s (%s)",
			dec.ExternalID, there.RequestID, there.Kind, rec.RequestID, rec.Kind)}, nil
	}
	u := feed.FromRealty(there, docflow.CauseGet, "", r.Now())
	return lane.Result{Note: "найден человеком", Writes: []lane.Write{docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}}}, nil
}

// Check looks at a decision before it is stored.
func (d Decision) Check() error {
	switch d.Verdict {
	case FileAgain, Dropped:
		return nil
	case Found:
		if !realty.IsGUID(d.ExternalID) {
			return fmt.Errorf("%q is no id of a docflow at Реестро: it looks like d20bd506-6325-43e1-b2e4-105ec5d63417", d.ExternalID)
		}
		return nil
	default:
		return fmt.Errorf("unknown decision %q: again, found or dropped", d.Verdict)
	}
}
