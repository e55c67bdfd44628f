package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	_ "modernc.org/sqlite"             // registers "sqlite"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
)

// Sealer encrypts stored secrets, bound to the row that they belong to.
type Sealer interface {
	Seal(plain []byte, bind string) []byte
	Open(sealed []byte, bind string) ([]byte, error)
}

// Planner says what a docflow's change does in Bitrix24. It is pure and quick: it runs inside the
// transaction that stores the change.
type Planner func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect

// Options of Open.
type Options struct {
	URL     string // sqlite://path or postgres://…
	Sealer  Sealer
	Plan    Planner
	Title   func(code string) string // names an action for people; nil: by its code
	Log     *slog.Logger
	Now     func() time.Time
	Observe func(Commit) // told of every group commit; must not block
	// Exclusive refuses to open an embedded database that another serving process holds.
	Exclusive bool
}

// Commit describes one group commit.
type Commit struct {
	Accepts, Others int
	Took            time.Duration
	Err             error
}

// Scheduler is told of rows and asked about lanes by the writer; *lane.Scheduler is one.
type Scheduler interface {
	Push(rows []lane.Row)
	Holds(lane string) bool
	Pending(like lane.NewRow) bool
	// Ended tells of rows that the outcome of another one of their part has ended, before that outcome.
	Ended(lane string, ids []int64)
	// Foreign tells that rows of a lane ("": of any) were changed past the scheduler.
	Foreign(lane string)
}

// Store is an open database.
type Store struct {
	d      *dialect
	path   string // of an embedded database
	read   reader
	due    atomic.Pointer[sql.Stmt] // of WaitingEffects, the read that a flood consists of
	write  *sql.DB
	w      *writer
	seal   Sealer
	plan   Planner
	title  func(code string) string
	log    *slog.Logger
	now    func() time.Time
	sched  atomic.Pointer[Scheduler]
	node   atomic.Pointer[string] // under which this process claims lanes
	pruned atomic.Int64           // where the next step of Prune begins

	prunedEffects atomic.Int64 // the same among the effects
	lock          *os.File
	closed        atomic.Bool
}

// Open opens the database, migrates it and starts its writer.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{d: &dialect{}, seal: o.Sealer, plan: o.Plan, title: o.Title, log: o.Log, now: o.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.plan == nil {
		s.plan = func(docflow.Record, docflow.Change, []docflow.Waiter) []reaction.Effect { return nil }
	}
	if s.title == nil {
		s.title = func(code string) string { return code }
	}
	if o.Observe == nil {
		o.Observe = func(Commit) {}
	}
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite://"):
		err = s.openSQLite(strings.TrimPrefix(o.URL, "sqlite://"), o.Exclusive)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		err = s.openPostgres(o.URL)
	default:
		err = errors.New("the database URL begins with neither sqlite:// nor postgres://")
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err == nil {
		err = s.checkKey(ctx)
	}
	if err == nil && s.lock != nil { // whoever held lanes of this database is dead
		_, err = s.write.ExecContext(ctx, `UPDATE lanes SET holder = '' WHERE holder <> ''`)
	}
	if err != nil {
		_ = s.closeFiles()
		return nil, err
	}
	s.w = newWriter(s, o.Observe)
	return s, nil
}

func (s *Store) openSQLite(path string, exclusive bool) (err error) {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create the database's folder: %w", err)
		}
	}
	s.path = path
	if exclusive {
		if s.lock, err = lockFile(path + ".lock"); err != nil {
			return err
		}
	}
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "cache_size(-8000)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)"}}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode() // a folder may be named with # or ?
	if s.write, err = sql.Open("sqlite", dsn); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s.write.SetMaxOpenConns(2) // the writer's, and one for a moment at open
	if s.read.DB, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s.read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	return nil
}

func (s *Store) openPostgres(raw string) (err error) {
	s.d.postgres = true
	if s.write, err = sql.Open("pgx", raw); err != nil {
		return errors.New("the database URL is malformed") // the driver's text would show the password
	}
	s.write.SetMaxOpenConns(3)
	if s.read.DB, err = sql.Open("pgx", raw); err != nil {
		return errors.New("the database URL is malformed")
	}
	s.read.SetMaxOpenConns(max(8, 4*runtime.NumCPU()))
	s.read.SetMaxIdleConns(4)
	s.read.SetConnMaxIdleTime(time.Minute)
	return nil
}

// Postgres reports whether several nodes can share this store.
func (s *Store) Postgres() bool { return s.d.postgres }

// SetScheduler connects the writer with the scheduler of this process.
func (s *Store) SetScheduler(sched Scheduler) { s.sched.Store(&sched) }

func (s *Store) scheduler() Scheduler {
	if p := s.sched.Load(); p != nil {
		return *p
	}
	return noScheduler{}
}

// nodeName is empty until the scheduler of this process first claimed.
func (s *Store) nodeName() string {
	if p := s.node.Load(); p != nil {
		return *p
	}
	return ""
}

// noScheduler stands in for processes that store but do not work, like the command line.
type noScheduler struct{}

func (noScheduler) Push([]lane.Row)          {}
func (noScheduler) Holds(string) bool        { return false }
func (noScheduler) Pending(lane.NewRow) bool { return false }
func (noScheduler) Ended(string, []int64)    {}
func (noScheduler) Foreign(string)           {}

// Ready reports whether work can be taken: the database answers and no commit has failed for good.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.w.broken(); err != nil {
		return err
	}
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", lane.ErrStoreDown, err)
	}
	return nil
}

// Close stops the writer after what it was given and closes the database.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.w.stop()
	return s.closeFiles()
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, db := range []*sql.DB{s.read.DB, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMS(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v)
}
