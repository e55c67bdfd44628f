package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Defaults of a [Client] and of a [Request] that leaves the field zero.
const (
	DefaultTimeout   = 65 * time.Second // Bitrix24 cuts a request at 60 s itself
	DefaultMaxAnswer = 16 << 20         // bytes; file downloads stream instead
)

// Call describes one finished call for logs and metrics. It holds no URL, body or credential.
type Call struct {
	API      string
	Op       string
	Status   int // 0 when no answer came
	Class    string
	Duration time.Duration
}

// Client makes calls. The zero value is not usable; see [New]. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	log       *slog.Logger
	observe   func(Call)
	userAgent string
	insecure  bool
}

// Option tunes a Client.
type Option func(*Client)

// WithLogger sends one debug line per call to log (a warning when the call failed).
func WithLogger(log *slog.Logger) Option { return func(c *Client) { c.log = log } }

// WithObserver is told of every finished call; it must not block.
func WithObserver(observe func(Call)) Option { return func(c *Client) { c.observe = observe } }

// WithTransport replaces the HTTP transport, for tests and proxies.
func WithTransport(rt http.RoundTripper) Option { return func(c *Client) { c.http.Transport = rt } }

// WithInsecure allows plain HTTP and loopback addresses: for the sandbox, never on the internet.
func WithInsecure(allow bool) Option { return func(c *Client) { c.insecure = allow } }

// WithUserAgent sets the User-Agent; Bitrix24 refuses downloads to library defaults.
func WithUserAgent(ua string) Option { return func(c *Client) { c.userAgent = ua } }

// New returns a Client. Redirects are never followed by itself: a redirected POST would lose its body
// and a redirect could carry a credential to another host.
func New(opts ...Option) *Client {
	c := &Client{
		log:       slog.New(slog.DiscardHandler),
		observe:   func(Call) {},
		userAgent: "konturbridge/1",
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: c.refuseLocal}
	c.http = &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           dialer.DialContext,
			MaxIdleConns:          512,
			MaxIdleConnsPerHost:   128,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ExpectContinueTimeout: time.Second,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// refuseLocal runs after the name was resolved, so a public name that points at a loopback, private
// or link-local address is refused too: an address from outside must not reach inside.
func (c *Client) refuseLocal(_, address string, _ syscall.RawConn) error {
	if c.insecure {
		return nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast() {
		return ErrInsecure
	}
	return nil
}

// Request is one call. API and Op name it in logs and metrics; Op is a template ("GET /docflows/{id}")
// so that its cardinality stays bounded.
type Request struct {
	API, Op       string
	Method        string
	URL           string
	Header        http.Header
	Body          io.Reader     // nil for none; sent once, never repeated by this package
	ContentLength int64         // of Body when it is a stream; 0 lets net/http find out
	Timeout       time.Duration // zero: DefaultTimeout
	MaxAnswer     int64         // bytes; zero: DefaultMaxAnswer
}

// Response is an answer, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the call and reads the whole answer. An answer of any status is a Response: what a status
// means is for the client to say. No usable answer is a *TransportError.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	timeout := req.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	started := time.Now()
	resp, sent, err := c.send(ctx, req)
	if err != nil {
		return nil, c.failed(ctx, req, started, 0, sent, err)
	}
	defer func() { _ = resp.Body.Close() }()
	limit := req.MaxAnswer
	if limit == 0 {
		limit = DefaultMaxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = ErrAnswerTooLarge
	}
	if err != nil {
		return nil, c.failed(ctx, req, started, resp.StatusCode, true, err)
	}
	c.done(ctx, req, started, resp.StatusCode)
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// Stream makes the call and hands the answer's body to the caller, who must close it. The deadline of
// ctx alone bounds the reading; req.Timeout bounds the wait for the header; req.MaxAnswer bounds the
// bytes that can be read (zero: no cap, the caller limits).
func (c *Client) Stream(ctx context.Context, req Request) (*http.Response, error) {
	timeout := req.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	started := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(timeout, func() { cancel(context.DeadlineExceeded) })
	resp, sent, err := c.send(ctx, req)
	if !timer.Stop() && err == nil {
		_ = resp.Body.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		failure := c.failed(ctx, req, started, 0, sent, err)
		cancel(nil)
		return nil, failure
	}
	c.done(ctx, req, started, resp.StatusCode)
	resp.Body = &streamBody{ReadCloser: resp.Body, left: req.MaxAnswer, capped: req.MaxAnswer > 0, cancel: cancel}
	return resp, nil
}

// streamBody releases the call's context with the body and enforces the cap.
type streamBody struct {
	io.ReadCloser
	left   int64
	capped bool
	cancel context.CancelCauseFunc
}

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.capped {
		if b.left -= int64(n); b.left < 0 {
			return 0, ErrAnswerTooLarge
		}
	}
	return n, err
}

func (b *streamBody) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}

// send reports beside the answer whether the request may have reached the upstream.
func (c *Client) send(ctx context.Context, req Request) (*http.Response, bool, error) {
	if err := c.CheckURL(req.URL); err != nil {
		return nil, false, err
	}
	var sent atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), req.Method, req.URL, req.Body)
	if err != nil {
		return nil, false, ErrBadAddress
	}
	for name, values := range req.Header {
		r.Header[name] = values
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", c.userAgent)
	}
	if req.ContentLength > 0 {
		r.ContentLength = req.ContentLength
	}
	resp, err := c.http.Do(r)
	return resp, sent.Load(), err
}

// CheckURL refuses an address that is not absolute HTTPS, unless insecure upstreams are allowed.
func (c *Client) CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ErrBadAddress
	}
	if c.insecure {
		return nil
	}
	host := u.Hostname()
	if u.Scheme != "https" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return ErrInsecure
	}
	return nil
}

func (c *Client) failed(ctx context.Context, req Request, started time.Time, status int, sent bool, err error) error {
	class := Retry
	if errors.Is(err, ErrInsecure) || errors.Is(err, ErrBadAddress) || errors.Is(err, ErrAnswerTooLarge) {
		class = Broken
	}
	failure := &TransportError{API: req.API, Op: req.Op, Sent: sent, Cause: redact(err), class: class}
	call := Call{API: req.API, Op: req.Op, Status: status, Class: class.String(), Duration: time.Since(started)}
	c.observe(call)
	record(ctx, call, started, failure.Cause.Error())
	c.log.LogAttrs(ctx, slog.LevelWarn, "upstream call failed", slog.String("api", req.API), slog.String("op", req.Op),
		slog.Duration("took", call.Duration), slog.Bool("sent", sent), slog.String("error", failure.Cause.Error()))
	return failure
}

func (c *Client) done(ctx context.Context, req Request, started time.Time, status int) {
	call := Call{API: req.API, Op: req.Op, Status: status, Duration: time.Since(started)}
	c.observe(call)
	record(ctx, call, started, "")
	c.log.LogAttrs(ctx, slog.LevelDebug, "upstream call", slog.String("api", req.API), slog.String("op", req.Op),
		slog.Int("status", status), slog.Duration("took", call.Duration))
}

// redact drops the URLs that net/http puts into its errors: their queries may hold a token.
func redact(err error) error {
	wrapped, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	if strings.Contains(wrapped.Err.Error(), "Location header") { // it quotes the redirect's target
		return errors.New("the answer redirects to an address that is not a URL")
	}
	return fmt.Errorf("%s: %w", strings.ToUpper(wrapped.Op), wrapped.Err)
}

// ParseRetryAfter reads a Retry-After header in both of its forms (seconds, HTTP date); ok is false
// when there is none or it cannot be read.
func ParseRetryAfter(value string, now time.Time) (at time.Time, ok bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return at, true
	}
	return time.Time{}, false
}
