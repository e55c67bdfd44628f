package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"konturbridge/app/docflow"
)

// CardJob is a row of work of one card.
type CardJob struct {
	Job
	Docflow docflow.ID // that it is about, when that is known
}

// lookedAt is how many of a portal's newest unfinished rows are looked through for those of one card: a tab asks
// every few seconds, also while a portal floods the bridge.
const lookedAt = 1000

// CardJobs lists a card's work that people should see, newest first: what is unfinished, what failed, and what
// ended since the given moment of what they asked for in the card's tab. Rows that only look at the card or write
// into it are left out, unless they failed.
func (s *Store) CardJobs(ctx context.Context, portal string, card docflow.Card, since time.Time, limit int) ([]CardJob, error) {
	columns := jobColumns + `, doc`
	var all []CardJob
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`SELECT ` + columns + ` FROM (SELECT * FROM inbox WHERE lane = ? AND state = 0 ORDER BY id DESC LIMIT ?) recent
			WHERE part = ? AND kind IN ('page', 'robot', 'hook', 'action', 'decide') ORDER BY id DESC LIMIT ?`, []any{portal, lookedAt, card.String(), limit}},
		{`SELECT ` + columns + ` FROM inbox WHERE lane = ? AND part = ? AND state <> 0 AND state = 2 ORDER BY id DESC LIMIT ?`, []any{portal, card.String(), limit}},
		{`SELECT ` + columns + ` FROM inbox WHERE lane = ? AND part = ? AND state <> 0 AND kind = 'page' AND state IN (1, 3) AND finished >= ?
			ORDER BY id DESC LIMIT ?`, []any{portal, card.String(), ms(since), limit}},
	} {
		found, err := s.cardJobs(ctx, q.query, q.args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b CardJob) int { return cmp.Compare(b.ID, a.ID) })
	all = slices.CompactFunc(all, func(a, b CardJob) bool { return a.ID == b.ID }) // it ended between two looks
	return all[:min(len(all), limit)], nil
}

func (s *Store) cardJobs(ctx context.Context, query string, args ...any) ([]CardJob, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []CardJob
	for rows.Next() {
		var doc string
		j, err := scanJob(withMore{rows, &doc})
		if err != nil {
			return nil, err
		}
		out = append(out, CardJob{j, docflow.ID(doc)})
	}
	return out, rows.Err()
}

// withMore scans one more column behind those that are asked for.
type withMore struct {
	row  scanner
	more any
}

// Scan implements scanner.
func (w withMore) Scan(into ...any) error { return w.row.Scan(append(into, w.more)...) }
