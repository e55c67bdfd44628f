package realty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"konturbridge/internal/upstream"
)

// What a failed call means, for errors.Is.
var (
	// ErrLoginRefused: wrong login data. The same credentials must never be tried again.
	ErrLoginRefused = errors.New("the login data was refused")
	// ErrSessionExpired: a 401 to a call whose body could not be sent a second time. The session was
	// renewed, so the caller may repeat the call with a fresh body.
	ErrSessionExpired = errors.New("the session was refused")
	// ErrNoAccess: 403, or a 401 that a fresh session did not cure.
	ErrNoAccess = errors.New("the account has no access")
	// ErrNotFound: no docflow, file, signature or content has that id.
	ErrNotFound = errors.New("there is nothing with that id")
	// ErrUnsupported: 501, the filing would go to a registry system that is not connected yet.
	ErrUnsupported = errors.New("the service does not support this yet")
	// ErrRefused: any other refusal of the request as it is, above all a 400 with its list of faults.
	ErrRefused = errors.New("the service refused the request")
	// ErrTokenRefused: the news token is not accepted any more. Take a new starting point, then get
	// every open docflow once to catch up.
	ErrTokenRefused = errors.New("the news token was refused")
	// ErrUnavailable: 408, 429 or 5xx; the same request may pass later.
	ErrUnavailable = errors.New("the service is not available")
	// ErrBadAnswer: an answer that this API does not speak, such as a proxy's page.
	ErrBadAnswer = errors.New("the answer is not understood")
	// ErrBadID is a local refusal: an id that is not a hyphenated GUID.
	ErrBadID = errors.New("the id is not a GUID")
	// ErrUnknownKind is a local refusal: a docflow type that the API does not have.
	ErrUnknownKind = errors.New("unknown docflow type")
	// ErrBadBody is a local refusal: bytes that are not a create body.
	ErrBadBody = errors.New("the body is not a create body")
)

// APIError is a call that was answered, but not with what was asked for. It implements
// [upstream.Classified]; its Cause is one of the Err values above.
//
// Doc: Kontur.Reestro API docs, page "Error".
type APIError struct {
	Op     string // method and path template
	Status int    // HTTP status
	Fault         // the decoded Error body; zero when the body was something else
	Text   string // first bytes of a body that is not an Error, for the log
	Hint   string // what to try, for the person who runs the bridge; mostly empty
	Class  upstream.Class
	Until  time.Time // when the service asked to come back; zero when it did not say
	Unsure bool      // the call may have taken effect all the same
	Cause  error     // what it means: one of the Err values
}

// Error implements error. It shows the faults as [Fault.Summary] does.
func (e *APIError) Error() string {
	text := e.Summary()
	if text == "" {
		text = e.Text
	}
	if text != "" {
		text = ": " + text
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return fmt.Sprintf("realty: %s: %v (status %d)%s", e.Op, e.Cause, e.Status, text)
}

// Unwrap gives the meaning to errors.Is.
func (e *APIError) Unwrap() error { return e.Cause }

// UpstreamClass implements [upstream.Classified].
func (e *APIError) UpstreamClass() upstream.Class { return e.Class }

// RetryAt implements [upstream.Classified].
func (e *APIError) RetryAt() time.Time { return e.Until }

// MaybeDone implements [upstream.Classified]: true for a write whose answer does not tell its outcome.
func (e *APIError) MaybeDone() bool { return e.Unsure }

// Temporary reports whether the same bytes may pass later.
func (e *APIError) Temporary() bool { return e.Class == upstream.Retry || e.Class == upstream.Wait }

// Fault is the service's Error object: the body of a 400 and the error of a failed docflow. Any field
// may be missing.
//
// Doc: Kontur.Reestro API docs, page "Error".
type Fault struct {
	Code    string          `json:"code,omitempty"`    // only "validation" is shown in the docs
	Message string          `json:"message,omitempty"` // English in the docs
	Target  string          `json:"target,omitempty"`  // "api", or "objectRequest.options.cadastralNumber"
	Context json.RawMessage `json:"context,omitempty"` // any JSON, never shown in the docs
	Errors  []Fault         `json:"errors,omitempty"`  // nested to any depth
}

// UnmarshalJSON reads scalars of any type, null as absent, one nested error without its array, and a
// bare text as the message.
func (f *Fault) UnmarshalJSON(raw []byte) error {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '"' {
		*f = Fault{}
		return json.Unmarshal(raw, &f.Message)
	}
	var wire struct {
		Code    text
		Message text
		Target  text
		Context json.RawMessage
		Errors  oneOrMany[Fault]
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*f = Fault{Code: string(wire.Code), Message: string(wire.Message), Target: string(wire.Target),
		Context: absentIfNull(wire.Context), Errors: wire.Errors}
	return nil
}

// IsZero reports whether the fault says nothing at all.
func (f Fault) IsZero() bool {
	return f.Code == "" && f.Message == "" && f.Target == "" && len(f.Errors) == 0
}

// Leaves are the innermost faults, each naming one wrong field; the fault itself when it has none.
func (f Fault) Leaves() []Fault {
	if len(f.Errors) == 0 {
		if f.IsZero() {
			return nil
		}
		return []Fault{f}
	}
	var leaves []Fault
	for _, nested := range f.Errors {
		leaves = append(leaves, nested.Leaves()...)
	}
	if len(leaves) == 0 { // empty objects only: the outer message is all there is
		outer := f
		outer.Errors = nil
		return outer.Leaves()
	}
	return leaves
}

// Summary is the fault for a reader: every leaf as "target: message", joined by "; ".
func (f Fault) Summary() string {
	var parts []string
	for _, leaf := range f.Leaves() {
		message := leaf.Message
		if message == "" {
			message = leaf.Code
		}
		if leaf.Target != "" && message != "" {
			message = leaf.Target + ": " + message
		} else if message == "" {
			message = leaf.Target
		}
		parts = append(parts, message)
	}
	return strings.Join(parts, "; ")
}

// hide blanks secrets that an answer echoes.
func (f Fault) hide(clean func(string) string) Fault {
	f.Code, f.Message, f.Target = clean(f.Code), clean(f.Message), clean(f.Target)
	f.Context = nil // free-form and never documented: not worth the risk in an error
	nested := make([]Fault, len(f.Errors))
	for i, one := range f.Errors {
		nested[i] = one.hide(clean)
	}
	f.Errors = nested
	return f
}

// firstBytes shortens a foreign body to one printable line.
func firstBytes(body []byte) string {
	const limit = 300
	if len(body) > limit {
		body = body[:limit]
		for len(body) > 0 && !utf8.Valid(body) && len(body) > limit-utf8.UTFMax {
			body = body[:len(body)-1]
		}
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "�")), " ")
}

// harmlessError is a lost answer to a call that may be repeated at will: a read, a login, an upload. It
// must not make the work around it look as if something had been filed.
type harmlessError struct{ cause *upstream.TransportError }

func harmless(err error) error {
	if lost, ok := errors.AsType[*upstream.TransportError](err); ok {
		return &harmlessError{cause: lost}
	}
	return err
}

func (e *harmlessError) Error() string                 { return e.cause.Error() }
func (e *harmlessError) Unwrap() error                 { return e.cause }
func (e *harmlessError) UpstreamClass() upstream.Class { return e.cause.UpstreamClass() }
func (e *harmlessError) RetryAt() time.Time            { return e.cause.RetryAt() }
func (e *harmlessError) MaybeDone() bool               { return false }

// readError is a download that broke off. Reading changes nothing, so that a repeat is always safe.
type readError struct {
	op    string
	cause error
}

func (e *readError) Error() string { return fmt.Sprintf("realty: %s: %v", e.op, e.cause) }
func (e *readError) Unwrap() error { return e.cause }
func (e *readError) UpstreamClass() upstream.Class {
	if errors.Is(e.cause, upstream.ErrAnswerTooLarge) {
		return upstream.Broken
	}
	return upstream.Retry
}
func (e *readError) RetryAt() time.Time { return time.Time{} }
func (e *readError) MaybeDone() bool    { return false }

// sessionError is a call that was never made for want of a session. It keeps the class of the failed
// login, but a lost answer to a login does not make the call itself uncertain.
type sessionError struct {
	op    string
	cause error
}

func (e *sessionError) Error() string                 { return fmt.Sprintf("realty: %s: session: %v", e.op, e.cause) }
func (e *sessionError) Unwrap() error                 { return e.cause }
func (e *sessionError) UpstreamClass() upstream.Class { return upstream.ClassOf(e.cause) }
func (e *sessionError) RetryAt() time.Time            { return upstream.RetryAt(e.cause) }
func (e *sessionError) MaybeDone() bool               { return false }

var (
	_ upstream.Classified = (*APIError)(nil)
	_ upstream.Classified = (*harmlessError)(nil)
	_ upstream.Classified = (*readError)(nil)
	_ upstream.Classified = (*sessionError)(nil)
)
