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

// TestNodesLockDocflowsInOneOrder has two nodes change the same docflows, as the one that works a portal
// and the one that reads its account's news do, each in an order of its own.
func TestNodesLockDocflowsInOneOrder(t *testing.T) {
	t.Parallel()
	const docflows, rounds = 20, 40
	url := testservers.NewDatabase(t)
	sealer, err := seal.New(make([]byte, 32), nil)
	require.NoError(t, err)
	nodes := make([]*Store, 2)
	for i := range nodes {
		nodes[i], err = Open(t.Context(), Options{URL: url, Sealer: sealer})
		require.NoError(t, err)
	}
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
	_, err = nodes[0].write.ExecContext(t.Context(), `INSERT INTO connections (portal, name, kind, login, account_id, sealed, cursor)
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
	for _, n := range nodes { // a connection tells its statistics when it ends
		require.NoError(t, n.Close())
	}
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	var deadlocks int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks))
	require.Zero(t, deadlocks)
}
