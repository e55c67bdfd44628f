package chaos_test

import (
	"database/sql"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // registers "sqlite"

	"konturbridge/sandbox/realtysim"
)

const (
	// duties is how often a docflow of this test is charged and paid.
	duties = 9
	// lived is how many states a docflow has gone through: prepared here, and what 21 news items told.
	lived = 1 + 1 + 1 + 2*duties + 1
)

// TestNewsSurviveDeaths lets the registrar act on many docflows of one account while the process is killed
// twenty times at a read of the news, before it or without living to see the answer: every state of every
// docflow is in its history once, in order. The portal is away meanwhile: what the cards would show is not
// looked at, and showing it takes ten times as long. The race detector is in the processes of the other tests.
func TestNewsSurviveDeaths(t *testing.T) {
	t.Parallel()
	filings := 2000
	if raceDetector { // which makes the simulated systems several times slower
		filings = 500
	}
	w := newWorld(t, ground{tenants: 1, deals: filings, plain: true})
	w.move(w.tenants[0], filings)
	until(t, "all is filed", func() bool { return len(w.box.Realty.Docflows()) == filings })
	w.wire.away.Store(true)
	acted := make(chan error, 1)
	go func() { acted <- act(w.box.Realty) }()
	n := w.nodes[0]
	for range 20 {
		b := &blow{at: news, left: 1 + rand.IntN(max(2, filings/100)), served: rand.IntN(2) == 0, strike: n.kill}
		w.wire.arm(b)
		select {
		case <-b.landed:
		case <-time.After(patience):
			require.FailNow(t, "the blow did not land")
		}
		n = w.start(n.address)
		n.ready()
	}
	require.NoError(t, <-acted)
	h := w.history()
	for known := 0; known < filings*lived; {
		before := known
		until(t, "more of the news are in the histories", func() bool {
			known = h.written()
			return known > before
		})
	}
	require.True(t, n.running())
	told := h.told()
	require.Len(t, told, filings)
	for _, d := range w.box.Realty.Docflows() {
		want := []string{"prepared"}
		for _, step := range d.History {
			want = append(want, step.State)
		}
		require.Equal(t, want, told[d.ID], d.ID)
		require.Len(t, want, lived)
	}
}

// act takes every docflow through its life, one step of a random one at a time.
func act(sim *realtysim.Server) error {
	steps := map[string]int{}
	var open []string
	for _, d := range sim.Docflows() {
		open = append(open, d.ID)
	}
	for len(open) > 0 {
		at := rand.IntN(len(open))
		id, step := open[at], steps[open[at]]
		steps[id]++
		var err error
		switch {
		case step == 0:
			err = sim.Dispatch(id)
		case step > 2*duties:
			err = sim.Complete(id)
			open = slices.Delete(open, at, at+1)
		case step%2 == 1:
			err = sim.ChargeDuty(id)
		default:
			err = sim.Pay(id, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// history is what the bridge has stored, read past it: its own command takes a second to start under the
// race detector.
type history struct {
	t  *testing.T
	db *sql.DB
}

func (w *world) history() history {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.folder+"/bridge.db?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = db.Close() })
	return history{w.t, db}
}

// written counts the states that were ever written.
func (h history) written() (n int) {
	h.t.Helper()
	require.NoError(h.t, h.db.QueryRowContext(h.t.Context(), `SELECT MAX(id) FROM docflow_history`).Scan(&n))
	return n
}

// told lists, by the service's ids, the states that the docflows have gone through.
func (h history) told() map[string][]string {
	h.t.Helper()
	rows, err := h.db.QueryContext(h.t.Context(), `SELECT d.external_id, h.state FROM docflow_history h JOIN docflows d ON d.id = h.docflow ORDER BY h.id`)
	require.NoError(h.t, err)
	defer func() { _ = rows.Close() }()
	all := map[string][]string{}
	for rows.Next() {
		var id, state string
		require.NoError(h.t, rows.Scan(&id, &state))
		all[id] = append(all[id], state)
	}
	require.NoError(h.t, rows.Err())
	return all
}
