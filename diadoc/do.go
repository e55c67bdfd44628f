package diadoc

import (
	"context"
	"io"
	"net/url"

	"konturbridge/internal/upstream"
)

// maxBuffered caps in bytes what [Client.Do] reads of a stream; larger files have methods that stream.
const maxBuffered = 64 << 20

// Answer is what an operation said, as it came.
type Answer struct {
	Operation   Operation
	Status      int
	ContentType string
	FileName    string // from Content-Disposition; may be empty
	Body        []byte // empty for a bare yes, and for GetLastEvent of an empty box (204)
}

// Do calls any operation by its name, checked against its description: an unknown or repeated name in the
// query, a missing required one and a missing, superfluous or malformed body are refused without a call.
// Flags are "true" or "false". body is nil, a structure that becomes JSON, or bytes (json.RawMessage or
// []byte) that are sent as they are.
//
// Logging in is not offered here: see [DiadocLogin] and [Identity].
//
// Errors: [*CallError], [ErrUnknownOperation] or [ErrGone] without a call; [*NotReadyError] and [*APIError].
func (c *Client) Do(ctx context.Context, operation string, parameters url.Values, body any) (*Answer, error) {
	flat := query{}
	for name, values := range parameters {
		if len(values) > 1 {
			return nil, &CallError{operation, name, Text{"задан больше одного раза", "is given more than once"}}
		}
		if len(values) == 1 {
			flat[name] = values[0]
		}
	}
	if op, ok := LookupOperation(operation); ok && op.logsIn() {
		return nil, &CallError{operation, "", Text{"операция выдаёт токен, по имени её вызвать нельзя", "hands out a token and cannot be called by its name"}}
	}
	req, answer, err := c.run(ctx, operation, flat, body)
	if err != nil {
		return nil, err
	}
	given := &Answer{Operation: *req.op, Status: answer.status, ContentType: answer.header.Get("Content-Type"),
		FileName: fileName(answer.header), Body: answer.body}
	if answer.stream != nil {
		defer func() { _ = answer.stream.Body.Close() }()
		given.Body, err = io.ReadAll(io.LimitReader(&reading{answer.stream.Body, operation}, maxBuffered+1))
		if len(given.Body) > maxBuffered {
			given.Body, err = nil, &readError{operation, upstream.ErrAnswerTooLarge}
		}
	}
	return given, err
}

// logsIn tells the operations that answer with a token.
func (o *Operation) logsIn() bool { return o.Name == "Authenticate" || o.Name == "AuthenticateConfirm" }
