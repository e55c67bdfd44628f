package bitrix

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// webhookPath is the path of an inbound webhook behind its /rest/: the user's number and the secret.
var webhookPath = regexp.MustCompile(`/rest/\d+/[A-Za-z0-9]+/?$`)

// ParseWebhook reads the address of an inbound webhook as the portal shows it, such as
// "https://portal.example/rest/1/secret/". The error does not show the secret.
// doc: local-integrations/local-webhooks.md
func ParseWebhook(address string) (TokenSource, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		!webhookPath.MatchString(u.Path) {
		return nil, errors.New("bitrix: this is no webhook's address: it looks like https://portal/rest/1/secret/")
	}
	return NewWebhook(slashed(u.String())), nil
}

// RefreshFunc gets a newer token after the portal refused stale. What it returns must be stored before
// it is returned: the old refresh token is dead.
type RefreshFunc func(ctx context.Context, stale string) (access, endpoint string, err error)

// NewToken returns the TokenSource of an application's token at a portal's client_endpoint. Refresh is
// called once at a time; nil is a token that cannot be renewed, such as the one of a page opening.
// Several processes need a TokenSource of their own that shares the pair.
// doc: settings/oauth/auto-renewal.md
func NewToken(access Secret, endpoint string, refresh RefreshFunc) TokenSource {
	return &token{access: string(access), endpoint: endpoint, refresh: refresh}
}

type token struct {
	refresh RefreshFunc

	mu       sync.Mutex // guards access and endpoint
	access   string
	endpoint string
	renewing sync.Mutex // one refresh at a time; Token does not wait for it
}

// Token implements TokenSource.
func (t *token) Token(context.Context) (string, string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.access, t.endpoint, nil
}

// Refresh implements TokenSource.
func (t *token) Refresh(ctx context.Context, stale string) (string, string, error) {
	t.renewing.Lock()
	defer t.renewing.Unlock()
	access, endpoint, _ := t.Token(ctx) // it cannot fail
	if access != stale || t.refresh == nil {
		return access, endpoint, nil // somebody else renewed it meanwhile, or nobody can
	}
	access, endpoint, err := t.refresh(ctx, stale)
	if err != nil {
		return "", "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.access, t.endpoint = access, endpoint
	return access, endpoint, nil
}

// String and GoString keep the token out of logs.
func (t *token) String() string { return "token ***" }

// GoString implements fmt.GoStringer.
func (t *token) GoString() string { return "token ***" }

// NeedsApp reports whether the pages say that a method works with an application's token only. With a
// webhook such a call is refused before it is sent, with ErrAuthKind.
// doc: local-integrations/local-webhooks.md and the methods' own pages
func NeedsApp(method string) bool {
	method = strings.ToLower(method)
	switch method {
	case "events", "app.option.set", "disk.storage.getforapp", "bizproc.activity.add", "bizproc.activity.update",
		"bizproc.activity.delete", "bizproc.activity.list", "bizproc.workflow.template.add",
		"bizproc.workflow.template.update", "bizproc.workflow.template.delete":
		return true
	}
	for _, group := range []string{"event.", "placement.", "bizproc.robot.", "crm.automation.trigger.", "crm.activity.configurable.", "entity."} {
		if strings.HasPrefix(method, group) {
			return true
		}
	}
	return false
}

// wrongKind refuses a method of applications that would go out with a webhook.
func wrongKind(method string, to target) error {
	if to.access != "" || !NeedsApp(method) {
		return nil
	}
	return &APIError{Method: method, Code: codeAuthKind, Description: "the method needs an application's token, this is a webhook"}
}
