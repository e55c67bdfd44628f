// Package journal is the journal page and the health page: what arrived, what became of it and why, with a retry
// and a cancel; how the connections are, and what waits.
package journal

import (
	"context"
	"embed"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/page"
)

//go:embed templates/*.html
var templates embed.FS

// Past reads what happened in a portal.
type Past interface {
	SearchJobs(ctx context.Context, q journal.Query) (journal.Page, error)
	SearchDocflows(ctx context.Context, q journal.Query) ([]docflow.Record, error)
	// Story answers journal.ErrNotFound for another portal's row, too.
	Story(ctx context.Context, portal string, id int64) (journal.Story, error)
	DocflowStory(ctx context.Context, portal string, id docflow.ID) (journal.Story, error)
}

// Hand does what people press, to rows of their portal alone: NotFound of [Deps] for others, and for what is done.
type Hand interface {
	RetryBy(ctx context.Context, portal string, id, user int64) error
	CancelBy(ctx context.Context, portal string, id, user int64) error
}

// Health tells how a portal is.
type Health interface {
	Connections(ctx context.Context, portal string) ([]journal.Connection, error)
	Backlog(ctx context.Context, portal string) (journal.Backlog, error)
	Waiting(ctx context.Context, portal string) ([]journal.Point, error) // by minutes
	Check(ctx context.Context, portal, connection string) error
}

// Gauge tells what the process knows by heart.
type Gauge interface {
	// Budget is the part of the portal's budget of requests that was used, 0 to 1, at most within each minute; and
	// how many calls wait for it now. No points: this node does not call the portal.
	Budget(portal string) (used []journal.Point, waiting int)
}

// Deps of the pages.
type Deps struct {
	Past     Past
	Hand     Hand
	Health   Health
	Gauge    Gauge
	Title    func(code, lang string) string // of an action
	NotFound error
}

type pages struct {
	Deps
	set *page.Set
}

// New returns the desk of the journal and of the health page.
func New(d Deps) (page.Desk, error) {
	set, err := page.NewSet(templates, "templates/*.html")
	p := &pages{d, set}
	return page.Desk{
		Tabs: []page.Tab{
			{Path: "journal", RU: "Журнал", EN: "Journal", Right: page.Journal},
			{Path: "health", RU: "Состояние", EN: "Health", Right: page.Journal},
		},
		Routes: []page.Route{
			{Method: "GET", Path: "journal", Right: page.Journal, Do: p.list},
			{Method: "GET", Path: "journal/:id", Right: page.Journal, Do: p.story},
			{Method: "GET", Path: "journal/docflow/:id", Right: page.Journal, Do: p.docflow},
			{Method: "POST", Path: "journal/:id/retry", Right: page.Journal, Do: p.retry},
			{Method: "POST", Path: "journal/:id/cancel", Right: page.Journal, Do: p.cancel},
			{Method: "GET", Path: "health", Right: page.Journal, Do: p.health},
			{Method: "POST", Path: "health/:name/check", Right: page.Journal, Do: p.check},
		},
	}, err
}
