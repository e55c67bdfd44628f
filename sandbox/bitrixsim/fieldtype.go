package bitrixsim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ownType is a type of user fields that an application draws.
type ownType struct {
	code, handler, title, description string
	height                            int
}

// typeCode is the allowed spelling of USER_TYPE_ID.
var typeCode = regexp.MustCompile(`^[a-z0-9]+$`)

// fullCode is the type as user fields name it.
func (in *installation) fullCode(code string) string { return "rest_" + itoa(in.id) + "_" + code }

// ownFieldType reports whether an application of the portal draws a type.
func (p *Portal) ownFieldType(name string) bool {
	for _, in := range p.installs {
		if slices.ContainsFunc(in.fieldTypes, func(t *ownType) bool { return in.fullCode(t.code) == name }) {
			return true
		}
	}
	return false
}

func fieldTypeMethods() map[string]method {
	out := map[string]method{}
	for verb, run := range map[string]func(*call) (any, *restError){
		"add": fieldTypeAdd, "update": fieldTypeUpdate, "list": fieldTypeList, "delete": fieldTypeDelete,
	} {
		out["userfieldtype."+verb] = method{scope: "placement", app: webhookRefused(), admin: placementAdmin(), run: run}
	}
	return out
}

// fieldTypeAdd is userfieldtype.add.
func fieldTypeAdd(c *call) (any, *restError) {
	t := &ownType{code: str(c.params.fold("USER_TYPE_ID"))}
	if t.code == "" {
		return nil, missing(http.StatusBadRequest, "USER_TYPE_ID")
	}
	if str(c.params.fold("HANDLER")) == "" {
		return nil, missing(http.StatusBadRequest, "HANDLER")
	}
	if !typeCode.MatchString(t.code) || len(c.in.fullCode(t.code)) > 50 {
		return nil, bad("ERROR_ARGUMENT", "Value of an argument 'USER_TYPE_ID' is not valid") // the page gives the rule, not the words
	}
	if err := c.readFieldType(t); err != nil {
		return nil, err
	}
	c.in.fieldTypes = append(c.in.fieldTypes, t)
	return true, nil
}

// readFieldType takes the parameters of a type over; its handler must be the application's own and unique.
func (c *call) readFieldType(t *ownType) *restError {
	if v, given := c.params.lookup("HANDLER"); given {
		if err := c.in.checkHandler(str(v)); err != nil {
			return err
		}
		t.handler = str(v)
	}
	for _, other := range c.in.fieldTypes {
		if other != t && (other.handler == t.handler || other.code == t.code) {
			return bad("ERROR_CORE", "Unable to set placement handler: Handler already binded")
		}
	}
	if v, given := c.params.lookup("TITLE"); given {
		t.title = str(v)
	}
	if v, given := c.params.lookup("DESCRIPTION"); given {
		t.description = str(v)
	}
	if v, given := asArray(c.params.fold("OPTIONS")).lookup("height"); given {
		t.height = intOf(v)
	}
	return nil
}

// ownFieldTypeOf finds a type of the caller's application.
func (c *call) ownFieldTypeOf() (*ownType, *restError) {
	code := str(c.params.fold("USER_TYPE_ID"))
	if code == "" {
		return nil, missing(http.StatusBadRequest, "USER_TYPE_ID")
	}
	i := slices.IndexFunc(c.in.fieldTypes, func(t *ownType) bool { return t.code == code })
	if i < 0 {
		return nil, bad("ERROR_NOT_FOUND", "User Field Type not found")
	}
	return c.in.fieldTypes[i], nil
}

func fieldTypeUpdate(c *call) (any, *restError) {
	t, err := c.ownFieldTypeOf()
	if err != nil {
		return nil, err
	}
	before := *t
	if err := c.readFieldType(t); err != nil {
		*t = before
		return nil, err
	}
	return true, nil
}

func fieldTypeList(c *call) (any, *restError) {
	all := []any{}
	for _, t := range c.in.fieldTypes {
		all = append(all, map[string]any{"USER_TYPE_ID": t.code, "HANDLER": t.handler, "TITLE": t.title, "DESCRIPTION": t.description})
	}
	return page(c, all), nil
}

func fieldTypeDelete(c *call) (any, *restError) {
	t, err := c.ownFieldTypeOf()
	if err != nil {
		return nil, err
	}
	c.in.fieldTypes = slices.DeleteFunc(c.in.fieldTypes, func(have *ownType) bool { return have == t })
	return true, nil
}

// OpenField opens the frame of a custom field of an application's own type in a card, as the card does; mode is view
// or edit, id 0 a card that is being made. ok is false when the field is none such.
func (p *Portal) OpenField(entityTypeID, id int, name, mode string, userID int) (handler string, query, form url.Values, ok bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.types[entityTypeID]
	if t == nil {
		return "", nil, nil, false
	}
	d := t.field(name, namesOriginal)
	if d == nil || d.user == nil {
		return "", nil, nil, false
	}
	for _, in := range p.installs {
		for _, own := range in.fieldTypes {
			if in.fullCode(own.code) != d.user.Type {
				continue
			}
			var value any
			if it := t.items[id]; it != nil {
				value = it.vals[name]
			}
			options := encode(map[string]any{
				"MODE": mode, "ENTITY_ID": t.fieldEntity(), "FIELD_NAME": name, "ENTITY_VALUE_ID": itoa(id), "VALUE": value,
				"MULTIPLE": flag(d.multiple), "MANDATORY": flag(d.user.Mandatory), "XML_ID": nil,
				"ENTITY_DATA": map[string]any{"entityTypeId": entityTypeID, "entityId": itoa(id), "module": "crm"},
			})
			query, form = in.open("USERFIELD_TYPE", strings.TrimSpace(string(options)), userID)
			return own.handler, query, form, true
		}
	}
	return "", nil, nil, false
}
