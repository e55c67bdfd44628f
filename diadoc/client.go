package diadoc

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

const api = "diadoc" // in logs, metrics and error texts

// Addresses of the service. Data of the two stands never meet: boxes, users and ids are their own.
const (
	ProductionURL = "https://diadoc-api.kontur.ru"
	StagingURL    = "https://diadoc-api-staging.kontur.ru"
)

// Authorization is the value of the Authorization header. It is a secret, and prints as ***.
type Authorization string

// Bearer authorizes with an access token of the identity provider.
func Bearer(accessToken string) Authorization { return Authorization("Bearer " + accessToken) }

// DiadocAuth authorizes with a token of the old scheme. Without a token the developer's key alone opens
// only reference methods: GetBox, GetOrganization, GetOrganizationsByInnKpp and the Parse methods.
func DiadocAuth(clientID, token string) Authorization {
	if token == "" {
		return Authorization("DiadocAuth ddauth_api_client_id=" + clientID)
	}
	return Authorization("DiadocAuth ddauth_api_client_id=" + clientID + ",ddauth_token=" + token)
}

// String hides the value from logs.
func (a Authorization) String() string { return "***" }

// GoString hides the value from %#v.
func (a Authorization) GoString() string { return `"***"` }

// LogValue hides the value from structured logs.
func (a Authorization) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText hides the value from JSON.
func (a Authorization) MarshalText() ([]byte, error) { return []byte("***"), nil }

// TokenSource authorizes the calls of one user. It is called from many goroutines and keeps one exchange
// in flight for all of them: a token per worker ends in refused refresh tokens.
type TokenSource interface {
	// Token returns what is valid now, getting it when there is none.
	Token(ctx context.Context) (Authorization, error)
	// Renew returns something newer than stale: what somebody else has fetched meanwhile, or a fresh one.
	Renew(ctx context.Context, stale Authorization) (Authorization, error)
}

// Limiter keeps the calls of one client id within the service's limits, see [NewLimiter].
type Limiter interface {
	// Acquire takes a place for one call and returns what gives it back. It may wait for a short while,
	// or refuse with an error of class Wait.
	Acquire(ctx context.Context) (release func(), err error)
	// SlowDown tells that the service has refused the rate and wants no call before until.
	SlowDown(until time.Time)
}

// Sunset says that the service is going to end a method. On the test stand it is switched off months
// before the date.
type Sunset struct {
	Operation string
	At        time.Time // zero when the header cannot be read
	Link      string    // the page that tells more, as the header has it
}

// Client calls the service as one user. It is safe for concurrent use.
type Client struct {
	up       *upstream.Client
	base     string
	tokens   TokenSource
	limiter  Limiter
	now      func() time.Time
	solution string
	sunset   func(Sunset)
	maxFile  int64
	timeout  time.Duration
	transfer time.Duration
	part     int
}

// Option tunes a [Client].
type Option func(*Client)

// WithLimiter makes all calls pass limiter. Clients with the same client id share one.
func WithLimiter(limiter Limiter) Option { return func(c *Client) { c.limiter = limiter } }

// WithSolution sends the label of the integration (X-Solution-Info), which technology partners get.
func WithSolution(label string) Option { return func(c *Client) { c.solution = label } }

// WithSunset is told of every answer that announces the end of a method; it must not block.
func WithSunset(notice func(Sunset)) Option { return func(c *Client) { c.sunset = notice } }

// WithMaxFile caps the size in bytes of a downloaded file; the default is 512 MiB. Reading more fails with
// [upstream.ErrAnswerTooLarge].
func WithMaxFile(size int64) Option { return func(c *Client) { c.maxFile = size } }

// WithTimeout bounds a call; the default is 100 seconds, as in the vendor's library.
func WithTimeout(timeout time.Duration) Option { return func(c *Client) { c.timeout = timeout } }

// WithTransferTimeout bounds the sending of a document and the wait for the first byte of a download; the
// default is 10 minutes.
func WithTransferTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.transfer = timeout }
}

// WithShelfPart sets the size in bytes of the parts of [Client.UploadToShelf]; the default is [MaxShelfPart].
// The service has changed what it takes before.
func WithShelfPart(size int) Option { return func(c *Client) { c.part = size } }

// WithClock replaces time.Now, against which a Retry-After in seconds is reckoned.
func WithClock(now func() time.Time) Option { return func(c *Client) { c.now = now } }

// New returns a Client of the service at baseURL, such as [ProductionURL].
func New(up *upstream.Client, baseURL string, tokens TokenSource, opts ...Option) *Client {
	c := &Client{
		up: up, base: strings.TrimRight(baseURL, "/"), tokens: tokens, limiter: unlimited{}, now: time.Now,
		sunset: func(Sunset) {}, maxFile: 512 << 20, timeout: 100 * time.Second, transfer: 10 * time.Minute,
		part: MaxShelfPart,
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

type unlimited struct{}

func (unlimited) Acquire(context.Context) (func(), error) { return func() {}, nil }
func (unlimited) SlowDown(time.Time)                      {}

// reply is an answered call: body is empty while stream is open.
type reply struct {
	status int
	header http.Header
	body   []byte
	stream *http.Response
}

// exchange sends one request with a token, renews the token once when it is refused, and gives the answer
// of any other status.
func (c *Client) exchange(ctx context.Context, req call) (reply, error) {
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return reply{}, &unsentError{req.op.Name, "token", err}
	}
	answer, err := c.send(ctx, req, token)
	if err != nil || answer.status != http.StatusUnauthorized {
		return answer, err
	}
	fresh, err := c.tokens.Renew(ctx, token)
	if err != nil {
		return reply{}, &unsentError{req.op.Name, "token", err}
	}
	answer, err = c.send(ctx, req, fresh, token)
	if err == nil && answer.status == http.StatusUnauthorized {
		err = c.refused(ctx, req, answer, fresh, token)
	}
	return answer, err
}

// refused is a refusal that is told to whoever traces the call.
func (c *Client) refused(ctx context.Context, req call, answer reply, tokens ...Authorization) *APIError {
	failure := c.refusal(req, answer, tokens...)
	upstream.Explain(ctx, api, req.op.Name, failure)
	return failure
}

// send makes one request within the limiter. Answers of 2xx and of 401 are the caller's; every other one
// is an error. stale are tokens that were tried before: an answer may quote them too.
func (c *Client) send(ctx context.Context, req call, token Authorization, stale ...Authorization) (reply, error) {
	release, err := c.limiter.Acquire(ctx)
	if err != nil {
		return reply{}, &unsentError{req.op.Name, "limit", err}
	}
	release = sync.OnceFunc(release) // a body may be closed twice
	answer, err := c.transport(ctx, req, c.request(req, token))
	if answer.stream == nil {
		release()
	} else {
		answer.stream.Body = &releasing{answer.stream.Body, release}
	}
	if err != nil {
		if !req.op.Write {
			err = harmless(err)
		}
		return reply{}, err
	}
	c.announce(req, answer.header)
	if isSuccess(answer.status) || answer.status == http.StatusUnauthorized {
		return answer, nil
	}
	return reply{}, c.refused(ctx, req, answer, append(stale, token)...)
}

func (c *Client) announce(req call, head http.Header) {
	if date := head.Get("Sunset"); date != "" {
		at, _ := http.ParseTime(date) // the notice counts, whatever the date's form
		c.sunset(Sunset{Operation: req.op.Name, At: at, Link: head.Get("Link")})
	}
}

// refusal classifies an answer that is not what was asked for. The tokens are blanked in what it quotes.
func (c *Client) refusal(req call, answer reply, tokens ...Authorization) *APIError {
	now := c.now()
	failure := &APIError{Operation: req.op.Name, Status: answer.status, At: now, BoxID: req.box(),
		Code: firstBytes([]byte(answer.header.Get("X-Diadoc-ErrorCode"))), conflict: req.op.Conflict}
	failure.Class, failure.Cause, failure.Unsure = meaning(answer.status)
	failure.Unsure = failure.Unsure && req.op.Write
	failure.Text = firstBytes(answer.body)
	for _, token := range tokens {
		failure.Text = blank(failure.Text, token)
	}
	waits := answer.status == http.StatusServiceUnavailable && answer.header.Get("Retry-After") != ""
	switch {
	case answer.status == http.StatusTooManyRequests || waits:
		failure.Class = upstream.Wait
		failure.Until = retryAfter(answer.header, now, defaultTaskWait)
		if !waits {
			c.limiter.SlowDown(failure.Until)
		}
	case answer.status == http.StatusGone:
		failure.Successor = req.op.ReplacedBy
	case answer.status == http.StatusConflict && req.op.Async && req.op.RetryAfter:
		failure.Cause = ErrTaskFailed
	}
	return failure
}

// blank hides the secret parts of the header in a text that echoes them.
func blank(text string, token Authorization) string {
	for _, part := range strings.FieldsFunc(string(token), func(r rune) bool { return r == ' ' || r == ',' }) {
		_, secret, named := strings.Cut(part, "=")
		if !named {
			secret = part
		}
		if secret != "" && secret != "Bearer" && secret != "DiadocAuth" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// badAnswer is a 2xx that cannot be read, after which nobody knows whether a write was carried out.
func (c *Client) badAnswer(req call, status int, cause error) *APIError {
	return &APIError{Operation: req.op.Name, Status: status, At: c.now(), BoxID: req.box(), Class: upstream.Retry,
		Unsure: req.op.Write, Cause: fmt.Errorf("%w: %w", ErrBadAnswer, cause)}
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
