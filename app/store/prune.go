package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

// Prune deletes a small step of what is no longer needed: keys past their window, and what finished longer ago
// than the journal keeps: rows, their runs and calls, effects, and robots that wait for an ended docflow. Docflows
// and their history stay. It reports whether there is more.
func (s *Store) Prune(ctx context.Context, keep time.Duration, step int) (more bool, err error) {
	err = s.w.do(ctx, func(t *tx) error {
		before := t.now.Add(-keep)
		more = false
		for _, prune := range []func(time.Time, int) (bool, error){t.pruneKeys, t.pruneRows, t.pruneEffects, t.pruneTraces, t.pruneWaiters} {
			left, err := prune(before, step)
			if err != nil {
				return err
			}
			more = more || left
		}
		return nil
	})
	return err == nil && more, err
}

func (t *tx) pruneKeys(_ time.Time, step int) (bool, error) {
	n, err := t.exec(`DELETE FROM dedup WHERE key IN (SELECT key FROM dedup WHERE until < ? LIMIT ?)`, ms(t.now), step)
	return n == int64(step), err
}

// pruneRows deletes finished rows. A dead one stays until somebody has decided about it.
func (t *tx) pruneRows(before time.Time, step int) (bool, error) {
	return t.pruneStretch(&t.s.pruned, `SELECT id, received FROM inbox WHERE id >= ? ORDER BY id LIMIT 1`,
		`DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id >= ? AND id < ? AND state IN (1, 3)
		AND finished < ? ORDER BY id LIMIT ?)`, before, step)
}

// pruneEffects deletes effects that ended. A failed one stays as long as the row whose retry would try it again.
func (t *tx) pruneEffects(before time.Time, step int) (bool, error) {
	return t.pruneStretch(&t.s.prunedEffects, `SELECT id, created FROM effects WHERE id >= ? ORDER BY id LIMIT 1`,
		`DELETE FROM effects WHERE id IN (SELECT id FROM effects WHERE id >= ? AND id < ? AND (state = 1 OR state = 2 AND job <> 0
		AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.id = effects.job)) AND finished < ? ORDER BY id LIMIT ?)`, before, step)
}

// pruneStretch deletes from a table whose ids grow with time: one step looks at a stretch of ids only, and the
// next one goes on after it; behind the first row that came within the kept time nothing can be old.
func (t *tx) pruneStretch(from *atomic.Int64, next, drop string, before time.Time, step int) (more bool, err error) {
	var first, came int64
	err = t.row(next, from.Load()).Scan(&first, &came)
	if errors.Is(err, sql.ErrNoRows) || err == nil && came >= ms(before) {
		from.Store(0)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	end := first + int64(100*step)
	n, err := t.exec(drop, first, end, ms(before), step)
	if err != nil || n == int64(step) {
		return true, err
	}
	from.Store(end)
	return true, nil
}

// pruneTraces deletes calls, runs and what people pressed.
func (t *tx) pruneTraces(before time.Time, step int) (more bool, err error) {
	for _, drop := range []string{
		`DELETE FROM calls WHERE (job, run, n) IN (SELECT job, run, n FROM calls WHERE began < ? ORDER BY began LIMIT ?)`,
		`DELETE FROM runs WHERE (job, at) IN (SELECT job, at FROM runs WHERE ended < ? ORDER BY ended LIMIT ?)`,
		`DELETE FROM job_acts WHERE (job, at, act) IN (SELECT job, at, act FROM job_acts WHERE at < ? LIMIT ?)`,
	} {
		n, err := t.exec(drop, ms(before), step)
		if err != nil {
			return false, err
		}
		more = more || n == int64(step)
	}
	return more, nil
}

// pruneWaiters deletes robots that wait for what has ended long ago: nobody listens any more.
func (t *tx) pruneWaiters(before time.Time, step int) (bool, error) {
	n, err := t.exec(`DELETE FROM waiters WHERE id IN (SELECT w.id FROM waiters w JOIN docflows d ON d.id = w.docflow
		WHERE d.state IN ('completed', 'error') AND d.changed < ? LIMIT ?)`, ms(before), step)
	return n == int64(step), err
}
