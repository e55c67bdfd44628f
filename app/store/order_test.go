package store

import (
	"database/sql"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/internal/seal"
	"konturbridge/internal/testservers"
)

func twoNodes(t *testing.T) (url string, nodes []*Store) {
	t.Helper()
	url = testservers.NewDatabase(t)
	sealer, err := seal.New(make([]byte, 32), nil)
	require.NoError(t, err)
	for range 2 {
		st, err := Open(t.Context(), Options{URL: url, Sealer: sealer})
		require.NoError(t, err)
		t.Cleanup(func() { _ = st.Close() })
		nodes = append(nodes, st)
	}
	return url, nodes
}

// TestNodesLockDocflowsInOneOrder has two nodes change the same docflows, as the one that works a portal
// and the one that reads its account's news do, each in an order of its own.
func TestNodesLockDocflowsInOneOrder(t *testing.T) {
	t.Parallel()
	const docflows, rounds = 20, 40
	url, nodes := twoNodes(t)
	now := time.UnixMilli(1_780_000_000_000)
	var prepare []lane.Write
	for i := range docflows {
		id := strconv.Itoa(100 + i)
		prepare = append(prepare, docflow.Prepare{Record: docflow.Record{ID: docflow.ID(id), Portal: "p", Card: docflow.Card{EntityType: 2, ID: 1},
			System: docflow.Realty, Kind: "object_request", Connection: "main", RequestID: id, State: docflow.Prepared, Created: now}})
	}
	require.NoError(t, nodes[0].Commit(t.Context(), prepare...))
	require.NoError(t, nodes[0].SavePortal(t.Context(), portal.Portal{ID: "p", State: portal.Active, Installed: now},
		portal.Application{ClientID: "local.1", State: portal.Active}))
	_, err := nodes[0].write.ExecContext(t.Context(), `INSERT INTO connections (portal, name, kind, login, account_id, sealed, cursor)
		VALUES ('p', 'main', 'realty', '', '', '', '0')`)
	require.NoError(t, err)

	states := []docflow.State{docflow.Queued, docflow.Sent}
	var both sync.WaitGroup
	both.Go(func() {
		for n := range rounds {
			var settle []lane.Write
			for i := range docflows {
				settle = append(settle, docflow.Settle{ID: docflow.ID(strconv.Itoa(100 + i)), Update: docflow.Update{State: states[n%2], At: now}})
			}
			if err := nodes[0].Commit(t.Context(), settle...); err != nil {
				t.Error(err)
			}
		}
	})
	both.Go(func() {
		for n := range rounds {
			advance := feed.Advance{Portal: "p", Connection: "main", From: strconv.Itoa(n), Cursor: strconv.Itoa(n + 1), At: now}
			for i := range docflows {
				advance.Items = append(advance.Items, feed.Item{RequestID: strconv.Itoa(100 + i), ExternalID: strconv.Itoa(i),
					Update: docflow.Update{State: states[(n+1)%2], At: now}})
			}
			slices.Reverse(advance.Items)
			if err := nodes[1].Commit(t.Context(), advance); err != nil {
				t.Error(err)
			}
		}
	})
	both.Wait()
	requireNoDeadlock(t, url, nodes)
}

// requireNoDeadlock closes the nodes, as a connection tells its statistics when it ends.
func requireNoDeadlock(t *testing.T, url string, nodes []*Store) {
	t.Helper()
	for _, n := range nodes {
		require.NoError(t, n.Close())
	}
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	var deadlocks int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks))
	require.Zero(t, deadlocks)
}

// owner is the scheduler of a node that holds one lane.
type owner string

func (owner) Push([]lane.Row)          {}
func (o owner) Holds(name string) bool { return name == string(o) }
func (owner) Pending(lane.NewRow) bool { return false }
func (owner) Ended(string, []int64)    {}
func (owner) Foreign(string)           {}
func (o owner) claim(t *testing.T, s *Store) {
	t.Helper()
	s.SetScheduler(o)
	node := "holder of " + string(o)
	s.node.Store(&node)
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO lanes (lane, due, holder) VALUES ($1, 0, $2)`, string(o), node)
	require.NoError(t, err)
}

// accept stores a row in each of the lanes, in one commit.
func accept(t *testing.T, s *Store, lanes ...string) error {
	return s.w.do(t.Context(), func(x *tx) error {
		var rows []lane.NewRow
		for _, name := range lanes {
			rows = append(rows, lane.NewRow{Lane: name, Part: "card", Kind: "robot"})
		}
		_, err := x.insertRows(rows)
		return err
	})
}

// TestNodesMarkLanesInOneOrder has two nodes store rows in their own lane and in the other's, when others
// have stored rows in both: each takes the mark off the one and puts it on the other.
func TestNodesMarkLanesInOneOrder(t *testing.T) {
	t.Parallel()
	url, nodes := twoNodes(t)
	for i, n := range nodes {
		owner([]string{"a", "b"}[i]).claim(t, n)
	}
	for range 200 {
		_, err := nodes[0].write.ExecContext(t.Context(), `UPDATE lanes SET due = $1`, foreignRows)
		require.NoError(t, err)
		var both sync.WaitGroup
		for _, n := range nodes {
			both.Go(func() {
				for range 3 {
					if err := accept(t, n, "a", "b"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
	}
	requireNoDeadlock(t, url, nodes)
}

// TestALaneThatAnotherNodeChanges has a node store a row while another one changes its lane: whoever holds
// it then must read the row before it takes in what it stores itself.
func TestALaneThatAnotherNodeChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"it makes and claims the lane": `INSERT INTO lanes (lane, due, holder) VALUES ('p', 0, 'other')`,
		"it takes the mark off it":     `UPDATE lanes SET due = 0 WHERE lane = 'marked'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, nodes := twoNodes(t)
			_, err := nodes[1].write.ExecContext(t.Context(), `INSERT INTO lanes (lane, due, holder) VALUES ('marked', -1, 'other')`)
			require.NoError(t, err)
			other, err := nodes[1].write.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer func() { _ = other.Rollback() }()
			_, err = other.ExecContext(t.Context(), change)
			require.NoError(t, err)
			accepted := make(chan error, 1)
			go func() { accepted <- accept(t, nodes[0], "p", "marked") }()
			require.Eventually(t, func() bool {
				var waits bool
				err := nodes[1].read.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits)
				return err == nil && waits
			}, 30*time.Second, time.Millisecond, "the node waits for the lane's row")
			require.NoError(t, other.Commit())
			require.NoError(t, <-accepted)
			var unmarked int
			require.NoError(t, nodes[1].read.QueryRowContext(t.Context(),
				`SELECT COUNT(*) FROM lanes WHERE holder = 'other' AND due <> $1`, foreignRows).Scan(&unmarked))
			require.Zero(t, unmarked)
		})
	}
}
