package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"konturbridge/app/portal"
	"konturbridge/oauth"
)

// grantStore is what became of the refresh token that a connection began with.
type grantStore struct {
	s     *Store
	first string
}

// Grant gives the place of the rotating tokens that the connection's refresh token stands at the beginning
// of. It is shared by all connections with that token and lives as long as one of them. The settings keep the
// first token: applied again, they change nothing, and they never race with a rotation. Its key is the
// connection's GrantKey.
func (s *Store) Grant(conn portal.Connection) oauth.PairStore {
	return grantStore{s, conn.Secrets["refreshToken"]}
}

// LoadPair implements oauth.PairStore. What was never exchanged is a pair of the first refresh token alone.
func (g grantStore) LoadPair(ctx context.Context, key string) (oauth.Pair, error) {
	pair, err := g.load(ctx, key)
	if !errors.Is(err, oauth.ErrNoPair) {
		return pair, err
	}
	if err := g.begin(ctx, key); err != nil {
		return oauth.Pair{}, err
	}
	return g.load(ctx, key)
}

func (g grantStore) load(ctx context.Context, key string) (oauth.Pair, error) {
	var (
		sealed  []byte
		version int64
	)
	err := g.s.read.QueryRowContext(ctx, g.s.d.sql(`SELECT sealed, version FROM grants WHERE key = ?`), key).Scan(&sealed, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.Pair{}, oauth.ErrNoPair
	}
	if err != nil {
		return oauth.Pair{}, down(err)
	}
	return g.s.openPair(sealed, bind("grants", key, "sealed"), version)
}

// begin stores the first refresh token, unless no connection has it any more.
func (g grantStore) begin(ctx context.Context, key string) error {
	sealed, err := g.seal(key, oauth.Pair{Refresh: g.first})
	if err != nil {
		return err
	}
	return g.s.w.do(ctx, func(t *tx) error {
		var connections int
		if err := t.row(`SELECT COUNT(*) FROM connections WHERE grant_key = ?`, key).Scan(&connections); err != nil {
			return err
		}
		if connections == 0 {
			return ownError{oauth.ErrNoPair}
		}
		_, err := t.exec(`INSERT INTO grants (key, sealed, version) VALUES (?, ?, 1) ON CONFLICT (key) DO NOTHING`, key, sealed)
		return err
	})
}

// SavePair implements oauth.PairStore.
func (g grantStore) SavePair(ctx context.Context, key string, old int64, p oauth.Pair) (oauth.Pair, error) {
	p.Version = old + 1
	sealed, err := g.seal(key, p)
	if err != nil {
		return oauth.Pair{}, err
	}
	err = g.s.w.do(ctx, func(t *tx) error {
		n, err := t.exec(`UPDATE grants SET sealed = ?, version = ? WHERE key = ? AND version = ?`, sealed, p.Version, key, old)
		if err == nil && n == 0 {
			return ownError{oauth.ErrStale}
		}
		return err
	})
	if err != nil {
		return oauth.Pair{}, err
	}
	return p, nil
}

func (g grantStore) seal(key string, p oauth.Pair) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return g.s.seal.Seal(plain, bind("grants", key, "sealed")), nil
}

func (s *Store) openPair(sealed []byte, at string, version int64) (oauth.Pair, error) {
	plain, err := s.seal.Open(sealed, at)
	if err != nil {
		return oauth.Pair{}, fmt.Errorf("open the token pair: %w", err)
	}
	var p oauth.Pair
	if err := json.Unmarshal(plain, &p); err != nil {
		return oauth.Pair{}, err
	}
	p.Version = version
	return p, nil
}

// dropGrants wipes the tokens of grants that no connection has any more.
func (t *tx) dropGrants() error {
	_, err := t.exec(`DELETE FROM grants WHERE NOT EXISTS (SELECT 1 FROM connections WHERE grant_key = grants.key)`)
	return err
}
