package setup

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type historyView struct {
	frame
	List []versionLine
}

type versionLine struct {
	Number       int64
	At           time.Time
	Author, What string
	Latest       bool
}

type versionView struct {
	frame
	versionLine
	Before, Since []change // against the version before, and from here to now
	Problems      []string // why it can't be undone as it is
	Accounts      bool     // accounts are among the reasons
}

func (p *pages) history(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.Settings.Read(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	all, err := p.History.Versions(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	view := historyView{frame: p.frame("history", now, r)}
	for i, v := range all {
		view.List = append(view.List, p.versionLine(r, v, i == 0))
	}
	return p.set.Render(r, "history", view)
}

func (p *pages) versionLine(r page.Request, v Version, latest bool) versionLine {
	causes := map[string][2]string{"page": {"правка на странице", "edited on a page"}, "file": {"загружен файл", "a file was applied"},
		"connect": {"вход в Диадок", "login at Диадок"}, "hook": {"новый секрет вебхуков", "a new webhook secret"},
		"undo": {fmt.Sprintf("возврат к версии %d", v.UndoOf), fmt.Sprintf("back to version %d", v.UndoOf)}}
	what := causes[v.Cause]
	author := v.Author
	switch author {
	case "":
		author = say(r, "неизвестно кто", "nobody knows who")
	case "command line":
		author = say(r, "командная строка", "command line")
	}
	return versionLine{Number: v.Number, At: v.At, Author: author, What: say(r, what[0], what[1]), Latest: latest}
}

func (p *pages) version(ctx context.Context, r page.Request) (page.Response, error) {
	return p.showVersion(ctx, r, nil, false)
}

func (p *pages) showVersion(ctx context.Context, r page.Request, problems settings.Problems, accounts bool) (page.Response, error) {
	number, err := strconv.ParseInt(r.Params["version"], 10, 64)
	if err != nil {
		return page.Response{}, page.NotFound()
	}
	now, err := p.Settings.Read(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	v, err := p.History.Version(ctx, r.Session.Portal, number)
	if err != nil {
		return page.Response{}, err
	}
	all, err := p.History.Versions(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	view := versionView{frame: p.below("history", fmt.Sprintf(say(r, "Версия %d", "Version %d"), number), now, r), Accounts: accounts}
	view.versionLine = p.versionLine(r, v, len(all) > 0 && all[0].Number == number)
	var older, latest Version
	for _, one := range all {
		if one.Number < number {
			if older, err = p.History.Version(ctx, r.Session.Portal, one.Number); err != nil {
				return page.Response{}, err
			}
			break
		}
	}
	view.Before = difference(older.YAML, v.YAML)
	if !view.Latest && len(all) > 0 {
		if latest, err = p.History.Version(ctx, r.Session.Portal, all[0].Number); err != nil {
			return page.Response{}, err
		}
		view.Since = difference(latest.YAML, v.YAML)
	}
	if len(problems) > 0 {
		view.keep(r)
	}
	for _, one := range problems {
		view.Problems = append(view.Problems, say(r, one.Russian(), one.String()))
	}
	return p.form(r, "version", view, len(problems) > 0)
}

func (p *pages) undo(ctx context.Context, r page.Request) (page.Response, error) {
	number, err := strconv.ParseInt(r.Params["version"], 10, 64)
	if err != nil {
		return page.Response{}, page.NotFound()
	}
	problems, err := p.History.Undo(ctx, r.Session.Portal, by(r), number, r.Form.Get("accounts") == "keep")
	if err != nil {
		return page.Response{}, p.fault(ctx, r, err)
	}
	if len(problems) > 0 {
		accounts := false
		for _, one := range problems {
			accounts = accounts || len(one.Path) > 11 && one.Path[:11] == "connections"
		}
		return p.showVersion(ctx, r, problems, accounts)
	}
	answer, err := p.history(ctx, r)
	answer.Say = page.Good(fmt.Sprintf("Настройки снова такие, как в версии %d.", number), fmt.Sprintf("The settings are again those of version %d.", number))
	return answer, err
}
