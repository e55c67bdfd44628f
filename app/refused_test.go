package app

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/app/store/storetest"
	"konturbridge/cache"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty"
	"konturbridge/sandbox/realtysim"
)

// branch is several portals that use one account of Реестро through several nodes.
type branch struct {
	sim     *realtysim.Server
	store   *store.Store
	nodes   []*clients
	account portal.Connection
}

const branchPortals = 3

func newBranch(t *testing.T, password string) *branch {
	t.Helper()
	b := &branch{sim: realtysim.New(realtysim.Config{}), store: storetest.SQLite(t).Open(t),
		account: portal.Connection{Name: "main", Kind: docflow.Realty, Default: true, Login: "a@b.ru", AccountID: "5ee84ac0-eb9a-4b42-b814-2f5f7c27c255"}}
	server := httptest.NewServer(b.sim)
	t.Cleanup(server.Close)
	b.sim.AddAccount(b.account.Login, "right", b.account.AccountID)
	box, shared := storetest.Sealer(t), cache.NewMemory(time.Now)
	for range 2 {
		b.nodes = append(b.nodes, &clients{up: upstream.New(upstream.WithInsecure(true)), store: b.store, realtyURL: server.URL + "/realty/v1",
			mark: box.Mark, sessions: map[string]*oauth.SessionKeeper{},
			deps: oauth.Deps{Cache: shared, Locks: shared, Sealer: box, Now: time.Now, Log: slog.New(slog.DiscardHandler)}})
	}
	for i := range branchPortals {
		id := portal.ID(fmt.Sprintf("p%d", i))
		require.NoError(t, b.store.SavePortal(t.Context(), portal.Portal{ID: id, State: portal.Active}, portal.Application{ClientID: "a", State: portal.Active}))
		b.save(t, id, password)
	}
	return b
}

// save applies a portal's settings.
func (b *branch) save(t *testing.T, id portal.ID, password string) {
	t.Helper()
	conn := b.account
	conn.Portal, conn.Secrets = id, map[string]string{"password": password}
	require.NoError(t, b.store.SaveSettings(t.Context(), id, nil, []portal.Connection{conn}, nil, nil))
}

// poll reads the account's news on all nodes at once, and uses the account in each portal's name.
func (b *branch) poll(t *testing.T) (errs []error) {
	t.Helper()
	conns, err := b.store.Connections(t.Context(), "")
	require.NoError(t, err)
	var (
		group sync.WaitGroup
		mu    sync.Mutex
	)
	for _, node := range b.nodes {
		group.Go(func() {
			news := feed.NewNews(feed.Deps{Store: b.store, Realty: node.Realty, Interval: time.Second, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			result, err := news.Work(t.Context(), lane.Row{Body: feed.Row(b.account).Body})
			_ = b.store.Commit(t.Context(), result.Writes...) // the other node may have been first
			for _, conn := range conns {
				if _, call := node.Realty(conn).Get(t.Context(), "d20bd506-6325-43e1-b2e4-105ec5d63417"); call != nil {
					mu.Lock()
					errs = append(errs, call)
					mu.Unlock()
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return errs
}

func (b *branch) logins() (n int) {
	for _, c := range b.sim.Calls() {
		if c.Op == "auth" {
			n++
		}
	}
	return n
}

// told counts the notices of each portal.
func (b *branch) told(t *testing.T) map[string]int {
	t.Helper()
	jobs, err := b.store.Jobs(t.Context(), -1, 100)
	require.NoError(t, err)
	told := map[string]int{}
	for _, j := range jobs {
		if j.Kind == reaction.KindRefused {
			told[j.Portal]++
		}
	}
	return told
}

func (b *branch) states(t *testing.T) (all []string) {
	t.Helper()
	conns, err := b.store.Connections(t.Context(), "")
	require.NoError(t, err)
	for _, c := range conns {
		all = append(all, c.State)
	}
	return all
}

// TestARefusedPasswordIsTriedOnce: whatever number of portals, nodes and calls would use it, so that the
// account is not locked; a person who saves the settings again has it tried once more.
func TestARefusedPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	b := newBranch(t, "wrong")
	for range 3 {
		for _, err := range b.poll(t) {
			require.ErrorIs(t, err, realty.ErrLoginRefused)
		}
	}
	require.Equal(t, 1, b.logins())
	require.Equal(t, []string{"refused", "refused", "refused"}, b.states(t))
	require.Equal(t, map[string]int{"p0": 1, "p1": 1, "p2": 1}, b.told(t), "each portal once, not at every try")

	b.save(t, "p1", "wrong")
	require.Equal(t, "again", b.states(t)[1])
	b.poll(t)
	b.poll(t)
	require.Equal(t, 2, b.logins(), "once more for whoever saved, though nothing changed")
	require.Equal(t, []string{"refused", "refused", "refused"}, b.states(t))
	require.Equal(t, map[string]int{"p0": 1, "p1": 2, "p2": 1}, b.told(t))

	b.sim.AddAccount(b.account.Login, "wrong", b.account.AccountID) // whoever keeps the accounts gives way
	b.save(t, "p2", "wrong")
	for _, err := range b.poll(t) {
		require.NotErrorIs(t, err, realty.ErrLoginRefused)
	}
	b.poll(t)
	require.Equal(t, 3, b.logins())
	require.Equal(t, []string{"", "", ""}, b.states(t), "what one portal has put in order works for all")
}

// TestACorrectedPasswordIsTriedAtOnce: it is another one.
func TestACorrectedPasswordIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBranch(t, "wrong")
	b.poll(t)
	b.save(t, "p0", "right")
	b.poll(t)
	b.poll(t)
	require.Equal(t, 2, b.logins())
	require.Equal(t, []string{"", "refused", "refused"}, b.states(t))
}
