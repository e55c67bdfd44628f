package store

import (
	"database/sql"
	"errors"
	"slices"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/reaction"
)

// undone is a row of an action that will not run any more unless a person retries it.
type undone struct {
	id         int64
	lane       string
	kind, code string
	body       []byte
	reason     string
	canceled   bool
}

// isAction reports whether rows of a kind run an action of the catalogue.
func isAction(kind string) bool {
	return slices.Contains([]string{inbox.KindRobot, inbox.KindHook, inbox.KindAction, inbox.KindPage}, kind)
}

// tell shows in the card that an action was given up, and lets a workflow that waits for it go on with an
// error, in the transaction that gives it up.
func (t *tx) tell(u undone) error {
	call, err := inbox.ReadCall(u.body)
	if !isAction(u.kind) || err != nil || call.Card.ID == 0 {
		return nil //nolint:nilerr // nobody can be told: the row has its reason in the journal
	}
	var state string
	err = t.row(`SELECT state FROM portals WHERE id = ?`, u.lane).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) || state == "removed" {
		return nil
	}
	if err != nil {
		return err
	}
	told := reaction.Undone{Portal: u.lane, Card: call.Card, Action: t.s.title(u.code), Job: u.id, Reason: u.reason,
		Canceled: u.canceled, Token: call.EventToken, Workflow: call.WorkflowID}
	if err := t.called(inbox.Called{Portal: u.lane, Workflow: call.WorkflowID, Code: u.code}); err != nil {
		return err
	}
	if len(call.EventToken) > 0 {
		if told.Docflow, err = t.release(u.lane, call.EventToken); err != nil {
			return err
		}
	}
	return t.enqueue(reaction.Unfinished(told))
}

// release takes a robot out that waits, and gives the docflow that it waited for, if there is one yet.
func (t *tx) release(portal string, token []byte) (*docflow.Record, error) {
	w, err := scanWaiter(t.row(`DELETE FROM waiters WHERE portal = ? AND token = ? RETURNING `+waiterColumns, portal, token))
	if errors.Is(err, sql.ErrNoRows) || err == nil && w.Docflow == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := t.lockDocflow(w.Docflow)
	return &rec, err
}
