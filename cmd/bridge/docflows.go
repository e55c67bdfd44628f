package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/store"
)

type docflowsCommand struct {
	JSON bool `help:"Print JSON."`

	List docflowsList `cmd:"" default:"withargs" help:"List docflows, newest first."`
	Show docflowsShow `cmd:"" help:"Show one with its history."`

	Decide docflowsDecide `cmd:"" help:"Decide about an uncertain one: --again, --found ID or --drop."`
}

// docflowView is a docflow as scripts see it. Its frozen request is left out: it is full of personal data.
type docflowView struct {
	ID          docflow.ID          `json:"id"`
	Portal      string              `json:"portal"`
	Card        cardView            `json:"card"`
	System      docflow.System      `json:"system"`
	Type        string              `json:"type"`
	Connection  string              `json:"connection"`
	RequestID   string              `json:"request_id"`
	ExternalID  string              `json:"external_id,omitempty"`
	State       docflow.State       `json:"state"`
	Requirement docflow.Requirement `json:"requirement"`
	Statements  []docflow.Statement `json:"statements,omitempty"`
	Charges     []chargeView        `json:"charges,omitempty"`
	Files       []docflow.File      `json:"files,omitempty"`
	Documents   []docflow.Document  `json:"documents,omitempty"` // of a message at Диадок
	Refusal     *docflow.Refusal    `json:"refusal,omitempty"`
	Created     time.Time           `json:"created"`
	Changed     time.Time           `json:"changed"`
	History     []historyView       `json:"history,omitempty"`
}

type cardView struct {
	Entity       string `json:"entity"` // deal, lead, item
	EntityTypeID int    `json:"entity_type_id"`
	ID           int64  `json:"id"`
}

type chargeView struct {
	UIN     string `json:"uin"`
	Kopecks int64  `json:"kopecks"`
}

type historyView struct {
	At          time.Time           `json:"at"`
	State       docflow.State       `json:"state"`
	Requirement docflow.Requirement `json:"requirement"`
	Cause       string              `json:"cause"`
	Token       string              `json:"token,omitempty"` // of the news item that brought it
	Note        string              `json:"note,omitempty"`
}

func viewOf(r docflow.Record) docflowView {
	v := docflowView{
		ID: r.ID, Portal: r.Portal, Card: cardView{r.Card.Entity(), r.Card.EntityType, r.Card.ID}, System: r.System, Type: r.Kind,
		Connection: r.Connection, RequestID: r.RequestID, ExternalID: r.ExternalID, State: r.State, Requirement: r.Requirement,
		Files: r.Files, Documents: r.Documents, Refusal: r.Refusal, Created: r.Created, Changed: r.Changed,
	}
	for _, s := range r.Statements {
		s.SNILS = ""
		v.Statements = append(v.Statements, s)
	}
	for _, c := range r.Charges {
		v.Charges = append(v.Charges, chargeView{c.UIN, int64(c.Sum)})
	}
	return v
}

type docflowsList struct {
	Portal string `placeholder:"MEMBER_ID" help:"Only this portal's."`
	Limit  uint16 `default:"50" help:"At most so many."`
}

// Run prints the list.
func (c docflowsList) Run(ctx context.Context, p *process, group *docflowsCommand) error {
	show := func(all []docflow.Record) error {
		if group.JSON {
			views := make([]docflowView, 0, len(all))
			for _, r := range all {
				views = append(views, viewOf(r))
			}
			return p.json(views)
		}
		rows := [][]string{{"ID", "STATE", "REQUIRES", "SYSTEM", "TYPE", "PORTAL", "CARD", "CREATED", "CHANGED"}}
		for _, r := range all {
			rows = append(rows, []string{string(r.ID), string(r.State), string(r.Requirement), string(r.System), r.Kind, r.Portal, cardName(r.Card),
				moment(r.Created), moment(r.Changed)})
		}
		return p.table(rows)
	}
	none := func() error { return show(nil) }
	return p.withStoreOrNone(ctx, none, func(_ config.Config, st *store.Store) error {
		all, err := st.Docflows(ctx, c.Portal, int(c.Limit))
		if err != nil {
			return err
		}
		return show(all)
	})
}

func cardName(c docflow.Card) string {
	if c.Entity() == "item" {
		return fmt.Sprintf("item:%d %d", c.EntityType, c.ID)
	}
	return fmt.Sprintf("%s %d", c.Entity(), c.ID)
}

type docflowsShow struct {
	ID string `arg:"" help:"The docflow's id."`
}

// Run prints one docflow and its history.
func (c docflowsShow) Run(ctx context.Context, p *process, group *docflowsCommand) error {
	return p.withStore(ctx, func(_ config.Config, st *store.Store) error {
		rec, err := st.Docflow(ctx, docflow.ID(c.ID))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no docflow %s; bridge docflows lists them", c.ID)
		}
		if err != nil {
			return err
		}
		history, err := st.History(ctx, rec.ID)
		if err != nil {
			return err
		}
		if !group.JSON {
			return printDocflow(p, rec, history)
		}
		v := viewOf(rec)
		for _, h := range history {
			v.History = append(v.History, historyView{h.At, h.State, h.Requirement, h.Cause, h.Token, h.Note})
		}
		return p.json(v)
	})
}

// documentLine tells what a document of a message stands at.
func documentLine(d docflow.Document) string {
	text := fmt.Sprintf("%s %s (%s, %s), %s", orDash(d.EntityID), d.Title, d.Type, orDash(string(d.Direction)), d.State)
	if d.OurTurn {
		text += ", our turn"
	}
	if d.SignedBy != "" {
		text += ", signed by " + d.SignedBy
	}
	if d.Comment != "" {
		text += ": " + d.Comment
	}
	return text
}

func printDocflow(p *process, r docflow.Record, history []docflow.HistoryEntry) error {
	rows := [][]string{
		{"docflow", string(r.ID)}, {"system", string(r.System)}, {"type", r.Kind}, {"portal", r.Portal}, {"card", cardName(r.Card)},
		{"account", r.Connection}, {"request id", r.RequestID}, {"its id there", r.ExternalID}, {"state", string(r.State)},
		{"requires", string(r.Requirement)},
	}
	for _, s := range r.Statements {
		signed := "not signed"
		if !s.SignedAt.IsZero() {
			signed = "signed " + moment(s.SignedAt)
		}
		rows = append(rows, []string{"statement", s.FileID + " of " + orDash(s.Person) + ", " + signed})
	}
	for _, charge := range r.Charges {
		rows = append(rows, []string{"duty", charge.Sum.String() + " RUB, UIN " + charge.UIN})
	}
	for _, f := range r.Files {
		rows = append(rows, []string{"file", f.Type + " " + f.ID})
	}
	for _, d := range r.Documents {
		rows = append(rows, []string{"document", documentLine(d)})
	}
	if r.Refusal != nil {
		rows = append(rows, []string{"refused", r.Refusal.Error()})
	}
	if err := p.table(rows); err != nil {
		return err
	}
	fmt.Fprintln(p.out)
	rows = [][]string{{"TIME", "STATE", "REQUIRES", "CAUSE", "NOTE"}}
	for _, h := range history {
		rows = append(rows, []string{moment(h.At), string(h.State), string(h.Requirement), h.Cause, h.Note})
	}
	return p.table(rows)
}
