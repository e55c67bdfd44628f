package bitrix

import (
	"strings"
	"sync"
	"time"
)

// ledger keeps the run time of the methods of one application in one portal, as the portal's answers tell
// it. A method that is near its limit is held, alone: others go on. doc: settings/performance/limits.md
type ledger struct {
	limit time.Duration // zero: nothing is held before the portal refuses it
	mu    sync.Mutex
	used  map[string]*usage // by lower-case method
}

// usage is what one method has used of its run time.
type usage struct {
	operating time.Duration
	reset     time.Time // when the oldest minute leaves the window
	until     time.Time // no call before
}

// of is called with mu held.
func (l *ledger) of(method string) *usage {
	method = strings.ToLower(method)
	u := l.used[method]
	if u == nil {
		u = &usage{}
		l.used[method] = u
	}
	return u
}

// observe takes in what an answer says. The last fifth of the limit stays in reserve, for calls that are
// under way and for what others do in the application's name: a method that reached it waits until the
// oldest minute leaves the window. free reports that it waits no longer.
func (l *ledger) observe(method string, t CallTime, now time.Time) (free bool) {
	if t.Operating == 0 && t.OperatingResetAt.IsZero() {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.of(method)
	if t.OperatingResetAt.Equal(u.reset) && t.Operating < u.operating {
		return false // an answer that was overtaken
	}
	u.operating, u.reset = t.Operating, t.OperatingResetAt
	if l.limit > 0 && u.operating >= l.limit/5*4 {
		u.until = within(u.reset, now)
		return false
	}
	free = u.until.After(now)
	u.until = time.Time{}
	return free
}

// refused holds a method whose run time is used up, until the reset that the refusal or the last success
// named and at least ten seconds from now.
func (l *ledger) refused(method string, named, now time.Time) (until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.of(method)
	u.until = within(later(u.reset, named), now)
	return u.until
}

// ready reports from when the method may be called; zero means now.
func (l *ledger) ready(method string, now time.Time) (from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u := l.used[strings.ToLower(method)]; u != nil && u.until.After(now) {
		return u.until
	}
	return time.Time{}
}

// goes is told of a call that is about to go. The first one after a hold goes alone: its answer tells
// whether the others may.
func (l *ledger) goes(method string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if u := l.used[strings.ToLower(method)]; u != nil && !u.until.IsZero() {
		u.until = now.Add(minOperatingWait)
	}
}

// operatingWindow is what run time is counted over: no hold lasts longer, whatever the portal's clock says.
const operatingWindow = 10 * time.Minute

// within bounds a hold: ten seconds at least, the whole window at most.
func within(reset, now time.Time) time.Time {
	if last := now.Add(operatingWindow); reset.After(last) {
		return last
	}
	return later(reset, now.Add(minOperatingWait))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
