package setup

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"konturbridge/app/action"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type listView struct {
	frame
	List []entry
}

type triggerView struct {
	frame
	Path       string
	When, Does []input
	About      string
	Parameters []input
}

func (p *pages) triggers(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	l := p.lists(r)
	view := listView{frame: p.frame("triggers", now, r)}
	for i, t := range now.Settings.Triggers {
		view.List = append(view.List, entry{fmt.Sprintf("settings/triggers/%d", i), l.when(ctx, t), []string{p.actionName(r, t.Action)}})
	}
	view.Silent = l.Silent
	return p.set.Render(r, "triggers", view)
}

// when says in words what a trigger waits for.
func (l *lists) when(ctx context.Context, t settings.Trigger) string {
	kind := l.kind(ctx, kindKey(t.Entity, t.EntityTypeID))
	if t.Field != "" {
		return kind.Title + ": " + say(l.r, "изменилось поле ", "field changed: ") + fieldTitle(l.fields(ctx, kind.Type), t.Field)
	}
	return kind.Title + ": " + stageName(l.funnels(ctx, kind), t.Stage)
}

func fieldTitle(fields []CardField, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Title
		}
	}
	return name
}

func (p *pages) action(code string) (action.Action, bool) {
	at := slices.IndexFunc(p.Actions, func(a action.Action) bool { return a.Code == code })
	if at < 0 {
		return action.Action{}, false
	}
	return p.Actions[at], true
}

func (p *pages) actionName(r page.Request, code string) string {
	if a, ok := p.action(code); ok {
		return say(r, a.Name.RU, a.Name.EN)
	}
	return code
}

func (p *pages) trigger(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Triggers) })
	if err != nil {
		return page.Response{}, err
	}
	t := settings.Trigger{Entity: settings.Deal}
	if !fresh {
		t = now.Settings.Triggers[at]
	}
	values := p.triggerValues(t)
	if r.Query.Has("kind") { // a choice has changed what else there is to choose
		values = r.Query
	}
	return p.showTrigger(ctx, r, now, t, values, nil)
}

// triggerValues are the values of a trigger's form.
func (p *pages) triggerValues(t settings.Trigger) url.Values {
	values := url.Values{"kind": {kindKey(t.Entity, t.EntityTypeID)}, "when": {"stage"}, "stage": {t.Stage}, "field": {t.Field}, "action": {t.Action}}
	if t.Field != "" {
		values.Set("when", "field")
	}
	a, _ := p.action(t.Action)
	for _, param := range a.Params {
		values.Set("p."+param.Name, "") // what a trigger leaves out is no place for a default
	}
	for name, value := range t.Parameters {
		values.Set("p."+name, paramText(value))
	}
	return values
}

// parseTrigger reads the form over what is stored.
func (p *pages) parseTrigger(form url.Values, stored settings.Trigger, funnels []Funnel) (settings.Trigger, settings.Problems) {
	t := settings.Trigger{Action: form.Get("action"), Parameters: map[string]any{}}
	t.Entity, t.EntityTypeID = parseKind(form.Get("kind"))
	if form.Get("when") == "field" {
		t.Field = strings.TrimSpace(form.Get("field"))
	} else {
		t.Stage = strings.TrimSpace(form.Get("stage"))
		if f, ok := funnelOf(funnels, t.Stage); ok && t.Entity != settings.Lead && f.Name != "" {
			t.Category = &f.ID
		} else if t.Stage == stored.Stage {
			t.Category = stored.Category
		}
	}
	if t.Field != "" && t.Field == stored.Field {
		t.Category = stored.Category
	}
	var old map[string]any
	if stored.Action == t.Action {
		old = stored.Parameters
	}
	a, _ := p.action(t.Action)
	values, problems := parseParameters(form, a.Params, old)
	t.Parameters = values
	return t, problems
}

func (p *pages) saveTrigger(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Triggers) })
	if err != nil {
		return page.Response{}, err
	}
	var stored settings.Trigger
	if !fresh {
		stored = now.Settings.Triggers[at]
	}
	l := p.lists(r)
	kind := l.kind(ctx, r.Form.Get("kind"))
	t, problems := p.parseTrigger(r.Form, stored, l.funnels(ctx, kind))
	if len(problems) == 0 {
		if problems, err = p.edit(ctx, r, func(s *settings.Settings) error {
			s.Triggers = replaced(s.Triggers, at, t)
			return nil
		}); err != nil {
			return page.Response{}, err
		}
	}
	if len(problems) > 0 {
		return p.showTrigger(ctx, r, now, stored, r.Form, relative(problems, "triggers", at))
	}
	answer, err := p.triggers(ctx, r)
	answer.Say = saved()
	return answer, err
}

// relative takes the number of an entry out of the paths of its problems, for entries that are not stored yet.
func relative(problems settings.Problems, section string, at int) settings.Problems {
	problems = slices.Clone(problems)
	for i := range problems {
		if rest, ok := strings.CutPrefix(problems[i].Path, entryPath(section, at)); ok {
			problems[i].Path = section + rest
		}
	}
	return problems
}

func (p *pages) removeTrigger(ctx context.Context, r page.Request) (page.Response, error) {
	return p.remove(ctx, r, p.triggers, func(s *settings.Settings, at int) { s.Triggers = without(s.Triggers, at) })
}

// remove takes an entry out of a list of the settings and shows the list.
func (p *pages) remove(ctx context.Context, r page.Request, list func(context.Context, page.Request) (page.Response, error), take func(*settings.Settings, int)) (page.Response, error) {
	at, fresh, err := place(r, maxEntries)
	if err != nil || fresh {
		return page.Response{}, page.NotFound()
	}
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		take(s, at)
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	if len(problems) > 0 {
		return page.Response{}, refusedAs(problems)
	}
	answer, err := list(ctx, r)
	answer.Say = page.Good("Удалено.", "Removed.")
	return answer, err
}

// maxEntries bounds the numbers in addresses; a number that is not there changes nothing.
const maxEntries = 10000

// refusedAs is the answer to a press that has no form to show faults at.
func refusedAs(problems settings.Problems) *page.Problem {
	var ru, en []string
	for _, one := range problems {
		ru, en = append(ru, one.Russian()), append(en, one.String())
	}
	return &page.Problem{Status: http.StatusUnprocessableEntity, RU: "Ничего не изменено. " + strings.Join(ru, "; "), EN: "Nothing was changed. " + strings.Join(en, "; ")}
}

func (p *pages) showTrigger(ctx context.Context, r page.Request, now Current, stored settings.Trigger, values url.Values, problems settings.Problems) (page.Response, error) {
	l := p.lists(r)
	kind := l.kind(ctx, values.Get("kind"))
	view := triggerView{frame: p.below("triggers", say(r, "Триггер", "Trigger"), now, r), Path: "settings/triggers/" + r.Params["at"]}
	if view.Quiet = r.Query.Has("kind"); view.Quiet || len(problems) > 0 {
		view.keep(r)
	}
	if r.Params["at"] == "new" {
		view.Title = say(r, "Новый триггер", "New trigger")
	} else {
		view.Remove = &removal{view.Path + "/remove", say(r, "Удалить этот триггер? Карточки больше не будут запускать его действие.",
			"Remove this trigger? Cards will not run its action any more.")}
	}
	again := func(f page.Field) input { return input{Field: f, Again: view.Path} }
	ids := map[string]string{"": "kind", "stage": "stage", "field": "field", "entity": "kind", "entityTypeId": "kind", "category": "stage",
		"action": "action", "parameters": "action"}
	view.When = []input{
		again(page.Field{ID: "kind", Name: "kind", Label: say(r, "Карточка", "Card"), Kind: "select", Options: choose(kindOptions(l.kinds(ctx)), values.Get("kind"))}),
		again(page.Field{ID: "when", Name: "when", Label: say(r, "Событие", "Event"), Kind: "select", Options: choose([]page.Option{
			{Value: "stage", Label: say(r, "перешла на стадию", "entered a stage")}, {Value: "field", Label: say(r, "изменилось поле", "a field changed")}}, values.Get("when"))}),
	}
	if values.Get("when") == "field" {
		delete(ids, "stage")
		ids[""] = "field"
		view.When = append(view.When, l.fieldInput(ctx, kind, "field", say(r, "Поле", "Field"), values.Get("field")))
	} else {
		ids[""] = "stage"
		view.When = append(view.When, l.stageInput(ctx, kind, "stage", say(r, "Стадия", "Stage"), values.Get("stage")))
	}
	view.Does = []input{again(page.Field{ID: "action", Name: "action", Label: say(r, "Действие", "Action"), Kind: "select", Required: true,
		Options: p.actionOptions(r, values.Get("action"))})}
	if a, ok := p.action(values.Get("action")); ok {
		view.About = say(r, a.Description.RU, a.Description.EN)
		view.Parameters = p.parameters(ctx, r, now.Settings, a.Params, values, ids)
	}
	view.Insert = l.insertable(ctx, kind, false)
	view.Silent = l.Silent
	var at map[string]string
	view.Faults, at = faulty(r, problems, "triggers", ids)
	for _, list := range [][]input{view.When, view.Does, view.Parameters} {
		markInputs(list, at)
	}
	return p.form(r, "trigger", view, len(problems) > 0)
}

func (p *pages) actionOptions(r page.Request, value string) []page.Option {
	options := []page.Option{{Label: say(r, "Выберите действие", "Choose an action")}}
	for _, a := range p.Actions {
		options = append(options, page.Option{Value: a.Code, Label: say(r, a.Name.RU, a.Name.EN)})
	}
	return choose(options, value)
}
