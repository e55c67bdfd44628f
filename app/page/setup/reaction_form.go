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

	"konturbridge/app/page"
)

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
	types := append([]page.Option{{Label: say(r, "любой", "any")}}, l.p.typeOptions(r)...)
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
