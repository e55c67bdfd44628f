package upstream

import (
	"errors"
	"fmt"
	"time"
)

// ErrAnswerTooLarge is wrapped by the error of an answer that passes its size cap.
var ErrAnswerTooLarge = errors.New("the answer is larger than allowed")

// ErrInsecure is wrapped by the error of a call to a plain-HTTP or loopback address that the settings
// do not allow.
var ErrInsecure = errors.New("plain HTTP and loopback addresses are not allowed")

// ErrBadAddress is wrapped by the error of a call to what is not an absolute HTTP address.
var ErrBadAddress = errors.New("the address is not an absolute HTTP URL")

// TransportError is a call that brought no usable answer: no connection, a cut one, a deadline, an
// answer over its cap. Its text never holds a URL's query, where tokens may be.
type TransportError struct {
	API   string // "bitrix", "realty", …
	Op    string // method or path template, never a full URL
	Sent  bool   // whether the request may have reached the upstream
	Cause error
	class Class
}

// Lost is a call whose answer is not waited for any more, although the upstream may carry it out.
func Lost(api, op string, cause error) *TransportError {
	return &TransportError{API: api, Op: op, Sent: true, Cause: cause, class: Retry}
}

// Error implements error.
func (e *TransportError) Error() string { return fmt.Sprintf("%s: %s: %v", e.API, e.Op, e.Cause) }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *TransportError) Unwrap() error { return e.Cause }

// UpstreamClass implements Classified.
func (e *TransportError) UpstreamClass() Class { return e.class }

// RetryAt implements Classified; a transport failure names no time.
func (e *TransportError) RetryAt() time.Time { return time.Time{} }

// MaybeDone implements Classified.
func (e *TransportError) MaybeDone() bool { return e.Sent }
