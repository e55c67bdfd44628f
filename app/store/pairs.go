package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"konturbridge/app/portal"
	"konturbridge/oauth"
)

var _ oauth.PairStore = (*Store)(nil)

// LoadPair implements oauth.PairStore.
func (s *Store) LoadPair(ctx context.Context, key string) (oauth.Pair, error) {
	var (
		sealed  []byte
		version int64
	)
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT sealed, version FROM pairs WHERE key = ?`), key).Scan(&sealed, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.Pair{}, oauth.ErrNoPair
	}
	if err != nil {
		return oauth.Pair{}, down(err)
	}
	if len(sealed) == 0 {
		return oauth.Pair{}, oauth.ErrNoPair
	}
	return s.openPair(sealed, bind("pairs", key, "sealed"), version)
}

// SavePair implements oauth.PairStore: it replaces the pair of the given version, or returns
// oauth.ErrStale when somebody else rotated it first. Version 0 stores a pair whatever is there: the
// installer's own pair is newer than any that was kept.
func (s *Store) SavePair(ctx context.Context, key string, old int64, p oauth.Pair) (oauth.Pair, error) {
	p.Version = old + 1
	err := s.w.do(ctx, func(t *tx) error {
		if old == 0 {
			err := t.row(`SELECT version + 1 FROM pairs WHERE key = ?`+t.s.d.forUpdate(), key).Scan(&p.Version)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		plain, err := json.Marshal(p)
		if err != nil {
			return err
		}
		sealed := s.seal.Seal(plain, bind("pairs", key, "sealed"))
		if old == 0 {
			return t.putPair(key, sealed, p)
		}
		n, err := t.exec(`UPDATE pairs SET sealed = ?, expires = ?, version = ? WHERE key = ? AND version = ?`,
			sealed, ms(p.Expires), p.Version, key, old)
		if err == nil && n == 0 {
			return ownError{oauth.ErrStale}
		}
		return err
	})
	if err != nil {
		return oauth.Pair{}, err // the writer may still be filling p
	}
	return p, nil
}

// putPair stores a pair whatever is there: its administrator has just left it.
func (t *tx) putPair(key string, sealed []byte, p oauth.Pair) error {
	id, client, user, _ := portal.ParsePairKey(key)
	_, err := t.exec(`INSERT INTO pairs (key, portal, client_id, user_id, sealed, expires, version, given) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, expires = excluded.expires, version = excluded.version,
		dead = '', given = excluded.given`, key, string(id), client, user, sealed, ms(p.Expires), p.Version, ms(t.now))
	return err
}
