// Package tab is the tab in a card: every docflow of the card as a line of steps, what is needed now with the
// means to do it, files, what became of what was asked, and forms to start something new.
//
// Nothing is done while a person waits: what they ask for becomes a stored row of the card's work, and the tab
// shows what becomes of it.
package tab

import (
	"context"
	"embed"
	"net/url"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

//go:embed templates/*.html
var templates embed.FS

// MaxFiles bounds the signature files of one form together, in bytes.
const MaxFiles = 512 << 10

// Docflow is a docflow of the card with its past.
type Docflow struct {
	Record  docflow.Record
	History []docflow.HistoryEntry // oldest first
}

// Job is work of the card that is under way, failed or has just ended.
type Job struct {
	ID       int64
	Title    page.Text
	Docflow  docflow.ID // "" when it is about none yet
	State    string     // waiting, done, dead, canceled
	Refused  bool       // it ended with a business no: Note says which
	Note     string
	Tries    int
	Received time.Time
	RunAt    time.Time
}

// Card is what a card's tab shows.
type Card struct {
	Docflows []Docflow // newest first
	Jobs     []Job     // newest first
	More     bool      // there are older docflows
	May      bool      // whether the session may act
}

// Choice is an action that can be started.
type Choice struct {
	Code        string
	System      docflow.System
	Name        page.Text
	Description page.Text
}

// Form is an action's form for a card.
type Form struct {
	Code        string
	Name        string
	Description string
	Fields      []page.Field
	Problems    []Problem // of what would be filed; errors first
	Refused     string    // why it can't be started at all
	Made        []Line    // what would be filed
	Again       []string  // ids of fields that change what the form shows
}

// Stops reports whether a problem keeps the form from being sent.
func (f Form) Stops() bool {
	if f.Refused != "" {
		return true
	}
	for _, p := range f.Problems {
		if !p.Warning {
			return true
		}
	}
	return false
}

// Problem is what is wrong with the card's data for a filing.
type Problem struct {
	Path    string
	Text    string
	Warning bool
}

// Line is a value of what would be filed.
type Line struct {
	Path, Value string
}

// Ask is an action that a person asks for.
type Ask struct {
	Code   string
	Values url.Values
	Files  []page.Upload // by their parameters
	Once   string
}

// Decision is what a person found out about a docflow whose creation was never answered.
type Decision struct {
	Docflow    docflow.ID
	Verdict    string // again, found, dropped
	ExternalID string // of found
	Once       string
}

// Reader reads what belongs to the session's card, and nothing else.
//
// Errors: a *page.Problem for what is not there.
type Reader interface {
	Card(ctx context.Context, s page.Session) (Card, error)
	// File gives a statement, a result file, a signature of one, or a document of a message.
	File(ctx context.Context, s page.Session, id docflow.ID, file string) (*page.File, error)
}

// Doer stores what a person asks for. again says that the same form had come before.
//
// Errors: a *page.Problem for what makes no sense.
type Doer interface {
	Act(ctx context.Context, s page.Session, ask Ask) (again bool, err error)
	Decide(ctx context.Context, s page.Session, d Decision) error
	Retry(ctx context.Context, s page.Session, job int64) error
}

// Forms knows what can be started.
type Forms interface {
	Choices() []Choice
	// Form draws an action's form. Values are those chosen so far; what they leave open the card fills.
	Form(ctx context.Context, s page.Session, lang, code string, values url.Values) (Form, error)
	// Faults tells what is wrong with values, by the names of the parameters.
	Faults(lang, code string, values url.Values) map[string]string
}

// Deps of the tab.
type Deps struct {
	Read  Reader
	Do    Doer
	Forms Forms
}

type pages struct {
	Deps
	set *page.Set
}

// New builds the tab.
func New(d Deps) (page.Desk, error) {
	set, err := page.NewSet(templates, "templates/*.html")
	p := &pages{d, set}
	return page.Desk{Routes: []page.Route{
		{Method: "GET", Path: "tab", Right: page.See, Do: p.card},
		{Method: "GET", Path: "tab/start", Right: page.Act, Do: p.start},
		{Method: "GET", Path: "tab/form", Right: page.Act, Slow: true, Do: p.form},
		{Method: "GET", Path: "tab/docflow/:id/file/:file", Right: page.See, Slow: true, Do: p.file},
		{Method: "POST", Path: "tab/act/:code", Right: page.Act, Slow: true, Do: p.act},
		{Method: "POST", Path: "tab/docflow/:id/sign", Right: page.Act, Do: p.sign},
		{Method: "POST", Path: "tab/docflow/:id/submit", Right: page.Act, Do: p.submit},
		{Method: "POST", Path: "tab/docflow/:id/decide", Right: page.Act, Do: p.decide},
		{Method: "POST", Path: "tab/job/:id/retry", Right: page.Act, Do: p.retry},
	}}, err
}

// card shows the docflows.
func (p *pages) card(ctx context.Context, r page.Request) (page.Response, error) {
	card, err := p.Read.Card(ctx, r.Session)
	if err != nil {
		return page.Response{}, err
	}
	return p.set.Render(r, "tab", viewOf(r, card))
}

// file sends a file of a docflow.
func (p *pages) file(ctx context.Context, r page.Request) (page.Response, error) {
	file, err := p.Read.File(ctx, r.Session, docflow.ID(r.Params["id"]), r.Params["file"])
	return page.Response{File: file}, err
}
