package bitrixsim

import (
	"slices"
	"strconv"
	"strings"
)

// oldMethods are crm.lead.*, crm.deal.*, crm.contact.*, crm.company.* (deprecated but served).
func oldMethods() map[string]method {
	out := map[string]method{}
	for name, id := range map[string]int{"lead": Lead, "deal": Deal, "contact": Contact, "company": Company} {
		with := func(run func(*call, *cardType) (any, *restError)) method {
			return method{scope: "crm", run: func(c *call) (any, *restError) { return run(c, c.p.types[id]) }}
		}
		prefix := "crm." + name + "."
		out[prefix+"get"] = with(oldGet)
		out[prefix+"list"] = with(oldList)
		out[prefix+"add"] = with(oldAdd)
		out[prefix+"update"] = with(oldUpdate)
		out[prefix+"delete"] = with(oldDelete)
		out[prefix+"fields"] = with(oldFields)
	}
	return out
}

func (c *call) oldCard(t *cardType) (*item, *restError) {
	id, ok := num(c.params.fold("id"))
	if !ok || id <= 0 {
		return nil, bad("", "ID is not defined or invalid.")
	}
	it := t.items[id]
	if it == nil {
		return nil, bad("", "Not found")
	}
	if !c.user.sees(t.id, id) {
		return nil, bad("", "Access denied.")
	}
	return it, nil
}

// oldMayChange is mayChange in the old methods' words.
func (c *call) oldMayChange(t *cardType, id int) *restError {
	if !c.user.changes(t.id, id) {
		return bad("", "Access denied.")
	}
	return nil
}

func oldGet(c *call, t *cardType) (any, *restError) {
	it, err := c.oldCard(t)
	if err != nil {
		return nil, err
	}
	return c.renderOld(t, it, false), nil
}

func oldList(c *call, t *cardType) (any, *restError) {
	var kept []*item
	for _, it := range c.readable(t) {
		ok, unknown := matches(asArray(c.params.fold("filter")), func(name string) (any, bool) {
			f := t.field(name, namesUpper)
			if f == nil {
				return "", true // the old lists ignore names that they do not know
			}
			return it.vals[f.upper], f.upper != "CONTACT_IDS"
		})
		if unknown != "" {
			return nil, bad("", "Field '"+unknown+"' is not allowed in filter")
		}
		if ok {
			kept = append(kept, it)
		}
	}
	sortRows(kept, asArray(c.params.fold("order")), func(it *item, name string) any { return it.vals[name] })
	names := list(c.params.fold("select"))
	rows := []any{}
	for _, it := range page(c, kept) {
		rows = append(rows, pickOld(c.renderOld(t, it, true), names))
	}
	return rows, nil
}

// pickOld applies select: "*" is all standard fields but no user fields and no multifields, "UF_*" all user fields.
func pickOld(row map[string]any, names []any) map[string]any {
	if len(names) == 0 {
		names = []any{"*"}
	}
	out := map[string]any{"ID": row["ID"]}
	for name, v := range row {
		uf := strings.HasPrefix(name, "UF_")
		multi := slices.Contains([]string{"PHONE", "EMAIL", "WEB", "IM"}, name)
		for _, n := range names {
			switch want := str(n); {
			case want == name, want == "UF_*" && uf, want == "*" && !uf && !multi:
				out[name] = v
			}
		}
	}
	return out
}

func (c *call) oldFieldsParam() (*array, *restError) {
	a := asArray(c.params.fold("fields"))
	if a == nil {
		return nil, bad("", "Parameter 'fields' must be array.")
	}
	if raw, ok := c.params.lookup("params"); ok && asArray(raw) == nil {
		return nil, bad("", "Parameter 'params' must be array.")
	}
	out := newArray()
	for _, k := range a.keys {
		v := a.vals[k]
		if slices.Contains([]string{"PHONE", "EMAIL", "WEB", "IM"}, k) {
			foldMultifield(out, k, asArray(v))
			continue
		}
		out.set(k, v)
	}
	return out, nil
}

// foldMultifield moves PHONE, EMAIL … entries into the one FM value that cards keep.
func foldMultifield(out *array, kind string, entries *array) {
	fm := asArray(out.get("FM"))
	if fm == nil {
		fm = newArray()
		out.set("FM", fm)
	}
	for _, e := range entries.values() {
		if a := asArray(e); a != nil {
			a.set("TYPE_ID", kind)
			fm.add(a)
		}
	}
}

// oldRefusal turns the codes of crm.item.* into the bare texts of the old methods.
func oldRefusal(err *restError) *restError {
	if err == nil {
		return nil
	}
	return bad("", err.text)
}

func oldAdd(c *call, t *cardType) (any, *restError) {
	if err := c.oldMayChange(t, 0); err != nil {
		return nil, err
	}
	fields, err := c.oldFieldsParam()
	if err != nil {
		return nil, err
	}
	vals, _, err := c.p.readFields(t, fields, nil, namesUpper, coercer{p: c.p})
	if err != nil {
		return nil, oldRefusal(err)
	}
	it, err := c.p.create(t, vals, c.actor(), false)
	if err != nil {
		return nil, oldRefusal(err)
	}
	return it.id, nil
}

func oldUpdate(c *call, t *cardType) (any, *restError) {
	it, err := c.oldCard(t)
	if err != nil {
		return nil, err
	}
	if err := c.oldMayChange(t, it.id); err != nil {
		return nil, err
	}
	fields, err := c.oldFieldsParam()
	if err != nil {
		return nil, err
	}
	vals, _, err := c.p.readFields(t, fields, it, namesUpper, coercer{p: c.p, append: true})
	if err != nil {
		return nil, oldRefusal(err)
	}
	for _, f := range t.standard {
		if f.immutable {
			delete(vals, f.upper)
		}
	}
	if err := c.p.update(t, it, vals, c.actor()); err != nil {
		return nil, oldRefusal(err)
	}
	return true, nil
}

func oldDelete(c *call, t *cardType) (any, *restError) {
	it, err := c.oldCard(t)
	if err != nil {
		return nil, err
	}
	if err := c.oldMayChange(t, it.id); err != nil {
		return nil, err
	}
	c.p.remove(t, it.id, c.actor())
	return true, nil
}

func oldFields(_ *call, t *cardType) (any, *restError) {
	out := map[string]any{}
	for _, f := range t.fields() {
		if f.typ == "crm_multifield" {
			for _, kind := range []string{"PHONE", "EMAIL", "WEB", "IM"} {
				d := describe(t, f)
				d["title"] = kind
				out[kind] = d
			}
			continue
		}
		out[f.upper] = describe(t, f)
	}
	return out, nil
}

// renderOld is a card as the old methods show it: strings, null for what is not set.
func (c *call) renderOld(t *cardType, it *item, listing bool) map[string]any {
	out := map[string]any{}
	for _, f := range t.fields() {
		v := it.vals[f.upper]
		switch {
		case f.upper == "CONTACT_IDS" || f.upper == "COMPANY_IDS" || f.upper == "OBSERVERS":
			continue // cannot be selected
		case f.typ == "crm_multifield":
			fms, _ := v.([]multifield)
			oldFM(out, fms)
		case f.typ == "file":
			if files := c.renderOldFiles(t, it, f); files != nil {
				out[f.upper] = files
			} else if listing {
				out[f.upper] = nil
			}
		case f.multiple:
			rows := []any{}
			values, _ := v.([]any)
			for _, e := range values {
				rows = append(rows, oldValue(t, f, e))
			}
			out[f.upper] = rows
		default:
			out[f.upper] = oldValue(t, f, v)
		}
	}
	return out
}

func oldFM(out map[string]any, fms []multifield) {
	for _, m := range fms {
		rows, _ := out[m.typeID].([]any)
		out[m.typeID] = append(rows, map[string]any{
			"ID": itoa(m.id), "VALUE_TYPE": m.valueType, "VALUE": m.value, "TYPE_ID": m.typeID,
		})
	}
	for _, kind := range []string{"PHONE", "EMAIL"} {
		out["HAS_"+kind] = flag(out[kind] != nil)
	}
}

func oldValue(t *cardType, f *fieldDef, v any) any {
	switch v := v.(type) {
	case int:
		if v == 0 && strings.HasPrefix(f.typ, "crm_") && f.typ != "crm_category" {
			return nil
		}
		return itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case string:
		if v == "" && f.user == nil {
			if t.id == Lead && (f.typ == "date" || f.typ == "datetime") {
				return ""
			}
			return nil
		}
		if f.user != nil && f.typ == "boolean" {
			return strconv.Itoa(btoi(v == "Y"))
		}
		return v
	}
	return v
}
