package bitrixsim

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Config of a simulator; the zero value is ready to use.
type Config struct {
	// BaseURL is the address under which the handler is reachable, without a trailing slash.
	BaseURL string
	// AuthURL is the base address that payloads name as the authorization server; empty: BaseURL.
	AuthURL string
	// Client makes the deliveries of events and robots; nil: a client with a 10 s timeout.
	Client *http.Client
	// Now is the clock of tokens, steps and stamps; nil: the wall clock, and steps time out by themselves.
	// With a clock of one's own call Tick after moving it.
	Now func() time.Time
	// Log gets one line per refused REST call; nil: silent.
	Log *slog.Logger
	// Control mounts the JSON API under /control/bitrix/.
	Control bool
}

// Server is the simulated cloud: one authorization server and its portals. All methods are safe for concurrent use.
type Server struct {
	mu            sync.Mutex
	cfg           Config
	baseURL       string
	apps          map[string]*App
	portals       map[string]*Portal // by current name
	renamed       map[string]string  // old name to new name
	order         []*Portal
	access        map[string]*accessToken
	refresh       map[string]*refreshToken
	codes         map[string]*authCode
	refreshes     int
	tokenFailures []failure
	changed       chan struct{}
	methods       map[string]method
	mux           *http.ServeMux
	ctx           context.Context
	cancel        context.CancelFunc
	closed        bool
	wg            sync.WaitGroup
	random        func() string
	ahead         time.Duration // see Advance
}

// New makes a simulator without applications and portals.
func New(cfg Config) *Server {
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		cfg: cfg, baseURL: strings.TrimSuffix(cfg.BaseURL, "/"),
		apps: map[string]*App{}, portals: map[string]*Portal{}, renamed: map[string]string{},
		access: map[string]*accessToken{}, refresh: map[string]*refreshToken{}, codes: map[string]*authCode{},
		ctx: ctx, cancel: cancel, random: randomHex,
	}
	s.methods = restMethods()
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/oauth/token/", s.serveToken)
	s.mux.HandleFunc("/oauth/token", s.serveToken)
	s.mux.HandleFunc("/rest/", s.serveAuthREST)
	s.mux.HandleFunc("/portal/{name}/", s.servePortal)
	if cfg.Control {
		s.mux.HandleFunc("GET /control/bitrix/state", s.serveState)
		s.mux.HandleFunc("POST /control/bitrix/{portal}/{verb...}", s.serveControl)
	}
	return s
}

// slashes is a run of slashes within a path.
var slashes = regexp.MustCompile(`//+`)

// ServeHTTP implements http.Handler. Slashes that follow one another count as one, as they do for the web server in
// front of a portal: the vendor's own library writes client_endpoint + "/" + METHOD.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "//") {
		address := *r.URL
		address.Path, address.RawPath = slashes.ReplaceAllString(address.Path, "/"), ""
		r = r.Clone(r.Context())
		r.URL = &address
	}
	s.mux.ServeHTTP(w, r)
}

// SetBaseURL tells the simulator its address once the listener is open.
func (s *Server) SetBaseURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimSuffix(base, "/")
}

// Close stops the deliveries and waits for those under way. Later deliveries are dropped.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// AddApp registers an application, or replaces the registration with the same ClientID (as editing its form does).
func (s *Server) AddApp(app App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps[app.ClientID] = &app
	s.notify()
}

// RemoveApp deletes a registration: its tokens die and refreshing them answers wrong_client.
func (s *Server) RemoveApp(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.apps, clientID)
	s.notify()
}

// Portals lists the portals in the order in which they were added.
func (s *Server) Portals() []*Portal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Portal(nil), s.order...)
}

// TokenRefreshes counts the successful refreshes so far.
func (s *Server) TokenRefreshes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refreshes
}

// FailTokenNext makes the next n requests to the token endpoint fail. An empty code answers an HTML page.
func (s *Server) FailTokenNext(status int, code string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.tokenFailures = append(s.tokenFailures, failure{status: status, code: code})
	}
}

// Changed returns a channel that is closed at the next change of any state.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// Wait returns when the condition holds, checking it again after every change, or with the context's error.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		changed := s.Changed() // taken before the check, so that no change falls between
		if cond() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// notify wakes all waiters; the caller holds mu.
func (s *Server) notify() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// now is the simulator's time in the portals' zone.
func (s *Server) now() time.Time {
	if s.cfg.Now != nil {
		return s.cfg.Now().Add(s.ahead).In(portalZone())
	}
	return time.Now().Add(s.ahead).In(portalZone())
}

// Now is the simulator's time: Config.Now and whatever Advance added to it.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance moves the simulator's clock ahead of Config.Now: tokens age, buckets leak, waiting steps run out of time.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	s.ahead += d
	s.mu.Unlock()
	s.Tick()
}

// portalZone is the server zone of all portals.
func portalZone() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// authBase is the address of the authorization server.
func (s *Server) authBase() string {
	if s.cfg.AuthURL != "" {
		return strings.TrimSuffix(s.cfg.AuthURL, "/")
	}
	return s.baseURL
}

// host is the host of an address, or the address itself when it does not parse.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Host
}

// drain throws away what is left of a body, so that the connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 1<<20))
	_ = body.Close()
}
