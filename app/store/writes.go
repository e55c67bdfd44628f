package store

import (
	"errors"
	"fmt"

	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/watchdog"
)

// apply commits changes in order. Every type that any package hands to the scheduler as a write is
// listed here; an unknown one is a bug and refuses the whole outcome.
func (t *tx) apply(writes []lane.Write) error {
	for _, w := range writes {
		if err := t.applyOne(w); err != nil {
			return fmt.Errorf("%T: %w", w, err)
		}
	}
	return nil
}

func (t *tx) applyOne(w lane.Write) error {
	switch w := w.(type) {
	case lane.NewRow:
		_, err := t.insertRows([]lane.NewRow{w})
		return err
	case lane.Begun:
		_, err := t.exec(`UPDATE inbox SET doc = ? WHERE id = ? AND state = 0`, w.Mark, w.Row)
		return err
	case inbox.Called:
		return t.called(w)
	case watchdog.Learned:
		return t.learn(w)
	case watchdog.Found:
		return t.suspect(w)
	case watchdog.Gone:
		return t.gone(w.Portal)
	case watchdog.Ended:
		_, err := t.exec(`DELETE FROM stuck_workflows WHERE portal = ? AND workflow = ?`, string(w.Portal), w.Workflow)
		return err
	case docflow.Prepare:
		return t.prepare(w)
	case docflow.Tried:
		return t.tried(w)
	case docflow.Untried:
		_, err := t.exec(`UPDATE docflows SET tried_at = 0, version = version + 1 WHERE id = ? AND external_id = ''`, string(w.ID))
		return err
	case docflow.Settle:
		return t.settle(w)
	case docflow.Signed:
		return t.signed(w)
	case docflow.Sign:
		return t.sign(w)
	case docflow.Await:
		return t.await(w)
	case docflow.Expire:
		return t.expire(w)
	case reaction.Enqueue:
		return t.enqueue(w.Effects)
	case reaction.Begun:
		_, err := t.exec(`UPDATE effects SET mark = ? WHERE id = ?`, w.Mark, w.ID)
		return err
	case reaction.Ended:
		return t.ended(w)
	case feed.Advance:
		return t.advance(w)
	case portal.CardSeen:
		return t.cardSeen(w)
	case portal.CardGone:
		return t.cardGone(w)
	case portal.OwnBegun:
		return t.ownBegun(w)
	case portal.OwnEnded:
		return t.ownEnded(w)
	case inbox.Look:
		return t.look(w.Row)
	case inbox.Swept:
		return t.swept(w)
	case inbox.Forget:
		return t.forget(w.Row)
	default:
		return errors.New("the store does not know this write")
	}
}
