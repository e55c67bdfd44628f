package realtysim

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

// Config tunes a Server. The zero value works: real time, no log, no control API, manual registrar.
type Config struct {
	// BaseURL is put before the paths in contentLink and Location, e.g. http://127.0.0.1:8081/realty/v1.
	BaseURL string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives each change of state (info) and each call (debug); nil discards.
	Log *slog.Logger
	// Control serves the levers over HTTP under /control/realty. Never turn it on where strangers reach it.
	Control bool
	// Pace is how long an automatic registrar waits before each step. It is applied when something asks the
	// server (a request, a snapshot, Wait), so that an injected clock decides. Zero: only Step moves it.
	Pace time.Duration
	// NewsPage is the most items in a page of news; zero means 100. No page documents the real size.
	NewsPage int
	// SessionLife ends a session so long after its login; zero means never. The real one is not documented.
	SessionLife time.Duration
}

// Server is the simulated service. All methods may be called from several goroutines.
type Server struct {
	cfg Config

	mu        sync.Mutex
	changed   chan struct{}
	sw        Switches
	automatic bool
	accounts  map[string]*account
	sessions  map[string]session
	contents  map[string]content
	docflows  map[string]*docflow
	order     []*docflow
	places    []place
	faults    map[string][]fault
	calls     []Call
	logins    int
}

// New returns an empty server; AddAccount lets somebody in.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.NewsPage <= 0 {
		cfg.NewsPage = 100
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	return &Server{
		cfg:      cfg,
		changed:  make(chan struct{}),
		accounts: map[string]*account{},
		sessions: map[string]session{},
		contents: map[string]content{},
		docflows: map[string]*docflow{},
		places:   builtInPlaces(),
		faults:   map[string][]fault{},
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
			return fmt.Errorf("realtysim: wait: %w", ctx.Err())
		}
	}
}

func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// link builds an address as the service prints it; clients should use the ids and ignore it (P9).
func (s *Server) link(format string, ids ...any) string {
	base := s.cfg.BaseURL
	if s.sw.LinkBase != "" {
		base = strings.TrimSuffix(s.sw.LinkBase, "/")
	}
	return base + fmt.Sprintf(format, ids...)
}

// ServeHTTP serves /realty/v1 and, with Config.Control, /control/realty.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Control && strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	s.serveAPI(w, r)
}

// newGUID makes a random version 4 GUID in the hyphenated form of the examples.
func newGUID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// newOpaque makes 32 hex digits: the form of a sessionId.
func newOpaque() string {
	return strings.ReplaceAll(newGUID(), "-", "")
}

func newToken() string {
	return strings.ToLower(rand.Text()[:12])
}
