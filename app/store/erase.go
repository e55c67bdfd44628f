package store

import (
	"context"
	"strconv"
	"time"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

// eraseRow is the work of erasing what a portal left behind up to now: it may be installed again meanwhile.
func eraseRow(id portal.ID, now time.Time) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: portal.KindErase, Kind: portal.KindErase, Body: strconv.AppendInt(nil, ms(now), 10)}
}

// eraser deletes rows of one table by their id. find takes the portal, the moment and the size of a step.
type eraser struct{ find, drop string }

// erasers are in order: what hangs on a docflow goes before it.
func erasers() []eraser {
	return []eraser{
		{`SELECT h.id FROM docflow_history h JOIN docflows d ON d.id = h.docflow WHERE d.portal = ? AND d.created <= ? LIMIT ?`,
			`DELETE FROM docflow_history WHERE id = ?`},
		{`SELECT DISTINCT n.docflow FROM docflow_numbers n JOIN docflows d ON d.id = n.docflow WHERE d.portal = ? AND d.created <= ? LIMIT ?`,
			`DELETE FROM docflow_numbers WHERE docflow = ?`},
		{`SELECT id FROM docflows WHERE portal = ? AND created <= ? LIMIT ?`, `DELETE FROM docflows WHERE id = ?`},
		{`SELECT id FROM robot_calls WHERE portal = ? AND called <= ? LIMIT ?`, `DELETE FROM robot_calls WHERE id = ?`},
		{`SELECT id FROM effects WHERE portal = ? AND created <= ? AND state <> 0 LIMIT ?`, `DELETE FROM effects WHERE id = ?`},
		{`SELECT c.job FROM calls c JOIN inbox i ON i.id = c.job WHERE i.lane = ? AND i.received <= ? AND i.state <> 0 LIMIT ?`,
			`DELETE FROM calls WHERE job = ?`},
		{`SELECT r.job FROM runs r JOIN inbox i ON i.id = r.job WHERE i.lane = ? AND i.received <= ? AND i.state <> 0 LIMIT ?`,
			`DELETE FROM runs WHERE job = ?`},
		{`SELECT a.job FROM job_acts a JOIN inbox i ON i.id = a.job WHERE i.lane = ? AND i.received <= ? AND i.state <> 0 LIMIT ?`,
			`DELETE FROM job_acts WHERE job = ?`},
		{`SELECT id FROM inbox WHERE lane = ? AND received <= ? AND state <> 0 LIMIT ?`, `DELETE FROM inbox WHERE id = ?`},
	}
}

// Erase deletes a small step of what a removed portal left behind up to the moment that its row of work
// (kind portal.KindErase) carries, and reports whether there is more. Found by reading, deleted by key: the
// writer is never held up by the search.
func (s *Store) Erase(ctx context.Context, id portal.ID, body []byte, step int) (more bool, err error) {
	until, err := strconv.ParseInt(string(body), 10, 64)
	if err != nil {
		return false, err
	}
	for _, e := range erasers() {
		keys, err := s.keys(ctx, e.find, string(id), until, step)
		if err != nil {
			return false, err
		}
		if len(keys) == 0 {
			continue
		}
		return true, s.w.do(ctx, func(t *tx) error {
			for _, key := range keys {
				if _, err := t.exec(e.drop, key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var cards int64
	err = s.w.do(ctx, func(t *tx) error {
		cards, err = t.exec(`DELETE FROM cards WHERE (portal, entity_type, id) IN
			(SELECT portal, entity_type, id FROM cards WHERE portal = ? AND seen <= ? LIMIT ?)`, string(id), until, step)
		return err
	})
	return err == nil && cards == int64(step), err
}

func (s *Store) keys(ctx context.Context, query string, args ...any) ([]any, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var keys []any
	for rows.Next() {
		var key any
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
