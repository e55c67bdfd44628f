// Package home is the main page of who sees neither the settings nor the journal: what the bridge does, and the
// latest docflows of the cards that they are responsible for.
package home

import (
	"context"
	"embed"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
)

//go:embed templates/*.html
var templates embed.FS

// Own is a docflow of a card that a user is responsible for.
type Own struct {
	Record docflow.Record
	Title  string // of the card
	Path   string // of the card within the portal
}

// Reader finds a user's own docflows, newest first.
type Reader interface {
	Own(ctx context.Context, s page.Session) ([]Own, error)
}

// Words names a docflow and its state for people.
type Words func(rec docflow.Record) (kind, state page.Text, mood string)

type pages struct {
	read  Reader
	words Words
	set   *page.Set
}

// New builds the page.
func New(read Reader, words Words) (page.Desk, error) {
	set, err := page.NewSet(templates, "templates/*.html")
	p := &pages{read, words, set}
	return page.Desk{
		Tabs: []page.Tab{{Path: "home", RU: "Документообороты", EN: "Docflows", Right: page.Look, Else: true}},
		Routes: []page.Route{
			{Method: "GET", Path: "home", Right: page.Look, Do: p.home},
			{Method: "GET", Path: "home/own", Right: page.Look, Slow: true, Do: p.own},
		},
	}, err
}

func (p *pages) home(_ context.Context, r page.Request) (page.Response, error) {
	return p.set.Render(r, "home", r.Session)
}

// line is a docflow in the list.
type line struct {
	Own
	Link  string
	Kind  string
	State page.Chip
}

func (p *pages) own(ctx context.Context, r page.Request) (page.Response, error) {
	all, err := p.read.Own(ctx, r.Session)
	if err != nil {
		return page.Response{}, err
	}
	lines := make([]line, 0, len(all))
	for _, o := range all {
		kind, state, mood := p.words(o.Record)
		lines = append(lines, line{o, r.Session.Origin + o.Path, kind.In(r.Lang), page.Chip{Kind: mood, Text: state.In(r.Lang)}})
	}
	return p.set.Render(r, "own", lines)
}
