package diadoc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"konturbridge/internal/upstream"
)

// What a failed call means, for errors.Is.
var (
	// ErrBadCall is a local refusal: the call breaks a rule of its operation, so it was not made.
	ErrBadCall = errors.New("the call breaks a rule of its operation")
	// ErrUnknownOperation is a local refusal: no operation has that name.
	ErrUnknownOperation = errors.New("there is no such operation")
	// ErrBadRequest: 400, a missing or malformed parameter, contradicting filters, a bad index key, XML
	// against its contract.
	ErrBadRequest = errors.New("the service refused the request")
	// ErrUnauthorized: a 401 that a fresh token did not cure: an unknown or blocked client id, or a user
	// who may not use the API.
	ErrUnauthorized = errors.New("the token was refused")
	// ErrNoSubscription: 402, the organisation that owns the box has no API subscription. Nothing will
	// pass for this box until it has one.
	ErrNoSubscription = errors.New("the organisation has no API subscription")
	// ErrNoAccess: 403, no access to the box or the document, a missing right, a blocked client, or a
	// liquidated organisation.
	ErrNoAccess = errors.New("the user has no access")
	// ErrNotFound: 404, nothing has that id in that box, or there is no relation. Within seconds after
	// a send it may only mean that the send has not come through yet.
	ErrNotFound = errors.New("there is nothing with that id")
	// ErrConflict: 409, the state of things forbids it; see [APIError.Explanation].
	ErrConflict = errors.New("the state forbids it")
	// ErrTaskFailed: the service could not carry out work that it had accepted.
	ErrTaskFailed = errors.New("the task failed")
	// ErrGone: 410, or an operation that is known to have ended; see [APIError.Successor].
	ErrGone = errors.New("the service has ended this operation")
	// ErrTooManyRequests: 429. The rate is counted for the whole client id.
	ErrTooManyRequests = errors.New("too many requests")
	// ErrUnavailable: 408 or 5xx; the same request may pass later.
	ErrUnavailable = errors.New("the service is not available")
	// ErrNotReady: the service is still working on it; make the same call again at RetryAt.
	ErrNotReady = errors.New("the answer is not ready")
	// ErrBadAnswer: an answer that this API does not speak, such as a proxy's page, or a status that
	// only a changed API gives.
	ErrBadAnswer = errors.New("the answer is not understood")
)

// APIError is a call that was answered, but not with what was asked for, or that was not made because
// its operation has ended. It implements [upstream.Classified]; its Cause is one of the Err values above.
//
// Doc: Диадок API, "Коды возврата".
type APIError struct {
	Operation string // name in the operation table
	Status    int    // HTTP status; 0 when no call was made
	Text      string // the plain text of the answer, cut
	Code      string // X-Diadoc-ErrorCode: for the log only, its values are not documented
	BoxID     BoxID  // the box of the call; may be empty
	At        time.Time
	Successor string // what took the operation's place, for ErrGone; may be empty
	Class     upstream.Class
	Until     time.Time // when the service asked to come back; zero when it did not say
	Unsure    bool      // the call may have taken effect all the same
	Cause     error     // what it means: one of the Err values
	conflict  *Text     // what a 409 of this operation means
}

// Error implements error.
func (e *APIError) Error() string {
	text := fmt.Sprintf("diadoc: %s: %v", e.Operation, e.Cause)
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	if e.Successor != "" {
		text += "; use " + e.Successor
	}
	return text
}

// Unwrap gives the meaning to errors.Is.
func (e *APIError) Unwrap() error { return e.Cause }

// Is makes a failed task a conflict too, which is how the service puts it.
func (e *APIError) Is(target error) bool {
	return target == ErrConflict && e.Status == http.StatusConflict
}

// UpstreamClass implements [upstream.Classified].
func (e *APIError) UpstreamClass() upstream.Class { return e.Class }

// RetryAt implements [upstream.Classified].
func (e *APIError) RetryAt() time.Time { return e.Until }

// MaybeDone implements [upstream.Classified]: true for a write whose answer does not tell its outcome.
// A write with an operation id may be repeated all the same: the same id brings the first result.
func (e *APIError) MaybeDone() bool { return e.Unsure }

// Temporary reports whether the same bytes may pass later.
func (e *APIError) Temporary() bool { return e.Class == upstream.Retry || e.Class == upstream.Wait }

// Text is a sentence in both languages.
type Text struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

// Explanation says to a person what the status means: for a 409 what the operation's page names as the
// reason, which the service's own text may say more precisely. Both parts are empty for other failures.
func (e *APIError) Explanation() Text {
	switch e.Status {
	case http.StatusPaymentRequired:
		return Text{"у организации нет подписки на API Диадока", "the organisation has no subscription to the Diadoc API"}
	case http.StatusForbidden:
		if strings.Contains(e.Text, "Request to admins") { // only the explanation depends on the text
			return Text{"администраторам организации отправлен запрос доступа: дождитесь решения",
				"an access request was sent to the organisation's administrators: wait for their decision"}
		}
		return Text{"нет доступа к ящику или документу либо не хватает прав", "no access to the box or the document, or a right is missing"}
	case http.StatusNotFound:
		return Text{"в этом ящике нет ничего с таким идентификатором", "this box has nothing with that id"}
	case http.StatusConflict:
		if e.conflict != nil {
			return *e.conflict
		}
		return Text{"этому мешает состояние документа или организации", "the state of the document or the organisation forbids it"}
	}
	return Text{}
}

// meaning is the reaction table of the docs' status codes; unsure is meant for writes.
func meaning(status int) (class upstream.Class, cause error, unsure bool) {
	switch status {
	case http.StatusBadRequest:
		return upstream.Refused, ErrBadRequest, false
	case http.StatusUnauthorized:
		return upstream.Refused, ErrUnauthorized, false
	case http.StatusPaymentRequired:
		return upstream.Refused, ErrNoSubscription, false
	case http.StatusForbidden:
		return upstream.Refused, ErrNoAccess, false
	case http.StatusNotFound:
		return upstream.Refused, ErrNotFound, false
	case http.StatusConflict:
		return upstream.Refused, ErrConflict, false
	case http.StatusGone:
		return upstream.Broken, ErrGone, false
	case http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return upstream.Broken, ErrBadAnswer, false
	case http.StatusTooManyRequests:
		return upstream.Wait, ErrTooManyRequests, false
	case http.StatusRequestTimeout:
		return upstream.Retry, ErrUnavailable, true
	}
	switch {
	case status >= 500:
		return upstream.Retry, ErrUnavailable, true
	case status >= 400:
		return upstream.Refused, ErrBadRequest, false
	}
	return upstream.Retry, ErrBadAnswer, true // a redirect or a stray 1xx: not this API
}

// CallError is a call that was not made, because it breaks a rule of its operation. It matches
// [ErrBadCall].
type CallError struct {
	Operation string
	Field     string // such as "boxId" or "DocumentAttachments[3].Comment"; may be empty
	Rule      Text   // with the numbers
}

// Explanation names the field and the rule to a person.
func (e *CallError) Explanation() Text {
	if e.Field == "" {
		return e.Rule
	}
	return Text{e.Field + ": " + e.Rule.RU, e.Field + " " + e.Rule.EN}
}

// Error implements error.
func (e *CallError) Error() string {
	return fmt.Sprintf("diadoc: %s: %s", e.Operation, e.Explanation().EN)
}

// Unwrap gives the meaning to errors.Is.
func (e *CallError) Unwrap() error { return ErrBadCall }

// UpstreamClass implements [upstream.Classified]: the same call will never pass.
func (e *CallError) UpstreamClass() upstream.Class { return upstream.Refused }

// RetryAt implements [upstream.Classified].
func (e *CallError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements [upstream.Classified].
func (e *CallError) MaybeDone() bool { return false }

// firstBytes shortens an answer to one printable line of at most 2 KB.
func firstBytes(body []byte) string {
	const limit = 2 << 10
	if len(body) > limit {
		body = body[:limit]
		for len(body) > 0 && !utf8.Valid(body) && len(body) > limit-utf8.UTFMax {
			body = body[:len(body)-1]
		}
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "�")), " ")
}

// harmlessError is a lost answer to a call that may be repeated at will. It must not make the work around
// it look as if something had been sent.
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

// unsentError is a call that was never made for want of a token or of a place. It keeps the class of its
// cause, but a lost answer to a login does not make the call itself uncertain.
type unsentError struct {
	operation string
	what      string
	cause     error
}

func (e *unsentError) Error() string {
	return fmt.Sprintf("diadoc: %s: %s: %v", e.operation, e.what, e.cause)
}
func (e *unsentError) Unwrap() error { return e.cause }
func (e *unsentError) UpstreamClass() upstream.Class {
	if errors.Is(e.cause, context.Canceled) || errors.Is(e.cause, context.DeadlineExceeded) {
		return upstream.Retry
	}
	return upstream.ClassOf(e.cause)
}
func (e *unsentError) RetryAt() time.Time { return upstream.RetryAt(e.cause) }
func (e *unsentError) MaybeDone() bool    { return false }

var (
	_ upstream.Classified = (*APIError)(nil)
	_ upstream.Classified = (*CallError)(nil)
	_ upstream.Classified = (*harmlessError)(nil)
	_ upstream.Classified = (*unsentError)(nil)
)

// SlowDownError is a call that was not made, because the service has lately refused the rate of its
// client id. It matches [ErrTooManyRequests].
type SlowDownError struct{ Until time.Time }

// Error implements error.
func (e *SlowDownError) Error() string {
	return fmt.Sprintf("diadoc: %v until %s", ErrTooManyRequests, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap gives the meaning to errors.Is.
func (e *SlowDownError) Unwrap() error { return ErrTooManyRequests }

// UpstreamClass implements [upstream.Classified].
func (e *SlowDownError) UpstreamClass() upstream.Class { return upstream.Wait }

// RetryAt implements [upstream.Classified].
func (e *SlowDownError) RetryAt() time.Time { return e.Until }

// MaybeDone implements [upstream.Classified].
func (e *SlowDownError) MaybeDone() bool { return false }

var _ upstream.Classified = (*SlowDownError)(nil)
