package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/store"
	"konturbridge/app/store/storetest"
	"konturbridge/internal/testservers"
)

// databases are those of a benchmark: on disk, with every commit synced.
func databases(b *testing.B, run func(b *testing.B, db storetest.Opened)) {
	b.Run("sqlite", func(b *testing.B) { run(b, storetest.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) {
		run(b, storetest.PostgresAt(b, testservers.Postgres(b).NewDatabase(b)))
	})
}

// counter counts what the commits held.
type counter struct{ commits, rows atomic.Int64 }

func (c *counter) tune(o *store.Options) {
	o.Observe = func(done store.Commit) {
		if done.Accepts > 0 {
			c.commits.Add(1)
			c.rows.Add(int64(done.Accepts))
		}
	}
}

func (c *counter) report(b *testing.B) {
	b.ReportMetric(float64(c.rows.Load())/float64(max(1, c.commits.Load())), "rows/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// acceptAll accepts b.N rows from n goroutines.
func acceptAll(b *testing.B, st *store.Store, n int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		part := fmt.Sprint("2:", i)
		wg.Go(func() {
			for k := next.Add(1); k <= int64(b.N); k = next.Add(1) {
				a := &store.Accept{Row: lane.NewRow{Lane: "portal", Part: part, Kind: "robot", Code: "realty_status",
					Body: []byte(`{"card":{"entityType":2,"id":57},"properties":{"docflow_id":"d-1"}}`)}, Window: time.Hour}
				binary.BigEndian.PutUint64(a.Key[:], uint64(k)*0x9E3779B97F4A7C15)
				if err := st.Accept(context.Background(), a); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkAccept(b *testing.B) {
	databases(b, func(b *testing.B, db storetest.Opened) {
		for _, n := range []int{32, 64, 128} {
			b.Run(fmt.Sprint(n), func(b *testing.B) {
				c := &counter{}
				st := db.Open(b, c.tune)
				if _, err := db.Raw.Exec("DELETE FROM dedup"); err != nil { // the keys of earlier runs
					b.Fatal(err)
				}
				b.ResetTimer()
				acceptAll(b, st, n)
				c.report(b)
			})
		}
	})
}

// doing is a worker that does nothing and counts.
type doing struct {
	left atomic.Int64
	done chan struct{}
}

func (d *doing) Work(context.Context, lane.Row) (lane.Result, error) {
	if d.left.Add(-1) == 0 {
		close(d.done)
	}
	return lane.Result{}, nil
}

func BenchmarkAcceptAndWork(b *testing.B) {
	databases(b, func(b *testing.B, db storetest.Opened) {
		b.Run("64", func(b *testing.B) {
			c, d := &counter{}, &doing{done: make(chan struct{})}
			d.left.Store(int64(b.N))
			st := db.Open(b, c.tune)
			if _, err := db.Raw.Exec("DELETE FROM dedup"); err != nil {
				b.Fatal(err)
			}
			sched := lane.New(lane.Config{Node: fmt.Sprint(b.Name(), b.N)}, st, d)
			st.SetScheduler(sched)
			ctx, cancel := context.WithCancel(context.Background())
			var wg sync.WaitGroup
			wg.Go(func() { _ = sched.Run(ctx, time.Second) })
			b.ResetTimer()
			acceptAll(b, st, 64)
			<-d.done
			c.report(b)
			b.StopTimer()
			cancel()
			wg.Wait()
		})
	})
}
