package bitrixsim

import (
	"regexp"
	"slices"
	"strings"
)

// fieldTypes are the built-in types of user fields.
func fieldTypes() []string {
	return []string{
		"string", "integer", "double", "boolean", "datetime", "date", "money", "url", "address", "enumeration", "file", "employee",
		"crm_status", "iblock_section", "iblock_element", "crm",
	}
}

// fieldName is what a full name of a user field may look like.
var fieldName = regexp.MustCompile(`^[A-Z0-9_]+$`)

// prefixed makes a full name: UF_CRM_ is put before the name, or in place of a leading UF_; a full name stays.
func prefixed(name string) string {
	name = strings.ToUpper(name)
	if strings.HasPrefix(name, "UF_CRM_") {
		return name
	}
	return "UF_CRM_" + strings.TrimPrefix(name, "UF_")
}

// userFieldAdd is crm.{deal,lead,contact,company}.userfield.add.
func userFieldAdd(c *call, t *cardType) (any, *restError) {
	fields := asArray(c.params.fold("fields"))
	if fields == nil {
		return nil, bad("", "Parameter 'fields' must be array.")
	}
	if err := c.fieldAdmin(); err != nil {
		return nil, err
	}
	f := UserField{
		Type: str(fields.get("USER_TYPE_ID")), Multiple: yes(fields.get("MULTIPLE")), Mandatory: yes(fields.get("MANDATORY")),
		XMLID: str(fields.get("XML_ID")), Label: label(fields, "EDIT_FORM_LABEL", "LABEL", "LIST_COLUMN_LABEL"),
	}
	if str(fields.get("FIELD_NAME")) == "" {
		return nil, bad("", "The 'FIELD_NAME' field is not found.")
	}
	if f.Type == "" {
		return nil, bad("", "The 'USER_TYPE_ID' field is not found.")
	}
	f.Name = prefixed(str(fields.get("FIELD_NAME")))
	f.Sort = intOf(fields.get("SORT"))
	f.Settings, _ = toGo(fields.get("SETTINGS")).(map[string]any)
	for _, e := range list(fields.get("LIST")) {
		o := asArray(e)
		f.Options = append(f.Options, EnumOption{Value: str(o.fold("VALUE")), XMLID: str(o.fold("XML_ID"))})
	}
	if err := c.p.checkUserField(t, f); err != nil {
		return nil, err
	}
	added := c.p.addUserField(t, f)
	c.p.fieldEvent(t, added, "ADD", c.actor())
	return added.ID, nil
}

func (p *Portal) checkUserField(t *cardType, f UserField) *restError {
	switch {
	case len(f.Name) > 50:
		return bad("ERROR_CORE", "The field name is too long (max 50 characters).")
	case !fieldName.MatchString(f.Name):
		return bad("ERROR_CORE", "The field name contains invalid characters.")
	case !slices.Contains(fieldTypes(), f.Type) && !p.ownFieldType(f.Type):
		return bad("ERROR_CORE", "Incorrect custom type.")
	case f.Type == "boolean" && f.Multiple:
		return bad("ERROR_CORE", "A boolean field cannot be multiple.")
	}
	for _, old := range t.userFields {
		if old.Name == f.Name {
			return bad("ERROR_CORE", "The field "+f.Name+" already exists.")
		}
		if f.XMLID != "" && old.XMLID == f.XMLID {
			return bad("ERROR_CORE", "A field with this XML_ID already exists.")
		}
	}
	return nil
}

func (p *Portal) fieldEvent(t *cardType, f *UserField, kind string, by actor) {
	name := t.name()
	if t.id >= SmartProcessMin {
		name = "TYPE"
	}
	data := pairs("FIELDS", pairs("ID", itoa(f.ID), "ENTITY_ID", t.fieldEntity(), "FIELD_NAME", f.Name))
	p.fire("ONCRM"+name+"USERFIELD"+kind, itoa(f.ID), data, by)
}

// label reads the first given label: a string, or the Russian one of a language map.
func label(fields *array, names ...string) string {
	for _, n := range names {
		if a := asArray(fields.get(n)); a != nil {
			if s := str(a.fold("ru")); s != "" {
				return s
			}
			for _, v := range a.values() {
				return str(v)
			}
		}
		if s := str(fields.get(n)); s != "" {
			return s
		}
	}
	return ""
}

func userFieldList(c *call, t *cardType) (any, *restError) {
	var rows []map[string]any
	for _, f := range t.userFields {
		rows = append(rows, userFieldRow(t, f))
	}
	return selectRows(c, rows, "ID")
}

// userFieldRow shows a field with strings only.
func userFieldRow(t *cardType, f *UserField) map[string]any {
	row := map[string]any{
		"ID": itoa(f.ID), "ENTITY_ID": t.fieldEntity(), "FIELD_NAME": f.Name, "USER_TYPE_ID": f.Type, "XML_ID": f.XMLID, "SORT": itoa(f.sort()),
		"MULTIPLE": flag(f.Multiple), "MANDATORY": flag(f.Mandatory), "SHOW_FILTER": "N", "SHOW_IN_LIST": "Y", "EDIT_IN_LIST": "Y",
		"IS_SEARCHABLE": "N", "SETTINGS": phpMap(f.Settings),
	}
	if f.Type == "enumeration" {
		options := []any{}
		for i, o := range f.Options {
			options = append(options, map[string]any{"ID": itoa(o.ID), "VALUE": o.Value, "XML_ID": o.XMLID, "SORT": itoa((i + 1) * 10), "DEF": "N"})
		}
		row["LIST"] = options
	}
	return row
}

// sort is the place of a field in forms; 100 unless it was given one.
func (f *UserField) sort() int {
	if f.Sort == 0 {
		return 100
	}
	return f.Sort
}

// configType resolves entityId of userfieldconfig: CRM_DEAL, or CRM_7 by type id.
func (p *Portal) configType(entity string) *cardType {
	for _, t := range p.fieldOwners() {
		if t.fieldEntity() == entity {
			return t
		}
	}
	return nil
}

func configAdd(c *call) (any, *restError) {
	field := asArray(c.params.get("field"))
	t := c.p.configType(str(field.get("entityId")))
	switch {
	case str(c.params.get("moduleId")) != "crm" || t == nil:
		return nil, bad("", "Access denied")
	case str(field.get("fieldName")) == "":
		return nil, bad("", "The 'FIELD_NAME' field is not found.")
	case str(field.get("userTypeId")) == "":
		return nil, bad("", "The 'USER_TYPE_ID' field is not found.")
	case !strings.HasPrefix(str(field.get("fieldName")), "UF_"+t.fieldEntity()+"_"):
		return nil, bad("", "You cannot create custom fields")
	case !c.user.admin:
		return nil, bad("", "Access denied")
	}
	f := UserField{
		Name: str(field.get("fieldName")), Type: str(field.get("userTypeId")), Multiple: yes(field.get("multiple")),
		Mandatory: yes(field.get("mandatory")), XMLID: str(field.get("xmlId")), Label: label(field, "editFormLabel"),
	}
	f.Sort = intOf(field.get("sort"))
	f.Settings, _ = toGo(field.get("settings")).(map[string]any)
	for _, e := range list(field.get("enum")) {
		o := asArray(e)
		f.Options = append(f.Options, EnumOption{Value: str(o.get("value")), XMLID: str(o.get("xmlId"))})
	}
	if err := c.p.checkUserField(t, f); err != nil {
		if strings.Contains(err.text, "already exists") {
			return nil, bad("", "Field "+f.Name+" for "+t.fieldEntity()+" already exists.")
		}
		return nil, bad("", "Fail to create new user field: "+err.text)
	}
	added := c.p.addUserField(t, f)
	c.p.fieldEvent(t, added, "ADD", c.actor())
	return map[string]any{"field": renderConfig(t, added)}, nil
}

// renderConfig shows a field with strings only.
func renderConfig(t *cardType, f *UserField) map[string]any {
	row := map[string]any{
		"id": itoa(f.ID), "entityId": t.fieldEntity(), "fieldName": f.Name, "userTypeId": f.Type, "xmlId": f.XMLID, "sort": itoa(f.sort()),
		"multiple": flag(f.Multiple), "mandatory": flag(f.Mandatory), "showFilter": "N", "showInList": "Y", "editInList": "Y",
		"isSearchable": "N", "settings": phpMap(f.Settings), "languageId": map[string]any{"ru": "ru"},
		"editFormLabel": map[string]any{"ru": f.Label},
	}
	if f.Type == "enumeration" {
		options := []any{}
		for _, o := range f.Options {
			options = append(options, map[string]any{"id": itoa(o.ID), "userFieldId": itoa(f.ID), "value": o.Value, "xmlId": o.XMLID, "def": "N", "sort": "10"})
		}
		row["enum"] = options
	}
	return row
}

func configList(c *call) (any, *restError) {
	if str(c.params.get("moduleId")) != "crm" {
		return nil, bad("", "Access denied")
	}
	var rows []map[string]any
	for _, t := range c.p.fieldOwners() {
		for _, f := range t.userFields {
			rows = append(rows, renderConfig(t, f))
		}
	}
	rows, err := selectRows(c, rows, "id")
	if err != nil {
		return nil, err
	}
	return map[string]any{"fields": rows}, nil
}
