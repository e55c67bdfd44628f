package bitrixsim

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// When a template starts by itself; the two may be added up.
const (
	OnCreate = 1
	OnChange = 2
)

// Template is a workflow template.
type Template struct {
	Name         string         `json:"name"`
	Description  string         `json:"description,omitempty"`
	EntityTypeID int            `json:"entityTypeId"`
	Document     [3]string      `json:"document,omitzero"` // DOCUMENT_TYPE outside the CRM; zero: by EntityTypeID
	Steps        []Step         `json:"steps"`
	Parameters   map[string]any `json:"parameters,omitempty"` // defaults; a start may override them
	AutoExecute  int            `json:"autoExecute,omitempty"`
}

// template is a Template with its owner.
type template struct {
	Template
	owner    *installation // nil: made in the designer
	user     int
	modified time.Time
}

// AddTemplate adds a workflow template and returns its id. Workflows that run keep their copy of the steps.
func (p *Portal) AddTemplate(t Template) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.addTemplate(t, nil, 1)
}

func (p *Portal) addTemplate(t Template, owner *installation, userID int) int {
	id := p.nextID("template", 212)
	t.Steps = slices.Clone(t.Steps)
	if ct := p.types[t.EntityTypeID]; t.Document == [3]string{} && ct != nil {
		t.Document = cardDocument(ct, 0).kind
	}
	p.templates[id] = &template{Template: t, owner: owner, user: userID, modified: p.s.now()}
	p.s.notify()
	return id
}

// runTemplates starts the templates that start by themselves at a change of a card.
func (p *Portal) runTemplates(t *cardType, it *item, when int, by actor) {
	if by.robot { // or a workflow that sets a field would start itself for ever
		return
	}
	doc := cardDocument(t, it.id)
	for _, id := range slices.Sorted(maps.Keys(p.templates)) {
		if tpl := p.templates[id]; tpl.AutoExecute&when != 0 && tpl.Document == doc.kind {
			p.start(doc, id, tpl.Steps, maps.Clone(tpl.Parameters), max(by.user, 1))
		}
	}
}

func wrongTemplate(text string) *restError { return bad("ERROR_TEMPLATE_VALIDATION_FAILURE", text) }

// templateAdd is bizproc.workflow.template.add.
func templateAdd(c *call) (any, *restError) {
	kind, ok := kindOf(c.params.fold("DOCUMENT_TYPE"))
	if !ok || !c.p.knownKind(kind) {
		return nil, wrongTemplate("Incorrect field DOCUMENT_TYPE!")
	}
	tpl := Template{Document: kind}
	if err := tpl.read(c.params, true); err != nil {
		return nil, err
	}
	for id, t := range c.p.types {
		if cardDocument(t, 0).kind == kind {
			tpl.EntityTypeID = id
		}
	}
	return c.p.addTemplate(tpl, c.in, c.user.id), nil
}

// read takes the fields that may be posted; all of them on add, those given on update.
func (t *Template) read(fields *array, all bool) *restError {
	if name, given := fields.lookup("NAME"); given || all {
		if str(name) == "" {
			return wrongTemplate("Empty template name!")
		}
		t.Name = str(name)
	}
	if raw, given := fields.lookup("AUTO_EXECUTE"); given && str(raw) != "" {
		n, ok := num(raw)
		if !ok || n < 0 || n > OnCreate|OnChange {
			return wrongTemplate("Incorrect field AUTO_EXECUTE!")
		}
		t.AutoExecute = n
	}
	if raw, given := fields.lookup("TEMPLATE_DATA"); given || all {
		if err := t.readFile(raw); err != nil {
			return err
		}
	}
	if raw, given := fields.lookup("DESCRIPTION"); given {
		t.Description = str(raw)
	}
	return nil
}

// readFile reads TEMPLATE_DATA. What a .bpt holds is known to the designer alone; the simulator runs the steps of one
// that is a Template as JSON, and nothing of any other.
func (t *Template) readFile(raw any) *restError {
	file := asArray(raw)
	if file.len() != 2 || str(file.get("0")) == "" {
		return wrongTemplate("Incorrect field TEMPLATE_DATA!")
	}
	data := decodeBase64(str(file.get("1")))
	if len(data) == 0 {
		return wrongTemplate("Incorrect field TEMPLATE_DATA!")
	}
	var inside Template
	if err := json.Unmarshal(data, &inside); err != nil {
		return nil // a real file
	}
	t.Steps, t.Parameters = inside.Steps, inside.Parameters
	return nil
}

// ownTemplate finds the template of the ID parameter.
func (c *call) ownTemplate() (int, *template, *restError) {
	id := intOf(c.params.fold("ID"))
	tpl := c.p.templates[id]
	if tpl == nil {
		return 0, nil, bad("ERROR_TEMPLATE_NOT_FOUND", "Workflow template not found.")
	}
	if tpl.owner != c.in {
		return 0, nil, bad("ERROR_TEMPLATE_NOT_OWNER", "You can update ONLY templates created by current application")
	}
	return id, tpl, nil
}

func templateUpdate(c *call) (any, *restError) {
	fields := asArray(c.params.fold("FIELDS"))
	if fields.len() == 0 {
		return nil, wrongTemplate("No fields to update.")
	}
	id, tpl, err := c.ownTemplate()
	if err != nil {
		return nil, err
	}
	next := tpl.Template
	if err := next.read(fields, false); err != nil {
		return nil, err
	}
	tpl.Template, tpl.modified = next, c.s.now()
	return id, nil
}

func templateDelete(c *call) (any, *restError) {
	id, _, err := c.ownTemplate()
	if err != nil {
		return nil, err
	}
	delete(c.p.templates, id)
	return nil, nil
}

// templateList is bizproc.workflow.template.list.
func templateList(c *call) (any, *restError) {
	var rows []map[string]any
	for _, id := range slices.Sorted(maps.Keys(c.p.templates)) {
		t := c.p.templates[id]
		params := map[string]any{}
		for name := range t.Parameters {
			params[name] = map[string]any{"Name": name, "Type": "string", "Required": "0", "Multiple": "0"}
		}
		var code any
		if t.owner != nil {
			code = "rest_app_" + itoa(t.owner.id)
		}
		rows = append(rows, map[string]any{
			"ID": itoa(id), "MODULE_ID": t.Document[0], "ENTITY": t.Document[1], "DOCUMENT_TYPE": t.Document[2],
			"AUTO_EXECUTE": itoa(t.AutoExecute), "NAME": t.Name, "TEMPLATE": []any{}, "PARAMETERS": phpMap(params), "VARIABLES": []any{},
			"CONSTANTS": []any{}, "MODIFIED": t.modified.Format(isoTime), "IS_MODIFIED": "N", "USER_ID": itoa(t.user), "SYSTEM_CODE": code,
		})
	}
	return c.bizprocRows(rows, "ID", "ID", "ASC")
}
