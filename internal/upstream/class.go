package upstream

import (
	"errors"
	"time"
)

// Class says what the caller of a failed call may do next. It is the bridge's whole retry policy in
// one word; every client error carries one.
type Class int

const (
	// Broken is a bug of ours or a changed API: the same bytes will never pass, park the work.
	Broken Class = iota
	// Retry is a passing fault: network, 5xx, an answer that is not what the API speaks.
	Retry
	// Wait is a refusal with a time: Retry-After, a rate or an operating limit. It burns no attempt.
	Wait
	// Relogin means that the credential was refused: renew it once and repeat once.
	Relogin
	// Refused means that the answer is the result: the upstream said no for a business reason.
	Refused
)

// String names the class for logs and metrics.
func (c Class) String() string {
	switch c {
	case Retry:
		return "retry"
	case Wait:
		return "wait"
	case Relogin:
		return "relogin"
	case Refused:
		return "refused"
	default:
		return "broken"
	}
}

// Classified is implemented by every error that a client returns for an answered or a failed call.
type Classified interface {
	error
	// UpstreamClass says what may be done next.
	UpstreamClass() Class
	// RetryAt is the moment before which a repeat is pointless; zero when the upstream named none.
	RetryAt() time.Time
	// MaybeDone reports whether the upstream may have carried the call out although no usable answer
	// came: a write must then be looked for before it is repeated.
	MaybeDone() bool
}

// ClassOf finds the class of err. An error without one is Broken: an unknown failure is parked where
// a person sees it and never repeated blindly.
func ClassOf(err error) Class {
	if c, ok := errors.AsType[Classified](err); ok {
		return c.UpstreamClass()
	}
	return Broken
}

// MaybeDone reports whether the failed call may have taken effect all the same.
func MaybeDone(err error) bool {
	c, ok := errors.AsType[Classified](err)
	return ok && c.MaybeDone()
}

// RetryAt is the moment that the upstream asked to wait for; zero when it named none.
func RetryAt(err error) time.Time {
	if c, ok := errors.AsType[Classified](err); ok {
		return c.RetryAt()
	}
	return time.Time{}
}
