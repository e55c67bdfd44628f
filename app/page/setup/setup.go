package setup

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"konturbridge/app/page"
	"konturbridge/app/settings"
)

//go:embed templates/*.html
var templates embed.FS

// pages is the desk at work.
type pages struct {
	Deps
	set *page.Set
}

// New makes the settings pages.
func New(d Deps) (page.Desk, error) {
	set, err := page.NewSet(templates, "templates/*.html")
	p := &pages{d, set}
	desk := page.Desk{Tabs: []page.Tab{{Path: "settings", RU: "Настройки", EN: "Settings", Right: page.Manage}}}
	get := func(path string, do func(context.Context, page.Request) (page.Response, error)) {
		desk.Routes = append(desk.Routes, page.Route{Method: http.MethodGet, Path: path, Right: page.Manage, Slow: true, Do: do})
	}
	post := func(path string, do func(context.Context, page.Request) (page.Response, error)) {
		desk.Routes = append(desk.Routes, page.Route{Method: http.MethodPost, Path: path, Right: page.Manage, Slow: true, Do: do})
	}
	get("settings", p.overview)
	get("settings/connections", p.connections)
	get("settings/connections/:at", p.connection)
	post("settings/connections/:at", p.saveConnection)
	post("settings/connections/:at/remove", p.removeConnection)
	post("settings/connections/:at/default", p.defaultConnection)
	post("settings/connections/:at/check", p.checkConnection)
	post("settings/logins", p.beginLogin)
	get("settings/logins/:id", p.login)
	get("settings/triggers", p.triggers)
	get("settings/triggers/:at", p.trigger)
	post("settings/triggers/:at", p.saveTrigger)
	post("settings/triggers/:at/remove", p.removeTrigger)
	get("settings/mappings", p.mappings)
	post("settings/mappings", p.addMapping)
	get("settings/mappings/:at", p.mapping)
	post("settings/mappings/:at", p.saveMapping)
	post("settings/mappings/:at/remove", p.removeMapping)
	get("settings/reactions", p.reactions)
	get("settings/reactions/:at", p.reaction)
	post("settings/reactions/:at", p.saveReaction)
	post("settings/reactions/:at/remove", p.removeReaction)
	get("settings/robots", p.robots)
	post("settings/robots/repair", p.repair)
	post("settings/robots/secret", p.newSecret)
	post("settings/robots/files", p.saveFiles)
	get("settings/roles", p.roles)
	post("settings/roles", p.saveRoles)
	get("settings/file", p.file)
	get("settings/file/download", p.download)
	post("settings/file", p.apply)
	get("settings/history", p.history)
	get("settings/history/:version", p.version)
	post("settings/history/:version/undo", p.undo)
	get("settings/first", p.first)
	post("settings/first/stage", p.firstStage)
	post("settings/first/fields", p.firstFields)
	post("settings/first/try", p.firstTry)
	return desk, err
}

// frame is what every settings page has around its content.
type frame struct {
	Title   string
	Quiet   bool // the page is shown again while somebody is at a form: what they do keeps the focus
	Nav     []nav
	Back    *nav
	Version int64 // of the settings that are shown
	Faults  []page.Fault
	Silent  bool // the portal did not answer: lists are missing
	Admin   bool
	First   bool // nothing is connected yet
	Remove  *removal
	Insert  []Insertable
}

// nav is a way to another page.
type nav struct {
	Path, Title string
	Now         bool
}

// removal is the button that takes away what the page shows.
type removal struct{ Path, Question string }

// entry is a line of a list of things that can be edited.
type entry struct {
	Path, Title string
	About       []string
}

// current reads the settings that a page shows. Those that can't be read can only be replaced by a file.
func (p *pages) current(ctx context.Context, r page.Request) (Current, error) {
	now, err := p.Settings.Read(ctx, r.Session.Portal)
	if err == nil && len(now.Problems) > 0 {
		err = unreadable(fmt.Errorf("%w: %w", ErrUnreadable, now.Problems))
	}
	return now, err
}

// frame makes the surroundings of a page of a section.
func (p *pages) frame(section string, now Current, r page.Request) frame {
	f := frame{Version: now.Version, Admin: r.Session.Admin, First: len(now.Settings.Connections) == 0}
	for _, one := range [][3]string{
		{"", "Обзор", "Overview"}, {"connections", "Подключения", "Connections"}, {"triggers", "Триггеры", "Triggers"},
		{"mappings", "Соответствия полей", "Mappings"}, {"reactions", "Реакции", "Reactions"},
		{"robots", "Роботы и вебхуки", "Robots and webhooks"}, {"roles", "Права", "Rights"}, {"file", "Файл", "File"}, {"history", "История", "History"},
	} {
		link := nav{Path: strings.TrimSuffix("settings/"+one[0], "/"), Title: say(r, one[1], one[2]), Now: one[0] == section}
		f.Nav = append(f.Nav, link)
		if link.Now {
			f.Title = link.Title
		}
	}
	return f
}

// below makes the surroundings of a page within a section.
func (p *pages) below(section, title string, now Current, r page.Request) frame {
	f := p.frame(section, now, r)
	f.Back = &nav{Path: "settings/" + section, Title: f.Title}
	f.Title = title
	return f
}

// keep stands for a form that is shown again: it still begins with the version that was on the screen, so that what
// somebody else has stored meanwhile is not written over.
func (f *frame) keep(r page.Request) {
	sent := r.Form.Get("version")
	if sent == "" {
		sent = r.Query.Get("version")
	}
	if read, err := strconv.ParseInt(sent, 10, 64); err == nil {
		f.Version = read
	}
}

func unreadable(cause error) *page.Problem {
	return &page.Problem{Status: http.StatusConflict, Cause: cause,
		RU: "Настройки сохранены другой версией моста, и эта их не понимает. Загрузите файл настроек целиком в разделе «Файл».",
		EN: "The settings were stored by another version of the bridge and this one does not understand them. Upload a whole settings file in File."}
}

// by is who sends a form, and what was on the screen.
func by(r page.Request) By {
	read, err := strconv.ParseInt(r.Form.Get("version"), 10, 64)
	if err != nil {
		read = 0 // matches nothing but settings that were never stored
	}
	return By{User: r.Session.User, Admin: r.Session.Admin, Read: read}
}

// fault turns the errors of a change into words.
func (p *pages) fault(ctx context.Context, r page.Request, err error) error {
	switch {
	case errors.Is(err, ErrChanged):
		who, whoEN := "кто-то другой", "somebody else"
		if all, err := p.History.Versions(ctx, r.Session.Portal); err == nil && len(all) > 0 && all[0].Author != "" {
			who, whoEN = all[0].Author, all[0].Author
		}
		return &page.Problem{Status: http.StatusConflict, Cause: err,
			RU: "Пока эта страница была открыта, настройки изменил " + who + ". Ничего не сохранено: откройте раздел заново и повторите изменение.",
			EN: "While this page was open, " + whoEN + " changed the settings. Nothing was stored: open the section again and repeat your change."}
	case errors.Is(err, ErrUnreadable):
		return unreadable(err)
	}
	return err
}

// edit changes settings and tells what is wrong with the outcome, or with the change itself.
func (p *pages) edit(ctx context.Context, r page.Request, change func(*settings.Settings) error) (settings.Problems, error) {
	problems, err := p.Settings.Edit(ctx, r.Session.Portal, by(r), change)
	return problems, p.fault(ctx, r, err)
}

// place is the number of an entry in an address: new ones are at the end.
func place(r page.Request, count int) (at int, fresh bool, err error) {
	if r.Params["at"] == "new" {
		return count, true, nil
	}
	at, err = strconv.Atoi(r.Params["at"])
	if err != nil || at < 0 || at >= count {
		return 0, false, page.NotFound()
	}
	return at, false, nil
}

// entry reads the settings and the number of the entry that an address is about.
func (p *pages) entry(ctx context.Context, r page.Request, count func(settings.Settings) int) (now Current, at int, fresh bool, err error) {
	if now, err = p.current(ctx, r); err == nil {
		at, fresh, err = place(r, count(now.Settings))
	}
	return now, at, fresh, err
}

// form renders a page with a form; a refused one is no success.
func (p *pages) form(r page.Request, name string, view any, refused bool) (page.Response, error) {
	answer, err := p.set.Render(r, name, view)
	if refused {
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, err
}

// replaced gives a list with one entry put in place, or added at its end.
func replaced[T any](list []T, at int, entry T) []T {
	list = slices.Clone(list)
	if at >= len(list) {
		return append(list, entry)
	}
	list[at] = entry
	return list
}

// without gives a list without an entry.
func without[T any](list []T, at int) []T {
	if at >= len(list) {
		return list
	}
	return slices.Delete(slices.Clone(list), at, at+1)
}

func text(r page.Request, name string) string { return trimmed(r.Form, name) }

// say is a text of two languages for the request.
func say(r page.Request, ru, en string) string {
	if r.Lang == "en" {
		return en
	}
	return ru
}

func saved() *page.Message { return page.Good("Сохранено.", "Saved.") }
