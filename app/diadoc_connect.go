package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"konturbridge/app/config"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/app/store"
)

// ErrNoConnection is returned for a connection that a portal's settings do not have.
var ErrNoConnection = errors.New("there is no such connection")

// DiadocWanted names a Диадок connection that is to get OpenID tokens.
type DiadocWanted struct {
	Portal     portal.ID
	Connection string
	Box        string // boxId: replaces that of the connection, or adds a connection; "" keeps it
}

// PlanDiadoc gives the connection as it will be, without a refresh token yet: so that a person is not sent to
// log in for nothing.
//
// Errors: wrapping portal.ErrUnknown, ErrNoConnection (the text says how to add it) or ErrStoredSettings; the
// database's.
func PlanDiadoc(ctx context.Context, st *store.Store, w DiadocWanted) (settings.Connection, error) {
	now, err := readManaged(ctx, st, w.Portal)
	if err != nil {
		return settings.Connection{}, err
	}
	next, at, err := now.connected(w)
	if err != nil {
		return settings.Connection{}, err
	}
	return next.Connections[at], nil
}

// ConnectDiadoc stores a refresh token as the connection's credentials, in place of a login and a password if
// it had them. Everything else in the settings stays. Errors are those of PlanDiadoc and ApplySettings.
func ConnectDiadoc(ctx context.Context, st *store.Store, w DiadocWanted, refresh config.Secret, by Editor) error {
	now, err := readManaged(ctx, st, w.Portal)
	if err != nil {
		return err
	}
	next, at, err := now.connected(w)
	if err != nil {
		return err
	}
	next.Connections[at].RefreshToken = refresh
	if _, problems := settings.Parse(settings.Show(next), Knowledge{}); len(problems) > 0 {
		return settings.Problems(problems)
	}
	return save(ctx, st, now, next, by)
}

// connected gives the settings with the wanted connection, and where it stands in them.
func (m managed) connected(w DiadocWanted) (next settings.Settings, at int, err error) {
	if len(m.problems) > 0 {
		return next, 0, fmt.Errorf("%w (%s): apply settings that this one understands first", ErrStoredSettings, m.problems[0])
	}
	next = m.settings
	next.Connections = slices.Clone(next.Connections)
	at = slices.IndexFunc(next.Connections, func(c settings.Connection) bool { return c.Name == w.Connection })
	if at < 0 {
		if w.Box == "" {
			return next, 0, noConnection(w, next.Connections)
		}
		first := !slices.ContainsFunc(next.Connections, func(c settings.Connection) bool { return c.Kind == settings.Diadoc })
		at = len(next.Connections)
		next.Connections = append(next.Connections, settings.Connection{Name: w.Connection, Kind: settings.Diadoc, Default: first})
	}
	c := &next.Connections[at]
	if c.Kind != settings.Diadoc {
		return next, 0, fmt.Errorf("connection %s of portal %s is to %s, not to diadoc: choose another name", w.Connection, w.Portal, c.Kind)
	}
	if w.Box != "" {
		c.BoxID = w.Box
	}
	c.Login, c.Password, c.ClientKey, c.RefreshToken = "", "", "", ""
	return next, at, nil
}

func noConnection(w DiadocWanted, all []settings.Connection) error {
	var known []string
	for _, c := range all {
		if c.Kind == settings.Diadoc {
			known = append(known, c.Name)
		}
	}
	there := "it has none to diadoc"
	if len(known) > 0 {
		there = "it has " + strings.Join(known, ", ")
	}
	return fmt.Errorf("%w: portal %s has no connection %s, %s; name the box with --box BOXID and this command adds it",
		ErrNoConnection, w.Portal, w.Connection, there)
}
