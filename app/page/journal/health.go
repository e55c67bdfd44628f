package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"konturbridge/app/journal"
	"konturbridge/app/page"
)

// healthView is how a portal is now.
type healthView struct {
	Chip        page.Chip
	Backlog     journal.Backlog
	OldestFor   string
	Dead        string // the address of what failed
	Connections []connectionView
	Waiting     chart
	Budget      chart
	HasBudget   bool
	Calls       int // that wait for the budget
}

// connectionView is one connection.
type connectionView struct {
	Name, Kind string
	Default    bool
	Chip       page.Chip
	Read       time.Time
	Next       time.Time
	Moved      time.Time
	Since      time.Time // of what is wrong
	Words      string
	Advice     string
	Check      string
	Lag        chart
}

// chart is a picture of numbers, and the same in words.
type chart struct {
	ID, Title string
	Summary   string
	Bars      []bar
	Top       string // what the highest line stands for
	From      time.Time
	Flat      bool // nothing but zeros
}

// bar is one value, in the picture's units: 600 by 100.
type bar struct {
	X, Y, Width, Height float64
}

func (p *pages) health(ctx context.Context, r page.Request) (page.Response, error) {
	id := r.Session.Portal
	var (
		view healthView
		err  error
	)
	if view.Backlog, err = p.Health.Backlog(ctx, id); err != nil {
		return page.Response{}, err
	}
	conns, err := p.Health.Connections(ctx, id)
	if err != nil {
		return page.Response{}, err
	}
	waiting, err := p.Health.Waiting(ctx, id)
	if err != nil {
		return page.Response{}, err
	}
	ill := 0
	for i, c := range conns {
		v := connected(r, c, i)
		if v.Chip.Kind == "bad" || v.Chip.Kind == "warn" {
			ill++
		}
		view.Connections = append(view.Connections, v)
	}
	view.Waiting = newChart("waiting", text("Работа в очереди за последний час", "Waiting work over the last hour").In(r.Lang), waiting, 1, count, r.Lang)
	used, calls := p.Gauge.Budget(id)
	view.Calls, view.HasBudget = calls, len(used) > 0
	if view.HasBudget {
		view.Budget = newChart("budget", text("Занятый запас запросов к порталу за последний час", "Used budget of requests to the portal over the last hour").In(r.Lang), used, 1, percent, r.Lang)
	}
	if !view.Backlog.Oldest.IsZero() && len(waiting) > 0 {
		view.OldestFor = inWords(waiting[len(waiting)-1].At.Sub(view.Backlog.Oldest).Truncate(time.Minute), r.Lang)
	}
	view.Dead = address("journal", url.Values{"state": {"dead"}})
	view.Chip = overall(ill, view.Backlog.Dead, r.Lang)
	return p.set.Render(r, "health", view)
}

func overall(ill, dead int, lang string) page.Chip {
	switch {
	case ill > 0:
		return page.Chip{Kind: "bad", Text: text("Подключения требуют внимания", "Connections need attention").In(lang)}
	case dead > 0:
		return page.Chip{Kind: "warn", Text: text("Есть невыполненная работа", "Some work has failed").In(lang)}
	default:
		return page.Chip{Kind: "good", Text: text("Всё работает", "All is well").In(lang)}
	}
}

func connected(r page.Request, c journal.Connection, i int) connectionView {
	v := connectionView{Name: c.Name, Kind: systemWord(c.Kind, r.Lang), Default: c.Default, Read: c.Read, Next: c.Next, Moved: c.Moved,
		Check: address("health/"+url.PathEscape(c.Name)+"/check", nil)}
	say := func(kind, ru, en string) { v.Chip = page.Chip{Kind: kind, Text: text(ru, en).In(r.Lang)} }
	switch {
	case c.State == "refused":
		say("bad", "Вход не принят", "Login refused")
		v.Since, v.Words = c.Since, c.Note
		v.Advice = text("Проверьте логин и пароль на странице настроек и сохраните их: мост попробует снова сам.",
			"Check login and password on the settings page and save them: the bridge tries again by itself.").In(r.Lang)
	case c.State == "again":
		say("wait", "Проверяем новые данные входа", "Trying the new login")
	case !c.Reads:
		say("warn", "Не читается", "Not read")
		v.Advice = text("Сохраните подключение на странице настроек ещё раз.", "Save the connection on the settings page once more.").In(r.Lang)
	case !c.Failing.IsZero():
		say("warn", "Сервис не отвечает", "No answer")
		v.Since, v.Words = c.Failing, c.Words
		v.Advice = text("Мост читает снова сам и ничего не пропустит. Если это длится долго, проверьте сервис и сеть сервера.",
			"The bridge reads again by itself and misses nothing. If this goes on, check the service and the server's network.").In(r.Lang)
	case c.Read.IsZero():
		say("wait", "Ещё не читалось", "Not read yet")
	default:
		say("good", "Работает", "Works")
	}
	v.Lag = newChart("lag-"+strconv.Itoa(i), text("Сколько не читалось, за сутки", "Unread time over the last day").In(r.Lang), c.Lag, 15, minutes(r.Lang), r.Lang)
	return v
}

func (p *pages) check(ctx context.Context, r page.Request) (page.Response, error) {
	err := p.Health.Check(ctx, r.Session.Portal, r.Params["name"])
	if errors.Is(err, journal.ErrNotFound) {
		return page.Response{}, page.NotFound()
	}
	return page.Response{Say: page.Good("Подключение проверяется: итог появится здесь через несколько секунд.",
		"The connection is being checked: what comes of it shows here in a few seconds."), Refresh: true}, err
}

func count(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }

func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 0, 64) + " %" }

func minutes(lang string) func(float64) string {
	return func(v float64) string {
		if v < 1 {
			return text("меньше минуты", "under a minute").In(lang)
		}
		return inWords(time.Duration(v*float64(time.Minute)).Truncate(time.Minute), lang)
	}
}

// newChart draws values as bars. least is the smallest top, so that a little does not look like much.
func newChart(id, title string, points []journal.Point, least float64, say func(float64) string, lang string) chart {
	c := chart{ID: id, Title: title}
	if len(points) == 0 {
		c.Flat = true
		return c
	}
	top, at := 0.0, 0
	for i, p := range points {
		if p.Value > top {
			top, at = p.Value, i
		}
	}
	c.From, c.Flat = points[0].At, top == 0
	scale := max(top, least)
	c.Top = say(scale)
	width := 600 / float64(len(points))
	for i, p := range points {
		if p.Value > 0 {
			height := math.Max(2, 100*p.Value/scale)
			c.Bars = append(c.Bars, bar{X: round(float64(i) * width), Y: round(100 - height), Width: round(width * .8), Height: round(height)})
		}
	}
	now := points[len(points)-1].Value
	c.Summary = fmt.Sprintf(text("Сейчас %s, наибольшее %s.", "Now %s, at most %s.").In(lang), say(now), say(points[at].Value))
	if c.Flat {
		c.Summary = text("Всё время ноль.", "Zero all the time.").In(lang)
	}
	return c
}

func round(v float64) float64 { return math.Round(v*10) / 10 }
