package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"konturbridge/app/portal"
)

var _ portal.Findings = (*Store)(nil)

// LearnApplication stores what a portal says about itself and an application: its LICENSE_FAMILY, the
// granted scopes and the status. Empty values say nothing.
func (s *Store) LearnApplication(ctx context.Context, id portal.ID, family string, a portal.Application) error {
	scope := strings.Join(a.Scope, " ")
	return s.w.do(ctx, func(t *tx) error {
		if _, err := t.exec(`UPDATE portals SET family = ?, changed = ? WHERE id = ? AND family <> ? AND ? <> ''`,
			family, ms(t.now), string(id), family, family); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE applications SET scope = CASE WHEN ? = '' THEN scope ELSE ? END,
			status = CASE WHEN ? = '' THEN status ELSE ? END, version = version + 1
			WHERE portal = ? AND client_id = ? AND (scope <> ? AND ? <> '' OR status <> ? AND ? <> '')`,
			scope, scope, a.Status, a.Status, string(id), a.ClientID, scope, scope, a.Status, a.Status)
		return err
	})
}

// Registered reads what an application has written in the portal; empty when that is not known.
func (s *Store) Registered(ctx context.Context, id portal.ID, clientID string) (portal.Registered, error) {
	known := portal.Registered{}
	var data string
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT data FROM registered WHERE portal = ? AND client_id = ?`),
		string(id), clientID).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return known, nil
	}
	if err != nil {
		return nil, down(err)
	}
	return known, json.Unmarshal([]byte(data), &known)
}

// SaveRegistered stores it.
func (s *Store) SaveRegistered(ctx context.Context, id portal.ID, clientID string, r portal.Registered) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO registered (portal, client_id, data) VALUES (?, ?, ?)
			ON CONFLICT (portal, client_id) DO UPDATE SET data = excluded.data`, string(id), clientID, string(data))
		return err
	})
}

// SaveCheck stores the report of a portal's latest self-check.
func (s *Store) SaveCheck(ctx context.Context, id portal.ID, r portal.Report) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO checks (portal, at, report) VALUES (?, ?, ?)
			ON CONFLICT (portal) DO UPDATE SET at = excluded.at, report = excluded.report`, string(id), ms(r.At), string(data))
		return err
	})
}

// Check reads the report of a portal's latest self-check; ErrNotFound before the first one.
func (s *Store) Check(ctx context.Context, id portal.ID) (portal.Report, error) {
	var (
		r    portal.Report
		data string
	)
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT report FROM checks WHERE portal = ?`), string(id)).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, down(err)
	}
	return r, json.Unmarshal([]byte(data), &r)
}

// AskCheck has a serving process check a portal now, and gives the row whose outcome tells.
func (s *Store) AskCheck(ctx context.Context, id portal.ID) (row int64, err error) {
	a := &Accept{Row: portal.AskedCheckRow(id)}
	err = s.Accept(ctx, a)
	return a.ID, err
}

// HurryCheck brings a portal's next self-check forward to now.
func (s *Store) HurryCheck(ctx context.Context, id portal.ID) error {
	return s.w.do(ctx, func(t *tx) error { return t.checkBy(id, t.now) })
}
