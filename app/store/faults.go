package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"konturbridge/app/lane"
)

// ErrBusy is returned when the writer's queue is full: the caller answers 503 and pretends nothing.
var ErrBusy = errors.New("too much is waiting to be stored")

var errClosed = fmt.Errorf("%w: it was closed", lane.ErrStoreDown)

func down(err error) error {
	if errors.Is(err, lane.ErrStoreDown) {
		return err
	}
	return fmt.Errorf("%w: %w", lane.ErrStoreDown, err)
}

// refused tells a change that can never be stored as it is from a database that cannot store now. What
// was refused is worked again from what is stored; what met a fault is written again unchanged.
func refused(err error) bool {
	_, pg := errors.AsType[*pgconn.PgError](err)
	_, lite := errors.AsType[*sqlite.Error](err)
	return refusal(err) || !pg && !lite
}

// refusal reports a database's own word that what was asked can never be done.
func refusal(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Classes 21 to 23: a value that does not fit or a broken constraint; 42 a query of ours is wrong.
		return slices.Contains([]string{"21", "22", "23", "42"}, pg.Code[:min(2, len(pg.Code))])
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains([]int{sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG,
			sqlite3.SQLITE_RANGE, sqlite3.SQLITE_ERROR}, lite.Code()&0xff)
	}
	return false
}

// collided reports a transaction that the database gave up for the sake of another one.
func collided(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40P01" || pg.Code == "40001")
}
