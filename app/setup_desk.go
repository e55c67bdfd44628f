package app

import (
	"context"
	"errors"
	"time"

	"konturbridge/app/action"
	"konturbridge/app/page"
	"konturbridge/app/page/setup"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
)

// settingsPages builds the pages of a portal's settings.
func (a *App) settingsPages(now func() time.Time) (page.Desk, error) {
	crm := &deskCRM{clients: a.clients, now: now, known: map[string]knownList{}}
	desk := deskSettings{a, crm}
	return setup.New(setup.Deps{Settings: desk, History: desk, Cards: crm, Office: crm, Accounts: deskAccounts{desk, now}, Trial: a.trial(),
		Portal:  setup.Portal{Registered: a.registered, Repair: a.repairPortal, PublicURL: a.cfg.PublicURL},
		Actions: action.Catalogue(), May: a.may, Now: now})
}

// deskSettings gives the pages a portal's settings and their history.
type deskSettings struct {
	a   *App
	crm *deskCRM
}

var (
	_ setup.Settings = deskSettings{}
	_ setup.History  = deskSettings{}
)

// Read implements setup.Settings.
func (d deskSettings) Read(ctx context.Context, id string) (setup.Current, error) {
	now, err := ReadSettings(ctx, d.a.store, portal.ID(id))
	return setup.Current{Settings: now.Settings, Version: now.Version, Problems: now.Problems}, err
}

// Edit implements setup.Settings.
func (d deskSettings) Edit(ctx context.Context, id string, by setup.By, edit func(*settings.Settings) error) (settings.Problems, error) {
	problems, err := EditSettings(ctx, d.a.store, portal.ID(id), d.editor(ctx, id, by, store.CausePage), edit)
	return problems, d.changed(ctx, err)
}

// Show implements setup.Settings.
func (d deskSettings) Show(ctx context.Context, id string) ([]byte, error) {
	return ShowSettings(ctx, d.a.store, portal.ID(id))
}

// Apply implements setup.Settings.
func (d deskSettings) Apply(ctx context.Context, id string, by setup.By, text []byte) (settings.Problems, error) {
	problems, err := ApplySettings(ctx, d.a.store, portal.ID(id), text, d.editor(ctx, id, by, store.CauseFile))
	return problems, d.changed(ctx, err)
}

// Undo implements setup.History.
func (d deskSettings) Undo(ctx context.Context, id string, by setup.By, number int64, keepAccounts bool) (settings.Problems, error) {
	problems, err := UndoSettings(ctx, d.a.store, portal.ID(id), d.editor(ctx, id, by, store.CauseUndo), number, keepAccounts)
	return problems, d.changed(ctx, err)
}

func (d deskSettings) editor(ctx context.Context, id string, by setup.By, cause string) Editor {
	return Editor{Author: store.Author{UserID: by.User, Name: d.crm.personName(ctx, id, by.User)}, Roles: by.Admin, Read: by.Read, Cause: cause}
}

// changed has this process follow a change at once, and puts its errors into the pages' words.
func (d deskSettings) changed(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return d.a.directory.Reload(ctx)
	case errors.Is(err, store.ErrSettingsChanged):
		return errors.Join(setup.ErrChanged, err)
	case errors.Is(err, ErrStoredSettings):
		return errors.Join(setup.ErrUnreadable, err)
	case errors.Is(err, store.ErrNoVersion):
		return noVersion(err)
	}
	return err
}

func noVersion(err error) error {
	missing := page.NotFound()
	missing.Cause = err
	return missing
}

// shownVersions is how many versions the history lists: all that are kept.
const shownVersions = 200

// Versions implements setup.History.
func (d deskSettings) Versions(ctx context.Context, id string) ([]setup.Version, error) {
	stored, err := d.a.store.SettingsVersions(ctx, portal.ID(id), shownVersions)
	var all []setup.Version
	for _, v := range stored {
		all = append(all, shownVersion(v))
	}
	return all, err
}

// Version implements setup.History.
func (d deskSettings) Version(ctx context.Context, id string, number int64) (setup.Version, error) {
	v, err := d.a.store.SettingsVersion(ctx, portal.ID(id), number)
	if errors.Is(err, store.ErrNoVersion) {
		return setup.Version{}, noVersion(err)
	}
	return shownVersion(v), err
}

func shownVersion(v store.Version) setup.Version {
	return setup.Version{Number: v.Number, At: v.At, Author: v.Author.Name, Cause: v.Cause, UndoOf: v.UndoOf, YAML: v.YAML}
}

// registered tells what a portal has of the bridge: what it says itself, and what the last self-check found.
func (a *App) registered(ctx context.Context, id string) (setup.Registered, error) {
	var out setup.Registered
	report, err := a.store.Check(ctx, portal.ID(id))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return out, err
	}
	out.Problems, out.Notes, out.At = report.Problems, report.Notes, report.At
	client, err := a.clients.Bitrix(ctx, portal.ID(id))
	if err != nil {
		return out, err
	}
	out.Robots, err = client.RobotList(ctx)
	return out, err
}

// repairPortal has the portal checked, which registers again whatever is missing.
func (a *App) repairPortal(ctx context.Context, id string) error {
	_, err := a.store.AskCheck(ctx, portal.ID(id))
	return err
}
