package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/internal/seal"
)

func TestReadFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		down bool
	}{
		"no row":              {sql.ErrNoRows, false},
		"the caller gave up":  {fmt.Errorf("query: %w", context.Canceled), false},
		"a query of ours":     {&pgconn.PgError{Code: "42703"}, false},
		"a value of ours":     {errors.New(`sql: Scan error on column index 0, name "n": converting`), false},
		"the server stops":    {&pgconn.PgError{Code: "57P01"}, true},
		"nobody listens":      {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		"cut in the middle":   {io.ErrUnexpectedEOF, true},
		"known to be so":      {down(io.EOF), true},
		"another transaction": {&pgconn.PgError{Code: "40001"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := readFault(tc.err)
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, tc.down, errors.Is(err, lane.ErrStoreDown))
		})
	}
	require.NoError(t, readFault(nil))
}

func TestReadsOfAClosedDatabase(t *testing.T) {
	t.Parallel()
	sealer, err := seal.New(make([]byte, 32), nil)
	require.NoError(t, err)
	s, err := Open(t.Context(), Options{URL: "sqlite://" + t.TempDir() + "/b.db", Sealer: sealer})
	require.NoError(t, err)
	_, err = s.Docflow(t.Context(), "none")
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, s.Close())
	_, err = s.Docflow(t.Context(), "none")
	require.ErrorIs(t, err, lane.ErrStoreDown)
	_, err = s.Connections(t.Context(), "")
	require.ErrorIs(t, err, lane.ErrStoreDown)
}
