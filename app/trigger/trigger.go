package trigger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/mapping"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
)

// Store is what the trigger reads.
type Store interface {
	Card(ctx context.Context, id portal.ID, entityType int, item int64) (portal.Card, error)
	// WaitingEvents lists the unfinished events of a card.
	WaitingEvents(ctx context.Context, lane, part string) ([]inbox.Waiting, error)
}

// Portals gives what a portal's administrator has set.
type Portals interface {
	Settings(ctx context.Context, id portal.ID) (settings.Settings, error)
	// Since is the moment from which entered stages of such cards run actions.
	Since(id portal.ID, card docflow.Card) time.Time
}

// Cards reads a card in the form that expressions see.
type Cards interface {
	Read(ctx context.Context, id portal.ID, card docflow.Card, reads []string) (mapping.Card, error)
}

// Deps of the worker.
type Deps struct {
	Store    Store
	Portals  Portals
	Cards    Cards
	Bitrix   func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Now      func() time.Time
	NotFound error  // what Store returns for a card that was never seen
	Kind     string // of the rows that run actions
	// Rest is the least time between two looks at a card: one that robots change for seconds on end is read
	// now and then, and its history tells what it went through. Zero: none.
	Rest time.Duration
	// Linger is how long a request of a look waits for those of other cards' looks. They come in waves: the
	// outcomes of one, stored together, make room for the next.
	Linger time.Duration
	// Refused shows in the card what keeps an action from being started.
	Refused func(portal string, card docflow.Card, action string, refusal *docflow.Refusal) lane.Write
}

// Worker works the rows of events.
type Worker struct {
	Deps
	reader *reader
}

// New returns a Worker.
func New(d Deps) *Worker { return &Worker{d, newReader(d.Now, d.Linger)} }

// How long a look waits for the answer to one of the bridge's own writes to the card, and how often it asks.
// One that is under way for longer had its answer lost, and its next try is far: the look takes it for made.
const (
	ownPause    = time.Second
	ownPatience = 5 * time.Minute
)

// Work implements lane.Worker: it looks at the card that an event is about. The row may run twice; a look
// begins from what is stored.
func (w *Worker) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	h, err := inbox.ReadHappened(row.Body)
	if err != nil {
		return lane.Result{}, err
	}
	id := portal.ID(row.Lane)
	set, err := w.Portals.Settings(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	watching := about(set.Triggers, h.Card)
	if len(watching) == 0 {
		return lane.Result{Note: "no trigger watches such cards"}, nil
	}
	look := &look{Worker: w, ctx: ctx, id: id, row: row, card: h.Card, watching: watching, born: isCreation(h.Event)}
	return look.work()
}

// look is one look at a card.
type look struct {
	*Worker
	ctx      context.Context
	id       portal.ID
	row      lane.Row
	card     docflow.Card
	watching []settings.Trigger

	b24    *bitrix.Client
	covers []int64 // events that waited when the look began
	born   bool    // one of them tells that the card was created
	sight  sight
}

func (l *look) work() (lane.Result, error) {
	if err := l.before(); err != nil {
		return lane.Result{}, err
	}
	now := l.Now()
	if rested := l.sight.before.Seen.Add(l.Rest); now.Before(rested) && rested.Sub(now) <= l.Rest {
		return lane.Result{Verdict: lane.Aside, At: rested, Note: "the card was read a moment ago"}, nil
	}
	if slices.ContainsFunc(l.sight.before.Own, func(o portal.Own) bool { return !o.Made && now.Sub(o.At) < ownPatience }) {
		return lane.Result{Verdict: lane.Aside, At: now.Add(ownPause), Note: "the bridge itself is writing to the card"}, nil
	}
	var err error
	if l.b24, err = l.Bitrix(l.ctx, l.id); err != nil {
		return lane.Result{}, err
	}
	item, at, err := l.reader.item(l.ctx, l.b24, l.id, l.card)
	if err != nil {
		return lane.Result{}, err
	}
	if item == nil {
		return lane.Result{Note: "the card is gone", Writes: []lane.Write{
			portal.CardGone{Portal: l.id, Card: l.card, Row: l.row.ID, Covers: l.covers}}}, nil
	}
	l.sight.now = l.seenNow(item, at, now)
	if err := l.history(); err != nil {
		return lane.Result{}, err
	}
	return l.outcome()
}

// before reads what is known: the card as it was last seen, and the events that this look will answer. Both
// come first: what happens from here on makes an event of its own, or refuses the look's outcome.
func (l *look) before() error {
	waiting, err := l.Store.WaitingEvents(l.ctx, l.row.Lane, l.row.Part)
	if err != nil {
		return err
	}
	for _, e := range waiting {
		if e.ID != l.row.ID {
			l.covers = append(l.covers, e.ID)
			l.born = l.born || isCreation(e.Code)
		}
	}
	before, err := l.Store.Card(l.ctx, l.id, l.card.EntityType, l.card.ID)
	if err != nil && !errors.Is(err, l.NotFound) {
		return err
	}
	before.Portal, before.Card = l.id, l.card
	since := l.Portals.Since(l.id, l.card).Truncate(time.Second) // histories are in whole seconds
	if since.IsZero() {
		since = l.Now()
	}
	// What was seen before anybody watched such cards says nothing about what happened since.
	l.sight = sight{before: before, known: !before.Seen.IsZero() && !before.Seen.Before(since), born: l.born, since: since}
	return nil
}

// seenNow is what is remembered of a card: its stage and the fields that triggers watch.
func (l *look) seenNow(item bitrix.Item, at, now time.Time) portal.Card {
	c := portal.Card{Portal: l.id, Card: l.card, Category: item.Int("categoryId"), Stage: item.String("stageId"), Fields: map[string]string{},
		Moved: item.Time("movedTime"), Updated: item.Time("updatedTime"), Looked: at, Seen: now, Own: l.sight.before.Own, Version: l.sight.before.Version}
	for _, t := range l.watching {
		if t.Field != "" {
			c.Fields[t.Field] = portal.FieldText(item, t.Field)
		}
	}
	return c
}

// history reads the card's stage history where the card can have entered a stage since it was last seen.
func (l *look) history() error {
	if !slices.ContainsFunc(l.watching, func(t settings.Trigger) bool { return t.Stage != "" }) {
		l.sight.still = l.sight.stays()
		return nil
	}
	if l.sight.still = l.sight.stays() || l.sight.longAgo(); l.sight.still {
		return nil
	}
	var err error
	l.sight.rows, l.sight.have, err = l.reader.history(l.ctx, l.b24, l.id, l.card, l.sight.before.History)
	return err
}

// outcome starts the actions of what fires and stores what was seen.
func (l *look) outcome() (lane.Result, error) {
	entered, after, met := l.sight.settle()
	var firing []settings.Trigger
	for _, e := range entered {
		for _, t := range l.watching {
			if t.Stage == e.stage && t.Stage != "" && inFunnel(t, e.category) {
				firing = append(firing, t)
			}
		}
	}
	for _, t := range l.watching {
		if t.Field != "" && inFunnel(t, after.Category) && l.changed(t.Field) {
			firing = append(firing, t)
		}
	}
	rows, err := l.start(l.ctx, l.id, l.card, firing)
	if err != nil {
		return lane.Result{}, err
	}
	note := ""
	for _, t := range firing {
		note += "started " + t.Action + "; "
	}
	seen := portal.CardSeen{Card: after, Met: met, Row: l.row.ID, Covers: l.covers}
	return lane.Result{Note: note, Writes: append([]lane.Write{seen}, rows...)}, nil
}

// changed reports whether somebody else changed a watched field since the last look.
func (l *look) changed(name string) bool {
	was, watched := l.sight.before.Fields[name]
	if !l.sight.known || l.sight.before.Gone || !watched || was == l.sight.now.Fields[name] {
		return false
	}
	return !slices.ContainsFunc(l.sight.before.Own, func(o portal.Own) bool {
		return slices.ContainsFunc(o.Fields, func(own string) bool { return portal.FieldName(own) == portal.FieldName(name) })
	})
}

func inFunnel(t settings.Trigger, category int64) bool {
	return t.Category == nil || int64(*t.Category) == category
}

// about keeps the triggers for cards of this kind.
func about(all []settings.Trigger, card docflow.Card) []settings.Trigger {
	var own []settings.Trigger
	for _, t := range all {
		if string(t.Entity) == card.Entity() && (t.Entity != settings.Item || t.EntityTypeID == card.EntityType) {
			own = append(own, t)
		}
	}
	return own
}

// Watched tells whether triggers watch cards of this kind, and which of their fields.
func Watched(all []settings.Trigger, card docflow.Card) (any bool, fields []string) {
	for _, t := range about(all, card) {
		any = true
		if t.Field != "" && !slices.Contains(fields, t.Field) {
			fields = append(fields, t.Field)
		}
	}
	return any, fields
}

func isCreation(event string) bool {
	return event == "ONCRMDEALADD" || event == "ONCRMLEADADD" || strings.HasPrefix(event, "ONCRMDYNAMICITEMADD")
}
