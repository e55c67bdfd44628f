package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// channel is where nodes tell each other of lanes with new rows.
const channel = "bridge_lane"

// Listen tells of rows that other processes stored, until ctx ends. Missed notices are made up for by
// one call for any lane ("") after every reconnection, and by the scheduler's own sweep.
func (s *Store) Listen(ctx context.Context, foreign func(lane string)) {
	for ctx.Err() == nil {
		var err error
		if s.d.postgres {
			err = s.listenPostgres(ctx, foreign)
		} else {
			err = s.watchSQLite(ctx, foreign)
		}
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("notices of other nodes are cut off; trying again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (s *Store) listenPostgres(ctx context.Context, foreign func(string)) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(raw any) error {
		pg := raw.(*stdlib.Conn).Conn()
		if _, err := pg.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return err
		}
		foreign("")
		for {
			notice, err := pg.WaitForNotification(ctx)
			if err != nil {
				return errDiscard // a connection that listens must not return to the pool
			}
			foreign(notice.Payload)
		}
	})
	return err
}

// watchSQLite notices commits of another process, like the command line beside a serving one. Asked on
// the writer's own connection, the data version counts only what others committed.
func (s *Store) watchSQLite(ctx context.Context, foreign func(string)) error {
	seen := int64(-1)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var version int64
		if err := s.w.do(ctx, func(t *tx) error { return t.row("PRAGMA data_version").Scan(&version) }); err != nil {
			return err
		}
		if seen >= 0 && version != seen {
			foreign("")
		}
		seen = version
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
