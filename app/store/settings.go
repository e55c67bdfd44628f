package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// ErrSettingsChanged is returned when somebody else has changed a portal's settings since they were read.
var ErrSettingsChanged = errors.New("the settings were changed by somebody else meanwhile")

// ErrNoVersion is returned for a version of settings that is not kept.
var ErrNoVersion = errors.New("this version of the settings is not kept")

// keptVersions is how many versions of a portal's settings are kept.
const keptVersions = 200

// AnyVersion in SettingsChange.Read says that whatever is stored is replaced.
const AnyVersion = -1

// Author is who changes settings. UserID is 0 for who is no user of the portal, such as the command line.
type Author struct {
	UserID int64
	Name   string
}

// The causes of a change of settings.
const (
	CausePage    = "page"    // one thing was edited
	CauseFile    = "file"    // a whole file was applied
	CauseConnect = "connect" // a person logged in at Диадок
	CauseUndo    = "undo"    // an older version was applied again
	CauseHook    = "hook"    // the secret of the webhook addresses was replaced
)

// SettingsChange replaces a portal's settings and accounts.
type SettingsChange struct {
	Portal      portal.ID
	Read        int64  // the version that the change began with
	YAML        []byte // secrets as ***
	Connections []portal.Connection
	Since       map[string]time.Time // from when cards of each kind are watched
	Feeds       []lane.NewRow        // of accounts, and the setup of what is named for the first time
	HookSecret  string               // "" keeps the one that is stored
	Author      Author
	Cause       string
	UndoOf      int64
}

// ChangeSettings replaces a portal's settings and connections, the secret of its webhook addresses, starts the
// feeds of new connections and keeps the new version in the history, all in one transaction. A connection that
// stays keeps its position in the news; one whose account changed takes a new one. What entered a stage before
// its cards were watched runs nothing.
//
// Errors: portal.ErrUnknown; ErrSettingsChanged, and then nothing was changed; the database's.
func (s *Store) ChangeSettings(ctx context.Context, c SettingsChange) error {
	return s.w.do(ctx, func(t *tx) error {
		version, err := t.settingsVersion(c)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE portals SET settings = ?, settings_version = ?, changed = ?, watched_since = ? WHERE id = ?`,
			string(c.YAML), version, ms(t.now), formatSince(c.Since), string(c.Portal)); err != nil {
			return err
		}
		if err := t.saveConnections(c.Portal, c.Connections); err != nil {
			return err
		}
		if c.HookSecret != "" {
			sealed := s.seal.Seal([]byte(c.HookSecret), bind("portals", string(c.Portal), "hook_secret"))
			if _, err := t.exec(`UPDATE portals SET hook_secret = ? WHERE id = ?`, sealed, string(c.Portal)); err != nil {
				return err
			}
		}
		if err := t.keepVersion(c, version); err != nil {
			return err
		}
		if err := t.startFeeds(c.Feeds); err != nil {
			return err
		}
		return t.hurryFeeds(c.Feeds)
	})
}

// settingsVersion gives the number of the version to come, unless another one came in between.
func (t *tx) settingsVersion(c SettingsChange) (int64, error) {
	var stored int64
	err := t.row(`SELECT settings_version FROM portals WHERE id = ?`+t.s.d.forUpdate(), string(c.Portal)).Scan(&stored)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, ownError{portal.ErrUnknown}
	case err != nil:
		return 0, err
	case c.Read != AnyVersion && c.Read != stored:
		return 0, ownError{ErrSettingsChanged}
	}
	return stored + 1, nil
}

// keepVersion adds a version to the history, and drops the oldest ones.
func (t *tx) keepVersion(c SettingsChange, version int64) error {
	if _, err := t.exec(`INSERT INTO settings_history (portal, version, at, user_id, author, cause, undo_of, settings)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, string(c.Portal), version, ms(t.now), c.Author.UserID, c.Author.Name, c.Cause, c.UndoOf,
		string(c.YAML)); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM settings_history WHERE portal = ? AND version <= ?`, string(c.Portal), version-keptVersions)
	return err
}

// Version is one version of a portal's settings.
type Version struct {
	Number int64
	At     time.Time
	Author Author
	Cause  string
	UndoOf int64
	YAML   []byte // secrets as ***; nil in a list
}

// SettingsVersions lists the kept versions of a portal's settings, the latest first, without their text.
func (s *Store) SettingsVersions(ctx context.Context, id portal.ID, limit int) ([]Version, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT version, at, user_id, author, cause, undo_of FROM settings_history
		WHERE portal = ? ORDER BY version DESC LIMIT ?`), string(id), limit)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []Version
	for rows.Next() {
		var (
			v  Version
			at int64
		)
		if err := rows.Scan(&v.Number, &at, &v.Author.UserID, &v.Author.Name, &v.Cause, &v.UndoOf); err != nil {
			return nil, err
		}
		v.At = fromMS(at)
		out = append(out, v)
	}
	return out, rows.Err()
}

// SettingsVersion reads one version of a portal's settings.
//
// Errors: ErrNoVersion; the database's.
func (s *Store) SettingsVersion(ctx context.Context, id portal.ID, number int64) (Version, error) {
	var (
		v  = Version{Number: number}
		at int64
	)
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT at, user_id, author, cause, undo_of, settings FROM settings_history
		WHERE portal = ? AND version = ?`), string(id), number).Scan(&at, &v.Author.UserID, &v.Author.Name, &v.Cause, &v.UndoOf, &v.YAML)
	if errors.Is(err, sql.ErrNoRows) {
		return v, ErrNoVersion
	}
	v.At = fromMS(at)
	return v, err
}
