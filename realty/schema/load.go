package schema

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed files/*.json
var files embed.FS

// ErrUnknownKind is wrapped by the error for a docflow type without a schema.
var ErrUnknownKind = errors.New("no schema of this docflow type")

// Kinds lists the docflow types that have a schema, in the order of the service's docs.
func Kinds() []string {
	return []string{"object_request", "right_movement_request", "equity_agreement_registration_request",
		"right_assignment_request", "encumbrance_request", "cessation_encumbrance_request",
		"additional_packet_request", "action_request"}
}

// JSON is the schema of a docflow type's options, complete in one document: the shared definitions are
// under $defs. The error wraps [ErrUnknownKind].
func JSON(kind string) ([]byte, error) {
	if !slices.Contains(Kinds(), kind) {
		return nil, fmt.Errorf("schema: %w: %q", ErrUnknownKind, kind)
	}
	own, err := files.ReadFile("files/" + kind + ".json")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	common, err := files.ReadFile("files/common.json")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	var shared struct {
		Defs json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(common, &shared); err != nil {
		return nil, fmt.Errorf("schema: common.json: %w", err)
	}
	// The files keep the order of fields that a form shows, which a map would lose: join them as text.
	own = bytes.TrimSuffix(bytes.TrimSpace(own), []byte("}"))
	joined := slices.Concat(bytes.TrimSpace(own), []byte(",\n  \"$defs\": "), shared.Defs, []byte("\n}\n"))
	return bytes.ReplaceAll(joined, []byte("common.json#/$defs/"), []byte("#/$defs/")), nil
}

// Set is the schemas of all docflow types, compiled. It is immutable: load it once and share it among
// goroutines.
type Set struct {
	kinds map[string]compiled
}

type compiled struct {
	schema *jsonschema.Schema
	root   *node
}

// Load gives the embedded schemas, compiled once. An error is a bug of this package.
func Load() (*Set, error) { return loaded() }

var loaded = sync.OnceValues(compile)

func compile() (*Set, error) {
	set := &Set{kinds: map[string]compiled{}}
	for _, kind := range Kinds() {
		raw, err := JSON(kind)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("schema: %s: %w", kind, err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		name := kind + ".json"
		if err := compiler.AddResource(name, doc); err != nil {
			return nil, fmt.Errorf("schema: %s: %w", kind, err)
		}
		schema, err := compiler.Compile(name)
		if err != nil {
			return nil, fmt.Errorf("schema: %s: %w", kind, err)
		}
		root, err := newTree(doc)
		if err != nil {
			return nil, fmt.Errorf("schema: %s: %w", kind, err)
		}
		set.kinds[kind] = compiled{schema: schema, root: root}
	}
	return set, nil
}

// node is what the schema says about the fields at one place, for messages and warnings.
type node struct {
	def      string // name of the shared definition, "" for none
	title    string // the field's name on a form
	of       string // whose fields are below: "покупателя"
	hint     string
	hintEN   string
	choice   string // what to do when a choice among fields failed
	choiceEN string
	labels   map[string]string
	fields   map[string]*node
	items    *node
}

// newTree reads the annotations of a schema document.
func newTree(doc any) (*node, error) {
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	defs, _ := root["$defs"].(map[string]any)
	b := treeBuilder{defs: defs, built: map[string]*node{}}
	return b.node(root)
}

type treeBuilder struct {
	defs  map[string]any
	built map[string]*node
}

func (b *treeBuilder) node(schema any) (*node, error) {
	fields, ok := schema.(map[string]any)
	if !ok {
		return &node{}, nil
	}
	n, err := b.referred(fields)
	if err != nil {
		return nil, err
	}
	for key, into := range map[string]*string{"title": &n.title, "x-of": &n.of, "x-hint": &n.hint,
		"x-hint-en": &n.hintEN, "x-choice": &n.choice, "x-choice-en": &n.choiceEN} {
		if text, ok := fields[key].(string); ok {
			*into = text
		}
	}
	if labels, ok := fields["x-labels"].(map[string]any); ok {
		n.labels = map[string]string{}
		for value, label := range labels {
			n.labels[value], _ = label.(string)
		}
	}
	if properties, ok := fields["properties"].(map[string]any); ok {
		for name, property := range properties {
			child, err := b.node(property)
			if err != nil {
				return nil, err
			}
			n.fields[name] = child
		}
	}
	if items, ok := fields["items"]; ok {
		if n.items, err = b.node(items); err != nil {
			return nil, err
		}
	}
	return n, b.forms(n, fields)
}

// referred starts a node with a copy of the definition that the schema refers to.
func (b *treeBuilder) referred(fields map[string]any) (*node, error) {
	n := &node{fields: map[string]*node{}}
	ref, ok := fields["$ref"].(string)
	if !ok {
		return n, nil
	}
	name := strings.TrimPrefix(ref, "#/$defs/")
	base := b.built[name]
	if base == nil {
		def, ok := b.defs[name]
		if !ok {
			return nil, fmt.Errorf("no definition %q", ref)
		}
		var err error
		if base, err = b.node(def); err != nil {
			return nil, err
		}
		b.built[name] = base
	}
	*n = *base
	n.def = name
	n.fields = map[string]*node{}
	for field, child := range base.fields {
		n.fields[field] = child
	}
	return n, nil
}

// forms adds what an "if" allows: an array of the same as a single object.
func (b *treeBuilder) forms(n *node, fields map[string]any) error {
	for _, branch := range []string{"then", "else"} {
		schema, ok := fields[branch]
		if !ok {
			continue
		}
		form, err := b.node(schema)
		if err != nil {
			return err
		}
		if form.items != nil {
			n.items = form.items
		}
		if form.def != "" {
			n.def = form.def
		}
		n.choice, n.choiceEN = or(n.choice, form.choice), or(n.choiceEN, form.choiceEN)
		for name, child := range form.fields {
			if n.fields[name] == nil {
				n.fields[name] = child
			}
		}
	}
	return nil
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
