package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// The bounds of one expression. An administrator of one portal writes it, and it runs beside the work of
// all the others.
const (
	maxExpression = 4096 // characters
	maxSyntax     = 500  // nodes of its syntax
	maxMemory     = 10_000
)

// Names of the functions that the compiler puts in; an expression can't write them.
const (
	nameRun  = "__run"
	nameGet  = "__get"
	nameAdd  = "__add"
	nameTick = "__tick"
)

// expression is one compiled expression.
type expression struct{ program *vm.Program }

// builtins lists what is taken over from expr: nothing that reads a clock, and nothing whose result can grow
// beyond its arguments without being counted.
func builtins() []string {
	return []string{"all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex",
		"count", "sum", "reduce", "sortBy", "len", "abs", "ceil", "floor", "round", "int", "float", "max", "min", "first", "last",
		"keys", "values", "indexOf", "hasPrefix", "hasSuffix"}
}

// expression compiles one; offset is where its text begins in the whole string.
func (c *compiler) expression(text string, offset int, path string, names []string) *expression {
	if len(text) > maxExpression {
		c.fail(path, offset+1, "an expression is at most %d bytes long", maxExpression)
		return &expression{}
	}
	made, known := c.made[text]
	if !known {
		made = c.compile(text)
		c.made[text] = made
	}
	if made.err != nil {
		column, message := explain(made.err)
		c.fail(path, offset+column, "%s", message)
		return &expression{}
	}
	for _, id := range made.identifiers {
		if !slices.Contains(names, id.name) && !slices.Contains(made.declared, id.name) {
			c.fail(path, offset+id.at+1, "unknown name %s; known: %s", id.name, strings.Join(names, ", "))
		}
	}
	for _, fault := range made.faults {
		c.fail(path, offset+fault.at+1, "%s", fault.name)
	}
	return made.code
}

// compiled is an expression's text compiled once: the pieces that anchors repeat are the same text each time.
type compiled struct {
	*patcher
	code *expression
	err  error
}

func (c *compiler) compile(text string) compiled {
	p := &patcher{functions: c.functions, called: map[string]bool{}}
	program, err := compile(text, append(slices.Clone(c.options), expr.Patch(p)))
	if err == nil {
		p.collect(c.reads)
	}
	return compiled{p, &expression{program}, err}
}

// options is what every expression is compiled with.
func options(table map[string]function) []expr.Option {
	all := []expr.Option{
		expr.Env(map[string]any{}), expr.AllowUndefinedVariables(), expr.AsAny(), expr.Optimize(false),
		expr.MaxNodes(maxSyntax), expr.DisableAllBuiltins(),
	}
	for _, name := range builtins() {
		all = append(all, expr.EnableBuiltin(name))
	}
	for name, f := range table {
		all = append(all, expr.Function(name, f.call))
	}
	return all
}

// compile shields against a panic of the expression compiler: what a person typed must never end the process.
func compile(text string, options []expr.Option) (program *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not an expression: %v", r)
		}
	}()
	return expr.Compile(text, options...)
}

// explain takes an error of expr apart: column from 1, message without the drawing below it.
func explain(err error) (int, string) {
	var at *file.Error
	if errors.As(err, &at) {
		return at.From + 1, at.Message
	}
	return 1, err.Error()
}

// spot is a name, or a fault, with its place in the expression.
type spot struct {
	name string
	at   int
}

// patcher makes an expression safe: reading a member of nothing gives nothing and is noted as a source,
// sums of texts and turns of loops are counted, and only our functions can be called.
type patcher struct {
	functions   map[string]function
	identifiers []spot
	declared    []string
	faults      []spot
	members     []member
	called      map[string]bool
}

// member is a field read straight from a name: deal.TITLE.
type member struct{ root, field string }

// Visit is called for every node, children first.
func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		p.identifiers = append(p.identifiers, spot{n.Value, n.Location().From})
	case *ast.VariableDeclaratorNode:
		p.declared = append(p.declared, n.Name)
	case *ast.MemberNode:
		p.note(n)
		replace(node, nameGet, n.Node, n.Property)
	case *ast.BinaryNode:
		if n.Operator == "+" {
			replace(node, nameAdd, n.Left, n.Right)
		}
	case *ast.PredicateNode:
		tick := call(nameTick)
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{tick, n.Node}}
	case *ast.CallNode:
		p.call(n)
	}
}

func (p *patcher) note(n *ast.MemberNode) {
	field, ok := n.Property.(*ast.StringNode)
	if !ok {
		return
	}
	m := member{field: field.Value}
	if root, ok := n.Node.(*ast.IdentifierNode); ok {
		m.root = root.Value
	}
	p.members = append(p.members, m)
}

func (p *patcher) call(n *ast.CallNode) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		p.faults = append(p.faults, spot{"only functions can be called", n.Location().From})
		return
	}
	// The callee was noted as a name when it was visited: it is a function's.
	p.identifiers = slices.DeleteFunc(p.identifiers, func(s spot) bool { return s.name == name.Value && s.at == name.Location().From })
	f, known := p.functions[name.Value]
	switch {
	case !known || strings.HasPrefix(name.Value, "__"):
		p.faults = append(p.faults, spot{"unknown function " + name.Value, name.Location().From})
	case len(n.Arguments) < f.least || f.most >= 0 && len(n.Arguments) > f.most:
		p.faults = append(p.faults, spot{"wrong number of arguments; write " + f.usage, name.Location().From})
	}
	p.called[name.Value] = true
	n.Arguments = append([]ast.Node{&ast.IdentifierNode{Value: nameRun}}, n.Arguments...)
}

// call makes a call of one of our functions; the first argument of each is the rendering it runs in.
func call(name string, arguments ...ast.Node) *ast.CallNode {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: nameRun}}, arguments...),
	}
}

func replace(node *ast.Node, name string, arguments ...ast.Node) {
	n := call(name, arguments...)
	n.SetLocation((*node).Location())
	*node = n
}

// collect adds what the expression may read; see Mapping.Reads.
func (p *patcher) collect(reads map[string]bool) {
	whole := map[string]bool{}
	requisites, companies := false, false
	for _, id := range p.identifiers {
		if slices.Contains(roots(), id.name) {
			whole[id.name] = true
		}
	}
	for _, m := range p.members {
		if slices.Contains(roots(), m.root) {
			reads[m.root+"."+m.field] = true
		}
		requisites = requisites || m.field == "REQUISITES"
		companies = companies || m.field == "COMPANY"
	}
	for name := range p.called {
		if f := p.functions[name]; f.reads != "" {
			whole[f.reads] = true
		}
	}
	for name := range whole {
		reads[name] = true
	}
	if companies {
		reads["contacts.COMPANY"] = true
	}
	if requisites {
		reads["contacts.REQUISITES"], reads["company.REQUISITES"] = true, true
	}
}
