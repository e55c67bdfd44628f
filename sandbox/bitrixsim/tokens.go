package bitrixsim

import "time"

// Lifetimes of credentials (doc: settings/oauth/index).
const (
	accessLife  = time.Hour
	refreshLife = 180 * 24 * time.Hour
	codeLife    = 30 * time.Second
)

// accessToken opens REST for one user of one installation.
type accessToken struct {
	token   string
	in      *installation
	user    int
	expires time.Time
}

// refreshToken is good for one exchange.
type refreshToken struct {
	token   string
	in      *installation
	user    int
	expires time.Time
}

// authCode is the short-lived result of the consent page.
type authCode struct {
	in      *installation
	user    int
	expires time.Time
}

// issueAccess makes an access token; the caller holds mu.
func (in *installation) issueAccess(userID int) *accessToken {
	s := in.portal.s
	t := &accessToken{token: s.random(), in: in, user: userID, expires: s.now().Add(accessLife)}
	s.access[t.token] = t
	return t
}

// issuePair makes an access and a refresh token.
func (in *installation) issuePair(userID int) (*accessToken, *refreshToken) {
	s := in.portal.s
	r := &refreshToken{token: s.random(), in: in, user: userID, expires: s.now().Add(refreshLife)}
	s.refresh[r.token] = r
	return in.issueAccess(userID), r
}

// queueToken is the access token that payloads carry. Bursts of events share one while it is fresh.
func (in *installation) queueToken(userID int) *accessToken {
	if t := in.queueTokens[userID]; t != nil && t.expires.Sub(in.portal.s.now()) > accessLife-time.Minute {
		return t
	}
	t := in.issueAccess(userID)
	in.queueTokens[userID] = t
	return t
}

// live reports whether the installation is still the portal's current one.
func (in *installation) live() bool {
	s := in.portal.s
	return in.portal.installs[in.app.ClientID] == in && s.apps[in.app.ClientID] != nil
}

// ExpireAccessTokens makes every access token of the portal an hour old; refresh tokens stay good.
func (p *Portal) ExpireAccessTokens() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	past := p.s.now().Add(-time.Second)
	for _, t := range p.s.access {
		if t.in.portal == p {
			t.expires = past
		}
	}
	for _, in := range p.installs {
		clear(in.queueTokens)
	}
	p.s.notify()
}

// IssueTokens makes a fresh pair for a user of an installed application, as if a page had been opened.
// Both are empty when the application is not installed.
func (p *Portal) IssueTokens(clientID string, userID int) (access, refresh string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	in := p.installs[clientID]
	if in == nil {
		return "", ""
	}
	a, r := in.issuePair(userID)
	return a.token, r.token
}
