package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"konturbridge/app/docflow"
	"konturbridge/app/journal"
	"konturbridge/app/portal"
	"konturbridge/app/store/storetest"
)

// What the journal is searched in: a month of a large portal beside a hundred others.
const (
	pastRows     = 1_000_000 // six of ten are of the portal that searches
	pastDocflows = 200_000
	pastHistory  = 15 // states of each: 3,000,000 rows
	pastCards    = 5_000
	pastCalls    = 300_000
	month        = 30 * 24 * 3600 * 1000 // milliseconds
)

// BenchmarkJournal tells the median of each kind of search, in milliseconds.
func BenchmarkJournal(b *testing.B) {
	databases(b, func(b *testing.B, db storetest.Opened) {
		st := db.Open(b)
		began := time.Now()
		from := began.UnixMilli() - month
		fillPast(b, db, from)
		b.Logf("filled in %s", time.Since(began).Round(time.Second))
		ctx := context.Background()
		day := time.UnixMilli(from + 12*24*3600*1000).UTC().Truncate(24 * time.Hour)
		searches := map[string]journal.Query{
			"newest": {}, "dead": {State: "dead"}, "canceled": {State: "canceled"}, "waiting": {State: "waiting"},
			"card": {Card: docflow.Card{EntityType: 2, ID: 77}}, "card-dead": {Card: docflow.Card{EntityType: 2, ID: 78}, State: "dead"},
			"day": {From: day, To: day.AddDate(0, 0, 1)}, "day-dead": {State: "dead", From: day, To: day.AddDate(0, 0, 1)},
			"deep": {Before: pastRows / 3}, "cadastral": {Number: "77:01:0001001:4242"}, "external": {Number: "ext-4242"}, "docflow": {Number: "d-4242"},
			"nothing": {Number: "no such number"},
		}
		worst, slowest := 0.0, ""
		measure := func(name string, look func()) {
			took := median(look)
			b.ReportMetric(took, name+"-ms")
			if took > worst {
				worst, slowest = took, name
			}
		}
		for name, q := range searches {
			q.Portal = "p"
			page, err := st.SearchJobs(ctx, q)
			require.NoError(b, err)
			require.Equal(b, name == "nothing", len(page.Jobs) == 0, name)
			measure(name, func() { _, err = st.SearchJobs(ctx, q); require.NoError(b, err) })
		}
		found, err := st.SearchJobs(ctx, journal.Query{Portal: "p", Number: "d-4242"})
		require.NoError(b, err)
		measure("story", func() { _, err := st.Story(ctx, "p", found.Jobs[0].ID); require.NoError(b, err) })
		measure("docflow-story", func() { _, err := st.DocflowStory(ctx, "p", "d-4242"); require.NoError(b, err) })
		measure("backlog", func() { _, err := st.Backlog(ctx, "p"); require.NoError(b, err) })
		measure("minutes", func() { _, err := st.WaitingByMinute(ctx, portal.ID("p"), 60); require.NoError(b, err) })
		measure("count", func() { _, err := st.CountJobs(ctx); require.NoError(b, err) })
		b.ReportMetric(worst, "worst-ms")
		b.Logf("the slowest is %s", slowest)
		b.ReportMetric(0, "ns/op")
	})
}

// median runs something 21 times and tells the middle time, in milliseconds.
func median(run func()) float64 {
	var took []float64
	for range 21 {
		began := time.Now()
		run()
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// fillPast stores the past with a few statements; rows of the portal and of others take turns.
func fillPast(b *testing.B, db storetest.Opened, from int64) {
	series := func(n int) string {
		if db.Postgres {
			return fmt.Sprintf(`FROM generate_series(1, %d::bigint) AS s (i)`, n)
		}
		return fmt.Sprintf(`FROM (WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s)`, n)
	}
	empty := "x''"
	if db.Postgres {
		empty = "''::bytea"
	}
	statements := []string{
		fmt.Sprintf(`INSERT INTO inbox (lane, part, doc, kind, code, body, received, run_at, tries, state, note, finished)
			SELECT CASE WHEN i %% 10 < 6 THEN 'p' ELSE 'other' || (i %% 101) END, '2:' || (i * 7919 %% %[2]d + 1), '',
			CASE i %% 4 WHEN 0 THEN 'event' WHEN 1 THEN 'robot' WHEN 2 THEN 'effects' ELSE 'action' END, 'realty_extract', %[3]s,
			%[1]d + i * %[4]d, %[1]d + i * %[4]d, 0, CASE WHEN i > %[5]d - 1000 THEN 0 WHEN i %% 97 = 0 THEN 2 WHEN i %% 997 = 0 THEN 3 ELSE 1 END,
			'применено в Bitrix24: 3', CASE WHEN i > %[5]d - 1000 THEN 0 ELSE %[1]d + i * %[4]d + 900 END `, from, pastCards, empty, month/pastRows, pastRows) + series(pastRows),
		fmt.Sprintf(`INSERT INTO docflows (id, portal, entity_type, card_id, system, kind, connection, request_id, body, external_id, state, data, version, created, changed)
			SELECT 'd-' || i, CASE WHEN i %% 10 < 6 THEN 'p' ELSE 'other' || (i %% 101) END, 2, i %% %[2]d + 1, 'realty', 'object_request', 'main', 'r-' || i, %[3]s,
			'ext-' || i, 'completed', '{}', 9, %[1]d, %[1]d `, from, pastCards, empty) + series(pastDocflows),
		fmt.Sprintf(`INSERT INTO docflow_history (docflow, state, requirement, cause, token, note, at, job)
			SELECT 'd-' || (i %% %[2]d + 1), 'sent', '', 'news', '', '', %[1]d + i, CASE WHEN i <= %[2]d THEN i + 1 ELSE 0 END `, from, pastDocflows) + series(pastDocflows*pastHistory),
		`INSERT INTO docflow_numbers (portal, number, docflow) SELECT CASE WHEN i % 10 < 6 THEN 'p' ELSE 'other' || (i % 101) END,
			'77:01:0001001:' || i, 'd-' || i ` + series(pastDocflows),
		fmt.Sprintf(`INSERT INTO calls (job, run, n, portal, system, op, began, took, status) SELECT i, %[1]d + i, 0, 'p', 'bitrix', 'crm.item.update', %[1]d + i, 120, 200 `, from) + series(pastCalls),
		fmt.Sprintf(`INSERT INTO runs (job, at, ended, verdict) SELECT i, %[1]d + i, %[1]d + i + 900, 'done' `, from) + series(pastCalls),
		`ANALYZE`,
	}
	conn, err := db.Raw.Conn(context.Background())
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close()) }()
	if !db.Postgres {
		statements = append([]string{`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -400000`}, statements...)
	}
	for _, statement := range statements {
		_, err := conn.ExecContext(context.Background(), statement)
		require.NoError(b, err)
	}
}
