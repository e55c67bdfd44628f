package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
)

const cardColumns = `entity_type, id, category, stage, fields, moved, updated, history, looked, seen, own, gone, version`

func scanCard(id portal.ID, row scanner) (portal.Card, error) {
	c := portal.Card{Portal: id}
	var (
		fields, own                  string
		moved, updated, looked, seen int64
		gone                         int
	)
	err := row.Scan(&c.Card.EntityType, &c.Card.ID, &c.Category, &c.Stage, &fields, &moved, &updated, &c.History, &looked, &seen,
		&own, &gone, &c.Version)
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, err
	}
	c.Moved, c.Updated, c.Looked, c.Seen, c.Gone = fromMS(moved), fromMS(updated), fromMS(looked), fromMS(seen), gone == 1
	if c.Fields, err = parseFields(fields); err != nil {
		return c, err
	}
	c.Own, err = parseOwn(own)
	return c, err
}

func parseOwn(text string) (own []portal.Own, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &own)
	}
	return own, err
}

func formatOwn(own []portal.Own) (string, error) {
	if len(own) == 0 {
		return "", nil
	}
	b, err := json.Marshal(own)
	return string(b), err
}

// Card reads what the bridge last saw of a card; ErrNotFound when it never did.
func (s *Store) Card(ctx context.Context, id portal.ID, entityType int, item int64) (portal.Card, error) {
	return scanCard(id, s.read.QueryRowContext(ctx, s.d.sql(`SELECT `+cardColumns+` FROM cards
		WHERE portal = ? AND entity_type = ? AND id = ?`), string(id), entityType, item))
}

// maxCards bounds one reading of many cards; the portal's pages are not larger.
const maxCards = 50

// Cards reads what was seen of up to 50 cards of a type; those that never were are left out.
func (s *Store) Cards(ctx context.Context, id portal.ID, entityType int, items []int64) (map[int64]portal.Card, error) {
	if len(items) > maxCards {
		return nil, fmt.Errorf("%d cards at once, %d may be read", len(items), maxCards)
	}
	args := []any{string(id), entityType}
	for i := range maxCards { // always as many: one query text
		item := int64(0)
		if i < len(items) {
			item = items[i]
		}
		args = append(args, item)
	}
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT `+cardColumns+` FROM cards
		WHERE portal = ? AND entity_type = ? AND id IN (`+marks(maxCards)+`)`), args...)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[int64]portal.Card{}
	for rows.Next() {
		c, err := scanCard(id, rows)
		if err != nil {
			return nil, err
		}
		all[c.Card.ID] = c
	}
	return all, rows.Err()
}

// WaitingEvents lists the unfinished events of a card, the one that is being worked among them.
func (s *Store) WaitingEvents(ctx context.Context, lane, part string) ([]inbox.Waiting, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT id, code FROM inbox
		WHERE lane = ? AND part = ? AND state = 0 AND kind = 'event' ORDER BY id LIMIT 10000`), lane, part)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []inbox.Waiting
	for rows.Next() {
		var w inbox.Waiting
		if err := rows.Scan(&w.ID, &w.Code); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// errOwnWrite refuses what a look found: the bridge wrote to the card meanwhile.
var errOwnWrite = errors.New("the bridge itself wrote to the card during the look")

func (t *tx) cardSeen(w portal.CardSeen) error {
	c := w.Card
	c.Own = slices.DeleteFunc(slices.Clone(c.Own), func(o portal.Own) bool { return slices.Contains(w.Met, o.Effect) })
	fields, err := formatFields(c.Fields)
	if err != nil {
		return err
	}
	own, err := formatOwn(c.Own)
	if err != nil {
		return err
	}
	n, err := t.exec(`INSERT INTO cards (portal, entity_type, id, category, stage, fields, moved, updated, history, looked, seen, own, gone, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (portal, entity_type, id) DO UPDATE SET category = excluded.category,
		stage = excluded.stage, fields = excluded.fields, moved = excluded.moved, updated = excluded.updated, history = excluded.history,
		looked = excluded.looked, seen = excluded.seen, own = excluded.own, gone = 0 WHERE cards.version = excluded.version`,
		string(c.Portal), c.Card.EntityType, c.Card.ID, c.Category, c.Stage, fields, ms(c.Moved), ms(c.Updated), c.History, ms(c.Looked),
		ms(c.Seen), own, c.Version)
	if err == nil && n == 0 {
		return errOwnWrite
	}
	if err != nil {
		return err
	}
	return t.cover(c.Portal, w.Row, w.Covers)
}

// covered are rows of a lane that another row's outcome has ended.
type covered struct {
	lane string
	ids  []int64
}

// cover ends events that a look has answered with its own.
func (t *tx) cover(lane portal.ID, row int64, ids []int64) error {
	if len(ids) > 0 {
		t.covers = append(t.covers, covered{string(lane), ids})
	}
	for _, id := range ids {
		if _, err := t.exec(`UPDATE inbox SET state = 1, note = ?, finished = ? WHERE id = ? AND state = 0`,
			fmt.Sprintf("seen together with job %d", row), ms(t.now), id); err != nil {
			return err
		}
	}
	return nil
}

// retell tells the scheduler once more what a look may have ended when its first commit was not answered.
// It must not take such rows for waiting ones, and reads those again that still are.
func (t *tx) retell(writes []lane.Write) {
	for _, w := range writes {
		var c covered
		switch w := w.(type) {
		case portal.CardSeen:
			c = covered{string(w.Card.Portal), w.Covers}
		case portal.CardGone:
			c = covered{string(w.Portal), w.Covers}
		}
		if len(c.ids) > 0 {
			t.covers, t.reread = append(t.covers, c), append(t.reread, c.lane)
		}
	}
}

// cardGone keeps what was seen of the card and says in the journal why its waiting work will fail. The work
// itself stays: what was filed for the card goes on at the service.
func (t *tx) cardGone(w portal.CardGone) error {
	if _, err := t.exec(`UPDATE cards SET gone = 1 WHERE portal = ? AND entity_type = ? AND id = ?`,
		string(w.Portal), w.Card.EntityType, w.Card.ID); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE inbox SET note = ? WHERE lane = ? AND part IN (?, ?) AND state = 0 AND kind <> 'event'`,
		goneNote, string(w.Portal), w.Card.String(), EffectsPart(w.Card)); err != nil {
		return err
	}
	return t.cover(w.Portal, w.Row, w.Covers)
}

const goneNote = "карточка удалена из CRM / the card was deleted"

// ownBegun remembers an own write before it is sent. A card that was never read gets a row for it that
// counts as never seen.
func (t *tx) ownBegun(w portal.OwnBegun) error {
	return t.changeOwn(w.Portal, w.Card, func(c *portal.Card) {
		c.Own = append(slices.DeleteFunc(c.Own, func(o portal.Own) bool { return o.Effect == w.Own.Effect }), w.Own)
	})
}

func (t *tx) ownEnded(w portal.OwnEnded) error {
	return t.changeOwn(w.Portal, w.Card, func(c *portal.Card) {
		at := slices.IndexFunc(c.Own, func(o portal.Own) bool { return o.Effect == w.Effect })
		switch {
		case at < 0:
		case w.Made && c.Own[at].Stage != "":
			c.Own[at].Made = true
		default:
			c.Own = slices.Delete(c.Own, at, at+1)
		}
		for name := range c.Fields {
			if value, set := w.Values[portal.FieldName(name)]; set && w.Made {
				c.Fields[name] = value
			}
		}
	})
}

// changeOwn changes a card's row under the writer, so that a look which read it before is refused.
func (t *tx) changeOwn(id portal.ID, card docflow.Card, change func(*portal.Card)) error {
	if _, err := t.exec(`INSERT INTO cards (portal, entity_type, id, stage, seen) VALUES (?, ?, ?, '', 0)
		ON CONFLICT (portal, entity_type, id) DO NOTHING`, string(id), card.EntityType, card.ID); err != nil {
		return err
	}
	c, err := scanCard(id, t.row(`SELECT `+cardColumns+` FROM cards WHERE portal = ? AND entity_type = ? AND id = ?`+
		t.s.d.forUpdate(), string(id), card.EntityType, card.ID))
	if err != nil {
		return err
	}
	change(&c)
	fields, err := formatFields(c.Fields)
	if err != nil {
		return err
	}
	own, err := formatOwn(c.Own)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE cards SET fields = ?, own = ?, version = version + 1 WHERE portal = ? AND entity_type = ? AND id = ?`,
		fields, own, string(id), card.EntityType, card.ID)
	return err
}

// SweptTo is the moment of the portal's clock up to which its changes were looked for; zero: never.
func (s *Store) SweptTo(ctx context.Context, id portal.ID) (time.Time, error) {
	var upto int64
	err := s.read.QueryRowContext(ctx, s.d.sql(`SELECT upto FROM sweeps WHERE portal = ?`), string(id)).Scan(&upto)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, down(err)
	}
	return fromMS(upto), nil
}

// swept moves that position, never back.
func (t *tx) swept(w inbox.Swept) error {
	_, err := t.exec(`INSERT INTO sweeps (portal, upto) VALUES (?, ?) ON CONFLICT (portal)
		DO UPDATE SET upto = excluded.upto WHERE sweeps.upto < excluded.upto`, w.Portal, ms(w.UpTo))
	return err
}

// forget deletes a row that is over and that the journal has no use for.
func (t *tx) forget(id int64) error {
	_, err := t.exec(`DELETE FROM inbox WHERE id = ? AND state = 1`, id)
	return err
}
