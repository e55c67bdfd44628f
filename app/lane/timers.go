package lane

import (
	"container/heap"
	"context"
	"time"
)

// timer is a moment at which a part must be looked at again.
type timer struct {
	at   time.Time
	q    *queue
	part string
}

type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = timer{}
	*t = old[:len(old)-1]
	return last
}

// fewTimers are not worth a look for stale ones.
const fewTimers = 1024

// setTimer is called with mu held. Timers of lanes that were given back stay until their time, unless
// they become many.
func (s *Scheduler) setTimer(q *queue, part string, at time.Time) {
	if len(s.timers) >= max(s.crowded, fewTimers) {
		s.timers = s.liveTimers()
		heap.Init(&s.timers)
		s.crowded = 2 * len(s.timers)
	}
	heap.Push(&s.timers, timer{at, q, part})
	if s.timers[0].at.Equal(at) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// liveTimers leaves those that still mean something: the lane is held, and the part has not been given
// an earlier one since.
func (s *Scheduler) liveTimers() timers {
	live := make(timers, 0, len(s.timers))
	for _, t := range s.timers {
		if s.queues[t.q.lease.Lane] != t.q {
			continue
		}
		if p := t.q.parts[t.part]; p != nil && p.alarm.Equal(t.at) {
			live = append(live, t)
		}
	}
	return live
}

// timerLoop looks at parts when their time has come. It never sleeps longer than a second, so a clock
// that jumps forward is noticed.
func (s *Scheduler) timerLoop(ctx context.Context) {
	for {
		pause := s.fire()
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-time.After(pause):
		}
	}
}

// fire rings what is due and returns how long to sleep.
func (s *Scheduler) fire() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for len(s.timers) > 0 && !s.timers[0].at.After(now) {
		t := heap.Pop(&s.timers).(timer)
		if s.queues[t.q.lease.Lane] == t.q {
			t.q.ring(t.part, t.at, now)
			s.offer(t.q)
		}
	}
	if len(s.timers) == 0 {
		return time.Second
	}
	return min(time.Second, s.timers[0].at.Sub(now))
}
