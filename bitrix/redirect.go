package bitrix

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"konturbridge/internal/upstream"
)

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	default:
		return false
	}
}

// follow decides where a redirected call is sent again. The Location only proposes a host: the call
// goes to the endpoint that the portal's owner confirms on that host, and nowhere else.
// doc: settings/how-to-call-rest-api/change-domen.md
func (c *Client) follow(ctx context.Context, method string, from target, resp *upstream.Response) (target, error) {
	refused := &APIError{Method: method, Status: resp.Status, Code: codeMoved}
	host, ok := movedHost(from.endpoint, resp.Header.Get("Location"))
	if !ok {
		refused.Description = "the redirect names no other address"
		return target{}, refused
	}
	to := target{access: from.access}
	var err error
	if c.confirm != nil {
		to.endpoint, err = c.confirm(ctx, host)
	} else {
		to, err = c.renew(ctx, method, from)
	}
	if err != nil {
		return target{}, fmt.Errorf("bitrix: %s: confirm the portal's new address: %w", method, err)
	}
	if hostOf(to.endpoint) != host || slashed(to.endpoint) == slashed(from.endpoint) {
		refused.Description = "the redirect's address is not confirmed"
		return target{}, refused
	}
	return to, nil
}

// movedHost is the host that location names when it leads away from endpoint. A redirect within the
// endpoint (to a login page, say) is no renaming and must not cost a token refresh.
func movedHost(endpoint, location string) (string, bool) {
	base, err := url.Parse(endpoint)
	if err != nil || location == "" {
		return "", false
	}
	to, err := base.Parse(location)
	if err != nil || to.Host == "" || to.User != nil {
		return "", false
	}
	host := hostOf(to.String())
	if host == hostOf(endpoint) && (strings.HasPrefix(to.Path, base.Path) || to.Path == "/") {
		return "", false
	}
	return host, host != ""
}

// hostOf is the lower-case host of an HTTP address with its port, unless the port is the scheme's own.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	default:
		return ""
	}
}

func slashed(endpoint string) string { return strings.TrimSuffix(endpoint, "/") + "/" }
