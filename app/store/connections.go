package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
)

// Connections reads the accounts of a portal; an empty id reads those of all portals.
func (s *Store) Connections(ctx context.Context, id portal.ID) ([]portal.Connection, error) {
	return s.connections(ctx, `portal = ? OR ? = ''`, string(id), string(id))
}

// AccountConnections reads the Реестро connections of an account, of all portals.
func (s *Store) AccountConnections(ctx context.Context, account feed.Account) ([]portal.Connection, error) {
	return s.connections(ctx, `account_id = ? AND login = ? AND kind = 'realty'`, account.ID, account.Login)
}

// BoxConnections reads the connections to a box of Диадок, of all portals.
func (s *Store) BoxConnections(ctx context.Context, box string) ([]portal.Connection, error) {
	return s.connections(ctx, `account_id = ? AND kind = 'diadoc'`, box)
}

func (s *Store) connections(ctx context.Context, where string, args ...any) ([]portal.Connection, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT portal, name, kind, is_default, login, account_id, client_id, sealed, cursor,
		cursor_at, state, note FROM connections WHERE `+where+` ORDER BY portal, name`), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []portal.Connection
	for rows.Next() {
		var (
			c         portal.Connection
			isDefault int
			sealed    []byte
			cursorAt  int64
		)
		if err := rows.Scan(&c.Portal, &c.Name, &c.Kind, &isDefault, &c.Login, &c.AccountID, &c.ClientID, &sealed, &c.Cursor,
			&cursorAt, &c.State, &c.Note); err != nil {
			return nil, err
		}
		plain, err := s.seal.Open(sealed, bind("connections", string(c.Portal)+"/"+c.Name, "sealed"))
		if err != nil {
			return nil, fmt.Errorf("open the secrets of connection %s: %w", c.Name, err)
		}
		if err := json.Unmarshal(plain, &c.Secrets); err != nil {
			return nil, err
		}
		c.Default, c.CursorAt = isDefault == 1, fromMS(cursorAt)
		out = append(out, c)
	}
	return out, rows.Err()
}

// SaveSettings is ChangeSettings by nobody, over whatever is stored.
func (s *Store) SaveSettings(ctx context.Context, id portal.ID, yaml []byte, conns []portal.Connection, since map[string]time.Time, feeds []lane.NewRow) error {
	return s.ChangeSettings(ctx, SettingsChange{Portal: id, Read: AnyVersion, YAML: yaml, Connections: conns, Since: since, Feeds: feeds})
}

// saveConnections makes the portal's connections these.
func (t *tx) saveConnections(id portal.ID, conns []portal.Connection) error {
	names := make([]any, 0, len(conns)+1)
	names = append(names, string(id))
	for _, c := range conns {
		if err := t.saveConnection(c); err != nil {
			return err
		}
		names = append(names, c.Name)
	}
	drop := `DELETE FROM connections WHERE portal = ?`
	if len(conns) > 0 {
		drop += ` AND name NOT IN (` + marks(len(conns)) + `)`
	}
	if _, err := t.exec(drop, names...); err != nil {
		return err
	}
	return t.dropGrants()
}

// hurryFeeds makes feeds that rest after a failure look at once: the new settings may have repaired them.
func (t *tx) hurryFeeds(feeds []lane.NewRow) error {
	for _, f := range feeds {
		if _, err := t.exec(`UPDATE inbox SET run_at = ? WHERE lane = ? AND part = ? AND kind = ? AND state = 0 AND run_at > ?`,
			ms(t.now), f.Lane, f.Part, f.Kind, ms(t.now)); err != nil {
			return err
		}
		if err := t.changed(f.Lane); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveConnection(c portal.Connection) error {
	plain, err := json.Marshal(c.Secrets)
	if err != nil {
		return err
	}
	sealed := t.s.seal.Seal(plain, bind("connections", string(c.Portal)+"/"+c.Name, "sealed"))
	_, err = t.exec(`INSERT INTO connections (portal, name, kind, is_default, login, account_id, client_id, grant_key, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (portal, name) DO UPDATE SET kind = excluded.kind,
		is_default = excluded.is_default, client_id = excluded.client_id, grant_key = excluded.grant_key, sealed = excluded.sealed,
		state = CASE WHEN connections.state IN ('refused', 'again') THEN 'again' ELSE '' END, note = '',
		cursor = CASE WHEN connections.account_id = excluded.account_id THEN connections.cursor ELSE '' END,
		login = excluded.login, account_id = excluded.account_id`,
		string(c.Portal), c.Name, string(c.Kind), boolInt(c.Default), c.Login, c.AccountID, c.ClientID, c.GrantKey(), sealed)
	return err
}

// startFeeds adds the rows that poll, unless they run already.
func (t *tx) startFeeds(feeds []lane.NewRow) error {
	for _, f := range feeds {
		var running int
		if err := t.row(`SELECT COUNT(*) FROM inbox WHERE lane = ? AND part = ? AND kind = ? AND state = 0`,
			f.Lane, f.Part, f.Kind).Scan(&running); err != nil {
			return err
		}
		if running > 0 {
			continue
		}
		if _, err := t.insertRows([]lane.NewRow{f}); err != nil {
			return err
		}
	}
	return nil
}

// EnsureRows adds rows that reschedule themselves (feeds, checks) unless they are there.
func (s *Store) EnsureRows(ctx context.Context, rows ...lane.NewRow) error {
	return s.w.do(ctx, func(t *tx) error { return t.startFeeds(rows) })
}

// TakeCursor stores a connection's first position in the news, unless it has one.
func (s *Store) TakeCursor(ctx context.Context, id portal.ID, name, cursor string) error {
	return s.w.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE connections SET cursor = ?, cursor_at = ? WHERE portal = ? AND name = ? AND cursor = ''`,
			cursor, ms(t.now), string(id), name)
		return err
	})
}

// MarkConnection stores that a connection's credentials were refused, or are good again (""). When they become
// refused, the portal's administrators are told of it, once.
func (s *Store) MarkConnection(ctx context.Context, id portal.ID, name, state, note string) error {
	return s.w.do(ctx, func(t *tx) error {
		turned, err := t.exec(`UPDATE connections SET state = ?, note = ?, since = ? WHERE portal = ? AND name = ? AND state <> ?`,
			state, note, ms(t.now), string(id), name, state)
		if err != nil {
			return err
		}
		n := turned
		if turned == 0 {
			if n, err = t.exec(`UPDATE connections SET note = ? WHERE portal = ? AND name = ? AND note <> ?`, note, string(id), name, note); err != nil || n == 0 {
				return err
			}
		}
		if turned > 0 && state == portal.ConnectionRefused {
			if _, err := t.insertRows([]lane.NewRow{reaction.RefusedRow(id, name)}); err != nil {
				return err
			}
		}
		_, err = t.exec(`UPDATE portals SET changed = ? WHERE id = ?`, ms(t.now), string(id))
		return err
	})
}

// TakeAgain reports whether a person has saved a refused connection since, to one caller only.
func (s *Store) TakeAgain(ctx context.Context, id portal.ID, name string) (taken bool, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE connections SET state = '' WHERE portal = ? AND name = ? AND state = ?`, string(id), name, portal.ConnectionAgain)
		taken = n > 0
		return err
	})
	return err == nil && taken, err
}

// Administrators lists the users in whose name the bridge may work in a portal, the ones at work first.
func (s *Store) Administrators(ctx context.Context, id portal.ID) ([]int64, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT p.user_id, MAX(CASE WHEN a.user_id = p.user_id THEN 1 ELSE 0 END) AS works
		FROM pairs p JOIN applications a ON a.portal = p.portal AND a.client_id = p.client_id
		WHERE p.portal = ? AND p.dead = '' AND a.state = 'active' AND p.user_id > 0 GROUP BY p.user_id ORDER BY works DESC, p.user_id`), string(id))
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var users []int64
	for rows.Next() {
		var (
			user  int64
			works int
		)
		if err := rows.Scan(&user, &works); err != nil {
			return nil, err
		}
		users = append(users, user)
	}
	return users, rows.Err()
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// parseSince and formatSince keep moments in milliseconds, as every column does.
func parseSince(s string) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	if s == "" {
		return since, nil
	}
	stored := map[string]int64{}
	if err := json.Unmarshal([]byte(s), &stored); err != nil {
		return nil, err
	}
	for key, at := range stored {
		since[key] = fromMS(at)
	}
	return since, nil
}

func formatSince(since map[string]time.Time) string {
	stored := map[string]int64{}
	for key, at := range since {
		stored[key] = ms(at)
	}
	b, err := json.Marshal(stored)
	if err != nil { // texts and numbers always marshal
		return ""
	}
	return string(b)
}

func parseFields(s string) (map[string]string, error) {
	m := map[string]string{}
	if s == "" {
		return m, nil
	}
	return m, json.Unmarshal([]byte(s), &m)
}

func formatFields(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}
