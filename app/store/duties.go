package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/reaction"
)

// RemindOfDuties enqueues, once for each charge, the effects that tell of duties which have been unpaid
// since before; at most limit docflows at a time. It returns how many were found.
func (s *Store) RemindOfDuties(ctx context.Context, before time.Time, limit int, effects func(docflow.Record) []reaction.Effect) (int, error) {
	n := 0
	err := s.w.do(ctx, func(t *tx) error {
		n = 0 // the writer may run this again
		found, err := t.unpaid(before, limit)
		if err != nil {
			return err
		}
		// Rows are locked in the order of their ids, as everywhere.
		slices.SortFunc(found, func(a, b docflow.Record) int { return strings.Compare(string(a.ID), string(b.ID)) })
		for _, rec := range found {
			if err := t.enqueue(effects(rec)); err != nil {
				return err
			}
			if _, err := t.exec(`UPDATE docflows SET reminded = version WHERE id = ?`, string(rec.ID)); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

func (t *tx) unpaid(before time.Time, limit int) ([]docflow.Record, error) {
	rows, err := t.query(`SELECT `+docflowColumns+` FROM docflows
		WHERE requirement = 'payment' AND changed < ? AND reminded <> version AND state = ? ORDER BY changed LIMIT ?`,
		ms(before), string(docflow.Suspended), limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []docflow.Record
	for rows.Next() {
		rec, err := scanDocflow(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, rec)
	}
	return found, rows.Err()
}
