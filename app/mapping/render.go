package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// Result is what a mapping made of a card.
type Result struct {
	// Options is the tree: map[string]any, []any, string, int, float64, bool, and *FileRef where a file of
	// the card goes (see Resolve).
	Options any
	// Files lists those places.
	Files []FileUse
	// Sources lists, for every place of the target that an expression looked after, the CRM fields that it
	// read ("deal.UF_CRM_CADASTRAL", "contacts[1].NAME"), also where the place came out empty.
	Sources map[string][]string

	ids    map[string]string // contacts' ids by place
	failed map[string]bool   // places whose expression failed, which was said
}

// Render fills the tree for a card. Places that came out blank are left out, together with the maps and
// lists that would hold nothing or only literals; what the target requires is then missing, and Check says so.
// The problems are those of expressions, all of them, sorted by path.
func (m *Mapping) Render(card Card) (Result, []Problem) {
	r := newRun(card, true)
	made := m.root.render(r, "")
	options := made.value
	if options == nil {
		options = map[string]any{}
	}
	result := Result{Options: options, Sources: r.sources, ids: r.ids(), failed: r.failed}
	// Resolve walks every place in order; its answer is not needed and its callback never fails.
	_, _ = result.Resolve(func(use FileUse) (any, error) {
		result.Files = append(result.Files, use)
		return nil, nil
	})
	sortProblems(r.problems)
	return result, r.problems
}

// RenderValue fills a small tree as it stands: nothing is left out, an empty place is nil, and a mixture of
// text and expressions stays a text. It serves triggers' parameters and reactions' templates.
func RenderValue(from any, card Card) (any, []Problem) {
	m, err := Compile(from)
	if err != nil {
		return nil, []Problem{{Rule: RuleExpression, Severity: SeverityError, RU: "ошибка в выражении: " + err.Error(), EN: err.Error()}}
	}
	return m.RenderValue(card)
}

// RenderValue is the function of that name for a tree that is compiled already.
func (m *Mapping) RenderValue(card Card) (any, []Problem) {
	r := newRun(card, false)
	made := m.root.render(r, "")
	sortProblems(r.problems)
	return made.value, r.problems
}

// outcome is what a node made.
type outcome struct {
	value any
	keep  bool // false: the place vanishes
	// dynamic says that an expression stands here or below, live that one of them gave a value. A map that is
	// dynamic and not live holds literals alone, and those don't keep it: an address must not consist of "кв".
	dynamic, live bool
}

type node interface {
	render(r *run, path string) outcome
}

type literal struct{ value any }

func (n literal) render(r *run, _ string) outcome {
	return outcome{value: n.value, keep: n.value != nil || !r.prune}
}

// leaf is a string that is one expression.
type leaf struct{ code *expression }

func (n leaf) render(r *run, path string) outcome {
	v := r.eval(n.code, path)
	filled := !blank(v)
	if !filled && r.prune {
		return outcome{dynamic: true}
	}
	return outcome{value: v, keep: true, dynamic: true, live: filled}
}

// mixedNode is text with expressions in it.
type mixedNode struct{ parts []mixedPart }

type mixedPart struct {
	text string
	code *expression
}

func (n mixedNode) render(r *run, path string) outcome {
	var (
		b    strings.Builder
		live bool
	)
	for _, p := range n.parts {
		if p.code == nil {
			b.WriteString(p.text)
			continue
		}
		v := r.eval(p.code, path)
		live = live || !blank(v)
		s, err := asText(v)
		if list, ok := v.([]any); ok {
			var joined any
			joined, err = joinText(r, []any{list, ", "})
			s, _ = joined.(string)
		}
		if err == nil {
			err = r.grow(len(s))
		}
		if err != nil {
			r.problems = append(r.problems, Problem{Path: path, Rule: RuleExpression, Severity: SeverityError,
				Fields: r.sources[path], RU: "в тексте должно быть одно значение: " + inRussian(err), EN: "not for a text: " + err.Error(), ids: r.ids()})
			continue
		}
		b.WriteString(s)
	}
	if !live && r.prune {
		return outcome{dynamic: true}
	}
	return outcome{value: b.String(), keep: true, dynamic: true, live: live}
}

type mapNode struct {
	keys   []string
	values []node
	keep   bool // also when nothing came out below it
}

func (n mapNode) render(r *run, path string) outcome {
	out := make(map[string]any, len(n.keys))
	var whole outcome
	for i, key := range n.keys {
		made := n.values[i].render(r, joinPath(path, key))
		whole.dynamic = whole.dynamic || made.dynamic
		whole.live = whole.live || made.live
		if made.keep {
			out[key] = made.value
		}
	}
	if path != "" && r.prune && whole.dynamic && !whole.live && !n.keep {
		return outcome{dynamic: true}
	}
	whole.value, whole.keep = out, true
	whole.live = whole.live || n.keep
	return whole
}

type listNode struct{ items []node }

func (n listNode) render(r *run, path string) outcome {
	list := &listBuilder{run: r, path: path, out: []any{}}
	for _, item := range n.items {
		list.take(item)
	}
	if len(list.out) == 0 && list.dynamic && r.prune {
		return outcome{dynamic: true}
	}
	return outcome{value: list.out, keep: true, dynamic: list.dynamic, live: list.live}
}

// listBuilder collects elements; the places of those that vanish belong to the list itself, so that a
// list which came out empty still knows which fields it was to be made of.
type listBuilder struct {
	run           *run
	path          string
	out           []any
	dynamic, live bool
}

// take adds an element; a $each among the elements of a list adds its own, one after another.
func (b *listBuilder) take(item node) {
	switch n := item.(type) {
	case eachNode:
		n.into(b)
	case letNode:
		if spreads(n.body) {
			n.within(b.run, b.path, func() { b.take(n.body) })
			return
		}
		b.add(item)
	default:
		b.add(item)
	}
}

func spreads(n node) bool {
	switch n := n.(type) {
	case eachNode:
		return true
	case letNode:
		return spreads(n.body)
	}
	return false
}

func (b *listBuilder) add(item node) {
	at := fmt.Sprintf("%s[%d]", b.path, len(b.out))
	made := item.render(b.run, at)
	b.dynamic = b.dynamic || made.dynamic
	if made.keep {
		b.live = b.live || made.live
		b.out = append(b.out, made.value)
		return
	}
	for path, fields := range b.run.sources {
		if under(path, at) {
			b.run.sources[b.path] = mergeSorted(b.run.sources[b.path], fields)
			delete(b.run.sources, path)
		}
	}
}

// under reports whether path is at or below the place.
func under(path, place string) bool {
	rest, ok := strings.CutPrefix(path, place)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

type ifNode struct {
	condition       *expression
	then, otherwise node
}

func (n ifNode) render(r *run, path string) outcome {
	if truthy(r.look(n.condition, path)) {
		made := n.then.render(r, path)
		// A condition that holds is a reason to keep a branch of literals.
		if _, isMap := made.value.(map[string]any); made.keep && (!made.dynamic || !isMap) {
			made.live = true
		}
		made.dynamic = true
		return made
	}
	made := n.otherwise.render(r, path)
	if made.value == nil && r.prune {
		return outcome{dynamic: true}
	}
	made.dynamic = true
	made.live = made.live || made.keep
	return made
}

type eachNode struct {
	list *expression
	name string
	item node
}

func (n eachNode) render(r *run, path string) outcome {
	list := &listBuilder{run: r, path: path, out: []any{}}
	n.into(list)
	if len(list.out) == 0 && r.prune {
		return outcome{dynamic: true}
	}
	return outcome{value: list.out, keep: true, dynamic: true, live: len(list.out) > 0}
}

// into adds what the elements make to a list.
func (n eachNode) into(list *listBuilder) {
	r := list.run
	items := asList(r.look(n.list, list.path))
	if len(items) > maxElements {
		r.problems = append(r.problems, Problem{Path: list.path, Rule: RuleExpression, Severity: SeverityError,
			RU: fmt.Sprintf("в списке больше %d элементов", maxElements), EN: fmt.Sprintf("the list has more than %d elements", maxElements)})
		items = nil
	}
	list.dynamic = true
	for i, item := range items {
		r.with(n.name, item, func() {
			r.with(n.name+"_index", i, func() { list.add(n.item) })
		})
	}
}

type binding struct {
	name string
	code *expression
}

type letNode struct {
	let  []binding
	body node
}

func (n letNode) render(r *run, path string) outcome {
	var made outcome
	n.within(r, path, func() { made = n.body.render(r, path) })
	return made
}

// within runs body with the names set.
func (n letNode) within(r *run, path string, body func()) {
	values := make([]any, len(n.let))
	for i, b := range n.let {
		values[i] = r.look(b.code, path)
	}
	for i := range slices.Backward(n.let) {
		inner, value := body, values[i]
		body = func() { r.with(n.let[i].name, value, inner) }
	}
	body()
}
