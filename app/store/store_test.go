package store_test

import (
	"testing"

	"konturbridge/app/store/storetest"
	"konturbridge/internal/testservers"
)

func TestMain(m *testing.M) { testservers.Main(m, testservers.NoSync()) }

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.SQLite)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Postgres)
}
