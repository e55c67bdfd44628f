package store

import (
	"context"
	"database/sql"
	"errors"
)

// Served reports whether a serving process works a lane, as far as can be told from outside: of an embedded
// database, whether one has it open; else whether a node holds the lane. A lane that has just become due is
// claimed within seconds.
func (s *Store) Served(ctx context.Context, name string) (bool, error) {
	if !s.d.postgres {
		return isLocked(s.path + ".lock")
	}
	var held bool
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT holder <> '' AND lease > (extract(epoch FROM clock_timestamp()) * 1000)::bigint
		FROM lanes WHERE lane = ?`), name).Scan(&held)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, down(err)
	}
	return held, nil
}
