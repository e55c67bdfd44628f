package lane

import (
	"context"
	"errors"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

// ErrStoreDown is wrapped by every error of a database that cannot be reached or refuses to commit.
var ErrStoreDown = errors.New("the database is not available")

// retryable gives a store's refusal the class of a passing fault.
type retryable struct{ error }

func (r retryable) UpstreamClass() upstream.Class { return upstream.Retry }
func (r retryable) RetryAt() time.Time            { return time.Time{} }
func (r retryable) MaybeDone() bool               { return false }

// leaseLoop claims lanes with due work, keeps the held ones and gives idle ones back.
func (s *Scheduler) leaseLoop(ctx context.Context) {
	renew := time.NewTicker(s.cfg.Renew)
	sweep := time.NewTicker(s.cfg.Sweep)
	defer renew.Stop()
	defer sweep.Stop()
	s.claimDue(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.claim:
			s.claimDue(ctx)
		case <-sweep.C:
			s.claimDue(ctx)
			s.releaseIdle()
		case <-renew.C:
			s.renew(ctx)
		}
	}
}

// claimDue leases what is due and reads the first page of each lane.
func (s *Scheduler) claimDue(ctx context.Context) {
	for {
		s.mu.Lock()
		room := min(100, s.cfg.Lanes-len(s.queues))
		s.mu.Unlock()
		if room <= 0 {
			return
		}
		leases, err := s.store.Claim(ctx, s.cfg.Node, s.cfg.Lease, room)
		if err != nil {
			if ctx.Err() == nil {
				s.cfg.Log.Warn("lanes cannot be claimed", "error", err)
			}
			return
		}
		s.mu.Lock()
		for _, lease := range leases {
			q := newQueue(lease)
			s.queues[lease.Lane] = q
			s.load(q, 0)
		}
		s.mu.Unlock()
		if len(leases) < room {
			return
		}
	}
}

// load reads unfinished rows of q with an id above after, beside everything else. The caller holds mu.
func (s *Scheduler) load(q *queue, after int64) {
	if q.loading {
		q.reload = q.reload || after == 0
		return
	}
	q.loading = true
	q.done = map[int64]bool{}
	s.loads.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Lease)
		defer cancel()
		rows, err := s.store.Load(ctx, q.lease.Lane, after, s.cfg.Page)
		now := s.cfg.Now()
		s.mu.Lock()
		defer s.mu.Unlock()
		q.loading = false
		finished := q.done
		q.done = nil
		if s.queues[q.lease.Lane] != q || s.stopped {
			return
		}
		if err != nil {
			s.cfg.Log.Warn("rows cannot be read", "error", err)
			q.more = true
			time.AfterFunc(time.Second, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.queues[q.lease.Lane] == q && !s.stopped {
					s.load(q, after)
				}
			})
			return
		}
		s.take(q, rows, finished, now)
		s.more(q, rows, after)
		if q.missed {
			q.missed, q.more = false, true
		}
		if q.reload {
			q.reload = false
			s.load(q, 0)
		} else if q.more && len(q.items) < s.cfg.Page/2 {
			s.load(q, q.loaded)
		}
	})
}

// more decides whether the table holds rows that memory does not. The caller holds mu.
func (s *Scheduler) more(q *queue, rows []Row, after int64) {
	full := len(rows) == s.cfg.Page
	switch {
	case full && rows[len(rows)-1].ID >= q.loaded:
		q.more = true
	case !full && (after == 0 || q.more):
		q.more = false
	}
}

// take adds read rows that were not finished while they were read. The caller holds mu.
func (s *Scheduler) take(q *queue, rows []Row, finished map[int64]bool, now time.Time) {
	wakes := map[string]bool{}
	for _, row := range rows {
		if !finished[row.ID] {
			q.add(row, now)
			wakes[row.Part] = true
		}
	}
	for name := range wakes {
		s.wakeFor(q, name, now)
	}
	s.offer(q)
}

// renew prolongs the leases; a lane that was lost is dropped, its running rows can write nothing.
func (s *Scheduler) renew(ctx context.Context) {
	s.mu.Lock()
	held := make([]Lease, 0, len(s.queues))
	for _, q := range s.queues {
		held = append(held, q.lease)
	}
	s.mu.Unlock()
	if len(held) == 0 {
		return
	}
	lost, err := s.store.Renew(ctx, s.cfg.Node, s.cfg.Lease, held)
	if err != nil {
		if ctx.Err() == nil {
			s.cfg.Log.Warn("leases cannot be renewed", "error", err)
		}
		return
	}
	for _, lease := range lost {
		s.forget(lease)
	}
}

// releaseIdle gives back lanes that have had nothing to do for a while, so that ten thousand idle
// portals cost neither memory nor renewals.
func (s *Scheduler) releaseIdle() {
	now := s.cfg.Now()
	s.mu.Lock()
	var idle []*queue
	for _, q := range s.queues {
		due, ok := q.due(now)
		soon := !due.IsZero() && due.Before(now.Add(s.cfg.Idle))
		switch {
		case !ok || soon:
			q.idle = time.Time{}
		case q.idle.IsZero():
			q.idle = now
		case now.Sub(q.idle) >= s.cfg.Idle:
			idle = append(idle, q)
		}
	}
	s.mu.Unlock()
	for _, q := range idle {
		s.release(q, nil)
	}
}

// release asks once more at the moment of writing: a row stored since then keeps the lane held.
func (s *Scheduler) release(q *queue, told func(error)) {
	s.store.Release(q.lease, func() (time.Time, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.holding(q.lease) == nil {
			return time.Time{}, false
		}
		due, ok := q.due(s.cfg.Now())
		if s.stopped && !ok {
			due, ok = s.cfg.Now(), true // unfinished work is due at once for whoever comes next
		}
		if ok {
			delete(s.queues, q.lease.Lane)
		}
		return due, ok
	}, func(err error) {
		if told != nil {
			told(err)
		}
	})
}

// releaseAll gives every lane back at shutdown; what cannot be written runs out with its lease.
func (s *Scheduler) releaseAll() {
	s.mu.Lock()
	all := make([]*queue, 0, len(s.queues))
	for _, q := range s.queues {
		all = append(all, q)
	}
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, q := range all {
		wg.Add(1)
		s.release(q, func(error) { wg.Done() })
	}
	wg.Wait()
}
