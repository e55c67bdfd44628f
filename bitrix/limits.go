package bitrix

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"konturbridge/internal/upstream"
)

// Limiter counts requests against a portal's rate. It must be safe for concurrent use.
//
// The portal counts per source address: all clients that call one portal from one address, in whatever
// process, belong to one Limiter. doc: limits.md
type Limiter interface {
	// Take counts one more request when it may go out now; then wait is 0. Otherwise nothing was counted,
	// and wait is after how long to ask again. A batch is one request, a download too.
	Take(ctx context.Context) (wait time.Duration, err error)
	// Exceeded is told that the portal refused a request as one too many, in spite of Take.
	Exceeded(ctx context.Context)
}

// WithLimiter makes every request wait for l first, in the order of their coming. Without it nothing is
// limited.
func WithLimiter(l Limiter) Option { return WithPacker(l, PackerOptions{Size: 1}) }

// WithPacker makes calls wait for l and packs those that wait: while the rate allows it, a call goes out at
// once as itself; when it does not, the calls that wait together go as one batch, and each gets its own
// answer or error, as if it had gone alone. Methods that use up their run time wait by themselves.
//
// What a batch cannot carry as faithfully goes alone: files, empty lists, nulls, long parameters, texts that
// look like references, and what the portal refuses in a batch.
func WithPacker(l Limiter, o PackerOptions) Option {
	return func(c *Client) { c.line = newLine(c, l, o) }
}

// PackerOptions tunes WithPacker; the zero value is ready to use.
type PackerOptions struct {
	// Size is the number of commands in a batch at most; zero means MaxBatch, one that nothing is packed.
	Size int
	// Patience bounds a call's wait for the limits; what would wait longer fails with a *WaitError. Zero
	// means half a minute.
	Patience time.Duration
	// Operating is the run time that a method of this application may use within ten minutes. The vendor
	// publishes no number; zero means the 480 s of the docs' example. doc: settings/performance/limits.md
	Operating time.Duration
	// Park is told of every call that must wait, for callers that hold something meanwhile; resume ends
	// the wait. When ok is false the call fails with a *WaitError instead. nil: nobody is told.
	Park func(ctx context.Context) (resume func(), ok bool)
	// Sent is told of every request that goes out; it must not block. nil: nobody is told.
	Sent func(Sent)
}

// Sent describes a request that went out, for metrics.
type Sent struct {
	Batch    bool
	Commands int           // calls in it
	Waited   time.Duration // of the call that waited longest
}

func (o PackerOptions) withDefaults() PackerOptions {
	if o.Size <= 0 || o.Size > MaxBatch {
		o.Size = MaxBatch
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	if o.Operating <= 0 {
		o.Operating = 480 * time.Second
	}
	if o.Park == nil {
		o.Park = func(context.Context) (func(), bool) { return func() {}, true }
	}
	if o.Sent == nil {
		o.Sent = func(Sent) {}
	}
	return o
}

// WaitError is a call that was not sent, because the portal's limits leave no room for it soon. It matches
// ErrRateLimited or ErrOperatingLimit, whichever it is.
type WaitError struct {
	Method string
	Until  time.Time
	Cause  error
}

// Error implements error.
func (e *WaitError) Error() string {
	return fmt.Sprintf("bitrix: %s: not sent before %s: %v", e.Method, e.Until.UTC().Format(time.RFC3339), e.Cause)
}

// Unwrap gives the limit to errors.Is.
func (e *WaitError) Unwrap() error { return e.Cause }

// UpstreamClass implements upstream.Classified.
func (e *WaitError) UpstreamClass() upstream.Class { return upstream.Wait }

// RetryAt implements upstream.Classified.
func (e *WaitError) RetryAt() time.Time { return e.Until }

// MaybeDone implements upstream.Classified.
func (e *WaitError) MaybeDone() bool { return false }

type (
	groupKey  struct{}
	onSendKey struct{}
)

// InGroup names the group that the calls of a context belong to. Groups take turns in what waits for the
// limits: however many calls of one wait, the calls of another are in the next request. Groups should be few.
func InGroup(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, groupKey{}, name)
}

// OnSend has fn run right before the request goes out that carries the next call of the context, after
// all waiting for the limits, so that fn can store that a call was begun which must not be repeated blindly.
// It runs once, whatever becomes of the call; its error keeps the call from being sent and is what the call
// returns. Calls with a hook must be made one after another.
func OnSend(ctx context.Context, fn func(ctx context.Context) error) context.Context {
	return context.WithValue(ctx, onSendKey{}, &hook{fn: fn})
}

type hook struct {
	fn  func(ctx context.Context) error
	ran atomic.Bool
}

// announce runs the hook of the context's call.
func announce(ctx context.Context) error {
	h, _ := ctx.Value(onSendKey{}).(*hook)
	if h == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.ran.Swap(true) {
		return nil
	}
	return h.fn(ctx)
}

// notSent is a call that was given up before it was sent.
func notSent(method string, cause error) error {
	return fmt.Errorf("bitrix: %s: not sent: %w", method, cause)
}

// isRateLimited reports whether the portal itself refused a request for its rate.
func isRateLimited(err error) bool {
	_, waited := errors.AsType[*WaitError](err)
	return !waited && errors.Is(err, ErrRateLimited)
}
