package bitrixsim

import (
	"maps"
	"slices"
	"strings"
)

// universal resolves entityTypeId for crm.item.*.
func (c *call) universal() (*cardType, *restError) {
	raw := c.params.get("entityTypeId")
	if raw == nil {
		return nil, bad("100", "Could not find value for parameter {entityTypeId}")
	}
	id := intOf(raw)
	if id == 5 || id == 14 {
		return nil, bad("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
	}
	t := c.p.types[id]
	if t == nil {
		return nil, notFound("Smart process not found")
	}
	return t, nil
}

func (c *call) naming() naming {
	if yes(c.params.get("useOriginalUfNames")) {
		return namesOriginal
	}
	return namesCamel
}

// card resolves entityTypeId and id.
func (c *call) card() (*cardType, *item, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, nil, err
	}
	if c.params.get("id") == nil {
		return nil, nil, bad("100", "Could not find value for parameter {id}")
	}
	it := t.items[intOf(c.params.get("id"))]
	if it == nil {
		return nil, nil, notFound("Element not found")
	}
	if !c.user.sees(t.id, it.id) {
		return nil, nil, bad("ACCESS_DENIED", "Access denied")
	}
	return t, it, nil
}

// readable lists the cards that the caller's user may read.
func (c *call) readable(t *cardType) []*item {
	return slices.DeleteFunc(t.sorted(), func(it *item) bool { return !c.user.sees(t.id, it.id) })
}

// mayChange checks the right to add (id 0), change or delete a card, and the plan's limit on smart processes.
func (c *call) mayChange(t *cardType, id int) *restError {
	if !c.user.changes(t.id, id) {
		return bad("ACCESS_DENIED", "Access denied")
	}
	if c.p.smartLimit && t.id >= SmartProcessMin {
		verb := "UPDATE"
		if id == 0 {
			verb = "CREATE"
		}
		return bad(verb+"_DYNAMIC_ITEM_RESTRICTED", "The plan does not allow it")
	}
	return nil
}

func itemGet(c *call) (any, *restError) {
	t, it, err := c.card()
	if err != nil {
		return nil, err
	}
	return map[string]any{"item": c.renderItem(t, it, true)}, nil
}

func itemList(c *call) (any, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, err
	}
	how := c.naming()
	var kept []*item
	for _, it := range c.readable(t) {
		ok, unknown := matches(asArray(c.params.get("filter")), func(name string) (any, bool) {
			f := t.field(name, how)
			if f == nil || f.typ == "crm_multifield" {
				return nil, false
			}
			return it.vals[f.upper], true
		})
		if unknown != "" {
			return nil, bad("INVALID_ARG_VALUE", "Invalid filter: field '"+unknown+"' is not allowed in filter")
		}
		if ok {
			kept = append(kept, it)
		}
	}
	order := asArray(c.params.get("order"))
	for _, name := range keysOf(order) {
		if t.field(name, how) == nil {
			return nil, bad("INVALID_ARG_VALUE", "Invalid order: field '"+name+"' is not allowed in order")
		}
		if dir := strings.ToLower(str(order.get(name))); dir != "asc" && dir != "desc" {
			return nil, bad("INVALID_ARG_VALUE", "Invalid order: allowed directions are ASC and DESC")
		}
	}
	sortRows(kept, order, func(it *item, name string) any { return it.vals[t.field(name, how).upper] })
	selected := list(c.params.get("select"))
	rows := []any{}
	for _, it := range page(c, kept) {
		row := c.renderItem(t, it, slices.ContainsFunc(selected, func(v any) bool { return str(v) == "*" }))
		row = project(row, selected)
		row["id"] = it.id
		rows = append(rows, row)
	}
	return map[string]any{"items": rows}, nil
}

func keysOf(a *array) []string {
	if a == nil {
		return nil
	}
	return a.keys
}

// postedFields is the required fields parameter.
func (c *call) postedFields() (*array, *restError) {
	a := asArray(c.params.get("fields"))
	if a == nil && str(c.params.get("fields")) == "" && !c.params.has("fields") {
		return nil, bad("100", "Could not find value for parameter {fields}")
	}
	if a == nil {
		return nil, bad("100", "Invalid value for parameter {fields}: array expected")
	}
	return a, nil
}

func itemAdd(c *call) (any, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(t, 0); err != nil {
		return nil, err
	}
	fields, err := c.postedFields()
	if err != nil {
		return nil, err
	}
	vals, _, err := c.p.readFields(t, fields, nil, c.naming(), coercer{p: c.p})
	if err != nil {
		return nil, err
	}
	it, err := c.p.create(t, vals, c.actor(), false)
	if err != nil {
		return nil, err
	}
	return map[string]any{"item": c.renderItem(t, it, true)}, nil
}

func itemUpdate(c *call) (any, *restError) {
	t, it, err := c.card()
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(t, it.id); err != nil {
		return nil, err
	}
	fields, err := c.postedFields()
	if err != nil {
		return nil, err
	}
	vals, _, err := c.p.readFields(t, fields, it, c.naming(), coercer{p: c.p})
	if err != nil {
		return nil, err
	}
	if stage, posted := vals[t.stageField()]; posted && stage != it.vals[t.stageField()] && c.user.stuck[t.id] {
		return nil, bad("-", "Not enough rights to change the stage")
	}
	if err := c.p.update(t, it, vals, c.actor()); err != nil {
		return nil, err
	}
	return map[string]any{"item": c.renderItem(t, it, true)}, nil
}

func itemDelete(c *call) (any, *restError) {
	t, it, err := c.card()
	if err != nil {
		return nil, err
	}
	if err := c.mayChange(t, it.id); err != nil {
		return nil, err
	}
	c.p.remove(t, it.id, c.actor())
	return []any{}, nil
}

func itemFields(c *call) (any, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, f := range t.fields() {
		d := describe(t, f)
		d["upperName"] = f.upper
		out[f.label(c.naming())] = d
	}
	return map[string]any{"fields": out}, nil
}

// describe is a field description of any *.fields method.
func describe(t *cardType, f *fieldDef) map[string]any {
	d := map[string]any{
		"type": f.typ, "isRequired": f.user != nil && f.user.Mandatory, "isReadOnly": f.readOnly, "isImmutable": f.immutable,
		"isMultiple": f.multiple, "isDynamic": f.user != nil, "title": f.upper,
	}
	if f.typ == "crm_status" && f.camel == "stageId" {
		d["statusType"] = t.stageEntity(0)
	}
	if f.user != nil {
		d["listLabel"], d["formLabel"], d["filterLabel"] = f.user.Label, f.user.Label, f.user.Label
		d["settings"] = []any{}
		if f.typ == "enumeration" {
			options := []any{}
			for _, o := range f.user.Options {
				options = append(options, map[string]any{"ID": itoa(o.ID), "VALUE": o.Value})
			}
			d["items"] = options
		}
	}
	return d
}

// renderItem is a card as crm.item.* shows it: ids are numbers, flags Y/N, empty user fields null.
func (c *call) renderItem(t *cardType, it *item, fm bool) map[string]any {
	out := map[string]any{"entityTypeId": t.id}
	for _, f := range t.fields() {
		name := f.label(c.naming())
		v := it.vals[f.upper]
		switch {
		case f.typ == "crm_multifield":
			if fms, _ := v.([]multifield); fm {
				out[name] = renderFM(fms)
			}
		case f.typ == "file":
			out[name] = c.renderFiles(t, it, f)
		case (f.typ == "date" || f.typ == "datetime") && !f.multiple && empty(v):
			out[name] = nil
		case v == nil:
			out[name] = renderNil(f)
		default:
			out[name] = v
		}
	}
	for name, v := range it.vals {
		if m := parentField.FindStringSubmatch(name); m != nil {
			out["parentId"+m[1]] = v
		}
	}
	return out
}

func renderNil(f *fieldDef) any {
	if f.multiple {
		return []any{}
	}
	return nil
}

func renderFM(fms []multifield) []any {
	out := []any{}
	for _, m := range fms {
		out = append(out, map[string]any{"id": m.id, "typeId": m.typeID, "valueType": m.valueType, "value": m.value})
	}
	return out
}

// typeList is crm.type.list: id and entityTypeId differ.
func typeList(c *call) (any, *restError) {
	var rows []map[string]any
	for _, id := range slices.Sorted(maps.Keys(c.p.types)) {
		t := c.p.types[id]
		if id < SmartProcessMin {
			continue
		}
		row := map[string]any{"id": t.typeID, "entityTypeId": t.id, "title": t.title, "code": "", "customSectionId": nil}
		for _, name := range splitWords("Categories Stages BeginCloseDates Client LinkWithProducts Mycompany Documents Source Observers Automation BizProc") {
			row["is"+name+"Enabled"] = "Y"
		}
		for _, name := range splitWords("isUseInUserfieldEnabled isRecyclebinEnabled isSetOpenPermissions isPaymentsEnabled isCountersEnabled") {
			row[name] = "N"
		}
		rows = append(rows, row)
	}
	rows, err := selectRows(c, rows, "id")
	if err != nil {
		return nil, err
	}
	return map[string]any{"types": rows}, nil
}
