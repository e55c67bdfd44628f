package bitrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

// Bounds of a batch that the packer makes. A whole batch has 60 seconds. doc: settings/performance/limits.md
const (
	maxPacked      = 64 << 10 // bytes of one command: longer ones are slow, and go alone
	maxPackedAll   = 1 << 20  // bytes of all commands
	maxPackedNames = 900      // parameters of one command: PHP's usual limit is 1,000
	maxPackedTime  = 25 * time.Second
	usualCost      = 100 * time.Millisecond // of a command whose method was never seen
	maxBatchAnswer = 64 << 20
)

// packed is a call as a batch's command.
type packed struct {
	done bool
	line string
	err  error
}

// encode makes the command of a call that may be packed.
func (c *call) encode() {
	if c.single || c.packed.done {
		return
	}
	c.packed.done = true
	c.packed.line, c.packed.err = packedCommand(c.req.method, c.req.params)
}

// packedCommand is stricter than what a caller of [Client.Batch] may do: nobody knows that the call goes
// into a batch, so nothing of it may get lost.
func packedCommand(method string, params []byte) (string, error) {
	line, err := encodeCommand(Command{Method: method, Params: json.RawMessage(params)})
	switch {
	case err != nil:
		return "", err
	case len(line) > maxPacked, strings.Count(line, "&") >= maxPackedNames:
		return "", fmt.Errorf("bitrix: %s: its parameters are too long: %w", method, ErrNotBatchable)
	case hasNull(params):
		return "", fmt.Errorf("bitrix: %s: a null would become an empty text: %w", method, ErrNotBatchable)
	}
	return line, nil
}

// packs reports whether the call may go in a batch. The caller holds mu.
func (l *line) packs(c *call) bool {
	if c.single || l.alone[strings.ToLower(c.req.method)] {
		return false
	}
	c.encode()
	return c.packed.err == nil
}

// load is what has been put into a batch so far.
type load struct {
	calls []*call
	bytes int
	time  time.Duration
}

func (b *load) add(l *line, c *call) {
	b.bytes += len(c.packed.line)
	b.time += l.costOf(c.req.method)
}

func (b *load) room(l *line, c *call) bool {
	return b.bytes+len(c.packed.line) <= maxPackedAll && b.time+l.costOf(c.req.method) <= maxPackedTime
}

// costOf is how long a command of the method takes, as far as it is known. The caller holds mu.
func (l *line) costOf(method string) time.Duration {
	if cost, ok := l.cost[strings.ToLower(method)]; ok {
		return cost
	}
	return usualCost
}

// flight is a batch under way. Its callers may leave it; it is given up when the last one has.
type flight struct {
	line   *line
	calls  []*call
	ctx    context.Context
	cancel context.CancelFunc
	left   int // callers that still wait; guarded by the line's mu
}

func newFlight(l *line, calls []*call) *flight {
	ctx, cancel := context.WithCancel(context.Background())
	return &flight{line: l, calls: calls, ctx: ctx, cancel: cancel, left: len(calls)}
}

// abandon counts out a caller that left. The caller holds mu.
func (f *flight) abandon() {
	if f.left--; f.left == 0 {
		f.cancel()
	}
}

// fly sends the batch and tells each call what became of it.
func (f *flight) fly() {
	defer f.cancel()
	f.announce()
	if len(f.calls) == 0 {
		return
	}
	commands := make([]Command, len(f.calls))
	lines := make([]string, len(f.calls))
	for i, c := range f.calls {
		commands[i] = Command{Name: commandName(i), Method: c.req.method}
		lines[i] = c.packed.line
	}
	began := time.Now()
	body := batchBody(commands, lines, false)
	answer, err := f.line.client.exchange(f.ctx, request{method: "batch", body: fixed(body), maxAnswer: maxBatchAnswer})
	if f.line.limited(err, began) {
		f.again(f.calls, err)
		return
	}
	var wire batchResult
	if err == nil {
		err = answer.Decode(&wire)
		wire.start = answer.Time.Start
	}
	f.line.learn(f.calls, commands, &wire, err)
	if err != nil {
		for _, c := range f.calls {
			f.end(c, began, outcome{err: errorFor(c.req.method, err)})
		}
		return
	}
	f.answer(commands, &wire, began)
}

// announce runs the hooks of the calls side by side, so that what they store is stored together. A call whose
// hook fails, or whose caller left, does not go.
func (f *flight) announce() {
	errs := make([]error, len(f.calls))
	var hooks sync.WaitGroup
	for i, c := range f.calls {
		if c.ctx.Value(onSendKey{}) == nil {
			errs[i] = c.ctx.Err()
			continue
		}
		hooks.Go(func() { errs[i] = announce(c.ctx) })
	}
	hooks.Wait()
	f.line.mu.Lock()
	defer f.line.mu.Unlock()
	going := f.calls[:0]
	for i, c := range f.calls {
		if errs[i] == nil {
			going = append(going, c)
			continue
		}
		c.done <- outcome{err: notSent(c.req.method, errs[i])}
		if !c.gone {
			c.gone = true
			f.abandon()
		}
	}
	f.calls = going
}

// answer gives each call its own. What the portal does not run in a batch was not executed, and goes alone.
func (f *flight) answer(commands []Command, wire *batchResult, began time.Time) {
	var alone []*call
	for i, c := range f.calls {
		one := f.line.client.command(commands[i], wire, false)
		if isNotForBatch(one.Err) {
			f.line.keepAlone(c)
			alone = append(alone, c)
			continue
		}
		if one.Err != nil {
			f.end(c, began, outcome{err: one.Err})
			continue
		}
		f.end(c, began, outcome{answer: &one.Answer})
	}
	f.again(alone, ErrNotBatchable)
}

// end tells a call what became of it, and the trace of whoever asked.
func (f *flight) end(c *call, began time.Time, out outcome) {
	told := upstream.Traced{Began: began, Packed: len(f.calls),
		Call: upstream.Call{API: apiName, Op: c.req.method, Duration: time.Since(began)}}
	if out.err == nil {
		told.Status = http.StatusOK
	} else if refused, ok := errors.AsType[*APIError](out.err); ok {
		told.Status = refused.Status
	}
	upstream.Carried(c.ctx, told, out.err)
	c.done <- out
}

// isNotForBatch reports whether a command was refused for being in a batch.
func isNotForBatch(err error) bool {
	refused, ok := errors.AsType[*APIError](err)
	return ok && (strings.EqualFold(refused.Code, "ERROR_BATCH_METHOD_NOT_ALLOWED") || strings.EqualFold(refused.Code, "ERROR_BATCH_LENGTH_EXCEEDED"))
}

// keepAlone remembers that the portal does not take the call's method in a batch.
func (l *line) keepAlone(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.single = true
	l.alone[strings.ToLower(c.req.method)] = true
}

// again puts calls that were surely not executed first in the line, in their order; why is for those
// whose patience is over.
func (f *flight) again(calls []*call, why error) {
	l := f.line
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range slices.Backward(calls) {
		switch {
		case c.gone:
		case !time.Now().Before(c.giveUp):
			c.done <- outcome{err: errorFor(c.req.method, why)}
		default:
			c.flight = nil
			l.add(c, true)
		}
	}
	if l.count > 0 && !l.busy {
		l.drive(0)
	} else if l.busy {
		l.poke()
	}
}

// learn takes from a batch's outcome how large the next may be: one that the portal or the wire cut halves
// it, one that was answered doubles it again.
func (l *line) learn(calls []*call, commands []Command, wire *batchResult, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.size = min(2*l.size, l.opts.Size)
	case isCut(err):
		l.size = max(1, min(l.size, len(calls))/2)
	}
	for _, command := range commands {
		took := wire.Time[command.Name].Duration
		if took <= 0 {
			continue
		}
		key := strings.ToLower(command.Method)
		if known, ok := l.cost[key]; ok {
			took = (3*known + took) / 4
		}
		l.cost[key] = took
	}
}

// isCut reports whether a request ended as one that takes too long does: cut by the portal after its 60
// seconds, or by whoever is between.
func isCut(err error) bool {
	if lost, ok := errors.AsType[*upstream.TransportError](err); ok {
		return lost.Sent
	}
	if odd, ok := errors.AsType[*AnswerError](err); ok {
		return odd.Status >= http.StatusInternalServerError
	}
	refused, ok := errors.AsType[*APIError](err)
	return ok && refused.Status >= http.StatusInternalServerError && refused.UpstreamClass() == upstream.Retry
}

// errorFor is a batch's error as one of its commands would have got it alone.
func errorFor(method string, err error) error {
	if refused, ok := errors.AsType[*APIError](err); ok {
		own := *refused
		own.Method = method
		return &own
	}
	if odd, ok := errors.AsType[*AnswerError](err); ok {
		own := *odd
		own.Method = method
		return &own
	}
	if lost, ok := errors.AsType[*upstream.TransportError](err); ok {
		own := *lost
		own.Op = method
		return &own
	}
	return err
}

// hasNull reports whether a null stands anywhere in the parameters.
func hasNull(params []byte) bool {
	if !bytes.Contains(params, []byte("null")) {
		return false
	}
	for decoder := json.NewDecoder(bytes.NewReader(params)); ; {
		token, err := decoder.Token()
		if err != nil {
			return false // its end: they have been encoded before
		}
		if token == nil {
			return true
		}
	}
}
