package schema

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// normal makes a tree of maps, slices and scalars out of options of any Go type, in a copy, without
// the fields that are null: null equals absent.
func normal(value any) (any, error) {
	switch v := value.(type) {
	case nil, string, bool, float64, json.Number, int:
		return v, nil
	case map[string]any:
		fields := make(map[string]any, len(v))
		for key, child := range v {
			if child == nil {
				continue
			}
			copied, err := normal(child)
			if err != nil {
				return nil, err
			}
			if copied != nil {
				fields[key] = copied
			}
		}
		return fields, nil
	case []any:
		items := make([]any, len(v))
		for i, child := range v {
			copied, err := normal(child)
			if err != nil {
				return nil, err
			}
			items[i] = copied
		}
		return items, nil
	case []byte:
		return fromJSON(v)
	case json.RawMessage:
		return fromJSON(v)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return fromJSON(raw)
}

func fromJSON(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	return normal(tree)
}

// place is a spot in the options: its path, what the schema says of it, and the words that tell whose
// field it is.
type place struct {
	path  string
	key   string // the last field name; "" in an array
	node  *node
	of    []string // genitives, outermost first
	index int      // 1 and up for an element of several, else 0
	value any
}

// child descends into a field; its node is nil when the schema does not know it.
func (p place) child(name string, value any) place {
	next := place{path: name, key: name, value: value, of: p.of}
	if p.path != "" {
		next.path = p.path + "." + name
	}
	if p.node == nil {
		return next
	}
	if word := p.node.of; word != "" {
		if p.index > 0 {
			word += " " + strconv.Itoa(p.index)
		}
		next.of = append(p.of[:len(p.of):len(p.of)], word)
	}
	next.node = p.node.fields[name]
	return next
}

// item descends into an array.
func (p place) item(index int, value any) place {
	next := place{path: p.path + "[" + strconv.Itoa(index) + "]", value: value, of: p.of}
	if p.node == nil {
		return next
	}
	if list, ok := p.value.([]any); ok && len(list) > 1 {
		next.index = index + 1
	}
	if p.node.items != nil { // an element is named as its list is
		named := *p.node.items
		named.title, named.of = p.node.title, p.node.of
		next.node = &named
	}
	return next
}

// at follows a location of the validator.
func (p place) at(location []string) place {
	for _, token := range location {
		switch value := p.value.(type) {
		case map[string]any:
			p = p.child(token, value[token])
		case []any:
			index, _ := strconv.Atoi(token)
			if index >= len(value) {
				return p
			}
			p = p.item(index, value[index])
		default:
			p = p.child(token, nil)
		}
	}
	return p
}

// label is the field as a form names it: «СНИЛС представителя покупателя».
func (p place) label() string {
	if p.path == "" {
		return "Параметры документооборота"
	}
	title := p.key
	if p.node != nil {
		title = or(p.node.title, p.key)
	}
	words := []string{or(title, p.path)}
	if p.index > 0 {
		words[0] += " № " + strconv.Itoa(p.index)
	}
	for i := len(p.of) - 1; i >= 0; i-- {
		words = append(words, p.of[i])
	}
	return strings.Join(words, " ")
}

// textOf is a scalar field as text; "" when it is missing or no scalar.
func textOf(fields map[string]any, name string) string {
	switch value := fields[name].(type) {
	case string:
		return strings.TrimSpace(value)
	case json.Number:
		return value.String()
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case int:
		return strconv.Itoa(value)
	}
	return ""
}

func object(fields map[string]any, name string) map[string]any {
	value, _ := fields[name].(map[string]any)
	return value
}
