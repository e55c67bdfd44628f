package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
)

// EffectsKind is the kind of the rows that flush a card's effects; their part is the card's own, apart
// from its requests, so that a request in backoff does not hold back what the card must show.
const EffectsKind = "effects"

// EffectsPart names the part in which a card's effects are applied in order.
func EffectsPart(c docflow.Card) string { return "fx/" + c.String() }

// enqueue stores effects and, once per card, the row that applies them.
func (t *tx) enqueue(effects []reaction.Effect) error {
	type target struct {
		portal string
		card   docflow.Card
	}
	flush := map[target]bool{}
	var order []target
	effects, err := t.runActions(effects)
	if err != nil {
		return err
	}
	if err := t.insertEffects(effects); err != nil {
		return err
	}
	for _, e := range effects {
		if err := t.answered(e); err != nil {
			return err
		}
		if at := (target{e.Portal, e.Card}); !flush[at] {
			flush[at] = true
			order = append(order, at)
		}
	}
	rows := make([]lane.NewRow, 0, len(order))
	for _, at := range order {
		body, err := json.Marshal(at.card)
		if err != nil {
			return err
		}
		rows = append(rows, lane.NewRow{Lane: at.portal, Part: EffectsPart(at.card), Kind: EffectsKind, Body: body})
	}
	_, err = t.insertRows(rows)
	return err
}

// runActions makes work of the effects that run an action, and gives the others.
func (t *tx) runActions(effects []reaction.Effect) ([]reaction.Effect, error) {
	var others []reaction.Effect
	var rows []lane.NewRow
	for _, e := range effects {
		if e.Kind != reaction.RunAction {
			others = append(others, e)
			continue
		}
		var p reaction.ActionParams
		if err := json.Unmarshal(e.Params, &p); err != nil {
			return nil, err
		}
		row, err := inbox.ActionRow(e.Portal, e.Card, p.Code, p.Properties)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return others, nil
	}
	_, err := t.insertRows(rows)
	return others, err
}

// insertEffects stores effects in their order.
func (t *tx) insertEffects(effects []reaction.Effect) error {
	if t.s.d.postgres {
		return t.insertManyEffects(effects)
	}
	for _, e := range effects {
		if _, err := t.exec(`INSERT INTO effects (portal, entity_type, card_id, docflow, kind, params, created)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, e.Portal, e.Card.EntityType, e.Card.ID, string(e.Docflow), string(e.Kind),
			string(e.Params), ms(t.now)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) insertManyEffects(effects []reaction.Effect) error {
	n := len(effects)
	if n == 0 {
		return nil
	}
	portals, types, cards := make([]string, n), make([]int64, n), make([]int64, n)
	docflows, kinds, params := make([]string, n), make([]string, n), make([]string, n)
	for i, e := range effects {
		portals[i], types[i], cards[i] = e.Portal, int64(e.Card.EntityType), e.Card.ID
		docflows[i], kinds[i], params[i] = string(e.Docflow), string(e.Kind), string(e.Params)
	}
	_, err := t.exec(`INSERT INTO effects (portal, entity_type, card_id, docflow, kind, params, created)
		SELECT portal, entity_type, card_id, docflow, kind, params, ?::bigint FROM
		unnest(?::text[], ?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[])
		WITH ORDINALITY AS e (portal, entity_type, card_id, docflow, kind, params, n) ORDER BY n`,
		ms(t.now), portals, types, cards, docflows, kinds, params)
	return err
}

func (t *tx) ended(w reaction.Ended) error {
	state := 1
	if w.Failed {
		state = 2
	}
	_, err := t.exec(`UPDATE effects SET state = ?, note = ?, finished = ?, job = ? WHERE id = ? AND state = 0`,
		state, w.Note, ms(t.now), t.job, w.ID)
	return err
}

// dueEffects is prepared once: an embedded database takes longer to read the query than to run it.
func (s *Store) dueEffects(ctx context.Context) (*sql.Stmt, error) {
	if ready := s.due.Load(); ready != nil {
		return ready, nil
	}
	fresh, err := s.read.PrepareContext(ctx, s.d.sql(`SELECT id, docflow, kind, params, mark, created FROM effects
		WHERE portal = ? AND entity_type = ? AND card_id = ? AND state = 0 ORDER BY id`))
	if err != nil {
		return nil, err
	}
	if !s.due.CompareAndSwap(nil, fresh) {
		_ = fresh.Close()
	}
	return s.due.Load(), nil
}

// WaitingEffects reads a card's effects that are not applied yet, in order.
func (s *Store) WaitingEffects(ctx context.Context, portal string, card docflow.Card) ([]reaction.Effect, error) {
	query, err := s.dueEffects(ctx)
	if err != nil {
		return nil, down(err)
	}
	rows, err := query.QueryContext(ctx, portal, card.EntityType, card.ID)
	if err != nil {
		return nil, down(err)
	}
	defer func() { _ = rows.Close() }()
	var out []reaction.Effect
	for rows.Next() {
		var (
			e       = reaction.Effect{Portal: portal, Card: card}
			params  []byte
			created int64
		)
		if err := rows.Scan(&e.ID, &e.Docflow, &e.Kind, &params, &e.Mark, &created); err != nil {
			return nil, err
		}
		e.Params, e.Created = params, fromMS(created)
		out = append(out, e)
	}
	return out, rows.Err()
}

// retryEffects puts the failed effects of a card back in line, at their old places.
func (t *tx) retryEffects(portal string, body []byte) error {
	var card docflow.Card
	if err := json.Unmarshal(body, &card); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE effects SET state = 0, note = '', finished = 0
		WHERE portal = ? AND entity_type = ? AND card_id = ? AND state = 2`, portal, card.EntityType, card.ID)
	return err
}
