package setup

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// branch is one place of a mapping's tree beside what the schema says of it.
type branch struct {
	path     []string // keys and numbers of elements, directives included
	target   string   // where its value goes, without the numbers of elements: "seller.person.name"
	key      string
	value    any // nil: the mapping says nothing here
	spec     *spec
	required bool
	rule     bool // a directive such as $if: an expression without braces
	only     bool // of a $value: it is all that is made here, whatever a condition says
}

// The keys that are no fields of the target.
const (
	keyIf, keyElse, keyEach, keyAs, keyLet, keyKeep, keyValue = "$if", "$else", "$each", "$as", "$let", "$keep", "$value"
)

func rootBranch(docflowType string, options any) branch {
	return branch{value: options, spec: specOf(docflowType)}
}

// leaf reports whether the place is edited as one expression.
func (b branch) leaf() bool {
	switch b.value.(type) {
	case map[string]any, []any:
		return false
	case nil:
		return !b.spec.open()
	}
	return true
}

// children are the places below: rules first, then the fields in the schema's order, then those that it doesn't know.
func (b branch) children() []branch {
	switch v := b.value.(type) {
	case []any:
		var all []branch
		for i, item := range v {
			all = append(all, b.child(strconv.Itoa(i), item, b.spec.items(), b.target))
		}
		return all
	case map[string]any:
		return b.inMap(v)
	case nil:
		return b.inMap(nil)
	}
	return nil
}

func (b branch) child(key string, value any, s *spec, target string) branch {
	return branch{path: append(slices.Clone(b.path), key), key: key, value: value, spec: s, target: target}
}

func (b branch) inMap(v map[string]any) []branch {
	var all []branch
	inner := b.spec
	if _, each := v[keyEach]; each {
		inner = b.spec.items()
	}
	for _, key := range []string{keyEach, keyAs, keyIf, keyLet} {
		if value, has := v[key]; has {
			rule := b.child(key, value, nil, b.target)
			rule.rule = true
			all = append(all, rule)
		}
	}
	if value, has := v[keyValue]; has {
		made := b.child(keyValue, value, inner, b.target)
		made.only = v[keyElse] == nil
		all = append(all, made)
	}
	if _, replaced := v[keyValue]; !replaced && inner != nil {
		for _, name := range inner.names {
			field := b.child(name, v[name], inner.below(name), joined(b.target, name))
			field.required = inner.requires(name)
			all = append(all, field)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !strings.HasPrefix(name, "$") && (inner == nil || inner.fields[name] == nil) {
			all = append(all, b.child(name, v[name], nil, joined(b.target, name)))
		}
	}
	if value, has := v[keyElse]; has {
		all = append(all, b.child(keyElse, value, b.spec, b.target))
	}
	return all
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// find follows a path; ok is false when the tree and the schema have no such place.
func (b branch) find(path []string) (branch, bool) {
	for _, key := range path {
		children := b.children()
		at := slices.IndexFunc(children, func(c branch) bool { return c.key == key })
		if at < 0 {
			return b, false
		}
		b = children[at]
	}
	return b, true
}

// reach follows a path as far as the tree has it: what was emptied may have taken its place with it.
func (b branch) reach(path []string) []string {
	for i := range path {
		if _, ok := b.find(path[:i+1]); !ok {
			return path[:i]
		}
	}
	return path
}

// filled counts the expressions that the mapping has in a place.
func filled(value any) int {
	n := 0
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, item := range v {
			if key != keyKeep && key != keyAs {
				n += filled(item)
			}
		}
	case []any:
		for _, item := range v {
			n += filled(item)
		}
	default:
		n = 1
	}
	return n
}

// spot is a place that a problem can be put in order at.
type spot struct {
	target string
	path   []string
	leaf   bool
}

// spots lists the places of a tree; looking through a large one takes a moment, so that it is done once for all problems.
func (b branch) spots() []spot {
	var all []spot
	b.walk(0, func(c branch) {
		if !c.rule {
			all = append(all, spot{c.target, c.path, c.leaf()})
		}
	})
	return all
}

// locate finds the place of a problem: the leaf whose value goes there, else the deepest branch above.
func locate(all []spot, target string) (best spot) {
	depth := -1
	for _, one := range all {
		if target != one.target && one.target != "" && !strings.HasPrefix(target, one.target+".") {
			continue
		}
		if len(one.target) > depth || len(one.target) == depth && one.leaf && !best.leaf {
			best, depth = one, len(one.target)
		}
	}
	return best
}

// maxWalk bounds how deep a tree is looked through: schemas refer to themselves.
const maxWalk = 24

// walk visits the places that the mapping fills, and the fields beside them.
func (b branch) walk(depth int, visit func(branch)) {
	visit(b)
	if b.value == nil || depth > maxWalk {
		return
	}
	for _, c := range b.children() {
		c.walk(depth+1, visit)
	}
}

// put gives a tree with a value at a path; nil takes the place away. What is changed is copied.
func put(node any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if list, ok := node.([]any); ok {
		at, err := strconv.Atoi(path[0])
		if err != nil || at < 0 || at >= len(list) {
			return node
		}
		list = slices.Clone(list)
		list[at] = put(list[at], path[1:], value)
		return list
	}
	fields, ok := node.(map[string]any)
	if !ok && node != nil {
		return node // an expression stands here: it gives all of the place
	}
	fields = maps.Clone(fields)
	if fields == nil {
		fields = map[string]any{}
	}
	below := put(fields[path[0]], path[1:], value)
	if fresh, isMap := below.(map[string]any); below == nil || isMap && len(fresh) == 0 && value == nil {
		delete(fields, path[0])
	} else {
		fields[path[0]] = below
	}
	return fields
}

// plainPath is a path of a problem or of the tree as a target without the numbers of elements and the directives.
func plainPath(path string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(path, ".") {
		name, _, _ := strings.Cut(part, "[")
		if name == "" || strings.HasPrefix(name, "$") {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}
