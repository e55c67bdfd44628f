package chaos_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/testservers"
)

// TestServersGoAway stops Redis and restarts PostgreSQL in the middle of the work. Calls may be refused
// meanwhile; what was taken is done, and the work goes on by itself.
func TestServersGoAway(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.Redis(t), testservers.Postgres(t)
	w := newWorld(t, ground{database: postgres.NewDatabase(t), redis: redis.URL, tenants: 4, deals: 30, pace: 100 * time.Millisecond})
	n := w.nodes[0]
	filed := func(more int) {
		before := len(w.box.Realty.Docflows())
		require.NoError(t, w.box.Realty.Wait(t.Context(), func() bool { return len(w.box.Realty.Docflows()) >= before+more }))
	}
	all := func(count int) {
		for _, from := range w.tenants {
			w.move(from, count)
		}
	}

	all(4)
	redis.Stop()
	all(4)
	filed(4) // without Redis
	require.True(t, healthy(t.Context(), n.url()), "Redis is no reason to refuse work")
	redis.Start()
	all(4)
	for _, c := range w.calls() {
		require.True(t, c.answered)
	}

	postgres.Restart()
	all(4)
	postgres.Kill()
	all(1) // refused
	until(t, "the process says that it is not ready", func() bool { return !healthy(t.Context(), n.url()) })
	refused := 0
	for _, from := range w.tenants {
		for _, d := range from.DroppedDeliveries() {
			require.Equal(t, http.StatusServiceUnavailable, d.Status, "%s %s", d.URL, d.Err)
			refused++
		}
	}
	require.NotZero(t, refused)
	postgres.Start()
	n.ready()
	all(4)
	sum := w.settle()
	t.Logf("%d calls, %d answered 200, %d filed, %d uncertain", sum.calls, sum.answered, sum.filed, sum.uncertain)
	require.Less(t, sum.answered, sum.calls)
	require.True(t, n.running(), "all of it was one process")
}
