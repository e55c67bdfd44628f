package chaos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTerminate stops the process in good order in the middle of its work, three times. Nothing is
// uncertain after that, and on PostgreSQL the next process need not wait for a lease to end.
func TestTerminate(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, ground{database: database(t), tenants: 3, deals: 24, pace: 50 * time.Millisecond})
			n := w.nodes[0]
			for _, from := range w.tenants {
				before := len(w.box.Realty.Docflows())
				w.move(from, len(from.deals))
				require.NoError(t, w.box.Realty.Wait(t.Context(), func() bool { return len(w.box.Realty.Docflows()) >= before+6 }))
				n = w.restart(n)
			}
			sum := w.settle()
			t.Logf("%d calls, %d answered 200, %d filed, %d uncertain", sum.calls, sum.answered, sum.filed, sum.uncertain)
			require.GreaterOrEqual(t, sum.filed, sum.answered, "an answer may be lost with its connection, its call is not")
			require.Zero(t, sum.uncertain)
			require.GreaterOrEqual(t, sum.answered, sum.calls-3*8, "calls that come while nobody listens are lost, and no others")
			for _, from := range w.tenants {
				for _, d := range from.DroppedDeliveries() {
					require.Zero(t, d.Status, "a process that stops takes a call or is not there")
				}
			}
		})
	}
}

// TestOneProcessPerEmbeddedDatabase starts a second process on a database that one serves already.
func TestOneProcessPerEmbeddedDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ground{tenants: 1, deals: 1, pace: 10 * time.Millisecond})
	second := w.start(freeAddress(t))
	select {
	case <-second.ended:
	case <-time.After(patience):
		require.FailNow(t, "the second process runs")
	}
	require.Equal(t, 1, second.cmd.ProcessState.ExitCode())
	require.Regexp(t, `^bridge: another bridge already serves this database \(.*\); stop it, or use PostgreSQL for several nodes\n$`, second.said.String())
	w.move(w.tenants[0], 1)
	require.Equal(t, tally{calls: 1, answered: 1, filed: 1}, w.settle(), "the first one goes on")
}
