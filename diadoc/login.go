package diadoc

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// LegacyTokenLife is how long a token of the old scheme lives. Getting one for each call is a documented
// mistake.
const LegacyTokenLife = 24 * time.Hour

// DiadocLogin gets tokens of the old scheme, for keys that have no place with the identity provider yet. It
// keeps nothing. The service calls the scheme obsolete, without naming a date: prefer [Identity].
type DiadocLogin struct {
	up       *upstream.Client
	base     string
	clientID string
	now      func() time.Time
}

// NewDiadocLogin returns a DiadocLogin at baseURL, such as [ProductionURL], for a developer's key.
func NewDiadocLogin(up *upstream.Client, baseURL, clientID string) *DiadocLogin {
	return &DiadocLogin{up: up, base: strings.TrimRight(baseURL, "/"), clientID: clientID, now: time.Now}
}

// Authorization is what [TokenSource] gives for a token.
func (l *DiadocLogin) Authorization(token Secret) Authorization {
	return DiadocAuth(l.clientID, string(token))
}

// ByPassword logs in with a login and a password (Authenticate, type password). It may be repeated after a
// lost answer.
//
// Errors: *APIError matching [ErrLoginRefused], class Refused: the same must not be tried again.
func (l *DiadocLogin) ByPassword(ctx context.Context, login string, password Secret) (Secret, error) {
	body, err := json.Marshal(map[string]string{"login": login, "password": string(password)})
	if err != nil {
		return "", err
	}
	answer, err := l.post(ctx, "Authenticate", query{"type": "password"}, "application/json", body, string(password))
	return token(answer), l.wantToken("Authenticate", answer, err)
}

// BySID logs in with a session id (Authenticate, type sid).
func (l *DiadocLogin) BySID(ctx context.Context, sid Secret) (Secret, error) {
	answer, err := l.post(ctx, "Authenticate", query{"type": "sid"}, "text/plain", []byte(sid), string(sid))
	return token(answer), l.wantToken("Authenticate", answer, err)
}

// ByCertificate starts a login with a certificate in DER (Authenticate, type certificate). The answer is
// encrypted for the certificate: decrypt it with its key and give the plain bytes to
// [DiadocLogin.Confirm].
func (l *DiadocLogin) ByCertificate(ctx context.Context, certificate []byte) (encrypted []byte, err error) {
	answer, err := l.post(ctx, "Authenticate", query{"type": "certificate"}, "application/octet-stream", certificate)
	if err == nil && len(answer) == 0 {
		err = l.empty("Authenticate")
	}
	return answer, err
}

// Confirmation is the second half of a login with a certificate, named by its thumbprint or given in DER.
type Confirmation struct {
	Decrypted   []byte
	Thumbprint  string
	Certificate []byte // not sent beside a thumbprint, which would win
	SaveBinding bool   // remember that the certificate is the user's
}

// Confirm ends a login with a certificate (AuthenticateConfirm).
func (l *DiadocLogin) Confirm(ctx context.Context, confirmation Confirmation) (Secret, error) {
	plain := base64.StdEncoding.EncodeToString(confirmation.Decrypted)
	body := confirmation.Certificate
	if confirmation.Thumbprint != "" {
		body = nil
	}
	answer, err := l.post(ctx, "AuthenticateConfirm", query{"token": plain, "thumbprint": confirmation.Thumbprint,
		"saveBinding": yes(confirmation.SaveBinding)}, "application/octet-stream", body, plain, url.QueryEscape(plain))
	return token(answer), l.wantToken("AuthenticateConfirm", answer, err)
}

func token(answer []byte) Secret {
	return Secret(strings.Trim(string(bytes.TrimSpace(answer)), `"`))
}

func (l *DiadocLogin) wantToken(operation string, answer []byte, err error) error {
	if err == nil && token(answer) == "" {
		return l.empty(operation)
	}
	return err
}

func (l *DiadocLogin) empty(operation string) error {
	return &APIError{Operation: operation, Status: http.StatusOK, At: l.now(), Class: upstream.Retry,
		Cause: errors.Join(ErrBadAnswer, errors.New("no token"))}
}

// post makes a call with the developer's key alone. Secrets are blanked in what an error quotes.
func (l *DiadocLogin) post(ctx context.Context, operation string, parameters query, contentType string, body []byte, secrets ...string) ([]byte, error) {
	req := call{op: operationTable().byName[operation], query: parameters}
	if err := checkQuery(req.op, parameters); err != nil {
		return nil, err
	}
	out := upstream.Request{API: api, Op: operation, Method: req.op.Verb, URL: req.address(l.base),
		Header: http.Header{"Authorization": {string(l.Authorization(""))}}}
	if len(body) > 0 {
		out.Header.Set("Content-Type", contentType)
		out.Body = bytes.NewReader(body)
	}
	answer, err := l.up.Do(ctx, out)
	if err != nil {
		return nil, harmless(err)
	}
	if isSuccess(answer.Status) {
		return answer.Body, nil
	}
	failure := &APIError{Operation: operation, Status: answer.Status, At: l.now(), Text: firstBytes(answer.Body)}
	for _, secret := range append(secrets, l.clientID) {
		if secret != "" {
			failure.Text = strings.ReplaceAll(failure.Text, secret, "***")
		}
	}
	failure.Class, failure.Cause, _ = meaning(answer.Status)
	switch {
	case failure.Class == upstream.Wait:
		failure.Until = retryAfter(answer.Header, l.now(), defaultTaskWait)
	case failure.Class == upstream.Refused && answer.Status < 404:
		failure.Cause = ErrLoginRefused
	}
	upstream.Explain(ctx, api, operation, failure)
	return nil, failure
}
