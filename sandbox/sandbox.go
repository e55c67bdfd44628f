package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
	"konturbridge/sandbox/realtysim"
)

// maxNotes is how many notes the page keeps.
const maxNotes = 200

// Config tunes a Sandbox; the zero value works with SetBaseURL.
type Config struct {
	// Addr is where Run listens, e.g. 127.0.0.1:8081.
	Addr string
	// BaseURL is the address under which others reach the handler; empty: http:// and Addr.
	BaseURL string
	// Client delivers the portals' events and robots; nil: bitrixsim's own.
	Client *http.Client
	// Now is the clock of everything; nil: the wall clock. With one's own, call Bitrix.Tick after moving it.
	Now func() time.Time
	// Log receives the simulators' lines; nil discards.
	Log *slog.Logger
	// Pace is how long the automatic registrar takes for each step; zero: two seconds.
	Pace time.Duration
}

// Sandbox is the simulated systems behind one handler. Its methods may be called from several goroutines.
type Sandbox struct {
	Bitrix *bitrixsim.Server
	Realty *realtysim.Server
	Diadoc *diadocsim.Server

	cfg Config
	mux *http.ServeMux
	now func() time.Time

	ours string // the box of Диадок that the bridge works for

	mu     sync.Mutex
	notes  []note
	paused map[string]bool // portals whose deliveries are held back, by name
}

type note struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// New composes an empty sandbox; SeedDemo fills it.
func New(cfg Config) *Sandbox {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Pace == 0 {
		cfg.Pace = 2 * time.Second
	}
	if cfg.BaseURL == "" && cfg.Addr != "" {
		cfg.BaseURL = "http://" + cfg.Addr
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	s := &Sandbox{
		Bitrix: bitrixsim.New(bitrixsim.Config{BaseURL: cfg.BaseURL, Client: cfg.Client, Now: cfg.Now, Log: cfg.Log, Control: true}),
		Realty: realtysim.New(realtysim.Config{
			BaseURL: cfg.BaseURL + "/realty/v1", Now: cfg.Now, Log: cfg.Log, Control: true, Pace: cfg.Pace,
		}),
		Diadoc: diadocsim.New(diadocsim.Config{BaseURL: cfg.BaseURL, Now: cfg.Now, Log: cfg.Log, Control: true, Pace: cfg.Pace}),
		cfg:    cfg, now: cfg.Now, mux: http.NewServeMux(), paused: map[string]bool{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, prefix := range []string{"/oauth/", "/rest/", "/control/bitrix/"} {
		s.mux.Handle(prefix, s.Bitrix)
	}
	for _, prefix := range []string{"/realty/v1/", "/control/realty/"} {
		s.mux.Handle(prefix, s.Realty)
	}
	for _, prefix := range []string{"/diadoc/", "/identity/", "/control/diadoc/"} {
		s.mux.Handle(prefix, s.Diadoc)
	}
	s.routePage()
	return s
}

// ServeHTTP serves everything. A portal's paths go to the portal as they came: it reads double slashes, which the
// standard mux would answer with a redirect that loses the body.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/portal/") {
		s.Bitrix.ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// SetBaseURL tells all simulators their address once the listener is open.
func (s *Sandbox) SetBaseURL(base string) {
	base = strings.TrimSuffix(base, "/")
	s.Bitrix.SetBaseURL(base)
	s.Realty.SetBaseURL(base + "/realty/v1")
	s.Diadoc.SetBaseURL(base)
}

// Note shows a line on the page's list of the bridge's doings, newest first.
func (s *Sandbox) Note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, note{At: s.now(), Text: text})
	if len(s.notes) > maxNotes {
		s.notes = s.notes[len(s.notes)-maxNotes:]
	}
}

// Run listens on Config.Addr and serves until ctx ends.
//
// Errors: the address can't be listened on; the server broke.
func (s *Sandbox) Run(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	drained := make(chan struct{})
	running := context.AfterFunc(ctx, func() {
		defer close(drained)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(grace) // what it leaves open dies with the process
	})
	err = srv.Serve(listener)
	if !running() {
		<-drained
	}
	s.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("sandbox: %w", err)
}

// Close stops the portals' deliveries.
func (s *Sandbox) Close() { s.Bitrix.Close() }
