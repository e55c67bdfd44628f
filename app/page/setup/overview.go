package setup

import (
	"context"
	"fmt"

	"konturbridge/app/page"
)

type overviewView struct {
	frame
	Tiles    []tile
	Problems []string
	Last     *versionLine
	Steps    []page.Step
}

// tile tells how one section stands.
type tile struct {
	Link  nav
	Chip  page.Chip
	About string
}

// overview is where the settings begin; a portal without any connection begins with the first run.
func (p *pages) overview(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.Settings.Read(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	if len(now.Problems) > 0 {
		return p.file(ctx, r)
	}
	if len(now.Settings.Connections) == 0 {
		return p.first(ctx, r)
	}
	view := overviewView{frame: p.frame("", now, r)}
	states, err := p.Accounts.States(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	bad := 0
	for _, c := range now.Settings.Connections {
		if states[c.Name] != "" {
			bad++
			view.Problems = append(view.Problems, say(r, "Подключение «"+c.Name+"»: ", "Connection "+c.Name+": ")+states[c.Name])
		}
	}
	l := p.lists(r)
	there, err := p.Portal.Registered(ctx, r.Session.Portal)
	robots := heard(l, there.Robots, err)
	view.Problems = append(view.Problems, there.Problems...)
	view.Silent = l.Silent
	count := func(section, ru, en string, n int) tile {
		link := nav{Path: "settings/" + section}
		for _, one := range view.Nav {
			if one.Path == link.Path {
				link.Title = one.Title
			}
		}
		kind := "plain"
		if n > 0 {
			kind = "good"
		}
		return tile{Link: link, Chip: page.Chip{Kind: kind, Text: fmt.Sprint(n)}, About: say(r, ru, en)}
	}
	accounts := count("connections", "аккаунты Реестро и ящики Диадока", "accounts of Реестро and boxes of Диадок", len(now.Settings.Connections))
	if bad > 0 {
		accounts.Chip = page.Chip{Kind: "bad", Text: say(r, "вход не принят", "login refused")}
	}
	view.Tiles = []tile{accounts,
		count("triggers", "что мост делает сам по стадиям и полям", "what the bridge does by stages and fields", len(now.Settings.Triggers)),
		count("mappings", "свои; для остального действуют готовые", "your own; the ready ones serve the rest", len(now.Settings.Mappings)),
		count("reactions", "что происходит при изменении документооборота", "what happens when a docflow changes", len(now.Settings.Reactions)),
		count("robots", "роботов зарегистрировано в портале", "rules are registered in the portal", len(robots))}
	all, err := p.History.Versions(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	if len(all) > 0 {
		last := p.versionLine(r, all[0], true)
		view.Last = &last
	}
	if len(now.Settings.Triggers) == 0 {
		view.Steps = firstSteps(r, now, "stages")
	}
	return p.set.Render(r, "overview", view)
}
