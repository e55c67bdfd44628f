package chaos_test

import (
	"database/sql"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"github.com/stretchr/testify/require"

	"konturbridge/internal/testservers"
)

// databases is what the tests run on that both databases must pass.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   func(*testing.T) string { return "" },
	"postgres": func(t *testing.T) string { return testservers.Postgres(t).NewDatabase(t) },
}

// TestKill kills the process ten times under a stream of robot calls: at requests that were not done, at
// requests whose answer it does not live to see, and while it takes calls in. Each round streams into a
// portal of its own, whose lane nobody holds: on PostgreSQL a dead process keeps its lanes for a lease.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ground{database: database(t), tenants: 10, deals: 41, pace: 100 * time.Millisecond})
			n := w.restart(w.nodes[0])
			if w.ground.database != "" {
				w.idle()
			}
			for round, b := range []struct {
				at     func(*http.Request) bool
				within int // of so many such requests, one is struck
				served bool
			}{
				{anyCall, 40, false}, {creation, 14, true}, {within: 14}, {portalCall, 25, true}, {creation, 14, false},
				{robotAnswer, 10, true}, {within: 14}, {portalCall, 25, false}, {anyCall, 40, true}, {news, 4, true},
			} {
				n = w.killAt(n, w.tenants[round], b.at, rand.IntN(b.within)+1, b.served)
			}
			sum := w.settle()
			t.Logf("%d calls, %d answered 200, %d filed, %d uncertain", sum.calls, sum.answered, sum.filed, sum.uncertain)
			require.Greater(t, sum.answered, 150, "the stream was too thin to prove anything")
			require.LessOrEqual(t, sum.uncertain, sum.answered/4)
			w.restart(n)
		})
	}
}

// restart stops a process in good order and starts it anew.
func (w *world) restart(n *node) *node {
	w.t.Helper()
	code, took := n.terminate()
	require.Zero(w.t, code)
	require.Less(w.t, took, grace)
	next := w.start(n.address)
	next.ready()
	return next
}

// idle waits until no process holds the lane of any portal.
func (w *world) idle() {
	w.t.Helper()
	db, err := sql.Open("pgx", w.ground.database)
	require.NoError(w.t, err)
	defer func() { _ = db.Close() }()
	until(w.t, "the portals' lanes are given back", func() bool {
		held := 0
		require.NoError(w.t, db.QueryRowContext(w.t.Context(),
			`SELECT COUNT(*) FROM lanes WHERE holder <> '' AND lane NOT LIKE 'news/%' AND lane <> 'bridge'`).Scan(&held))
		return held == 0
	})
}

// killAt streams calls of a portal's deals until the blow has landed, starts the process again and gives
// the new one. A nil at counts the calls of the portal instead of the bridge's requests.
func (w *world) killAt(n *node, from *tenant, at func(*http.Request) bool, nth int, served bool) *node {
	w.t.Helper()
	w.move(from, 20)
	landed := n.ended
	switch {
	case at != nil:
		b := &blow{at: at, left: nth, served: served, strike: n.kill}
		w.wire.arm(b)
		landed = b.landed
	default:
		before := len(from.Deliveries())
		go func() {
			if w.box.Bitrix.Wait(w.t.Context(), func() bool { return len(from.Deliveries()) >= before+nth }) == nil {
				n.kill()
			}
		}()
	}
	w.move(from, 20)
	select {
	case <-landed:
	case <-time.After(patience):
		require.FailNow(w.t, "the blow did not land")
	}
	w.move(from, 1) // nobody is there to hear it
	next := w.start(n.address)
	next.ready()
	return next
}
