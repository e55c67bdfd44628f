package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema forward, never back. A schema newer than this binary is refused: an older
// process must not write what it does not understand.
func (s *Store) migrate(ctx context.Context) error {
	dir := "migrations/sqlite"
	if s.d.postgres {
		dir = "migrations/postgres"
	}
	entries, err := migrations.ReadDir(dir)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if s.d.postgres { // nodes that start together migrate one after the other
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(7412903)"); err != nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(7412903)") }()
	}
	if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)"); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	have, err := appliedMigrations(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	numbers := make([]int, len(names))
	for i, name := range names {
		if numbers[i], err = strconv.Atoi(strings.SplitN(name, "_", 2)[0]); err != nil {
			return fmt.Errorf("migration %s has no number", name)
		}
	}
	if newest := numbers[len(numbers)-1]; len(have) > 0 && slices.Max(have) > newest {
		return fmt.Errorf("the database has schema %d, this bridge knows %d: install the newer bridge", slices.Max(have), newest)
	}
	for i, name := range names {
		number := numbers[i]
		if slices.Contains(have, number) {
			continue
		}
		if err := s.migrateOne(ctx, conn, path.Join(dir, name), number); err != nil {
			return err
		}
	}
	return nil
}

// appliedMigrations lists the numbers of the migrations that the database has.
func appliedMigrations(ctx context.Context, conn *sql.Conn) (numbers []int, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT version FROM schema_version")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var number int
		if err := rows.Scan(&number); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}

func (s *Store) migrateOne(ctx context.Context, conn *sql.Conn, file string, number int) error {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return fmt.Errorf("migrate the database to schema %d: %w", number, err)
	}
	if _, err := tx.ExecContext(ctx, s.d.sql("INSERT INTO schema_version (version) VALUES (?)"), number); err != nil {
		return fmt.Errorf("migrate the database to schema %d: %w", number, err)
	}
	return tx.Commit()
}
