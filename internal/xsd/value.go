package xsd

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// inline is the simple type that stands within a declaration.
func inline(decl *node) *node {
	for i := range decl.Children {
		if decl.Children[i].is("simpleType") {
			return &decl.Children[i]
		}
	}
	return nil
}

// checkValue checks a value against a named or an inline simple type.
func (w *writer) checkValue(path, named string, own *node, text string) {
	for range deep {
		if own == nil {
			own = w.schema.types[named]
		}
		if own == nil {
			w.builtIn(path, named, text)
			return
		}
		restriction := child(own, "restriction")
		if restriction == nil { // a list or a union: it is left to who takes the XML
			return
		}
		w.facets(path, restriction, text)
		named, own = local(restriction.attr("base")), inline(restriction)
	}
}

func child(n *node, name string) *node {
	at := slices.IndexFunc(n.Children, func(c node) bool { return c.is(name) })
	if at < 0 {
		return nil
	}
	return &n.Children[at]
}

func (w *writer) builtIn(path, name, text string) {
	var err error
	switch name {
	case "decimal", "double", "float":
		_, err = strconv.ParseFloat(text, 64)
	case "integer", "int", "long", "positiveInteger", "nonNegativeInteger":
		_, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil {
		w.fail(path, fmt.Sprintf("«%s» не число", text), fmt.Sprintf("%q is not a number", text))
	}
}

func (w *writer) facets(path string, restriction *node, text string) {
	var allowed, patterns []string
	matched := false
	length := utf8.RuneCountInString(text)
	for i := range restriction.Children {
		facet := &restriction.Children[i]
		value := facet.attr("value")
		limit, _ := strconv.Atoi(value)
		switch facet.XMLName.Local {
		case "enumeration":
			allowed = append(allowed, value)
		case "pattern":
			pattern, err := regexp.Compile("^(?:" + value + ")$")
			matched = matched || err != nil || pattern.MatchString(text) // any of them is enough
			patterns = append(patterns, value)
		case "length":
			if length != limit {
				w.fail(path, fmt.Sprintf("нужно ровно %d знаков, сейчас %d («%s»)", limit, length, text), fmt.Sprintf("must have %d characters, not %d", limit, length))
			}
		case "maxLength":
			if length > limit {
				w.fail(path, fmt.Sprintf("не больше %d знаков, сейчас %d", limit, length), fmt.Sprintf("at most %d characters, not %d", limit, length))
			}
		case "minLength":
			if length < limit {
				w.fail(path, fmt.Sprintf("не меньше %d знаков, сейчас %d", limit, length), fmt.Sprintf("at least %d characters, not %d", limit, length))
			}
		case "fractionDigits":
			if _, fraction, ok := strings.Cut(text, "."); ok && len(strings.TrimRight(fraction, "0")) > limit {
				w.fail(path, fmt.Sprintf("не больше %d знаков после точки, сейчас «%s»", limit, text), fmt.Sprintf("at most %d digits after the point", limit))
			}
		case "minExclusive":
			if n, err := strconv.ParseFloat(text, 64); err == nil && n <= number(value) {
				w.fail(path, fmt.Sprintf("должно быть больше %s, сейчас %s", value, text), "must be more than "+value)
			}
		case "minInclusive":
			if n, err := strconv.ParseFloat(text, 64); err == nil && n < number(value) {
				w.fail(path, fmt.Sprintf("должно быть не меньше %s, сейчас %s", value, text), "must be at least "+value)
			}
		}
	}
	if len(patterns) > 0 && !matched {
		all := strings.Join(patterns, " | ")
		w.fail(path, fmt.Sprintf("«%s» не подходит под образец %s", text, all), fmt.Sprintf("%q does not match %s", text, all))
	}
	if len(allowed) > 0 && !slices.Contains(allowed, text) {
		w.fail(path, fmt.Sprintf("«%s» не допускается; возможны: %s", text, strings.Join(allowed, ", ")), fmt.Sprintf("%q is not one of %s", text, strings.Join(allowed, ", ")))
	}
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
