package action

import (
	"context"
	"fmt"
	"slices"
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
	if rec.State == docflow.Prepared || rec.State == docflow.Uncertain {
		return lane.Result{}, &docflow.Refusal{Code: "not_created",
			CRMText: "Документооборот ещё не создан в Реестро, отправлять нечего. Дождитесь статуса «нужны подписи».", TextEN: "The docflow is not created yet."}
	}
	if !toSubmit(rec) {
		return c.await(rec.ID, docflow.UntilSent), nil
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
	next, _ := rec.Apply(feed.FromRealty(now, docflow.CauseGet, "", r.Now()))
	if !toSubmit(next) {
		return c.await(rec.ID, docflow.UntilSent), nil
	}
	// The service ends a docflow for good when a signature is missing at its check, so what was never
	// handed over is told before it is too late.
	if left := next.Unsigned(); len(left) > 0 || len(next.Statements) == 0 {
		return lane.Result{}, unsigned(left)
	}
	answer, err := client.Submit(ctx, id)
	if upstream.ClassOf(err) == upstream.Refused && err != nil {
		refusal := refusalOf(err, realty.Kind(rec.Kind))
		refusal.Code = "submit_refused"
		return lane.Result{}, refusal // the docflow stays where it is: sign or correct, then submit again
	}
	if err != nil {
		return lane.Result{}, fmt.Errorf("submit: %w", err)
	}
	u := feed.FromRealty(answer, docflow.CauseSubmit, "", r.Now())
	return c.await(rec.ID, docflow.UntilSent, docflow.Settle{ID: rec.ID, Seen: rec.Version, Update: u}), nil
}

// toSubmit reports whether a docflow still stands before its submission. Right after the creation its
// requirements may not be known yet.
func toSubmit(rec docflow.Record) bool {
	return rec.State == docflow.Suspended && (rec.Requirement == docflow.RequireSignature || rec.Requirement == docflow.RequireNothing)
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
	return c.await(rec.ID, docflow.Until(c.Properties.First("until"))), nil
}

func unsigned(left []docflow.Statement) *docflow.Refusal {
	if len(left) == 0 {
		return &docflow.Refusal{Code: "not_ready",
			CRMText: "Не отправлено: Реестро ещё не сформировал заявления. Дождитесь статуса «нужны подписи».",
			TextEN:  "Not submitted: the statements are not made yet."}
	}
	var names []string
	for _, s := range left {
		if s.Person != "" && !slices.Contains(names, s.Person) {
			names = append(names, s.Person)
		}
	}
	who := ""
	if len(names) > 0 {
		who = " (" + strings.Join(names, ", ") + ")"
	}
	return &docflow.Refusal{Code: "not_signed",
		CRMText: fmt.Sprintf("Не отправлено: осталось подписать заявлений: %d%s. Приложите откреплённые подписи и передайте их роботом «Реестро: приложить подписи».", len(left), who),
		TextEN:  fmt.Sprintf("Not submitted: %d statements lack a signature.", len(left))}
}
