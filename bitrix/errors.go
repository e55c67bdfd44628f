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
	minOperatingWait = 10 * time.Second // least pause of a method over its operating limit
	codeMoved        = "redirect"       // ours: an unconfirmed redirect has no code of the portal's
)

// APIError is a refusal by the portal. It matches the sentinels above through errors.Is.
type APIError struct {
	Method      string
	Status      int    // HTTP status; a batch command's error has 200
	Code        string // as the portal wrote it: any case, "", "0" and "100" included
	Description string // may be empty, localised, HTML; clipped
	Argument    string // the parameter that is wrong, where the portal names it
	Until       time.Time
}

// Error implements error.
func (e *APIError) Error() string {
	code := e.Code
	if code == "" {
		code = "no code"
	}
	if e.Description == "" {
		return fmt.Sprintf("bitrix: %s: %s (HTTP %d)", e.Method, code, e.Status)
	}
	return fmt.Sprintf("bitrix: %s: %s: %s (HTTP %d)", e.Method, code, e.Description, e.Status)
}

// Is lets callers ask errors.Is(err, ErrNotFound) instead of comparing codes.
func (e *APIError) Is(target error) bool {
	is := e.rule().is
	if target == ErrStepGone { // both methods say so with the code of a missing right
		method := strings.ToLower(e.Method)
		return is == ErrAccessDenied && (method == "bizproc.event.send" || method == "bizproc.activity.log")
	}
	return is != nil && target == is
}

// UpstreamClass implements upstream.Classified.
func (e *APIError) UpstreamClass() upstream.Class { return e.rule().class }

// RetryAt implements upstream.Classified.
func (e *APIError) RetryAt() time.Time { return e.Until }

// MaybeDone implements upstream.Classified: only a fault of the portal itself in the middle of a write
// leaves its outcome open; every refusal comes before the work.
func (e *APIError) MaybeDone() bool { return e.rule().open && !IsRead(e.Method) }

// rule is what one code means.
type rule struct {
	class upstream.Class
	is    error         // its sentinel
	open  bool          // a write may have been carried out
	pause time.Duration // of a Wait without a time of its own
}

// rule finds the meaning by code, and where the code says nothing by text and status.
func (e *APIError) rule() rule {
	code := strings.ToLower(e.Code)
	if r, ok := systemRule(code); ok {
		return r
	}
	if r, ok := methodRule(code, strings.ToLower(e.Description)); ok {
		return r
	}
	return statusRule(e.Status)
}

// systemRule is the table of errors that any method may give. doc: _includes/system-errors.md
func systemRule(code string) (rule, bool) {
	switch code {
	case "internal_server_error", "error_unexpected_answer":
		return rule{class: upstream.Retry, open: true}, true
	case "query_limit_exceeded":
		return rule{class: upstream.Wait, is: ErrRateLimited, pause: time.Second}, true
	case "operation_time_limit":
		return rule{class: upstream.Wait, is: ErrOperatingLimit, pause: minOperatingWait}, true
	case "overload_limit":
		return rule{class: upstream.Broken, is: ErrBlocked}, true
	case "no_auth_found", "expired_token", "invalid_token":
		return rule{class: upstream.Relogin, is: ErrExpiredToken}, true
	case "authorization_error":
		return rule{class: upstream.Relogin, is: ErrUserGone}, true
	case "error_oauth", "not_installed", "application_not_found":
		return rule{class: upstream.Broken, is: ErrAppGone}, true
	case "payment_required":
		return rule{class: upstream.Refused, is: ErrPaymentRequired}, true
	case "portal_deleted": // "after repeated hits": so it is asked again, ever more rarely
		return rule{class: upstream.Retry, is: ErrPortalDeleted}, true
	case "method_confirm_waiting":
		return rule{class: upstream.Wait, is: ErrConfirmation, pause: 10 * time.Minute}, true
	case "invalid_credentials", "user_access_error", "method_confirm_denied", "allowed_only_intranet_user", "access_error":
		return rule{class: upstream.Refused, is: ErrAccessDenied}, true
	case "insufficient_scope", "invalid_scope":
		return rule{class: upstream.Refused, is: ErrScope}, true
	case "error_method_not_found":
		return rule{class: upstream.Broken, is: ErrMethodNotFound}, true
	case "error_batch_method_not_allowed", "error_batch_length_exceeded", "invalid_request", "wrong_auth_type",
		"error_manifest_is_not_available", "invalid_arg_value", "error_argument", "100":
		return rule{class: upstream.Broken}, true
	case codeMoved:
		return rule{class: upstream.Retry, is: ErrMoved}, true
	default:
		return rule{}, false
	}
}

// methodRule reads the codes of single methods; where the code is empty, "0" or too general, the
// beginning of the text decides, which the vendor's pages give.
func methodRule(code, description string) (rule, bool) {
	refused := func(is error) (rule, bool) { return rule{class: upstream.Refused, is: is}, true }
	switch code {
	case "access_denied":
		if strings.Contains(description, "commercial plans") {
			return refused(ErrPaymentRequired)
		}
		return refused(ErrAccessDenied)
	case "not_found", "error_not_found", "owner_not_found", "error_activity_not_found", "error_template_not_found",
		"error_task_not_found", "error_event_not_found", "error_placement_not_found", "error_entity_not_found":
		return refused(ErrNotFound)
	case "error_wrong_workflow_id": // of a template too
		if strings.Contains(description, "not found") {
			return refused(ErrNotFound)
		}
		return rule{class: upstream.Broken}, true
	case "error_activity_already_installed":
		return refused(ErrAlreadyInstalled)
	case "error_activity_add_failure":
		if strings.Contains(description, "already added") {
			return refused(ErrAlreadyInstalled)
		}
		return rule{class: upstream.Retry, open: true}, true // "save error!"
	}
	switch {
	case strings.Contains(description, "already binded"), strings.Contains(description, "unable to set event handler"):
		return refused(ErrAlreadyBound)
	case code != "" && code != "0":
		return rule{}, false
	case strings.HasPrefix(description, "not found"), strings.HasSuffix(description, "is not found"),
		strings.HasSuffix(description, "is not found."):
		return refused(ErrNotFound)
	case strings.HasPrefix(description, "access denied"):
		return refused(ErrAccessDenied)
	default:
		return rule{}, false
	}
}

// statusRule is what remains for a code that says nothing.
func statusRule(status int) rule {
	switch {
	case status == http.StatusUnauthorized:
		return rule{class: upstream.Relogin}
	case status == http.StatusPaymentRequired:
		return rule{class: upstream.Refused, is: ErrPaymentRequired}
	case status == http.StatusForbidden:
		return rule{class: upstream.Refused, is: ErrAccessDenied}
	case status == http.StatusTooManyRequests:
		return rule{class: upstream.Wait, is: ErrRateLimited, pause: minOperatingWait}
	case status == http.StatusNotFound:
		return rule{class: upstream.Refused, is: ErrNotFound}
	case isRedirect(status):
		return rule{class: upstream.Retry, is: ErrMoved}
	case status >= http.StatusInternalServerError:
		return rule{class: upstream.Retry, open: true}
	default:
		return rule{class: upstream.Refused}
	}
}

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
		"access.name", "bizproc.workflow.instances", "download":
		return true
	}
	dot := strings.LastIndexByte(method, '.')
	switch method[dot+1:] {
	case "get", "list", "fields", "types", "getlist", "getchildren":
		return true
	default:
		return false
	}
}
