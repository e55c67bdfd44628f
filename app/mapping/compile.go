package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"

	"konturbridge/app/mapping/tree"
)

// The keys of a map that command instead of being sent; docs/mapping.md describes them.
const (
	keyIf    = "$if"
	keyElse  = "$else"
	keyEach  = "$each"
	keyAs    = "$as"
	keyLet   = "$let"
	keyValue = "$value"
	keyKeep  = "$keep"
)

// CompileError is one thing wrong with a tree.
type CompileError struct {
	Path    string // in the tree: "object.address", "shares[0].$if"; "" is the root
	Column  int    // in the string at Path, in characters from 1; 0 when it is not about an expression
	Message string // English
}

// Error gives path, column and message.
func (e CompileError) Error() string {
	where := e.Path
	if e.Column > 0 {
		where = strings.TrimSpace(fmt.Sprintf("%s column %d", e.Path, e.Column))
	}
	if where == "" {
		return e.Message
	}
	return where + ": " + e.Message
}

// CompileErrors is everything wrong with a tree.
type CompileErrors []CompileError

// Error joins the errors into one line.
func (e CompileErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "; ")
}

// Mapping is a compiled tree. It is safe for concurrent use.
type Mapping struct {
	root  node
	reads []string
}

// Compile checks a tree of map[string]any, []any, string, numbers, bool and nil (what tree.Decode and
// encoding/json give) and makes it ready to render.
//
// Errors: CompileErrors, all of them at once.
func Compile(from any) (*Mapping, error) {
	table := functions()
	c := &compiler{reads: map[string]bool{}, made: map[string]compiled{}, functions: table, options: options(table)}
	root := c.node(from, "", roots(), 0)
	if len(c.errors) > 0 {
		return nil, c.errors
	}
	return &Mapping{root: root, reads: slices.Sorted(maps.Keys(c.reads))}, nil
}

// Reads lists what the tree may read of a card: the roots ("contacts", "user"), their fields
// ("card.UF_CRM_KB_CADASTRAL"), "contacts.COMPANY" where the companies of contacts are looked at, and
// "contacts.REQUISITES" or "company.REQUISITES" where requisites of those are. It may list more than one rendering needs, never less, so that callers fetch only these.
func (m *Mapping) Reads() []string { return slices.Clone(m.reads) }

// Reads compiles a tree and lists what it reads; see Mapping.Reads.
//
// Errors: CompileErrors.
func Reads(from any) ([]string, error) {
	m, err := Compile(from)
	if err != nil {
		return nil, err
	}
	return m.Reads(), nil
}

type compiler struct {
	errors CompileErrors
	reads  map[string]bool
	nodes  int

	made      map[string]compiled
	functions map[string]function
	options   []expr.Option
}

func (c *compiler) fail(path string, column int, format string, args ...any) node {
	c.errors = append(c.errors, CompileError{path, column, fmt.Sprintf(format, args...)})
	return literal{}
}

// node compiles one value; names are what expressions know here.
func (c *compiler) node(from any, path string, names []string, depth int) node {
	c.nodes++
	if c.nodes > tree.MaxNodes || depth > tree.MaxDepth {
		if c.nodes > tree.MaxNodes+1 {
			return literal{} // said once
		}
		return c.fail(path, 0, "the tree is too large or too deep")
	}
	switch v := from.(type) {
	case string:
		return c.text(v, path, names)
	case map[string]any:
		return c.directives(v, path, names, depth)
	case []any:
		list := listNode{}
		for i, item := range v {
			list.items = append(list.items, c.node(item, fmt.Sprintf("%s[%d]", path, i), names, depth+1))
		}
		return list
	case nil, bool, int, int64, float64:
		return literal{v}
	}
	return c.fail(path, 0, "a value of type %T has no place in a tree", from)
}

// directives compiles a map; its $ keys wrap what the others make, from the inside out: $value or the plain
// keys, then $if, then $each, then $let.
func (c *compiler) directives(from map[string]any, path string, names []string, depth int) node {
	plain := map[string]any{}
	for key, value := range from {
		if !strings.HasPrefix(key, "$") {
			plain[key] = value
		} else if !slices.Contains([]string{keyIf, keyElse, keyEach, keyAs, keyLet, keyValue, keyKeep}, key) {
			c.fail(tree.Join(path, key), 0, "unknown directive; known: $if, $else, $each, $as, $let, $value, $keep")
		}
	}
	let, names := c.let(from, path, names)
	inner := names
	each := eachNode{}
	if source, ok := from[keyEach]; ok {
		each.name, _ = from[keyAs].(string)
		if !isName(each.name) {
			c.fail(path, 0, "$each needs $as: the name of one element, of latin letters, digits and _")
		}
		each.list = c.condition(source, tree.Join(path, keyEach), names)
		inner = append(slices.Clone(names), each.name, each.name+"_index")
	} else if _, alone := from[keyAs]; alone {
		c.fail(tree.Join(path, keyAs), 0, "$as belongs to $each")
	}
	value := c.body(from, plain, path, inner, depth)
	if condition, ok := from[keyIf]; ok {
		branch := ifNode{condition: c.condition(condition, tree.Join(path, keyIf), inner), then: value, otherwise: literal{}}
		if otherwise, ok := from[keyElse]; ok {
			branch.otherwise = c.node(otherwise, tree.Join(path, keyElse), inner, depth+1)
		}
		value = branch
	} else if _, alone := from[keyElse]; alone {
		c.fail(tree.Join(path, keyElse), 0, "$else belongs to $if")
	}
	if each.list != nil {
		each.item = value
		value = each
	}
	if len(let) > 0 {
		value = letNode{let, value}
	}
	return value
}

// let compiles $let: each name's value sees the names outside.
func (c *compiler) let(from map[string]any, path string, names []string) ([]binding, []string) {
	given, ok := from[keyLet]
	if !ok {
		return nil, names
	}
	pairs, ok := given.(map[string]any)
	if !ok {
		c.fail(tree.Join(path, keyLet), 0, "must be a map of names and expressions")
		return nil, names
	}
	var let []binding
	inner := slices.Clone(names)
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		at := tree.Join(tree.Join(path, keyLet), name)
		if !isName(name) {
			c.fail(at, 0, "a name is made of latin letters, digits and _")
			continue
		}
		let = append(let, binding{name, c.condition(pairs[name], at, names)})
		inner = append(inner, name)
	}
	return let, inner
}

func (c *compiler) body(from, plain map[string]any, path string, names []string, depth int) node {
	keep, isBool := from[keyKeep].(bool)
	value, given := from[keyValue]
	if _, has := from[keyKeep]; has && (!isBool || given) {
		c.fail(tree.Join(path, keyKeep), 0, "must be true or false, beside the keys of a map")
	}
	if given {
		if len(plain) > 0 {
			c.fail(path, 0, "$value leaves no place for other keys: %s", strings.Join(slices.Sorted(maps.Keys(plain)), ", "))
		}
		return c.node(value, path, names, depth+1)
	}
	m := mapNode{keep: keep}
	for _, key := range slices.Sorted(maps.Keys(plain)) {
		m.keys = append(m.keys, key)
		m.values = append(m.values, c.node(plain[key], tree.Join(path, key), names, depth+1))
	}
	return m
}

// condition compiles a directive's expression, written with or without its braces.
func (c *compiler) condition(from any, path string, names []string) *expression {
	text, ok := from.(string)
	if !ok {
		if b, isBool := from.(bool); isBool {
			text = fmt.Sprint(b)
		} else {
			c.fail(path, 0, "must be an expression")
			return &expression{}
		}
	}
	parts, err := split(text)
	switch {
	case err != nil:
		c.fail(path, err.column, "%s", err.message)
		return &expression{}
	case len(parts) == 1 && parts[0].isExpr:
		return c.expression(parts[0].text, parts[0].offset, path, names)
	case len(parts) == 1:
		return c.expression(text, 0, path, names)
	}
	c.fail(path, 0, "must be one expression")
	return &expression{}
}

// text compiles a string: a literal, one expression, or a mixture.
func (c *compiler) text(text, path string, names []string) node {
	parts, err := split(text)
	if err != nil {
		return c.fail(path, err.column, "%s", err.message)
	}
	if len(parts) == 0 || len(parts) == 1 && !parts[0].isExpr {
		return literal{text}
	}
	if one, ok := single(parts); ok {
		return leaf{c.expression(one.text, one.offset, path, names)}
	}
	mixed := mixedNode{}
	for _, p := range parts {
		if p.isExpr {
			mixed.parts = append(mixed.parts, mixedPart{code: c.expression(p.text, p.offset, path, names)})
		} else {
			mixed.parts = append(mixed.parts, mixedPart{text: p.text})
		}
	}
	return mixed
}

func isName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != "" && !strings.HasPrefix(name, "__")
}
