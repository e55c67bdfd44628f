package bitrix

import (
	"context"
	"iter"
)

// WorkflowStart starts a workflow on a document.
type WorkflowStart struct {
	TemplateID ID             `json:"TEMPLATE_ID"`
	DocumentID DocumentID     `json:"DOCUMENT_ID"`
	Parameters map[string]any `json:"PARAMETERS,omitempty"` // users as "user_14"
}

// WorkflowStart starts a workflow and returns its id, such as "66e81a641752f8.56521481". It needs an
// administrator. Errors: ErrNotFound for an unknown template, ErrAccessDenied.
// doc: api-reference/bizproc/bizproc-workflow-start.md
func (c *Client) WorkflowStart(ctx context.Context, w WorkflowStart) (string, error) {
	return Call[string](ctx, c, "bizproc.workflow.start", w)
}

// Workflow is a running instance; which fields are set is what was selected.
// doc: api-reference/bizproc/bizproc-workflow-instances.md
type Workflow struct {
	ID         string `json:"ID"`
	Modified   Time   `json:"MODIFIED"`
	OwnedUntil Time   `json:"OWNED_UNTIL"` // zero: not locked; more than 5 minutes ago: stuck
	Module     Text   `json:"MODULE_ID"`
	Entity     Text   `json:"ENTITY"`
	Element    Text   `json:"DOCUMENT_ID"` // "DEAL_57" alone
	Started    Time   `json:"STARTED"`
	StartedBy  ID     `json:"STARTED_BY"`
	TemplateID ID     `json:"TEMPLATE_ID"`
}

// WorkflowInstances lists running workflows; without Select only ID, MODIFIED and OWNED_UNTIL.
// doc: api-reference/bizproc/bizproc-workflow-instances.md
func (c *Client) WorkflowInstances(ctx context.Context, opts ListOptions) (ListAnswer[[]Workflow], error) {
	return rows[Workflow](ctx, c, "bizproc.workflow.instances", upperListOptions(opts))
}

// Workflows walks the running workflows in the order of their ids. Select always holds ID.
// doc: api-reference/bizproc/bizproc-workflow-instances.md
func (c *Client) Workflows(ctx context.Context, opts ScanOptions) iter.Seq2[Workflow, error] {
	return scan("bizproc.workflow.instances", "", func(after string) ([]Workflow, error) {
		list := opts.page("ID", ID(0))
		if list.Filter = opts.Filter; after != "" {
			list.Filter = withCondition(opts.Filter, ">ID", after)
		}
		found, err := c.WorkflowInstances(ctx, list)
		return found.Result, err
	}, func(w Workflow) string { return w.ID })
}

// Document is the document that the workflow runs on, when its three parts were selected.
func (w Workflow) Document() DocumentID {
	return DocumentID{string(w.Module), string(w.Entity), string(w.Element)}
}

// WorkflowTerminate ends a workflow and keeps its data; status is shown as its outcome. Like all methods
// of workflows it needs an administrator. Errors: ErrAccessDenied, ErrParameter for an empty id.
// doc: api-reference/bizproc/bizproc-workflow-terminate.md
func (c *Client) WorkflowTerminate(ctx context.Context, id, status string) error {
	params := map[string]any{"ID": id}
	setNonZero(params, "STATUS", status)
	return c.confirmed(ctx, "bizproc.workflow.terminate", params)
}

// WorkflowKill erases a workflow with its data. doc: api-reference/bizproc/bizproc-workflow-kill.md
func (c *Client) WorkflowKill(ctx context.Context, id string) error {
	return c.confirmed(ctx, "bizproc.workflow.kill", map[string]string{"ID": id})
}
