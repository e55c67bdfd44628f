package reaction

import (
	"context"
	"fmt"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// startWorkflow starts a business process. A process that was started by a try whose answer was lost is
// found among the running ones; when none is found a person decides, because one that ended quickly
// leaves no trace there and a second start could pay or send something twice.
func (r *run) startWorkflow(e Effect, p WorkflowParams) (string, error) {
	document, err := r.document(p.Document, p.Docflow)
	if err != nil {
		return "", err
	}
	if e.Mark != "" {
		return r.findWorkflow(e, p, document)
	}
	params := map[string]any{}
	if len(p.Parameters) > 0 {
		value, err := r.render(p.Parameters, p.Docflow)
		if err != nil {
			return "", err
		}
		params, _ = value.(map[string]any)
	}
	var id string
	err = r.once(e, r.Now().UTC().Format(time.RFC3339), func(ctx context.Context) error {
		id, err = r.b24.WorkflowStart(ctx, bitrix.WorkflowStart{TemplateID: bitrix.ID(p.Template), DocumentID: document, Parameters: params})
		return err
	})
	return "бизнес-процесс " + id, err
}

// findWorkflow looks for what a lost try has started. When a person must decide, the mark goes: a retry
// by hand is that decision, and starts the process anew.
func (r *run) findWorkflow(e Effect, p WorkflowParams, document bitrix.DocumentID) (string, error) {
	found, err := r.running(document, p.Template, map[string]any{">=STARTED": e.Mark})
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "бизнес-процесс " + found[0].ID + " запущен предыдущей попыткой", nil
	}
	if err := r.Store.Write(r.ctx, r.row.Lease, Begun{ID: e.ID}); err != nil {
		return "", err
	}
	return "", &docflow.Refusal{Code: "uncertain_workflow", CRMText: fmt.Sprintf("Неизвестно, запущен ли бизнес-процесс (шаблон %d): ответ портала потерян, среди работающих его нет. Проверьте карточку; повтор в журнале запустит его заново.", p.Template)}
}

// running lists the running instances of a template on a document. An element's number alone is not
// unique among the kinds of documents, so the class is compared too.
func (r *run) running(document bitrix.DocumentID, template int, also map[string]any) ([]bitrix.Workflow, error) {
	filter := map[string]any{"=DOCUMENT_ID": document.Element, "=TEMPLATE_ID": template}
	for key, value := range also {
		filter[key] = value
	}
	var found []bitrix.Workflow
	for wf, err := range r.b24.Workflows(r.ctx, bitrix.ScanOptions{Select: []string{"ID", "STARTED", "TEMPLATE_ID", "MODULE_ID", "ENTITY", "DOCUMENT_ID"}, Filter: filter}) {
		if err != nil {
			return nil, err
		}
		if wf.Document() == document {
			found = append(found, wf)
		}
	}
	return found, nil
}

// endWorkflows ends the running instances of a template on the card. A repeat finds fewer of them.
func (r *run) endWorkflows(_ Effect, p EndParams) (string, error) {
	document, err := r.document(nil, p.Docflow)
	if err != nil {
		return "", err
	}
	status := ""
	if p.Status != "" {
		value, err := r.render(p.Status, p.Docflow)
		if err != nil {
			return "", err
		}
		status = textOf(value)
	}
	found, err := r.running(document, p.Template, nil)
	if err != nil {
		return "", err
	}
	for _, wf := range found {
		if p.Kill {
			err = r.b24.WorkflowKill(r.ctx, wf.ID)
		} else {
			err = r.b24.WorkflowTerminate(r.ctx, wf.ID, status)
		}
		if err != nil {
			return "", fmt.Errorf("бизнес-процесс %s: %w", wf.ID, err)
		}
	}
	return fmt.Sprintf("завершено бизнес-процессов: %d", len(found)), nil
}

// document is what a business process runs on: the card itself, or what the settings name. A text is an
// element of the CRM such as SMART_INVOICE_3; a list of three is a document of any kind.
func (r *run) document(named any, snapshot map[string]any) (bitrix.DocumentID, error) {
	if named == nil {
		return bitrix.NewDocumentID(r.kind(), r.id())
	}
	value, err := r.render(named, snapshot)
	if err != nil {
		return bitrix.DocumentID{}, err
	}
	document, ok := documentOf(value)
	if !ok {
		return document, &docflow.Refusal{Code: "no_document", CRMText: fmt.Sprintf("Бизнес-процесс не запущен: «%s» не документ. "+
			"Укажите в document элемент CRM (SMART_INVOICE_3) или три части идентификатора документа.", textOf(value))}
	}
	return document, nil
}

func documentOf(value any) (bitrix.DocumentID, bool) {
	if text, ok := value.(string); ok {
		kind, id, err := bitrix.DocumentID{Module: "crm", Element: text}.Card()
		if err != nil {
			return bitrix.DocumentID{}, false
		}
		document, err := bitrix.NewDocumentID(kind, id)
		return document, err == nil
	}
	parts, _ := value.([]any)
	texts := make([]string, 0, len(parts))
	for _, part := range parts {
		texts = append(texts, textOf(part))
	}
	document, err := bitrix.ParseDocumentID(texts)
	if err != nil {
		return document, false
	}
	_, err = document.ElementID()
	return document, err == nil && document.Kind() != bitrix.DocumentOther
}
