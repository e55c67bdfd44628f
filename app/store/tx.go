package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"time"

	"konturbridge/app/lane"
)

// errDiscard makes database/sql throw a connection away.
var errDiscard = driver.ErrBadConn

// tx is a running group commit.
type tx struct {
	ctx    context.Context
	s      *Store
	w      *writer
	now    time.Time
	pushed []lane.Row       // stored here, to be worked after the commit
	fences map[string]int64 // of lanes checked in this transaction; locked until its end
	told   map[string]bool  // lanes that other nodes were told of
	reread []string         // lanes whose rows were changed by hand
	covers []covered        // rows that another row's outcome has ended
	job    int64            // the row whose work is being stored; 0: none that people would ask for
	traces []traced         // what runs leave in the journal
}

// runAll runs accepts first and everything else after them, in the order in which it came; where many rows
// end in one statement, they end before the rest. An op that only fails by itself (a lost lease) keeps its
// error and lets the others pass.
func (t *tx) runAll(group []*op) error {
	var accepts []*Accept
	for _, o := range group {
		o.err = nil
		if o.accept != nil {
			accepts = append(accepts, o.accept)
		}
	}
	if err := t.lockDocflows(group); err != nil {
		return err
	}
	if err := t.accept(accepts); err != nil {
		return err
	}
	rest, err := t.endMany(group)
	if err != nil {
		return err
	}
	for _, o := range rest {
		if o.run == nil {
			continue
		}
		if err := o.run(t); err != nil {
			if own, ok := err.(ownError); ok {
				o.err = own.error
				continue
			}
			return err
		}
	}
	return t.storeTraces()
}

// ownError is an op's own failure that changed nothing: the rest of the group is committed.
type ownError struct{ error }

// stmt prepares each constant query once per connection.
func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st := t.w.stmts[query]; st != nil {
		return st, nil
	}
	st, err := t.w.conn.PrepareContext(t.ctx, t.s.d.sql(query))
	if err != nil {
		return nil, err
	}
	t.w.stmts[query] = st
	return st, nil
}

func (t *tx) exec(query string, args ...any) (int64, error) {
	st, err := t.stmt(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) row(query string, args ...any) scanner {
	st, err := t.stmt(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(t.ctx, args...)
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(t.ctx, args...)
}

type scanner interface{ Scan(dest ...any) error }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }
