package lane

import (
	"slices"
	"time"
)

// queue is the unfinished work of one held lane in memory. It is not safe for concurrent use: the
// scheduler's mutex guards it.
type queue struct {
	lease   Lease
	items   map[int64]*item
	parts   map[string]*part
	ready   []*part // parts whose next row may run now, in the order in which they became so
	running int     // rows handed out and not yet finished
	loaded  int64   // highest id read from the table
	more    bool    // the table holds rows above loaded that are not in memory
	loading bool
	missed  bool           // rows were stored while a page was being read: read on after it
	reload  bool           // something changed below loaded while a page was being read
	done    map[int64]bool // finished while a page was being read: it may still hold them
	offered bool           // stands in the scheduler's ring
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
	ready bool // stands in queue.ready
}

func newQueue(lease Lease) *queue {
	return &queue{lease: lease, items: map[int64]*item{}, parts: map[string]*part{}, more: true}
}

// add takes a row in, at its place by id. A row that is already known is left as it is.
func (q *queue) add(row Row, now time.Time) {
	if _, known := q.items[row.ID]; known {
		return
	}
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
		case !row.RunAt.After(now):
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

// settle puts the part into ready when its next row may run; it returns when to look again.
func (q *queue) settle(p *part, now time.Time) (wake time.Time) {
	if p.busy || p.ready {
		return time.Time{}
	}
	it, wake := p.next(now)
	if it != nil {
		p.ready = true
		q.ready = append(q.ready, p)
	}
	return wake
}

// take hands out the next row that may run now.
func (q *queue) take(now time.Time) (Row, bool) {
	for len(q.ready) > 0 {
		p := q.ready[0]
		q.ready[0] = nil
		q.ready = q.ready[1:]
		p.ready = false
		if it, _ := p.next(now); it != nil {
			it.busy, p.busy = true, true
			q.running++
			return it.row, true
		}
	}
	return Row{}, false
}

// finish records a committed outcome and lets the part go on.
func (q *queue) finish(id int64, r Result, tries int, now time.Time) (wake time.Time) {
	it := q.items[id]
	if it == nil {
		return time.Time{}
	}
	q.running--
	p := q.parts[it.row.Part]
	it.busy, p.busy = false, false
	switch r.Verdict {
	case Done, Dead:
		delete(q.items, id)
		if q.loading {
			q.done[id] = true
		}
		p.items = slices.DeleteFunc(p.items, func(i *item) bool { return i == it })
		if len(p.items) == 0 {
			delete(q.parts, p.name)
			return time.Time{}
		}
	default:
		it.row.RunAt, it.row.Tries = r.At, tries
		it.row.Aside = r.Verdict == Aside || r.Verdict == Again
		if r.Key != "" {
			it.row.Key = r.Key
		}
	}
	return q.settle(p, now)
}

// giveBack returns a row unfinished and unchanged: its run was cut by a shutdown.
func (q *queue) giveBack(id int64, now time.Time) {
	if it := q.items[id]; it != nil {
		q.running--
		p := q.parts[it.row.Part]
		it.busy, p.busy = false, false
		q.settle(p, now)
	}
}

// due is the moment of the earliest unfinished row; ok is false while there is anything to do now.
func (q *queue) due(now time.Time) (at time.Time, ok bool) {
	if q.running > 0 || len(q.ready) > 0 || q.more || q.loading {
		return time.Time{}, false
	}
	for _, it := range q.items {
		if !it.row.RunAt.After(now) && !it.row.Aside {
			continue // ready by time but behind another row of its part
		}
		if at.IsZero() || it.row.RunAt.Before(at) {
			at = it.row.RunAt
		}
	}
	return at, true
}

// pending reports whether a row like this one waits unstarted: what it will read is newer than
// whatever a repeat could tell, so the repeat need not be stored.
func (q *queue) pending(like NewRow) bool {
	p := q.parts[like.Part]
	if p == nil {
		return false
	}
	for _, it := range p.items {
		if !it.busy && it.row.Kind == like.Kind && it.row.Code == like.Code && it.row.Tries == 0 && !it.row.Aside {
			return true
		}
	}
	return false
}
