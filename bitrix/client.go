package bitrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"konturbridge/internal/upstream"
)

// apiName names this API in errors, logs and metrics.
const apiName = "bitrix"

// TokenSource hands out the credential of one portal. It must be safe for concurrent use.
//
// The endpoint is the portal's client_endpoint, which ends in "/rest/"; an empty access token means
// that the endpoint itself carries the credential (an inbound webhook).
// doc: settings/oauth/auto-renewal.md
type TokenSource interface {
	// Token returns the current pair without calling anyone while it is good.
	Token(ctx context.Context) (access, endpoint string, err error)
	// Refresh is called after the portal refused stale. It returns a newer token; when another
	// worker already renewed it, that one. Returning stale again means that there is none.
	Refresh(ctx context.Context, stale string) (access, endpoint string, err error)
}

// Substitute is a TokenSource that may have another user's or another application's token for the same
// portal. Without it such a refusal is passed on.
type Substitute interface {
	// Substitute is called after the portal refused stale for good: because matches ErrUserGone or
	// ErrAppGone, or says that the application is closed to the token's user. It returns the token to go on
	// with. Returning stale again means that there is none.
	Substitute(ctx context.Context, stale string, because error) (access, endpoint string, err error)
}

// maxSubstitutes bounds how many tokens one call goes through.
const maxSubstitutes = 10

// webhook is a TokenSource whose endpoint is the credential.
type webhook struct{ endpoint string }

// NewWebhook returns the TokenSource of an inbound webhook, such as
// "https://portal/rest/1/secret/". Calls made with it carry no auth parameter and have no application
// context: robots, placements and events are refused. doc: local-integrations/local-webhooks.md
func NewWebhook(endpoint string) TokenSource { return webhook{endpoint} }

func (w webhook) Token(context.Context) (string, string, error) { return "", w.endpoint, nil }

func (w webhook) Refresh(context.Context, string) (string, string, error) {
	return "", w.endpoint, nil // a webhook's secret cannot be renewed by its user
}

// String and GoString keep the secret out of logs.
func (w webhook) String() string { return "webhook ***" }

func (w webhook) GoString() string { return "webhook ***" }

// Confirm says whether host (with its port, when it has one) is the new address of the portal that
// answered with a redirect, and returns the portal's confirmed endpoint there. Any error, and any
// endpoint on another host, keeps the client from calling it. It also stores the new endpoint: the
// client asks the TokenSource again for its next call.
type Confirm func(ctx context.Context, host string) (endpoint string, err error)

// Client calls one portal's REST methods. It is safe for concurrent use; see [New].
type Client struct {
	up        *upstream.Client
	tokens    TokenSource
	confirm   Confirm
	now       func() time.Time
	ledger    *ledger
	line      *line  // nil: nothing is limited
	connector string // of WithAuthConnector
}

// Option tunes a Client.
type Option func(*Client)

// WithConfirm replaces the way in which a renamed portal's new address is confirmed. The default asks
// the TokenSource for a fresh token and takes the endpoint that comes with it.
func WithConfirm(confirm Confirm) Option { return func(c *Client) { c.confirm = confirm } }

// WithClock replaces time.Now, for tests.
func WithClock(now func() time.Time) Option { return func(c *Client) { c.now = now } }

// New returns a Client of the portal that tokens belong to.
func New(up *upstream.Client, tokens TokenSource, opts ...Option) *Client {
	c := &Client{up: up, tokens: tokens, now: time.Now, ledger: &ledger{used: map[string]*usage{}}}
	for _, opt := range opts {
		opt(c)
	}
	if c.line != nil {
		c.ledger.limit = c.line.opts.Operating
	}
	return c
}

// Call calls method and decodes its result into T.
//
// Params is a struct, a map, a json.RawMessage with an object, or nil; the token is added by the
// client and must not be among them. T = json.RawMessage keeps the result as it came.
//
// Errors: *APIError when the portal refused, *AnswerError when the answer cannot be understood,
// *upstream.TransportError when none came; all are upstream.Classified. Errors of the TokenSource and
// of the Limiter are passed on wrapped. doc: settings/how-to-call-rest-api/general-principles.md
func Call[T any](ctx context.Context, c *Client, method string, params any) (T, error) {
	var result T
	answer, err := c.Do(ctx, method, params)
	if err != nil {
		return result, err
	}
	err = answer.Decode(&result)
	return result, err
}

// ListAnswer is one page of a list method.
type ListAnswer[T any] struct {
	Result T
	Total  int // rows that match; 0 or meaningless after start=-1
	Next   int // start of the next page; 0 on the last one
}

// CallList calls a list method and decodes its result into T beside total and next. Pages hold 50
// rows. Errors are those of [Call]. doc: settings/how-to-call-rest-api/list-methods-pecularities.md
func CallList[T any](ctx context.Context, c *Client, method string, params any) (ListAnswer[T], error) {
	var list ListAnswer[T]
	answer, err := c.Do(ctx, method, params)
	if err != nil {
		return list, err
	}
	list.Total, list.Next = answer.Total, answer.Next
	err = answer.Decode(&list.Result)
	return list, err
}

// target is where and as whom a request goes.
type target struct{ access, endpoint string }

// Do calls method and returns its answer undecoded. Params and errors are those of [Call].
func (c *Client) Do(ctx context.Context, method string, params any) (*Answer, error) {
	body, err := c.encode(method, params)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, request{method: method, params: body, body: fixed(body)})
}

// send makes a call as soon as the limits allow it.
func (c *Client) send(ctx context.Context, req request) (*Answer, error) {
	if c.line != nil {
		return c.line.send(ctx, req)
	}
	if err := announce(ctx); err != nil {
		return nil, notSent(req.method, err)
	}
	return c.exchange(ctx, req)
}

// admit waits until the limits allow one more request that is no call of a method.
func (c *Client) admit(ctx context.Context, op string) error {
	if c.line == nil {
		return nil
	}
	return c.line.admit(c.line.newCall(ctx, request{method: op}), false).err
}

// exchange makes a call whose turn it is: once, and once more with a renewed token and at a renamed
// portal's new address.
func (c *Client) exchange(ctx context.Context, req request) (*Answer, error) {
	method := req.method
	access, endpoint, err := c.tokens.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("bitrix: %s: token: %w", method, err)
	}
	to := target{access, endpoint}
	if err := wrongKind(method, to); err != nil {
		return nil, err
	}
	substitutes := 0
	for renewed, moved, again := false, false, false; ; again = true {
		if again && c.line != nil {
			if err := c.line.pay(ctx, method); err != nil {
				return nil, err
			}
		}
		resp, err := c.post(ctx, req, to)
		if err != nil {
			return nil, err
		}
		if isRedirect(resp.Status) && !moved {
			moved = true
			if to, err = c.follow(ctx, method, to, resp); err != nil {
				return nil, err
			}
			continue
		}
		answer, err := c.read(method, to.access, resp)
		upstream.Explain(ctx, apiName, method, err)
		var (
			next    target
			failure error
		)
		switch source, able := c.tokens.(Substitute); {
		case !renewed && errors.Is(err, ErrExpiredToken):
			renewed = true
			next, failure = c.renew(ctx, method, to)
		case able && substitutes < maxSubstitutes && ownerGone(err):
			renewed = false
			substitutes++
			next.access, next.endpoint, failure = source.Substitute(ctx, to.access, err)
		default:
			return answer, err
		}
		if failure != nil {
			return nil, failure
		}
		if next.access == to.access {
			return nil, err
		}
		to = next
	}
}

// ownerGone reports whether whoever the token stands for is lost to the portal: the call was not executed,
// and no renewal helps.
func ownerGone(err error) bool {
	refused, ok := errors.AsType[*APIError](err)
	return ok && (refused.Is(ErrUserGone) || refused.Is(ErrAppGone) || strings.EqualFold(refused.Code, "user_access_error"))
}

func (c *Client) renew(ctx context.Context, method string, to target) (target, error) {
	access, endpoint, err := c.tokens.Refresh(ctx, to.access)
	if err != nil {
		return target{}, fmt.Errorf("bitrix: %s: refresh the token: %w", method, err)
	}
	return target{access, endpoint}, nil
}

// post sends one request. The token goes into the body: a query would land in logs.
func (c *Client) post(ctx context.Context, req request, to target) (*upstream.Response, error) {
	call, err := req.to(to)
	if err != nil {
		return nil, err
	}
	return c.up.Do(ctx, call)
}

// encodeParams turns params into the bytes of a JSON object.
func encodeParams(method string, params any) ([]byte, error) {
	if params == nil {
		return []byte("{}"), nil
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("bitrix: %s: encode the parameters: %w", method, err)
	}
	if len(body) == 0 || body[0] != '{' {
		return nil, fmt.Errorf("bitrix: %s: the parameters are not a JSON object", method)
	}
	return body, nil
}

// observe keeps what an answer says of a method's run time.
func (c *Client) observe(method string, t CallTime) {
	if c.ledger.observe(method, t, c.now()) && c.line != nil {
		c.line.poke()
	}
}
