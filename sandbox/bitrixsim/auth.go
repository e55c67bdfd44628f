package bitrixsim

import (
	"net/http"
	"strings"
)

// authorise finds out who asks: {user}/{secret}/method, or an application's token.
func (c *call) authorise(parts []string) *restError {
	switch {
	case len(parts) == 3:
		c.hook = c.p.webhooks[parts[1]]
		if c.hook == nil || itoa(c.hook.user) != parts[0] {
			return fail(http.StatusUnauthorized, "INVALID_CREDENTIALS", "Invalid request credentials")
		}
		c.user = c.p.users[c.hook.user]
	case len(parts) != 1:
		return fail(http.StatusNotFound, "ERROR_METHOD_NOT_FOUND", "Method not found!")
	default:
		if err := c.authoriseToken(); err != nil {
			return err
		}
	}
	if c.user == nil || c.user.dismissed {
		return fail(http.StatusUnauthorized, "authorization_error", "Unable to authorize user")
	}
	if c.in != nil && !c.in.admits(c.user.id) {
		return noAccess()
	}
	return nil
}

func (c *call) authoriseToken() *restError {
	c.token = str(c.params.get("auth"))
	if c.token == "" {
		c.token = str(c.params.get("access_token"))
	}
	t := c.s.access[c.token]
	switch {
	case c.token == "":
		return fail(http.StatusUnauthorized, "NO_AUTH_FOUND", "Wrong authorization data")
	case t == nil || t.in.portal != c.p:
		return fail(http.StatusUnauthorized, "NO_AUTH_FOUND", "Wrong authorization data")
	case !t.in.live():
		return fail(http.StatusUnauthorized, "ERROR_OAUTH", "Application not installed")
	case c.s.now().After(t.expires):
		return fail(http.StatusUnauthorized, "expired_token", "The access token provided has expired.")
	}
	c.in, c.user = t.in, c.p.users[t.user]
	return nil
}

// hasScope reports whether the caller was granted a scope; several alternatives are split by "|".
func (c *call) hasScope(scope string) bool {
	if scope == "" {
		return true
	}
	var granted []string
	if c.in != nil {
		granted = c.in.app.Scopes
	} else {
		granted = c.hook.scopes
	}
	for want := range strings.SplitSeq(scope, "|") {
		for _, have := range granted {
			if have == want {
				return true
			}
		}
	}
	return false
}
