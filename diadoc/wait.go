package diadoc

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"konturbridge/internal/upstream"
)

// When the service does not say how long to wait.
const (
	defaultTaskWait = 15 * time.Second // a task, a repeated send, a refused rate
	defaultFormWait = 5 * time.Second  // a print form, a protocol, an archive
	longestWait     = 24 * time.Hour   // a Retry-After beyond this is taken for nonsense
)

// NotReadyError is an answer that has to be asked for again: the service is still working. Make the same
// call, with the same operation id and the same body, at RetryAt; nothing here sleeps. It matches
// [ErrNotReady].
type NotReadyError struct {
	Operation string
	Status    int // 204, or 200 with Retry-After or without content
	Until     time.Time
}

// Error implements error.
func (e *NotReadyError) Error() string {
	return fmt.Sprintf("diadoc: %s: %v (status %d), ask again at %s", e.Operation, ErrNotReady, e.Status,
		e.Until.UTC().Format(time.RFC3339))
}

// Unwrap gives the meaning to errors.Is.
func (e *NotReadyError) Unwrap() error { return ErrNotReady }

// UpstreamClass implements [upstream.Classified].
func (e *NotReadyError) UpstreamClass() upstream.Class { return upstream.Wait }

// RetryAt implements [upstream.Classified].
func (e *NotReadyError) RetryAt() time.Time { return e.Until }

// MaybeDone implements [upstream.Classified]. It is false although an earlier send with the same operation
// id may be running: repeating the call is the way to learn its outcome.
func (e *NotReadyError) MaybeDone() bool { return false }

var _ upstream.Classified = (*NotReadyError)(nil)

// retryAfter reads the header in seconds or as a date; without a usable one it is fallback from now.
func retryAfter(head http.Header, now time.Time, fallback time.Duration) time.Time {
	value := head.Get("Retry-After")
	at, ok := upstream.ParseRetryAfter(value, now)
	seconds, err := strconv.Atoi(value)
	switch {
	case !ok || at.Sub(now) > longestWait || err == nil && seconds > int(longestWait/time.Second):
		return now.Add(fallback)
	case at.Before(now): // clocks apart
		return now
	}
	return at
}

// Task is work that the service does after it has answered. Its id outlives a restart: store the task and
// poll it until it is done.
type Task[R any] interface {
	// Poll asks once. While the work goes on the error is a [*NotReadyError] with the time of the next
	// try; what is known so far comes with it. A failed task is an error matching [ErrTaskFailed].
	// How long a task is remembered is not documented; a forgotten one matches [ErrNotFound].
	Poll(ctx context.Context, c *Client) (R, error)
}

// TaskID names work that the service has accepted.
type TaskID string

// AsyncMethodResult is the answer of a method that starts a task.
type AsyncMethodResult struct {
	TaskID TaskID `json:"TaskId,omitempty"`
}
