package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/store"
)

type portalsCommand struct {
	JSON bool `help:"Print JSON."`

	List portalsList `cmd:"" default:"withargs" help:"List portals and installations that wait."`
	Show portalsShow `cmd:"" help:"Show one."`
}

// statePending is the state of an installation that waits; it is no portal yet.
const statePending = "pending"

// portalView is a portal, or an installation that waits, as scripts see it.
type portalView struct {
	MemberID     string           `json:"member_id"`
	Domain       string           `json:"domain,omitempty"`
	Endpoint     string           `json:"endpoint,omitempty"`
	State        string           `json:"state"` // active, paused, removed, pending
	Plan         string           `json:"plan,omitempty"`
	Installed    time.Time        `json:"installed,omitzero"`
	Applications []appView        `json:"applications"`
	Connections  []connectionView `json:"connections"`
	HookURL      string           `json:"hook_url,omitempty"`
	Since        time.Time        `json:"since,omitzero"`   // when a waiting installation arrived
	Reason       string           `json:"reason,omitempty"` // why it waits, or needs reconnecting
	Check        *portal.Report   `json:"check,omitempty"`  // of the latest self-check; with show only
}

type appView struct {
	ClientID       string      `json:"client_id"`
	State          string      `json:"state"`            // active, gone, removed
	Status         string      `json:"status,omitempty"` // L local, F free, D demo, T trial, P paid
	Scope          []string    `json:"scope,omitempty"`
	UserID         int64       `json:"user_id,omitempty"` // whose tokens do the work
	Administrators []adminView `json:"administrators,omitempty"`
}

// adminView is an administrator who left tokens.
type adminView struct {
	UserID int64     `json:"user_id"`
	State  string    `json:"state"` // works, spare, ended
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

func newAppView(a portal.Application) appView {
	v := appView{ClientID: a.ClientID, State: string(a.State), Status: a.Status, Scope: a.Scope, UserID: a.UserID}
	for _, admin := range a.Admins {
		state := "spare"
		switch {
		case admin.Dead != "":
			state = "ended"
		case admin.UserID == a.Worker():
			state = "works"
		}
		v.Administrators = append(v.Administrators, adminView{admin.UserID, state, admin.Dead, admin.Given})
	}
	return v
}

type connectionView struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Default   bool      `json:"default"`
	Login     string    `json:"login,omitempty"`
	AccountID string    `json:"account_id,omitempty"`
	State     string    `json:"state"` // good, refused
	Note      string    `json:"note,omitempty"`
	NewsRead  time.Time `json:"news_read,omitzero"`
}

// portalViews reads everything that is known of all portals, secrets left out.
func portalViews(ctx context.Context, cfg config.Config, st *store.Store) ([]portalView, error) {
	all, err := st.Portals(ctx)
	if err != nil {
		return nil, err
	}
	conns, err := st.Connections(ctx, "")
	if err != nil {
		return nil, err
	}
	waiting, err := st.Pendings(ctx)
	if err != nil {
		return nil, err
	}
	byPortal := map[portal.ID][]connectionView{}
	for _, c := range conns {
		byPortal[c.Portal] = append(byPortal[c.Portal], connectionView{Name: c.Name, Kind: string(c.Kind), Default: c.Default,
			Login: c.Login, AccountID: c.AccountID, State: connectionState(c), Note: c.Note, NewsRead: c.CursorAt})
	}
	views := make([]portalView, 0, len(all)+len(waiting))
	for _, p := range all {
		v := portalView{MemberID: string(p.ID), Domain: p.Domain, Endpoint: p.Endpoint, State: string(p.State), Plan: p.Family,
			Installed: p.Installed, Reason: p.Needs(), Applications: []appView{}, Connections: append([]connectionView{}, byPortal[p.ID]...)}
		if p.HookSecret != "" {
			v.HookURL = hookURL(cfg, "***")
		}
		for _, a := range p.Apps {
			v.Applications = append(v.Applications, newAppView(a))
		}
		views = append(views, v)
	}
	for _, w := range waiting {
		v := portalView{MemberID: w.MemberID, State: statePending, Applications: []appView{}, Connections: []connectionView{},
			Since: w.Created, Reason: w.Reason}
		if w.ClientID != "" {
			v.Applications = append(v.Applications, appView{ClientID: w.ClientID, State: statePending})
		}
		views = append(views, v)
	}
	return views, nil
}

func connectionState(c portal.Connection) string {
	if c.State != portal.ConnectionRefused {
		return "good"
	}
	return c.State
}

// hookURL is the address of a business process's webhook step; the action's code takes the place of {code}.
func hookURL(cfg config.Config, secret string) string {
	return cfg.PublicURL + "/bitrix/hooks/" + secret + "/{code}"
}

type portalsList struct{}

// Run prints the list.
func (portalsList) Run(ctx context.Context, p *process, group *portalsCommand) error {
	show := func(views []portalView) error {
		if group.JSON {
			return p.json(append([]portalView{}, views...))
		}
		rows := [][]string{{"MEMBER_ID", "DOMAIN", "STATE", "PLAN", "APPLICATIONS", "CONNECTIONS", "NOTE"}}
		for _, v := range views {
			rows = append(rows, []string{v.MemberID, v.Domain, v.State, v.Plan, appNames(v), connectionNames(v), v.Reason})
		}
		return p.table(rows)
	}
	none := func() error { return show(nil) }
	return p.withStoreOrNone(ctx, none, func(cfg config.Config, st *store.Store) error {
		views, err := portalViews(ctx, cfg, st)
		if err != nil {
			return err
		}
		return show(views)
	})
}

func appNames(v portalView) string {
	var names []string
	for _, a := range v.Applications {
		names = append(names, a.ClientID)
	}
	return strings.Join(names, ", ")
}

func connectionNames(v portalView) string {
	var names []string
	for _, c := range v.Connections {
		name := c.Name
		if c.State != "good" {
			name += " (" + c.State + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

type portalsShow struct {
	ID     string `arg:"" help:"The portal's member_id."`
	Secret bool   `help:"Show the hook secret in the webhook address."`
}

// Run prints one portal.
func (c portalsShow) Run(ctx context.Context, p *process, group *portalsCommand) error {
	return p.withStore(ctx, func(cfg config.Config, st *store.Store) error {
		views, err := portalViews(ctx, cfg, st)
		if err != nil {
			return err
		}
		for _, v := range views {
			if v.MemberID != c.ID || c.ID == "" {
				continue
			}
			if err := errors.Join(c.reveal(ctx, cfg, st, &v), v.readCheck(ctx, st)); err != nil {
				return err
			}
			if group.JSON {
				return p.json(v)
			}
			return printPortal(p, v)
		}
		return fmt.Errorf("there is no portal %s; bridge portals lists them", c.ID)
	})
}

// readCheck adds the latest self-check, when there was one.
func (v *portalView) readCheck(ctx context.Context, st *store.Store) error {
	report, err := st.Check(ctx, portal.ID(v.MemberID))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	v.Check = &report
	return err
}

func (c portalsShow) reveal(ctx context.Context, cfg config.Config, st *store.Store, v *portalView) error {
	if !c.Secret || v.HookURL == "" {
		return nil
	}
	all, err := st.Portals(ctx)
	for _, p := range all {
		if string(p.ID) == v.MemberID {
			v.HookURL = hookURL(cfg, p.HookSecret)
		}
	}
	return err
}

func printPortal(p *process, v portalView) error {
	rows := [][]string{{"member_id", v.MemberID}, {"state", v.State}}
	if v.State == statePending {
		rows = append(rows, []string{"waits because", v.Reason}, []string{"since", moment(v.Since)}, []string{"application", appNames(v)})
		return p.table(rows)
	}
	rows = append(rows, []string{"domain", v.Domain}, []string{"address", v.Endpoint}, []string{"plan", v.Plan},
		[]string{"installed", moment(v.Installed)})
	if v.Reason != "" {
		rows = append(rows, []string{"attention", v.Reason})
	}
	for _, a := range v.Applications {
		rows = append(rows, []string{"application", fmt.Sprintf("%s, %s, status %s, user %d, scopes %s",
			a.ClientID, a.State, orDash(a.Status), a.UserID, orDash(strings.Join(a.Scope, ",")))})
		for _, admin := range a.Administrators {
			text := fmt.Sprintf("user %d of %s, %s", admin.UserID, a.ClientID, admin.State)
			if admin.Reason != "" {
				text += ": " + admin.Reason
			}
			rows = append(rows, []string{"administrator", text + ", since " + orDash(moment(admin.Since))})
		}
	}
	for _, c := range v.Connections {
		text := fmt.Sprintf("%s (%s), account %s, login %s, %s", c.Name, c.Kind, orDash(c.AccountID), orDash(c.Login), c.State)
		if c.Default {
			text += ", default"
		}
		if c.Note != "" {
			text += ": " + c.Note
		}
		rows = append(rows, []string{"connection", text})
	}
	rows = append(rows, []string{"webhook", v.HookURL})
	return p.table(append(rows, checkRows(v.Check)...))
}

// checkRows tell of the latest self-check.
func checkRows(r *portal.Report) [][]string {
	if r == nil {
		return [][]string{{"self-check", "not yet"}}
	}
	text := "everything was there"
	if r.Repaired() {
		text = "repaired: " + repairs(*r)
	}
	rows := [][]string{{"self-check", moment(r.At) + ", " + text}}
	for _, problem := range r.Problems {
		rows = append(rows, []string{"problem", problem})
	}
	for _, note := range r.Notes {
		rows = append(rows, []string{"note", note})
	}
	return rows
}
