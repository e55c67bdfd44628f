// Package storetest is the suite that a store must pass on every database that it offers.
package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/internal/seal"
	"konturbridge/internal/testservers"
)

// Opened is an empty database that a test may open as often as it likes: each time is another process.
type Opened struct {
	URL      string
	Raw      *sql.DB // a connection past the store, to see what is really there
	Postgres bool
}

// SQLite makes an embedded database in the test's folder.
func SQLite(t testing.TB) Opened {
	path := filepath.Join(t.TempDir(), "bridge.db")
	return Opened{URL: "sqlite://" + path, Raw: raw(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")}
}

// Postgres makes a database on the server that the test binary shares (testservers.Main).
func Postgres(t testing.TB) Opened { return PostgresAt(t, testservers.NewDatabase(t)) }

// PostgresAt is a database at that URL.
func PostgresAt(t testing.TB, url string) Opened {
	return Opened{URL: url, Raw: raw(t, "pgx", url), Postgres: true}
}

func raw(t testing.TB, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// Sealer seals under a key of the tests.
func Sealer(t testing.TB) *seal.Box {
	key := sha256.Sum256([]byte("a key of the tests"))
	box, err := seal.New(key[:], nil)
	require.NoError(t, err)
	return box
}

// Open opens the database as one more process; it is closed when the test ends.
func (o Opened) Open(t testing.TB, tune ...func(*store.Options)) *store.Store {
	t.Helper()
	options := store.Options{URL: o.URL, Sealer: Sealer(t), Plan: plan}
	for _, f := range tune {
		f(&options)
	}
	st, err := store.Open(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// plan comments every change and answers every robot whose wait is over.
func plan(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
	var effects []reaction.Effect
	add := func(kind reaction.Kind, text string) {
		effects = append(effects, reaction.Effect{Portal: rec.Portal, Card: rec.Card, Docflow: rec.ID, Kind: kind,
			Params: []byte(`"` + text + `"`)})
	}
	if ch.Changed {
		add(reaction.Comment, string(ch.To))
	}
	for _, w := range met {
		add(reaction.RobotReturn, w.Action)
	}
	return effects
}

// count runs a query past the store that yields one number.
func (o Opened) count(t testing.TB, query string) int {
	t.Helper()
	var n int
	require.NoError(t, o.Raw.QueryRow(query).Scan(&n))
	return n
}

// Clock is a clock that a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a moment in whole milliseconds, as they are stored.
func NewClock() *Clock { return &Clock{now: time.Now().Truncate(time.Millisecond)} }

// Now gives the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock, backward when d is negative.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tuned lets a store live by the clock.
func (c *Clock) tuned(o *store.Options) { o.Now = c.Now }

// holder is a scheduler that only remembers what it is told.
type holder struct {
	mu      sync.Mutex
	holds   map[string]bool
	waiting map[lane.Likeness]bool
	pushed  []lane.Row
	foreign []string
	ended   []int64
}

func (h *holder) Push(rows []lane.Row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pushed = append(h.pushed, rows...)
}

func (h *holder) Holds(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.holds[name]
}

func (h *holder) Pending(like lane.NewRow) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting[like.Like()]
}

func (h *holder) Ended(_ string, ids []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, ids...)
}

func (h *holder) Foreign(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.foreign = append(h.foreign, name)
}

func (h *holder) told() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.foreign...)
}

// freeze stops the writer until the returned function is called: what is handed in meanwhile becomes
// one group.
func freeze(st *store.Store) (thaw func()) {
	entered, release := make(chan struct{}), make(chan struct{})
	st.Finish(lane.Row{Lease: lane.Lease{Lane: "nobody's", Fence: -1}}, lane.Result{}, 0, func(error) {
		close(entered)
		<-release
	})
	<-entered
	return func() {
		for range 1000 {
			runtime.Gosched() // whoever is about to hand in, does
		}
		close(release)
	}
}

// finish waits for an outcome's commit.
func finish(st *store.Store, row lane.Row, r lane.Result, tries int) error {
	result := make(chan error, 1)
	st.Finish(row, r, tries, func(err error) { result <- err })
	return <-result
}

// accept stores one row and gives its id.
func accept(t testing.TB, st *store.Store, row lane.NewRow) int64 {
	t.Helper()
	if row.Kind == "" {
		row.Kind = "robot"
	}
	a := &store.Accept{Row: row}
	require.NoError(t, st.Accept(t.Context(), a))
	require.False(t, a.Duplicate)
	require.Positive(t, a.ID)
	return a.ID
}

// claimed stores a row in a lane of its own, and leases and loads it.
func claimed(t testing.TB, st *store.Store, name string) lane.Row {
	t.Helper()
	accept(t, st, lane.NewRow{Lane: name, Part: "2:1"})
	leases, err := st.Claim(t.Context(), "node", time.Minute, 10)
	require.NoError(t, err)
	require.Len(t, leases, 1)
	return load(t, st, leases[0])[0]
}

func load(t testing.TB, st *store.Store, lease lane.Lease) []lane.Row {
	t.Helper()
	rows, err := st.Load(context.Background(), lease.Lane, 0, 100)
	require.NoError(t, err)
	for i := range rows {
		rows[i].Lease = lease
	}
	return rows
}
