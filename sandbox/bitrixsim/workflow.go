package bitrixsim

import (
	"maps"
	"net/http"
	"slices"
)

func workflowMethods() map[string]method {
	admin := fail(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
	app, denied := bad("ACCESS_DENIED", "Application context required"), bad("ACCESS_DENIED", "Access denied!")
	return map[string]method{
		"bizproc.workflow.start":           {scope: "bizproc", admin: admin, run: workflowStart},
		"bizproc.workflow.instances":       {scope: "bizproc", admin: admin, run: workflowInstances},
		"bizproc.workflow.instance.list":   {scope: "bizproc", admin: admin, run: workflowInstances},
		"bizproc.workflow.terminate":       {scope: "bizproc", admin: admin, run: workflowTerminate},
		"bizproc.workflow.kill":            {scope: "bizproc", admin: admin, run: workflowKill},
		"bizproc.workflow.template.list":   {scope: "bizproc", admin: denied, run: templateList},
		"bizproc.workflow.template.add":    {scope: "bizproc", app: app, admin: denied, run: templateAdd},
		"bizproc.workflow.template.update": {scope: "bizproc", app: app, admin: denied, run: templateUpdate},
		"bizproc.workflow.template.delete": {scope: "bizproc", app: app, admin: denied, run: templateDelete},
		"bizproc.task.list":                {scope: "bizproc", run: taskList},
		"bizproc.task.complete":            {scope: "bizproc", run: taskComplete},
		"bizproc.task.delegate":            {scope: "bizproc", run: taskDelegate},
		"bizproc.event.send":               {scope: "bizproc", app: app, run: eventSend},
		"bizproc.activity.log":             {scope: "bizproc", app: app, run: activityLog},
	}
}

// workflowStart is bizproc.workflow.start.
func workflowStart(c *call) (any, *restError) {
	if str(c.params.fold("TEMPLATE_ID")) == "" {
		return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Empty TEMPLATE_ID")
	}
	id := intOf(c.params.fold("TEMPLATE_ID"))
	tpl := c.p.templates[id]
	if tpl == nil {
		return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Template not found")
	}
	doc, err := c.p.document(c.params.fold("DOCUMENT_ID"))
	if err != nil {
		return nil, err
	}
	if doc.kind != tpl.Document {
		return nil, bad("", "Template type and DOCUMENT_ID mismatch!")
	}
	params := maps.Clone(tpl.Parameters)
	if params == nil {
		params = map[string]any{}
	}
	posted := asArray(c.params.fold("PARAMETERS"))
	for _, k := range keysOf(posted) {
		params[k] = toGo(posted.vals[k])
	}
	return c.p.start(doc, id, tpl.Steps, params, c.user.id).ID, nil
}

func workflowInstances(c *call) (any, *restError) {
	var rows []map[string]any
	for _, wf := range c.p.workflows {
		if wf.State != Running {
			continue
		}
		rows = append(rows, map[string]any{
			"ID": wf.ID, "MODIFIED": wf.modified.Format(isoTime), "OWNED_UNTIL": nil, "MODULE_ID": wf.Document[0], "ENTITY": wf.Document[1],
			"DOCUMENT_ID": wf.Document[2], "STARTED": wf.Started.Format(isoTime), "STARTED_BY": itoa(wf.StartedBy), "TEMPLATE_ID": itoa(wf.TemplateID),
		})
	}
	return c.bizprocRows(rows, "ID MODIFIED OWNED_UNTIL", "MODIFIED", "DESC")
}

// instance finds a workflow by the ID parameter.
func (c *call) instance() (*workflow, *restError) {
	id := str(c.params.fold("ID"))
	if id == "" {
		return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Empty workflow instance ID")
	}
	for _, wf := range c.p.workflows {
		if wf.ID == id {
			return wf, nil
		}
	}
	return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Workflow instance not found") // the docs name no text for it
}

func workflowTerminate(c *call) (any, *restError) {
	wf, err := c.instance()
	if err != nil {
		return nil, err
	}
	c.p.end(wf, Terminated)
	if status := str(c.params.fold("STATUS")); status != "" {
		wf.Log = append(wf.Log, status)
	}
	return true, nil
}

func workflowKill(c *call) (any, *restError) {
	wf, err := c.instance()
	if err != nil {
		return nil, err
	}
	c.p.end(wf, Terminated)
	c.p.tasks = slices.DeleteFunc(c.p.tasks, func(t *task) bool { return t.wf == wf })
	c.p.workflows = slices.DeleteFunc(c.p.workflows, func(w *workflow) bool { return w == wf })
	return true, nil
}
