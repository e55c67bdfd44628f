package store

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"konturbridge/app/lane"
)

var _ lane.Store = (*Store)(nil)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// never is the due time of a lane without work.
const never = math.MaxInt64

// clock is the moment that leases are compared with: of the database where nodes share it, so that
// their own clocks may differ.
func (t *tx) clock() (int64, error) {
	if !t.s.d.postgres {
		return ms(t.now), nil
	}
	var now int64
	err := t.row(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`).Scan(&now)
	return now, err
}

// Claim implements lane.Store. A node's own claim after a restart does not wait for its old lease: on an
// embedded database every lease that is not this process's is dead.
func (s *Store) Claim(ctx context.Context, node string, lease time.Duration, limit int) ([]lane.Lease, error) {
	if !s.d.postgres {
		idle, err := s.nothingDue(ctx, node)
		if err != nil || idle {
			return nil, err
		}
	}
	var got []lane.Lease
	err := s.w.do(ctx, func(t *tx) error {
		got = got[:0]
		now, err := t.clock()
		if err != nil {
			return err
		}
		free, skip := "(? > 0 AND holder <> ?)", "" // here the lock file is the lease
		if s.d.postgres {
			free, skip = "(lease < ? AND ? <> '')", " FOR UPDATE SKIP LOCKED"
		}
		rows, err := t.query(`UPDATE lanes SET holder = ?, lease = ?, fence = fence + 1 WHERE lane IN
			(SELECT lane FROM lanes WHERE due <= ? AND `+free+` ORDER BY due LIMIT ?`+skip+`) RETURNING lane, fence`,
			node, now+lease.Milliseconds(), now, now, node, limit)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var l lane.Lease
			if err := rows.Scan(&l.Lane, &l.Fence); err != nil {
				return err
			}
			got = append(got, l)
		}
		return rows.Err()
	})
	return got, err
}

// nothingDue keeps the sweeps of an idle embedded node from writing.
func (s *Store) nothingDue(ctx context.Context, node string) (bool, error) {
	var due int
	err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lanes WHERE due <= ? AND holder <> ?)`,
		ms(s.now()), node).Scan(&due)
	return due == 0, err
}

// Renew implements lane.Store.
func (s *Store) Renew(ctx context.Context, node string, lease time.Duration, held []lane.Lease) ([]lane.Lease, error) {
	if !s.d.postgres {
		return nil, nil // one process owns an embedded database; its lock file says so
	}
	var lost []lane.Lease
	err := s.w.do(ctx, func(t *tx) error {
		lost = lost[:0]
		now, err := t.clock()
		if err != nil {
			return err
		}
		names, fences := make([]string, len(held)), make([]int64, len(held))
		for i, l := range held {
			names[i], fences[i] = l.Lane, l.Fence
		}
		rows, err := t.query(`UPDATE lanes SET lease = ? FROM unnest(?::text[], ?::bigint[]) AS h (lane, fence)
			WHERE lanes.lane = h.lane AND lanes.fence = h.fence AND lanes.holder = ? RETURNING lanes.lane`,
			now+lease.Milliseconds(), names, fences, node)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		kept := map[string]bool{}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			kept[name] = true
		}
		for _, l := range held {
			if !kept[l.Lane] {
				lost = append(lost, l)
			}
		}
		return rows.Err()
	})
	return lost, err
}

// Release implements lane.Store.
func (s *Store) Release(l lane.Lease, idle func() (time.Time, bool), done func(error)) {
	s.hand(&op{done: done, run: func(t *tx) error {
		due, ok := idle()
		if !ok {
			return nil
		}
		at := int64(never)
		if !due.IsZero() {
			at = ms(due)
		}
		if t.fresh[l.Lane] { // stored in this very transaction, so the queue does not know of it yet
			at = ms(t.now)
		}
		_, err := t.exec(`UPDATE lanes SET holder = '', lease = 0, due = ? WHERE lane = ? AND fence = ?`, at, l.Lane, l.Fence)
		return err
	}})
}

// hand gives the writer an op that must not be dropped, without waiting for its commit.
func (s *Store) hand(o *op) {
	select {
	case s.w.others <- o:
	default:
		go func() { s.w.others <- o }()
	}
}

// Load implements lane.Store.
func (s *Store) Load(ctx context.Context, name string, after int64, limit int) ([]lane.Row, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT id, part, doc, kind, code, body, received, run_at, aside, tries
		FROM inbox WHERE lane = ? AND state = 0 AND id > ? ORDER BY id LIMIT ?`), name, after, limit)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []lane.Row
	for rows.Next() {
		var (
			r               lane.Row
			received, runAt int64
			aside           int
		)
		if err := rows.Scan(&r.ID, &r.Part, &r.Key, &r.Kind, &r.Code, &r.Body, &received, &runAt, &aside, &r.Tries); err != nil {
			return nil, err
		}
		r.Lane, r.Received, r.RunAt, r.Aside = name, fromMS(received), fromMS(runAt), aside == 1
		out = append(out, r)
	}
	return out, rows.Err()
}

// fenced reports whether the lease still stands, and keeps it standing until the commit.
func (t *tx) fenced(l lane.Lease) (bool, error) {
	fence, checked := t.fences[l.Lane]
	if !checked {
		lock := ""
		if t.s.d.postgres {
			lock = " FOR SHARE"
		}
		if err := t.row(`SELECT fence FROM lanes WHERE lane = ?`+lock, l.Lane).Scan(&fence); err != nil {
			return false, err
		}
		if t.fences == nil {
			t.fences = map[string]int64{}
		}
		t.fences[l.Lane] = fence
	}
	return fence == l.Fence, nil
}

// Finish implements lane.Store.
func (s *Store) Finish(row lane.Row, r lane.Result, tries int, done func(error)) {
	s.hand(&op{done: done, run: func(t *tx) error { return t.finish(row, r, tries) }})
}

// The states of an inbox row.
const (
	rowUnfinished = 0
	rowDone       = 1
	rowDead       = 2
	rowCanceled   = 3
)

func (t *tx) finish(row lane.Row, r lane.Result, tries int) error {
	ok, err := t.fenced(row.Lease)
	if err != nil {
		return err
	}
	if !ok {
		return ownError{lane.ErrLeaseLost}
	}
	var n int64
	switch r.Verdict {
	case lane.Done, lane.Dead:
		state := rowDone
		if r.Verdict == lane.Dead {
			state = rowDead
		}
		n, err = t.exec(`UPDATE inbox SET state = ?, note = ?, tries = ?, finished = ? WHERE id = ? AND state = 0`,
			state, r.Note, tries, ms(t.now), row.ID)
	default:
		aside := 0
		if r.Verdict != lane.Backoff {
			aside = 1
		}
		key := row.Key
		if r.Key != "" {
			key = r.Key
		}
		n, err = t.exec(`UPDATE inbox SET run_at = ?, aside = ?, tries = ?, note = ?, doc = ? WHERE id = ? AND state = 0`,
			ms(r.At), aside, tries, r.Note, key, row.ID)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return nil // stored by an earlier attempt whose answer was lost, or canceled by a person
	}
	return t.apply(r.Writes)
}

// Write commits changes in the middle of a row's work, under its lease.
func (s *Store) Write(ctx context.Context, l lane.Lease, writes ...lane.Write) error {
	return s.w.do(ctx, func(t *tx) error {
		ok, err := t.fenced(l)
		if err != nil {
			return err
		}
		if !ok {
			return ownError{lane.ErrLeaseLost}
		}
		return t.apply(writes)
	})
}

// Commit commits changes that belong to no lane: pages, installation, the command line.
func (s *Store) Commit(ctx context.Context, writes ...lane.Write) error {
	return s.w.do(ctx, func(t *tx) error { return t.apply(writes) })
}
