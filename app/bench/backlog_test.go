package bench_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/inbox"
	"konturbridge/app/store"
	"konturbridge/bitrix"
)

const (
	backlog   = 50_000
	perSecond = 500
)

// BenchmarkBacklog sends calls on a fixed schedule to a bridge that has just come back to a backlog, and
// looks at those that were sent while the backlog was worked.
func BenchmarkBacklog(b *testing.B) {
	databases(b, func(b *testing.B, db database) {
		l, s := newLoad(b), post(route, robotForm())
		unfinished := db.unfinished(b)
		for b.Loop() {
			var p50, p99, drain []float64
			for range rounds {
				db.with(b, func(st *store.Store) { fill(b, st, db) })
				bridge := start(b, roleWork, db.env...)
				started := time.Now()
				var drained atomic.Bool
				go func() {
					until(b, "the backlog is worked", func() bool { return !unfinished() })
					drained.Store(true)
				}()
				all := l.open(bridge.addr, conns, s, perSecond, drained.Load)
				drain = append(drain, time.Since(started).Seconds())
				took := make([]float64, 0, len(all))
				for _, one := range all {
					took = append(took, float64(one.took.Microseconds())/1000)
				}
				slices.Sort(took)
				p50, p99 = append(p50, took[len(took)/2]), append(p99, took[len(took)*99/100])
				bridge.stop()
			}
			b.ReportMetric(median(p50), "p50-ms")
			b.ReportMetric(median(p99), "p99-ms(<20)")
			b.ReportMetric(median(drain), "s-to-drain")
		}
	})
}

// fill stores calls as the handler does.
func fill(b *testing.B, st *store.Store, db database) {
	b.Helper()
	sealer, err := app.Sealer(db.cfg)
	require.NoError(b, err)
	in := inbox.New(st, sealer, time.Now)
	stamp := bitrix.Secret(time.Now().String())
	var (
		wg   sync.WaitGroup
		next atomic.Int64
	)
	for range 256 {
		wg.Go(func() {
			for n := next.Add(1); n <= backlog; n = next.Add(1) {
				mine, err := bitrix.ParseRobotCall([]byte(robotForm()))
				if err != nil {
					b.Error(err)
					return
				}
				mine.EventToken = stamp + bitrix.Secret(bitrix.ID(n).String())
				mine.DocumentID.Element = "DEAL_" + bitrix.ID(800000+n%deals).String()
				if _, err := in.Robot(context.Background(), member, mine); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
