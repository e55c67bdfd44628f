package action

import (
	"context"
	"fmt"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/realty"
)

// maxSignature bounds a detached signature file.
const maxSignature = 4 << 20

// runSign hands signature files over, each to the next statement that still lacks one. What was handed
// over is stored one by one: the service may keep satisfied entries in its list, so our record decides.
func runSign(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	rec, err := r.record(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if rec.State != docflow.Suspended || rec.Requirement != docflow.RequireSignature {
		return lane.Result{}, &docflow.Refusal{Code: "nothing_to_sign",
			CRMText: fmt.Sprintf("Документооборот сейчас не ждёт подписей: %s. Дождитесь статуса «нужны подписи».", reaction.StateText(rec)),
			TextEN:  fmt.Sprintf("The docflow does not wait for signatures (state %s).", rec.State)}
	}
	b24, err := r.Clients.Bitrix(ctx, c.portal)
	if err != nil {
		return lane.Result{}, err
	}
	refs, err := r.files(ctx, b24, c, "signatures")
	if err != nil {
		return lane.Result{}, err
	}
	if len(refs) == 0 {
		return lane.Result{}, invalid([]string{"signatures: нет ни одного файла подписи. Приложите откреплённые подписи к полю, которое указано в роботе"})
	}
	// A second run must pair files and statements as the first did, so those that it signed count.
	targets := r.targets(rec, c)
	if len(refs) > len(targets) {
		return lane.Result{}, &docflow.Refusal{Code: "too_many_signatures",
			CRMText: fmt.Sprintf("signatures: файлов подписей %d, а подписать осталось %d. Оставьте по одному файлу на каждое заявление и подписанта.", len(refs), len(targets)),
			TextEN:  fmt.Sprintf("There are %d signature files for %d statements.", len(refs), len(targets))}
	}
	client, err := r.client(ctx, rec)
	if err != nil {
		return lane.Result{}, err
	}
	for i, ref := range refs {
		if !targets[i].SignedAt.IsZero() {
			continue
		}
		data, name, err := fetch(ctx, b24, ref)
		if err != nil {
			return lane.Result{}, err
		}
		if kind, _ := contentOf(data); len(data) > maxSignature || kind != "" {
			return lane.Result{}, invalid([]string{fmt.Sprintf("signatures: «%s» похож на сам документ. Приложите файл откреплённой подписи (обычно .sig)", orID(name, ref.ID.String()))})
		}
		if err := client.AddSignature(ctx, realty.DocflowID(rec.ExternalID), realty.FileID(targets[i].FileID), data); err != nil {
			return lane.Result{}, err
		}
		if err := r.Store.Write(ctx, c.row.Lease, docflow.Signed{ID: rec.ID, FileID: targets[i].FileID,
			PersonID: targets[i].PersonID, At: r.Now()}); err != nil {
			return lane.Result{}, err
		}
	}
	return c.answer(rec.ID, fmt.Sprintf("%d signatures handed over", len(refs))), nil
}

// targets lists the statements that this run signs, in the service's order: those without a signature
// when the row was received.
func (r *runner) targets(rec docflow.Record, c *call) []docflow.Statement {
	fileID := c.Properties.First("file_id")
	var targets []docflow.Statement
	for _, s := range rec.Statements {
		before := !s.SignedAt.IsZero() && s.SignedAt.Before(c.row.Received)
		if before || fileID != "" && !strings.EqualFold(s.FileID, fileID) {
			continue
		}
		targets = append(targets, s)
	}
	return targets
}
