package bitrix

import (
	"context"
	"encoding/json"
)

// The application's options on the portal: small values that every user of the application can read, so
// never secrets. They are gone when a local application is deleted.
// doc: api-reference/common/settings/*.md

// AppOptionSet stores options of the application. It needs an administrator and an application's token.
// Errors: ErrAuthKind, ErrAccessDenied, ErrParameter when there are none.
// doc: api-reference/common/settings/*.md
func (c *Client) AppOptionSet(ctx context.Context, options map[string]any) error {
	return c.confirmed(ctx, "app.option.set", map[string]any{"options": options})
}

// AppOption reads one option of the application; null when it is not set.
// doc: api-reference/common/settings/*.md
func (c *Client) AppOption(ctx context.Context, name string) (json.RawMessage, error) {
	return Call[json.RawMessage](ctx, c, "app.option.get", map[string]string{"option": name})
}

// AppOptions reads all options of the application. doc: api-reference/common/settings/*.md
func (c *Client) AppOptions(ctx context.Context) (map[string]json.RawMessage, error) {
	return Call[Map[json.RawMessage]](ctx, c, "app.option.get", nil)
}

// UserOptionSet stores options of the token's user in this application.
// Errors: ErrAccessDenied, ErrParameter when there are none. doc: api-reference/common/settings/*.md
func (c *Client) UserOptionSet(ctx context.Context, options map[string]any) error {
	return c.confirmed(ctx, "user.option.set", map[string]any{"options": options})
}

// UserOption reads one option of the token's user; null when it is not set.
// doc: api-reference/common/settings/*.md
func (c *Client) UserOption(ctx context.Context, name string) (json.RawMessage, error) {
	return Call[json.RawMessage](ctx, c, "user.option.get", map[string]string{"option": name})
}

// UserOptions reads all options of the token's user. doc: api-reference/common/settings/*.md
func (c *Client) UserOptions(ctx context.Context) (map[string]json.RawMessage, error) {
	return Call[Map[json.RawMessage]](ctx, c, "user.option.get", nil)
}
