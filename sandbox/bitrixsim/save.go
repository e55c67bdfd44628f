package bitrixsim

import (
	"maps"
	"reflect"
	"slices"
)

// create adds a card with defaults; lever skips the check of required fields.
func (p *Portal) create(t *cardType, vals map[string]any, by actor, lever bool) (*item, *restError) {
	it := &item{vals: map[string]any{}}
	now := p.s.now().Format(isoTime)
	for _, f := range t.fields() {
		it.vals[f.upper] = zero(f)
	}
	for name, v := range map[string]any{"OPENED": "Y", "IS_NEW": "Y"} {
		if _, known := it.vals[name]; known {
			it.vals[name] = v
		}
	}
	p.syncLinks(it, vals)
	maps.Copy(it.vals, vals)
	if err := p.placeOnStage(t, it.vals, vals); err != nil {
		return nil, err
	}
	if !lever {
		if err := p.checkRequired(t, it.vals, ""); err != nil {
			return nil, err
		}
	}
	it.id = p.nextID("item "+itoa(t.id), 57+t.id*100)
	it.vals["ID"] = it.id
	defaults := map[string]any{"ASSIGNED_BY_ID": max(by.user, 1), "CURRENCY_ID": "RUB", "TITLE": t.title + " #" + itoa(it.id)}
	for name, v := range defaults {
		if old, known := it.vals[name]; known && empty(old) {
			it.vals[name] = v
		}
	}
	stamp(it, "created", now, by)
	stamp(it, "updated", now, by)
	t.items[it.id] = it
	if t.stageField() != "" {
		stamp(it, "moved", now, by)
		p.noteStage(t, it, 1)
	}
	p.cardEvent(t, "ADD", it, by)
	if t.stageField() != "" {
		p.runAutomation(t, it)
	}
	p.runTemplates(t, it, OnCreate, by)
	return it, nil
}

// zero is the stored value of a field that was never set.
func zero(f *fieldDef) any {
	switch {
	case f.multiple && f.typ == "crm_multifield":
		return []multifield(nil)
	case f.multiple:
		return []any{}
	case f.user != nil || f.typ == "file":
		return nil
	}
	switch f.typ {
	case "integer", "user", "crm_company", "crm_contact", "crm_category", "crm_lead", "crm_quote":
		return 0
	case "double":
		return 0.0
	case "boolean":
		return "N"
	}
	return ""
}

// stamp sets who and when, in the type's own field names.
func stamp(it *item, what, now string, by actor) {
	names := map[string][2]string{
		"created": {"DATE_CREATE", "CREATED_BY_ID"}, "updated": {"DATE_MODIFY", "MODIFY_BY_ID"}, "moved": {"MOVED_TIME", "MOVED_BY_ID"},
	}[what]
	if _, old := it.vals[names[0]]; !old {
		names = map[string][2]string{
			"created": {"CREATED_TIME", "CREATED_BY"}, "updated": {"UPDATED_TIME", "UPDATED_BY"}, "moved": {"MOVED_TIME", "MOVED_BY"},
		}[what]
	}
	it.vals[names[0]] = now
	if _, ok := it.vals[names[1]]; !ok {
		names[1] = "MOVED_BY"
	}
	it.vals[names[1]] = max(by.user, 1)
}

// syncLinks keeps CONTACT_ID and CONTACT_IDS in step, and COMPANY_ID with COMPANY_IDS, whichever was posted.
func (p *Portal) syncLinks(it *item, vals map[string]any) {
	for _, key := range []string{"CONTACT", "COMPANY"} {
		_, one := it.vals[key+"_ID"]
		if _, many := it.vals[key+"_IDS"]; one && many {
			syncLink(it, vals, key+"_ID", key+"_IDS")
		}
	}
}

func syncLink(it *item, vals map[string]any, one, many string) {
	if ids, ok := vals[many].([]any); ok {
		vals[one] = 0
		if len(ids) > 0 {
			vals[one] = ids[0]
		}
		return
	}
	if id, ok := vals[one].(int); ok {
		have, _ := it.vals[many].([]any)
		switch {
		case id == 0:
			vals[many] = []any{}
		case !slices.Contains(have, any(id)):
			vals[many] = []any{id}
		}
	}
}

// placeOnStage makes funnel and stage fit: a posted stage must belong to the funnel, a new funnel starts at its
// first stage. all holds the values after the change, vals the posted ones; both are completed.
func (p *Portal) placeOnStage(t *cardType, all, vals map[string]any) *restError {
	field := t.stageField()
	if field == "" {
		return nil
	}
	cat, _ := all["CATEGORY_ID"].(int)
	if len(t.categories) > 0 && !slices.ContainsFunc(t.categories, func(c category) bool { return c.id == cat }) {
		if _, posted := vals["CATEGORY_ID"]; posted && cat != 0 {
			return bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \"categoryId\"")
		}
		cat = t.categories[0].id
		all["CATEGORY_ID"], vals["CATEGORY_ID"] = cat, cat
	}
	code, _ := all[field].(string)
	_, posted := vals[field]
	st := p.stage(t, cat, code)
	if st == nil && posted && code != "" {
		return bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \"stageId\"")
	}
	if st == nil {
		st = &p.stages(t.stageEntity(cat))[0]
		all[field], vals[field] = st.code, st.code
	}
	if name := map[int]string{Lead: "STATUS_SEMANTIC_ID", Deal: "STAGE_SEMANTIC_ID"}[t.id]; name != "" {
		all[name], vals[name] = st.semantic(), st.semantic()
	}
	if t.id == Deal {
		closed := flag(st.semantics != "")
		all["CLOSED"], vals["CLOSED"] = closed, closed
	}
	return nil
}

// checkRequired looks for empty mandatory fields and those that the entered stage requires.
func (p *Portal) checkRequired(t *cardType, all map[string]any, entered string) *restError {
	for _, f := range t.userFields {
		if f.Mandatory && empty(all[f.Name]) {
			return bad("CRM_FIELD_ERROR_REQUIRED", "Required field \""+f.Name+"\" is not filled")
		}
	}
	for _, name := range t.required[entered] {
		if empty(all[name]) {
			return bad("CRM_FIELD_ERROR_REQUIRED", "Required field \""+name+"\" is not filled")
		}
	}
	return nil
}

// update saves what really changes; nothing changed means no save, no event and no robots.
func (p *Portal) update(t *cardType, it *item, vals map[string]any, by actor) *restError {
	all := maps.Clone(it.vals)
	p.syncLinks(it, vals)
	maps.Copy(all, vals)
	if err := p.placeOnStage(t, all, vals); err != nil {
		return err
	}
	changed := false
	for name, v := range vals {
		same := reflect.DeepEqual(it.vals[name], v) || it.vals[name] == nil && empty(v) && reflect.TypeOf(v).Kind() == reflect.Slice
		changed = changed || !same
	}
	if !changed {
		return nil
	}
	stage := t.stageField()
	newFunnel := it.vals["CATEGORY_ID"] != all["CATEGORY_ID"] && stage != ""
	newStage := stage != "" && it.vals[stage] != all[stage]
	entered := ""
	if newStage && !newFunnel {
		entered, _ = all[stage].(string)
	}
	if err := p.checkRequired(t, all, entered); err != nil {
		return err
	}
	now := p.s.now().Format(isoTime)
	if newStage && t.dynamic() {
		all["PREVIOUS_STAGE_ID"] = it.vals[stage]
	}
	it.vals = all
	stamp(it, "updated", now, by)
	if newStage || newFunnel {
		stamp(it, "moved", now, by)
		p.noteStage(t, it, map[bool]int{true: 5, false: 2}[newFunnel])
	}
	kind := "UPDATE"
	if newFunnel && t.id == Deal {
		kind = "MOVETOCATEGORY"
	}
	p.cardEvent(t, kind, it, by)
	if newStage || newFunnel {
		p.runAutomation(t, it)
	}
	p.runTemplates(t, it, OnChange, by)
	return nil
}

// remove deletes a card and tells its event.
func (p *Portal) remove(t *cardType, id int, by actor) {
	it := t.items[id]
	delete(t.items, id)
	p.cardEvent(t, "DELETE", it, by)
	p.s.notify()
}
