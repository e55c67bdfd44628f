package journal

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/page"
)

// storyView is one row, or one docflow, with all that is known of it, in the order of time.
type storyView struct {
	Row    row
	Back   string
	Title  string
	Code   string // of the action
	State  string
	Why    string // the failure in words
	Advice string
	Next   time.Time // of the next try
	Tries  int
	Retry  string // addresses of what can be pressed; "" when it can't
	Now    bool   // the retry only hurries
	Cancel string
	Kin    []row // what led to it first
	Facts  []docflowFacts
	Events []event
	Cut    bool
	Poll   bool
}

// docflowFacts is a filing as its summary tells it.
type docflowFacts struct {
	What, ID, External, Request, Connection, Refusal string
	Chip                                             page.Chip
	Uins                                             []string
}

// event is one thing that happened.
type event struct {
	At    time.Time
	Kind  string // good, bad, warn, wait, plain
	Title string
	Text  string
	Took  string
	Link  string // to another row's story
	Calls []callLine
	More  int
	order int
}

// callLine is one call of a table.
type callLine struct {
	At                       time.Time
	System, Op, Took, Answer string
	Words                    string
	Failed                   bool
	Packed                   int
}

func (p *pages) story(ctx context.Context, r page.Request) (page.Response, error) {
	id, err := strconv.ParseInt(r.Params["id"], 10, 64)
	if err != nil {
		return page.Response{}, page.NotFound()
	}
	s, err := p.Past.Story(ctx, r.Session.Portal, id)
	if errors.Is(err, journal.ErrNotFound) {
		return page.Response{}, page.NotFound()
	}
	if err != nil {
		return page.Response{}, err
	}
	return p.set.Render(r, "story", p.tell(r, s))
}

func (p *pages) docflow(ctx context.Context, r page.Request) (page.Response, error) {
	s, err := p.Past.DocflowStory(ctx, r.Session.Portal, docflow.ID(r.Params["id"]))
	if errors.Is(err, journal.ErrNotFound) {
		return page.Response{}, page.NotFound()
	}
	if err != nil {
		return page.Response{}, err
	}
	view := p.view(r, s)
	rec := s.Docflows[0].Record
	view.Title, view.Row.Chip = kindWord(rec, r.Lang), stateChip(rec.State, rec.Requirement, r.Lang)
	view.Row.Card, view.Row.CardLink = cardName(rec.Card, r.Lang), cardLink(rec.Card, r.Session.Origin)
	view.Row.Received = rec.Created
	return p.set.Render(r, "story", view)
}

// tell makes the view of a row's story.
func (p *pages) tell(r page.Request, s journal.Story) storyView {
	view := p.view(r, s)
	job := s.Job
	view.Title, view.Code, view.State, view.Tries = p.what(job, r.Lang), job.Code, job.State, job.Tries
	at := "journal/" + strconv.FormatInt(job.ID, 10)
	switch job.State {
	case "waiting":
		view.Poll = true
		if job.RunAt.After(job.Received) {
			view.Next = job.RunAt
		}
		view.Retry, view.Now, view.Cancel = address(at+"/retry", nil), true, address(at+"/cancel", nil)
	case "dead":
		view.Retry, view.Cancel = address(at+"/retry", nil), address(at+"/cancel", nil)
	case "canceled":
		view.Retry = address(at+"/retry", nil)
	}
	if job.State == "dead" || job.State == "waiting" && job.Tries > 0 {
		view.Why, view.Advice = job.Note, advice(lastFailure(s), r.Lang)
	}
	if job.State == "waiting" {
		view.Advice = text("Мост повторит сам.", "The bridge tries again by itself.").In(r.Lang)
	}
	if !arrives(job.Kind) && job.Kind != "effects" {
		view.Cancel = "" // the bridge keeps itself going by it
	}
	return view
}

// lastFailure is the class of the last call of the row that failed; "" when none did.
func lastFailure(s journal.Story) string {
	class := ""
	for _, c := range s.Calls {
		if c.Job == s.Job.ID && c.Failed() {
			class = c.Class
		}
	}
	return class
}

func (p *pages) view(r page.Request, s journal.Story) storyView {
	back, _ := url.ParseQuery(r.Query.Get("back")) // what cannot be read leads to the whole journal
	view := storyView{Back: address("journal", filterOf(back).values()), Cut: s.Cut}
	view.Row = p.line(r, s.Job, nil)
	if s.Cause != nil {
		view.Kin = append(view.Kin, p.line(r, *s.Cause, back))
	}
	for _, made := range s.Made {
		view.Kin = append(view.Kin, p.line(r, made, back))
	}
	for _, d := range s.Docflows {
		facts := docflowFacts{What: kindWord(d.Record, r.Lang), ID: string(d.Record.ID), External: d.Record.ExternalID, Request: d.Record.RequestID,
			Connection: d.Record.Connection, Chip: stateChip(d.Record.State, d.Record.Requirement, r.Lang)}
		if d.Record.Refusal != nil {
			facts.Refusal = text(d.Record.Refusal.CRMText, d.Record.Refusal.TextEN).In(r.Lang)
		}
		for _, c := range d.Record.Charges {
			facts.Uins = append(facts.Uins, c.UIN)
		}
		view.Facts = append(view.Facts, facts)
	}
	view.Events = p.events(r, s)
	return view
}

// events puts everything in the order of time.
func (p *pages) events(r page.Request, s journal.Story) []event {
	var all []event
	if s.Job.ID != 0 {
		all = append(all, p.arrived(r, s))
		all = append(all, runs(r, s)...)
		all = append(all, pressed(r, s)...)
		all = append(all, ended(r, s)...)
	}
	all = append(all, others(r, s)...)
	all = append(all, states(r, s)...)
	all = append(all, effects(r, s)...)
	slices.SortStableFunc(all, func(a, b event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.order, b.order))
	})
	return all
}

func (p *pages) arrived(r page.Request, s journal.Story) event {
	e := event{At: s.Job.Received, Kind: "plain", Title: text("Пришло: ", "Arrived: ").In(r.Lang) + arrival(s.Job, r.Lang)}
	if !arrives(s.Job.Kind) {
		e.Title = text("Поставлено в очередь мостом", "Queued by the bridge").In(r.Lang)
	}
	if s.Job.Kind == "event" {
		e.Text = s.Call.Event
	}
	if s.Call.User != 0 {
		e.Text = text("Запустил пользователь ", "Started by user ").In(r.Lang) + strconv.FormatInt(s.Call.User, 10)
	}
	if s.Call.Workflow {
		e.Text = joined(e.Text, text("бизнес-процесс ждёт ответа", "a workflow awaits the answer").In(r.Lang))
	}
	return e
}

func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}

// runs tells each run with its calls.
func runs(r page.Request, s journal.Story) []event {
	var all []event
	for i, run := range s.Runs {
		words := known(map[string]page.Text{
			"done": text("работа сделана", "the work is done"), "again": text("будет снова", "comes again"), "backoff": text("не удалась, будет повтор", "failed, will be tried again"),
			"aside": text("отложена", "set aside"), "dead": text("не удалась", "failed"),
		}, run.Verdict, r.Lang)
		e := event{At: run.Began, Kind: "plain", order: 1, More: run.More,
			Title: text("Попытка ", "Run ").In(r.Lang) + strconv.Itoa(i+1) + ": " + words, Took: inWords(run.Ended.Sub(run.Began), r.Lang)}
		switch {
		case run.Verdict == "dead":
			e.Kind = "bad"
		case run.Verdict == "backoff", run.Failed && run.Verdict != "done":
			e.Kind = "warn"
		case run.Verdict == "done":
			e.Kind = "good"
		}
		if run.Verdict != "done" {
			e.Text = run.Note
		}
		if run.Times > 1 {
			e.Title += text(", так раз подряд: ", ", so many times in a row: ").In(r.Lang) + strconv.Itoa(run.Times)
		}
		for _, c := range s.Calls {
			if c.Job == s.Job.ID && c.Run.Equal(run.Began) {
				e.Calls = append(e.Calls, line(r, c))
			}
		}
		all = append(all, e)
	}
	return all
}

func line(r page.Request, c journal.Call) callLine {
	return callLine{At: c.Began, System: systemWord(c.System, r.Lang), Op: c.Op, Took: inWords(c.Took, r.Lang), Answer: answerWord(c, r.Lang),
		Words: c.Words, Failed: c.Failed(), Packed: c.Packed}
}

// others tells the calls of rows that applied the effects.
func others(r page.Request, s journal.Story) []event {
	var all []event
	at := map[int64]int{}
	for _, c := range s.Calls {
		if c.Job == s.Job.ID {
			continue
		}
		i, known := at[c.Job]
		if !known {
			i = len(all)
			at[c.Job] = i
			all = append(all, event{At: c.Began, Kind: "plain", order: 3, Title: text("Работа № ", "Work no. ").In(r.Lang) + strconv.FormatInt(c.Job, 10),
				Link: address("journal/"+strconv.FormatInt(c.Job, 10), nil)})
		}
		if c.Failed() {
			all[i].Kind = "warn"
		}
		all[i].Calls = append(all[i].Calls, line(r, c))
	}
	return all
}

func pressed(r page.Request, s journal.Story) []event {
	var all []event
	for _, a := range s.Acts {
		who := text("администратор сервера", "the server's operator").In(r.Lang)
		if a.User != 0 {
			who = text("пользователь ", "user ").In(r.Lang) + strconv.FormatInt(a.User, 10)
		}
		words := known(map[string]page.Text{"retry": text("Нажато «Повторить»", "Retry was pressed"), "cancel": text("Нажато «Отменить»", "Cancel was pressed")}, a.Act, r.Lang)
		all = append(all, event{At: a.At, Kind: "plain", order: 5, Title: words, Text: who})
	}
	return all
}

// ended tells how the row ended, unless its last run has told that.
func ended(r page.Request, s journal.Story) []event {
	if s.Job.Finished.IsZero() {
		return nil
	}
	e := event{At: s.Job.Finished, order: 6, Kind: jobChip(s.Job, r.Lang).Kind, Title: jobChip(s.Job, r.Lang).Text, Text: s.Job.Note}
	if n := len(s.Runs); s.Job.State == "canceled" || n > 0 && s.Runs[n-1].Verdict == "dead" && s.Runs[n-1].Note == e.Text {
		e.Text = "" // told already
	}
	return []event{e}
}

func states(r page.Request, s journal.Story) []event {
	var all []event
	for _, d := range s.Docflows {
		for _, h := range d.History {
			chip := stateChip(h.State, h.Requirement, r.Lang)
			all = append(all, event{At: h.At, Kind: chip.Kind, order: 2, Title: kindWord(d.Record, r.Lang) + ": " + chip.Text,
				Text: joined(causeWord(h.Cause, r.Lang), h.Note)})
		}
	}
	return all
}

func effects(r page.Request, s journal.Story) []event {
	var all []event
	for _, f := range s.Effects {
		e := event{At: f.Created, Kind: "wait", order: 4, Title: text("В Битрикс24: ", "In Bitrix24: ").In(r.Lang) + effectWord(f.Kind, r.Lang), Text: f.Note}
		switch f.State {
		case "applied":
			e.At, e.Kind, e.Title = f.Finished, "good", e.Title+text(" — применено", ": applied").In(r.Lang)
			e.Took = inWords(f.Finished.Sub(f.Created), r.Lang)
		case "failed":
			e.At, e.Kind, e.Title = f.Finished, "bad", e.Title+text(" — не применено", ": not applied").In(r.Lang)
		default:
			e.Title += text(" — ждёт очереди", ": waits").In(r.Lang)
		}
		all = append(all, e)
	}
	return all
}

func (p *pages) retry(ctx context.Context, r page.Request) (page.Response, error) {
	return p.press(ctx, r, p.Hand.RetryBy, page.Good("Работа повторяется.", "The work runs again."))
}

func (p *pages) cancel(ctx context.Context, r page.Request) (page.Response, error) {
	return p.press(ctx, r, p.Hand.CancelBy, page.Good("Работа отменена. «Повторить» возьмёт её снова.", "The work is canceled. Retry takes it up again."))
}

func (p *pages) press(ctx context.Context, r page.Request, act func(ctx context.Context, portal string, id, user int64) error, said *page.Message) (page.Response, error) {
	id, err := strconv.ParseInt(r.Params["id"], 10, 64)
	if err != nil {
		return page.Response{}, page.NotFound()
	}
	err = act(ctx, r.Session.Portal, id, r.Session.User)
	if errors.Is(err, p.NotFound) {
		return page.Response{}, &page.Problem{Status: 404, RU: "Такой работы нет, или она уже выполнена. Обновите страницу.",
			EN: "There is no such work, or it is done already. Reload the page."}
	}
	return page.Response{Say: said, Refresh: true}, err
}
