package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

// Limits of a call to an authorization server: its answers are one small document.
const (
	serverTimeout   = 30 * time.Second
	serverMaxAnswer = 256 << 10 // bytes
)

// Servers are the Bitrix24 authorization servers of the settings. No other host ever gets a client
// secret or is asked whom a token belongs to (doc: settings/oauth/index.md). Safe for concurrent use.
type Servers struct {
	up   *upstream.Client
	urls []string
	now  func() time.Time

	mu     sync.Mutex
	useGet map[string]bool // servers that refuse the token request as POST
}

// Keys are an application's own credentials.
type Keys struct {
	ClientID, ClientSecret string
}

// ServersOption changes how Servers are made.
type ServersOption func(*Servers)

// WithNow gives the clock by which the ends of tokens are counted; without it, the wall clock. It must be the one that
// the keepers of the tokens go by ([Deps]).
func WithNow(now func() time.Time) ServersOption {
	return func(s *Servers) { s.now = now }
}

// NewServers returns the servers with the given base URLs, the default one first.
func NewServers(up *upstream.Client, urls []string, opts ...ServersOption) (*Servers, error) {
	s := &Servers{up: up, now: time.Now, useGet: map[string]bool{}}
	for _, opt := range opts {
		opt(s)
	}
	for _, raw := range urls {
		if err := up.CheckURL(raw); err != nil {
			return nil, fmt.Errorf("oauth: authorization server: %w", err)
		}
		s.urls = append(s.urls, strings.TrimRight(raw, "/"))
	}
	if len(s.urls) == 0 {
		return nil, errors.New("oauth: there is no authorization server")
	}
	return s, nil
}

// URLs are the servers' base URLs without a slash at the end, the default one first.
func (s *Servers) URLs() []string { return slices.Clone(s.urls) }

// Choose gives the allowed server that a request's own server endpoint (https://host/rest/, or the bare
// host) names, and the default one when it names none of them. What the request says is only compared,
// never used.
func (s *Servers) Choose(serverEndpoint string) string {
	return s.chooseOr(serverEndpoint, s.urls[0])
}

func (s *Servers) chooseOr(serverEndpoint, otherwise string) string {
	named := location(serverEndpoint)
	for _, server := range s.urls {
		if rest, ok := strings.CutPrefix(named, location(server)); ok && (rest == "" || rest[0] == '/') {
			return server
		}
	}
	return otherwise
}

// location is what makes two addresses the same server: host, port unless it is the usual one, path.
func location(address string) string {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "-" // no server has this
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return host + strings.TrimRight(u.Path, "/")
}
