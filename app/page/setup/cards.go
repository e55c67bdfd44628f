package setup

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/page"
	"konturbridge/app/settings"
)

// lists is what a page has learned of the portal. Silent says that it did not answer: then what is stored is shown by
// its codes, and codes can be typed.
type lists struct {
	p      *pages
	portal string
	r      page.Request
	Silent bool
}

func (p *pages) lists(r page.Request) *lists { return &lists{p: p, portal: r.Session.Portal, r: r} }

// heard keeps that a list is missing.
func heard[T any](l *lists, list []T, err error) []T {
	if err != nil {
		l.Silent = true
		return nil
	}
	return list
}

func (l *lists) kinds(ctx context.Context) []Kind {
	all, err := l.p.Cards.Kinds(ctx, l.portal)
	if all = heard(l, all, err); len(all) == 0 {
		all = []Kind{{Key: "deal", Type: TypeDeal, Funnels: true}, {Key: "lead", Type: TypeLead}}
	}
	all = slices.Clone(all)
	for i := range all {
		switch all[i].Key {
		case "deal":
			all[i].Title = say(l.r, "Сделка", "Deal")
		case "lead":
			all[i].Title = say(l.r, "Лид", "Lead")
		}
	}
	return all
}

// kind finds a kind by its key; one that the portal does not name is known by its number.
func (l *lists) kind(ctx context.Context, key string) Kind {
	for _, k := range l.kinds(ctx) {
		if k.Key == key {
			return k
		}
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(key, "item:")) // 0 for what is no number
	return Kind{Key: key, Title: key, Type: number, Funnels: true}
}

func (l *lists) funnels(ctx context.Context, kind Kind) []Funnel {
	all, err := l.p.Cards.Funnels(ctx, l.portal, kind.Type)
	return heard(l, all, err)
}

func (l *lists) fields(ctx context.Context, kind int) []CardField {
	all, err := l.p.Cards.Fields(ctx, l.portal, kind)
	return heard(l, all, err)
}

func (l *lists) workflows(ctx context.Context) []Workflow {
	all, err := l.p.Office.Workflows(ctx, l.portal)
	return heard(l, all, err)
}

func (l *lists) people(ctx context.Context) []Person {
	all, err := l.p.Office.People(ctx, l.portal)
	return heard(l, all, err)
}

// kindKey names a kind as forms and the section files do.
func kindKey(entity settings.Entity, number int) string {
	if entity == settings.Item {
		return "item:" + strconv.Itoa(number)
	}
	return string(entity)
}

// parseKind is the way back.
func parseKind(key string) (settings.Entity, int) {
	if number, ok := strings.CutPrefix(key, "item:"); ok {
		n, _ := strconv.Atoi(number) // 0 is refused by the check
		return settings.Item, n
	}
	return settings.Entity(key), 0
}

// kindOptions are the kinds to choose from.
func kindOptions(kinds []Kind) []page.Option {
	var options []page.Option
	for _, k := range kinds {
		options = append(options, page.Option{Value: k.Key, Label: k.Title})
	}
	return options
}

// stageOptions are all stages of all funnels.
func stageOptions(funnels []Funnel) []page.Option {
	var options []page.Option
	for _, f := range funnels {
		for _, s := range f.Stages {
			label := s.Name
			if len(funnels) > 1 || f.Name != "" {
				label = strings.TrimPrefix(f.Name+" → "+s.Name, " → ")
			}
			options = append(options, page.Option{Value: s.Code, Label: label})
		}
	}
	return options
}

// stageName names a stage for people; its code when the portal does not.
func stageName(funnels []Funnel, code string) string {
	for _, o := range stageOptions(funnels) {
		if o.Value == code {
			return o.Label
		}
	}
	return code
}

// funnelOf finds the funnel of a stage.
func funnelOf(funnels []Funnel, stage string) (Funnel, bool) {
	for _, f := range funnels {
		for _, s := range f.Stages {
			if s.Code == stage {
				return f, true
			}
		}
	}
	return Funnel{}, false
}

// fieldOptions are fields by what they are called.
func fieldOptions(fields []CardField) []page.Option {
	var options []page.Option
	for _, f := range fields {
		options = append(options, page.Option{Value: f.Name, Label: f.Title + " (" + f.Name + ")"})
	}
	return options
}

// root is how expressions reach a kind's card.
func root(kind Kind) string {
	entity, _, _ := strings.Cut(kind.Key, ":")
	return entity
}

// Insertable is a field that can be put into an expression.
type Insertable struct{ Group, Title, Expression string }

// insertable lists the fields of a card and of who is around it, and what is known of a docflow.
func (l *lists) insertable(ctx context.Context, kind Kind, docflow bool) []Insertable {
	var all []Insertable
	if docflow {
		for _, one := range docflowFields() {
			all = append(all, Insertable{say(l.r, "Документооборот", "Docflow"), say(l.r, one[1], one[2]), "docflow." + one[0]})
		}
	}
	for _, group := range []struct {
		kind           int
		ru, en, prefix string
	}{
		{kind.Type, kind.Title, kind.Title, root(kind)}, {TypeContact, "Контакт (первый)", "Contact (the first)", "contacts[0]"},
		{TypeCompany, "Компания", "Company", "company"}, {TypeRequisite, "Реквизиты", "Requisites", "requisites"},
	} {
		for _, f := range l.fields(ctx, group.kind) {
			all = append(all, Insertable{say(l.r, group.ru, group.en), f.Title, group.prefix + "." + f.Name})
		}
	}
	for _, one := range [][3]string{{"user.NAME", "Ответственный: имя", "Responsible: name"},
		{"user.LAST_NAME", "Ответственный: фамилия", "Responsible: last name"}, {"user.ID", "Ответственный: номер", "Responsible: number"}} {
		all = append(all, Insertable{say(l.r, "Сотрудник", "User"), say(l.r, one[1], one[2]), one[0]})
	}
	return all
}

// docflowFields are what expressions of reactions know of a docflow: docs/reactions.md.
func docflowFields() [][3]string {
	return [][3]string{{"id", "Номер документооборота", "Docflow id"}, {"kind", "Тип", "Type"}, {"state", "Состояние (код)", "State (code)"},
		{"state_text", "Состояние словами", "State in words"}, {"requirement", "Что требуется", "Requirement"}, {"uin", "УИН", "UIN"},
		{"amount", "Сумма пошлины", "Amount of the duty"}}
}
