package bitrix

import (
	"context"
	"slices"
	"time"
)

// add puts a call into its group. The caller holds mu.
func (l *line) add(c *call, first bool) {
	l.count++
	i := slices.IndexFunc(l.groups, func(g *group) bool { return g.name == c.group })
	if i < 0 {
		i = len(l.groups)
		l.groups = append(l.groups, &group{name: c.group})
	}
	g := l.groups[i]
	if first {
		g.calls = slices.Insert(g.calls, 0, c)
	} else {
		g.calls = append(g.calls, c)
	}
}

// remove takes a call out, if it is there. The caller holds mu.
func (l *line) remove(c *call) bool {
	for i, g := range l.groups {
		if g.name != c.group {
			continue
		}
		at := slices.Index(g.calls, c)
		if at < 0 {
			return false
		}
		g.calls = slices.Delete(g.calls, at, at+1)
		l.count--
		if len(g.calls) == 0 {
			l.groups = slices.Delete(l.groups, i, i+1)
		}
		return true
	}
	return false
}

// Waiting counts the calls that wait for the portal's limits now.
func (c *Client) Waiting() int {
	if c.line == nil {
		return 0
	}
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	return c.line.count
}

// run asks the limiter until nobody waits any more, after the wait that it asked for last.
func (l *line) run(wait time.Duration) {
	full := wait > 0 // since the last request the limiter made somebody wait
	for {
		if wait > 0 {
			time.Sleep(wait)
		}
		next, idle := l.next()
		switch {
		case idle:
			return
		case next.paused > 0:
			full, wait = true, next.paused
			continue
		case next.held > 0: // all wait for their methods; another call may come
			wait = 0
			l.snooze(next.held)
			continue
		}
		var err error
		switch wait, err = l.limiter.Take(context.Background()); {
		case err != nil:
			wait = 0
			l.fail(err)
		case wait > l.opts.Patience:
			l.giveUp(wait)
			full, wait = true, 0
		case wait > 0:
			full = true
		default:
			l.dispatch(full)
			full = false
		}
	}
}

// delay is why nothing can go now.
type delay struct {
	paused time.Duration // the portal refused a request
	held   time.Duration // all that wait do so for their methods
}

// next looks what is to be done; idle means that nobody waits and that the asking has ended.
func (l *line) next() (d delay, idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 {
		l.busy = false
		return d, true
	}
	if d.paused = time.Until(l.pause); d.paused > 0 {
		return d, false
	}
	now := l.client.now()
	var soonest time.Time
	for _, g := range l.groups {
		for _, c := range g.calls {
			from := l.client.ledger.ready(c.req.method, now)
			if from.IsZero() {
				return delay{}, false
			}
			if soonest.IsZero() || from.Before(soonest) {
				soonest = from
			}
		}
	}
	return delay{held: soonest.Sub(now)}, false
}

// snooze waits that long, or until a call comes or a method is free again.
func (l *line) snooze(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.wake:
	}
}

// fail tells the first call that the limiter failed.
func (l *line) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.first(); c != nil {
		l.remove(c)
		c.done <- outcome{err: notSent(c.req.method, err)}
	}
}

// giveUp ends everybody's wait: the limiter wants more patience than any call has.
func (l *line) giveUp(wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	until := l.client.now().Add(wait)
	for _, g := range l.groups {
		for _, c := range g.calls {
			c.done <- outcome{err: &WaitError{c.req.method, until, ErrRateLimited}}
		}
	}
	l.groups, l.count = nil, 0
}

// first is the next call that may go; groups take turns. The caller holds mu.
func (l *line) first() *call {
	now := l.client.now()
	for i, g := range l.groups {
		for _, c := range g.calls {
			if l.client.ledger.ready(c.req.method, now).IsZero() {
				l.groups = append(slices.Delete(l.groups, i, i+1), g) // the others' turn is next
				return c
			}
		}
	}
	return nil
}

// dispatch uses one request: for the next call alone, or, when the limiter made calls wait, for as many of
// them as a batch holds.
func (l *line) dispatch(full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.pick(full)
	if len(calls) == 0 { // they left
		return
	}
	sent := Sent{Batch: len(calls) > 1, Commands: len(calls)}
	for _, c := range calls {
		sent.Waited = max(sent.Waited, time.Since(c.since))
	}
	l.opts.Sent(sent)
	if len(calls) == 1 {
		calls[0].done <- outcome{goes: true}
		return
	}
	f := newFlight(l, calls)
	for _, c := range calls {
		c.flight = f
	}
	go f.fly()
}

// pick takes the calls of one request out of the line. The caller holds mu.
func (l *line) pick(full bool) []*call {
	c := l.first()
	if c == nil {
		return nil
	}
	l.take(c)
	if !full || !l.packs(c) {
		return []*call{c}
	}
	load := load{calls: []*call{c}}
	load.add(l, c)
	for len(load.calls) < l.size {
		c := l.fits(&load)
		if c == nil {
			break
		}
		l.take(c)
		load.calls = append(load.calls, c)
		load.add(l, c)
	}
	return load.calls
}

// take takes out a call that goes now. The caller holds mu.
func (l *line) take(c *call) {
	l.remove(c)
	l.client.ledger.goes(c.req.method, l.client.now())
}

// fits finds the next call that may go and still fits into the batch. The caller holds mu.
func (l *line) fits(load *load) *call {
	now := l.client.now()
	for i, g := range l.groups {
		for _, c := range g.calls {
			if l.packs(c) && load.room(l, c) && l.client.ledger.ready(c.req.method, now).IsZero() {
				l.groups = append(slices.Delete(l.groups, i, i+1), g)
				return c
			}
		}
	}
	return nil
}
