package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	"konturbridge/app/inbox"
	"konturbridge/app/lane"
)

// Accept is one request that wants to be stored before it is answered.
type Accept struct {
	Row    lane.NewRow
	Key    [16]byte      // tells a repeat; the zero key is never a repeat
	Window time.Duration // how long a repeat is recognised
	// Coalesce lets an unstarted row of the same part, kind and code stand for this one: what that row
	// will read is newer than this request.
	Coalesce bool

	Duplicate bool  // outcome: nothing was stored, an earlier request stands for it
	ID        int64 // outcome: the stored row, 0 for a duplicate
}

// Accept stores a request durably, or finds that it repeats one. It returns ErrBusy at once when too
// much is waiting; when ctx ends first the request may be stored all the same.
func (s *Store) Accept(ctx context.Context, a *Accept) error {
	result := make(chan error, 1)
	if err := s.w.submit(&op{accept: a, done: func(err error) { result <- err }}); err != nil {
		return err
	}
	return s.w.await(ctx, result)
}

// accept stores the requests of a group. What repeats an earlier request goes first, so that a request
// is never left to a pending one that turns out to be a repeat itself.
func (t *tx) accept(all []*Accept) error {
	if len(all) == 0 {
		return nil
	}
	candidates := all[:0:0]
	seen := make(map[[16]byte]bool, len(all))
	for _, a := range all {
		a.Duplicate, a.ID = a.Key != noKey && seen[a.Key], 0
		seen[a.Key] = true
		if !a.Duplicate {
			candidates = append(candidates, a)
		}
	}
	fresh, err := t.dedup(candidates)
	if err != nil {
		return err
	}
	fresh = t.coalesce(fresh)
	rows := make([]lane.NewRow, len(fresh))
	for i, a := range fresh {
		rows[i] = a.Row
	}
	ids, err := t.insertRows(rows)
	if err != nil {
		return err
	}
	for i, a := range fresh {
		a.ID = ids[i]
	}
	return nil
}

var noKey [16]byte

// coalesce keeps the requests that no unstarted row of an earlier commit, or of this one, stands for.
func (t *tx) coalesce(all []*Accept) []*Accept {
	sched := t.s.scheduler()
	waiting := map[lane.Likeness]bool{}
	kept := all[:0:0]
	for _, a := range all {
		if a.Coalesce {
			like := a.Row.Like()
			if a.Duplicate = waiting[like] || sched.Pending(a.Row); a.Duplicate {
				continue
			}
			waiting[like] = true
		}
		kept = append(kept, a)
	}
	return kept
}

// dedup keeps the requests whose key was not seen within its window.
func (t *tx) dedup(all []*Accept) ([]*Accept, error) {
	now := t.now
	fresh := all[:0:0]
	if !t.s.d.postgres {
		for _, a := range all {
			if a.Key == noKey {
				fresh = append(fresh, a)
				continue
			}
			n, err := t.exec(`INSERT INTO dedup (key, until) VALUES (?, ?)
				ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE dedup.until < ?`,
				a.Key[:], ms(now.Add(a.Window)), ms(now))
			if err != nil {
				return nil, err
			}
			if a.Duplicate = n == 0; !a.Duplicate {
				fresh = append(fresh, a)
			}
		}
		return fresh, nil
	}
	keys, untils := make([][]byte, 0, len(all)), make([]int64, 0, len(all))
	// One order on all nodes: two of them must not wait for each other's keys.
	for _, a := range slices.SortedFunc(slices.Values(all), func(a, b *Accept) int { return bytes.Compare(a.Key[:], b.Key[:]) }) {
		if a.Key != noKey {
			keys, untils = append(keys, a.Key[:]), append(untils, ms(now.Add(a.Window)))
		}
	}
	isNew := map[string]bool{}
	if len(keys) > 0 {
		rows, err := t.query(`INSERT INTO dedup (key, until) SELECT * FROM unnest(?::bytea[], ?::bigint[])
			ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE dedup.until < ? RETURNING key`,
			keys, untils, ms(now))
		if err != nil {
			return nil, err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var key []byte
			if err := rows.Scan(&key); err != nil {
				return nil, err
			}
			isNew[string(key)] = true
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	for _, a := range all {
		if a.Duplicate = a.Key != noKey && !isNew[string(a.Key[:])]; !a.Duplicate {
			fresh = append(fresh, a)
		}
	}
	return fresh, nil
}

// insertRows stores rows of work, tells other nodes when they hold the lanes, and returns the ids.
func (t *tx) insertRows(rows []lane.NewRow) ([]int64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	now := ms(t.now)
	for i := range rows {
		if rows[i].RunAt.IsZero() {
			rows[i].RunAt = t.now
		}
		if rows[i].Body == nil {
			rows[i].Body = []byte{}
		}
	}
	ids := make([]int64, 0, len(rows))
	var err error
	if t.s.d.postgres {
		ids, err = t.insertMany(rows, now)
	} else {
		for _, r := range rows {
			var id int64
			if id, err = t.insertOne(r, now); err != nil {
				break
			}
			ids = append(ids, id)
		}
	}
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		t.pushed = append(t.pushed, lane.Row{ID: ids[i], Lane: r.Lane, Part: r.Part, Key: r.Key, Kind: r.Kind,
			Code: r.Code, Body: r.Body, Received: t.now, RunAt: r.RunAt, Aside: r.Aside})
	}
	return ids, t.wakeLanes(rows)
}

func (t *tx) insertOne(r lane.NewRow, now int64) (int64, error) {
	st, err := t.stmt(`INSERT INTO inbox (lane, part, doc, kind, code, body, received, run_at, aside, cause)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(t.ctx, r.Lane, r.Part, r.Key, r.Kind, r.Code, r.Body, now, ms(r.RunAt), boolInt(r.Aside), t.job)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) insertMany(rows []lane.NewRow, now int64) ([]int64, error) {
	n := len(rows)
	lanes, parts, docs := make([]string, n), make([]string, n), make([]string, n)
	kinds, codes, bodies, runs, asides := make([]string, n), make([]string, n), make([][]byte, n), make([]int64, n), make([]int64, n)
	for i, r := range rows {
		lanes[i], parts[i], docs[i], kinds[i] = r.Lane, r.Part, r.Key, r.Kind
		codes[i], bodies[i], runs[i], asides[i] = r.Code, r.Body, ms(r.RunAt), int64(boolInt(r.Aside))
	}
	found, err := t.query(`INSERT INTO inbox (lane, part, doc, kind, code, body, received, run_at, aside, cause)
		SELECT lane, part, doc, kind, code, body, ?::bigint, run_at, aside::smallint, ?::bigint FROM
		unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bytea[], ?::bigint[], ?::bigint[])
		WITH ORDINALITY AS r (lane, part, doc, kind, code, body, run_at, aside, n) ORDER BY n RETURNING id`,
		now, t.job, lanes, parts, docs, kinds, codes, bodies, runs, asides)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	ids := make([]int64, 0, n)
	for found.Next() {
		var id int64
		if err := found.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, found.Err()
}

// look stores a row that looks at a card, unless one that waits will.
func (t *tx) look(row lane.NewRow) error {
	like := row.Like()
	for _, stored := range t.pushed {
		if (lane.NewRow{Lane: stored.Lane, Part: stored.Part, Kind: stored.Kind, Code: stored.Code}).Like() == like {
			return nil
		}
	}
	if t.s.scheduler().Pending(row) {
		return nil
	}
	_, err := t.insertRows([]lane.NewRow{row})
	return err
}

var _ inbox.Store = (*Store)(nil)

// AcceptItem implements inbox.Store.
func (s *Store) AcceptItem(ctx context.Context, item inbox.Item) (bool, error) {
	a := &Accept{Row: item.Row, Key: item.Key, Window: item.Window, Coalesce: item.Coalesce}
	if err := s.Accept(ctx, a); err != nil {
		return false, err
	}
	return a.Duplicate, nil
}
