package store_test

import (
	"testing"

	"konturbridge/app/store/lanetest"
	"konturbridge/app/store/storetest"
	"konturbridge/internal/testservers"
)

func TestLanesOnSQLite(t *testing.T) {
	t.Parallel()
	lanetest.Run(t, storetest.SQLite)
}

func TestLanesOnPostgres(t *testing.T) {
	t.Parallel()
	lanetest.Run(t, storetest.Postgres)
}

func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := testservers.Postgres(t, testservers.NoSync())
	db := storetest.PostgresAt(t, server.NewDatabase(t))
	lanetest.PostgresRestart(t, db, server.Stop, server.Start)
}
