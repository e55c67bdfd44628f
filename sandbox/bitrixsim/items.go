package bitrixsim

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// actor is who makes a change: it decides the stamps, the tokens in events and whether offline rows are kept.
type actor struct {
	user      int
	robot     bool   // a robot or workflow: events carry no tokens
	connector string // auth_connector of the REST call
}

// CreateItem adds a card as user 1 would: events fire and the stage's robots run. User fields go by their original
// names, standard ones by either spelling; file fields hold ids from AddFile; an unknown UF_ field is made on the
// way, typed by the Go value. It returns the id, or 0 for a type without universal support.
func (p *Portal) CreateItem(entityTypeID int, fields map[string]any) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.cardType(entityTypeID)
	if t == nil {
		return 0
	}
	defer p.s.notify()
	p.declareFields(t, fields)
	vals, _, err := p.readFields(t, asArray(fromGo(fields)), nil, namesAny, coercer{p: p, lever: true})
	if err != nil {
		return 0
	}
	it, err := p.create(t, vals, actor{user: 1}, true)
	if err != nil {
		return 0
	}
	return it.id
}

// UpdateItem changes a card as user 1 would. Fields are as in CreateItem; a refusal is the error.
func (p *Portal) UpdateItem(entityTypeID, id int, fields map[string]any) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	defer p.s.notify()
	t := p.types[entityTypeID]
	if t == nil || t.items[id] == nil {
		return fmt.Errorf("bitrixsim: no card %d of type %d", id, entityTypeID)
	}
	p.declareFields(t, fields)
	it := t.items[id]
	vals, _, err := p.readFields(t, asArray(fromGo(fields)), it, namesAny, coercer{p: p, lever: true})
	if err == nil {
		err = p.update(t, it, vals, actor{user: 1})
	}
	if err != nil {
		return fmt.Errorf("bitrixsim: %w", err)
	}
	return nil
}

// MoveStage moves a card as user 1 would, by drag and drop: the event fires and the stage's robots run. A stage of
// another funnel moves the card there.
func (p *Portal) MoveStage(entityTypeID, id int, stage string) error {
	fields := map[string]any{"stageId": stage}
	p.s.mu.Lock()
	if t := p.types[entityTypeID]; t != nil {
		for _, c := range t.categories {
			if p.stage(t, c.id, stage) != nil {
				fields["categoryId"] = c.id
			}
		}
	}
	p.s.mu.Unlock()
	return p.UpdateItem(entityTypeID, id, fields)
}

// DeleteItem removes a card as user 1 would.
func (p *Portal) DeleteItem(entityTypeID, id int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if t := p.types[entityTypeID]; t != nil && t.items[id] != nil {
		p.remove(t, id, actor{user: 1})
	}
}

// Item is a snapshot of a card: standard fields in camelCase, user fields by original names; numbers are int or
// float64, lists []any, file fields file ids.
func (p *Portal) Item(entityTypeID, id int) (map[string]any, bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.types[entityTypeID]
	if t == nil || t.items[id] == nil {
		return nil, false
	}
	return snapshot(t, t.items[id]), true
}

// Items is a snapshot of all cards of a type by id.
func (p *Portal) Items(entityTypeID int) []map[string]any {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.types[entityTypeID]
	if t == nil {
		return nil
	}
	var all []map[string]any
	for _, it := range t.sorted() {
		all = append(all, snapshot(t, it))
	}
	return all
}

func (t *cardType) sorted() []*item {
	all := make([]*item, 0, len(t.items))
	for _, id := range slices.Sorted(maps.Keys(t.items)) {
		all = append(all, t.items[id])
	}
	return all
}

func snapshot(t *cardType, it *item) map[string]any {
	out := map[string]any{}
	for _, f := range t.fields() {
		v := it.vals[f.upper]
		switch v := v.(type) {
		case []any:
			out[f.label(namesOriginal)] = slices.Clone(v)
		case []multifield:
			out[f.label(namesOriginal)] = renderFM(v)
		default:
			out[f.label(namesOriginal)] = v
		}
	}
	return out
}

// declareFields makes the user fields that a lever names and nobody declared.
func (p *Portal) declareFields(t *cardType, fields map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if len(name) < 4 || name[:3] != "UF_" || t.field(name, namesAny) != nil {
			continue
		}
		f := UserField{Name: name, Type: "string"}
		kind := reflect.TypeOf(fields[name])
		if kind != nil && kind.Kind() == reflect.Slice {
			f.Multiple, kind = true, kind.Elem()
		}
		if kind != nil {
			switch kind.Kind() {
			case reflect.Int:
				f.Type = "integer"
			case reflect.Float64:
				f.Type = "double"
			case reflect.Bool:
				f.Type = "boolean"
			}
		}
		p.addUserField(t, f)
	}
}

// readFields reads posted fields by name. Unknown and read-only names are ignored, as documented. bad names the
// first field whose value was refused.
func (p *Portal) readFields(t *cardType, fields *array, it *item, how naming, c coercer) (map[string]any, string, *restError) {
	vals := map[string]any{}
	if fields == nil {
		return vals, "", nil
	}
	for _, name := range fields.keys {
		f := t.field(name, how)
		if f == nil || f.readOnly && !c.lever {
			continue
		}
		var current any
		if it != nil {
			current = it.vals[f.upper]
		}
		if next, ok := vals[f.upper]; ok {
			current = next
		}
		raw := fields.vals[name]
		if how != namesUpper && f.multiple && f.typ != "crm_multifield" && asArray(raw) == nil && raw != nil && str(raw) != "" && !c.lever {
			return nil, name, bad("100", "Invalid value for multiple field \""+name+"\": iterable expected")
		}
		v, ok := c.coerce(f, raw, current)
		if !ok {
			return nil, name, bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \""+name+"\"")
		}
		vals[f.upper] = v
	}
	return vals, "", nil
}

// notFound is the answer for a wrong id.
func notFound(text string) *restError { return fail(http.StatusBadRequest, "NOT_FOUND", text) }
