package setup

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"konturbridge/app/action"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

// input is a field of a form, and what these pages have beyond the shared kit.
type input struct {
	page.Field
	Expression bool // takes fields of the card
	Rows       int  // of an expression with several lines
	Groups     []group
	Again      string // the page to show anew when the choice has changed: other fields depend on it
}

// group is options under a heading.
type group struct {
	Label   string
	Options []page.Option
}

func markInputs(fields []input, at map[string]string) {
	for i := range fields {
		if text := at[fields[i].ID]; text != "" {
			fields[i].Fault = text
		}
	}
}

func entryPath(section string, at int) string { return fmt.Sprintf("%s[%d]", section, at) }

// stageInput lets choose a stage, by funnel; without the portal's lists its code is typed.
func (l *lists) stageInput(ctx context.Context, kind Kind, id, label, value string) input {
	funnels := l.funnels(ctx, kind)
	in := input{Field: page.Field{ID: id, Name: id, Label: label, Kind: "select", Value: value}}
	if len(funnels) == 0 {
		in.Kind, in.Hint = "text", say(l.r, "Код стадии, например C1:PREPARATION.", "The code of a stage, such as C1:PREPARATION.")
		return in
	}
	in.Options = []page.Option{{Label: say(l.r, "Выберите стадию", "Choose a stage")}}
	known := value == ""
	for _, f := range funnels {
		g := group{Label: f.Name}
		if f.Name == "" {
			g.Label = kind.Title
		}
		for _, s := range f.Stages {
			known = known || s.Code == value
			g.Options = append(g.Options, page.Option{Value: s.Code, Label: s.Name, Selected: s.Code == value})
		}
		in.Groups = append(in.Groups, g)
	}
	if !known {
		in.Options = append(in.Options, page.Option{Value: value, Label: value, Selected: true})
	}
	return in
}

// fieldInput lets choose a field of a card; without the portal's lists its name is typed.
func (l *lists) fieldInput(ctx context.Context, kind Kind, id, label, value string) input {
	in := input{Field: page.Field{ID: id, Name: id, Label: label, Kind: "select", Value: value}}
	options := fieldOptions(l.fields(ctx, kind.Type))
	if len(options) == 0 {
		in.Kind, in.Hint = "text", say(l.r, "Имя поля, например UF_CRM_CADASTRAL.", "A field's name, such as UF_CRM_CADASTRAL.")
		return in
	}
	in.Options = choose(append([]page.Option{{Label: say(l.r, "Выберите поле", "Choose a field")}}, options...), value)
	return in
}

// other in a list of choices asks for a value that is none of them: an expression.
const other = "="

// parameters are the fields of an action's parameters, by the catalogue. ids learns where their faults go.
func (p *pages) parameters(ctx context.Context, r page.Request, set settings.Settings, params []action.Param, values url.Values, ids map[string]string) []input {
	var all []input
	for _, one := range params {
		name := "p." + one.Name
		f := input{Field: page.Field{ID: name, Name: name, Label: say(r, one.Label.RU, one.Label.EN), Required: one.Required && !one.Filled, Value: values.Get(name)}, Expression: true}
		ids["parameters."+one.Name] = f.ID
		if f.Value == "" && !values.Has(name) {
			f.Value = one.Default
		}
		options := p.paramOptions(r, set, one, values)
		switch {
		case len(options) > 0:
			typed := f.Value == other || f.Value != "" && !offered(options, f.Value)
			f.Expression, f.Kind = false, "select"
			f.Options = options
			if options[0].Value != "" {
				f.Options = append([]page.Option{{Label: say(r, "не указано", "not given")}}, options...)
			}
			f.Options = append(f.Options, page.Option{Value: other, Label: say(r, "Выражение или другое значение…", "An expression or another value…")})
			text := values.Get(name + ".text")
			if typed && f.Value != other {
				text = f.Value
			}
			if typed {
				f.Value = other
			}
			f.Options = choose(f.Options, f.Value)
			f.Required = false // the check says so, with the expression below
			all = append(all, f)
			if typed {
				ids["parameters."+one.Name] = name + ".text"
				all = append(all, input{Field: page.Field{ID: name + ".text", Name: name + ".text", Label: f.Label, Value: text}, Expression: true})
			}
			continue
		case one.Multiple || strings.Contains(f.Value, "\n"):
			f.Rows, f.Hint = 3, say(r, "Каждое значение с новой строки.", "One value a line.")
		}
		if one.Type == "file" {
			f.Hint = say(r, "Поле карточки с файлом, например {{ deal.UF_CRM_CONTRACT }}.", "A field of the card with a file, such as {{ deal.UF_CRM_CONTRACT }}.")
		}
		all = append(all, f)
	}
	return all
}

func offered(options []page.Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

// paramOptions are what a parameter is chosen from; nil when it is free.
func (p *pages) paramOptions(r page.Request, set settings.Settings, one action.Param, values url.Values) []page.Option {
	var options []page.Option
	switch {
	case one.Type == "bool":
		return []page.Option{{Value: "Y", Label: say(r, "да", "yes")}, {Value: "N", Label: say(r, "нет", "no")}}
	case one.List == action.ListMappings:
		for _, m := range set.Mappings {
			if wanted := values.Get("p.docflow_type"); wanted == "" || wanted == m.DocflowType {
				options = append(options, page.Option{Value: m.Name, Label: m.Name + " (" + p.kindLabel(r, m.DocflowType) + ")"})
			}
		}
		if len(options) == 0 {
			options = []page.Option{{Label: say(r, "обычное для типа", "the type's own")}}
		}
	case one.List == action.ListConnections:
		for _, c := range set.Connections {
			if c.Kind == settings.Realty {
				options = append(options, page.Option{Value: c.Name, Label: c.Name})
			}
		}
	case !one.Multiple:
		for _, o := range one.Options {
			options = append(options, page.Option{Value: o.Key, Label: say(r, o.Label.RU, o.Label.EN)})
		}
	}
	return options
}

// paramText shows a parameter's value: several simple ones one a line.
func paramText(value any) string {
	list, ok := value.([]any)
	if !ok {
		return written(value)
	}
	var texts []string
	for _, one := range list {
		if compound(one) {
			return written(value)
		}
		texts = append(texts, written(one))
	}
	return strings.Join(texts, "\n")
}

// parseParameters reads the parameters of a form over those that are stored. Those that are empty are left out.
func parseParameters(form url.Values, params []action.Param, stored map[string]any) (map[string]any, settings.Problems) {
	values := map[string]any{}
	var problems settings.Problems
	for _, one := range params {
		sent := strings.TrimSpace(strings.ReplaceAll(form.Get("p."+one.Name), "\r\n", "\n"))
		if sent == other {
			sent = strings.TrimSpace(form.Get("p." + one.Name + ".text"))
		}
		old := stored[one.Name]
		var (
			value any
			err   error
		)
		switch {
		case sent == strings.TrimSpace(paramText(old)):
			value = old
		case one.Multiple && strings.Contains(sent, "\n"):
			value = lines(sent)
		case one.Multiple:
			value = sent
		default:
			value, err = read(sent, old)
		}
		if err != nil {
			problems = append(problems, settings.Problem{Path: "triggers.parameters." + one.Name,
				RU: "это не YAML: " + err.Error(), EN: err.Error()})
		} else if value != nil && value != "" {
			values[one.Name] = value
		}
	}
	return values, problems
}

func lines(text string) []any {
	var all []any
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
