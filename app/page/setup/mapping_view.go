package setup

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

// triedView is what a mapping made of a card.
type triedView struct {
	Title    string
	Errors   []foundView
	Warnings []foundView
	Made     string // the whole result as YAML
	Clean    bool
}

// foundView is something wrong, with the way to where it is put in order.
type foundView struct {
	Text   string
	Rule   string
	Fields []string
	Link   nav
	Here   string // the field's id when it is on this page
}

// inPage is how many expressions below a place stand on its page; those of larger groups get a page of their own.
const inPage = 14

func (p *pages) showMapping(ctx context.Context, r page.Request, now Current, at int, m settings.Mapping, state mappingState) (page.Response, error) {
	l := p.lists(r)
	path := fmt.Sprintf("settings/mappings/%d", at)
	keys := where(state.values)
	root := rootBranch(m.DocflowType, m.Options)
	here, ok := root.find(keys)
	if !ok {
		return page.Response{}, page.NotFound()
	}
	view := mappingView{frame: p.below("mappings", m.Name, now, r), Path: path, At: strings.Join(keys, "/"), Type: p.kindLabel(r, m.DocflowType+m.DocumentType), Unsaved: state.unsaved,
		AtTheTop: len(keys) == 0, Name: page.Field{ID: "name", Name: "name", Label: say(r, "Название", "Name"), Value: m.Name, Required: true,
			Hint: say(r, "Роботы и триггеры выбирают соответствие по этому имени.", "Robots and triggers choose the mapping by this name.")}}
	if view.AtTheTop {
		view.Remove = &removal{path + "/remove", say(r, "Удалить соответствие «"+m.Name+"»? Роботы и триггеры, которые его называют, перестанут работать.",
			"Remove the mapping "+m.Name+"? Robots and triggers that name it will fail.")}
	}
	b := &treeBuilder{l: l, path: path, ids: map[string]string{"name": "name", "docflow_type": "name", "options": "tree", "": "tree"}}
	if card := state.values.Get("card"); card != "" {
		b.card = url.Values{"card": {card}, "kind": {state.values.Get("kind")}}
	}
	view.Crumbs = b.crumbs(root, keys)
	view.AsYAML = b.to(keys, "yaml")
	if state.values.Has("yaml") {
		value := written(here.value)
		if len(state.problems) > 0 {
			value = state.values.Get("yaml")
		}
		view.YAML = &input{Field: page.Field{ID: "yaml", Name: "yaml", Label: say(r, "Выражения этого места в YAML", "The expressions of this place as YAML"), Value: value}, Expression: true, Rows: 18}
		view.AsYAML = b.to(keys, "")
		b.ids["options"], b.ids[""] = "yaml", "yaml"
	} else {
		b.add(here, 0)
		view.Rows = b.rows
	}
	kind := l.kind(ctx, cmp.Or(state.values.Get("kind"), "deal"))
	view.Card = []page.Field{
		{ID: "kind", Name: "kind", Label: say(r, "Вид карточки", "Kind of card"), Kind: "select", Options: choose(kindOptions(l.kinds(ctx)), kind.Key)},
		{ID: "card", Name: "card", Label: say(r, "Номер карточки или ссылка на неё", "The card's number or address"), Value: state.values.Get("card"), Placeholder: "7405"},
	}
	b.ids["card"] = "card"
	view.Faults, view.Card = b.faults(r, state.problems, view.Card)
	if view.YAML != nil && len(view.Faults) > 0 {
		view.YAML.Fault = view.Faults[0].Text
	}
	if state.unsaved {
		view.keep(r)
	}
	if state.tried != nil {
		view.Tried = b.tried(ctx, *state.tried, root)
	}
	view.Insert = l.insertable(ctx, kind, false)
	view.Silent = l.Silent
	view.Quiet = state.unsaved
	return p.form(r, "mapping", view, len(state.problems) > 0)
}

// address is that of a place of the tree.
func address(path string, keys []string, as string) string {
	query := url.Values{}
	if len(keys) > 0 {
		query.Set("at", strings.Join(keys, "/"))
	}
	if as != "" {
		query.Set(as, "1")
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// to is the address of another place, with the card that is being tried.
func (b *treeBuilder) to(keys []string, as string) string {
	to := address(b.path, keys, as)
	if len(b.card) == 0 {
		return to
	}
	if strings.Contains(to, "?") {
		return to + "&" + b.card.Encode()
	}
	return to + "?" + b.card.Encode()
}

// treeBuilder makes the lines of a page.
type treeBuilder struct {
	l      *lists
	path   string
	rows   []row
	inputs []*input
	target []string          // of each input
	ids    map[string]string // fields by the place in the settings file below the mapping
	card   url.Values        // the card that is being tried
}

func (b *treeBuilder) crumbs(root branch, keys []string) []nav {
	if len(keys) == 0 {
		return nil
	}
	all := []nav{{Path: b.to(nil, ""), Title: say(b.l.r, "Начало", "Top")}}
	for i := range keys {
		at, ok := root.find(keys[:i+1])
		if !ok {
			return all
		}
		all = append(all, nav{Path: b.to(keys[:i+1], ""), Title: b.title(at), Now: i == len(keys)-1})
	}
	return all
}

// title names a place for people.
func (b *treeBuilder) title(at branch) string {
	r := b.l.r
	switch at.key {
	case keyValue:
		if at.only {
			return say(r, "состав", "what is made")
		}
		return say(r, "если да", "if so")
	case keyElse:
		return say(r, "иначе", "otherwise")
	case keyIf:
		return say(r, "Условие ($if)", "Condition ($if)")
	case keyEach:
		return say(r, "Для каждого из ($each)", "For each of ($each)")
	case keyAs:
		return say(r, "под именем ($as)", "known as ($as)")
	case keyLet:
		return say(r, "Имена ($let)", "Names ($let)")
	}
	if n, err := strconv.Atoi(at.key); err == nil {
		return fmt.Sprintf("%s № %d", at.spec.name(say(r, "Элемент", "Element")), n+1)
	}
	return at.spec.name(at.key)
}

// add makes the lines of what is below a place.
func (b *treeBuilder) add(at branch, depth int) {
	if at.leaf() {
		b.leaf(at, depth)
		return
	}
	for _, c := range at.children() {
		switch {
		case c.leaf() || c.rule:
			b.leaf(c, depth)
		case c.only && depth == 0:
			b.add(c, depth)
		case depth < 2 && c.value == nil && len(c.children()) <= 3, depth < 2 && c.value != nil && size(c, inPage) <= inPage:
			b.rows = append(b.rows, row{Heading: b.title(c), Depth: depth, Path: c.target, Need: c.required})
			b.add(c, depth+1)
		default:
			b.rows = append(b.rows, row{Link: &nav{Path: b.to(c.path, ""), Title: b.title(c)}, Depth: depth, Path: c.target, Need: c.required,
				Count: filled(c.value), Empty: c.value == nil})
		}
	}
}

// size counts the lines below a place, up to a little more than most.
func size(at branch, most int) int {
	if at.leaf() || at.rule {
		return 1
	}
	n := 0
	for _, c := range at.children() {
		if n += size(c, most); n > most {
			return n
		}
	}
	return n
}

func (b *treeBuilder) leaf(at branch, depth int) {
	name := "v:" + strings.Join(at.path, "/")
	in := &input{Field: page.Field{ID: name, Name: name, Label: b.title(at), Required: at.required, Value: written(at.value)}, Expression: true}
	switch {
	case compound(at.value):
		in.Rows = min(8, 1+strings.Count(in.Value, "\n"))
		in.Hint = "YAML"
	case strings.Contains(in.Value, "\n") || len(in.Value) > 90:
		in.Rows = 2
	}
	if at.spec != nil && !at.rule {
		in.Hint = b.hint(at)
	}
	b.ids["options."+at.target] = in.ID
	if at.rule {
		b.ids["options."+joined(at.target, at.key)] = in.ID
	}
	b.inputs = append(b.inputs, in)
	b.target = append(b.target, at.target)
	b.rows = append(b.rows, row{Depth: depth, Path: at.target, Input: in})
}

// hintWords is how many values of a list a hint names.
const hintWords = 6

func (b *treeBuilder) hint(at branch) string {
	s := at.spec
	var parts []string
	if at.target != "" {
		parts = append(parts, at.target)
	}
	if s.file() {
		parts = append(parts, "{{ file(deal.UF_CRM_…) }}")
	} else if hint := say(b.l.r, s.hint, cmp.Or(s.hintEN, s.hint)); hint != "" {
		parts = append(parts, hint)
	}
	var words []string
	for _, w := range s.words[:min(len(s.words), hintWords)] {
		words = append(words, strings.TrimSuffix(w.Code+" — "+w.Title, " — "))
	}
	if len(s.words) > hintWords {
		words = append(words, "…")
	}
	if len(words) > 0 {
		parts = append(parts, strings.Join(words, "; "))
	}
	return strings.Join(parts, " · ")
}

// faults puts what is wrong with the mapping's own text at its fields.
func (b *treeBuilder) faults(r page.Request, problems settings.Problems, card []page.Field) ([]page.Fault, []page.Field) {
	for i := range problems {
		if rest, ok := strings.CutPrefix(problems[i].Path, "mappings.options"); ok {
			problems[i].Path = strings.TrimSuffix("mappings.options."+rulePath(strings.TrimPrefix(rest, ".")), ".")
		} else if problems[i].Path == "card" {
			problems[i].Path = "mappings.card"
		}
	}
	all, at := faulty(r, problems, "mappings", b.ids)
	for _, in := range b.inputs {
		in.Fault = at[in.ID]
	}
	return all, mark(card, at)
}

// rulePath is plainPath that keeps a directive at its end.
func rulePath(path string) string {
	last := path[strings.LastIndexByte(path, '.')+1:]
	if strings.HasPrefix(last, "$") && last != keyValue && last != keyElse {
		return joined(plainPath(path), last)
	}
	return plainPath(path)
}

// tried shows what was made of a card: at each field what it gives, and everything that is wrong, with the way to it.
func (b *treeBuilder) tried(ctx context.Context, t Tried, root branch) *triedView {
	view := &triedView{Title: t.Title, Made: written(visible(t.Result.Options)), Clean: true}
	made := map[string][]string{}
	collect(t.Result.Options, "", made)
	for i, in := range b.inputs {
		if !strings.Contains(in.ID, "$") || strings.Contains(in.ID, "/"+keyValue) {
			in.Values = made[b.target[i]]
		}
	}
	var spots []spot
	if len(t.Problems) > 0 {
		spots = root.spots()
	}
	for _, found := range t.Problems {
		one := foundView{Text: say(b.l.r, found.Text(), found.English()), Rule: found.Rule, Fields: b.named(ctx, found.Fields)}
		target := plainPath(found.Path)
		at := locate(spots, target)
		parent := at.path
		if at.leaf && len(parent) > 0 {
			parent = parent[:len(parent)-1]
		}
		one.Link = nav{Path: b.to(parent, ""), Title: say(b.l.r, "Исправить", "Put in order")}
		for i, in := range b.inputs {
			if b.target[i] == target || in.ID == "v:"+strings.Join(at.path, "/") {
				one.Here = in.ID
				if found.Severity == mapping.SeverityError {
					in.Fault = strings.TrimPrefix(in.Fault+"; "+one.Text, "; ")
				} else {
					in.Values = append(in.Values, one.Text)
				}
				break
			}
		}
		if found.Severity == mapping.SeverityError {
			view.Errors, view.Clean = append(view.Errors, one), false
		} else {
			view.Warnings = append(view.Warnings, one)
		}
	}
	return view
}

// named gives fields by what the CRM calls them.
func (b *treeBuilder) named(ctx context.Context, fields []string) []string {
	types := map[string]int{"deal": TypeDeal, "lead": TypeLead, "contacts": TypeContact, "company": TypeCompany, "requisites": TypeRequisite}
	var all []string
	for _, f := range fields[:min(len(fields), 4)] {
		holder, _, _ := strings.Cut(strings.SplitN(f, ".", 2)[0], "[")
		name := f[strings.LastIndexByte(f, '.')+1:]
		title := ""
		if kind, ok := types[holder]; ok {
			title = fieldTitle(b.l.fields(ctx, kind), name)
		}
		if title != "" && title != name {
			f = "«" + title + "» (" + f + ")"
		}
		all = append(all, f)
	}
	return all
}

// shownValues is how many values of a list stand at its field.
const shownValues = 3

// collect gathers what was made for each place.
func collect(value any, target string, into map[string][]string) {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			collect(item, joined(target, key), into)
		}
	case []any:
		for _, item := range v {
			collect(item, target, into)
		}
	case nil:
	default:
		if len(into[target]) < shownValues {
			into[target] = append(into[target], shownText(v))
		}
	}
}

func shownText(value any) string {
	if file, ok := value.(*mapping.FileRef); ok {
		return "📎 " + cmp.Or(file.Name, file.ID)
	}
	return fmt.Sprint(value)
}

// visible is a result with files as words.
func visible(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = visible(item)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = visible(out[i])
		}
		return out
	case *mapping.FileRef:
		return shownText(v)
	}
	return value
}
