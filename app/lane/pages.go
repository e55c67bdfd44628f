package lane

import (
	"context"
	"time"
)

// load reads unfinished rows of q with an id above after, beside everything else. Until they are taken in
// no row stored by this process is: it would pass those that another one stored before it. The caller
// holds mu.
func (s *Scheduler) load(q *queue, after int64) {
	if q.loading {
		q.reload = q.reload || after == 0
		return
	}
	if s.stopped {
		return
	}
	q.loading, q.more = true, true
	q.touched = map[int64]bool{}
	s.loads.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Lease)
		defer cancel()
		rows, err := s.store.Load(ctx, q.lease.Lane, after, s.cfg.Page)
		s.mu.Lock()
		defer s.mu.Unlock()
		touched := q.touched
		q.touched = nil
		if err != nil && !s.stopped { // it is still being read: nothing else may be read or taken in before
			s.cfg.Log.Warn("rows cannot be read", "error", err)
			time.AfterFunc(time.Second, func() { s.loadAgain(q, after) })
			return
		}
		q.loading = false
		if s.queues[q.lease.Lane] != q || s.stopped {
			return
		}
		s.loaded(q, rows, after, touched)
	})
}

func (s *Scheduler) loadAgain(q *queue, after int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.loading = false
	if s.queues[q.lease.Lane] == q {
		s.load(q, after)
	}
}

// loaded takes a page in and reads on: to the end of what was known when everything is read again, and
// above it while the workers have little to do. The caller holds mu.
func (s *Scheduler) loaded(q *queue, rows []Row, after int64, touched map[int64]bool) {
	full := len(rows) == s.cfg.Page
	q.refresh(rows, after, full, touched, s.cfg.Now())
	s.offer(q)
	if full && rows[len(rows)-1].ID < q.loaded {
		s.load(q, rows[len(rows)-1].ID)
		return
	}
	missed := q.missed
	q.more, q.missed = full || missed > 0, 0
	if missed > 0 && missed <= q.loaded { // ids of two nodes are not always committed in their order
		s.load(q, missed-1)
	}
	s.refill(q)
	if q.reload && !q.loading { // a stream of changes must not keep the later pages from being read
		q.reload = false
		s.load(q, 0)
	}
}

// heldPages is how many pages of rows whose kind has no room may pile up in memory.
const heldPages = 16

// refill reads the next page when there is one and the workers have little to do. Rows that wait for
// their time, are parked or find no room for their kind do not count, the last up to a limit: they must
// not hold back those behind them. The caller holds mu.
func (s *Scheduler) refill(q *queue) {
	if q.more && q.live-q.parked.all-min(q.waiting(), heldPages*s.cfg.Page) < s.cfg.Page/2 {
		s.load(q, q.loaded)
	}
}
