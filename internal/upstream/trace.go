package upstream

import (
	"context"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"
)

// maxWords bounds the words of a [Traced], in bytes.
const maxWords = 400

// Traced is one call of a [Trace]: what a [Call] tells, when it began, and what its client made of the
// answer. It holds no URL, body or credential.
type Traced struct {
	Call
	Began time.Time
	// Packed is how many calls shared the request that carried this one; 1 for a request of its own.
	Packed int
	// Words is the failure as the client tells it; "" for a good answer.
	Words string
}

// Trace collects the calls that are made under its context, whoever makes them, up to a limit. It is safe for
// concurrent use, and so are calls that outlive the work that the trace is of.
type Trace struct {
	limit int

	mu    sync.Mutex
	calls []Traced
	more  int
}

// NewTrace keeps up to limit calls and counts the rest.
func NewTrace(limit int) *Trace { return &Trace{limit: limit} }

type traceKey struct{}

// In gives a context whose calls the trace collects.
func (t *Trace) In(ctx context.Context) context.Context { return context.WithValue(ctx, traceKey{}, t) }

// Calls gives the calls that have ended so far, in the order of their end, and how many were not kept.
func (t *Trace) Calls() (calls []Traced, more int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append(calls, t.calls...), t.more
}

func traceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// Carried tells the trace of ctx of a call that went in a request together with others. Calls that went
// alone are known already.
func Carried(ctx context.Context, call Traced, err error) {
	if err != nil {
		call.Class, call.Words = ClassOf(err).String(), clipped(err.Error())
	}
	traceOf(ctx).add(call)
}

// Explain tells the trace of ctx what a client made of an answer, unless it was told before: which class the
// failure is of and, in words, what it is. The words must hold no secret.
func Explain(ctx context.Context, api, op string, err error) {
	t := traceOf(ctx)
	if t == nil || err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.calls) - 1; i >= 0; i-- {
		if c := &t.calls[i]; c.API == api && c.Op == op && c.Words == "" {
			c.Class, c.Words = ClassOf(err).String(), clipped(err.Error())
			return
		}
	}
}

func (t *Trace) add(call Traced) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.calls) >= t.limit {
		t.more++
		return
	}
	t.calls = append(t.calls, call)
}

// record tells the trace of ctx, if there is one, of a finished request.
func record(ctx context.Context, call Call, began time.Time, words string) {
	t := traceOf(ctx)
	if t == nil {
		return
	}
	if call.Class == "" && call.Status >= http.StatusBadRequest {
		call.Class = usualClass(call.Status).String()
	}
	t.add(Traced{Call: call, Began: began, Packed: 1, Words: clipped(words)})
}

// usualClass is what an answer's status means as long as its client says nothing else.
func usualClass(status int) Class {
	switch {
	case status == http.StatusUnauthorized:
		return Relogin
	case status == http.StatusTooManyRequests:
		return Wait
	case status >= http.StatusInternalServerError:
		return Retry
	default:
		return Refused
	}
}

// clipped bounds a text without cutting a letter in two.
func clipped(words string) string {
	if len(words) <= maxWords {
		return words
	}
	words = words[:maxWords]
	for len(words) > 0 && !utf8.ValidString(words) {
		words = words[:len(words)-1]
	}
	return words + "…"
}
