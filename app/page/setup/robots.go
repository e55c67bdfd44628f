package setup

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type robotsView struct {
	frame
	Robots   []robotLine
	There    int
	Missing  int
	Problems []string
	Notes    []string
	Checked  time.Time
	Hooks    []hookLine
	Files    []page.Field
}

type robotLine struct {
	Name, Code string
	There      bool
}

type hookLine struct {
	Name, Address string
	Required      string // its required parameters
}

func (p *pages) robots(ctx context.Context, r page.Request) (page.Response, error) {
	return p.showRobots(ctx, r, nil)
}

func (p *pages) showRobots(ctx context.Context, r page.Request, problems settings.Problems) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	view := robotsView{frame: p.frame("robots", now, r)}
	l := p.lists(r)
	there, err := p.Portal.Registered(ctx, r.Session.Portal)
	view.Robots = p.robotLines(r, heard(l, there.Robots, err))
	for _, one := range view.Robots {
		if one.There {
			view.There++
		} else {
			view.Missing++
		}
	}
	view.Problems, view.Notes, view.Checked = there.Problems, there.Notes, there.At
	secret := now.Settings.HookSecret.Reveal()
	for _, a := range p.Actions {
		line := hookLine{Name: say(r, a.Name.RU, a.Name.EN), Address: p.Portal.PublicURL + "/bitrix/hooks/" + secret + "/" + a.Code}
		var required []string
		for _, param := range a.Params {
			if param.Required {
				required = append(required, param.Name)
			}
		}
		line.Required = strings.Join(required, ", ")
		view.Hooks = append(view.Hooks, line)
	}
	ids := map[string]string{}
	view.Files = l.fileFields(ctx, now.Settings.Files, ids)
	view.Silent = l.Silent
	if len(problems) > 0 {
		view.keep(r)
	}
	var at map[string]string
	view.Faults, at = faulty(r, problems, "files", ids)
	mark(view.Files, at)
	return p.form(r, "robots", view, len(problems) > 0)
}

func (p *pages) robotLines(r page.Request, there []string) []robotLine {
	var all []robotLine
	for _, a := range p.Actions {
		all = append(all, robotLine{say(r, a.Name.RU, a.Name.EN), a.Code, slices.Contains(there, a.Code)})
	}
	return all
}

// fileFields let choose, for each kind of cards, the field into which files go.
func (l *lists) fileFields(ctx context.Context, files map[string]string, ids map[string]string) []page.Field {
	var all []page.Field
	kinds := l.kinds(ctx)
	for _, key := range slices.Sorted(maps.Keys(files)) {
		if !slices.ContainsFunc(kinds, func(k Kind) bool { return k.Key == key }) {
			kinds = append(kinds, Kind{Key: key, Title: key})
		}
	}
	for _, k := range kinds {
		f := page.Field{ID: "file:" + k.Key, Name: "file:" + k.Key, Label: k.Title, Value: files[k.Key]}
		ids[k.Key] = f.ID
		options := []page.Option{{Label: say(l.r, "комментарий в таймлайне с файлом", "a timeline comment with the file")}}
		for _, field := range l.fields(ctx, k.Type) {
			if field.Type == "file" {
				options = append(options, page.Option{Value: field.Name, Label: field.Title + " (" + field.Name + ")"})
			}
		}
		if f.Kind, f.Options = "select", choose(options, files[k.Key]); l.Silent {
			f.Kind = "text"
		}
		all = append(all, f)
	}
	return all
}

func (p *pages) saveFiles(ctx context.Context, r page.Request) (page.Response, error) {
	files := map[string]string{}
	for name := range r.Form {
		if key, ours := strings.CutPrefix(name, "file:"); ours && text(r, name) != "" {
			files[key] = text(r, name)
		}
	}
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		s.Files = files
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	answer, err := p.showRobots(ctx, r, problems)
	if len(problems) == 0 {
		answer.Say = saved()
	}
	return answer, err
}

// newSecret replaces the portal's part of its webhook addresses: the old ones stop working at once.
func (p *pages) newSecret(ctx context.Context, r page.Request) (page.Response, error) {
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		s.HookSecret = settings.NewSecret
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	if len(problems) > 0 {
		return page.Response{}, refusedAs(problems)
	}
	answer, err := p.robots(ctx, r)
	answer.Say = page.Good("Адреса вебхуков заменены. Вставьте новые в бизнес-процессы.", "The webhook addresses are replaced. Put the new ones into your workflows.")
	return answer, err
}

func (p *pages) repair(ctx context.Context, r page.Request) (page.Response, error) {
	if err := p.Portal.Repair(ctx, r.Session.Portal); err != nil {
		return page.Response{}, err
	}
	answer, err := p.robots(ctx, r)
	answer.Say = page.Good("Роботы, события и поля регистрируются заново. Через минуту обновите страницу.", "Robots, events and fields are being registered again. Reload this page in a minute.")
	return answer, err
}
