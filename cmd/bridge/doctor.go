package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/store"
	"konturbridge/cache"
)

type doctorCommand struct{}

// How long one check may take, and how many of those that call out run at a time.
const (
	checkTime = 15 * time.Second
	checkers  = 8
)

// The verdicts of a check.
const (
	verdictOK      = "ok"
	verdictFailed  = "failed"
	verdictSkipped = "skipped"
)

// finding is one line: what was checked, how it ended, and the reason with what to do.
type finding struct{ verdict, subject, text string }

func ok(subject, format string, args ...any) finding {
	return finding{verdictOK, subject, fmt.Sprintf(format, args...)}
}

func failed(subject, format string, args ...any) finding {
	return finding{verdictFailed, subject, fmt.Sprintf(format, args...)}
}

func skipped(subject, format string, args ...any) finding {
	return finding{verdictSkipped, subject, fmt.Sprintf(format, args...)}
}

// Run checks everything and prints a line for each check.
func (doctorCommand) Run(ctx context.Context, p *process) error {
	bad := false
	tell := func(findings ...finding) {
		for _, f := range findings {
			bad = bad || f.verdict == verdictFailed
			fmt.Fprintf(p.out, "%-7s %s: %s\n", f.verdict, f.subject, oneLine(errors.New(f.text)))
		}
	}
	cfg, err := p.config()
	if err != nil {
		tell(failed("settings", "%s", strings.TrimPrefix(err.Error(), "settings: ")), skipped("everything else", "the settings come first"))
		return errQuiet
	}
	tell(checkSettings(cfg, p.configFile))
	tell(checkSecretKey(cfg))
	st, found := openForCheck(ctx, cfg)
	tell(found)
	tell(checkRedis(ctx, cfg))
	if st != nil {
		defer func() { _ = st.Close() }()
	}
	for _, findings := range side(ctx, checkTime, outsideChecks(ctx, cfg, st)) {
		tell(findings...)
	}
	for _, findings := range side(ctx, selfCheckTime, selfChecks(ctx, st)) {
		tell(findings...)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if bad {
		return errQuiet
	}
	return nil
}

// check is one check that calls out; it may give several lines.
type check func(ctx context.Context) []finding

// side runs checks side by side, each for so long at most, and keeps their order.
func side(ctx context.Context, each time.Duration, checks []check) [][]finding {
	results := make([][]finding, len(checks))
	var g errgroup.Group
	g.SetLimit(checkers)
	for i, c := range checks {
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, each)
			defer cancel()
			results[i] = c(ctx)
			return nil
		})
	}
	_ = g.Wait() // checks give findings, never errors
	return results
}

func checkSettings(cfg config.Config, file string) finding {
	const subject = "settings"
	if err := cfg.ValidateServe(); err != nil {
		return failed(subject, "%s", strings.TrimPrefix(err.Error(), "settings: "))
	}
	source := "the environment"
	if file != "" {
		source += " and " + file
	}
	text := "read from " + source
	if cfg.AllowInsecureUpstreams {
		text += "; BRIDGE_ALLOW_INSECURE_UPSTREAMS is set, which is right for trials only"
	}
	if len(cfg.Applications()) == 0 {
		text += "; no application's keys yet, so installations wait: set BRIDGE_BITRIX_CLIENT_ID and BRIDGE_BITRIX_CLIENT_SECRET from the portal's form"
	}
	return ok(subject, "%s", text)
}

// checkSecretKey looks for the key without making one.
func checkSecretKey(cfg config.Config) finding {
	const subject = "secret key"
	path := cfg.SecretKeyPath()
	switch {
	case cfg.SecretKey != "":
		return ok(subject, "from BRIDGE_SECRET_KEY")
	case path == "":
		return failed(subject, "every node needs the same one: set BRIDGE_SECRET_KEY; bridge keygen prints one")
	case !isMissing(path):
	case missingDatabase(cfg) == "":
		return failed(subject, "the database is there but its key %s is not: restore it, or set BRIDGE_SECRET_KEY", path)
	default:
		return skipped(subject, "bridge serve makes %s at its first start; keep a copy of it with the database's", path)
	}
	if _, _, err := config.EnsureSecretKey(cfg); err != nil {
		return failed(subject, "%s", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return failed(subject, "others can read %s: chmod 600 %s", path, path)
	}
	return ok(subject, "in %s", path)
}

// openForCheck opens the database for the checks that need it; nil when that failed or there is none.
func openForCheck(ctx context.Context, cfg config.Config) (*store.Store, finding) {
	const subject = "database"
	label := cfg.Database().Label
	if path := missingDatabase(cfg); path != "" {
		return nil, checkFolder(path)
	}
	if path := cfg.SecretKeyPath(); cfg.SecretKey == "" && path != "" && isMissing(path) {
		return nil, skipped(subject, "%s: not opened without its secret key", label)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	st, err := app.OpenStore(ctx, cfg, slog.New(slog.DiscardHandler))
	if errors.Is(err, store.ErrWrongKey) { // says itself what to do
		return nil, failed(subject, "%s: %s", label, err)
	}
	if err != nil {
		return nil, failed(subject, "%s: %s; check BRIDGE_DATABASE_URL and that the server runs", label, err)
	}
	// A write that changes nothing: only a real one shows a full disk, a read-only file or a standby.
	if err := errors.Join(st.Ready(ctx), st.DropPending(ctx, "doctor")); err != nil {
		_ = st.Close()
		return nil, failed(subject, "%s can't be written: %s; check its rights and its disk", label, err)
	}
	return st, ok(subject, "%s opens, its schema is current, it can be written", label)
}

// checkFolder says whether an embedded database that does not exist yet can be made.
func checkFolder(path string) finding {
	const subject = "database"
	folder := filepath.Dir(path)
	for isMissing(folder) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
	}
	probe, err := os.CreateTemp(folder, ".bridge-doctor-*")
	if err != nil {
		return failed(subject, "%s can't be made: %s; set BRIDGE_DATABASE_URL to a folder that can be written", path, err)
	}
	_, _ = probe.Close(), os.Remove(probe.Name())
	return skipped(subject, "%s is not made yet: bridge serve makes it at its first start", path)
}

func checkRedis(ctx context.Context, cfg config.Config) finding {
	const subject = "Redis"
	if cfg.RedisURL == "" {
		if cfg.Database().Dialect == config.Postgres {
			return skipped(subject, "not set: right for one node only; several nodes on one database need BRIDGE_REDIS_URL")
		}
		return skipped(subject, "not set: one node with an embedded database needs none")
	}
	redis, err := cache.NewRedis(cfg.RedisURL.Reveal(), cache.RedisOptions{})
	if err != nil {
		return failed(subject, "BRIDGE_REDIS_URL: %s", err)
	}
	defer func() { _ = redis.Close() }()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if err := redis.Ping(ctx); err != nil {
		return failed(subject, "%s; check BRIDGE_REDIS_URL and that the server runs", err)
	}
	return ok(subject, "answers")
}
