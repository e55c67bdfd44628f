package chaos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/internal/testservers"
)

// TestTakeover kills one of two processes while both work. The other one takes its lanes over when their
// lease has ended, and finishes what was begun there.
func TestTakeover(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ground{nodes: 2, database: testservers.Postgres(t).NewDatabase(t), redis: testservers.Redis(t).URL,
		tenants: 6, deals: 24, pace: 100 * time.Millisecond})
	// The first process has installed all portals and would keep their lanes.
	w.restart(w.nodes[0])
	dying, living := w.nodes[1], w.nodes[2]
	holds := func(n *node, from *tenant) bool { return n.worked("robot", from.MemberID()) > 0 }

	for _, from := range w.tenants { // the process that hears of a portal first takes its lane
		w.move(from, 1)
		until(t, "somebody works for the portal", func() bool { return holds(dying, from) || holds(living, from) })
	}
	var orphans []*tenant
	for _, from := range w.tenants {
		if !holds(living, from) {
			orphans = append(orphans, from)
		}
	}
	t.Logf("%d of %d portals are with the process that is killed", len(orphans), len(w.tenants))
	require.NotEmpty(t, orphans)
	require.Less(t, len(orphans), len(w.tenants))
	before := len(w.box.Realty.Docflows())
	for _, from := range w.tenants {
		w.move(from, 12)
	}
	require.NoError(t, w.box.Realty.Wait(t.Context(), func() bool { return len(w.box.Realty.Docflows()) >= before+20 }))
	dying.kill()
	killed := time.Now()
	for _, from := range w.tenants {
		w.move(from, 4)
	}
	until(t, "the portals are taken over", func() bool {
		for _, from := range orphans {
			if !holds(living, from) {
				return false
			}
		}
		return true
	})
	require.Less(t, time.Since(killed), 30*time.Second, "a lease lives for 15 s")
	sum := w.settle()
	t.Logf("%d calls, %d answered 200, %d filed, %d uncertain", sum.calls, sum.answered, sum.filed, sum.uncertain)
	require.GreaterOrEqual(t, sum.answered, sum.calls-8, "calls in the dying process's hands may be lost, and no others")
}
