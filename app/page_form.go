package app

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"konturbridge/app/action"
	"konturbridge/app/docflow"
	"konturbridge/app/mapping"
	"konturbridge/app/page"
	"konturbridge/app/page/tab"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
)

// cardForms draws the forms of actions from the catalogue, filled with what the card knows.
type cardForms struct{ a *App }

var _ tab.Forms = cardForms{}

// startable reports whether a person may start an action in a card's tab. Some only answer workflows, some have a
// place of their own there, and what reaches beyond the card (the box's groups, any call at all) is for the robots
// and webhooks that administrators set up.
func startable(code string) bool {
	switch code {
	case "realty_sign", "realty_submit", "realty_status", "realty_wait", "realty_cadastre_suggest",
		"diadoc_status", "diadoc_wait", "diadoc_check_counteragent", "diadoc_call":
		return false
	}
	return !strings.HasPrefix(code, "diadoc_group_")
}

// Choices implements tab.Forms.
func (cardForms) Choices() []tab.Choice {
	var all []tab.Choice
	for _, a := range action.Catalogue() {
		if !startable(a.Code) {
			continue
		}
		system, _, _ := strings.Cut(a.Code, "_")
		all = append(all, tab.Choice{Code: a.Code, System: docflow.System(system), Name: page.Text(a.Name), Description: page.Text(a.Description)})
	}
	return all
}

func actionOf(code string) (action.Action, error) {
	all := action.Catalogue()
	at := slices.IndexFunc(all, func(a action.Action) bool { return a.Code == code })
	if at < 0 || !startable(code) {
		return action.Action{}, page.NotFound()
	}
	return all[at], nil
}

// Form implements tab.Forms.
func (f cardForms) Form(ctx context.Context, s page.Session, lang, code string, values url.Values) (tab.Form, error) {
	a, err := actionOf(code)
	if err != nil {
		return tab.Form{}, err
	}
	set, err := f.a.settings.Settings(ctx, portal.ID(s.Portal))
	if err != nil {
		return tab.Form{}, err
	}
	accounts, err := f.a.settings.Connections(ctx, portal.ID(s.Portal))
	if err != nil {
		return tab.Form{}, err
	}
	given := bitrix.Properties{}
	for _, p := range a.Params {
		if chosen := formValues(p, values); len(chosen) > 0 {
			given[p.Name] = bitrix.PropertyValue{Values: chosen}
		} else if p.Default != "" {
			given[p.Name] = bitrix.PropertyValue{Values: []string{p.Default}}
		}
	}
	seen, err := f.a.actions.Preview(ctx, portal.ID(s.Portal), s.Card, code, given)
	if err != nil {
		return tab.Form{}, err
	}
	form := tab.Form{Code: a.Code, Name: in(lang, a.Name), Description: in(lang, a.Description), Made: madeLines(seen.Made)}
	own, err := f.a.store.CardDocflows(ctx, s.Portal, s.Card, tabDocflows)
	if err != nil {
		return tab.Form{}, err
	}
	for _, p := range a.Params {
		if p.Name == "wait" || p.Name == "until" { // only a workflow waits
			continue
		}
		field := formField(lang, p, set, accounts, given.First("docflow_type"), seen.Files)
		field.ofCard(lang, p, own, values)
		value := given.First(p.Name)
		if _, chosen := values[p.Name]; !chosen { // what a person has emptied stays empty
			value = cmp.Or(value, seen.Values[p.Name])
		}
		field.fill(value, given[p.Name].Values)
		form.Fields = append(form.Fields, field.Field)
	}
	if code == "realty_create" {
		form.Again = []string{fieldID("docflow_type"), fieldID("mapping")}
	}
	if seen.Refusal != nil {
		form.Refused = page.Text{RU: seen.Refusal.CRMText, EN: seen.Refusal.TextEN}.In(lang)
	}
	for _, p := range seen.Problems {
		form.Problems = append(form.Problems, tab.Problem{Path: p.Path, Text: page.Text{RU: p.Text(), EN: p.English()}.In(lang), Warning: p.Severity != mapping.SeverityError})
	}
	slices.SortStableFunc(form.Problems, func(a, b tab.Problem) int {
		switch {
		case a.Warning == b.Warning:
			return 0
		case b.Warning:
			return -1
		default:
			return 1
		}
	})
	return form, nil
}

func fieldID(name string) string { return "act-" + name }

// formPart is a form's field that can be filled.
type formPart struct{ page.Field }

// ofCard lets docflows and messages be chosen among the card's own; one that was chosen by the button that opened
// the form stays.
func (f *formPart) ofCard(lang string, p action.Param, own []docflow.Record, values url.Values) {
	system := map[string]docflow.System{"docflow_id": docflow.Realty, "message_id": docflow.Diadoc, "entity_id": ""}
	want, is := system[p.Name]
	switch {
	case !is:
		return
	case values.Get(p.Name) != "":
		f.Kind = "hidden"
		return
	case want == "":
		return
	}
	f.Kind, f.Options = "select", []page.Option{{Label: in(lang, action.Text{RU: "Последний в карточке", EN: "The card's latest"})}}
	for _, rec := range own {
		kind, state, _ := tab.Words(rec)
		value := string(rec.ID)
		if want == docflow.Diadoc {
			value = rec.ExternalID
		}
		if rec.System == want && value != "" {
			f.Options = append(f.Options, page.Option{Value: value, Label: kind.In(lang) + ", " + rec.Created.Format("02.01.2006") + ", " + state.In(lang)})
		}
	}
}

func (f *formPart) fill(value string, values []string) {
	f.Value = value
	if f.Kind == "lines" && len(values) > 0 {
		f.Value = strings.Join(values, "\n")
	}
	for i, o := range f.Options {
		f.Options[i].Selected = o.Value == value || slices.Contains(values, o.Value)
	}
}

// formField draws a parameter.
func formField(lang string, p action.Param, set settings.Settings, accounts []portal.Connection, kind string, files []action.CardFile) formPart {
	f := formPart{page.Field{ID: fieldID(p.Name), Name: p.Name, Label: in(lang, p.Label), Required: p.Required, Multiple: p.Multiple}}
	switch {
	case p.Type == "select":
		f.Kind = "select"
		for _, o := range p.Options {
			f.Options = append(f.Options, page.Option{Value: o.Key, Label: in(lang, o.Label)})
		}
	case p.List == action.ListMappings:
		f.Kind, f.Options = "select", options(mappingChoices(lang, set), kind)
	case p.List == action.ListConnections:
		f.Kind, f.Options = "select", options(accountChoices(lang, accounts, docflow.Realty), "")
	case p.List == action.ListBoxes:
		f.Kind, f.Options = "select", options(accountChoices(lang, accounts, docflow.Diadoc), "")
	case p.Type == "file" && strings.HasPrefix(p.Name, "signature"):
		f.Kind = "file"
	case p.Type == "file":
		f.Kind = "select"
		f.Hint = in(lang, action.Text{RU: "Файлы берутся из полей карточки: приложите их там, если списка нет.", EN: "Files are taken from the card's fields: attach them there if nothing is listed."})
		for _, file := range files {
			f.Options = append(f.Options, page.Option{Value: file.Field, Label: fmt.Sprintf("%s (%d)", file.Label, file.Count)})
		}
	case p.Type == "bool":
		f.Kind = "check"
	case p.Type == "date":
		f.Kind = "date"
	case p.Multiple || p.Type == "text":
		f.Kind = "lines"
	}
	return f
}

// options are the choices that fit the docflow type.
func options(choices []page.Choice, kind string) []page.Option {
	var all []page.Option
	for _, c := range choices {
		if c.For == "" || kind == "" || c.For == kind {
			all = append(all, page.Option{Value: c.Value, Label: c.Label})
		}
	}
	return all
}

// formValues are a parameter's values as a form gives them.
func formValues(p action.Param, form url.Values) []string {
	var values []string
	for _, v := range form[p.Name] {
		if p.Multiple && p.Type != "file" {
			values = append(values, strings.Split(v, "\n")...)
		} else {
			values = append(values, v)
		}
	}
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return slices.DeleteFunc(values, func(v string) bool { return v == "" || v == "[object File]" })
}

// Faults implements tab.Forms.
func (cardForms) Faults(lang, code string, values url.Values) map[string]string {
	a, err := actionOf(code)
	if err != nil {
		return nil // refused when it is stored
	}
	faults := map[string]string{}
	for _, p := range a.Params {
		given := formValues(p, values)
		if len(given) == 0 && p.Required {
			faults[p.Name] = in(lang, action.Text{RU: "заполните это поле", EN: "fill this in"})
			continue
		}
		_, told := action.ReadParams([]action.Param{p}, bitrix.Properties{p.Name: {Values: given, List: p.Multiple}})
		for _, text := range told {
			if _, rest, found := strings.Cut(text, "»): "); found {
				text = rest
			}
			faults[p.Name] = text
		}
	}
	return faults
}

// maxMade bounds how many values of a filing are shown.
const maxMade = 300

// madeLines lists the values of what would be filed, by their places.
func madeLines(options any) []tab.Line {
	var lines []tab.Line
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if len(lines) >= maxMade {
			return
		}
		switch v := v.(type) {
		case map[string]any:
			for _, key := range sortedNames(v) {
				walk(strings.TrimPrefix(path+"."+key, "."), v[key])
			}
		case []any:
			for i, each := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), each)
			}
		case *mapping.FileRef:
			lines = append(lines, tab.Line{Path: path, Value: "📎 " + v.ID})
		case nil:
		default:
			lines = append(lines, tab.Line{Path: path, Value: fmt.Sprint(v)})
		}
	}
	walk("", options)
	return lines
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
