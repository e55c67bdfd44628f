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
	"konturbridge/app/mapping/tree"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type mappingsView struct {
	frame
	List []entry
	Add  []page.Field
}

func (p *pages) mappings(ctx context.Context, r page.Request) (page.Response, error) {
	return p.showMappings(ctx, r, nil)
}

func (p *pages) showMappings(ctx context.Context, r page.Request, problems settings.Problems) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	view := mappingsView{frame: p.frame("mappings", now, r)}
	for i, m := range now.Settings.Mappings {
		view.List = append(view.List, entry{fmt.Sprintf("settings/mappings/%d", i), m.Name, []string{p.kindLabel(r, m.DocflowType+m.DocumentType)}})
	}
	begin := []page.Option{{Value: "ready", Label: say(r, "готовое соответствие моста", "the bridge's ready mapping")}, {Value: "empty", Label: say(r, "пустое", "an empty one")}}
	view.Add = []page.Field{
		{ID: "docflow_type", Name: "docflow_type", Label: say(r, "Тип документооборота", "Docflow type"), Kind: "select", Options: choose(p.typeOptions(r), text(r, "docflow_type"))},
		{ID: "name", Name: "name", Label: say(r, "Название", "Name"), Value: text(r, "name"), Required: true,
			Hint: say(r, "По нему соответствие выбирают в роботе и триггере.", "Robots and triggers choose the mapping by it.")},
		{ID: "from", Name: "from", Label: say(r, "Начать с", "Begin with"), Kind: "select", Options: choose(begin, cmp.Or(text(r, "from"), "ready"))},
	}
	if len(problems) > 0 {
		view.keep(r)
	}
	var at map[string]string
	view.Faults, at = faulty(r, problems, "mappings", map[string]string{"": "name", "name": "name", "docflow_type": "docflow_type"})
	mark(view.Add, at)
	return p.form(r, "mappings", view, len(problems) > 0)
}

func (p *pages) addMapping(ctx context.Context, r page.Request) (page.Response, error) {
	m := settings.Mapping{Name: text(r, "name"), DocflowType: text(r, "docflow_type"), Options: map[string]any{}}
	if text(r, "from") == "ready" {
		if ready, ok, err := mapping.PresetFor(m.DocflowType); err != nil {
			return page.Response{}, err
		} else if ok {
			m.Options = ready.Options
		}
	}
	last := 0
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		last = len(s.Mappings)
		s.Mappings = replaced(s.Mappings, last, m)
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	if len(problems) > 0 {
		return p.showMappings(ctx, r, relative(problems, "mappings", last))
	}
	r.Params = map[string]string{"at": strconv.Itoa(last)}
	answer, err := p.mapping(ctx, r)
	answer.Say = saved()
	return answer, err
}

func (p *pages) removeMapping(ctx context.Context, r page.Request) (page.Response, error) {
	return p.remove(ctx, r, p.mappings, func(s *settings.Settings, at int) { s.Mappings = without(s.Mappings, at) })
}

type mappingView struct {
	frame
	Path     string // of the page
	At       string // of the place within the tree, as in the address
	Name     page.Field
	Type     string
	Crumbs   []nav
	Rows     []row
	YAML     *input
	AsYAML   string // the page that shows the place as YAML, or back
	Card     []page.Field
	Tried    *triedView
	Unsaved  bool
	AtTheTop bool
}

// row is a line of the tree.
type row struct {
	Heading string // of a group that stands below
	Depth   int
	Path    string // of the place in the target, for people
	Link    *nav   // of a group on a page of its own
	Count   int    // of what is filled in there
	Need    bool   // required
	Empty   bool
	Input   *input
}

// where reads the place of the tree from the address or the form.
func where(values url.Values) []string {
	at := values.Get("at")
	if at == "" {
		return nil
	}
	return strings.Split(at, "/")
}

func (p *pages) mapping(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, m, err := p.chosenMapping(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	return p.showMapping(ctx, r, now, at, m, mappingState{values: r.Query})
}

func (p *pages) chosenMapping(ctx context.Context, r page.Request) (Current, int, settings.Mapping, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return now, 0, settings.Mapping{}, err
	}
	at, fresh, err := place(r, len(now.Settings.Mappings))
	if err != nil || fresh {
		return now, 0, settings.Mapping{}, page.NotFound()
	}
	return now, at, now.Settings.Mappings[at], nil
}

// mappingState is what a page of a mapping shows beside what is stored.
type mappingState struct {
	values   url.Values
	problems settings.Problems
	tried    *Tried
	unsaved  bool
}

// parseMapping reads a form over what is stored.
func parseMapping(form url.Values, m settings.Mapping) (settings.Mapping, settings.Problems) {
	var problems settings.Problems
	if name := trimmed(form, "name"); name != "" {
		m.Name = name
	}
	root := rootBranch(m.DocflowType, m.Options)
	bad := func(path string, err error) {
		problems = append(problems, settings.Problem{Path: "mappings.options." + path, RU: "это не YAML: " + err.Error(), EN: err.Error()})
	}
	if form.Has("yaml") {
		value, err := tree.Parse([]byte(form.Get("yaml")))
		if err != nil {
			bad("", err)
			return m, problems
		}
		m.Options = put(m.Options, where(form), value)
	}
	for name := range form {
		path, ours := strings.CutPrefix(name, "v:")
		if !ours {
			continue
		}
		keys := strings.Split(path, "/")
		b, known := root.find(keys)
		if !known {
			continue
		}
		value, err := b.parse(form.Get(name))
		if err != nil {
			bad(b.target, err)
			continue
		}
		m.Options = put(m.Options, keys, value)
	}
	if m.Options == nil {
		m.Options = map[string]any{}
	}
	return m, problems
}

// parse reads what was typed for a place.
func (b branch) parse(sent string) (any, error) {
	value, err := read(sent, b.value)
	text, isText := value.(string)
	switch {
	case err != nil || !isText:
		return value, err
	case text == "":
		return nil, nil
	case b.spec == nil:
		return text, nil
	}
	switch b.spec.scalar {
	case "integer", "number":
		if n, err := strconv.Atoi(text); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f, nil
		}
	case "boolean":
		if text == "true" || text == "false" {
			return text == "true", nil
		}
	}
	return text, nil
}

func (p *pages) saveMapping(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, stored, err := p.chosenMapping(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	m, problems := parseMapping(r.Form, stored)
	if r.Form.Has("try") && len(problems) == 0 {
		return p.tryMapping(ctx, r, now, at, m)
	}
	if len(problems) == 0 {
		if problems, err = p.edit(ctx, r, func(s *settings.Settings) error {
			s.Mappings = replaced(s.Mappings, at, m)
			return nil
		}); err != nil {
			return page.Response{}, err
		}
	}
	if len(problems) > 0 {
		return p.showMapping(ctx, r, now, at, m, mappingState{values: r.Form, problems: relative(problems, "mappings", at), unsaved: true})
	}
	if now, _, m, err = p.chosenMapping(ctx, r); err != nil {
		return page.Response{}, err
	}
	r.Form.Set("at", strings.Join(rootBranch(m.DocflowType, m.Options).reach(where(r.Form)), "/"))
	answer, err := p.showMapping(ctx, r, now, at, m, mappingState{values: r.Form})
	answer.Say = saved()
	return answer, err
}

// tryMapping shows what a mapping makes of a card, as it is on the screen. Nothing is stored and nothing is filed.
func (p *pages) tryMapping(ctx context.Context, r page.Request, now Current, at int, m settings.Mapping) (page.Response, error) {
	state := mappingState{values: r.Form, unsaved: true}
	if _, err := mapping.Compile(m.Options); err != nil {
		state.problems = compileProblems(err)
		return p.showMapping(ctx, r, now, at, m, state)
	}
	kind, id, ok := cardOf(text(r, "card"), text(r, "kind"))
	if !ok {
		state.problems = settings.Problems{{Path: "card", RU: "Впишите номер карточки или ссылку на неё, например 7405 или https://…/crm/deal/details/7405/.",
			EN: "Give a card's number or its address, such as 7405 or https://…/crm/deal/details/7405/."}}
		return p.showMapping(ctx, r, now, at, m, state)
	}
	tried, err := p.Trial.Try(ctx, r.Session.Portal, p.lists(r).kind(ctx, kind), id, m.DocflowType, m.Options)
	if err != nil {
		return page.Response{}, err
	}
	state.tried = &tried
	return p.showMapping(ctx, r, now, at, m, state)
}

func compileProblems(err error) settings.Problems {
	var problems settings.Problems
	faults, _ := err.(mapping.CompileErrors) //nolint:errorlint // Compile gives it bare
	for _, f := range faults {
		problems = append(problems, settings.Problem{Path: joined("mappings.options", f.Path), RU: "ошибка в выражении: " + f.Message, EN: f.Message})
	}
	if len(faults) == 0 {
		problems = settings.Problems{{RU: err.Error(), EN: err.Error()}}
	}
	return problems
}

// cardOf finds the card in what a person has typed: a number, or the card's address in the portal.
func cardOf(typed, chosen string) (kind string, id int64, ok bool) {
	kind = cmp.Or(chosen, "deal")
	if id, err := strconv.ParseInt(typed, 10, 64); err == nil {
		return kind, id, id > 0
	}
	u, err := url.Parse(typed)
	if err != nil {
		return kind, 0, false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	at := slices.Index(parts, "details")
	if at < 1 || at+1 >= len(parts) {
		return kind, 0, false
	}
	switch before := parts[at-1]; {
	case before == "deal", before == "lead":
		kind = before
	case at > 1 && parts[at-2] == "type":
		kind = "item:" + before
	}
	id, err = strconv.ParseInt(parts[at+1], 10, 64)
	return kind, id, err == nil && id > 0
}
