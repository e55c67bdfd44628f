package bitrixsim

import (
	"regexp"
	"slices"
)

// check refuses a part of a layout that is not as described (doc: crm/timeline/activities/configurable/structure).
type check func(v any, name string) *restError

// layoutKey is what the keys of tags, buttons, items and blocks may look like.
var layoutKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// checkLayout checks a whole layout.
func checkLayout(v any) *restError {
	if asArray(v).len() == 0 {
		return bad("ERROR_EMPTY_LAYOUT", "The layout field must be filled")
	}
	return object("icon header body", map[string]check{
		"icon": object("code", map[string]check{"code": filled}),
		"header": object("title", map[string]check{
			"title": words, "titleAction": checkAction, "tags": keyed(0, 2, tagged("warning", "success", "failure", "primary", "secondary")),
		}),
		"body": object("logo", map[string]check{
			"logo":   object("code", map[string]check{"code": filled, "action": checkAction}),
			"blocks": keyed(1, 20, checkBlock),
		}),
		"footer": object("", map[string]check{
			"buttons": keyed(0, 2, tagged("primary", "secondary")),
			"menu": object("", map[string]check{
				"showPinItem": anything, "showPostponeItem": anything, "showDeleteItem": anything,
				"items": keyed(0, 0, object("title action", map[string]check{"title": words, "action": checkAction, "scope": scope, "hideIfReadonly": anything})),
			}),
		}),
	})(v, "layout")
}

// tagged is a tag or a button: a title, one of the types, an action.
func tagged(types ...string) check {
	fields := map[string]check{"title": words, "type": enum(types...), "action": checkAction, "scope": scope, "hideIfReadonly": anything}
	if slices.Contains(types, "warning") {
		return object("title type", fields)
	}
	return object("title type action", fields)
}

func anything(any, string) *restError { return nil }

func filled(v any, name string) *restError {
	if str(v) == "" {
		return bad("FIELD_IS_REQUIRED", "The field \""+name+"\" is required")
	}
	return nil
}

// words is a text, or one for each language of the portal.
func words(v any, name string) *restError {
	a := asArray(v)
	if a == nil {
		return filled(v, name)
	}
	for _, lang := range a.keys {
		if lang != "ru" && lang != "en" {
			return bad("WRONG_LANG", "The language \""+lang+"\" is not set on the portal")
		}
	}
	return nil
}

func enum(values ...string) check {
	return func(v any, name string) *restError {
		if !slices.Contains(values, str(v)) {
			return bad("ENUM_FIELD", "The value of \""+name+"\" is not allowed")
		}
		return nil
	}
}

func scope(v any, name string) *restError { return enum("web", "mobile")(v, name) }

// object checks known fields; required is a list of names by spaces.
func object(required string, fields map[string]check) check {
	return func(v any, name string) *restError {
		a := asArray(v)
		for _, need := range splitWords(required) {
			if !a.has(need) {
				return bad("FIELD_IS_REQUIRED", "The field \""+name+"."+need+"\" is required")
			}
		}
		for _, key := range keysOf(a) {
			inner, known := fields[key]
			if !known {
				return bad("FIELD_IS_REDUNDANT", "The field \""+name+"."+key+"\" is redundant")
			}
			if err := inner(a.vals[key], name+"."+key); err != nil {
				return err
			}
		}
		return nil
	}
}

// keyed checks a map of parts by free keys; most zero is without a limit.
func keyed(least, most int, each check) check {
	return func(v any, name string) *restError {
		a := asArray(v)
		switch {
		case a.len() < least:
			return bad("FIELD_IS_REQUIRED", "The field \""+name+"\" is required")
		case most > 0 && a.len() > most:
			return bad("TOO_MANY_ITEMS", "Too many items in \""+name+"\"")
		}
		for _, key := range keysOf(a) {
			if !layoutKey.MatchString(key) {
				return bad("KEY_CONTAIN_WRONG_SYMBOLS", "The key \""+key+"\" contains wrong symbols")
			}
			if err := each(a.vals[key], name+"."+key); err != nil {
				return err
			}
		}
		return nil
	}
}

// checkAction checks what a click does.
func checkAction(v any, name string) *restError {
	kinds := map[string]check{
		"redirect": object("type uri", map[string]check{"type": anything, "uri": filled}),
		"restEvent": object("type id", map[string]check{
			"type": anything, "id": filled, "actionParams": anything, "animationType": enum("disable", "loader"),
		}),
		"openRestApp": object("type", map[string]check{
			"type": anything, "actionParams": anything,
			"sliderParams": object("", map[string]check{"width": anything, "leftBoundary": anything, "title": anything}),
		}),
	}
	return byType(kinds, v, name)
}

// byType picks the check by the field type.
func byType(kinds map[string]check, v any, name string) *restError {
	kind := str(asArray(v).get("type"))
	if kind == "" {
		return bad("FIELD_IS_REQUIRED", "The field \""+name+".type\" is required")
	}
	inner, known := kinds[kind]
	if !known {
		return bad("ENUM_FIELD", "The value of \""+name+".type\" is not allowed")
	}
	return inner(v, name)
}

// checkBlock checks a block of the body.
func checkBlock(v any, name string) *restError {
	return byType(map[string]check{
		"text": properties("value", map[string]check{
			"value": words, "multiline": anything, "title": words, "bold": anything, "size": enum("xs", "sm", "md"),
			"color": enum("base_50", "base_60", "base_70", "base_90"), "scope": scope,
		}),
		"largeText":    properties("value", map[string]check{"value": words, "scope": scope}),
		"link":         properties("text action", map[string]check{"text": words, "action": checkAction, "bold": anything, "scope": scope}),
		"withTitle":    properties("title block", map[string]check{"title": words, "block": innerBlock, "inline": anything, "scope": scope}),
		"lineOfBlocks": properties("blocks", map[string]check{"blocks": keyed(1, 0, innerBlock), "scope": scope}),
		"deadline":     properties("", map[string]check{"readonly": anything, "scope": scope}),
	}, v, name)
}

func properties(required string, fields map[string]check) check {
	return object("type", map[string]check{"type": anything, "properties": object(required, fields)})
}

// innerBlock is a block within another: only the simple ones may stand there.
func innerBlock(v any, name string) *restError {
	if err := enum("text", "link", "deadline")(asArray(v).get("type"), name+".type"); err != nil {
		return err
	}
	return checkBlock(v, name)
}
