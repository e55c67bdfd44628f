package diadoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

var (
	// ErrGrantRefused: the code, the refresh token or the device code is dead or was refused. Only a new
	// login, or a refresh token issued by hand, helps.
	ErrGrantRefused = errors.New("the grant was refused")
	// ErrLoginRefused: wrong client id, secret, login or password. The same must not be tried again.
	ErrLoginRefused = errors.New("the login data was refused")
)

// OAuthError is a refusal of the identity provider, whose errors are JSON, unlike those of the API.
type OAuthError struct {
	Op          string // "POST /connect/token"
	Status      int
	Code        string // such as "invalid_grant"
	Description string
	Until       time.Time
	Cause       error // [ErrGrantRefused], [ErrLoginRefused], [ErrUnavailable], [ErrBadRequest] or [ErrBadAnswer]
	class       upstream.Class
	unsure      bool
}

// Error implements error.
func (e *OAuthError) Error() string {
	text := fmt.Sprintf("diadoc: %s: %v (status %d)", e.Op, e.Cause, e.Status)
	if e.Code != "" {
		text += ": " + strings.TrimSpace(e.Code+" "+e.Description)
	}
	return text
}

// Unwrap gives the meaning to errors.Is.
func (e *OAuthError) Unwrap() error { return e.Cause }

// UpstreamClass implements [upstream.Classified].
func (e *OAuthError) UpstreamClass() upstream.Class { return e.class }

// RetryAt implements [upstream.Classified].
func (e *OAuthError) RetryAt() time.Time { return e.Until }

// MaybeDone implements [upstream.Classified]: the grant may have been used up.
func (e *OAuthError) MaybeDone() bool { return e.unsure }

var _ upstream.Classified = (*OAuthError)(nil)

// refusal reads an answer that is not a 200. uses says whether the call uses a grant up.
func (i *Identity) refusal(op string, answer *upstream.Response, uses bool, secrets ...string) *OAuthError {
	failure := &OAuthError{Op: op, Status: answer.Status}
	var wire struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(answer.Body, &wire); err == nil {
		failure.Code, failure.Description = firstBytes([]byte(wire.Error)), firstBytes([]byte(wire.Description))
	}
	for _, secret := range append(secrets, string(i.secret)) {
		if secret != "" {
			failure.Code = strings.ReplaceAll(failure.Code, secret, "***")
			failure.Description = strings.ReplaceAll(failure.Description, secret, "***")
		}
	}
	failure.class, failure.Cause = upstream.Refused, ErrBadRequest
	switch failure.Code {
	case "invalid_grant", "expired_token", "access_denied":
		failure.Cause = ErrGrantRefused
	case "invalid_client", "unauthorized_client":
		failure.Cause = ErrLoginRefused
	case "temporarily_unavailable", "server_error":
		failure.class, failure.Cause = upstream.Retry, ErrUnavailable
	case "":
		class, cause, unsure := meaning(answer.Status)
		failure.class, failure.Cause, failure.unsure = class, cause, unsure && uses
		if answer.Status == http.StatusUnauthorized {
			failure.Cause = ErrLoginRefused
		}
	}
	if failure.class == upstream.Wait {
		failure.Until = retryAfter(answer.Header, i.now(), defaultTaskWait)
	}
	return failure
}
