package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"konturbridge/app/feed"
	"konturbridge/app/journal"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// maxCounted bounds how many rows of a portal are counted one by one.
const maxCounted = 20000

// ConnectionsHealth tells how a portal's connections are. What follows an account may be shared with other
// portals; nothing of them is told.
func (s *Store) ConnectionsHealth(ctx context.Context, id portal.ID) ([]journal.Connection, error) {
	conns, err := s.Connections(ctx, id)
	if err != nil {
		return nil, err
	}
	all := make([]journal.Connection, len(conns))
	for i, c := range conns {
		all[i] = journal.Connection{Name: c.Name, Kind: string(c.Kind), Default: c.Default, State: c.State, Note: c.Note, Moved: c.CursorAt}
		if err := s.followed(ctx, feed.Row(c), &all[i]); err != nil {
			return nil, err
		}
		if c.State == "" {
			continue
		}
		var since int64
		if err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT since FROM connections WHERE portal = ? AND name = ?`), string(id), c.Name).
			Scan(&since); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		all[i].Since = fromMS(since)
	}
	return all, nil
}

// followed tells how the row does that reads a connection's news.
func (s *Store) followed(ctx context.Context, row lane.NewRow, c *journal.Connection) error {
	var job, next, read int64
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT id, run_at, finished FROM inbox WHERE lane = ? AND part = ? AND kind = ? AND state = 0
		ORDER BY id LIMIT 1`), row.Lane, row.Part, row.Kind).Scan(&job, &next, &read)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Reads, c.Next, c.Read = true, fromMS(next), fromMS(read)
	gaps, err := s.gaps(ctx, job)
	if err != nil {
		return err
	}
	if n := len(gaps); n > 0 && gaps[n-1].to == read {
		c.Failing, c.Words = fromMS(gaps[n-1].from), gaps[n-1].words
	}
	c.Lag = lag(gaps, s.now(), read)
	return nil
}

// gap is a time in which every read of an account failed, in milliseconds.
type gap struct {
	from, to int64
	words    string // of the last failure
}

// The last day of reads, as it is told.
const (
	lagOver = 24 * time.Hour
	lagStep = 15 * time.Minute
	// restMost is how long a feed rests between two failures at most, with room: more, and it was read in between.
	restMost = 12 * time.Minute
	maxGaps  = 1000
)

// gaps reads when the row's runs failed, oldest first. Failures of different words one after the other are one.
func (s *Store) gaps(ctx context.Context, job int64) ([]gap, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT at, ended, failed, note FROM (SELECT at, ended, failed, note FROM runs
		WHERE job = ? AND ended >= ? ORDER BY at DESC LIMIT ?) AS latest ORDER BY at`), job, ms(s.now().Add(-lagOver)), maxGaps)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var all []gap
	open := false
	for rows.Next() {
		var (
			g      gap
			failed int
		)
		if err := rows.Scan(&g.from, &g.to, &failed, &g.words); err != nil {
			return nil, err
		}
		last := len(all) - 1
		switch {
		case failed == 0:
			open = false
		case open && g.from-all[last].to < restMost.Milliseconds():
			all[last].to, all[last].words = g.to, g.words
		default:
			all, open = append(all, g), true
		}
	}
	return all, rows.Err()
}

// lag tells at regular moments for how long the account had not been read by then.
func lag(gaps []gap, now time.Time, read int64) []journal.Point {
	var points []journal.Point
	for at := now.Add(-lagOver).Truncate(lagStep).Add(lagStep); ; at = at.Add(lagStep) {
		at = minTime(at, now)
		point := journal.Point{At: at}
		for _, g := range gaps {
			end := g.to
			if end == read { // it fails to this day
				end = ms(now)
			}
			if g.from <= ms(at) && ms(at) <= end {
				point.Value = at.Sub(fromMS(g.from)).Minutes()
			}
		}
		points = append(points, point)
		if !at.Before(now) {
			return points
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// CheckConnection has a connection be read now instead of at its time.
//
// Errors: journal.ErrNotFound.
func (s *Store) CheckConnection(ctx context.Context, id portal.ID, name string) error {
	conns, err := s.Connections(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range conns {
		if c.Name == name {
			return s.w.do(ctx, func(t *tx) error { return t.hurryFeeds([]lane.NewRow{feed.Row(c)}) })
		}
	}
	return journal.ErrNotFound
}

// Backlog counts a portal's work that has not ended.
func (s *Store) Backlog(ctx context.Context, id portal.ID) (journal.Backlog, error) {
	var (
		b      journal.Backlog
		oldest sql.NullInt64
		read   int
	)
	now := ms(s.now())
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT COALESCE(SUM(CASE WHEN run_at <= ? THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN run_at > ? THEN 1 ELSE 0 END), 0), MIN(CASE WHEN run_at <= ? THEN received END), COUNT(*) FROM
		(SELECT run_at, received FROM inbox WHERE lane = ? AND state = 0 AND (kind = 'effects' OR kind NOT IN `+serviceKinds+`) ORDER BY id LIMIT ?) AS waiting`),
		now, now, now, string(id), maxCounted).Scan(&b.Waiting, &b.Later, &oldest, &read)
	if err != nil {
		return b, down(err)
	}
	b.Oldest, b.Capped = fromMS(oldest.Int64), read == maxCounted
	err = s.read.QueryRowContext(ctx, s.d.sql(`SELECT COUNT(*) FROM (SELECT 1 FROM inbox WHERE lane = ? AND state <> 0 AND state = 2 LIMIT ?) AS dead`),
		string(id), maxCounted).Scan(&b.Dead)
	return b, err
}

// WaitingByMinute tells how much of a portal's work waited at the end of each of the last minutes, oldest first: of
// what came within them, at most the latest rows, and of what waits from before.
func (s *Store) WaitingByMinute(ctx context.Context, id portal.ID, minutes int) ([]journal.Point, error) {
	now := s.now()
	from := now.Truncate(time.Minute).Add(-time.Duration(minutes-1) * time.Minute)
	low, err := s.idAt(ctx, from)
	if err != nil {
		return nil, err
	}
	points := make([]journal.Point, minutes)
	for i := range points {
		points[i].At = from.Add(time.Duration(i+1) * time.Minute)
	}
	points[minutes-1].At = now
	const kinds = `(kind = 'effects' OR kind NOT IN ` + serviceKinds + `)`
	for _, part := range []struct {
		query string
		args  []any
	}{
		{`SELECT received, 0 FROM inbox WHERE lane = ? AND state = 0 AND run_at <= ? AND ` + kinds + ` ORDER BY id DESC LIMIT ?`,
			[]any{string(id), ms(now), maxCounted}},
		{`SELECT received, finished FROM inbox WHERE lane = ? AND state <> 0 AND state = 1 AND id >= ? AND ` + kinds + ` ORDER BY id DESC LIMIT ?`,
			[]any{string(id), low, maxCounted}},
	} {
		if err := s.addWaits(ctx, points, part.query, part.args...); err != nil {
			return nil, err
		}
	}
	return points, nil
}

func (s *Store) addWaits(ctx context.Context, points []journal.Point, query string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var received, finished int64
		if err := rows.Scan(&received, &finished); err != nil {
			return err
		}
		for i := range points {
			if at := ms(points[i].At); received <= at && (finished == 0 || finished > at) {
				points[i].Value++
			}
		}
	}
	return rows.Err()
}
