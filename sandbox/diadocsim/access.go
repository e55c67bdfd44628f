package diadocsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// client is an integrator's program.
type client struct {
	id, secret string
	redirects  []string
	blocked    bool
}

// grant is what stands behind a token or a code.
type grant struct {
	client   *client
	user     *user
	scopes   []string
	until    time.Time // zero: never ends
	redirect string    // of a code
	nonce    string
	legacy   bool // a token of DiadocAuth
}

const bearerScope = "Diadoc.PublicAPI"

func (s *Server) scope() string {
	if s.cfg.Production {
		return bearerScope
	}
	return bearerScope + ".Staging"
}

// AddClient registers a program: its client_id, which is also its developer's key, its secret, and the
// addresses to which an authorization may return.
func (s *Server) AddClient(id, secret string, redirects ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[id] = &client{id: id, secret: secret, redirects: redirects}
	s.notify()
}

// BlockClient makes every call of a program answer 401, or ends that.
func (s *Server) BlockClient(id string, blocked bool) error {
	return s.lever(func() error {
		c := s.clients[id]
		if c == nil {
			return errNotFound("client", id)
		}
		c.blocked = blocked
		return nil
	})
}

// IssueRefreshToken issues a first refresh token by hand, as the Integrator Cabinet does, with all scopes.
func (s *Server) IssueRefreshToken(clientID, login string) (string, error) {
	token := "refresh-" + newGUID()
	err := s.lever(func() error {
		c, u := s.clients[clientID], s.users[login]
		if c == nil || u == nil {
			return errNotFound("client or user", clientID+" "+login)
		}
		s.refresh[token] = &grant{client: c, user: u, scopes: []string{"openid", "profile", "email", "offline_access", s.scope()}}
		return nil
	})
	return token, err
}

// IssueAccessToken gives an access token at once, for tests of other things.
func (s *Server) IssueAccessToken(clientID, login string) (string, error) {
	token := ""
	err := s.lever(func() error {
		c, u := s.clients[clientID], s.users[login]
		if c == nil || u == nil {
			return errNotFound("client or user", clientID+" "+login)
		}
		token = s.giveAccess(&grant{client: c, user: u, scopes: []string{s.scope()}})
		return nil
	})
	return token, err
}

func (s *Server) giveAccess(g *grant) string {
	token := "access-" + newGUID()
	one := *g
	one.until = s.cfg.Now().Add(s.cfg.TokenLife)
	s.access[token] = &one
	return token
}

// authorize finds who calls: 401 without a good token, or, under DiadocAuth, without a known key.
func (c *call) authorize() error {
	denied := func(why string) error { return refuse(http.StatusUnauthorized, "Unauthorized: %s", why) }
	scheme, value, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	var g *grant
	switch scheme {
	case "Bearer":
		g = c.access[value]
		if g == nil || g.legacy || !slices.Contains(g.scopes, c.scope()) {
			return denied("the access token is not valid")
		}
	case "DiadocAuth":
		key, token := diadocAuth(value)
		who := c.clients[key]
		if who == nil || who.blocked {
			return denied("ddauth_api_client_id is unknown or blocked")
		}
		if token == "" && (c.op.open || c.op.key) {
			c.client = who
			return nil
		}
		if g = c.access[token]; g == nil || !g.legacy || g.client != who {
			return denied("ddauth_token is not valid")
		}
	default:
		return denied("no Authorization header")
	}
	if g.client.blocked {
		return denied("the client is blocked")
	}
	if !g.until.IsZero() && !c.cfg.Now().Before(g.until) {
		return denied("the token has expired")
	}
	c.client, c.user = g.client, g.user
	return nil
}

// diadocAuth reads `ddauth_api_client_id=…,ddauth_token=…`.
func diadocAuth(value string) (key, token string) {
	for part := range strings.SplitSeq(value, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "ddauth_api_client_id":
			key = v
		case "ddauth_token":
			token = v
		}
	}
	return key, token
}
