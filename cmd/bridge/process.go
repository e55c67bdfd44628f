package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/store"
)

// process is what a command has of the world around it.
type process struct {
	environ    []string
	configFile string
	in         io.Reader
	out, err   io.Writer
}

// config reads the settings of the process.
func (p *process) config() (config.Config, error) { return config.Load(p.environ, p.configFile) }

// log makes the process's logger: text for a person at a terminal, JSON for machines.
func (p *process) log(cfg config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == "text" || cfg.LogFormat == "" && isTerminal(p.err) {
		return slog.New(slog.NewTextHandler(p.err, options))
	}
	return slog.New(slog.NewJSONHandler(p.err, options))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// errNoDatabase says that an embedded database was never made. Commands that look make none: a mistyped
// path must not turn into an empty database with a key of its own.
var errNoDatabase = errors.New("there is no database")

// withStore runs work on the database that the settings name, beside a serving process or without one.
//
// Errors: wrapping errNoDatabase; the settings', the database's, and those of work.
func (p *process) withStore(ctx context.Context, work func(config.Config, *store.Store) error) error {
	cfg, err := p.config()
	if err != nil {
		return err
	}
	if path := missingDatabase(cfg); path != "" {
		return fmt.Errorf("%w at %s: bridge serve makes it; if yours is elsewhere, set BRIDGE_DATABASE_URL", errNoDatabase, path)
	}
	st, err := app.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("open %s: %w", cfg.Database().Label, err)
	}
	return errors.Join(work(cfg, st), st.Close())
}

// withStoreOrNone is withStore for lists: before the database is made they are empty, and stderr says why.
func (p *process) withStoreOrNone(ctx context.Context, none func() error, work func(config.Config, *store.Store) error) error {
	err := p.withStore(ctx, work)
	if errors.Is(err, errNoDatabase) {
		fmt.Fprintln(p.err, "bridge: "+oneLine(err))
		return none()
	}
	return err
}

// missingDatabase is the path of an embedded database that does not exist yet; "" otherwise.
func missingDatabase(cfg config.Config) string {
	db := cfg.Database()
	if db.Dialect == config.SQLite && db.Path != ":memory:" && isMissing(db.Path) {
		return db.Path
	}
	return ""
}

// json prints a value for scripts; a list is [] when it is empty.
func (p *process) json(v any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// table prints rows for people, aligned; the first one is the head.
func (p *process) table(rows [][]string) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, orDash(cell))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// moment prints a time for people.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// short cuts a text for a table.
func short(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}
