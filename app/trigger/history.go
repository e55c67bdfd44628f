package trigger

import (
	"slices"
	"time"

	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// sight compares a card with what was last seen of it. It decides which stages were entered in between,
// and does no I/O.
type sight struct {
	before portal.Card
	known  bool      // before was seen while such cards were watched
	born   bool      // an event tells that the card was created
	since  time.Time // such cards are watched since then

	now   portal.Card          // as the card says of itself
	still bool                 // it can have entered nothing since
	rows  []bitrix.StageChange // its history behind before.History, oldest first
	have  bool                 // the portal keeps such a history
}

// entry is a stage that was entered.
type entry struct {
	stage    string
	category int64
}

// stays reports whether the card stands where it was seen and has not moved since. Its own time of the last
// move tells: in whole seconds, so a look within that very second may have come before another move.
func (s *sight) stays() bool {
	b := s.before
	looked := b.Looked
	if looked.IsZero() {
		looked = b.Seen
	}
	return s.known && !b.Gone && len(b.Own) == 0 && b.Stage == s.now.Stage && b.Category == s.now.Category &&
		!b.Moved.IsZero() && b.Moved.Equal(s.now.Moved) && !looked.Before(b.Moved.Add(time.Second))
}

// longAgo reports whether a card that nobody has seen yet came to its stage before such cards were watched:
// an old card that is merely edited runs nothing.
func (s *sight) longAgo() bool {
	return !s.known && !s.born && len(s.before.Own) == 0 && !s.now.Moved.IsZero() && s.now.Moved.Before(s.portalSince())
}

// clockOff is by how much the portal's clock must differ from ours to be taken for wrong. Below it the
// difference is the way of the request.
const clockOff = 5 * time.Second

// portalSince is since by the portal's clock.
func (s *sight) portalSince() time.Time {
	if off := s.now.Looked.Sub(s.now.Seen); !s.now.Looked.IsZero() && off.Abs() > clockOff {
		return s.since.Add(off - clockOff)
	}
	return s.since
}

// bornBefore is how long before that moment a card may have been created whose creation is told now: the
// event was on its way, or the clocks differ.
const bornBefore = 5 * time.Minute

// from is the moment from which the moves of a card that was never seen count.
func (s *sight) from() time.Time {
	if s.born {
		return s.portalSince().Add(-bornBefore)
	}
	return s.portalSince()
}

// settle gives the stages that others than the bridge entered since the card was last seen, in their order,
// what is to be remembered of the card, and the bridge's own moves that were met among them.
func (s *sight) settle() (entered []entry, after portal.Card, met []int64) {
	after = s.now
	switch {
	case s.still:
		after.History = s.before.History
		return nil, after, nil
	case !s.have:
		entered = s.compared()
		entered, met = s.withoutOwn(entered, true)
	default:
		fresh := s.fresh()
		for _, row := range fresh {
			entered = append(entered, entry{row.StageID, s.categoryOf(row)})
		}
		after.History = max(s.before.History, last(s.rows))
		late := s.late(fresh)
		if late {
			entered = append(entered, s.compared()...)
			after.History = 0
		} else if n := len(fresh); n > 0 && fresh[n-1].StageID != s.now.Stage { // it moved on during the look
			after.Stage, after.Category, after.Moved = fresh[n-1].StageID, s.categoryOf(fresh[n-1]), time.Time{}
		}
		entered, met = s.withoutOwn(entered, !late)
	}
	if s.before.Gone { // it was restored: what ran for it once must not run again
		entered = nil
	}
	return entered, after, met
}

// compared is what can be told without a history: a card that was seen has entered the stage that it stands
// on now, if that is another one; one that never was, when it was created or came there since such cards
// are watched.
func (s *sight) compared() []entry {
	changed := s.before.Stage != s.now.Stage
	if !s.known {
		changed = s.born && s.now.Moved.IsZero() || !s.now.Moved.IsZero() && !s.now.Moved.Before(s.from())
	}
	if !changed {
		return nil
	}
	return []entry{{s.now.Stage, s.now.Category}}
}

// fresh is the part of the history that no look has taken in.
func (s *sight) fresh() []bitrix.StageChange {
	switch {
	case !s.known:
		from := s.from()
		at := slices.IndexFunc(s.rows, func(r bitrix.StageChange) bool { return !r.Created.Before(from) })
		if at < 0 {
			return nil
		}
		return s.rows[at:]
	case s.before.History != 0:
		return s.rows
	}
	return s.rows[s.settled():]
}

// settled is how much of the history lies before the last look, where its last row is not known: all up to
// the one by which the card came to the stage on which it was seen.
func (s *sight) settled() int {
	looked := s.before.Looked
	if looked.IsZero() {
		looked = s.before.Seen
	}
	n := 0
	for i, r := range s.rows {
		if r.Created.Before(looked.Add(-clockOff)) || r.StageID == s.before.Stage && !r.Created.After(looked.Add(time.Second)) {
			n = i + 1
		}
	}
	return n
}

// late reports whether the history lacks the very move that the card itself tells of. Then comparing counts
// for it, and the last row is not known.
func (s *sight) late(fresh []bitrix.StageChange) bool {
	on := func(r bitrix.StageChange) bool { return r.StageID == s.now.Stage }
	if !s.known {
		return !slices.ContainsFunc(s.rows, on)
	}
	return s.before.Stage != s.now.Stage && !slices.ContainsFunc(fresh, on)
}

// withoutOwn leaves out one entry for each of the bridge's own moves. A move that was made and left no trace
// is done with, unless the history may be late.
func (s *sight) withoutOwn(entered []entry, complete bool) (others []entry, met []int64) {
	for _, o := range s.before.Own {
		if o.Stage == "" {
			continue
		}
		at := slices.IndexFunc(entered, func(e entry) bool { return e.stage == o.Stage })
		if at >= 0 {
			entered = slices.Delete(entered, at, at+1)
		}
		if at >= 0 || o.Made && complete {
			met = append(met, o.Effect)
		}
	}
	return entered, met
}

// categoryOf is the funnel of a move; not every type's history tells it.
func (s *sight) categoryOf(r bitrix.StageChange) int64 {
	if r.StageID == s.now.Stage {
		return s.now.Category
	}
	return int64(r.CategoryID)
}

func last(rows []bitrix.StageChange) int64 {
	if len(rows) == 0 {
		return 0
	}
	return int64(rows[len(rows)-1].ID)
}
