package inbox

import (
	"context"
	"encoding/json"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
	"konturbridge/bitrix"
)

// Settle is how long a card's event waits for others of the same card: people and robots change a card
// several times in a row, and each event also comes through the offline queue. All of them are answered by
// one reading. Robots, webhooks and actions pass a waiting event. A second is also the precision of the
// offline queue's times, so that a record which comes later is known to be older than the reading.
const Settle = time.Second

// Sweep is the code of the rows that look at a card which changed while nobody told.
const Sweep = "SWEEP"

// KindSweep is the kind of a row that looks for such cards in a whole portal.
const KindSweep = "sweep"

// SweepRow makes that row; why is for the journal.
func SweepRow(portal, why string) lane.NewRow {
	return lane.NewRow{Lane: portal, Part: KindSweep, Kind: KindSweep, Code: why}
}

// Look stores a row that looks at a card, unless one that waits will do.
type Look struct{ Row lane.NewRow }

// Waiting is an unfinished event of a card.
type Waiting struct {
	ID   int64
	Code string // the event's name
}

// Swept remembers that everything that changed before UpTo, by the portal's clock, has been looked at.
type Swept struct {
	Portal string
	UpTo   time.Time
}

// Forget deletes a row that is done and that the journal has no use for.
type Forget struct{ Row int64 }

// LaneWrite marks the write.
func (Look) LaneWrite() {}

// LaneWrite marks the write.
func (Swept) LaneWrite() {}

// LaneWrite marks the write.
func (Forget) LaneWrite() {}

// EventRow makes the row of an event, to be looked at after settle.
func EventRow(portal string, h Happened, now time.Time, settle time.Duration) (lane.NewRow, error) {
	body, err := json.Marshal(h)
	if err != nil {
		return lane.NewRow{}, err
	}
	return lane.NewRow{Lane: portal, Part: h.Card.String(), Kind: KindEvent, Code: h.Event, Body: body, RunAt: now.Add(settle), Aside: true}, nil
}

// HappenedTo reads what an event says about a card; ok is false for events that are about none.
func HappenedTo(name string, s bitrix.Subject, at time.Time) (h Happened, ok bool) {
	card := docflow.Card{EntityType: int(s.EntityTypeID), ID: int64(s.ObjectID)}
	return Happened{Event: name, Card: card, Category: int64(s.CategoryID), Stage: s.StageID, At: at}, card.EntityType > 0 && card.ID > 0
}

// Event stores an event of a card. Events carry ids only and the card is read when the row is worked,
// so while one waits unstarted, later ones of the same kind need not be stored. Nothing else tells a
// repeat: the time that an event carries is in whole seconds, and two changes within one are two. A
// repeated delivery costs one more reading of the card and runs nothing, since a stage is entered once.
func (in *Inbox) Event(ctx context.Context, portal string, e bitrix.Event) (duplicate bool, err error) {
	h, ok := HappenedTo(e.Name, e.Subject, e.TS)
	if !ok {
		return false, ErrNotACard
	}
	row, err := EventRow(portal, h, in.now(), in.settle)
	if err != nil {
		return false, err
	}
	return in.store.AcceptItem(ctx, Item{Row: row, Coalesce: true})
}

// The kinds of the rows that read a portal's offline event queue: one for ever, in a part of the same name,
// and one more for each notice that the queue has rows.
const (
	KindOffline = "offline"
	KindNotice  = "notice"
)

// Notice stores that a portal's offline queue has rows: it is read at once, by a row of its own. A notice
// that comes while the queue is being read may tell of what that reading does not see.
func (in *Inbox) Notice(ctx context.Context, portal string) error {
	row := lane.NewRow{Lane: portal, Part: KindOffline, Kind: KindNotice}
	_, err := in.store.AcceptItem(ctx, Item{Row: row, Coalesce: true})
	return err
}
