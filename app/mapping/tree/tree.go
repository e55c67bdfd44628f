// Package tree reads the YAML of a mapping, a trigger's parameters or a reaction's templates into plain
// values: map[string]any, []any, string, int, float64, bool and nil.
//
// yaml.v3's own decoder is not used because it turns an unquoted 2018-05-05 into a time and a map with one
// numeric key into a map of another type; a target tree wants neither.
package tree

import (
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// The bounds of one tree. The largest real one, a transfer between couples with every paper, has about 800 nodes.
const (
	MaxNodes = 20000
	MaxDepth = 48
)

// Error says where in a tree reading failed.
type Error struct {
	Line    int    // of the YAML text, from 1
	Path    string // inside the tree: "object.address", "shares[0]"; "" is the root
	Message string // English, without line and path
}

// Error gives line, path and message.
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Path, e.Message)
}

// Parse reads one YAML document.
func Parse(text []byte) (any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read a tree: %w", err)
	}
	if doc.Kind == 0 {
		return nil, nil
	}
	return Decode(doc.Content[0])
}

// Decode reads a node. Anchors, aliases and << work as in YAML, within the bounds above.
//
// Errors: *Error.
func Decode(node *yaml.Node) (any, error) {
	d := decoder{}
	return d.value(node, "", 0)
}

type decoder struct{ nodes int }

func (d *decoder) value(node *yaml.Node, path string, depth int) (any, error) {
	d.nodes++
	if d.nodes > MaxNodes || depth > MaxDepth {
		return nil, &Error{node.Line, path, "the tree is too large or too deep"}
	}
	switch node.Kind {
	case yaml.AliasNode:
		return d.value(node.Alias, path, depth+1)
	case yaml.MappingNode:
		return d.mapping(node, path, depth)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for i, item := range node.Content {
			v, err := d.value(item, fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.ScalarNode:
		return scalar(node), nil
	}
	return nil, &Error{node.Line, path, "not a value"}
}

func (d *decoder) mapping(node *yaml.Node, path string, depth int) (any, error) {
	own := make(map[string]any, len(node.Content)/2)
	var merged []map[string]any
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, item := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return nil, &Error{key.Line, path, "a key must be a word"}
		}
		below := Join(path, key.Value)
		v, err := d.value(item, below, depth+1)
		if err != nil {
			return nil, err
		}
		if key.Tag == "!!merge" {
			parts, ok := mergeParts(v)
			if !ok {
				return nil, &Error{key.Line, path, "<< must be followed by a map or a list of maps"}
			}
			merged = append(merged, parts...)
			continue
		}
		if _, again := own[key.Value]; again {
			return nil, &Error{key.Line, below, "given twice"}
		}
		own[key.Value] = v
	}
	for _, part := range merged {
		for key, v := range part {
			if _, has := own[key]; !has {
				own[key] = v
			}
		}
	}
	return own, nil
}

func mergeParts(v any) ([]map[string]any, bool) {
	if one, ok := v.(map[string]any); ok {
		return []map[string]any{one}, true
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	var parts []map[string]any
	for _, item := range list {
		one, ok := item.(map[string]any)
		if !ok {
			return nil, false
		}
		parts = append(parts, one)
	}
	return parts, true
}

// scalar keeps as text whatever is not plainly a number, a truth value or nothing: dates, octal numbers and
// codes with leading zeros stay as written.
func scalar(node *yaml.Node) any {
	switch node.Tag {
	case "!!null":
		return nil
	case "!!bool":
		if b, err := strconv.ParseBool(node.Value); err == nil {
			return b
		}
	case "!!int":
		if n, err := strconv.Atoi(node.Value); err == nil && strconv.Itoa(n) == node.Value {
			return n
		}
	case "!!float":
		if f, err := strconv.ParseFloat(node.Value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	return node.Value
}

// Join puts a key under a path: "object" and "address" make "object.address".
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Find gives the node at a path of keys and indexes below node, or the nearest one above it that exists:
// an error about a missing key is shown at the line of what should hold it.
func Find(node *yaml.Node, path string) *yaml.Node {
	for path != "" && node != nil {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
			continue
		}
		next, rest := step(node, path)
		if next == nil {
			return node
		}
		node, path = next, rest
	}
	return node
}

// step goes one key or index down; keys may hold dots, so the longest key that fits wins.
func step(node *yaml.Node, path string) (*yaml.Node, string) {
	if path[0] == '.' {
		path = path[1:]
	}
	if node.Kind == yaml.SequenceNode {
		var index int
		if n, err := fmt.Sscanf(path, "[%d]", &index); n != 1 || err != nil || index < 0 || index >= len(node.Content) {
			return nil, ""
		}
		return node.Content[index], path[len(fmt.Sprintf("[%d]", index)):]
	}
	var (
		found *yaml.Node
		rest  string
		size  = -1
	)
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		key := node.Content[i].Value
		if len(key) <= size || len(path) < len(key) || path[:len(key)] != key {
			continue
		}
		if after := path[len(key):]; after == "" || after[0] == '.' || after[0] == '[' {
			found, rest, size = node.Content[i+1], after, len(key)
		}
	}
	return found, rest
}
