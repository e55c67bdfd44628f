package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// reader is the pool of reads. Its errors tell a database that is away from one that refuses: work that
// met the first is done again, work that met the second is for a person to see.
type reader struct{ *sql.DB }

func (r reader) QueryContext(ctx context.Context, query string, args ...any) (readRows, error) {
	rows, err := r.DB.QueryContext(ctx, query, args...)
	return readRows{rows}, readFault(err)
}

func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) readRow {
	return readRow{r.DB.QueryRowContext(ctx, query, args...)}
}

type readRows struct{ *sql.Rows }

func (r readRows) Scan(dest ...any) error { return readFault(r.Rows.Scan(dest...)) }

func (r readRows) Err() error { return readFault(r.Rows.Err()) }

type readRow struct{ *sql.Row }

func (r readRow) Scan(dest ...any) error { return readFault(r.Row.Scan(dest...)) }

// readFault marks what a database says that cannot answer now. A missing row, a caller who gave up, a
// query of ours that is wrong and a value that does not fit its variable are none of its faults.
func readFault(err error) error {
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		refusal(err), strings.HasPrefix(err.Error(), "sql: Scan error"):
		return err
	}
	return down(err)
}
