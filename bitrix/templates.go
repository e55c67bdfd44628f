package bitrix

import (
	"context"
	"encoding/json"
	"iter"
)

// When a template starts by itself. doc: api-reference/bizproc/template/*.md
const (
	AutoExecuteNone   ID = 0
	AutoExecuteCreate ID = 1
	AutoExecuteChange ID = 2
	AutoExecuteBoth   ID = 3
)

// Template is a workflow template; which fields are set is what was selected.
// doc: api-reference/bizproc/template/*.md
type Template struct {
	ID           ID                     `json:"ID"`
	Name         Text                   `json:"NAME"`
	Module       Text                   `json:"MODULE_ID"`
	Entity       Text                   `json:"ENTITY"`
	DocumentType DocumentType           `json:"DOCUMENT_TYPE"`
	AutoExecute  ID                     `json:"AUTO_EXECUTE"`
	Template     json.RawMessage        `json:"TEMPLATE"` // the scheme; the vendor does not describe it
	Parameters   Map[TemplateParameter] `json:"PARAMETERS"`
	Variables    Map[TemplateParameter] `json:"VARIABLES"`
	Constants    Map[TemplateParameter] `json:"CONSTANTS"`
	Modified     Time                   `json:"MODIFIED"`
	IsModified   Flag                   `json:"IS_MODIFIED"`
	UserID       ID                     `json:"USER_ID"`
	SystemCode   Text                   `json:"SYSTEM_CODE"` // rest_app_5: made by the local application 5
}

// TemplateParameter is an input, variable or constant of a template, by its id. The vendor does not
// describe it; these keys are those of a robot's property.
type TemplateParameter struct {
	Name     Text `json:"Name"`
	Type     Text `json:"Type"`
	Required Flag `json:"Required"`
	Multiple Flag `json:"Multiple"`
}

// TemplateList reads a page of workflow templates; without Select only ID. It needs an administrator.
// doc: api-reference/bizproc/template/*.md
func (c *Client) TemplateList(ctx context.Context, opts ListOptions) (ListAnswer[[]Template], error) {
	return rows[Template](ctx, c, "bizproc.workflow.template.list", upperListOptions(opts))
}

// Templates walks all workflow templates in the order of their ids. It needs an administrator.
// doc: api-reference/bizproc/template/*.md
func (c *Client) Templates(ctx context.Context, opts ScanOptions) iter.Seq2[Template, error] {
	return byID("bizproc.workflow.template.list", "ID", opts, func(list ListOptions) (ListAnswer[[]Template], error) {
		return c.TemplateList(ctx, list)
	}, func(t Template) ID { return t.ID })
}

// NewTemplate is a template to add. doc: api-reference/bizproc/template/bizproc-workflow-template-add.md
type NewTemplate struct {
	DocumentType DocumentType `json:"DOCUMENT_TYPE"`
	Name         string       `json:"NAME"`
	Description  string       `json:"DESCRIPTION,omitempty"`
	Data         FileContent  `json:"TEMPLATE_DATA"` // a .bpt file
	AutoExecute  ID           `json:"AUTO_EXECUTE"`
}

// TemplateAdd adds a template and returns its id. Adding, changing and removing need an administrator and
// an application's token, and touch the application's own templates only.
// Errors: ErrParameter, ErrAccessDenied, ErrAuthKind.
// doc: api-reference/bizproc/template/bizproc-workflow-template-add.md
func (c *Client) TemplateAdd(ctx context.Context, t NewTemplate) (ID, error) {
	return Call[ID](ctx, c, "bizproc.workflow.template.add", t)
}

// TemplateChange is what to change in a template; what is left out stays.
type TemplateChange struct {
	Name        string       `json:"NAME,omitempty"`
	Description string       `json:"DESCRIPTION,omitempty"`
	Data        *FileContent `json:"TEMPLATE_DATA,omitempty"`
	AutoExecute *ID          `json:"AUTO_EXECUTE,omitempty"`
}

// TemplateUpdate changes a template. Workflows that run keep the scheme they started with.
// Errors: ErrNotFound, ErrAccessDenied for another application's template, ErrParameter.
// doc: api-reference/bizproc/template/bizproc-workflow-template-update.md
func (c *Client) TemplateUpdate(ctx context.Context, id ID, change TemplateChange) error {
	params := struct {
		ID     ID             `json:"ID"`
		Fields TemplateChange `json:"FIELDS"`
	}{id, change}
	_, err := Call[ID](ctx, c, "bizproc.workflow.template.update", params)
	return err
}

// TemplateDelete removes a template. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/bizproc/template/bizproc-workflow-template-delete.md
func (c *Client) TemplateDelete(ctx context.Context, id ID) error {
	_, err := c.Do(ctx, "bizproc.workflow.template.delete", map[string]ID{"ID": id}) // answers null
	return err
}
