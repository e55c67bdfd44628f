package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/settings"
	"konturbridge/realty"
)

// The steps of the first run. Where a portal stands is told by its settings, so that the run can be left and taken
// up again at any time.
const (
	stepConnect = "connect"
	stepStages  = "stages"
	stepFields  = "fields"
	stepTry     = "try"
)

type firstView struct {
	frame
	Step     string
	Steps    []page.Step
	Tabs     []nav
	Accounts []entry
	Triggers []string
	Choice   []input // a stage, and what to do on it
	Kind     Kind
	Types    []string
	Fields   []FieldLine
	Missing  int
	Differ   int
	More     bool // not all fields are made yet
	Round    int
	Card     []page.Field
	Tried    *triedView
	Robots   int
	Link     string // the portal's page of automation
	Next     *nav
}

func firstSteps(r page.Request, now Current, step string) []page.Step {
	names := [][3]string{{stepConnect, say(r, "Подключение", "Connection"), ""}, {stepStages, say(r, "Стадии", "Stages"), ""},
		{stepFields, say(r, "Поля", "Fields"), ""}, {stepTry, say(r, "Проверка", "Trial"), ""}}
	done := map[string]bool{stepConnect: len(now.Settings.Connections) > 0, stepStages: len(now.Settings.Triggers) > 0}
	var steps []page.Step
	reached := true
	for _, one := range names {
		state := "next"
		switch {
		case one[0] == step:
			state, reached = "now", false
		case done[one[0]] || reached:
			state = "done"
		}
		steps = append(steps, page.Step{State: state, Title: one[1]})
	}
	return steps
}

// firstStep is the step to go on with.
func firstStep(r page.Request, now Current) string {
	asked := cmp.Or(r.Query.Get("step"), text(r, "step"))
	switch {
	case len(now.Settings.Connections) == 0:
		return stepConnect
	case slices.Contains([]string{stepConnect, stepStages, stepFields, stepTry}, asked):
		return asked
	case len(now.Settings.Triggers) == 0:
		return stepStages
	}
	return stepFields
}

func (p *pages) first(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	return p.showFirst(ctx, r, now, firstStep(r, now), nil, func(*firstView) {})
}

// showFirst shows a step; add puts in what has just happened.
func (p *pages) showFirst(ctx context.Context, r page.Request, now Current, step string, problems settings.Problems, add func(*firstView)) (page.Response, error) {
	l := p.lists(r)
	view := firstView{frame: p.frame("", now, r), Step: step, Steps: firstSteps(r, now, step)}
	view.Title = say(r, "Первая настройка", "First set-up")
	for _, one := range [][3]string{{stepConnect, "1. Подключение", "1. Connection"}, {stepStages, "2. Стадии", "2. Stages"}, {stepFields, "3. Поля", "3. Fields"}, {stepTry, "4. Проверка", "4. Trial"}} {
		view.Tabs = append(view.Tabs, nav{Path: "settings/first?step=" + one[0], Title: say(r, one[1], one[2]), Now: one[0] == step})
	}
	next := map[string]string{stepConnect: stepStages, stepStages: stepFields, stepFields: stepTry}[step]
	if next != "" && len(now.Settings.Connections) > 0 {
		view.Next = &nav{Path: "settings/first?step=" + next, Title: say(r, "Дальше", "Next")}
	}
	view.Kind = l.kind(ctx, chosenKind(r, now))
	view.Types = usedTypes(now.Settings)
	switch step {
	case stepConnect:
		for _, c := range now.Settings.Connections {
			view.Accounts = append(view.Accounts, entry{"settings/connections", c.Name, []string{serviceName(c.Kind)}})
		}
	case stepStages:
		for _, t := range now.Settings.Triggers {
			view.Triggers = append(view.Triggers, l.when(ctx, t)+" → "+p.triggerDoes(r, t))
		}
		view.Choice = l.stageChoice(ctx, r, view.Kind)
	case stepTry:
		view.Card = l.tryFields(ctx, r, view)
		there, err := p.Portal.Registered(ctx, r.Session.Portal)
		view.Robots = len(heard(l, there.Robots, err))
		if view.Kind.Type == TypeDeal && r.Session.Origin != "" {
			view.Link = r.Session.Origin + "/crm/deal/automation/0/"
		}
	}
	add(&view)
	if step == stepFields && view.Fields == nil {
		fields, err := p.Trial.Fields(ctx, r.Session.Portal, view.Kind, view.Types, true)
		view.Fields = heard(l, fields, err)
		view.count()
	}
	view.Silent = l.Silent
	var at map[string]string
	view.Faults, at = faulty(r, problems, "triggers", map[string]string{"": "stage", "stage": "stage", "action": "do", "parameters": "do", "card": "card"})
	markInputs(view.Choice, at)
	mark(view.Card, at)
	return p.form(r, "first", view, len(problems) > 0)
}

func (v *firstView) count() {
	v.Missing, v.Differ = 0, 0
	for _, f := range v.Fields {
		switch f.State {
		case "missing", "failed":
			v.Missing++
		case "differs":
			v.Differ++
		}
	}
}

// chosenKind is the kind of cards that the run is about: what was chosen, else that of the first trigger.
func chosenKind(r page.Request, now Current) string {
	if chosen := cmp.Or(r.Query.Get("kind"), text(r, "kind")); chosen != "" {
		return chosen
	}
	for _, t := range now.Settings.Triggers {
		return kindKey(t.Entity, t.EntityTypeID)
	}
	return "deal"
}

// usedTypes are the docflow types that the triggers file.
func usedTypes(set settings.Settings) []string {
	var types []string
	add := func(kind string) {
		if kind != "" && !slices.Contains(types, kind) {
			types = append(types, kind)
		}
	}
	for _, t := range set.Triggers {
		switch t.Action {
		case actionExtract:
			add(string(realty.ObjectRequestKind))
		case actionCreate:
			if named, ok := t.Parameters["docflow_type"].(string); ok {
				if kind, known := realty.ParseKind(named); known {
					add(string(kind))
				}
			}
		}
	}
	if len(types) == 0 {
		add(string(realty.ObjectRequestKind))
	}
	return types
}

// The actions that the first run offers, and the field that they read.
const (
	actionExtract = "realty_extract"
	actionCreate  = "realty_create"
	cadastral     = "{{ default(card.UF_CRM_KB_CADASTRAL, card.UF_CRM_CADASTRAL) }}"
)

func (p *pages) triggerDoes(r page.Request, t settings.Trigger) string {
	does := p.actionName(r, t.Action)
	if kind, ok := t.Parameters["docflow_type"].(string); ok {
		does += ": " + p.kindLabel(r, kind)
	}
	return does
}

// stageChoice lets choose a stage and what happens on it.
func (l *lists) stageChoice(ctx context.Context, r page.Request, kind Kind) []input {
	does := []page.Option{{Value: actionExtract, Label: l.p.actionName(r, actionExtract)}}
	for _, k := range realty.Kinds() {
		if !slices.Contains([]realty.Kind{realty.ObjectRequestKind, realty.AdditionalPackageKind, realty.ActionKind}, k) {
			does = append(does, page.Option{Value: string(k), Label: say(r, "Подать: ", "File: ") + l.p.kindLabel(r, string(k))})
		}
	}
	return []input{
		{Field: page.Field{ID: "kind", Name: "kind", Label: say(r, "Карточка", "Card"), Kind: "select", Options: choose(kindOptions(l.kinds(ctx)), kind.Key)}, Again: "settings/first?step=" + stepStages},
		l.stageInput(ctx, kind, "stage", say(r, "Когда карточка переходит на стадию", "When the card enters the stage"), text(r, "stage")),
		{Field: page.Field{ID: "do", Name: "do", Label: say(r, "Сделать", "Do"), Kind: "select", Options: choose(does, cmp.Or(text(r, "do"), actionExtract))}},
	}
}

func (p *pages) firstStage(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	l := p.lists(r)
	kind := l.kind(ctx, chosenKind(r, now))
	t := settings.Trigger{Stage: text(r, "stage"), Action: actionExtract, Parameters: map[string]any{"cadastral_number": cadastral}}
	t.Entity, t.EntityTypeID = parseKind(kind.Key)
	if do := text(r, "do"); do != actionExtract {
		t.Action, t.Parameters = actionCreate, map[string]any{"docflow_type": do}
	}
	if f, ok := funnelOf(l.funnels(ctx, kind), t.Stage); ok && t.Entity != settings.Lead && f.Name != "" {
		t.Category = &f.ID
	}
	last := 0
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		last = len(s.Triggers)
		s.Triggers = replaced(s.Triggers, last, t)
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	if now, err = p.current(ctx, r); err != nil {
		return page.Response{}, err
	}
	answer, err := p.showFirst(ctx, r, now, stepStages, relative(problems, "triggers", last), func(*firstView) {})
	if len(problems) == 0 {
		answer.Say = page.Good("Триггер добавлен.", "The trigger is added.")
	}
	return answer, err
}

// firstFields makes the missing fields, as many as there is time for: the page goes on by itself until all are there.
func (p *pages) firstFields(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	kind := p.lists(r).kind(ctx, chosenKind(r, now))
	fields, err := p.Trial.Fields(ctx, r.Session.Portal, kind, usedTypes(now.Settings), false)
	if err != nil {
		return page.Response{}, err
	}
	round, _ := numbers(r.Form["round"])
	return p.showFirst(ctx, r, now, stepFields, nil, func(view *firstView) {
		view.Fields = fields
		view.count()
		failed := slices.ContainsFunc(fields, func(f FieldLine) bool { return f.State == "failed" })
		view.Round = 1
		if len(round) > 0 {
			view.Round = int(round[0]) + 1
		}
		view.More = view.Missing > 0 && !failed && view.Round < maxRounds
	})
}

// maxRounds bounds how often a page goes on by itself.
const maxRounds = 60

func (l *lists) tryFields(ctx context.Context, r page.Request, view firstView) []page.Field {
	return []page.Field{
		{ID: "type", Name: "type", Label: say(r, "Что подаём", "What is filed"), Kind: "select", Options: choose(l.p.typeOptions(r), cmp.Or(text(r, "type"), view.Types[0]))},
		{ID: "kind", Name: "kind", Label: say(r, "Вид карточки", "Kind of card"), Kind: "select", Options: choose(kindOptions(l.kinds(ctx)), view.Kind.Key)},
		{ID: "card", Name: "card", Label: say(r, "Номер карточки или ссылка на неё", "The card's number or address"), Value: text(r, "card"), Placeholder: "7405", Required: true},
	}
}

// firstTry shows what would be filed of a card. Nothing is sent.
func (p *pages) firstTry(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	kind, id, ok := cardOf(text(r, "card"), text(r, "kind"))
	if !ok {
		return p.showFirst(ctx, r, now, stepTry, settings.Problems{{Path: "triggers.card", RU: "Впишите номер карточки или ссылку на неё.", EN: "Give a card's number or its address."}}, func(*firstView) {})
	}
	docflowType := text(r, "type")
	options, at, err := usedMapping(now.Settings, docflowType)
	if err != nil {
		return page.Response{}, err
	}
	l := p.lists(r)
	tried, err := p.Trial.Try(ctx, r.Session.Portal, l.kind(ctx, kind), id, docflowType, options)
	if err != nil {
		return page.Response{}, err
	}
	return p.showFirst(ctx, r, now, stepTry, nil, func(view *firstView) {
		path := "settings/mappings"
		if at >= 0 {
			path = "settings/mappings/" + itoa(at)
		}
		b := &treeBuilder{l: l, path: path}
		view.Tried = b.tried(ctx, tried, branch{})
	})
}

// usedMapping is what would be used for a docflow type: the portal's own mapping, else the ready one.
func usedMapping(set settings.Settings, docflowType string) (options any, at int, err error) {
	for i, m := range set.Mappings {
		if m.DocflowType == docflowType {
			return m.Options, i, nil
		}
	}
	ready, found, err := usedReady(docflowType)
	if err == nil && !found {
		err = &page.Problem{RU: "Такого типа документооборота нет: " + strings.TrimSpace(docflowType), EN: "There is no such docflow type."}
	}
	return ready, -1, err
}

// usedReady is the ready mapping of a docflow type.
func usedReady(docflowType string) (options any, found bool, err error) {
	ready, found, err := mapping.PresetFor(docflowType)
	return ready.Options, found, err
}
