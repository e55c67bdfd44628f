package diadoc

import "context"

// What the service has ended. Every method here answers [ErrGone] without a call; the error names what took
// its place.

// GetExternalServiceAuthInfo is gone.
//
// Deprecated: it was removed after 7 April 2025; nothing takes its place.
func (c *Client) GetExternalServiceAuthInfo(ctx context.Context) error {
	return c.tell(ctx, "GetExternalServiceAuthInfo", nil, nil)
}

// GetRecognized is gone.
//
// Deprecated: it was removed after 7 April 2025; nothing takes its place.
func (c *Client) GetRecognized(ctx context.Context) error {
	return c.tell(ctx, "GetRecognized", nil, nil)
}

// Recognize is gone.
//
// Deprecated: it was removed after 7 April 2025; nothing takes its place.
func (c *Client) Recognize(ctx context.Context) error { return c.tell(ctx, "Recognize", nil, nil) }

// PostDraft is gone.
//
// Deprecated: use [Client.PostMessage] with IsDraft.
func (c *Client) PostDraft(ctx context.Context) error { return c.tell(ctx, "PostDraft", nil, nil) }

// SendMessage is gone.
//
// Deprecated: use [Client.SendDraft].
func (c *Client) SendMessage(ctx context.Context) error { return c.tell(ctx, "SendMessage", nil, nil) }
