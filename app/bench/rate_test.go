package bench_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	conns  = 64
	window = 2 * time.Second
	rounds = 3
)

// BenchmarkAccept loads the handler that answers when a call is stored and deduplicated.
func BenchmarkAccept(b *testing.B) {
	databases(b, func(b *testing.B, db database) {
		bridge, l, s := start(b, roleAccept, db.env...), newLoad(b), post(route, robotForm())
		for b.Loop() {
			share, rate := shares(b, l, s, func() float64 { return l.rate(bridge.addr, conns, s, window) })
			b.ReportMetric(share, "of-baseline(>=0.2)")
			b.ReportMetric(rate, "accepts/s")
		}
	})
}

// BenchmarkWork also waits until every accepted call was worked and its outcome is stored.
func BenchmarkWork(b *testing.B) {
	databases(b, func(b *testing.B, db database) {
		bridge, l, s := start(b, roleWork, db.env...), newLoad(b), post(route, robotForm())
		unfinished := db.unfinished(b)
		for b.Loop() {
			share, rate := shares(b, l, s, func() float64 {
				started := time.Now()
				n, _ := l.closed(bridge.addr, conns, s, window)
				until(b, "all is worked", func() bool { return !unfinished() })
				return float64(n) / time.Since(started).Seconds()
			})
			b.ReportMetric(share, "of-baseline(>=0.1)")
			b.ReportMetric(rate, "worked/s")
		}
	})
}

// BenchmarkCommitRows tells how many accepted calls one commit stores: on a disk whose fsync takes long,
// that decides the rate.
func BenchmarkCommitRows(b *testing.B) {
	databases(b, func(b *testing.B, db database) {
		bridge, l, s := start(b, roleAccept, db.env...), newLoad(b), post(route, robotForm())
		rows := func(conns int) float64 {
			n, commits := bridge.metric("bridge_commit_rows_sum"), bridge.metric("bridge_commit_rows_count")
			l.closed(bridge.addr, conns, s, window)
			return (bridge.metric("bridge_commit_rows_sum") - n) / (bridge.metric("bridge_commit_rows_count") - commits)
		}
		for b.Loop() {
			rows(32)
			b.ReportMetric(rows(32), "rows-at-32(>=8)")
			b.ReportMetric(rows(128), "rows-at-128(>=30)")
		}
	})
}

// shares measures a rate between two of the baseline's, several times, and gives the median share and
// the median rate.
func shares(b *testing.B, l *load, s *shot, measure func() float64) (share, rate float64) {
	b.Helper()
	base := start(b, roleBaseline)
	defer base.kill()
	l.rate(base.addr, conns, s, window/4)
	measure()
	var all, rates []float64
	before := l.rate(base.addr, conns, s, window)
	for range rounds {
		got := measure()
		after := l.rate(base.addr, conns, s, window)
		all, rates = append(all, 2*got/(before+after)), append(rates, got)
		before = after
	}
	b.ReportMetric(before, "baseline/s")
	return median(all), median(rates)
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// unfinished asks the database past the bridge whether any call waits to be worked.
func (db database) unfinished(b *testing.B) func() bool {
	b.Helper()
	driver, dsn := "pgx", db.url
	if path, embedded := strings.CutPrefix(db.url, "sqlite://"); embedded {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)"
	}
	raw, err := sql.Open(driver, dsn)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, raw.Close()) })
	return func() (some bool) {
		require.NoError(b, raw.QueryRow(`SELECT EXISTS (SELECT 1 FROM inbox WHERE lane = '`+member+`' AND state = 0 AND kind = 'robot')`).Scan(&some))
		return some
	}
}
