package bitrix

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

// Pauses after the portal refused a request for its rate: they grow while it goes on refusing.
const (
	minRefusedPause = time.Second
	maxRefusedPause = 20 * time.Second
)

// line is where the calls of a client wait for the portal's limits. Whoever comes first to an empty line
// asks the limiter itself; when there is no room, a goroutine asks for all that wait, until nobody does.
type line struct {
	client  *Client
	limiter Limiter
	opts    PackerOptions

	mu      sync.Mutex
	groups  []*group // those with calls; the first is next
	count   int      // calls that wait
	busy    bool     // somebody asks the limiter
	wake    chan struct{}
	size    int                      // commands in the next batch at most
	cost    map[string]time.Duration // of a command, by method
	alone   map[string]bool          // methods that the portal refused in a batch
	refused time.Time                // when the last pause was decided
	refuses int                      // refusals of the rate in a row
	pause   time.Time                // nothing goes before
}

// group is the waiting calls of one group, in the order of their coming.
type group struct {
	name  string
	calls []*call
}

// call is one call on its way.
type call struct {
	ctx    context.Context
	req    request
	group  string
	since  time.Time
	giveUp time.Time
	single bool // goes alone whatever waits beside it
	packed packed
	done   chan outcome // one at a time
	// Guarded by the line's mu:
	flight *flight // the batch that carries it
	gone   bool    // nobody waits for it any more
}

// outcome ends a call's wait: with an answer or an error, or with the right to go by itself.
type outcome struct {
	answer *Answer
	err    error
	goes   bool
}

func newLine(c *Client, l Limiter, o PackerOptions) *line {
	o = o.withDefaults()
	return &line{client: c, limiter: l, opts: o, size: o.Size, wake: make(chan struct{}, 1),
		cost: map[string]time.Duration{}, alone: map[string]bool{}}
}

func (l *line) newCall(ctx context.Context, req request) *call {
	name, _ := ctx.Value(groupKey{}).(string)
	now := time.Now()
	return &call{ctx: ctx, req: req, group: name, since: now, giveUp: now.Add(l.opts.Patience), done: make(chan outcome, 1),
		single: req.params == nil || l.opts.Size == 1}
}

// send makes a call when the limits allow it. One that the portal refused for its rate was not executed, and
// waits again, as long as its patience lasts.
func (l *line) send(ctx context.Context, req request) (*Answer, error) {
	c := l.newCall(ctx, req)
	for again := false; ; again = true {
		out := l.admit(c, again)
		if out.err != nil || !out.goes {
			return out.answer, out.err
		}
		if err := announce(ctx); err != nil {
			return nil, notSent(req.method, err)
		}
		began := time.Now()
		answer, err := l.client.exchange(ctx, req)
		if !l.limited(err, began) || !time.Now().Before(c.giveUp) {
			return answer, err
		}
	}
}

// admit waits until the call may go by itself or was carried by a batch. One that comes again stands first.
func (l *line) admit(c *call, again bool) outcome {
	now := l.client.now()
	if from := l.client.ledger.ready(c.req.method, now); from.Sub(now) > time.Until(c.giveUp) {
		return outcome{err: &WaitError{c.req.method, from, ErrOperatingLimit}}
	} else if from.IsZero() && l.driveAlone() {
		wait, err := l.limiter.Take(c.ctx)
		if out, over := l.asked(c, wait, err, again); over {
			return out
		}
	} else {
		l.join(c, again)
	}
	resume, ok := l.opts.Park(c.ctx)
	if !ok {
		l.leave(c)
		return outcome{err: l.tooLong(c)}
	}
	defer resume()
	return l.await(c)
}

// driveAlone lets the first who comes to an empty line ask the limiter by itself.
func (l *line) driveAlone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy || l.count > 0 || time.Now().Before(l.pause) {
		return false
	}
	l.busy = true
	return true
}

// asked takes in the limiter's answer to a call that asked by itself. When it must wait it is in the line
// afterwards, and over is false.
func (l *line) asked(c *call, wait time.Duration, err error, again bool) (out outcome, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	switch {
	case err != nil:
		out, over = outcome{err: notSent(c.req.method, err)}, true
	case wait <= 0:
		l.client.ledger.goes(c.req.method, l.client.now())
		l.opts.Sent(Sent{Commands: 1, Waited: time.Since(c.since)})
		out, over = outcome{goes: true}, true
	case wait > time.Until(c.giveUp):
		out, over = outcome{err: &WaitError{c.req.method, l.client.now().Add(wait), ErrRateLimited}}, true
	default:
		l.add(c, again)
	}
	if l.count > 0 {
		l.drive(max(wait, 0))
	}
	return out, over
}

// join puts the call into the line.
func (l *line) join(c *call, again bool) {
	c.encode() // before others have to wait for it
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(c, again)
	if !l.busy {
		l.drive(0)
		return
	}
	l.poke()
}

// pay counts one more request of a call that has had its turn and goes again.
func (l *line) pay(ctx context.Context, method string) error {
	for {
		wait, err := l.limiter.Take(ctx)
		if err != nil {
			return notSent(method, err)
		}
		if wait <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return notSent(method, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// drive starts asking for those who wait. The caller holds mu.
func (l *line) drive(wait time.Duration) {
	l.busy = true
	go l.run(wait)
}

// poke wakes the goroutine that asks when it waits for a method's time. A budget's time is waited out.
func (l *line) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// await waits for the call's turn, as long as its patience lasts; a call that is under way is waited for.
func (l *line) await(c *call) outcome {
	patience := time.NewTimer(time.Until(c.giveUp))
	defer patience.Stop()
	for {
		select {
		case out := <-c.done:
			return out
		case <-patience.C:
			if waits, _ := l.leave(c); waits {
				return outcome{err: l.tooLong(c)}
			}
		case <-c.ctx.Done():
			if _, flies := l.leave(c); !flies {
				return outcome{err: notSent(c.req.method, context.Cause(c.ctx))}
			}
			select {
			case out := <-c.done:
				return out
			default: // the batch goes on without it
				return outcome{err: upstream.Lost(apiName, c.req.method, context.Cause(c.ctx))}
			}
		}
	}
}

// leave takes the call out of the line. It reports whether it still waited there, and whether a batch that
// carries it is under way; a batch that nobody waits for any more is given up when its callers are.
func (l *line) leave(c *call) (waits, flies bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.remove(c) {
		return true, false
	}
	if c.flight == nil {
		return false, false
	}
	if c.ctx.Err() != nil && !c.gone {
		c.gone = true
		c.flight.abandon()
	}
	return false, true
}

// tooLong is the error of a call whose patience is over. Those that are set aside together should not all
// come back at one moment.
func (l *line) tooLong(c *call) error {
	now, cause := l.client.now(), ErrRateLimited
	until := now.Add(5*time.Second + rand.N(10*time.Second))
	if from := l.client.ledger.ready(c.req.method, now); !from.IsZero() {
		until, cause = later(until, from), ErrOperatingLimit
	}
	return &WaitError{c.req.method, until, cause}
}

// limited takes in how a request that began at that time ended, and reports whether it was refused for the
// portal's rate. Such a refusal makes everybody wait: the portal's bucket is full, whoever filled it.
func (l *line) limited(err error, began time.Time) bool {
	if !isRateLimited(err) {
		if err == nil {
			l.mu.Lock()
			l.refuses = 0
			l.mu.Unlock()
		}
		return false
	}
	l.mu.Lock()
	first := began.After(l.refused) // requests that were under way then tell nothing new
	if first {
		pause := minRefusedPause
		for range l.refuses {
			pause = min(pause*3/2, maxRefusedPause)
		}
		l.refuses++
		l.refused = time.Now()
		l.pause = later(l.refused.Add(pause+rand.N(pause/4)), upstream.RetryAt(err))
	}
	l.mu.Unlock()
	if first {
		l.limiter.Exceeded(context.Background())
	}
	return true
}
