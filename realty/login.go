package realty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// Credentials open a session.
type Credentials struct {
	Login     string `json:"login"`
	Password  string `json:"password"`
	AccountID string `json:"accountId"` // GUID
}

// String hides the password from logs.
func (c Credentials) String() string {
	return fmt.Sprintf("{%s *** %s}", c.Login, c.AccountID)
}

// GoString hides the password from %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue hides the password from structured logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// LoginAnswer is an open session.
type LoginAnswer struct {
	UserID    string // GUID
	SessionID string // secret and opaque; its lifetime is not documented
}

// String hides the session id from logs.
func (a LoginAnswer) String() string { return fmt.Sprintf("{%s ***}", a.UserID) }

// GoString hides the session id from %#v.
func (a LoginAnswer) GoString() string { return a.String() }

// LogValue hides the session id from structured logs.
func (a LoginAnswer) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Login opens a session at baseURL. It may be repeated after a lost answer.
//
// Errors: an *APIError matching [ErrLoginRefused] for 400 (and 401 and 403 of older revisions), class
// Refused: the same credentials must not be tried again.
//
// Doc: Kontur.Reestro API docs, page "auth", POST /auth.
func Login(ctx context.Context, up *upstream.Client, baseURL string, credentials Credentials) (LoginAnswer, error) {
	req := call{op: "POST /auth", method: http.MethodPost, path: "/auth", contentType: jsonType}
	body, err := json.Marshal(credentials)
	if err != nil {
		return LoginAnswer{}, fmt.Errorf("realty: %s: %w", req.op, err)
	}
	req.body = body
	out := upstream.Request{API: api, Op: req.op, Method: req.method, Header: header(req, ""),
		URL: strings.TrimRight(baseURL, "/") + req.path}
	out.Body, out.ContentLength = newReplay(req).open()
	answer, err := up.Do(ctx, out)
	if err != nil {
		return LoginAnswer{}, harmless(err)
	}
	if !isSuccess(answer.Status) {
		failure := newAPIError(req, answer.Status, answer.Header, answer.Body, time.Now(), credentials.Password)
		switch answer.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
			failure.Class, failure.Cause = upstream.Refused, ErrLoginRefused
		}
		upstream.Explain(ctx, api, req.op, failure)
		return LoginAnswer{}, failure
	}
	var wire struct{ UserID, SessionID text }
	if err := decode(req, answer, &wire); err != nil {
		return LoginAnswer{}, err
	}
	if wire.SessionID == "" {
		return LoginAnswer{}, badAnswer(req, answer, errors.New("no sessionId"))
	}
	return LoginAnswer{UserID: string(wire.UserID), SessionID: string(wire.SessionID)}, nil
}
