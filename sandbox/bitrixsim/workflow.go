package bitrixsim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// AddTemplate adds a workflow template and returns its id. Workflows that run keep their copy of the steps.
func (p *Portal) AddTemplate(t Template) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := p.nextID("template", 212)
	t.Steps = slices.Clone(t.Steps)
	p.templates[id] = &t
	p.s.notify()
	return id
}

// document resolves DOCUMENT_ID: module, entity class and element id must belong together.
func (p *Portal) document(raw any) (*cardType, *item, *restError) {
	parts := asArray(raw).values()
	if len(parts) != 3 || str(parts[0]) != "crm" {
		return nil, nil, bad("", "Wrong DOCUMENT_ID!")
	}
	known := false
	for _, t := range p.types {
		entity, prefix := t.document()
		if entity != str(parts[1]) {
			continue
		}
		known = true
		number, ok := strings.CutPrefix(str(parts[2]), prefix+"_")
		id, err := strconv.Atoi(number)
		if ok && err == nil && t.items[id] != nil {
			return t, t.items[id], nil
		}
	}
	if known {
		return nil, nil, bad("", "Wrong DOCUMENT_ID!")
	}
	return nil, nil, bad("", "Incorrect document type!")
}

func workflowMethods() map[string]method {
	admin := fail(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
	app := bad("ACCESS_DENIED", "Application context required")
	return map[string]method{
		"bizproc.workflow.start":         {scope: "bizproc", admin: admin, run: workflowStart},
		"bizproc.workflow.instances":     {scope: "bizproc", admin: admin, run: workflowInstances},
		"bizproc.workflow.instance.list": {scope: "bizproc", admin: admin, run: workflowInstances},
		"bizproc.workflow.terminate":     {scope: "bizproc", admin: admin, run: workflowTerminate},
		"bizproc.workflow.kill":          {scope: "bizproc", admin: admin, run: workflowKill},
		"bizproc.workflow.template.list": {scope: "bizproc", admin: bad("ACCESS_DENIED", "Access denied!"), run: templateList},
		"bizproc.event.send":             {scope: "bizproc", app: app, run: eventSend},
		"bizproc.activity.log":           {scope: "bizproc", app: app, run: activityLog},
	}
}

// workflowStart is bizproc.workflow.start.
func workflowStart(c *call) (any, *restError) {
	if str(c.params.fold("TEMPLATE_ID")) == "" {
		return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Empty TEMPLATE_ID")
	}
	id := intOf(c.params.fold("TEMPLATE_ID"))
	template := c.p.templates[id]
	if template == nil {
		return nil, bad("ERROR_WRONG_WORKFLOW_ID", "Template not found")
	}
	t, it, err := c.p.document(c.params.fold("DOCUMENT_ID"))
	if err != nil {
		return nil, err
	}
	if t.id != template.EntityTypeID {
		return nil, bad("", "Template type and DOCUMENT_ID mismatch!")
	}
	params := maps.Clone(template.Parameters)
	if params == nil {
		params = map[string]any{}
	}
	posted := asArray(c.params.fold("PARAMETERS"))
	for _, k := range keysOf(posted) {
		params[k] = toGo(posted.vals[k])
	}
	return c.p.start(t, it.id, id, template.Steps, params, c.user.id).ID, nil
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
	if asArray(c.params.fold("select")).len() == 0 {
		c.params.set("select", fromGo([]string{"ID", "MODIFIED", "OWNED_UNTIL"}))
	}
	return selectRows(c, rows, "MODIFIED")
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
	wf.State, wf.robot, wf.token, wf.WaitingFor = Terminated, nil, "", ""
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
	c.p.workflows = slices.DeleteFunc(c.p.workflows, func(w *workflow) bool { return w == wf })
	return true, nil
}

func templateList(c *call) (any, *restError) {
	var rows []map[string]any
	for _, id := range slices.Sorted(maps.Keys(c.p.templates)) {
		t := c.p.templates[id]
		entity, prefix := "", ""
		if ct := c.p.types[t.EntityTypeID]; ct != nil {
			entity, prefix = ct.document()
		}
		params := map[string]any{}
		for name := range t.Parameters {
			params[name] = map[string]any{"Name": name, "Type": "string", "Required": "0", "Multiple": "0"}
		}
		rows = append(rows, map[string]any{
			"ID": itoa(id), "MODULE_ID": "crm", "ENTITY": entity, "DOCUMENT_TYPE": []string{"crm", entity, prefix}, "AUTO_EXECUTE": "0",
			"NAME": t.Name, "PARAMETERS": phpMap(params), "VARIABLES": []any{}, "CONSTANTS": []any{}, "USER_ID": "1", "SYSTEM_CODE": nil,
		})
	}
	if asArray(c.params.fold("select")).len() == 0 {
		c.params.set("select", fromGo([]string{"ID"}))
	}
	return selectRows(c, rows, "ID")
}
