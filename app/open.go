package app

import (
	"context"
	"log/slog"

	"konturbridge/app/config"
	"konturbridge/app/store"
	"konturbridge/internal/seal"
)

// StoreURL is the database's address as the store takes it.
func StoreURL(cfg config.Config) string {
	db := cfg.Database()
	if db.Dialect == config.SQLite {
		return "sqlite://" + db.Path
	}
	return db.DSN.Reveal()
}

// Sealer makes the box that stored secrets are sealed with. Beside an embedded database a key is
// generated when there is none yet.
func Sealer(cfg config.Config) (*seal.Box, error) {
	key, old, err := secretKeys(cfg)
	if err != nil {
		return nil, err
	}
	return seal.New(key, old)
}

// OpenStore opens the database for a command that runs beside a serving process, or without one.
func OpenStore(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.Store, error) {
	sealer, err := Sealer(cfg)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{URL: StoreURL(cfg), Sealer: sealer, Log: log, Title: actionTitle})
}
