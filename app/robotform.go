package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/realty"
)

// robotForm fills the page on which a rule is set up: its parameters with their values, and the portal's
// own mappings and accounts to choose from.
func (a *App) robotForm(ctx context.Context, id portal.ID, lang string, s bitrix.RobotSettings) (page.RobotForm, error) {
	at := slices.IndexFunc(action.Catalogue(), func(x action.Action) bool { return x.Code == s.Code })
	if at < 0 {
		return page.RobotForm{Title: s.Code, Fault: in(lang, action.Text{
			RU: "Этого действия в мосте больше нет. Удалите робота и поставьте другой.",
			EN: "The bridge does not have this action any more. Remove the rule and place another."})}, nil
	}
	rule := action.Catalogue()[at]
	set, err := a.settings.Settings(ctx, id)
	if err != nil {
		return page.RobotForm{}, err
	}
	accounts, err := a.settings.Connections(ctx, id)
	if err != nil {
		return page.RobotForm{}, err
	}
	form := page.RobotForm{Title: in(lang, rule.Name), Insert: insertable(s)}
	for _, p := range rule.Params {
		field := page.RobotField{ID: p.Name, Label: in(lang, p.Label), Required: p.Required, Kind: page.FieldText}
		switch {
		case p.Type == "select" && !p.Multiple:
			field.Kind = page.FieldChoice
			for _, o := range p.Options {
				field.Choices = append(field.Choices, page.Choice{Value: o.Key, Label: in(lang, o.Label)})
			}
		case p.List == action.ListMappings:
			field.Kind, field.By, field.Choices = page.FieldChoice, "docflow_type", mappingChoices(lang, set)
		case p.List == action.ListConnections:
			field.Kind, field.Choices = page.FieldChoice, accountChoices(lang, accounts, docflow.Realty)
		case p.List == action.ListBoxes:
			field.Kind, field.Choices = page.FieldChoice, accountChoices(lang, accounts, docflow.Diadoc)
		case p.Multiple:
			field.Kind = page.FieldLines
		}
		form.Fresh = fill(&field, p, s.Values[p.Name]) || form.Fresh
		form.Fields = append(form.Fields, field)
	}
	return form, nil
}

func in(lang string, t action.Text) string {
	if lang == "en" {
		return t.EN
	}
	return t.RU
}

// fill shows the value that is set, else the default; fresh reports the latter.
func fill(field *page.RobotField, p action.Param, raw json.RawMessage) (fresh bool) {
	var values bitrix.Multi[bitrix.Text]
	if len(raw) > 0 && json.Unmarshal(raw, &values) != nil {
		values = nil // of a kind that no parameter has; what is shown is stored with the next change
	}
	texts := make([]string, 0, len(values))
	for _, v := range values {
		texts = append(texts, string(v))
	}
	field.Value = strings.Join(texts, "\n")
	if field.Value == "" && p.Default != "" {
		field.Value, fresh = p.Default, true
	}
	if field.Kind != page.FieldChoice {
		return fresh
	}
	field.Typed = true
	for i := range field.Choices {
		if field.Typed && field.Choices[i].Value == field.Value {
			field.Choices[i].Selected, field.Typed = true, false
		}
	}
	if !field.Typed {
		field.Value = ""
	}
	return fresh
}

// mappingChoices lists the portal's mappings and the ready ones, each for its docflow type.
func mappingChoices(lang string, set settings.Settings) []page.Choice {
	choices := []page.Choice{{Label: in(lang, action.Text{RU: "Обычное для типа документооборота", EN: "The docflow type's own"})}}
	var own []string
	for _, m := range set.Mappings {
		kind, _ := realty.ParseKind(m.DocflowType)
		choices = append(choices, page.Choice{Value: m.Name, For: string(kind), Label: fmt.Sprintf("%s (%s)", m.Name, kind.Label())})
		own = append(own, m.Name)
	}
	for _, kind := range realty.Kinds() {
		ready, ok, err := mapping.PresetFor(string(kind))
		if err == nil && ok && !slices.Contains(own, ready.Name) {
			choices = append(choices, page.Choice{Value: ready.Name, For: string(kind),
				Label: fmt.Sprintf("%s (%s, %s)", ready.Name, kind.Label(), in(lang, action.Text{RU: "готовое", EN: "ready"}))})
		}
	}
	return choices
}

func accountChoices(lang string, accounts []portal.Connection, kind docflow.System) []page.Choice {
	choices := []page.Choice{{Label: in(lang, action.Text{RU: "Основное", EN: "The default"})}}
	for _, c := range accounts {
		if c.Kind == kind {
			choices = append(choices, page.Choice{Value: c.Name, Label: c.Name})
		}
	}
	return choices
}

// maxInsertable bounds how many fields of a card are offered.
const maxInsertable = 500

// insertable lists the fields of the document as the designer's expressions. The vendor does not describe
// their form here; a field without a readable name goes by its code.
func insertable(s bitrix.RobotSettings) []page.Choice {
	choices := make([]page.Choice, 0, len(s.DocumentFields))
	for id, raw := range s.DocumentFields {
		var described struct{ Name bitrix.Text }
		var name bitrix.Text
		if json.Unmarshal(raw, &described) == nil {
			name = described.Name
		} else if json.Unmarshal(raw, &name) != nil {
			name = ""
		}
		choices = append(choices, page.Choice{Value: "{=Document:" + id + "}", Label: cmp.Or(string(name), id)})
	}
	slices.SortFunc(choices, func(a, b page.Choice) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)), cmp.Compare(a.Value, b.Value))
	})
	return choices[:min(len(choices), maxInsertable)]
}
