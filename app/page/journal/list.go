package journal

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/page"
)

// listView is the list with its filter.
type listView struct {
	Filter   filter
	Faults   []page.Fault
	States   []page.Option
	Kinds    []page.Option
	Rows     []row
	Docflows []docflowLine
	Asked    bool // the filter asks for something
	More     string
	Later    bool // this is not the first page
	First    string
	Poll     bool
}

// filter is what the form holds, as it was typed.
type filter struct {
	State, Entity, Type, Card, Number, From, To, Service string
}

// row is a line of the list.
type row struct {
	ID       int64
	Open     string // the address of its story
	What     string
	How      string // the way in which it arrived
	Card     string
	CardLink string
	Chip     page.Chip
	Note     string
	Received time.Time
	Took     string
}

// docflowLine is a docflow that a number or a card leads to.
type docflowLine struct {
	What    string
	Chip    page.Chip
	ID      string
	Open    string
	Changed time.Time
}

func (p *pages) list(ctx context.Context, r page.Request) (page.Response, error) {
	view := listView{Filter: filterOf(r.Query)}
	q, faults := view.Filter.query(r)
	view.Faults = faults
	view.options(r.Lang)
	if len(faults) > 0 {
		out, err := p.set.Render(r, "list", view)
		out.Status = 422
		return out, err
	}
	found, err := p.Past.SearchJobs(ctx, q)
	if err != nil {
		return page.Response{}, err
	}
	records, err := p.Past.SearchDocflows(ctx, q)
	if err != nil {
		return page.Response{}, err
	}
	values := view.Filter.values()
	view.Asked = len(values) > 0
	for _, job := range found.Jobs {
		view.Rows = append(view.Rows, p.line(r, job, values))
	}
	for _, rec := range records {
		view.Docflows = append(view.Docflows, docflowLine{What: kindWord(rec, r.Lang), Chip: stateChip(rec.State, rec.Requirement, r.Lang),
			ID: string(rec.ID), Open: address("journal/docflow/"+string(rec.ID), backTo(values)), Changed: rec.Changed})
	}
	view.First = address("journal", values)
	if view.Later = q.Before > 0; !view.Later {
		view.Poll = true
	}
	if found.Next > 0 {
		values.Set("before", strconv.FormatInt(found.Next, 10))
		view.More = address("journal", values)
	}
	return p.set.Render(r, "list", view)
}

func address(path string, values url.Values) string {
	if len(values) == 0 {
		return "/bitrix/pages/" + path
	}
	return "/bitrix/pages/" + path + "?" + values.Encode()
}

func filterOf(v url.Values) filter {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return filter{get("state"), get("entity"), get("type"), get("card"), get("number"), get("from"), get("to"), get("service")}
}

// values are those fields of the filter that ask for something, as a query.
func (f filter) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("state", f.State)
	set("number", f.Number)
	set("from", f.From)
	set("to", f.To)
	set("service", f.Service)
	if f.Card != "" {
		set("card", f.Card)
		set("entity", f.Entity)
		set("type", f.Type)
	}
	return v
}

// query reads the filter; what cannot be read is a fault at its field.
func (f *filter) query(r page.Request) (q journal.Query, faults []page.Fault) {
	say := page.Text{}
	fault := func(field, ru, en string) {
		say = page.Text{RU: ru, EN: en}
		faults = append(faults, page.Fault{Field: field, Text: say.In(r.Lang)})
	}
	q = journal.Query{Portal: r.Session.Portal, Service: f.Service != "", Number: f.Number}
	if f.State != "" && !slices.Contains(journal.States(), f.State) {
		fault("state", "Такого состояния нет.", "There is no such state.")
	} else {
		q.State = f.State
	}
	if f.Card != "" {
		card, ok := f.card()
		switch {
		case !ok && card.ID > 0:
			fault("type", "Тип смарт-процесса: введите его entityTypeId, например 128, или вставьте ссылку на карточку.",
				"Type of the smart process: type its entityTypeId, such as 128, or paste a link to the card.")
		case !ok:
			fault("card", "Карточка: введите её номер, например 57, или вставьте ссылку на неё.", "Card: type its number, such as 57, or paste a link to it.")
		}
		q.Card = card
	}
	var ok bool
	if q.From, ok = dayOf(f.From); !ok {
		fault("from", "Дата «с»: нужна в виде 2026-03-31.", "The date from: write it as 2026-03-31.")
	}
	if q.To, ok = dayOf(f.To); !ok {
		fault("to", "Дата «по»: нужна в виде 2026-03-31.", "The date to: write it as 2026-03-31.")
	} else if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		fault("from", "Дата «с» позже даты «по».", "The date from is after the date to.")
	}
	if before := r.Query.Get("before"); before != "" {
		q.Before, _ = strconv.ParseInt(before, 10, 64) // anything else is the first page
	}
	return q, faults
}

// card reads a card's number, or a link to it; what the link says of the kind stands then.
func (f *filter) card() (docflow.Card, bool) {
	text := f.Card
	if i := strings.Index(text, "/crm/"); i >= 0 {
		parts := strings.Split(strings.Trim(text[i+len("/crm/"):], "/"), "/")
		switch {
		case len(parts) >= 3 && (parts[0] == "deal" || parts[0] == "lead") && parts[1] == "details":
			f.Entity, text = parts[0], parts[2]
		case len(parts) >= 4 && parts[0] == "type" && parts[2] == "details":
			f.Entity, f.Type, text = "item", parts[1], parts[3]
		}
		text, _, _ = strings.Cut(text, "?")
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return docflow.Card{}, false
	}
	f.Card = text
	switch f.Entity {
	case "", "deal":
		return docflow.Card{EntityType: 2, ID: id}, true
	case "lead":
		return docflow.Card{EntityType: 1, ID: id}, true
	}
	kind, err := strconv.Atoi(f.Type)
	return docflow.Card{EntityType: kind, ID: id}, err == nil && kind > 0
}

// dayOf reads a date; none is fine.
func dayOf(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.DateOnly, s)
	return at, err == nil
}

// Bad reports whether something is wrong with a field.
func (v listView) Bad(field string) bool {
	return slices.ContainsFunc(v.Faults, func(f page.Fault) bool { return f.Field == field })
}

func (v *listView) options(lang string) {
	add := func(to *[]page.Option, value, ru, en, chosen string) {
		*to = append(*to, page.Option{Value: value, Label: page.Text{RU: ru, EN: en}.In(lang), Selected: value == chosen})
	}
	add(&v.States, "", "Любое", "Any", v.Filter.State)
	add(&v.States, "dead", "Не выполнено", "Failed", v.Filter.State)
	add(&v.States, "waiting", "Ждёт или выполняется", "Waiting or running", v.Filter.State)
	add(&v.States, "done", "Выполнено", "Done", v.Filter.State)
	add(&v.States, "canceled", "Отменено", "Canceled", v.Filter.State)
	add(&v.Kinds, "deal", "Сделка", "Deal", v.Filter.Entity)
	add(&v.Kinds, "lead", "Лид", "Lead", v.Filter.Entity)
	add(&v.Kinds, "item", "Смарт-процесс", "Smart process", v.Filter.Entity)
}

// backTo carries a filter along, for the way back.
func backTo(filter url.Values) url.Values {
	if len(filter) == 0 {
		return nil
	}
	return url.Values{"back": {filter.Encode()}}
}

func (p *pages) line(r page.Request, job journal.Job, back url.Values) row {
	card, link := cardOf(job.Part, r.Session.Origin, r.Lang)
	line := row{ID: job.ID, Open: address("journal/"+strconv.FormatInt(job.ID, 10), backTo(back)), What: p.what(job, r.Lang), How: arrival(job, r.Lang),
		Card: card, CardLink: link, Chip: jobChip(job, r.Lang), Note: firstLine(job.Note), Received: job.Received}
	if !arrives(job.Kind) {
		line.How = text("Мост", "Bridge").In(r.Lang)
	}
	if !job.Finished.IsZero() {
		line.Took = inWords(job.Finished.Sub(job.Received), r.Lang)
	}
	return line
}

// what names what a row does.
func (p *pages) what(job journal.Job, lang string) string {
	switch job.Kind {
	case "robot", "hook", "action", "page":
		return p.Title(job.Code, lang)
	}
	return serviceWord(job, lang)
}

// firstLine keeps a list short; the story has all of it.
func firstLine(note string) string {
	line, _, _ := strings.Cut(note, "\n")
	if runes := []rune(line); len(runes) > 200 {
		return string(runes[:200]) + "…"
	}
	return line
}
