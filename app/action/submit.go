package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/internal/upstream"
	"konturbridge/realty"
)

// runSubmit sends a signed docflow to the check of signatures. Nothing marks a submission as repeated,
// so each run reads first where the docflow stands and submits only while it still waits for signatures.
func runSubmit(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	rec, err := r.record(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State != docflow.Suspended || rec.Requirement != docflow.RequireSignature {
		if rec.State == docflow.Prepared || rec.State == docflow.Uncertain {
			return lane.Result{}, &docflow.Refusal{Code: "not_created",
				CRMText: "Документооборот ещё не создан в Реестро, отправлять нечего.", TextEN: "The docflow is not created yet."}
		}
		return c.await(rec.ID, docflow.UntilSent), nil
	}
	// The service ends a docflow for good when a signature is missing at its check, so what was never
	// handed over is told before it is too late.
	if left := rec.Unsigned(); len(left) > 0 {
		return lane.Result{}, unsigned(left)
	}
	client, err := r.client(ctx, rec)
	if err != nil {
		return lane.Result{}, err
	}
	id := realty.DocflowID(rec.ExternalID)
	now, err := client.Get(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	// Where it went on without us the news will tell; a state read here could overtake them.
	if u := feed.FromRealty(now, docflow.CauseGet, "", r.Now()); u.State != docflow.Suspended || u.Requirement != docflow.RequireSignature {
		return c.await(rec.ID, docflow.UntilSent), nil
	}
	answer, err := client.Submit(ctx, id)
	if upstream.ClassOf(err) == upstream.Refused && err != nil {
		refusal := refusalOf(err)
		refusal.Code = "submit_refused"
		return lane.Result{}, refusal // the docflow stays where it is: sign or correct, then submit again
	}
	if err != nil {
		return lane.Result{}, fmt.Errorf("submit: %w", err)
	}
	u := feed.FromRealty(answer, docflow.CauseSubmit, "", r.Now())
	return c.await(rec.ID, docflow.UntilSent, docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}), nil
}

// runStatus answers with what is stored: the news keep it as new as a call would, and in order.
func runStatus(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	rec, err := r.record(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	return c.answer(rec.ID, "status told"), nil
}

// runWait lets the workflow stand until the docflow is where it wants it.
func runWait(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	rec, err := r.record(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	until := docflow.Until(c.Properties.First("until"))
	switch until {
	case docflow.UntilAny, docflow.UntilSuspended, docflow.UntilCompleted:
	case "any change":
		until = docflow.UntilAny
	case "":
		until = docflow.UntilCompleted
	default:
		return lane.Result{}, &docflow.Refusal{Code: "invalid_field",
			CRMText: fmt.Sprintf("Параметр until: неизвестное значение «%s». Укажите any, suspended или completed.", until),
			TextEN:  fmt.Sprintf("Parameter until: unknown value %q; use any, suspended or completed.", until)}
	}
	return c.await(rec.ID, until), nil
}

func unsigned(left []docflow.Statement) *docflow.Refusal {
	names := make([]string, 0, len(left))
	for _, s := range left {
		names = append(names, s.Person)
	}
	return &docflow.Refusal{Code: "not_signed",
		CRMText: fmt.Sprintf("Не отправлено: осталось подписать %d (%s). Приложите откреплённые подписи и передайте их роботом «Реестро: приложить подписи».", len(left), strings.Join(names, ", ")),
		TextEN:  fmt.Sprintf("Not submitted: %d statements lack a signature.", len(left))}
}
