package lane

import "context"

// slot is the place of a running row among those that are counted as working or as parked.
type slot struct {
	s     *Scheduler
	q     *queue
	kind  string
	job   int64
	waits int  // under way: calls of one row may wait side by side
	over  bool // the run has ended
}

type slotKey struct{}

// Job is the id of the row that runs under ctx; 0 when none does.
func Job(ctx context.Context) int64 {
	if sl, _ := ctx.Value(slotKey{}).(*slot); sl != nil {
		return sl.job
	}
	return 0
}

// Park tells the scheduler that the row which ctx belongs to waits for something outside, such as its
// portal's budget of requests, and needs no worker meanwhile: another row runs in its place. The row still
// holds its part. resume ends the wait, at once and as often as it is called; the row then works on even
// when all workers are busy, so that what was begun ends before anything new is started.
//
// ok is false when too many rows wait already: then the row should fail with the class Wait and be set
// aside. In a ctx that belongs to no row there is nothing to tell, and ok is true.
func Park(ctx context.Context) (resume func(), ok bool) {
	sl, _ := ctx.Value(slotKey{}).(*slot)
	if sl == nil {
		return func() {}, true
	}
	s := sl.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl.waits == 0 && !sl.over {
		if s.parked >= s.cfg.Parked {
			return nil, false
		}
		s.park(sl)
	}
	sl.waits++
	ended := false
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ended {
			return
		}
		ended = true
		if sl.waits--; sl.waits == 0 && !sl.over {
			s.unpark(sl)
		}
	}, true
}

// park frees the row's worker: its goroutine stays with the row, another one takes its place. The caller
// holds mu.
func (s *Scheduler) park(sl *slot) {
	s.parked++
	sl.q.park(sl.kind)
	if !s.stopped && s.loops-s.parked < s.cfg.Workers {
		s.spawn()
	}
	s.offer(sl.q)
	s.refill(sl.q)
}

// unpark is called with mu held. Workers that are now too many end when they are done with their rows.
func (s *Scheduler) unpark(sl *slot) {
	s.parked--
	sl.q.unpark(sl.kind)
}

// leave ends the counting of a run, whatever still waits in its name.
func (s *Scheduler) leave(sl *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl.over = true; sl.waits > 0 {
		s.unpark(sl)
	}
}

// spawn starts one more worker. The caller holds mu.
func (s *Scheduler) spawn() {
	s.loops++
	s.workers.Go(s.workLoop)
}

// surplus reports whether there are more workers than there should be, apart from those that stay with
// parked rows, and counts the asking one out. The caller holds mu.
func (s *Scheduler) surplus() bool {
	if s.loops-s.parked <= s.cfg.Workers {
		return false
	}
	s.loops--
	s.cond.Signal() // it may have been woken for a row
	return true
}
