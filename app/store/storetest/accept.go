package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/lane"
	"konturbridge/app/store"
)

func migratesOnce(t *testing.T, db Opened) {
	first := db.Open(t)
	accept(t, first, lane.NewRow{Lane: "p", Part: "2:1"})
	versions := db.count(t, "SELECT COUNT(*) FROM schema_version")
	require.Positive(t, versions)
	second := db.Open(t)
	require.Equal(t, versions, db.count(t, "SELECT COUNT(*) FROM schema_version"))
	counts, err := second.CountJobs(t.Context())
	require.NoError(t, err)
	require.Equal(t, [4]int64{1, 0, 0, 0}, counts, "what was stored is still there")
	require.NoError(t, second.Ready(t.Context()))
	require.Equal(t, db.Postgres, second.Postgres())
}

func refusesNewerSchema(t *testing.T, db Opened) {
	db.Open(t)
	_, err := db.Raw.Exec("INSERT INTO schema_version (version) VALUES (9000)")
	require.NoError(t, err)
	_, err = store.Open(t.Context(), store.Options{URL: db.URL, Sealer: Sealer(t)})
	require.ErrorContains(t, err, "install the newer bridge")
}

func repeats(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	send := func(key byte) *store.Accept {
		a := &store.Accept{Row: lane.NewRow{Lane: "p", Part: "2:1", Kind: "robot"}, Window: time.Hour}
		a.Key[3] = key
		require.NoError(t, st.Accept(t.Context(), a))
		require.Equal(t, a.Duplicate, a.ID == 0)
		return a
	}
	require.False(t, send(1).Duplicate)
	require.True(t, send(1).Duplicate)
	require.False(t, send(2).Duplicate, "another key")
	clock.Move(59 * time.Minute)
	require.True(t, send(1).Duplicate, "a repeat does not prolong the window, and is still in it")
	clock.Move(2 * time.Minute)
	require.False(t, send(1).Duplicate, "after the window")
	require.True(t, send(1).Duplicate, "and a new one has begun")
	require.False(t, send(0).Duplicate)
	require.False(t, send(0).Duplicate, "the zero key tells nothing")
	require.Equal(t, 5, db.count(t, "SELECT COUNT(*) FROM inbox"))
}

// together hands in all requests while the writer stands, so that one group takes them.
func together(t *testing.T, st *store.Store, all ...*store.Accept) {
	thaw := freeze(st)
	var wg sync.WaitGroup
	errs := make([]error, len(all))
	for i, a := range all {
		wg.Go(func() { errs[i] = st.Accept(context.Background(), a) })
	}
	thaw()
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func repeatInGroup(t *testing.T, db Opened) {
	st := db.Open(t)
	all := make([]*store.Accept, 20)
	for i := range all {
		all[i] = &store.Accept{Row: lane.NewRow{Lane: "p", Part: "2:1", Kind: "robot"}, Window: time.Hour}
		all[i].Key[0] = byte(i % 4) // four of the twenty have no key
	}
	together(t, st, all...)
	stored := map[byte]int{}
	for _, a := range all {
		if !a.Duplicate {
			stored[a.Key[0]]++
		}
	}
	require.Equal(t, map[byte]int{0: 5, 1: 1, 2: 1, 3: 1}, stored)
	require.Equal(t, 8, db.count(t, "SELECT COUNT(*) FROM inbox"))
}

func event(card string, key byte) *store.Accept {
	a := &store.Accept{Row: lane.NewRow{Lane: "p", Part: card, Kind: "event", Code: "ONCRMDEALUPDATE"},
		Window: time.Hour, Coalesce: true}
	a.Key[0] = key
	return a
}

func coalesces(t *testing.T, db Opened) {
	st := db.Open(t)
	h := &holder{waiting: map[lane.Likeness]bool{event("2:1", 0).Row.Like(): true}}
	st.SetScheduler(h)
	waits, other := event("2:1", 1), event("2:2", 2)
	another := event("2:1", 3)
	another.Row.Code = "ONCRMDEALADD"
	own := event("2:1", 4)
	own.Coalesce = false
	for _, a := range []*store.Accept{waits, other, another, own} {
		require.NoError(t, st.Accept(t.Context(), a))
	}
	require.True(t, waits.Duplicate, "an unstarted row of the card stands for it")
	require.False(t, other.Duplicate, "another card")
	require.False(t, another.Duplicate, "another event")
	require.False(t, own.Duplicate, "a request that must run itself")
	require.Len(t, h.pushed, 3)

	group := []*store.Accept{event("2:9", 0), event("2:9", 0), event("2:9", 0)}
	together(t, st, group...)
	stored := 0
	for _, a := range group {
		if !a.Duplicate {
			stored++
		}
	}
	require.Positive(t, stored)
	require.Equal(t, 3+stored, db.count(t, "SELECT COUNT(*) FROM inbox"))
}

// A repeat must not take another request with it: what it repeats may have run long ago.
func repeatStandsForNothing(t *testing.T, db Opened) {
	st := db.Open(t)
	require.NoError(t, st.Accept(t.Context(), event("2:1", 1)))
	for i := range 30 {
		repeat, fresh := event("2:1", 1), event("2:1", byte(i+2))
		thaw := freeze(st)
		var wg sync.WaitGroup
		var errs [2]error
		started := make(chan struct{})
		wg.Go(func() { close(started); errs[0] = st.Accept(context.Background(), repeat) })
		<-started
		wg.Go(func() { errs[1] = st.Accept(context.Background(), fresh) })
		thaw()
		wg.Wait()
		require.NoError(t, errs[0])
		require.NoError(t, errs[1])
		require.True(t, repeat.Duplicate)
		require.False(t, fresh.Duplicate, "round %d", i)
	}
}

func keepsRows(t *testing.T, db Opened) {
	clock := NewClock()
	st := db.Open(t, clock.tuned)
	h := &holder{}
	st.SetScheduler(h)
	full := lane.NewRow{Lane: "p", Part: "2:1", Key: "doc", Kind: "robot", Code: "realty_wait", Body: []byte("{\x00\xff}"),
		RunAt: clock.Now().Add(time.Hour)}
	first := accept(t, st, full)
	second := accept(t, st, lane.NewRow{Lane: "p", Part: "2:1"})
	require.Greater(t, second, first)
	rows := load(t, st, lane.Lease{Lane: "p"})
	require.Len(t, rows, 2)
	want := lane.Row{ID: first, Lane: "p", Part: "2:1", Key: "doc", Kind: "robot", Code: "realty_wait", Body: full.Body,
		Received: clock.Now(), RunAt: full.RunAt, Lease: lane.Lease{Lane: "p"}}
	require.Equal(t, want, rows[0])
	require.Equal(t, clock.Now(), rows[1].RunAt)
	want.Lease = lane.Lease{}
	require.Equal(t, want, h.pushed[0], "what is pushed is what a load would give")

	page, err := st.Load(t.Context(), "p", first, 10)
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, second, page[0].ID)
}

func groupCommit(t *testing.T, db Opened) {
	for _, n := range []int{32, 128} {
		var mu sync.Mutex
		var commits, rows int
		st := db.Open(t, func(o *store.Options) {
			o.Observe = func(c store.Commit) {
				mu.Lock()
				defer mu.Unlock()
				if c.Accepts > 0 {
					commits++
					rows += c.Accepts
				}
			}
		})
		const each = 20
		ids := make([][]int64, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				for j := range each {
					a := &store.Accept{Row: lane.NewRow{Lane: "p", Part: fmt.Sprint(i), Kind: "robot"}, Window: time.Hour}
					a.Key[0], a.Key[1], a.Key[2] = byte(i), byte(j), byte(n)
					if st.Accept(context.Background(), a) == nil {
						ids[i] = append(ids[i], a.ID)
					}
				}
			})
		}
		wg.Wait()
		for i := range ids {
			require.Len(t, ids[i], each)
			require.IsIncreasing(t, ids[i], "ids grow with the time of arrival")
		}
		mu.Lock()
		require.Equal(t, n*each, rows)
		require.Greater(t, float64(rows)/float64(commits), 2.0, "%d accepters: %d rows in %d commits", n, rows, commits)
		mu.Unlock()
	}
}

func closedRefuses(t *testing.T, db Opened) {
	st := db.Open(t)
	require.NoError(t, st.Close())
	require.NoError(t, st.Close(), "closing twice is closing")
	ctx := context.Background()
	require.ErrorIs(t, st.Accept(ctx, event("2:1", 1)), lane.ErrStoreDown)
	require.ErrorIs(t, st.Commit(ctx), lane.ErrStoreDown)
	require.ErrorIs(t, finish(st, lane.Row{}, lane.Result{}, 0), lane.ErrStoreDown)
	require.Error(t, st.Ready(ctx))
}
