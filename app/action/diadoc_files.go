package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/diadoc"
)

// maxGenerating is how long the service is asked whether a file is ready. Most are within seconds.
const maxGenerating = 30 * time.Minute

// runDiadocPrintForm puts the print form of a document into the card.
func runDiadocPrintForm(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.deliver(ctx, c, wanted{reaction.SourcePrintForm, "Печатная форма", ".pdf",
		"У документов этого типа нет печатной формы. Возьмите исходный файл роботом «Диадок: архив документа»."})
}

// runDiadocProtocol puts the protocol of a document's way, as of now, into the card with the operator's signature.
func runDiadocProtocol(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	return r.deliver(ctx, c, wanted{reaction.SourceProtocol, "Протокол передачи", ".pdf",
		"Протокола передачи у этого документа нет: он есть только у отправленных документов. Сначала отправьте документ."})
}

// runDiadocZip puts an archive of a document and its signatures into the card.
func runDiadocZip(ctx context.Context, r *runner, c *call) (lane.Result, error) {
	source := reaction.SourceZip
	if c.Properties.First("full") == "Y" {
		source = reaction.SourceZipAll
	}
	return r.deliver(ctx, c, wanted{source, "Архив документа", ".zip",
		"Архива у этого документа нет: он есть только у отправленных документов. Сначала отправьте документ."})
}

// wanted is a file that the service makes of a document.
type wanted struct {
	source    reaction.Source
	title     string // for people
	extension string
	never     string // what its refusal means
}

// deliver asks for a file until it is ready, each time in a run of its own, and has it put into the card. The file
// is read through once here, which tells its size and that it can be had, and once more when the card takes it: it
// lies nowhere in between.
func (r *runner) deliver(ctx context.Context, c *call, w wanted) (lane.Result, error) {
	l, err := r.sentLetter(ctx, c)
	if err != nil {
		return lane.Result{}, err
	}
	if l.entity == "" {
		p, err := r.deed(ctx, l)
		if err != nil {
			return lane.Result{}, err
		}
		l = p.letter
	}
	var size counter
	named, err := reaction.CopyFile(ctx, l.client, l.box, l.document(), w.source, &size)
	if later, ok := errors.AsType[*diadoc.NotReadyError](err); ok {
		return r.notReady(ctx, c, l, w, later.Until)
	}
	if errors.Is(err, diadoc.ErrConflict) {
		return lane.Result{}, &docflow.Refusal{Code: "conflict", CRMText: w.never, TextEN: "The service has no such file of this document.", Cause: err}
	}
	if err != nil {
		return lane.Result{}, err
	}
	set, err := r.Portals.Settings(ctx, c.portal)
	if err != nil {
		return lane.Result{}, err
	}
	file := reaction.FileItem{ID: string(l.entity), Source: w.source, Name: w.name(l, named)}
	if w.source == reaction.SourceProtocol {
		file.Signatures = []string{string(l.entity)}
	}
	return lane.Result{Note: fmt.Sprintf("%s, %d bytes", file.Name, int64(size)), Writes: []lane.Write{reaction.Enqueue{Effects: reaction.Delivered(set, reaction.Delivery{
		Record: l.rec, Card: c.Card, Action: c.action.Name.RU, Text: "Файл в карточке: " + file.Name, File: file, Size: int64(size),
		Values: map[string]any{"file": file.Name, "message_id": l.rec.ExternalID, "state": "completed", "error": "", "error_code": ""},
		Token:  c.EventToken, Workflow: c.WorkflowID})}}}, nil
}

// notReady lets the row come back when the service said; the card's other work goes on.
func (r *runner) notReady(ctx context.Context, c *call, l letter, w wanted, at time.Time) (lane.Result, error) {
	if r.Now().Sub(c.row.Received) > maxGenerating {
		return lane.Result{}, &docflow.Refusal{Code: "not_ready",
			CRMText: fmt.Sprintf("Диадок не подготовил файл («%s») за %d минут. Попробуйте ещё раз позже или скачайте его в Диадоке.", w.title, int(maxGenerating.Minutes())),
			TextEN:  "The service did not make the file in time. Try again later."}
	}
	r.hold(ctx, c)
	return lane.Result{Verdict: lane.Aside, At: at, Key: string(l.rec.ID), Note: "Диадок готовит файл"}, nil
}

// name is the file's: as the service calls it, else after the document.
func (w wanted) name(l letter, named string) string {
	if named != "" {
		return cleanName(named)
	}
	d, _ := l.rec.Document(string(l.entity))
	title := strings.TrimSuffix(d.Title, path.Ext(d.Title))
	return cleanName(strings.TrimSpace(w.title+" "+cmp.Or(title, string(l.entity)))) + w.extension
}

// cleanName takes out what no file name may have.
func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, name)
}

// counter counts the bytes that are written to it.
type counter int64

// Write implements io.Writer.
func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}
