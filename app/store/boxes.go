package store

import (
	"context"
	"strings"
	"time"

	"konturbridge/app/docflow"
)

// followedBy narrows a query to the messages that a connection follows: those that went through it, and those of
// a connection that the settings no longer have. A message between two boxes of one portal is in both of them,
// seen from opposite sides.
const followedBy = `portal = ? AND (connection = ? OR connection NOT IN (SELECT name FROM connections WHERE portal = ?)) AND system = 'diadoc'`

// BoxMessages lists the records of messages that a connection to a box follows, by the ids that they go by at
// Диадок or by the requests that made them.
func (s *Store) BoxMessages(ctx context.Context, portal, connection string, externalIDs, requestIDs []string) ([]docflow.Record, error) {
	var (
		found []docflow.Record
		known = map[docflow.ID]bool{}
	)
	for _, by := range []struct {
		column string
		values []string
	}{{"external_id", externalIDs}, {"request_id", requestIDs}} {
		if len(by.values) == 0 {
			continue
		}
		args := []any{portal, connection, portal}
		for _, v := range by.values {
			args = append(args, v)
		}
		records, err := s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows WHERE `+followedBy+`
			AND `+by.column+` IN (`+marks(len(by.values))+`) ORDER BY created, id`, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if !known[r.ID] {
				known[r.ID] = true
				found = append(found, r)
			}
		}
	}
	return found, nil
}

// OpenMessages lists the messages that a connection to a box follows, in which something is still awaited and
// which nothing has touched for a while, in the order of their ids above after.
func (s *Store) OpenMessages(ctx context.Context, portal, connection string, untouchedSince time.Time, after docflow.ID, limit int) ([]docflow.Record, error) {
	closed := []any{string(docflow.Failed), string(docflow.Completed)}
	for _, state := range docflow.Ended() {
		closed = append(closed, string(state))
	}
	args := append([]any{portal, connection, portal, docflow.KindInvitation, ms(untouchedSince), string(after)}, closed...)
	return s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows WHERE `+followedBy+` AND external_id <> '' AND kind <> ?
		AND changed < ? AND id > ? AND state NOT IN (`+marks(len(closed))+`) ORDER BY id LIMIT ?`, append(args, limit)...)
}

// documentsNote says of changed documents why, and by whom.
func documentsNote(ch docflow.Change) string {
	var notes []string
	for _, d := range ch.Documents {
		said := d.Comment
		if said == "" && d.SignedBy != "" && (d.State == docflow.AllSigned || d.State == docflow.PartiallySigned) {
			said = d.SignedBy
		}
		if said != "" {
			notes = append(notes, d.Title+": "+said)
		}
	}
	return strings.Join(notes, "\n")
}
