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
			if old := s.queues[lease.Lane]; old != nil { // it was lost before this node noticed
				s.drop(old, ErrLeaseLost)
			}
			q := newQueue(lease, s.setTimer)
			q.working.limit, q.parked.limit = s.cfg.PerLane, max(1, s.cfg.Parked/4)
			q.ctx, q.cancel = context.WithCancelCause(s.runs)
			s.queues[lease.Lane] = q
			s.load(q, 0)
		}
		s.mu.Unlock()
		if len(leases) < room {
			return
		}
	}
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
		if q.leaving {
			continue
		}
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
		s.release(q, func() {})
	}
}

// release asks once more at the moment of writing: a row stored since then keeps the lane held. Until
// the commit the lane counts as given back, so that rows stored behind it wake the claim; when the
// commit fails, the lane is still held, and rows may have passed it by.
func (s *Scheduler) release(q *queue, told func()) {
	s.store.Release(q.lease, func() (Rest, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.holding(q.lease) != q {
			return Rest{}, false
		}
		due, ok := q.due(s.cfg.Now())
		if s.stopped {
			due, ok = time.Unix(0, 0), true // at once: whoever comes next looks for itself
		}
		q.leaving = ok
		return Rest{Due: due, Sum: q.sum()}, ok
	}, func(err error) {
		s.released(q, err)
		told()
	})
}

func (s *Scheduler) released(q *queue, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.holding(q.lease) != q || !q.leaving:
	case err == nil || errors.Is(err, ErrLeaseLost):
		s.drop(q, nil)
	default:
		q.leaving, q.idle = false, time.Time{}
		s.load(q, 0)
		s.offer(q)
	}
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
		s.release(q, wg.Done)
	}
	wg.Wait()
}
