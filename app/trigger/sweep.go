package trigger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// SweepStore is what a sweep reads and writes.
type SweepStore interface {
	Cards(ctx context.Context, id portal.ID, entityType int, items []int64) (map[int64]portal.Card, error)
	// SweptTo is the moment of the portal's clock up to which its changes were looked for; zero: never.
	SweptTo(ctx context.Context, id portal.ID) (time.Time, error)
	Write(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
}

// SweepDeps of the worker.
type SweepDeps struct {
	Store   SweepStore
	Portals Portals
	Bitrix  func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Now     func() time.Time
}

// Sweeper looks for cards that changed and that no event told of: the offline queue may have been cleared,
// a binding deleted by hand, a record lost on a plan without confirmation. It asks the portal for the cards
// of every watched kind that changed since its last sweep, and has those looked at that nobody has looked at
// since. Whatever the queue does, nothing is missed for longer than the pause between two sweeps.
type Sweeper struct{ SweepDeps }

// NewSweeper returns a Sweeper.
func NewSweeper(d SweepDeps) *Sweeper { return &Sweeper{d} }

// begin is the moment from which changes of a kind of card are looked for: the last sweep, or the second
// after such cards came to be watched. What changes within that very second is left to its event, for it may
// have come before.
func begin(since, swept time.Time) time.Time {
	if reach := swept.Add(-overlap); reach.After(since) {
		return reach
	}
	return since.Truncate(time.Second).Add(time.Second)
}

// overlap is how far a sweep reaches back behind the last one: a change is stored a little after its own time.
const overlap = time.Minute

// Work implements lane.Worker.
func (s *Sweeper) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	id := portal.ID(row.Lane)
	set, err := s.Portals.Settings(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	kinds := kindsOf(set.Triggers)
	if len(kinds) == 0 {
		return lane.Result{Writes: []lane.Write{inbox.Forget{Row: row.ID}}}, nil // no trigger watches anything
	}
	b24, err := s.Bitrix(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	now, err := b24.ServerTime(ctx)
	if err != nil {
		return lane.Result{}, err
	}
	from, err := s.Store.SweptTo(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	off := now.Sub(s.Now())    // the portal's clock may be wrong, and its cards' times with it
	if off.Abs() <= clockOff { // it tells whole seconds
		off = 0
	}
	note := ""
	for _, kind := range kinds {
		changed, looks, err := s.sweep(ctx, b24, row, kind, begin(s.Portals.Since(id, kind).Add(off), from))
		switch {
		case err != nil && upstream.ClassOf(err) != upstream.Refused:
			return lane.Result{}, err
		case err != nil: // a smart process that was deleted must not keep the others from being swept
			note += fmt.Sprintf("%s: %v; ", kind.Key(), err)
		default:
			note += fmt.Sprintf("%s: %d changed, %d to look at; ", kind.Key(), changed, looks)
		}
	}
	return lane.Result{Note: note, Writes: []lane.Write{inbox.Swept{Portal: row.Lane, UpTo: now}}}, nil
}

// kindsOf lists the kinds of cards that triggers watch, each as a card without a number.
func kindsOf(triggers []settings.Trigger) []docflow.Card {
	var kinds []docflow.Card
	for _, t := range triggers {
		kind := docflow.Card{EntityType: t.EntityTypeID}
		switch t.Entity {
		case settings.Lead:
			kind.EntityType = int(bitrix.EntityLead)
		case settings.Deal:
			kind.EntityType = int(bitrix.EntityDeal)
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// sweep goes through the cards of one kind that changed, page by page; what a page causes is stored before
// the next one is read.
func (s *Sweeper) sweep(ctx context.Context, b24 *bitrix.Client, row lane.Row, kind docflow.Card, from time.Time) (changed, looks int, err error) {
	var page []bitrix.Item
	flush := func() error {
		n, err := s.page(ctx, row, kind, page)
		changed, looks, page = changed+len(page), looks+n, page[:0]
		return err
	}
	scan := bitrix.ItemsOptions{Kind: bitrix.EntityTypeID(kind.EntityType), Select: []string{"id", "stageId", "movedTime", "updatedTime"},
		Filter: map[string]any{">=updatedTime": from.Format(time.RFC3339)}}
	for item, err := range b24.Items(ctx, scan) {
		if err != nil {
			return changed, looks, err
		}
		if page = append(page, item); len(page) == maxTogether {
			if err := flush(); err != nil {
				return changed, looks, err
			}
		}
	}
	return changed, looks, flush()
}

// page has the cards of a page looked at that changed since they were seen.
func (s *Sweeper) page(ctx context.Context, row lane.Row, kind docflow.Card, page []bitrix.Item) (looks int, err error) {
	if len(page) == 0 {
		return 0, nil
	}
	ids := make([]int64, 0, len(page))
	for _, item := range page {
		ids = append(ids, int64(item.ID()))
	}
	seen, err := s.Store.Cards(ctx, portal.ID(row.Lane), kind.EntityType, ids)
	if err != nil {
		return 0, err
	}
	var writes []lane.Write
	for _, item := range page {
		card := docflow.Card{EntityType: kind.EntityType, ID: int64(item.ID())}
		if c, ok := seen[card.ID]; ok && upToDate(c, item) {
			continue
		}
		look, err := inbox.EventRow(row.Lane, inbox.Happened{Event: inbox.Sweep, Card: card, At: s.Now()}, s.Now(), 0)
		if err != nil {
			return 0, err
		}
		writes = append(writes, inbox.Look{Row: look})
	}
	if len(writes) == 0 {
		return 0, nil
	}
	return len(writes), s.Store.Write(ctx, row.Lease, writes...)
}

// upToDate reports whether the card was looked at after its last change. Its time is in whole seconds: a
// look within that second may have come before another change.
func upToDate(seen portal.Card, item bitrix.Item) bool {
	updated := item.Time("updatedTime")
	return !updated.IsZero() && seen.Updated.Equal(updated) && !seen.Gone && seen.Stage == item.String("stageId") &&
		!seen.Looked.Before(updated.Add(time.Second))
}
