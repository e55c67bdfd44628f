package setup

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"konturbridge/realty/schema"
)

// spec is what a docflow type's schema says of one place of its options: the form's words and which fields it has.
// A schema refers to itself, so that a place below is made when it is asked for.
type spec struct {
	title, hint, hintEN string
	def                 string
	scalar              string // string, number, integer, boolean; "" for others
	words               []word // values that it may have
	names               []string
	fields              map[string]*yaml.Node
	required            map[string]bool
	itemNode            *yaml.Node
	root                *yaml.Node
}

// word is one value of a list, with its name for people.
type word struct{ Code, Title string }

// specs are the roots of all docflow types, read once. JSON is YAML, and YAML's nodes keep the order of fields.
var specs = sync.OnceValues(func() (map[string]*spec, error) {
	all := map[string]*spec{}
	for _, kind := range schema.Kinds() {
		text, err := schema.JSON(kind)
		if err != nil {
			return nil, err
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("schema of %s: %w", kind, err)
		}
		all[kind] = newSpec(doc.Content[0], doc.Content[0])
	}
	return all, nil
})

// specOf gives a docflow type's root; nil for a type without a schema.
func specOf(kind string) *spec {
	all, _ := specs() // embedded: the tests exclude that it can't be read
	return all[kind]
}

func newSpec(root, node *yaml.Node) *spec {
	s := &spec{root: root, fields: map[string]*yaml.Node{}, required: map[string]bool{}}
	s.add(node, true, 0)
	return s
}

// maxNested bounds how deep a place's own definition is spread over others.
const maxNested = 8

// add takes in a schema; certain is false for what only one of several forms asks for.
func (s *spec) add(node *yaml.Node, certain bool, depth int) {
	if node == nil || node.Kind != yaml.MappingNode || depth > maxNested {
		return
	}
	if ref := at(node, "$ref"); ref != nil {
		name := ref.Value[strings.LastIndexByte(ref.Value, '/')+1:]
		s.def = name
		s.add(at(at(s.root, "$defs"), name), certain, depth+1)
	}
	for key, into := range map[string]*string{"title": &s.title, "x-hint": &s.hint, "x-hint-en": &s.hintEN, "x-choice": &s.hint, "x-choice-en": &s.hintEN, "type": &s.scalar} {
		if text := at(node, key); text != nil && text.Kind == yaml.ScalarNode {
			*into = text.Value
		}
	}
	if properties := at(node, "properties"); properties != nil {
		for i := 0; i+1 < len(properties.Content); i += 2 {
			name := properties.Content[i].Value
			if s.fields[name] == nil {
				s.names = append(s.names, name)
			}
			if s.fields[name] == nil || at(properties.Content[i+1], "title") != nil {
				s.fields[name] = properties.Content[i+1]
			}
		}
	}
	if list := at(node, "required"); list != nil && certain {
		for _, name := range list.Content {
			s.required[name.Value] = true
		}
	}
	s.addWords(node)
	if items := at(node, "items"); items != nil {
		s.itemNode = items
	}
	for _, key := range []string{"then", "else"} {
		s.add(at(node, key), false, depth+1)
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		if list := at(node, key); list != nil {
			for _, one := range list.Content {
				s.add(one, certain && key == "allOf", depth+1)
			}
		}
	}
}

func (s *spec) addWords(node *yaml.Node) {
	list := at(node, "enum")
	if list == nil {
		return
	}
	labels := at(node, "x-labels")
	s.words = nil
	for _, one := range list.Content {
		w := word{Code: one.Value}
		if title := at(labels, one.Value); title != nil {
			w.Title = title.Value
		}
		s.words = append(s.words, w)
	}
}

// at finds a key's value; nil when there is none.
func at(node *yaml.Node, key string) *yaml.Node {
	for i := 0; node != nil && node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// below gives the place of a field; nil when the schema does not know it.
func (s *spec) below(name string) *spec {
	if s == nil || s.fields[name] == nil {
		return nil
	}
	return newSpec(s.root, s.fields[name])
}

// items gives the place of an element; the place itself when it may stand alone.
func (s *spec) items() *spec {
	if s == nil || s.itemNode == nil {
		return s
	}
	item := newSpec(s.root, s.itemNode)
	if item.title == "" {
		item.title = s.title
	}
	return item
}

// file reports whether an uploaded file stands here: one expression gives all of it.
func (s *spec) file() bool {
	return s != nil && slices.Contains([]string{"content", "contentPointer"}, s.def)
}

// open reports whether there are fields below.
func (s *spec) open() bool { return s != nil && len(s.names) > 0 && !s.file() }

func (s *spec) requires(name string) bool { return s != nil && s.required[name] }

// name is the place's name on a form.
func (s *spec) name(key string) string {
	if s == nil || s.title == "" {
		return key
	}
	return s.title
}
