package bitrix

import "context"

// Notice is a notification to a user. It marshals into the parameters of the method.
type Notice struct {
	UserID   ID     `json:"USER_ID"`
	Message  string `json:"MESSAGE"`               // BB-code
	Type     string `json:"TYPE,omitempty"`        // of Notify: NoticeSystem has no author; empty: on behalf of the token's user
	Email    string `json:"MESSAGE_OUT,omitempty"` // text of the e-mail
	Tag      string `json:"TAG,omitempty"`         // a new notice replaces the application's one with its tag
	SubTag   string `json:"SUB_TAG,omitempty"`
	Attach   any    `json:"ATTACH,omitempty"`    // at most 60000 characters
	ClientID string `json:"CLIENT_ID,omitempty"` // a webhook's name for itself, to which tags belong
}

// NoticeSystem is the Type of a notice without an author.
const NoticeSystem = "SYSTEM"

// Notify sends a notification and returns its id; 0 when the portal did not deliver it. All notices need
// the scope im. Errors: ErrParameter. doc: api-reference/chats/notifications/*.md
func (c *Client) Notify(ctx context.Context, n Notice) (ID, error) {
	return Call[ID](ctx, c, "im.notify", n)
}

// NotifyPersonal sends a notice on behalf of the token's user; Type is ignored. It returns its id; 0 when
// the portal did not deliver it. doc: api-reference/chats/notifications/*.md
func (c *Client) NotifyPersonal(ctx context.Context, n Notice) (ID, error) {
	n.Type = ""
	return Call[ID](ctx, c, "im.notify.personal.add", n)
}

// NotifySystem sends a notice without an author; Type is ignored. It returns its id; 0 when the portal did
// not deliver it. doc: api-reference/chats/notifications/*.md
func (c *Client) NotifySystem(ctx context.Context, n Notice) (ID, error) {
	n.Type = ""
	return Call[ID](ctx, c, "im.notify.system.add", n)
}

// NoticeKey names the notices to remove, by one of its fields.
type NoticeKey struct {
	ID       ID     `json:"ID,omitempty"`
	Tag      string `json:"TAG,omitempty"`
	SubTag   string `json:"SUB_TAG,omitempty"`
	ClientID string `json:"CLIENT_ID,omitempty"` // of a webhook
}

// NotifyDelete removes notices and reports whether there were any. Errors: ErrParameter, ErrAccessDenied.
// doc: api-reference/chats/notifications/*.md
func (c *Client) NotifyDelete(ctx context.Context, key NoticeKey) (bool, error) {
	removed, err := Call[Flag](ctx, c, "im.notify.delete", key)
	return bool(removed), err
}
