package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"konturbridge/app/inbox"
)

// ErrWrongKey is returned by Open for a secret key that does not open what the database holds.
var ErrWrongKey = errors.New("the secret key does not belong to this database")

// checkKey keeps a process with a lost or foreign key from starting: it would fail at every stored
// secret, and store new ones that nobody else can open. While keys rotate the former key is good too,
// and the check is sealed anew under the current one.
func (s *Store) checkKey(ctx context.Context) error {
	const known = "konturbridge"
	at := bind("key_check", "1", "sealed")
	var sealed []byte
	err := s.write.QueryRowContext(ctx, `SELECT sealed FROM key_check WHERE id = 1`).Scan(&sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("check the secret key: %w", err)
	}
	if err == nil {
		if plain, err := s.seal.Open(sealed, at); err != nil || string(plain) != known {
			return fmt.Errorf("%w: restore the key that was used before (BRIDGE_SECRET_KEY, or the key file beside the database), or name it in BRIDGE_SECRET_KEY_OLD", ErrWrongKey)
		}
	}
	if err == nil && s.lock == nil && !s.d.postgres {
		return nil // a command beside the serving process only looks
	}
	_, err = s.write.ExecContext(ctx, s.d.sql(`INSERT INTO key_check (id, sealed) VALUES (1, ?)
		ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed`), s.seal.Seal([]byte(known), at))
	if err != nil {
		return fmt.Errorf("check the secret key: %w", err)
	}
	return nil
}

// sealedColumn is a place where secrets are kept: the row's key tells what each is bound to.
type sealedColumn struct {
	list, update string
	bind         func(key string) string
}

func sealedColumns() []sealedColumn {
	column := func(table, key, name string) sealedColumn {
		return sealedColumn{
			list:   `SELECT ` + key + `, ` + name + ` FROM ` + table,
			update: `UPDATE ` + table + ` SET ` + name + ` = ? WHERE ` + key + ` = ?`,
			bind:   func(id string) string { return bind(table, id, name) },
		}
	}
	waiters := column("waiters", "CAST(id AS TEXT)", "token")
	waiters.list = `SELECT CAST(id AS TEXT) || '/' || portal, token FROM waiters`
	waiters.update = `UPDATE waiters SET token = ? WHERE CAST(id AS TEXT) || '/' || portal = ?`
	waiters.bind = func(key string) string {
		_, portal, _ := strings.Cut(key, "/")
		return inbox.TokenBind(portal)
	}
	return []sealedColumn{
		column("portals", "id", "hook_secret"),
		column("applications", "portal || '/' || client_id", "token"),
		column("pairs", "key", "sealed"),
		column("pending", "id", "sealed"),
		column("connections", "portal || '/' || name", "sealed"),
		column("grants", "key", "sealed"),
		waiters,
	}
}

// Reseal seals every stored secret anew under the current key, so that the former one can be taken out
// of the settings. What was stored sealed inside requests that still wait keeps the former key until
// they are worked.
func (s *Store) Reseal(ctx context.Context) (n int, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		n = 0
		for _, c := range sealedColumns() {
			resealed, err := t.reseal(c)
			if err != nil {
				return err
			}
			n += resealed
		}
		return nil
	})
	return n, err
}

func (t *tx) reseal(c sealedColumn) (int, error) {
	rows, err := t.query(c.list)
	if err != nil {
		return 0, err
	}
	secrets := map[string][]byte{}
	for rows.Next() {
		var (
			key    string
			sealed []byte
		)
		if err := rows.Scan(&key, &sealed); err != nil {
			return 0, errors.Join(err, rows.Close())
		}
		if len(sealed) > 0 {
			secrets[key] = sealed
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, key := range sortedKeys(secrets) {
		plain, err := t.s.seal.Open(secrets[key], c.bind(key))
		if err != nil {
			return 0, fmt.Errorf("seal %q anew: %w", c.list, err)
		}
		if _, err := t.exec(c.update, t.s.seal.Seal(plain, c.bind(key)), key); err != nil {
			return 0, err
		}
	}
	return len(secrets), nil
}
