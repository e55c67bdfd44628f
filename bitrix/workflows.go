package bitrix

import "context"

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

// WorkflowTerminate ends a workflow and keeps its data; status is shown as its outcome.
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

// Template is a workflow template; which fields are set is what was selected.
// doc: api-reference/bizproc/template/*.md
type Template struct {
	ID          ID                     `json:"ID"`
	Name        Text                   `json:"NAME"`
	Module      Text                   `json:"MODULE_ID"`
	Entity      Text                   `json:"ENTITY"`
	AutoExecute ID                     `json:"AUTO_EXECUTE"` // 0 none, 1 on creation, 2 on change, 3 both
	Parameters  Map[TemplateParameter] `json:"PARAMETERS"`
}

// TemplateParameter is an input of a template, by its id. The vendor does not describe it; these keys
// are those of a robot's property.
type TemplateParameter struct {
	Name     Text `json:"Name"`
	Type     Text `json:"Type"`
	Required Flag `json:"Required"`
	Multiple Flag `json:"Multiple"`
}

// TemplateList lists workflow templates; without Select only ID. It needs an administrator.
// doc: api-reference/bizproc/template/*.md
func (c *Client) TemplateList(ctx context.Context, opts ListOptions) (ListAnswer[[]Template], error) {
	return rows[Template](ctx, c, "bizproc.workflow.template.list", upperListOptions(opts))
}
