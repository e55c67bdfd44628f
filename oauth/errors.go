package oauth

import (
	"errors"
	"fmt"
	"time"

	"konturbridge/internal/upstream"
)

// What became of a credential; errors.Is tells them apart. All but ErrPayment are final until somebody
// acts.
var (
	// ErrGrantDead is a refresh token that is invalid, expired or used already: the portal's
	// administrator has to open the application again.
	ErrGrantDead = errors.New("the portal has to be authorised again")
	// ErrClientKeys is a client_id or client_secret that the authorization server does not accept.
	// Stored tokens stay: it is the keys that are wrong.
	ErrClientKeys = errors.New("the application's keys are not accepted")
	// ErrPayment is a plan or application that was not paid; the server is asked again an hour later.
	ErrPayment = errors.New("the portal's plan or application is not paid")
	// ErrAppGone is an application that was removed from its portal, or a portal that is gone.
	ErrAppGone = errors.New("the application is not installed in the portal")
	// ErrUserGone is a user who was dismissed or lost access to the application; another
	// administrator's pair may work.
	ErrUserGone = errors.New("the token's user has no access any more")
	// ErrTokenRefused is an access token that its authorization server does not know.
	ErrTokenRefused = errors.New("the access token is not genuine or has expired")
	// ErrBadAnswer is an answer that is not what the API speaks: an HTML page, a cut document.
	ErrBadAnswer = errors.New("the answer is not understood")
	// ErrNoPair is for a PairStore to return when it holds no pair under a key.
	ErrNoPair = errors.New("there are no tokens yet")
	// ErrLoginRefused is a login or password that was refused once and is not tried again.
	ErrLoginRefused = errors.New("the login was refused")
	// ErrKonturGrant is a refresh token that Kontur's identity provider does not take any more; only a
	// new one helps. An Error that matches it matches ErrGrantDead too.
	ErrKonturGrant = errors.New("the connection to Диадок has to be made again: bridge connect diadoc, or a new refreshToken in the settings")
	// ErrStale is for a PairStore to return when the pair was changed since it was loaded.
	ErrStale = errors.New("the stored tokens were changed by somebody else")
)

// Error is a credential that can't be had. It implements upstream.Classified.
type Error struct {
	Status      int    // HTTP status, 0 when nobody was asked
	Code        string // the server's own word, such as "invalid_grant"; empty when it gave none
	Description string // the server's text for people, shortened, without what was sent to it

	kind    error // one of the sentinels above, or nil
	class   upstream.Class
	retryAt time.Time
	cause   error
}

// Error implements error.
func (e *Error) Error() string {
	text := "oauth"
	if e.kind != nil {
		text += ": " + e.kind.Error()
	}
	if e.Code != "" || e.Status != 0 {
		text += fmt.Sprintf(": HTTP %d %s", e.Status, e.Code)
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the sentinel and the cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	var inner []error
	for _, err := range []error{e.kind, e.cause} {
		if err != nil {
			inner = append(inner, err)
		}
	}
	return inner
}

// Is makes a dead grant of Kontur's a dead grant like any other.
func (e *Error) Is(target error) bool { return target == ErrGrantDead && e.kind == ErrKonturGrant }

// UpstreamClass implements upstream.Classified.
func (e *Error) UpstreamClass() upstream.Class { return e.class }

// RetryAt implements upstream.Classified.
func (e *Error) RetryAt() time.Time { return e.retryAt }

// MaybeDone implements upstream.Classified: an answered request for a token changes nothing else, so
// the caller's own work was never begun.
func (e *Error) MaybeDone() bool { return false }

// passing wraps a failure of ours (database, lock, the end of a deadline) that says nothing about the
// credential: the same call may pass later. A failure with a class of its own keeps it.
func passing(doing string, err error) error {
	if _, classified := errors.AsType[upstream.Classified](err); classified {
		return err
	}
	return &Error{class: upstream.Retry, cause: fmt.Errorf("%s: %w", doing, err)}
}
