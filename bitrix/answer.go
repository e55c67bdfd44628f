package bitrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"konturbridge/internal/upstream"
)

// maxDescription bounds the part of a portal's error text that is kept, in bytes.
const maxDescription = 2000

// Answer is the undecoded answer of one call.
type Answer struct {
	Method string
	Result json.RawMessage
	Total  int // list methods
	Next   int // list methods: start of the next page, 0 on the last one
	Time   CallTime
	// Replayed says that a REST 3.0 call with a known idempotency key returned the first one's success.
	Replayed bool
}

// CallTime is what the portal says about the cost of a call. doc: settings/performance/limits.md
type CallTime struct {
	Start            time.Time // the portal's clock when the call began; zero when it is not told
	Duration         time.Duration
	Operating        time.Duration // run time of this method for this application in ten minutes
	OperatingResetAt time.Time     // when the oldest minute of it leaves the window; zero on boxes
}

// UnmarshalJSON reads the "time" object; floats are seconds. A shape it does not know leaves zeroes:
// no call may fail over its own statistics.
func (t *CallTime) UnmarshalJSON(data []byte) error {
	var wire struct {
		Start     float64 `json:"start"`
		Duration  float64 `json:"duration"`
		Operating float64 `json:"operating"`
		ResetAt   float64 `json:"operating_reset_at"`
	}
	*t = CallTime{}
	if json.Unmarshal(data, &wire) != nil {
		return nil
	}
	t.Duration, t.Operating = seconds(wire.Duration), seconds(wire.Operating)
	if wire.Start > 0 && wire.Start < 1e11 {
		t.Start = time.UnixMicro(int64(wire.Start * 1e6))
	}
	if wire.ResetAt > 0 && wire.ResetAt < 1e11 {
		t.OperatingResetAt = time.Unix(int64(wire.ResetAt), 0)
	}
	return nil
}

func seconds(f float64) time.Duration {
	if f < 0 || f > 1e9 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// Decode reads the result into v. A result of another shape is an *AnswerError: the API changed, and
// the call itself was carried out.
func (a *Answer) Decode(v any) error {
	if err := json.Unmarshal(a.Result, v); err != nil {
		return &AnswerError{Method: a.Method, Status: http.StatusOK, Cause: err, executed: true}
	}
	return nil
}

// envelope is the common frame of all answers. doc: settings/how-to-call-rest-api/general-principles.md
type envelope struct {
	Result      json.RawMessage `json:"result"`
	Error       json.RawMessage `json:"error"`
	Description text            `json:"error_description"`
	Argument    text            `json:"argument"`
	Total       ID              `json:"total"`
	Next        ID              `json:"next"`
	Time        CallTime        `json:"time"`
}

// text is a string that any other JSON value may stand for.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		s = string(data)
	}
	*t = text(s)
	return nil
}

// read turns a response into an answer or a classified error. A call failed when an error is named,
// whatever the status, when the status says so, or when the body is not what the API speaks.
func (c *Client) read(method, access string, resp *upstream.Response) (*Answer, error) {
	var env envelope
	body := bytes.TrimSpace(resp.Body)
	if len(body) == 0 || body[0] != '{' {
		return nil, c.garbage(method, resp, errors.New("the answer is not a JSON object"))
	}
	if err := json.Unmarshal(body, &env); err != nil {
		return nil, c.garbage(method, resp, err)
	}
	if failed := errorOf(env.Error); failed != nil || resp.Status >= http.StatusMultipleChoices {
		if failed == nil {
			failed = &APIError{}
		}
		failed.Method, failed.Status, failed.Argument = method, resp.Status, string(env.Argument)
		if env.Description != "" {
			failed.Description = string(env.Description)
		}
		return nil, c.finish(failed, access, env.Time, resp.Header)
	}
	if env.Result == nil && method == methodOpenAPI {
		env.Result = body
	}
	if env.Result == nil {
		return nil, c.garbage(method, resp, errors.New("the answer holds neither result nor error"))
	}
	c.observe(method, env.Time)
	return &Answer{
		Method: method, Result: env.Result, Total: int(env.Total), Next: int(env.Next), Time: env.Time,
		Replayed: strings.EqualFold(resp.Header.Get("Idempotent-Replayed"), "true"),
	}, nil
}

// finish adds to a decoded refusal what the client knows: until when to wait, and its own token, which
// must not stay in a text that is logged.
func (c *Client) finish(failed *APIError, access string, t CallTime, header http.Header) *APIError {
	failed.Description = clip(failed.Description, access)
	switch {
	case failed.Is(ErrOperatingLimit):
		failed.Until = c.ledger.refused(failed.Method, t.OperatingResetAt, c.now())
	case failed.UpstreamClass() == upstream.Wait:
		failed.Until = c.now().Add(failed.reaction().Pause)
		if at, ok := upstream.ParseRetryAfter(header.Get("Retry-After"), c.now()); ok {
			failed.Until = at
		}
	}
	return failed
}

// garbage is an answer that no Bitrix24 gave: a proxy's or a maintenance page.
func (c *Client) garbage(method string, resp *upstream.Response, cause error) error {
	failed := &AnswerError{Method: method, Status: resp.Status, Cause: cause}
	if at, ok := upstream.ParseRetryAfter(resp.Header.Get("Retry-After"), c.now()); ok {
		failed.Until = at
	}
	return failed
}

// errorOf reads the error value of an envelope: a string, a number, or REST 3.0's object; nil when
// there is none. An empty string is an error too. doc: api-reference/rest-v3.md
func errorOf(raw json.RawMessage) *APIError {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	var v3 struct {
		Code             text            `json:"code"`
		Message          text            `json:"message"`
		Error            text            `json:"error"`             // the shape of a batch command's error
		ErrorDescription text            `json:"error_description"` // the same
		Validation       json.RawMessage `json:"validation"`
	}
	if raw[0] == '{' && json.Unmarshal(raw, &v3) == nil {
		failed := &APIError{Code: string(v3.Code + v3.Error), Description: string(v3.Message + v3.ErrorDescription)}
		var fields List[struct {
			Field   text `json:"field"`
			Message text `json:"message"`
		}]
		_ = json.Unmarshal(v3.Validation, &fields) // what cannot be read tells nothing
		for _, row := range fields {
			failed.Fields = append(failed.Fields, FieldError{string(row.Field), string(row.Message)})
		}
		return failed
	}
	var code text
	_ = code.UnmarshalJSON(raw) // it accepts everything
	return &APIError{Code: string(code)}
}

// clip bounds a foreign text and takes the caller's token out of it.
func clip(s, secret string) string {
	if len(secret) >= 8 {
		s = strings.ReplaceAll(s, secret, "***")
	}
	if len(s) <= maxDescription {
		return s
	}
	s = s[:maxDescription]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
