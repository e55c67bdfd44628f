package diadocsim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config tunes a Server. The zero value works: real time, no log, no control API, instant delivery.
type Config struct {
	// BaseURL is where the handler is reached, e.g. http://127.0.0.1:8081; discovery and links begin with it.
	BaseURL string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives each change of state (info) and each call (debug); nil discards.
	Log *slog.Logger
	// Control serves the levers over HTTP under /control/diadoc. Never turn it on where strangers reach it.
	Control bool
	// Pace is how long after its sending a message is delivered, by the clock, whenever something asks the
	// server. Zero: at once.
	Pace time.Duration
	// Polls is how many times the result of an unfinished task, print form, protocol or archive is answered with
	// Retry-After before it is ready; zero means once, negative never.
	Polls int
	// RetryAfter is the number of seconds in every Retry-After; zero means one.
	RetryAfter int
	// RPS is how many calls of one client id are let through in a second of the clock before 429; zero means the
	// documented 200, negative any number.
	RPS int
	// TokenLife is how long an access token lives; zero means an hour.
	TokenLife time.Duration
	// ShelfDir is a folder for files on the shelf; empty keeps them in memory.
	ShelfDir string
	// Production makes Diadoc.PublicAPI the scope to ask for; otherwise it is Diadoc.PublicAPI.Staging.
	Production bool
}

// Server is the simulated service. All methods may be called from several goroutines.
type Server struct {
	cfg    Config
	routes map[string]map[string]*operation // by path and verb

	mu      sync.Mutex
	changed chan struct{}
	sw      Switches
	seq     int64

	clients  map[string]*client
	users    map[string]*user
	access   map[string]*grant // access and legacy tokens
	refresh  map[string]*grant
	codes    map[string]*grant
	devices  map[string]*device
	proofs   map[string]*proof
	boxes    map[string]*box
	boxOrder []*box

	messages map[string]*message
	sent     []*message
	pending  []delivery
	held     bool
	failing  []string            // texts of deliveries that are to fail
	done     map[string]finished // by operation and operationId
	running  map[string]int      // by operation and operationId: those that hang
	tasks    map[string]*task
	jobs     map[string]int // polls of print forms, protocols and archives
	forms    map[string][]byte
	shelf    map[string]*shelfFile
	patched  map[string]*patchedContent
	rejected map[string]int // invalid and approving signatures, and registrations, by what and day

	faults map[string][]fault
	calls  []Call
	rates  map[string]*rate
	stats  Stats
}

// New returns an empty server; AddClient, AddUser and AddOrganization fill it, or SeedDemo does.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Polls == 0 {
		cfg.Polls = 1
	}
	if cfg.RetryAfter == 0 {
		cfg.RetryAfter = 1
	}
	if cfg.RPS == 0 {
		cfg.RPS = 200
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = time.Hour
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	return &Server{
		cfg: cfg, routes: routing(), changed: make(chan struct{}),
		clients: map[string]*client{}, users: map[string]*user{}, access: map[string]*grant{}, refresh: map[string]*grant{},
		codes: map[string]*grant{}, devices: map[string]*device{}, proofs: map[string]*proof{}, boxes: map[string]*box{},
		messages: map[string]*message{}, done: map[string]finished{}, running: map[string]int{}, tasks: map[string]*task{}, jobs: map[string]int{},
		forms: map[string][]byte{}, shelf: map[string]*shelfFile{}, patched: map[string]*patchedContent{}, rejected: map[string]int{},
		faults: map[string][]fault{}, rates: map[string]*rate{},
	}
}

// SetBaseURL replaces Config.BaseURL, for servers whose port is known only after they listen.
func (s *Server) SetBaseURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.BaseURL = strings.TrimSuffix(base, "/")
}

// Changed returns a channel that is closed at the next change of anything; ask for a new one afterwards.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns nil once cond holds, asking it again after each change, and ctx's error when that ends first.
// cond may call the server's methods.
func (s *Server) Wait(ctx context.Context, cond func() bool) error {
	for {
		changed := s.Changed() // before cond, so that a change in between is seen
		if cond() {
			return nil
		}
		var pace <-chan time.Time
		if s.cfg.Pace > 0 {
			pace = time.After(s.cfg.Pace)
		}
		select {
		case <-changed:
		case <-pace:
		case <-ctx.Done():
			return fmt.Errorf("diadocsim: wait: %w", ctx.Err())
		}
	}
}

func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// The prefixes of the three things that a Server serves.
const (
	apiPrefix      = "/diadoc"
	identityPrefix = "/identity"
	controlPrefix  = "/control/diadoc/"
)

// ServeHTTP serves /diadoc, /identity and, with Config.Control, /control/diadoc.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, apiPrefix+"/"); ok {
		s.serveAPI(w, r, "/"+path)
		return
	}
	if path, ok := strings.CutPrefix(r.URL.Path, identityPrefix+"/"); ok {
		s.serveIdentity(w, r, "/"+path)
		return
	}
	if path, ok := strings.CutPrefix(r.URL.Path, controlPrefix); ok && s.cfg.Control {
		s.serveControl(w, r, path)
		return
	}
	http.NotFound(w, r)
}

// newGUID makes a random version 4 GUID.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return hyphens(hex.EncodeToString(b[:]))
}

func hyphens(h string) string {
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func plain(guid string) string { return strings.ReplaceAll(guid, "-", "") }
