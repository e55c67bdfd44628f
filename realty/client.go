package realty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

const api = "realty" // in logs, metrics and error texts

// SessionSource gives the session of one account. It is called from many goroutines and keeps one
// login in flight for all of them.
type SessionSource interface {
	// Session returns the current session id, logging in when there is none.
	Session(ctx context.Context) (string, error)
	// Renew returns a session newer than stale: one that somebody else has fetched meanwhile, or a
	// fresh login.
	Renew(ctx context.Context, stale string) (string, error)
}

// Client calls the service for one account. It is safe for concurrent use.
type Client struct {
	up       *upstream.Client
	base     string
	sessions SessionSource
	now      func() time.Time

	signatureSegment string
	suggestPath      string
	structureName    string
	kindNames        map[Kind]string
	spelling         Spelling
	maxFile          int64
	transferTimeout  time.Duration
}

// Option tunes a [Client]. Most options are spellings that the vendor's pages leave open.
type Option func(*Client)

// WithSignatureSegment replaces "signatures" in the paths that attach a signature: the page's examples
// print "signature". A 404 there never makes the client try the other word by itself.
func WithSignatureSegment(segment string) Option {
	return func(c *Client) { c.signatureSegment = segment }
}

// WithSuggestPath replaces "/location/cadastre/suggest"; older pages print "/cadastre/suggest".
func WithSuggestPath(path string) Option {
	return func(c *Client) { c.suggestPath = "/" + strings.Trim(path, "/") }
}

// WithStructureName replaces "structureNumber" in a [CadastreQuery] on the wire: the page prints
// "sructureNumber", its older example "structureNumber".
func WithStructureName(name string) Option { return func(c *Client) { c.structureName = name } }

// WithKindName replaces the name under which a docflow type is created, where the docs print several:
// additional_packet_request or additional_package_request. Names that are not lower-case Latin words
// joined by "_" are refused when the docflow is created.
func WithKindName(kind Kind, name string) Option {
	return func(c *Client) { c.kindNames[kind] = name }
}

// WithSpelling replaces the names in request bodies that the docs print in several forms.
func WithSpelling(spelling Spelling) Option { return func(c *Client) { c.spelling = spelling } }

// WithMaxFile caps the size in bytes of a downloaded file or content; the default is 512 MiB. Reading more
// fails with [upstream.ErrAnswerTooLarge].
func WithMaxFile(size int64) Option { return func(c *Client) { c.maxFile = size } }

// WithTransferTimeout bounds an upload of content as a whole and the wait for the first byte of a
// download; the default is 10 minutes.
func WithTransferTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.transferTimeout = timeout }
}

// WithClock replaces time.Now, against which a Retry-After in seconds is reckoned.
func WithClock(now func() time.Time) Option { return func(c *Client) { c.now = now } }

// New returns a Client of the service at baseURL, such as https://api.kontur.ru/realty/v1. Addresses
// inside answers are never followed: they mix hosts, and a session must not reach another one.
func New(up *upstream.Client, baseURL string, sessions SessionSource, opts ...Option) *Client {
	c := &Client{
		up: up, base: strings.TrimRight(baseURL, "/"), sessions: sessions, now: time.Now,
		signatureSegment: "signatures", suggestPath: "/location/cadastre/suggest",
		structureName: "structureNumber",
		kindNames:     map[Kind]string{}, maxFile: 512 << 20, transferTimeout: 10 * time.Minute,
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// Spelling gives the names that [Client] writes into request bodies.
func (c *Client) Spelling() Spelling { return c.spelling }

// call is one request of the API.
type call struct {
	op          string // method and path template, for logs
	method      string
	path        string // escaped, below the base address
	contentType string
	body        []byte
	stream      io.Reader // instead of body
	size        int64     // of stream; negative when unknown
	write       bool      // whether carrying it out twice would be seen
	renewOn403  bool      // signature by link: its 401 and 403 texts look swapped
	timeout     time.Duration
}

// do makes the call with a session, renews the session once when it is refused, and returns the
// answer of a 2xx; every other answer is an error.
func (c *Client) do(ctx context.Context, req call) (*upstream.Response, error) {
	var answer *upstream.Response
	err := c.withSession(ctx, req, func(out upstream.Request) (status int, header http.Header, body []byte, err error) {
		answer, err = c.up.Do(ctx, out)
		if err != nil {
			return 0, nil, nil, err
		}
		return answer.Status, answer.Header, answer.Body, nil
	})
	return answer, err
}

// exchange sends one prepared request; body is read only for an answer that is not a 2xx.
type exchange func(out upstream.Request) (status int, header http.Header, body []byte, err error)

func (c *Client) withSession(ctx context.Context, req call, send exchange) error {
	session, err := c.sessions.Session(ctx)
	if err != nil {
		return &sessionError{op: req.op, cause: err}
	}
	body := newReplay(req)
	for renewed := false; ; renewed = true {
		out := upstream.Request{API: api, Op: req.op, Method: req.method, URL: c.base + req.path,
			Header: header(req, session), Timeout: req.timeout}
		out.Body, out.ContentLength = body.open()
		status, head, answer, err := send(out)
		body.stop()
		if err != nil && !req.write {
			return harmless(err)
		}
		if err != nil {
			return err
		}
		if isSuccess(status) {
			return nil
		}
		stale := status == http.StatusUnauthorized || status == http.StatusForbidden && req.renewOn403
		again := stale && !renewed && body.rewind()
		if stale && !renewed {
			fresh, err := c.sessions.Renew(ctx, session)
			if err != nil {
				return &sessionError{op: req.op, cause: err}
			}
			if again {
				session = fresh
				continue
			}
		}
		failure := newAPIError(req, status, head, answer, c.now(), session)
		upstream.Explain(ctx, api, req.op, failure)
		if status == http.StatusUnauthorized && !renewed { // renewed for the next call, not repeated
			failure.Class, failure.Cause = upstream.Relogin, ErrSessionExpired
		}
		return failure
	}
}

func header(req call, session string) http.Header {
	head := http.Header{}
	if session != "" {
		head.Set("Authorization", "auth.sid "+session)
	}
	if req.contentType != "" {
		head.Set("Content-Type", req.contentType)
	}
	return head
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }

const jsonType = "application/json"

// decode reads the JSON of a 2xx into into. An answer that cannot be read is a fault of the service,
// after which nobody knows whether a write was carried out.
func decode(req call, answer *upstream.Response, into any) error {
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return badAnswer(req, answer, err)
	}
	return nil
}

func badAnswer(req call, answer *upstream.Response, cause error) *APIError {
	return &APIError{Op: req.op, Status: answer.Status, Class: upstream.Retry, Unsure: req.write,
		Cause: fmt.Errorf("%w: %w", ErrBadAnswer, cause)}
}

// newAPIError classifies an answer that is not a 2xx. Secrets are blanked in what it quotes.
func newAPIError(req call, status int, head http.Header, body []byte, now time.Time, secrets ...string) *APIError {
	failure := &APIError{Op: req.op, Status: status}
	failure.Class, failure.Cause, failure.Unsure = meaning(status)
	failure.Unsure = failure.Unsure && req.write
	if at, ok := upstream.ParseRetryAfter(head.Get("Retry-After"), now); ok && failure.Class == upstream.Retry {
		failure.Until = at
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			failure.Class = upstream.Wait
		}
	}
	clean := func(s string) string {
		for _, secret := range secrets {
			if secret != "" {
				s = strings.ReplaceAll(s, secret, "***")
			}
		}
		return s
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '{' {
		var fault Fault
		if json.Unmarshal(trimmed, &fault) == nil {
			failure.Fault = fault.hide(clean)
		}
	}
	if failure.IsZero() {
		failure.Text = clean(firstBytes(body))
	}
	return failure
}

// meaning is the reaction table of the docs' status codes; unsure is meant for writes.
func meaning(status int) (class upstream.Class, cause error, unsure bool) {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return upstream.Refused, ErrNoAccess, false
	case status == http.StatusNotFound:
		return upstream.Refused, ErrNotFound, false
	case status == http.StatusNotImplemented:
		return upstream.Refused, ErrUnsupported, false
	case status == http.StatusTooManyRequests:
		return upstream.Retry, ErrUnavailable, false
	case status == http.StatusRequestTimeout, status >= 500:
		return upstream.Retry, ErrUnavailable, true
	case status >= 400:
		return upstream.Refused, ErrRefused, false
	}
	return upstream.Retry, ErrBadAnswer, true // a redirect or a stray 1xx: not this API
}
