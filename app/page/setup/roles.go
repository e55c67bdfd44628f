package setup

import (
	"context"
	"slices"
	"strconv"

	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type rolesView struct {
	frame
	Rights []rightView
}

type rightView struct {
	ID, Title, About string
	People           []personView
	More             page.Field // numbers of people who are not in the list
	Fault            string
}

type personView struct {
	ID      int64
	Label   string
	Checked bool
}

func (p *pages) roles(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	roles := settings.Roles{}
	if now.Settings.Roles != nil {
		roles = *now.Settings.Roles
	}
	return p.showRoles(ctx, r, now, roles, nil)
}

func (p *pages) showRoles(ctx context.Context, r page.Request, now Current, roles settings.Roles, problems settings.Problems) (page.Response, error) {
	l := p.lists(r)
	view := rolesView{frame: p.frame("roles", now, r)}
	people := l.people(ctx)
	ids := map[string]string{}
	for _, one := range []struct {
		id             string
		given          []int64
		ru, en         string
		aboutRU, about string
	}{
		{settings.RoleAct, roles.Act, "Работать в карточках", "Act in cards", "Никто не отмечен: все, кто может открыть карточку.", "Nobody is chosen: whoever may open the card."},
		{settings.RoleJournal, roles.Journal, "Видеть журнал", "See the journal", "Никто не отмечен: только администраторы.", "Nobody is chosen: administrators alone."},
		{settings.RoleSettings, roles.Settings, "Менять настройки", "Change settings", "Кроме этого раздела. Никто не отмечен: только администраторы.", "But not this section. Nobody is chosen: administrators alone."},
	} {
		right := rightView{ID: one.id, Title: say(r, one.ru, one.en), About: say(r, one.aboutRU, one.about)}
		left := slices.Clone(one.given)
		for _, person := range people {
			checked := slices.Contains(one.given, person.ID)
			left = slices.DeleteFunc(left, func(id int64) bool { return id == person.ID })
			right.People = append(right.People, personView{person.ID, personLabel(person), checked})
		}
		more := ""
		for _, id := range left {
			more += strconv.FormatInt(id, 10) + " "
		}
		right.More = page.Field{ID: one.id + "-more", Name: one.id, Label: say(r, "Номера других пользователей через пробел", "Numbers of other users, separated by blanks"), Value: more}
		ids[one.id] = right.More.ID
		view.Rights = append(view.Rights, right)
	}
	view.Silent = l.Silent
	if len(problems) > 0 {
		view.keep(r)
	}
	var at map[string]string
	view.Faults, at = faulty(r, problems, "roles", ids)
	for i := range view.Rights {
		view.Rights[i].More.Fault = at[view.Rights[i].More.ID]
	}
	return p.form(r, "roles", view, len(problems) > 0)
}

// saveRoles is for administrators of the portal alone: others could give themselves more.
func (p *pages) saveRoles(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	var problems settings.Problems
	users := func(right string) []int64 {
		ids, bad := numbers(r.Form[right])
		if bad != "" {
			problems = append(problems, settings.Problem{Path: "roles." + right, RU: "«" + bad + "» — не номер пользователя", EN: bad + " is no user's number"})
		}
		return ids
	}
	roles := settings.Roles{Act: users(settings.RoleAct), Journal: users(settings.RoleJournal), Settings: users(settings.RoleSettings)}
	if len(problems) == 0 {
		if problems, err = p.edit(ctx, r, func(s *settings.Settings) error {
			s.Roles = &roles
			return nil
		}); err != nil {
			return page.Response{}, err
		}
	}
	if len(problems) > 0 {
		return p.showRoles(ctx, r, now, roles, problems)
	}
	answer, err := p.roles(ctx, r)
	answer.Say = saved()
	return answer, err
}
