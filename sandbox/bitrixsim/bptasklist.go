package bitrixsim

import (
	"strings"
	"time"
)

// taskKept is how long the cloud keeps the tasks of an ended workflow.
const taskKept = 24 * time.Hour

// taskList is bizproc.task.list: those who are not administrators see their own.
func taskList(c *call) (any, *restError) {
	if raw, given := c.params.lookup("SELECT"); given && asArray(raw) == nil {
		return nil, bad("ERROR_SELECT_VALIDATION_FAILURE", "Invalid data in SELECT parameter")
	}
	if !c.user.admin {
		whose, asked := 0, false
		filter := asArray(c.params.fold("FILTER"))
		for _, key := range keysOf(filter) {
			if op, name := splitOperator(key); op == "=" && upper(name) == "USER_ID" {
				whose, asked = intOf(filter.vals[key]), true
			}
		}
		if asked && whose != c.user.id {
			return nil, bad("ACCESS_DENIED", "Access denied!")
		}
	}
	var rows []map[string]any
	for _, t := range c.p.tasks {
		if !t.wf.ended.IsZero() && c.s.now().Sub(t.wf.ended) > taskKept {
			continue
		}
		for _, u := range t.users {
			if c.user.admin || u == c.user.id {
				rows = append(rows, c.p.renderTask(t, u))
			}
		}
	}
	return c.bizprocRows(rows, "ENTITY DOCUMENT_ID ID WORKFLOW_ID DOCUMENT_NAME NAME DOCUMENT_URL", "ID", "ASC")
}

// bizprocRows is selectRows as the bizproc lists do it: parameters and field names in any case, a selection and an
// order by default.
func (c *call) bizprocRows(rows []map[string]any, selection, orderBy, direction string) ([]map[string]any, *restError) {
	c.params.set("select", upperNames(asArray(c.params.fold("select"))))
	if asArray(c.params.get("select")).len() == 0 {
		c.params.set("select", fromGo(strings.Fields(selection)))
	}
	filter, by := newArray(), newArray()
	for _, key := range keysOf(asArray(c.params.fold("filter"))) {
		filter.set(upper(key), asArray(c.params.fold("filter")).vals[key])
	}
	for _, key := range keysOf(asArray(c.params.fold("order"))) {
		by.set(upper(key), asArray(c.params.fold("order")).vals[key])
	}
	if by.len() == 0 {
		by.set(orderBy, direction)
	}
	c.params.set("filter", filter)
	c.params.set("order", by)
	return selectRows(c, rows, orderBy)
}

func upperNames(names *array) *array {
	out := newArray()
	for _, n := range names.values() {
		out.add(upper(str(n)))
	}
	return out
}

// renderTask is a row of bizproc.task.list.
func (p *Portal) renderTask(t *task, userID int) map[string]any {
	var overdue any
	if !t.deadline.IsZero() {
		overdue = t.deadline.Format(isoTime)
	}
	name := ""
	if template := p.templates[t.wf.TemplateID]; template != nil {
		name = template.Name
	}
	return map[string]any{
		"ID": itoa(t.id), "WORKFLOW_ID": t.wf.ID, "DOCUMENT_NAME": p.documentTitle(t.wf.doc), "DESCRIPTION": t.step.Description,
		"NAME": t.step.Name, "MODIFIED": t.modified.Format(isoTime), "WORKFLOW_STARTED": t.wf.Started.Format(isoTime),
		"WORKFLOW_STARTED_BY": itoa(t.wf.StartedBy), "OVERDUE_DATE": overdue, "WORKFLOW_TEMPLATE_ID": itoa(t.wf.TemplateID),
		"WORKFLOW_TEMPLATE_NAME": name, "WORKFLOW_STATE": t.wf.State, "STATUS": itoa(t.status), "USER_ID": itoa(userID),
		"USER_STATUS": itoa(t.answered[userID]), "MODULE_ID": t.wf.Document[0], "ENTITY": t.wf.Document[1], "DOCUMENT_ID": t.wf.Document[2],
		"ACTIVITY": t.step.Activity, "ACTIVITY_NAME": "A" + digits(randomHex(), 5) + "_" + itoa(t.id), "PARAMETERS": t.step.parameters(),
		"DOCUMENT_URL": "/bizproc/processes/?element_id=" + t.wf.Document[2],
	}
}

// parameters is PARAMETERS of a task.
func (step TaskStep) parameters() map[string]any {
	need := step.CommentRequired
	if need == "" {
		need = "N"
	}
	out := map[string]any{"CommentLabel": "Комментарий", "CommentRequired": need, "ShowComment": "Y"}
	if step.Activity == ApproveActivity {
		out["StatusYesLabel"], out["StatusNoLabel"] = "Согласовать", "Отклонить"
		return out
	}
	out["StatusOkLabel"] = "Готово"
	fields := []any{}
	for _, f := range step.Fields {
		var options any
		if f.Options != nil {
			options = f.Options
		}
		fields = append(fields, map[string]any{
			"Id": f.ID, "Type": f.Type, "Name": f.Name, "Description": "", "Multiple": f.Multiple, "Required": f.Required, "Options": options,
			"Settings": nil, "Default": f.Default,
		})
	}
	if len(fields) > 0 {
		out["Fields"] = fields
	}
	return out
}
