package store

import (
	"context"
	"encoding/json"
	"time"

	"konturbridge/app/docflow"
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
	for _, e := range effects {
		if _, err := t.exec(`INSERT INTO effects (portal, entity_type, card_id, docflow, kind, params, created)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, e.Portal, e.Card.EntityType, e.Card.ID, string(e.Docflow), string(e.Kind),
			string(e.Params), ms(t.now)); err != nil {
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
	_, err := t.insertRows(rows)
	return err
}

func (t *tx) ended(w reaction.Ended) error {
	state := 1
	if w.Failed {
		state = 2
	}
	_, err := t.exec(`UPDATE effects SET state = ?, note = ?, finished = ? WHERE id = ? AND state = 0`,
		state, w.Note, ms(t.now), w.ID)
	return err
}

// WaitingEffects reads a card's effects that are not applied yet, in order.
func (s *Store) WaitingEffects(ctx context.Context, portal string, card docflow.Card) ([]reaction.Effect, error) {
	rows, err := s.read.QueryContext(ctx, s.d.sql(`SELECT id, docflow, kind, params, mark, created FROM effects
		WHERE portal = ? AND entity_type = ? AND card_id = ? AND state = 0 ORDER BY id`), portal, card.EntityType, card.ID)
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

func (t *tx) addWaiter(w docflow.Waiter) error {
	_, err := t.exec(`INSERT INTO waiters (docflow, portal, entity_type, card_id, until, action, token, deadline)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, string(w.Docflow), w.Portal, w.Card.EntityType, w.Card.ID, string(w.Until),
		w.Action, w.Token, ms(w.Deadline))
	return err
}

// await stores a waiting robot, or answers it at once when its docflow is already where it wants it.
func (t *tx) await(w docflow.Await) error {
	rec, err := t.lockDocflow(w.Waiter.Docflow)
	if err != nil {
		return err
	}
	still := docflow.Change{From: rec.State, To: rec.State, RequirementFrom: rec.Requirement, Requirement: rec.Requirement, At: t.now}
	if w.Waiter.Met(rec, still) {
		return t.enqueue(t.s.plan(rec, still, []docflow.Waiter{w.Waiter}))
	}
	return t.addWaiter(w.Waiter)
}

// metWaiters takes out the waiters whose wait the change ended.
func (t *tx) metWaiters(rec docflow.Record, ch docflow.Change) ([]docflow.Waiter, error) {
	rows, err := t.query(`SELECT id, portal, entity_type, card_id, until, action, token, deadline FROM waiters
		WHERE docflow = ? ORDER BY id`, string(rec.ID))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var met []docflow.Waiter
	for rows.Next() {
		var (
			w        = docflow.Waiter{Docflow: rec.ID}
			deadline int64
		)
		if err := rows.Scan(&w.ID, &w.Portal, &w.Card.EntityType, &w.Card.ID, &w.Until, &w.Action, &w.Token, &deadline); err != nil {
			return nil, err
		}
		w.Deadline = fromMS(deadline)
		if w.Met(rec, ch) {
			met = append(met, w)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	_ = rows.Close()
	for _, w := range met {
		if _, err := t.exec(`DELETE FROM waiters WHERE id = ?`, w.ID); err != nil {
			return nil, err
		}
	}
	return met, nil
}

// OverdueWaiters takes out the robots whose step has given up, so that their outcome goes to the
// timeline instead of to a workflow that no longer listens.
func (s *Store) OverdueWaiters(ctx context.Context, now time.Time) (int64, error) {
	var n int64
	err := s.w.do(ctx, func(t *tx) (err error) {
		n, err = t.exec(`DELETE FROM waiters WHERE deadline > 0 AND deadline < ?`, ms(now))
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
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
