package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/app/reaction"
)

// DeadlineKind is the kind of the rows that answer a robot before its step gives up; their body is a
// [docflow.Expire].
const DeadlineKind = "robot-deadline"

const waiterColumns = `id, docflow, document, portal, entity_type, card_id, until, action, token, workflow, deadline, answer_by`

func scanWaiter(row scanner) (docflow.Waiter, error) {
	var (
		w                  docflow.Waiter
		deadline, answerBy int64
	)
	err := row.Scan(&w.ID, &w.Docflow, &w.Document, &w.Portal, &w.Card.EntityType, &w.Card.ID, &w.Until, &w.Action, &w.Token, &w.Workflow,
		&deadline, &answerBy)
	w.Deadline, w.AnswerBy = fromMS(deadline), fromMS(answerBy)
	return w, err
}

// addWaiter stores a waiting robot with the row that answers it in time. A step that has given up
// already gets none: nobody listens, and the outcome is told in the card.
func (t *tx) addWaiter(w docflow.Waiter) error {
	if w.Docflow != "" { // what stood for the action until now
		if _, err := t.exec(`DELETE FROM waiters WHERE portal = ? AND token = ? AND docflow = ''`, w.Portal, w.Token); err != nil {
			return err
		}
	}
	if !w.Deadline.IsZero() && !w.Deadline.After(t.now) {
		return nil
	}
	err := t.row(`INSERT INTO waiters (docflow, document, portal, entity_type, card_id, until, action, token, workflow, deadline, answer_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`, string(w.Docflow), w.Document, w.Portal, w.Card.EntityType, w.Card.ID,
		string(w.Until), w.Action, w.Token, w.Workflow, ms(w.Deadline), ms(w.AnswerBy)).Scan(&w.ID)
	if err != nil || w.AnswerBy.IsZero() {
		return err
	}
	body, err := json.Marshal(docflow.Expire{Waiter: w.ID, Docflow: w.Docflow})
	if err != nil {
		return err
	}
	// A part of its own: a row that waits for its time holds what is behind it.
	_, err = t.insertRows([]lane.NewRow{{Lane: w.Portal, Part: "deadline/" + strconv.FormatInt(w.ID, 10), Kind: DeadlineKind,
		Code: w.Action, Body: body, RunAt: w.AnswerBy}})
	return err
}

// await stores a waiting robot, or answers it at once when its docflow is already where it wants it.
func (t *tx) await(w docflow.Await) error {
	if w.Waiter.Docflow == "" {
		return t.awaitAction(w.Waiter)
	}
	rec, err := t.lockDocflow(w.Waiter.Docflow)
	if err != nil {
		return err
	}
	still := docflow.Change{From: rec.State, To: rec.State, RequirementFrom: rec.Requirement, Requirement: rec.Requirement, At: t.now}
	if w.Waiter.Met(rec, still) {
		return t.enqueue(t.s.plan(rec, still, []docflow.Waiter{w.Waiter}))
	}
	if err := t.addWaiter(w.Waiter); err != nil {
		return err
	}
	return t.enqueue(reaction.Progress(rec, []docflow.Waiter{w.Waiter}))
}

// awaitAction stores that a robot's action could not be carried out yet, once.
func (t *tx) awaitAction(w docflow.Waiter) error {
	var known int
	err := t.row(`SELECT 1 FROM waiters WHERE portal = ? AND token = ?`, w.Portal, w.Token).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return t.addWaiter(w)
	}
	return err
}

// answered takes what stood for an action out when its robot is given an answer.
func (t *tx) answered(e reaction.Effect) error {
	var p reaction.ReturnParams
	if e.Kind != reaction.RobotReturn || json.Unmarshal(e.Params, &p) != nil {
		return nil
	}
	_, err := t.exec(`DELETE FROM waiters WHERE portal = ? AND token = ? AND docflow = ''`, e.Portal, p.Token)
	return err
}

// waitersOf splits a docflow's robots into those whose wait the change ended, which are taken out, and
// those that wait on.
func (t *tx) waitersOf(rec docflow.Record, ch docflow.Change) (met, waiting []docflow.Waiter, err error) {
	rows, err := t.query(`SELECT `+waiterColumns+` FROM waiters WHERE docflow = ? ORDER BY id`, string(rec.ID))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		w, err := scanWaiter(rows)
		if err != nil {
			return nil, nil, err
		}
		if w.Met(rec, ch) {
			met = append(met, w)
		} else {
			waiting = append(waiting, w)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, nil, err
	}
	_ = rows.Close()
	for _, w := range met {
		if _, err := t.exec(`DELETE FROM waiters WHERE id = ?`, w.ID); err != nil {
			return nil, nil, err
		}
	}
	return met, waiting, nil
}

// expire answers a robot with what is known now, unless it was answered before.
func (t *tx) expire(e docflow.Expire) error {
	var rec *docflow.Record
	if e.Docflow != "" { // locked first, as by everything that changes it
		found, err := t.lockDocflow(e.Docflow)
		if err != nil {
			return err
		}
		rec = &found
	}
	w, err := scanWaiter(t.row(`DELETE FROM waiters WHERE id = ? RETURNING `+waiterColumns, e.Waiter))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return t.enqueue(reaction.TimedOut(rec, w))
}

// OverdueWaiters takes out the robots whose step has given up, so that their outcome goes to the
// timeline instead of to a workflow that no longer listens. It is the net under the rows of
// [DeadlineKind], which answer before that.
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
