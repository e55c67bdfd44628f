package bitrixsim

import (
	"net/http"
	"slices"
)

// userFieldOf finds the field of the id parameter among those of a type (doc:
// crm/deals/user-defined-fields/crm-deal-userfield-update).
func (c *call) userFieldOf(t *cardType) (*UserField, *restError) {
	id := intOf(c.params.fold("id"))
	if id <= 0 {
		return nil, bad("", "ID is not defined or invalid.")
	}
	for _, f := range t.userFields {
		if f.ID == id {
			return f, nil
		}
	}
	return nil, bad("ERROR_NOT_FOUND", "The entity with ID '"+itoa(id)+"' is not found")
}

// fieldAdmin refuses those who are not administrators; the pages name a status and a text.
func (c *call) fieldAdmin() *restError {
	if c.user.admin {
		return nil
	}
	return fail(http.StatusForbidden, "", "Access denied.")
}

func userFieldGet(c *call, t *cardType) (any, *restError) {
	f, err := c.userFieldOf(t)
	if err != nil {
		return nil, err
	}
	row := userFieldRow(t, f)
	for _, name := range []string{"EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL"} {
		row[name] = map[string]any{"ru": f.Label}
	}
	return row, nil
}

// userFieldUpdate changes what may be changed: name, type and multiplicity stay as they are.
func userFieldUpdate(c *call, t *cardType) (any, *restError) {
	fields := asArray(c.params.fold("fields"))
	if fields == nil {
		return nil, bad("", "Parameter 'fields' must be array.")
	}
	if err := c.fieldAdmin(); err != nil {
		return nil, err
	}
	f, err := c.userFieldOf(t)
	if err != nil {
		return nil, err
	}
	next := *f
	if v, given := fields.lookup("MANDATORY"); given {
		next.Mandatory = yes(v)
	}
	if v, given := fields.lookup("XML_ID"); given {
		next.XMLID = str(v)
	}
	if v, given := fields.lookup("SORT"); given {
		next.Sort = intOf(v)
	}
	if text := label(fields, "EDIT_FORM_LABEL", "LABEL"); text != "" {
		next.Label = text
	}
	return true, c.saveField(t, f, next, fields.fold("LIST"))
}

// saveField stores a changed field with its options and tells the events.
func (c *call) saveField(t *cardType, f *UserField, next UserField, options any) *restError {
	posted := list(options)
	if f.Type == "enumeration" && len(posted) > 0 {
		changed, err := c.p.mergeOptions(f.Options, posted)
		if err != nil {
			return err
		}
		next.Options = changed
	}
	*f = next
	t.all = nil // what fields keeps refers to the field as it was
	c.p.fieldEvent(t, f, "UPDATE", c.actor())
	if len(posted) > 0 {
		c.p.fieldEvent(t, f, "SETENUMVALUES", c.actor())
	}
	return nil
}

// mergeOptions applies posted options: with an ID they change one, with DEL they remove it, without an ID they add;
// those that are not posted stay, those without a text are left out.
func (p *Portal) mergeOptions(have []EnumOption, posted []any) ([]EnumOption, *restError) {
	out := slices.Clone(have)
	for _, e := range posted {
		o := asArray(e)
		id := intOf(o.fold("ID"))
		i := slices.IndexFunc(out, func(have EnumOption) bool { return have.ID == id })
		value, xmlID := str(o.fold("VALUE")), str(o.fold("XML_ID"))
		switch {
		case i >= 0 && yes(o.fold("DEL")):
			out = slices.Delete(out, i, i+1)
			continue
		case value == "":
			continue
		case xmlID != "" && slices.ContainsFunc(out, func(have EnumOption) bool { return have.XMLID == xmlID && have.ID != id }):
			return nil, bad("ERROR_CORE", "List item with XML_ID='"+xmlID+"' already exists")
		}
		if i < 0 {
			out = append(out, EnumOption{ID: p.nextID("enum", 41), Value: value, XMLID: xmlID})
			continue
		}
		out[i].Value = value
		if xmlID != "" {
			out[i].XMLID = xmlID
		}
	}
	return out, nil
}

func userFieldDelete(c *call, t *cardType) (any, *restError) {
	if err := c.fieldAdmin(); err != nil {
		return nil, err
	}
	f, err := c.userFieldOf(t)
	if err != nil {
		return nil, err
	}
	c.p.dropUserField(t, f, c.actor())
	return true, nil
}

// configField finds the field of userfieldconfig's id parameter with its type.
func (c *call) configField() (*cardType, *UserField, *restError) {
	if str(c.params.get("moduleId")) != "crm" {
		return nil, nil, bad("", "Access denied")
	}
	for _, t := range c.p.fieldOwners() {
		for _, f := range t.userFields {
			if f.ID == intOf(c.params.get("id")) {
				return t, f, nil
			}
		}
	}
	return nil, nil, bad("", "Access denied")
}

// fieldOwners lists the types that may have custom fields.
func (p *Portal) fieldOwners() []*cardType {
	owners := []*cardType{p.requisiteType}
	for _, id := range sortedKeys(p.types) {
		owners = append(owners, p.types[id])
	}
	return owners
}

func configGet(c *call) (any, *restError) {
	t, f, err := c.configField()
	if err != nil {
		return nil, err
	}
	return map[string]any{"field": renderConfig(t, f)}, nil
}

// configUpdate is userfieldconfig.update: options change only when userTypeId says enumeration.
func configUpdate(c *call) (any, *restError) {
	t, f, err := c.configField()
	if err != nil {
		return nil, err
	}
	if !c.user.admin {
		return nil, bad("", "Access denied")
	}
	field, next := asArray(c.params.get("field")), *f
	if v, given := field.lookup("mandatory"); given {
		next.Mandatory = yes(v)
	}
	if v, given := field.lookup("xmlId"); given {
		next.XMLID = str(v)
	}
	if v, given := field.lookup("sort"); given {
		next.Sort = intOf(v)
	}
	if text := label(field, "editFormLabel"); text != "" {
		next.Label = text
	}
	var options any
	if str(field.get("userTypeId")) == "enumeration" {
		options = underscored(field.get("enum"))
	}
	if err := c.saveField(t, f, next, options); err != nil {
		return nil, bad("", "Fail to save enumeration field values: "+err.text)
	}
	return map[string]any{"field": renderConfig(t, f)}, nil
}

// underscored spells options of userfieldconfig as those of the older family.
func underscored(options any) any {
	out := newArray()
	for _, e := range list(options) {
		o := asArray(e)
		out.add(pairs("ID", o.get("id"), "VALUE", o.get("value"), "XML_ID", o.get("xmlId"), "DEL", o.get("del")))
	}
	return out
}

func configDelete(c *call) (any, *restError) {
	t, f, err := c.configField()
	if err != nil {
		return nil, err
	}
	if !c.user.admin {
		return nil, bad("", "Access denied")
	}
	c.p.dropUserField(t, f, c.actor())
	return nil, nil
}

func configTypes(c *call) (any, *restError) {
	out := map[string]any{}
	for _, name := range fieldTypes() {
		out[name] = map[string]any{"userTypeId": name, "description": name}
	}
	return map[string]any{"types": out}, nil
}
