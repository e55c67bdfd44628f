package bitrix

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// What a refused call means. Ask with errors.Is; codes, statuses and texts differ from portal to
// portal. doc: error-codes.md
var (
	// ErrExpiredToken: the token was refused (expired_token, invalid_token, NO_AUTH_FOUND) although
	// it was renewed once.
	ErrExpiredToken = errors.New("the access token is refused")
	// ErrAccessDenied: the token's user may not do this.
	ErrAccessDenied = errors.New("access is denied")
	// ErrScope: the application's form does not grant the scope that the method needs.
	ErrScope = errors.New("the application lacks the scope")
	// ErrNotFound: no such card, row, robot, template, event or placement.
	ErrNotFound = errors.New("not found")
	// ErrMethodNotFound: this portal's edition has no such method.
	ErrMethodNotFound = errors.New("the method does not exist on this portal")
	// ErrRateLimited: too many requests to the portal; this one was not executed.
	ErrRateLimited = errors.New("the portal's request rate is used up")
	// ErrOperatingLimit: the method used up its run time; wait for its reset, others may go on.
	ErrOperatingLimit = errors.New("the method's run time is used up")
	// ErrBlocked: the vendor blocked the portal's REST by hand.
	ErrBlocked = errors.New("the portal's REST is blocked by the vendor")
	// ErrAlreadyInstalled: a robot with this code exists; update it.
	ErrAlreadyInstalled = errors.New("the robot is already installed")
	// ErrAlreadyBound: the handler is already bound to this event or placement.
	ErrAlreadyBound = errors.New("the handler is already bound")
	// ErrAppGone: the application is not installed any more; confirm it at the authorization server.
	ErrAppGone = errors.New("the application is not installed")
	// ErrUserGone: the token's user is dismissed; the application is still there.
	ErrUserGone = errors.New("the token's user is dismissed or disabled")
	// ErrPortalDeleted: the portal is closed; believe it after repeated answers.
	ErrPortalDeleted = errors.New("the portal is closed or deleted")
	// ErrPaymentRequired: the portal's plan or the application is not paid for.
	ErrPaymentRequired = errors.New("the portal's plan does not allow it")
	// ErrConfirmation: an administrator must confirm the method for this token first.
	ErrConfirmation = errors.New("an administrator must confirm the method")
	// ErrAuthKind: the method does not take this kind of credential. Nearly always it needs an
	// application's token and was called with a webhook; such calls are not even sent.
	ErrAuthKind = errors.New("the method needs another kind of credential")
	// ErrParameter: a parameter is missing or wrong: a fault of the caller's program or of its settings.
	ErrParameter = errors.New("a parameter is missing or wrong")
	// ErrField: the portal's check of a field's value failed; the description says which.
	ErrField = errors.New("a field's value is refused")
	// ErrExists: an object of this name is there already.
	ErrExists = errors.New("it exists already")
	// ErrTaskCompleted: somebody completed the workflow task before.
	ErrTaskCompleted = errors.New("the task is completed already")
	// ErrNoRoom: the portal's disk is full, or the file could not be saved.
	ErrNoRoom = errors.New("the portal could not save the file")
	// ErrStepGone: the robot's step does not wait for an answer (any more); nothing is left to do.
	ErrStepGone = errors.New("the step does not wait any more")
	// ErrMoved: the portal redirected to an address that nobody confirmed.
	ErrMoved = errors.New("the portal moved")
	// ErrBadAnswer: the answer is not what the API speaks.
	ErrBadAnswer = errors.New("the answer cannot be understood")
	// ErrNotRun: a command behind the failed one of a halted batch.
	ErrNotRun = errors.New("the command was not run")
	// ErrNotBatchable: the command cannot go into a batch; call it directly.
	ErrNotBatchable = errors.New("the command cannot go into a batch")
)

const (
	minOperatingWait = 10 * time.Second  // least pause of a method over its operating limit
	codeMoved        = "redirect"        // ours: an unconfirmed redirect has no code of the portal's
	codeAuthKind     = "WRONG_AUTH_TYPE" // the portal's word for what is refused here before it is sent
)

// APIError is a refusal by the portal. It matches the sentinels above through errors.Is.
type APIError struct {
	Method      string
	Status      int          // HTTP status; a batch command's error has 200
	Code        string       // as the portal wrote it: any case, "", "0" and "100" included
	Description string       // may be empty, localised, HTML; clipped
	Argument    string       // the parameter that is wrong, where the portal names it
	Fields      []FieldError // of a refused REST 3.0 call
	Until       time.Time
}

// FieldError is one wrong field of a REST 3.0 call. doc: _includes/error-info-v3.md
type FieldError struct {
	Field   string
	Message string
}

// Error implements error.
func (e *APIError) Error() string {
	code := e.Code
	if code == "" {
		code = "no code"
	}
	answered := "not sent"
	if e.Status != 0 {
		answered = fmt.Sprintf("HTTP %d", e.Status)
	}
	if e.Description == "" {
		return fmt.Sprintf("bitrix: %s: %s (%s)", e.Method, code, answered)
	}
	return fmt.Sprintf("bitrix: %s: %s: %s (%s)", e.Method, code, e.Description, answered)
}

// Is lets callers ask errors.Is(err, ErrNotFound) instead of comparing codes.
func (e *APIError) Is(target error) bool {
	is := e.reaction().Is
	if is == ErrStepGone && target == ErrAccessDenied {
		return true // the portal has no other word for it
	}
	return is != nil && target == is
}

// UpstreamClass implements upstream.Classified.
func (e *APIError) UpstreamClass() upstream.Class { return e.reaction().Class }

// RetryAt implements upstream.Classified.
func (e *APIError) RetryAt() time.Time { return e.Until }

// MaybeDone implements upstream.Classified: only a fault of the portal itself in the middle of a write
// leaves its outcome open; every refusal comes before the work.
func (e *APIError) MaybeDone() bool { return e.reaction().Open && !IsRead(e.Method) }

// AnswerError is an answer that cannot be understood; it matches ErrBadAnswer. Its text never quotes
// the answer.
type AnswerError struct {
	Method   string
	Status   int
	Cause    error
	Until    time.Time // from Retry-After
	executed bool      // the frame was good: the portal did answer the call
	notRun   bool      // the portal surely skipped it
}

// Error implements error.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("bitrix: %s: unusable answer (HTTP %d): %v", e.Method, e.Status, e.Cause)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *AnswerError) Unwrap() error { return e.Cause }

// Is makes every AnswerError match ErrBadAnswer, except a command that was not run at all.
func (e *AnswerError) Is(target error) bool { return target == ErrBadAnswer && !e.notRun }

// UpstreamClass implements upstream.Classified: a proxy's page passes, a changed API and a request that
// is too large for the server do not.
func (e *AnswerError) UpstreamClass() upstream.Class {
	switch {
	case e.executed, e.Status == http.StatusRequestEntityTooLarge, e.Status == http.StatusRequestURITooLong:
		return upstream.Broken
	case e.Status == http.StatusTooManyRequests:
		return upstream.Wait
	default:
		return upstream.Retry
	}
}

// RetryAt implements upstream.Classified.
func (e *AnswerError) RetryAt() time.Time { return e.Until }

// MaybeDone implements upstream.Classified.
func (e *AnswerError) MaybeDone() bool {
	refused := e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestEntityTooLarge ||
		e.Status == http.StatusRequestURITooLong || isRedirect(e.Status)
	return !e.notRun && !refused && !IsRead(e.Method)
}

// IsRead reports whether a method changes nothing, judged by its name, so that it may be repeated
// after any failure. A method that it does not know counts as a write.
func IsRead(method string) bool {
	switch method = strings.ToLower(method); method {
	case "event.offline.get": // reserves or deletes what it returns
		return false
	case "app.info", "profile", "scope", "events", "server.time", "user.admin", "user.access", "user.current",
		"access.name", "bizproc.workflow.instances", "disk.storage.getforapp", "entity.rights", methodOpenAPI, "download":
		return true
	}
	dot := strings.LastIndexByte(method, '.')
	switch method[dot+1:] {
	case "get", "list", "fields", "types", "gettypes", "getlist", "getchildren":
		return true
	default:
		return false
	}
}
