package lane

import (
	"context"
	"math"
	"slices"
	"time"
)

// queue is the unfinished work of one held lane in memory. It is not safe for concurrent use: the
// scheduler's mutex guards it.
type queue struct {
	lease   Lease
	ctx     context.Context // of the lane's runs: ends when the lease is lost
	cancel  context.CancelCauseFunc
	later   func(q *queue, part string, at time.Time) // asks to settle the part again at that time
	items   map[int64]*item
	parts   map[string]*part
	ready   []*part            // parts whose next row may run now, in the order in which they became so
	working tally              // rows handed out and not yet finished, but for the parked ones
	parked  tally              // rows handed out that wait outside and need no worker, see [Park]
	held    map[string][]*part // parts like those in ready, but the kind of their next row has no room
	live    int                // rows of parts that are ready or running: what keeps the workers busy, or waits parked
	loaded  int64              // highest id that was read or pushed
	more    bool               // the table holds rows above loaded that are not in memory, or may: a page is being read
	loading bool
	missed  int64          // lowest id that was stored here while a page was being read: read on from it
	reload  bool           // rows changed elsewhere while a page was being read: read all again
	touched map[int64]bool // changed here while a page was being read: the page may be older
	offered bool           // stands in the scheduler's ring
	leaving bool           // its release is being committed: nothing is started or taken in
	idle    time.Time      // since when there has been nothing to do now
}

type item struct {
	row  Row
	busy bool // running, or its outcome is being committed
}

type part struct {
	name  string
	items []*item // in id order
	busy  bool
	ready bool      // stands in queue.ready or queue.held
	alarm time.Time // when later was asked for
	live  int       // what it adds to queue.live
}

func newQueue(lease Lease, later func(*queue, string, time.Time)) *queue {
	return &queue{lease: lease, later: later, items: map[int64]*item{}, parts: map[string]*part{}, more: true,
		held: map[string][]*part{}, ctx: context.Background(), cancel: func(error) {}}
}

// add takes a row in, at its place by id. A row that is already known is left as it is.
func (q *queue) add(row Row, now time.Time) {
	if _, known := q.items[row.ID]; known {
		return
	}
	q.touch(row.ID)
	row.Lease = q.lease
	it := &item{row: row}
	q.items[row.ID] = it
	p := q.parts[row.Part]
	if p == nil {
		p = &part{name: row.Part}
		q.parts[row.Part] = p
	}
	at := len(p.items)
	for at > 0 && p.items[at-1].row.ID > row.ID {
		at--
	}
	p.items = slices.Insert(p.items, at, it)
	q.loaded = max(q.loaded, row.ID)
	q.settle(p, now)
}

// touch remembers that the row changed here, so that a page whose reading began earlier does not undo it.
func (q *queue) touch(id int64) {
	if q.touched != nil {
		q.touched[id] = true
	}
}

// refresh takes in a page of the table: all of its unfinished rows above after, up to its last one when
// the page is full. Rows that another process changed or ended in that range are brought in line.
func (q *queue) refresh(rows []Row, after int64, full bool, touched map[int64]bool, now time.Time) {
	upto := int64(math.MaxInt64)
	if full {
		upto = rows[len(rows)-1].ID
	}
	if after < q.loaded {
		q.dropMissing(rows, after, upto, touched, now)
	}
	for _, row := range rows {
		q.loaded = max(q.loaded, row.ID)
		if touched[row.ID] {
			continue
		}
		it := q.items[row.ID]
		if it == nil {
			q.add(row, now)
			continue
		}
		if !it.busy {
			it.row.RunAt, it.row.Aside, it.row.Tries, it.row.Key = row.RunAt, row.Aside, row.Tries, row.Key
			q.settle(q.parts[row.Part], now)
		}
	}
}

// dropMissing forgets the waiting rows of a range that are no longer unfinished in the table.
func (q *queue) dropMissing(rows []Row, after, upto int64, touched map[int64]bool, now time.Time) {
	present := make(map[int64]bool, len(rows))
	for _, row := range rows {
		present[row.ID] = true
	}
	for id, it := range q.items {
		if id > after && id <= upto && !it.busy && !present[id] && !touched[id] {
			q.remove(it)
			if p := q.parts[it.row.Part]; p != nil {
				q.settle(p, now)
			}
		}
	}
}

func (q *queue) remove(it *item) {
	delete(q.items, it.row.ID)
	p := q.parts[it.row.Part]
	p.items = slices.DeleteFunc(p.items, func(i *item) bool { return i == it })
	q.count(p)
	if len(p.items) == 0 {
		delete(q.parts, p.name)
	}
}

// next gives the row of p that may run now, or else the moment at which that may change (zero: never
// by time alone).
func (p *part) next(now time.Time) (*item, time.Time) {
	var (
		wake    time.Time
		blocked []string
	)
	sooner := func(at time.Time) {
		if wake.IsZero() || at.Before(wake) {
			wake = at
		}
	}
	for _, it := range p.items {
		row := &it.row
		held := row.Key != "" && slices.Contains(blocked, row.Key)
		switch {
		case it.busy:
			return nil, time.Time{}
		case held:
			continue // a row about the same docflow waits before this one
		case row.due(now):
			return it, time.Time{}
		case row.Aside:
			sooner(row.RunAt)
			if row.Key != "" {
				blocked = append(blocked, row.Key)
			}
		default: // backing off or not due yet: it holds the part
			sooner(row.RunAt)
			return nil, wake
		}
	}
	return nil, wake
}

// settle puts the part into ready when its next row may run, or asks to be called again when it may.
func (q *queue) settle(p *part, now time.Time) {
	if !p.busy && !p.ready {
		it, wake := p.next(now)
		switch {
		case it != nil:
			p.ready = true
			q.ready = append(q.ready, p)
		case !wake.IsZero() && (p.alarm.IsZero() || wake.Before(p.alarm)):
			p.alarm = wake
			q.later(q, p.name, wake)
		}
	}
	q.count(p)
}

// count keeps queue.live in step with the part.
func (q *queue) count(p *part) {
	live := 0
	if p.busy || p.ready {
		live = len(p.items)
	}
	q.live += live - p.live
	p.live = live
}

// ring is called at the time that later was asked for.
func (q *queue) ring(name string, at, now time.Time) {
	p := q.parts[name]
	if p == nil {
		return
	}
	if !p.alarm.After(at) {
		p.alarm = time.Time{}
	}
	q.settle(p, now)
}

// take hands out the next row that may run now.
func (q *queue) take(now time.Time) (Row, bool) {
	for len(q.ready) > 0 {
		p := q.ready[0]
		q.ready[0] = nil
		q.ready = q.ready[1:]
		it, _ := p.next(now)
		if it != nil && !q.room(it.row.Kind) {
			q.held[it.row.Kind] = append(q.held[it.row.Kind], p)
			continue
		}
		p.ready = false
		if it != nil {
			it.busy, p.busy = true, true
			q.working.add(it.row.Kind, 1)
			q.count(p)
			return it.row, true
		}
		q.settle(p, now) // its rows changed, or the clock went back
		q.unhold()       // what it was to run makes room
	}
	return Row{}, false
}

// room reports whether one more row of a kind may run: now, and when it must then wait as others do.
func (q *queue) room(kind string) bool { return q.working.room(kind) && q.parked.room(kind) }

// park counts a running row as one that needs no worker; unpark takes it back.
func (q *queue) park(kind string) {
	q.working.add(kind, -1)
	q.parked.add(kind, 1)
	q.unhold()
}

func (q *queue) unpark(kind string) {
	q.parked.add(kind, -1)
	q.working.add(kind, 1)
}

// waiting counts the parts whose kind has no room.
func (q *queue) waiting() (parts int) {
	for _, held := range q.held {
		parts += len(held)
	}
	return parts
}

// unhold makes one part of every kind that has room ready again: a row that ended leaves room for one.
func (q *queue) unhold() {
	for kind, parts := range q.held {
		if !q.room(kind) {
			continue
		}
		q.ready = append(q.ready, parts[0])
		parts[0] = nil
		if q.held[kind] = parts[1:]; len(parts) == 1 {
			delete(q.held, kind)
		}
	}
}

// running counts the rows handed out and not yet finished.
func (q *queue) running() int { return q.working.all + q.parked.all }

// vacate takes a row back from its worker.
func (q *queue) vacate(it *item) {
	q.working.add(it.row.Kind, -1)
	it.busy, q.parts[it.row.Part].busy = false, false
	q.unhold()
}

// finish records a committed outcome and lets the part go on.
func (q *queue) finish(id int64, r Result, tries int, now time.Time) {
	it := q.items[id]
	if it == nil {
		return
	}
	q.vacate(it)
	q.touch(id)
	p := q.parts[it.row.Part]
	switch r.Verdict {
	case Done, Dead:
		q.remove(it)
	default:
		it.row.RunAt, it.row.Tries = r.At, tries
		it.row.Aside = r.Verdict == Aside || r.Verdict == Again
		if r.Key != "" {
			it.row.Key = r.Key
		}
	}
	q.settle(p, now)
}

// ended forgets rows that were ended by the outcome of another one of their part.
func (q *queue) ended(ids []int64, now time.Time) {
	for _, id := range ids {
		q.touch(id)
		it := q.items[id]
		if it == nil || it.busy {
			continue
		}
		q.remove(it)
		if p := q.parts[it.row.Part]; p != nil {
			q.settle(p, now)
		}
	}
}

// giveBack returns a row unfinished and unchanged: its run was cut by a shutdown.
func (q *queue) giveBack(id int64, now time.Time) {
	if it := q.items[id]; it != nil {
		q.vacate(it)
		q.settle(q.parts[it.row.Part], now)
	}
}

// due is the earliest moment at which a row may run; ok is false while there is anything to do now, be it
// that a part's time has come and nobody has been told yet.
func (q *queue) due(now time.Time) (at time.Time, ok bool) {
	if q.running() > 0 || len(q.ready) > 0 || q.more || q.loading {
		return time.Time{}, false
	}
	for _, p := range q.parts {
		it, wake := p.next(now)
		if it != nil {
			return time.Time{}, false
		}
		if at.IsZero() || wake.Before(at) {
			at = wake
		}
	}
	return at, true
}

// sum is the Sum of a [Rest].
func (q *queue) sum() int64 {
	var sum int64
	for _, it := range q.items {
		sum += RestFactor + it.row.RunAt.UnixMilli()%RestFactor
	}
	return sum
}

// pending reports whether a row like this one waits and does not run: what it will read is newer than
// whatever a repeat could tell, so the repeat need not be stored. One that has failed counts not: it may
// never read.
func (q *queue) pending(like NewRow) bool {
	p := q.parts[like.Part]
	if p == nil || slices.ContainsFunc(p.items, func(it *item) bool { return it.busy && it.row.Kind == like.Kind }) {
		return false // what runs may have read already, and end the others that it read for
	}
	for _, it := range p.items {
		if it.row.Kind == like.Kind && it.row.Code == like.Code && it.row.Tries == 0 {
			return true
		}
	}
	return false
}
