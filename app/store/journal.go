package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Job is a row of work as people see it.
type Job struct {
	ID       int64     `json:"id"`
	Portal   string    `json:"lane"`
	Part     string    `json:"part"`
	Kind     string    `json:"kind"`
	Code     string    `json:"code"`
	State    string    `json:"state"` // waiting, done, dead, canceled
	Tries    int       `json:"tries"`
	Note     string    `json:"note,omitempty"`
	Received time.Time `json:"received"`
	RunAt    time.Time `json:"run_at"`
	Finished time.Time `json:"finished,omitzero"`
}

// JobStates are the states of a job in the order of their numbers in the table.
func JobStates() []string { return []string{"waiting", "done", "dead", "canceled"} }

const jobColumns = `id, lane, part, kind, code, state, tries, note, received, run_at, finished`

func scanJob(row scanner) (Job, error) {
	var (
		j                         Job
		state                     int
		received, runAt, finished int64
	)
	err := row.Scan(&j.ID, &j.Portal, &j.Part, &j.Kind, &j.Code, &state, &j.Tries, &j.Note, &received, &runAt, &finished)
	if errors.Is(err, sql.ErrNoRows) {
		return j, ErrNotFound
	}
	if err != nil {
		return j, err
	}
	j.State = JobStates()[state]
	j.Received, j.RunAt, j.Finished = fromMS(received), fromMS(runAt), fromMS(finished)
	return j, nil
}

// Jobs lists rows of work, newest first. state is a number of JobStates, or -1 for all.
func (s *Store) Jobs(ctx context.Context, state, limit int) ([]Job, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT `+jobColumns+` FROM inbox WHERE state = ? OR ? < 0 ORDER BY id DESC LIMIT ?`),
		state, state, limit)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []Job
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, rows.Err()
}

// Job reads one row of work.
func (s *Store) Job(ctx context.Context, id int64) (Job, error) {
	return scanJob(s.read.QueryRowContext(ctx, s.d.sql(`SELECT `+jobColumns+` FROM inbox WHERE id = ?`), id))
}

// CountJobs counts rows by state, in the order of JobStates.
func (s *Store) CountJobs(ctx context.Context) ([4]int64, error) {
	var counts [4]int64
	rows, err := s.read.QueryContext(ctx, `SELECT state, COUNT(*) FROM inbox GROUP BY state`)
	if err != nil {
		return counts, down(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var (
			state int
			n     int64
		)
		if err := rows.Scan(&state, &n); err != nil {
			return counts, err
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

// RetryJob makes a dead or canceled row work again now, and a waiting one at once. Failed effects that
// the row should have applied are tried again with it.
func (s *Store) RetryJob(ctx context.Context, id int64) error {
	return s.w.do(ctx, func(t *tx) error {
		var (
			name, kind string
			body       []byte
		)
		// One statement: looked at first, the row could be done by another node before it is written.
		err := t.row(`UPDATE inbox SET state = 0, tries = 0, aside = 0, run_at = ?, finished = 0 WHERE id = ? AND state <> 1
			RETURNING lane, kind, body`, ms(t.now), id).Scan(&name, &kind, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return ownError{ErrNotFound}
		}
		if err != nil {
			return err
		}
		if kind == EffectsKind {
			if err := t.retryEffects(name, body); err != nil {
				return err
			}
		}
		return t.changed(name)
	})
}

// CancelJob ends an unfinished row; it will not run again unless a person retries it, and a workflow that
// waits for it is told so. A run that is in its middle ends without an outcome.
func (s *Store) CancelJob(ctx context.Context, id int64) error {
	return s.w.do(ctx, func(t *tx) error {
		u := undone{id: id, canceled: true}
		var state int
		err := t.row(`SELECT state, lane, kind, code, body FROM inbox WHERE id = ? AND state IN (0, 2)`+t.s.d.forUpdate(), id).
			Scan(&state, &u.lane, &u.kind, &u.code, &u.body)
		if errors.Is(err, sql.ErrNoRows) {
			return ownError{ErrNotFound}
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE inbox SET state = ?, note = 'canceled by a person', finished = ? WHERE id = ?`,
			rowCanceled, ms(t.now), id); err != nil {
			return err
		}
		if state == rowDead {
			return t.changed(u.lane) // that it failed is told already
		}
		if err := t.tell(u); err != nil {
			return err
		}
		return t.changed(u.lane)
	})
}

// Prune deletes a small step of what is no longer needed: keys past their window and finished rows
// older than the journal keeps. It reports whether there is more.
//
// Ids grow with the time of arrival, so one step looks at a stretch of ids only, and the next one goes on
// after it; behind the first row that came within the kept time nothing can be old.
func (s *Store) Prune(ctx context.Context, keep time.Duration, step int) (more bool, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		keys, err := t.exec(`DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE until < ? LIMIT ?)`, ms(t.now), step)
		if err != nil {
			return err
		}
		rows, err := t.pruneRows(t.now.Add(-keep), step)
		more = rows || keys == int64(step)
		return err
	})
	return err == nil && more, err
}

func (t *tx) pruneRows(before time.Time, step int) (more bool, err error) {
	var first, received int64
	next := func(from int64) error {
		return t.row(`SELECT id, received FROM inbox WHERE id >= ? ORDER BY id LIMIT 1`, from).Scan(&first, &received)
	}
	err = next(t.s.pruned.Load())
	if errors.Is(err, sql.ErrNoRows) || err == nil && received >= ms(before) {
		t.s.pruned.Store(0)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	end := first + int64(100*step)
	n, err := t.exec(`DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id >= ? AND id < ? AND state IN (1, 3)
		AND finished < ? ORDER BY id LIMIT ?)`, first, end, ms(before), step)
	if err != nil || n == int64(step) {
		return true, err
	}
	t.s.pruned.Store(end)
	return true, nil
}
