package store

import (
	"context"
	"database/sql"
	"errors"

	"konturbridge/app/journal"
)

// Job is a row of work as people see it.
type Job = journal.Job

// JobStates are the states of a job in the order of their numbers in the table.
func JobStates() []string { return journal.States() }

const jobColumns = `id, lane, part, kind, code, state, tries, note, received, run_at, finished, doc, cause`

func scanJob(row scanner) (Job, error) {
	var (
		j                         Job
		state                     int
		received, runAt, finished int64
	)
	err := row.Scan(&j.ID, &j.Portal, &j.Part, &j.Kind, &j.Code, &state, &j.Tries, &j.Note, &received, &runAt, &finished, &j.Doc, &j.Cause)
	if errors.Is(err, sql.ErrNoRows) {
		return j, ErrNotFound
	}
	if err != nil {
		return j, err
	}
	j.State = JobStates()[state]
	j.Received, j.RunAt, j.LastRun = fromMS(received), fromMS(runAt), fromMS(finished)
	if state != rowUnfinished {
		j.Finished = j.LastRun
	}
	return j, nil
}

func (s *Store) jobs(ctx context.Context, query string, args ...any) ([]Job, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
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

// Jobs lists rows of work of all lanes, newest first. state is a number of JobStates, or -1 for all.
func (s *Store) Jobs(ctx context.Context, state, limit int) ([]Job, error) {
	const all = `SELECT ` + jobColumns + ` FROM inbox`
	switch state { // written out: an index of some rows serves only who names their state
	case rowUnfinished:
		return s.jobs(ctx, all+` WHERE state = 0 ORDER BY id DESC LIMIT ?`, limit)
	case rowDone:
		return s.jobs(ctx, all+` WHERE state = 1 ORDER BY id DESC LIMIT ?`, limit)
	case rowDead:
		return s.jobs(ctx, all+` WHERE state = 2 ORDER BY id DESC LIMIT ?`, limit)
	case rowCanceled:
		return s.jobs(ctx, all+` WHERE state = 3 ORDER BY id DESC LIMIT ?`, limit)
	default:
		return s.jobs(ctx, all+` ORDER BY id DESC LIMIT ?`, limit)
	}
}

// Job reads one row of work.
func (s *Store) Job(ctx context.Context, id int64) (Job, error) {
	return scanJob(s.read.QueryRowContext(ctx, s.d.sql(`SELECT `+jobColumns+` FROM inbox WHERE id = ?`), id))
}

// CountJobs counts rows by state, in the order of JobStates. What is not done is counted; the done rows are what
// is left of the ids since the oldest of them, and on PostgreSQL, where ids may be missing, an estimate.
func (s *Store) CountJobs(ctx context.Context) ([4]int64, error) {
	var (
		n     [4]int64
		ids   int64
		first sql.NullInt64
	)
	err := s.read.QueryRowContext(ctx, `SELECT id FROM inbox WHERE state = 1 ORDER BY id LIMIT 1`).Scan(&first)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return n, down(err)
	}
	err = s.read.QueryRowContext(ctx, s.d.sql(`SELECT (SELECT COUNT(*) FROM inbox WHERE state = 0), (SELECT COUNT(*) FROM inbox WHERE state = 2),
		(SELECT COUNT(*) FROM inbox WHERE state = 3), COALESCE((SELECT MAX(id) FROM inbox), 0) + 1 - ?
		- (SELECT COUNT(*) FROM inbox WHERE state = 0 AND id > ?) - (SELECT COUNT(*) FROM inbox WHERE state = 2 AND id > ?)
		- (SELECT COUNT(*) FROM inbox WHERE state = 3 AND id > ?)`), first.Int64, first.Int64, first.Int64, first.Int64).
		Scan(&n[rowUnfinished], &n[rowDead], &n[rowCanceled], &ids)
	if err != nil {
		return n, down(err)
	}
	if first.Valid {
		n[rowDone] = max(ids, 1)
	}
	return n, nil
}

// RetryJob makes a dead or canceled row work again now, and a waiting one at once. Failed effects that
// the row should have applied are tried again with it.
func (s *Store) RetryJob(ctx context.Context, id int64) error { return s.RetryBy(ctx, "", id, 0) }

// RetryBy is RetryJob by a user of a portal, who may do so to that portal's rows alone: ErrNotFound for others.
// An empty portal is the operator.
func (s *Store) RetryBy(ctx context.Context, portal string, id, user int64) error {
	return s.w.do(ctx, func(t *tx) error {
		var (
			name, kind string
			body       []byte
		)
		// One statement: looked at first, the row could be done by another node before it is written.
		err := t.row(`UPDATE inbox SET state = 0, tries = 0, aside = 0, run_at = ?, finished = 0
			WHERE id = ? AND state <> 1 AND (lane = ? OR ? = '') RETURNING lane, kind, body`, ms(t.now), id, portal, portal).Scan(&name, &kind, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return ownError{ErrNotFound}
		}
		if err == nil {
			err = t.acted(id, "retry", user)
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
func (s *Store) CancelJob(ctx context.Context, id int64) error { return s.CancelBy(ctx, "", id, 0) }

// CancelBy is CancelJob by a user of a portal, who may do so to that portal's rows alone, and not to those by which
// the bridge keeps itself going: ErrNotFound for others.
// An empty portal is the operator.
func (s *Store) CancelBy(ctx context.Context, portal string, id, user int64) error {
	return s.w.do(ctx, func(t *tx) error {
		u := undone{id: id, canceled: true}
		var state int
		err := t.row(`SELECT state, lane, kind, code, body FROM inbox WHERE id = ? AND state IN (0, 2)
			AND (? = '' OR lane = ? AND (kind = 'effects' OR kind NOT IN `+serviceKinds+`))`+t.s.d.forUpdate(), id, portal, portal).
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
		if err := t.acted(id, "cancel", user); err != nil {
			return err
		}
		if state == rowDead {
			return t.changed(u.lane) // that it failed is told already
		}
		t.job = id
		defer func() { t.job = 0 }()
		if err := t.tell(u); err != nil {
			return err
		}
		return t.changed(u.lane)
	})
}

// acted keeps who pressed what.
func (t *tx) acted(job int64, act string, user int64) error {
	_, err := t.exec(`INSERT INTO job_acts (job, at, act, user_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, job, ms(t.now), act, user)
	return err
}
