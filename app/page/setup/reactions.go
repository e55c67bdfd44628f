package setup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/mapping/tree"
	"konturbridge/app/page"
	"konturbridge/app/settings"
	"konturbridge/realty"
)

type reactionView struct {
	frame
	Path     string
	Filters  []input
	Fields   []fieldRow
	Effects  []input
	Start    []input // the workflow to start, with its parameters
	Document string  // what it runs on, as YAML; "" is the card
}

// fieldRow sets one field of the card.
type fieldRow struct{ Name, Value input }

func (p *pages) reactions(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	l := p.lists(r)
	view := listView{frame: p.frame("reactions", now, r)}
	for i, x := range now.Settings.Reactions {
		view.List = append(view.List, entry{fmt.Sprintf("settings/reactions/%d", i), l.filters(ctx, x), l.effects(ctx, x)})
	}
	view.Silent = l.Silent
	return p.set.Render(r, "reactions", view)
}

// filters says in words which changes a reaction is about.
func (l *lists) filters(ctx context.Context, x settings.Reaction) string {
	var parts []string
	if x.System != "" {
		parts = append(parts, serviceName(x.System))
	}
	if x.DocflowType != "" {
		parts = append(parts, l.p.kindLabel(l.r, x.DocflowType))
	}
	if x.Entity != "" {
		parts = append(parts, l.kind(ctx, kindKey(x.Entity, x.EntityTypeID)).Title)
	}
	if x.State != "" {
		parts = append(parts, labelOf(stateOptions(l.r), x.State))
	}
	if x.Requirement != nil {
		parts = append(parts, labelOf(requirementOptions(l.r), requirementWord(x.Requirement)))
	}
	if len(parts) == 0 {
		return say(l.r, "Любое изменение", "Any change")
	}
	return strings.Join(parts, ", ")
}

// kindLabel names a docflow type for people. The service has Russian names alone; the catalogue of actions translates
// those that can be filed.
func (p *pages) kindLabel(r page.Request, docflowType string) string {
	kind, known := realty.ParseKind(docflowType)
	if !known {
		return docflowType
	}
	if r.Lang != "en" {
		return kind.Label()
	}
	create, _ := p.action(actionCreate)
	for _, param := range create.Params {
		for _, o := range param.Options {
			if o.Key == string(kind) {
				return o.Label.EN
			}
		}
	}
	return map[realty.Kind]string{realty.ObjectRequestKind: "Extract from the register", realty.AdditionalPackageKind: "Additional documents",
		realty.ActionKind: "Request about a filing"}[kind]
}

// typeOptions are the docflow types to choose from.
func (p *pages) typeOptions(r page.Request) []page.Option {
	var types []page.Option
	for _, k := range realty.Kinds() {
		types = append(types, page.Option{Value: string(k), Label: p.kindLabel(r, string(k))})
	}
	return types
}

func labelOf(options []page.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// effects says in words what a reaction does.
func (l *lists) effects(ctx context.Context, x settings.Reaction) []string {
	var all []string
	add := func(ru, en, what string) { all = append(all, strings.TrimSuffix(say(l.r, ru, en)+": "+what, ": ")) }
	workflow := func(id int) string {
		for _, w := range l.workflows(ctx) {
			if w.ID == id {
				return w.Name
			}
		}
		return strconv.Itoa(id)
	}
	if len(x.SetFields) > 0 {
		add("Записать поля", "Set fields", strings.Join(slices.Sorted(maps.Keys(x.SetFields)), ", "))
	}
	if x.Comment != "" {
		add("Комментарий", "Comment", x.Comment)
	}
	if x.Todo != "" {
		add("Дело", "To-do", x.Todo)
	}
	if x.Notify != "" {
		add("Уведомить", "Notify", labelOf(l.notifyOptions(ctx), x.Notify))
	}
	if x.TerminateWorkflow != nil {
		add("Завершить бизнес-процесс", "End the workflow", workflow(x.TerminateWorkflow.Template))
	}
	if x.KillWorkflow != nil {
		add("Удалить бизнес-процесс", "Erase the workflow", workflow(x.KillWorkflow.Template))
	}
	if x.StartWorkflow != nil {
		add("Запустить бизнес-процесс", "Start the workflow", workflow(x.StartWorkflow.Template))
	}
	if x.MoveStage != "" {
		kind := l.kind(ctx, kindKey(cmp.Or(x.Entity, settings.Deal), x.EntityTypeID))
		add("Перевести на стадию", "Move to the stage", stageName(l.funnels(ctx, kind), x.MoveStage))
	}
	return all
}

func stateOptions(r page.Request) []page.Option {
	return []page.Option{{Label: say(r, "любое", "any")}, {Value: "queued", Label: say(r, "ожидает отправки (queued)", "queued")},
		{Value: "verified", Label: say(r, "проверяются подписи (verified)", "verified")}, {Value: "sent", Label: say(r, "на рассмотрении (sent)", "sent")},
		{Value: "suspended", Label: say(r, "нужны действия (suspended)", "suspended")}, {Value: "completed", Label: say(r, "исполнен (completed)", "completed")},
		{Value: "error", Label: say(r, "ошибка (error)", "error")}, {Value: "uncertain", Label: say(r, "неизвестно, создан ли (uncertain)", "uncertain")}}
}

// nothing stands for the requirement "" in a form, where "" is any.
const nothing = "none"

func requirementOptions(r page.Request) []page.Option {
	return []page.Option{{Label: say(r, "любое", "any")}, {Value: nothing, Label: say(r, "ничего не требуется", "nothing is required")},
		{Value: "signature", Label: say(r, "нужны подписи", "signatures are needed")}, {Value: "payment", Label: say(r, "нужна оплата пошлины", "a duty has to be paid")}}
}

func requirementWord(requirement *string) string {
	if requirement == nil {
		return ""
	}
	return cmp.Or(*requirement, nothing)
}

func (l *lists) notifyOptions(ctx context.Context) []page.Option {
	options := []page.Option{{Label: say(l.r, "никого", "nobody")}, {Value: "responsible", Label: say(l.r, "ответственного за карточку", "who is responsible for the card")}}
	for _, one := range l.people(ctx) {
		options = append(options, page.Option{Value: strconv.FormatInt(one.ID, 10), Label: personLabel(one)})
	}
	return options
}

func personLabel(one Person) string {
	if one.Note == "" {
		return one.Name
	}
	return one.Name + " — " + one.Note
}

func (p *pages) reaction(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Reactions) })
	if err != nil {
		return page.Response{}, err
	}
	x := settings.Reaction{System: settings.Realty, Entity: settings.Deal}
	if !fresh {
		x = now.Settings.Reactions[at]
	}
	values := reactionValues(x)
	if r.Query.Has("system") {
		values = r.Query
	}
	return p.showReaction(ctx, r, now, values, nil)
}

func reactionValues(x settings.Reaction) url.Values {
	values := url.Values{"system": {string(x.System)}, "docflow_type": {x.DocflowType}, "state": {x.State}, "kind": {""},
		"requirement": {requirementWord(x.Requirement)}, "move_stage": {x.MoveStage}, "comment": {x.Comment}, "todo": {x.Todo}, "notify": {x.Notify}}
	if x.Entity != "" {
		values.Set("kind", kindKey(x.Entity, x.EntityTypeID))
	}
	if w := x.StartWorkflow; w != nil {
		values.Set("start", strconv.Itoa(w.Template))
		values.Set("document", written(w.Document))
		for name, value := range w.Parameters {
			values.Set("p."+name, paramText(value))
		}
	}
	if w := x.TerminateWorkflow; w != nil {
		values.Set("terminate", strconv.Itoa(w.Template))
		values.Set("status", w.Status)
	}
	if w := x.KillWorkflow; w != nil {
		values.Set("kill", strconv.Itoa(w.Template))
	}
	for i, name := range slices.Sorted(maps.Keys(x.SetFields)) {
		values.Set(fmt.Sprintf("f%d", i), name)
		values.Set(fmt.Sprintf("v%d", i), written(x.SetFields[name]))
	}
	return values
}

// maxFieldRows bounds how many fields one reaction sets in a form.
const maxFieldRows = 50

// parseReaction reads the form over what is stored.
func parseReaction(form url.Values, stored settings.Reaction) (x settings.Reaction, problems settings.Problems) {
	x = settings.Reaction{System: settings.Kind(form.Get("system")), DocflowType: trimmed(form, "docflow_type"), State: trimmed(form, "state"),
		MoveStage: either(form, "move_stage"), Comment: trimmed(form, "comment"), Todo: trimmed(form, "todo"), Notify: either(form, "notify")}
	if kind := form.Get("kind"); kind != "" {
		x.Entity, x.EntityTypeID = parseKind(kind)
	}
	switch word := form.Get("requirement"); word {
	case "":
	case nothing:
		x.Requirement = new(string)
	default:
		x.Requirement = &word
	}
	bad := func(at string, err error) {
		problems = append(problems, settings.Problem{Path: "reactions." + at, RU: "это не YAML: " + err.Error(), EN: err.Error()})
	}
	if id, _ := strconv.Atoi(form.Get("start")); id > 0 {
		x.StartWorkflow = &settings.StartWorkflow{Template: id, Parameters: map[string]any{}}
		var old settings.StartWorkflow
		if stored.StartWorkflow != nil && stored.StartWorkflow.Template == id {
			old = *stored.StartWorkflow
		}
		for name := range form {
			if param, ok := strings.CutPrefix(name, "p."); ok && trimmed(form, name) != "" {
				if paramText(old.Parameters[param]) == trimmed(form, name) {
					x.StartWorkflow.Parameters[param] = old.Parameters[param]
				} else {
					x.StartWorkflow.Parameters[param] = trimmed(form, name)
				}
			}
		}
		if document := trimmed(form, "document"); document != "" {
			value, err := tree.Parse([]byte(document))
			if err != nil {
				bad("start_workflow.document", err)
			}
			x.StartWorkflow.Document = value
		}
	}
	if id, _ := strconv.Atoi(form.Get("terminate")); id > 0 {
		x.TerminateWorkflow = &settings.EndWorkflow{Template: id, Status: trimmed(form, "status")}
	}
	if id, _ := strconv.Atoi(form.Get("kill")); id > 0 {
		x.KillWorkflow = &settings.EndWorkflow{Template: id}
	}
	for i := range maxFieldRows {
		name, value := trimmed(form, fmt.Sprintf("f%d", i)), form.Get(fmt.Sprintf("v%d", i))
		if name == "" {
			continue
		}
		made, err := read(value, stored.SetFields[name])
		if err != nil {
			bad("set_fields."+name, err)
		}
		if x.SetFields == nil {
			x.SetFields = map[string]any{}
		}
		x.SetFields[name] = made
	}
	return x, problems
}

// either is a choice of a list, or what was typed instead.
func either(form url.Values, name string) string {
	if value := trimmed(form, name); value != other {
		return value
	}
	return trimmed(form, name+".text")
}

func (p *pages) saveReaction(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Reactions) })
	if err != nil {
		return page.Response{}, err
	}
	var stored settings.Reaction
	if !fresh {
		stored = now.Settings.Reactions[at]
	}
	x, problems := parseReaction(r.Form, stored)
	if len(problems) == 0 {
		if problems, err = p.edit(ctx, r, func(s *settings.Settings) error {
			s.Reactions = replaced(s.Reactions, at, x)
			return nil
		}); err != nil {
			return page.Response{}, err
		}
	}
	if len(problems) > 0 {
		return p.showReaction(ctx, r, now, r.Form, relative(problems, "reactions", at))
	}
	answer, err := p.reactions(ctx, r)
	answer.Say = saved()
	return answer, err
}

func (p *pages) removeReaction(ctx context.Context, r page.Request) (page.Response, error) {
	return p.remove(ctx, r, p.reactions, func(s *settings.Settings, at int) { s.Reactions = without(s.Reactions, at) })
}

func (p *pages) showReaction(ctx context.Context, r page.Request, now Current, values url.Values, problems settings.Problems) (page.Response, error) {
	l := p.lists(r)
	view := reactionView{frame: p.below("reactions", say(r, "Реакция", "Reaction"), now, r), Path: "settings/reactions/" + r.Params["at"]}
	if view.Quiet = r.Query.Has("system"); view.Quiet || len(problems) > 0 {
		view.keep(r)
	}
	if r.Params["at"] == "new" {
		view.Title = say(r, "Новая реакция", "New reaction")
	} else {
		view.Remove = &removal{view.Path + "/remove", say(r, "Удалить эту реакцию?", "Remove this reaction?")}
	}
	ids := map[string]string{"": "comment", "start_workflow": "start", "terminate_workflow": "terminate", "terminate_workflow.status": "status",
		"kill_workflow": "kill", "entity": "kind", "entityTypeId": "kind", "start_workflow.document": "document"}
	for _, id := range []string{"system", "docflow_type", "state", "requirement", "move_stage", "comment", "todo", "notify"} {
		ids[id] = id
	}
	kind := l.kind(ctx, cmp.Or(values.Get("kind"), "deal"))
	view.Filters = l.reactionFilters(ctx, view.Path, values)
	view.Fields = l.fieldRows(ctx, kind, values, ids)
	view.Effects = l.reactionEffects(ctx, view.Path, kind, values)
	view.Start = l.startInputs(ctx, view.Path, values, ids)
	view.Insert = l.insertable(ctx, kind, true)
	view.Silent = l.Silent
	var at map[string]string
	view.Faults, at = faulty(r, problems, "reactions", ids)
	for _, list := range [][]input{view.Filters, view.Effects, view.Start} {
		markInputs(list, at)
	}
	for i := range view.Fields {
		view.Fields[i].Value.Fault = at[view.Fields[i].Value.ID]
	}
	return p.form(r, "reaction", view, len(problems) > 0)
}
