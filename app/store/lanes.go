package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"konturbridge/app/lane"
)

var _ lane.Store = (*Store)(nil)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// The due times of a lane with work now, whatever any node's clock says, of one without work, and of a
// held one in which other nodes stored rows.
const (
	atOnce      = 0
	never       = math.MaxInt64
	foreignRows = -1
)

// dueAt gives the due time of a lane whose earliest row is to run at that moment; zero: it has none.
func (t *tx) dueAt(at time.Time) int64 {
	switch {
	case at.IsZero():
		return never
	case !at.After(t.now):
		return atOnce
	default:
		return ms(at)
	}
}

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
	s.node.Store(&node)
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
		rows, err := t.query(`WITH free AS MATERIALIZED (SELECT lane FROM lanes WHERE due <= ? AND `+free+` ORDER BY due LIMIT ?`+skip+`)
			UPDATE lanes SET holder = ?, lease = ?, fence = fence + 1 WHERE lane IN (SELECT lane FROM free) RETURNING lane, fence`,
			now, now, node, limit, node, now+lease.Milliseconds())
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
	if err != nil {
		return nil, err // the writer may still be filling got
	}
	return got, nil
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
		if err := t.lockLanes(names); err != nil {
			return err
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
	if err != nil {
		return nil, err
	}
	return lost, nil
}

// Release implements lane.Store. Another node that stores rows in the lane right now holds a share of
// the lane's row (wakeLanes), and then the lane stays held; what other nodes stored before is seen here.
func (s *Store) Release(l lane.Lease, idle func() (lane.Rest, bool), done func(error)) {
	s.w.hand(&op{done: done, run: func(t *tx) error {
		if s.d.postgres {
			var free int
			err := t.row(`SELECT 1 FROM lanes WHERE lane = ? FOR UPDATE SKIP LOCKED`, l.Lane).Scan(&free)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		rest, ok := idle()
		if !ok {
			return nil
		}
		n, err := t.exec(`UPDATE lanes SET holder = '', lease = 0, due = CASE WHEN ? = (SELECT COALESCE(SUM(? + run_at % ?), 0)
			FROM inbox WHERE lane = ? AND state = 0) THEN CAST(? AS BIGINT) ELSE CAST(? AS BIGINT) END WHERE lane = ? AND fence = ?`,
			rest.Sum, lane.RestFactor, lane.RestFactor, l.Lane, t.dueAt(rest.Due), atOnce, l.Lane, l.Fence)
		if err == nil && n == 0 {
			return ownError{lane.ErrLeaseLost}
		}
		return err
	}})
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
			lock = " FOR KEY SHARE" // keeps a claim out, and waits for nobody but a claim
		}
		err := t.row(`SELECT fence FROM lanes WHERE lane = ?`+lock, l.Lane).Scan(&fence)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		t.fences[l.Lane] = fence
	}
	return fence == l.Fence, nil
}

// Finish implements lane.Store.
func (s *Store) Finish(row lane.Row, r lane.Result, tries int, done func(error)) {
	o := &op{done: done, writes: r.Writes, run: func(t *tx) error { return t.finish(row, r, tries) }}
	if (r.Verdict == lane.Done || r.Verdict == lane.Dead && !isAction(row.Kind)) && len(r.Writes) == 0 {
		o.ended = &ended{row, r, tries}
	}
	s.w.hand(o)
}

// ended is a row that is over and causes nothing more.
type ended struct {
	row   lane.Row
	r     lane.Result
	tries int
}

func (e ended) state() int64 {
	if e.r.Verdict == lane.Dead {
		return rowDead
	}
	return rowDone
}

// endMany ends the rows of a group in one statement where each would be a round trip, and gives the ops
// that are left.
func (t *tx) endMany(group []*op) (rest []*op, err error) {
	if !t.s.d.postgres {
		return group, nil
	}
	var (
		ids, states, tries []int64
		notes              []string
	)
	for _, o := range group {
		if o.ended == nil {
			rest = append(rest, o)
			continue
		}
		ok, err := t.fenced(o.ended.row.Lease)
		if err != nil {
			return nil, err
		}
		if !ok {
			o.err = lane.ErrLeaseLost
			continue
		}
		ids, states = append(ids, o.ended.row.ID), append(states, o.ended.state())
		tries, notes = append(tries, int64(o.ended.tries)), append(notes, o.ended.r.Note)
		t.trace(o.ended.row, o.ended.r)
	}
	if len(ids) == 0 {
		return rest, nil
	}
	// A row that is not unfinished any more was ended by an earlier attempt whose answer was lost, or
	// canceled by a person.
	_, err = t.exec(`UPDATE inbox SET state = e.state::smallint, note = e.note, tries = e.tries::integer, finished = ?
		FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[]) AS e (id, state, note, tries)
		WHERE inbox.id = e.id AND inbox.state = 0`, ms(t.now), ids, states, notes, tries)
	return rest, err
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
	if err := t.traceInTurn(row, r); err != nil {
		return err
	}
	if r.Verdict != lane.Again { // what repeats itself for ever is nobody's cause
		t.job = row.ID
		defer func() { t.job = 0 }()
	}
	var n int64
	switch r.Verdict {
	case lane.Done, lane.Dead:
		n, err = t.exec(`UPDATE inbox SET state = ?, note = ?, tries = ?, finished = ? WHERE id = ? AND state = 0`,
			ended{row, r, tries}.state(), r.Note, tries, ms(t.now), row.ID)
	default:
		aside := 0
		if r.Verdict != lane.Backoff {
			aside = 1
		}
		key := row.Key
		if r.Key != "" {
			key = r.Key
		}
		n, err = t.exec(`UPDATE inbox SET run_at = ?, aside = ?, tries = ?, note = ?, doc = ?, finished = ?
			WHERE id = ? AND state = 0 AND run_at <> ?`, ms(r.At), aside, tries, r.Note, key, ms(t.now), row.ID, ms(r.At))
	}
	if err != nil {
		return err
	}
	if n == 0 { // stored by an earlier attempt whose answer was lost, or canceled by a person
		t.retell(r.Writes)
		return nil
	}
	if r.Verdict == lane.Dead {
		if err := t.tell(undone{id: row.ID, lane: row.Lane, kind: row.Kind, code: row.Code, body: row.Body, reason: r.Note}); err != nil {
			return err
		}
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
		t.job = lane.Job(ctx)
		defer func() { t.job = 0 }()
		return t.apply(writes)
	}, writes...)
}

// Commit commits changes that belong to no lane: pages, installation, the command line.
func (s *Store) Commit(ctx context.Context, writes ...lane.Write) error {
	return s.w.do(ctx, func(t *tx) error { return t.apply(writes) }, writes...)
}
