package bitrix

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// V3Options tune a call of REST 3.0; the zero value is ready to use.
type V3Options struct {
	// IdempotencyKey makes a repeat of a write return the first success instead of doing it twice: 1 to 255
	// printable ASCII characters, kept for 24 hours for each user and method. Two at the same time may
	// both run. With another body it is refused with ErrParameter.
	IdempotencyKey string
}

// V3Item is the result of a REST 3.0 method about one object.
type V3Item[T any] struct {
	Item T `json:"item"`
}

// V3Items is the result of a REST 3.0 method that lists objects.
type V3Items[T any] struct {
	Items List[T] `json:"items"`
}

// V3Value is the result of a REST 3.0 method that tells one thing.
type V3Value[T any] struct {
	Result T `json:"result"`
}

// CallV3 calls a method of REST 3.0 and decodes its result into T, commonly a V3Item, V3Items or V3Value.
// REST 3.0 has tasks, notes, mail and the like, but neither CRM nor workflows nor events: those are
// methods of [Call], and the other way round. The answer says whether a success of an earlier call with
// the same idempotency key was returned.
//
// Errors are those of [Call]; APIError.Fields names wrong fields. doc: api-reference/rest-v3.md
func CallV3[T any](ctx context.Context, c *Client, method string, params any, opts V3Options) (T, *Answer, error) {
	var result T
	answer, err := c.DoV3(ctx, method, params, opts)
	if err != nil {
		return result, nil, err
	}
	err = answer.Decode(&result)
	return result, answer, err
}

// DoV3 calls a method of REST 3.0 and returns its answer undecoded.
func (c *Client) DoV3(ctx context.Context, method string, params any, opts V3Options) (*Answer, error) {
	body, err := encodeParams(method, params)
	if err != nil {
		return nil, err
	}
	req := request{method: method, v3: true, body: fixed(body)}
	if key := opts.IdempotencyKey; key != "" {
		if !isIdempotencyKey(key) {
			return nil, errors.New("bitrix: " + method + ": an idempotency key has 1 to 255 printable ASCII characters")
		}
		req.header = http.Header{"Idempotency-Key": {key}}
	}
	return c.send(ctx, req)
}

func isIdempotencyKey(key string) bool {
	for _, r := range key {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return len(key) <= 255
}

// methodOpenAPI answers a document of its own instead of the usual frame.
const methodOpenAPI = "rest.documentation.openapi"

// V3OpenAPI is the portal's own description of its REST 3.0 methods. doc: api-reference/rest-v3.md
func (c *Client) V3OpenAPI(ctx context.Context) (json.RawMessage, error) {
	answer, err := c.DoV3(ctx, methodOpenAPI, nil, V3Options{})
	if err != nil {
		return nil, err
	}
	return answer.Result, nil
}

// V3Scopes tells which scope each REST 3.0 method needs. The page does not show the answer's shape.
// doc: api-reference/rest-v3.md
func (c *Client) V3Scopes(ctx context.Context) (json.RawMessage, error) {
	result, _, err := CallV3[json.RawMessage](ctx, c, "rest.scope.list", nil, V3Options{})
	return result, err
}

// v3Endpoint is where REST 3.0 of a portal is: https://portal/rest/1/secret/ becomes
// https://portal/rest/api/1/secret/.
func v3Endpoint(endpoint string) string {
	return strings.Replace(endpoint, "/rest/", "/rest/api/", 1)
}
