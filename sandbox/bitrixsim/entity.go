package bitrixsim

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// entity is a storage that an application keeps in the portal (doc: api-reference/entity).
type entity struct {
	id         int
	code, name string
	access     map[string]string // access code to R, W or X
	props      []*entityProp
	items      []*entityRow
	sections   []*entityRow
}

// entityLetters is what a code may be made of; everything else is cut out of it.
var entityLetters = regexp.MustCompile(`[^a-zA-Z0-9_]`)

func entityMethods() map[string]method {
	app := bad("ACCESS_DENIED", "Access denied! Application context required")
	out := map[string]method{}
	for name, run := range map[string]func(*call) (any, *restError){
		"add": entityAdd, "get": entityGet, "update": entityUpdate, "delete": entityDelete, "rights": entityRights,
		"item.property.add": propAdd, "item.property.get": propGet, "item.property.update": propUpdate, "item.property.delete": propDelete,
		"item.add": rowAdd(false), "item.get": rowList(false), "item.update": rowUpdate(false), "item.delete": rowDelete(false),
		"section.add": rowAdd(true), "section.get": rowList(true), "section.update": rowUpdate(true), "section.delete": rowDelete(true),
	} {
		out["entity."+name] = method{scope: "entity", app: app, run: run}
	}
	return out
}

// entityCode reads and cleans a code: at most 50 letters together with the application's prefix.
func (c *call) entityCode(param string) (string, *restError) {
	code := entityLetters.ReplaceAllString(str(c.params.fold(param)), "")
	if code == "" {
		return "", missing(400, param)
	}
	if most := 50 - len("APP_"+c.in.app.ClientID+"_"); len(code) > most {
		err := bad("ERROR_ARGUMENT", "Entity code is too long. Max length is "+itoa(most)+" characters.")
		err.extra = map[string]any{"argument": ""}
		return "", err
	}
	return code, nil
}

// storageEntity finds the storage of the ENTITY parameter; level is the right that the caller's user needs, "" none.
func (c *call) storageEntity(level string) (*entity, *restError) {
	code, err := c.entityCode("ENTITY")
	if err != nil {
		return nil, err
	}
	e := c.in.entities[code]
	if e == nil {
		return nil, bad("ERROR_ENTITY_NOT_FOUND", "Entity not found")
	}
	if level != "" && !e.allows(c.user.id, level) {
		return nil, bad("ACCESS_DENIED", "Access denied!")
	}
	return e, nil
}

// allows reports whether a user has a level or a higher one: R < W < X.
func (e *entity) allows(userID int, level string) bool {
	for _, code := range []string{"U" + itoa(userID), "AU"} {
		if have := e.access[code]; have != "" && have >= level { // the letters happen to be in order
			return true
		}
	}
	return false
}

// readAccess takes ACCESS over: unknown levels are left out, the caller always manages.
func (c *call) readAccess(e *entity) {
	e.access = map[string]string{}
	rights := asArray(c.params.fold("ACCESS"))
	for _, code := range keysOf(rights) {
		if level := upper(str(rights.vals[code])); slices.Contains([]string{"R", "W", "X"}, level) {
			e.access[code] = level
		}
	}
	e.access["U"+itoa(c.user.id)] = "X"
}

func entityAdd(c *call) (any, *restError) {
	code, err := c.entityCode("ENTITY")
	if err != nil {
		return nil, err
	}
	if c.in.entities[code] != nil {
		return nil, bad("ERROR_ENTITY_ALREADY_EXISTS", "Entity already exists")
	}
	e := &entity{id: c.p.nextID("entity", 183), code: code, name: str(c.params.fold("NAME"))}
	c.readAccess(e)
	c.in.entities[code] = e
	return true, nil
}

func (e *entity) render() map[string]any {
	return map[string]any{"ID": itoa(e.id), "IBLOCK_TYPE_ID": "rest_entity", "ENTITY": e.code, "NAME": e.name}
}

func entityGet(c *call) (any, *restError) {
	if _, given := c.params.lookup("ENTITY"); given {
		e, err := c.storageEntity("")
		if err != nil {
			return nil, err
		}
		return e.render(), nil
	}
	all := []any{}
	for _, code := range sortedNames(c.in.entities) {
		all = append(all, c.in.entities[code].render())
	}
	return all, nil
}

func entityUpdate(c *call) (any, *restError) {
	e, err := c.storageEntity("X")
	if err != nil {
		return nil, err
	}
	if str(c.params.fold("ENTITY_NEW")) != "" {
		code, err := c.entityCode("ENTITY_NEW")
		if err != nil {
			return nil, err
		}
		if other := c.in.entities[code]; other != nil && other != e {
			return nil, bad("ERROR_ENTITY_ALREADY_EXISTS", "Entity already exists")
		}
		delete(c.in.entities, e.code)
		e.code = code
		c.in.entities[code] = e
	}
	if v, given := c.params.lookup("NAME"); given {
		e.name = str(v)
	}
	if _, given := c.params.lookup("ACCESS"); given {
		c.readAccess(e)
	}
	return true, nil
}

func entityDelete(c *call) (any, *restError) {
	e, err := c.storageEntity("X")
	if err != nil {
		return nil, err
	}
	delete(c.in.entities, e.code)
	return true, nil
}

// entityRights shows the rights, and sets them when ACCESS is given; a storage that does not exist answers null.
func entityRights(c *call) (any, *restError) {
	e, err := c.storageEntity("")
	if err != nil && err.code == "ERROR_ENTITY_NOT_FOUND" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, given := c.params.lookup("ACCESS"); given {
		if !e.allows(c.user.id, "X") {
			return nil, bad("ACCESS_DENIED", "Access denied!")
		}
		c.readAccess(e)
	}
	return maps.Clone(e.access), nil
}

// entityProp is a property of the items of a storage.
type entityProp struct {
	code, name, kind string // kind is S, N or F
	sort             int
}

func (p *entityProp) render() map[string]any {
	return map[string]any{"PROPERTY": p.code, "NAME": p.name, "TYPE": p.kind, "SORT": itoa(p.sort)}
}

func (e *entity) prop(code string) *entityProp {
	for _, p := range e.props {
		if p.code == code {
			return p
		}
	}
	return nil
}

// readKind reads TYPE of a property.
func (c *call) readKind(into *string) *restError {
	kind := str(c.params.fold("TYPE"))
	switch kind {
	case "":
	case "S", "N", "F":
		*into = kind
	case "L":
		return bad("ERROR_UNSUPPORTED_PROPERTY_TYPE", "Invalid property type")
	default:
		return bad("ERROR_ARGUMENT", "Wrong entity item property type")
	}
	return nil
}

func propAdd(c *call) (any, *restError) {
	e, err := c.storageEntity("X")
	if err != nil {
		return nil, err
	}
	p := &entityProp{code: entityLetters.ReplaceAllString(str(c.params.fold("PROPERTY")), ""), kind: "S", sort: 500}
	switch {
	case p.code == "":
		return nil, missing(400, "PROPERTY")
	case strings.ContainsRune("0123456789", rune(p.code[0])):
		return nil, bad("ERROR_CORE", "Property code cannot start with a digit")
	case e.prop(p.code) != nil:
		return nil, bad("ERROR_PROPERTY_ALREADY_EXISTS", "Property already exists")
	}
	if err := c.readKind(&p.kind); err != nil {
		return nil, err
	}
	p.name = str(c.params.fold("NAME"))
	if n, given := num(c.params.fold("SORT")); given {
		p.sort = n
	}
	e.props = append(e.props, p)
	return true, nil
}

// propOf finds the property of the PROPERTY parameter.
func (c *call) propOf(e *entity) (*entityProp, *restError) {
	if p := e.prop(str(c.params.fold("PROPERTY"))); p != nil {
		return p, nil
	}
	return nil, bad("ERROR_PROPERTY_NOT_FOUND", "Property not found")
}

func propGet(c *call) (any, *restError) {
	e, err := c.storageEntity("")
	if err != nil {
		return nil, err
	}
	if str(c.params.fold("PROPERTY")) != "" {
		p, err := c.propOf(e)
		if err != nil {
			return nil, err
		}
		return p.render(), nil
	}
	all := []any{}
	for _, p := range e.props {
		all = append(all, p.render())
	}
	return all, nil
}

func propUpdate(c *call) (any, *restError) {
	e, err := c.storageEntity("X")
	if err != nil {
		return nil, err
	}
	p, err := c.propOf(e)
	if err != nil {
		return nil, err
	}
	next := *p
	if err := c.readKind(&next.kind); err != nil {
		return nil, err
	}
	if next.kind == "F" && p.kind != "F" {
		return nil, bad("ERROR_ARGUMENT", "Cannot change property type to File")
	}
	if code := str(c.params.fold("PROPERTY_NEW")); code != "" && code != p.code {
		if e.prop(code) != nil {
			return nil, bad("ERROR_PROPERTY_ALREADY_EXISTS", "Property "+code+" already exists")
		}
		for _, row := range e.items {
			row.props[code] = row.props[p.code]
			delete(row.props, p.code)
		}
		next.code = code
	}
	if v, given := c.params.lookup("NAME"); given {
		next.name = str(v)
	}
	if n, given := num(c.params.fold("SORT")); given {
		next.sort = n
	}
	*p = next
	return true, nil
}

func propDelete(c *call) (any, *restError) {
	e, err := c.storageEntity("X")
	if err != nil {
		return nil, err
	}
	p, err := c.propOf(e)
	if err != nil {
		return nil, err
	}
	for _, row := range e.items {
		delete(row.props, p.code)
	}
	e.props = slices.DeleteFunc(e.props, func(have *entityProp) bool { return have == p })
	return true, nil
}
