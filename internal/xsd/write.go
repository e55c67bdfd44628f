package xsd

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// textKey is the key of an element's text beside its attributes.
const textKey = "_"

// Problem is one thing that the schema refuses.
type Problem struct {
	Path   string // UniversalTransferDocument.Table.Item[2].TaxRate
	RU, EN string
}

// Write makes the XML of a tree whose only key is a root element of the schema, in UTF-8. With problems the XML is of
// no use.
func (s *Schema) Write(tree map[string]any) ([]byte, []Problem) {
	w := writer{schema: s}
	names := slices.Sorted(maps.Keys(tree))
	if len(names) != 1 {
		w.fail("", fmt.Sprintf("нужен ровно один корневой элемент, а их %d", len(names)), fmt.Sprintf("exactly one root element is needed, not %d", len(names)))
		return nil, w.problems
	}
	root, ok := s.roots[names[0]]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(s.roots)), ", ")
		w.fail(names[0], "такого корневого элемента в схеме нет; есть: "+known, "the schema has no such root; it has: "+known)
		return nil, w.problems
	}
	w.out.WriteString(xml.Header)
	w.element(names[0], names[0], root, tree[names[0]])
	return w.out.Bytes(), w.problems
}

type writer struct {
	schema   *Schema
	out      bytes.Buffer
	problems []Problem
}

func (w *writer) fail(path, ru, en string) {
	w.problems = append(w.problems, Problem{path, ru, en})
}

func (w *writer) element(path, name string, decl *node, value any) {
	c := content{open: true}
	if decl != nil {
		c = w.schema.contentOf(decl)
	}
	fields, isMap := value.(map[string]any)
	if !isMap {
		fields = map[string]any{}
		if text := textOf(value); text != "" {
			fields[textKey] = text
		}
	}
	w.out.WriteString("<" + name)
	written := map[string]bool{textKey: true}
	w.attributes(path, c, fields, written)
	w.out.WriteByte('>')
	if text, ok := fields[textKey]; ok {
		w.text(path, c, textOf(text))
	}
	w.children(path, c, fields, written)
	w.out.WriteString("</" + name + ">")
}

func (w *writer) attributes(path string, c content, fields map[string]any, written map[string]bool) {
	for _, a := range c.attributes {
		name := a.attr("name")
		value, given := fields[name]
		if text := textOf(value); given && text != "" {
			written[name] = true
			w.checkValue(path+"."+name, local(a.attr("type")), inline(a), text)
			w.attribute(name, text)
		} else if a.attr("use") == "required" {
			w.fail(path+"."+name, "обязательное значение не заполнено", "required")
		}
	}
	if !c.open {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if scalar(fields[name]) && !written[name] {
			written[name] = true
			w.attribute(name, textOf(fields[name]))
		}
	}
}

func (w *writer) attribute(name, text string) {
	w.out.WriteString(" " + name + `="`)
	_ = xml.EscapeText(&w.out, []byte(text)) // into memory
	w.out.WriteByte('"')
}

func (w *writer) text(path string, c content, text string) {
	if !c.mixed && !c.open {
		w.fail(path, "здесь не может быть текста", "no text is allowed here")
		return
	}
	w.checkValue(path, c.base, c.text, text)
	_ = xml.EscapeText(&w.out, []byte(text)) // into memory
}

func (w *writer) children(path string, c content, fields map[string]any, written map[string]bool) {
	given := map[string]bool{}
	for _, e := range c.elements {
		value, ok := fields[e.name]
		if written[e.name] && ok { // an attribute of this name
			continue
		}
		all := repeated(value)
		if given[e.name] = given[e.name] || len(all) > 0; len(all) > 0 {
			written[e.name] = true
		}
		switch {
		case len(all) < e.min && len(all) == 0:
			w.fail(path+"."+e.name, "обязательный элемент не заполнен", "required")
		case len(all) < e.min:
			w.fail(path+"."+e.name, fmt.Sprintf("нужно не меньше %d, есть %d", e.min, len(all)), fmt.Sprintf("at least %d are needed, not %d", e.min, len(all)))
		case e.max >= 0 && len(all) > e.max:
			w.fail(path+"."+e.name, fmt.Sprintf("допускается не больше %d, есть %d", e.max, len(all)), fmt.Sprintf("at most %d are allowed, not %d", e.max, len(all)))
		}
		for i, one := range all {
			w.element(numbered(path+"."+e.name, i, len(all)), e.name, e.decl, one)
		}
	}
	for _, choice := range c.choices {
		if !slices.ContainsFunc(choice, func(name string) bool { return given[name] }) {
			w.fail(path, "нужно одно из: "+strings.Join(choice, ", "), "one of these is needed: "+strings.Join(choice, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if written[name] {
			continue
		}
		if !c.open {
			w.fail(path+"."+name, "в схеме такого нет; есть: "+strings.Join(c.names(), ", "), "the schema has no such name; it has: "+strings.Join(c.names(), ", "))
			continue
		}
		all := repeated(fields[name])
		for i, one := range all {
			w.element(numbered(path+"."+name, i, len(all)), name, nil, one)
		}
	}
}

func (c content) names() []string {
	var all []string
	for _, a := range c.attributes {
		all = append(all, a.attr("name"))
	}
	for _, e := range c.elements {
		all = append(all, e.name)
	}
	return all
}

func numbered(path string, i, n int) string {
	if n < 2 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

func repeated(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

func scalar(value any) bool {
	switch value.(type) {
	case nil, map[string]any, []any:
		return false
	}
	return true
}

func textOf(value any) string {
	switch v := value.(type) {
	case nil, map[string]any, []any:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
