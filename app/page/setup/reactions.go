package setup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
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
		parts = append(parts, kindLabel(x.DocflowType))
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

func kindLabel(docflowType string) string {
	kind, _ := realty.ParseKind(docflowType)
	return cmp.Or(kind.Label(), docflowType)
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
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	at, fresh, err := place(r, len(now.Settings.Reactions))
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
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	at, fresh, err := place(r, len(now.Settings.Reactions))
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
	view.Quiet = r.Query.Has("system")
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
	answer, err := p.set.Render(r, "reaction", view)
	if len(problems) > 0 {
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, err
}

func (l *lists) reactionFilters(ctx context.Context, path string, values url.Values) []input {
	r := l.r
	pick := func(id, ru, en string, options []page.Option) input {
		return input{Field: page.Field{ID: id, Name: id, Label: say(r, ru, en), Kind: "select", Options: choose(options, values.Get(id))}}
	}
	system := pick("system", "Сервис", "Service", []page.Option{{Label: say(r, "любой", "any")}, {Value: "realty", Label: "Контур.Реестро"}, {Value: "diadoc", Label: "Контур.Диадок"}})
	kinds := append([]page.Option{{Label: say(r, "любая", "any")}}, kindOptions(l.kinds(ctx))...)
	card := pick("kind", "Карточка", "Card", kinds)
	system.Again, card.Again = path, path
	all := []input{system, card}
	if values.Get("system") == "diadoc" {
		return append(all, input{Field: page.Field{ID: "docflow_type", Name: "docflow_type", Label: say(r, "Тип документа", "Document type"), Value: values.Get("docflow_type"),
			Hint: say(r, "Слово Диадока, например Nonformalized; пусто — любой.", "Диадок's word, such as Nonformalized; empty is any.")}},
			input{Field: page.Field{ID: "state", Name: "state", Label: say(r, "Состояние", "State"), Value: values.Get("state"),
				Hint: say(r, "Слово Диадока; пусто — любое.", "Диадок's word; empty is any.")}})
	}
	types := []page.Option{{Label: say(r, "любой", "any")}}
	for _, k := range realty.Kinds() {
		types = append(types, page.Option{Value: string(k), Label: k.Label()})
	}
	return append(all, pick("docflow_type", "Тип документооборота", "Docflow type", types), pick("state", "Состояние", "State", stateOptions(r)),
		pick("requirement", "Что требуется", "Requirement", requirementOptions(r)))
}

// fieldRows are the fields that are set, and room for more.
func (l *lists) fieldRows(ctx context.Context, kind Kind, values url.Values, ids map[string]string) []fieldRow {
	var rows []fieldRow
	options := append([]page.Option{{Label: say(l.r, "не выбрано", "none")}}, fieldOptions(l.fields(ctx, kind.Type))...)
	add := func(name, value string) {
		i := len(rows)
		id := fmt.Sprintf("v%d", i)
		pick := page.Field{ID: fmt.Sprintf("f%d", i), Name: fmt.Sprintf("f%d", i), Label: say(l.r, "Поле", "Field"), Value: name}
		if len(options) > 1 {
			pick.Kind, pick.Options = "select", choose(options, name)
		}
		if name != "" {
			ids["set_fields."+name] = id
		}
		rows = append(rows, fieldRow{input{Field: pick}, input{Field: page.Field{ID: id, Name: id, Label: say(l.r, "Значение", "Value"), Value: value}, Expression: true}})
	}
	for i := range maxFieldRows {
		if name := trimmed(values, fmt.Sprintf("f%d", i)); name != "" {
			add(name, values.Get(fmt.Sprintf("v%d", i)))
		}
	}
	for range 2 {
		add("", "")
	}
	return rows
}

// orTyped lets something else than an entry of a list be typed: an expression.
func (l *lists) orTyped(in input, path string, values url.Values) []input {
	value := values.Get(in.Name)
	grouped := slices.ContainsFunc(in.Groups, func(g group) bool { return offered(g.Options, value) })
	typed := value == other || value != "" && !grouped && !offered(in.Options, value)
	in.Again = path
	in.Options = append(in.Options, page.Option{Value: other, Label: say(l.r, "Выражение…", "An expression…")})
	if !typed {
		for i := range in.Options {
			in.Options[i].Selected = in.Options[i].Value == value
		}
		return []input{in}
	}
	text := values.Get(in.Name + ".text")
	if value != other {
		text = value
	}
	in.Options = choose(in.Options, other)
	return []input{in, {Field: page.Field{ID: in.ID + ".text", Name: in.Name + ".text", Label: in.Label + ": " + say(l.r, "выражение", "expression"), Value: text}, Expression: true}}
}

func (l *lists) reactionEffects(ctx context.Context, path string, kind Kind, values url.Values) []input {
	r := l.r
	words := func(id, ru, en string) input {
		return input{Field: page.Field{ID: id, Name: id, Label: say(r, ru, en), Value: values.Get(id)}, Expression: true, Rows: 2}
	}
	workflow := func(id, ru, en string) input {
		return input{Field: page.Field{ID: id, Name: id, Label: say(r, ru, en), Kind: "select", Options: choose(l.workflowOptions(ctx), values.Get(id))}}
	}
	comment := words("comment", "Комментарий в таймлайн (с файлами документооборота)", "Timeline comment (with the docflow's files)")
	todo := words("todo", "Дело", "To-do")
	all := []input{comment, todo}
	all = append(all, l.orTyped(input{Field: page.Field{ID: "notify", Name: "notify", Label: say(r, "Уведомить", "Notify"), Kind: "select", Options: l.notifyOptions(ctx)}}, path, values)...)
	all = append(all, workflow("terminate", "Завершить бизнес-процесс карточки", "End a workflow of the card"),
		input{Field: page.Field{ID: "status", Name: "status", Label: say(r, "С итогом", "With the outcome"), Value: values.Get("status")}, Expression: true},
		workflow("kill", "Удалить бизнес-процесс карточки", "Erase a workflow of the card"))
	stage := l.stageInput(ctx, kind, "move_stage", say(r, "Перевести на стадию", "Move to the stage"), "")
	if stage.Kind == "text" {
		stage.Value = values.Get("move_stage")
		return append(all, stage)
	}
	stage.Options[0].Label = say(r, "не переводить", "leave it")
	for i := range stage.Groups {
		for j := range stage.Groups[i].Options {
			stage.Groups[i].Options[j].Selected = stage.Groups[i].Options[j].Value == values.Get("move_stage")
		}
	}
	return append(all, l.orTyped(stage, path, values)...)
}

func (l *lists) workflowOptions(ctx context.Context) []page.Option {
	options := []page.Option{{Label: say(l.r, "не выбран", "none")}}
	for _, w := range l.workflows(ctx) {
		kind := w.Kind
		for _, k := range l.kinds(ctx) {
			if k.Key == w.Kind {
				kind = k.Title
			}
		}
		options = append(options, page.Option{Value: strconv.Itoa(w.ID), Label: strings.TrimPrefix(kind+": "+w.Name, ": ")})
	}
	return options
}

// startInputs are the workflow to start with the parameters that it asks for, and those that are set without it
// asking.
func (l *lists) startInputs(ctx context.Context, path string, values url.Values, ids map[string]string) []input {
	r := l.r
	all := []input{{Field: page.Field{ID: "start", Name: "start", Label: say(r, "Запустить бизнес-процесс", "Start a workflow"), Kind: "select",
		Options: choose(l.workflowOptions(ctx), values.Get("start"))}, Again: path}}
	id, _ := strconv.Atoi(values.Get("start"))
	if id == 0 {
		return all
	}
	asked := map[string]bool{}
	add := func(param Parameter) {
		name := "p." + param.ID
		asked[param.ID], ids["start_workflow.parameters."+param.ID] = true, name
		all = append(all, input{Field: page.Field{ID: name, Name: name, Label: cmp.Or(param.Name, param.ID), Required: param.Required, Value: values.Get(name)}, Expression: true})
	}
	for _, w := range l.workflows(ctx) {
		if w.ID == id {
			for _, param := range w.Parameters {
				add(param)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if param, ok := strings.CutPrefix(name, "p."); ok && !asked[param] && values.Get(name) != "" {
			add(Parameter{ID: param})
		}
	}
	return append(all, input{Field: page.Field{ID: "document", Name: "document", Label: say(r, "На каком документе (пусто — на карточке)", "On which document (empty: the card)"),
		Value: values.Get("document"), Placeholder: "SMART_INVOICE_{{ deal.PARENT_ID_31 }}"}, Expression: true})
}
