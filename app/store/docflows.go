package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/reaction"
)

// ErrNotFound is returned when a row that was asked for by its id does not exist.
var ErrNotFound = errors.New("not found")

// docflowData is the part of a record that SQL never looks into.
type docflowData struct {
	Statements []docflow.Statement `json:"statements,omitempty"`
	Charges    []docflow.Charge    `json:"charges,omitempty"`
	Files      []docflow.File      `json:"files,omitempty"`
	Documents  []docflow.Document  `json:"documents,omitempty"`
	Read       docflow.Reading     `json:"read,omitzero"`
	Refusal    *docflow.Refusal    `json:"refusal,omitempty"`
	Echo       []string            `json:"echo,omitempty"`
	Signing    *docflow.Signing    `json:"signing,omitempty"`
}

const docflowColumns = `id, portal, entity_type, card_id, system, kind, connection, request_id, body, external_id,
	state, requirement, data, tried_at, news_from, version, created, changed`

func scanDocflow(row scanner) (docflow.Record, error) {
	var (
		r                       docflow.Record
		data                    []byte
		tried, created, changed int64
	)
	err := row.Scan(&r.ID, &r.Portal, &r.Card.EntityType, &r.Card.ID, &r.System, &r.Kind, &r.Connection, &r.RequestID,
		&r.Body, &r.ExternalID, &r.State, &r.Requirement, &data, &tried, &r.NewsFrom, &r.Version, &created, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, err
	}
	var d docflowData
	if err := json.Unmarshal(data, &d); err != nil {
		return r, err
	}
	r.Statements, r.Charges, r.Files, r.Documents, r.Read, r.Refusal, r.Echo = d.Statements, d.Charges, d.Files, d.Documents, d.Read, d.Refusal, d.Echo
	r.Signing = d.Signing
	r.TriedAt, r.Created, r.Changed = fromMS(tried), fromMS(created), fromMS(changed)
	return r, nil
}

func dataOf(r docflow.Record) (string, error) {
	b, err := json.Marshal(docflowData{r.Statements, r.Charges, r.Files, r.Documents, r.Read, r.Refusal, r.Echo, r.Signing})
	return string(b), err
}

// Docflow reads a record.
func (s *Store) Docflow(ctx context.Context, id docflow.ID) (docflow.Record, error) {
	return scanDocflow(s.read.QueryRowContext(ctx, s.d.sql(`SELECT `+docflowColumns+` FROM docflows WHERE id = ?`), string(id)))
}

// LatestDocflow reads the newest record of a card in a system.
func (s *Store) LatestDocflow(ctx context.Context, portal string, card docflow.Card, system docflow.System) (docflow.Record, error) {
	return scanDocflow(s.read.QueryRowContext(ctx, s.d.sql(`SELECT `+docflowColumns+` FROM docflows
		WHERE portal = ? AND entity_type = ? AND card_id = ? AND system = ? ORDER BY created DESC, id LIMIT 1`),
		portal, card.EntityType, card.ID, string(system)))
}

// Docflows lists records, newest first; an empty portal lists all.
func (s *Store) Docflows(ctx context.Context, portal string, limit int) ([]docflow.Record, error) {
	return s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows
		WHERE portal = ? OR ? = '' ORDER BY created DESC, id LIMIT ?`, portal, portal, limit)
}

// CardDocflows lists a card's records, newest first.
func (s *Store) CardDocflows(ctx context.Context, portal string, card docflow.Card, limit int) ([]docflow.Record, error) {
	return s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows
		WHERE portal = ? AND entity_type = ? AND card_id = ? ORDER BY created DESC, id LIMIT ?`, portal, card.EntityType, card.ID, limit)
}

func (s *Store) listDocflows(ctx context.Context, query string, args ...any) ([]docflow.Record, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(query), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []docflow.Record
	for rows.Next() {
		r, err := scanDocflow(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// History reads every state that a docflow went through, oldest first.
func (s *Store) History(ctx context.Context, id docflow.ID) ([]docflow.HistoryEntry, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT state, requirement, cause, token, note, at FROM docflow_history
		WHERE docflow = ? ORDER BY id`), string(id))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []docflow.HistoryEntry
	for rows.Next() {
		var (
			h  docflow.HistoryEntry
			at int64
		)
		if err := rows.Scan(&h.State, &h.Requirement, &h.Cause, &h.Token, &h.Note, &at); err != nil {
			return nil, err
		}
		h.At = fromMS(at)
		out = append(out, h)
	}
	return out, rows.Err()
}

// prepare stores a new record. A second run of the same work finds the record of the first and must not
// make another: request ids are unique, so a repeat is refused here at the latest.
func (t *tx) prepare(p docflow.Prepare) error {
	r := p.Record
	data, err := dataOf(r)
	if err != nil {
		return err
	}
	if r.Body == nil {
		r.Body = []byte{}
	}
	if _, err := t.exec(`INSERT INTO docflows (`+docflowColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(r.ID), r.Portal, r.Card.EntityType, r.Card.ID, string(r.System), r.Kind, r.Connection, r.RequestID, r.Body,
		r.ExternalID, string(r.State), string(r.Requirement), data, ms(r.TriedAt), r.NewsFrom, 1, ms(r.Created), ms(r.Created)); err != nil {
		return err
	}
	if err := t.addHistory(r.ID, docflow.HistoryEntry{State: r.State, Cause: docflow.CausePrepared, Note: strings.Join(p.Doubtful, "\n"), At: r.Created}); err != nil {
		return err
	}
	if err := t.addNumbers(r.Portal, r.ID, requestNumbers(r.Body)); err != nil {
		return err
	}
	if p.Waiter != nil {
		return t.addWaiter(*p.Waiter)
	}
	return nil
}

func (t *tx) tried(w docflow.Tried) error {
	_, err := t.exec(`UPDATE docflows SET tried_at = ?, news_from = ?, version = version + 1
		WHERE id = ? AND tried_at = 0`, ms(w.At), w.NewsFrom, string(w.ID))
	return err
}

func (t *tx) lockDocflow(id docflow.ID) (docflow.Record, error) {
	return scanDocflow(t.row(`SELECT `+docflowColumns+` FROM docflows WHERE id = ?`+t.s.d.forUpdate(), string(id)))
}

// settle applies an update: state, history, effects and the answers of waiting robots, together.
func (t *tx) settle(w docflow.Settle) error {
	rec, err := t.lockDocflow(w.ID)
	if err != nil {
		return err
	}
	u := w.Update
	if w.Seen != 0 && rec.Version != w.Seen && u.State != docflow.Uncertain {
		u.State = "" // something newer is stored already; keep what identifies the docflow
	} else if w.Seen != 0 && rec.Version != w.Seen {
		return nil
	}
	return t.change(rec, u)
}

func (t *tx) change(rec docflow.Record, u docflow.Update) error {
	effects, err := t.move(rec, u)
	if err != nil {
		return err
	}
	return t.enqueue(effects)
}

// move stores what an update changes in a record and its history, and gives the effects of that, which must
// be enqueued in the same transaction.
func (t *tx) move(rec docflow.Record, u docflow.Update) ([]reaction.Effect, error) {
	next, ch := rec.Apply(u)
	if !ch.Stored {
		return nil, nil
	}
	if ch.Changed {
		note := documentsNote(ch)
		if ch.Unexpected {
			note = "unexpected move"
		}
		if next.Refusal != nil {
			note = next.Refusal.Journal()
		}
		if err := t.addHistory(rec.ID, docflow.HistoryEntry{State: next.State, Requirement: next.Requirement,
			Cause: u.Cause, Token: u.Token, Note: note, At: u.At}); err != nil {
			return nil, err
		}
	}
	if err := t.saveDocflow(next); err != nil {
		return nil, err
	}
	if err := t.addNumbers(rec.Portal, rec.ID, newDuties(rec, next)); err != nil {
		return nil, err
	}
	met, waiting, err := t.waitersOf(next, ch)
	if err != nil {
		return nil, err
	}
	effects := t.s.plan(next, ch, met)
	if ch.Moved() {
		effects = append(effects, reaction.Progress(next, waiting)...)
	}
	return effects, nil
}

func (t *tx) saveDocflow(r docflow.Record) error {
	data, err := dataOf(r)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE docflows SET external_id = ?, state = ?, requirement = ?, data = ?, version = version + 1,
		changed = ? WHERE id = ?`, r.ExternalID, string(r.State), string(r.Requirement), data, ms(t.now), string(r.ID))
	return err
}

func (t *tx) signed(w docflow.Signed) error {
	rec, err := t.lockDocflow(w.ID)
	if err != nil {
		return err
	}
	for i, s := range rec.Statements {
		if s.FileID == w.FileID && s.PersonID == w.PersonID && s.SignedAt.IsZero() {
			rec.Statements[i].SignedAt = w.At
		}
	}
	return t.saveDocflow(rec)
}

func (t *tx) addHistory(id docflow.ID, h docflow.HistoryEntry) error {
	if h.State == "" { // of what came from outside the first state is the service's
		return nil
	}
	_, err := t.exec(`INSERT INTO docflow_history (docflow, state, requirement, cause, token, note, at, job)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, string(id), string(h.State), string(h.Requirement), h.Cause, h.Token, h.Note, ms(h.At), t.job)
	return err
}

// advance applies a page of news and moves the cursor, or nothing of it. The effects of the whole page are
// stored together: a card that many items are about is flushed once.
func (t *tx) advance(a feed.Advance) error {
	n, err := t.exec(`UPDATE connections SET cursor = ?, cursor_at = ?, state = '', note = ''
		WHERE portal = ? AND name = ? AND cursor = ?`, a.Cursor, ms(a.At), a.Portal, a.Connection, a.From)
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("the position in the news moved meanwhile")
	}
	var effects []reaction.Effect
	for _, item := range a.Items {
		rec, err := t.docflowOf(a.Portal, item)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if rec.ExternalID != "" && rec.ExternalID != item.ExternalID && item.Update.MovedTo == "" {
			continue // a second filing with our request id is not this docflow
		}
		item.Update.ExternalID = item.ExternalID
		made, err := t.move(rec, item.Update)
		if err != nil {
			return err
		}
		effects = append(effects, made...)
	}
	if _, err := t.insertRows(a.Rows); err != nil {
		return err
	}
	return t.enqueue(effects)
}

// docflowOf finds the portal's docflow that an item is about: by its request, else by the service's id. Each is
// a look into an index of its own; asked for at once, an embedded database looks through all of the portal's.
func (t *tx) docflowOf(portal string, item feed.Item) (docflow.Record, error) {
	if item.Docflow != "" {
		return t.lockDocflow(item.Docflow)
	}
	if item.RequestID != "" { // the events of Диадок carry none
		rec, err := scanDocflow(t.row(`SELECT `+docflowColumns+` FROM docflows WHERE request_id = ? AND portal = ?`+t.s.d.forUpdate(),
			item.RequestID, portal))
		if item.ExternalID == "" || !errors.Is(err, ErrNotFound) {
			return rec, err
		}
	}
	return scanDocflow(t.row(`SELECT `+docflowColumns+` FROM docflows WHERE portal = ? AND external_id = ? LIMIT 1`+t.s.d.forUpdate(),
		portal, item.ExternalID))
}

// Messages lists a portal's records that go by these ids at their service.
func (s *Store) Messages(ctx context.Context, portal string, externalIDs []string) ([]docflow.Record, error) {
	if len(externalIDs) == 0 {
		return nil, nil
	}
	args := []any{portal}
	for _, id := range externalIDs {
		args = append(args, id)
	}
	return s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows
		WHERE portal = ? AND external_id IN (`+marks(len(externalIDs))+`) ORDER BY created, id`, args...)
}

// OpenDocflows lists the records of a connection that are not final, for the safety net that reads
// them one by one now and then.
func (s *Store) OpenDocflows(ctx context.Context, portal, connection string, untouchedSince time.Time, limit int) ([]docflow.Record, error) {
	return s.listDocflows(ctx, `SELECT `+docflowColumns+` FROM docflows
		WHERE portal = ? AND connection = ? AND external_id <> '' AND state NOT IN ('completed', 'error') AND changed < ?
		ORDER BY changed LIMIT ?`, portal, connection, ms(untouchedSince), limit)
}
