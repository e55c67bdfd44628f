package oauth

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"konturbridge/internal/upstream"
)

const (
	maxDescription = 200       // bytes of a server's text that go into an error
	unpaidPause    = time.Hour // "retry rarely"
	busyPause      = 10 * time.Second
)

// loose reads a JSON string, number or boolean as text: the platform writes the same field now as one,
// now as another. Anything else reads as "".
type loose string

// UnmarshalJSON implements json.Unmarshaler.
func (l *loose) UnmarshalJSON(raw []byte) error {
	*l = ""
	switch {
	case raw[0] == '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		*l = loose(text)
	case raw[0] != '{' && raw[0] != '[' && !bytes.Equal(raw, []byte("null")):
		*l = loose(raw)
	}
	return nil
}

func (l loose) int() int64 {
	n, _ := strconv.ParseInt(string(l), 10, 64)
	return n
}

func (l loose) bool() bool {
	return slices.Contains([]string{"true", "1", "y", "yes"}, strings.ToLower(string(l)))
}

// scopes splits on commas and spaces: the field tables name one, captured payloads have the other.
func scopes(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// envelope is the error part of any answer (doc: settings/oauth/error-codes.md).
type envelope struct {
	Error       loose `json:"error"`
	Description loose `json:"error_description"`
}

// document reports whether the answer is a JSON object, the only thing that these servers speak.
func document(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) > 0 && body[0] == '{' && json.Valid(body)
}

// read decodes an answer into out, or gives its refusal. `error` is looked for whatever the status is:
// wrong_client comes with 200. secrets are cut out of the server's words.
func (s *Servers) read(resp *upstream.Response, about subject, out any, secrets ...string) error {
	var e envelope
	if !document(resp.Body) || json.Unmarshal(resp.Body, &e) != nil {
		return s.refusal(resp, "", "", about)
	}
	if e.Error != "" || resp.Status >= 300 {
		return s.refusal(resp, string(e.Error), clean(string(e.Description), secrets), about)
	}
	if json.Unmarshal(resp.Body, out) != nil {
		return s.refusal(resp, "", "", about)
	}
	return nil
}

// clean makes a server's text fit for a log: one short line without anything that we sent.
func clean(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if len(text) <= maxDescription {
		return text
	}
	cut := maxDescription
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// subject is what a request was about: the same word means something else for a token that a request
// brought than for our own keys.
type subject int

const (
	aboutRefresh subject = iota // our client keys and a refresh token
	aboutToken                  // an access token alone
)

// refusal turns an answer into its error. Codes are compared without case; an unknown one in a 4xx is
// Broken, so that a person sees it.
func (s *Servers) refusal(resp *upstream.Response, code, description string, about subject) error {
	e := &Error{Status: resp.Status, Code: code, Description: description, class: upstream.Broken}
	switch word := strings.ToLower(code); {
	case word != "" && s.known(e, word, about):
	case resp.Status == http.StatusTooManyRequests || word == "query_limit_exceeded":
		e.class, e.retryAt = upstream.Wait, s.now().Add(busyPause)
	case resp.Status >= 500 || word == "":
		// A 404 without a word of the server's own may be a proxy's: it condemns no portal.
		e.class, e.kind = upstream.Retry, ErrBadAnswer
	case resp.Status == http.StatusNotFound:
		e.class, e.kind = upstream.Refused, ErrAppGone
	}
	if at, ok := upstream.ParseRetryAfter(resp.Header.Get("Retry-After"), s.now()); ok &&
		(e.class == upstream.Wait || e.class == upstream.Retry) {
		e.class, e.retryAt = upstream.Wait, at
	}
	return e
}

// known fills e for the codes that the contract lists and reports whether word is one of them.
func (s *Servers) known(e *Error, word string, about subject) bool {
	switch word {
	case "invalid_grant", "bad_verification_code":
		e.kind = ErrGrantDead
	case "invalid_client", "wrong_client":
		// /rest/app.info answers invalid_client for a wrong token too, and was sent no keys.
		e.kind = ErrClientKeys
		if about == aboutToken {
			e.kind = ErrTokenRefused
		}
	case "not_installed", "application_not_found":
		e.kind = ErrAppGone
	case "error_oauth":
		e.kind = ErrTokenRefused
		if about == aboutRefresh || strings.Contains(strings.ToLower(e.Description), "not installed") {
			e.kind = ErrAppGone
		}
	case "user_access_error", "authorization_error":
		e.kind = ErrUserGone
	case "no_auth_found", "expired_token", "invalid_token":
		e.kind = ErrTokenRefused
	case "payment_required":
		e.kind, e.class, e.retryAt = ErrPayment, upstream.Wait, s.now().Add(unpaidPause)
		return true
	case "insufficient_scope", "invalid_scope", "access_denied":
	default:
		return false
	}
	e.class = upstream.Refused
	return true
}

// expiry is when a token ends: expires_in seconds from now, which needs no agreement of clocks, else
// the moment that the server names, else the documented hour.
func expiry(now time.Time, in, at loose) time.Time {
	const day = 24 * 60 * 60
	if seconds := in.int(); seconds > 0 {
		return now.Add(time.Duration(min(seconds, day)) * time.Second)
	}
	if moment := at.int(); moment > 0 && moment < math.MaxInt32*2 {
		return time.Unix(moment, 0)
	}
	if moment, err := time.Parse(time.RFC3339, string(at)); err == nil {
		return moment
	}
	return now.Add(time.Hour)
}

// firstOf is the first non-empty text.
func firstOf(texts ...loose) string { return string(cmp.Or(texts...)) }
