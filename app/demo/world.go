package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"konturbridge/app"
	"konturbridge/app/config"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/store"
	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

// clientID is the demo's local application.
const clientID = "local.00000000000000.00000001"

// Options of a World.
type Options struct {
	Log      *slog.Logger
	Tell     func(line string) // hears each line of the timeline as it happens
	Database string            // empty: a temporary embedded one
	Redis    string
	Listen   string        // of the bridge; empty: a free port
	Sandbox  string        // of the sandbox; empty: a free port
	Pace     time.Duration // of the automatic registrar; zero: a person or a scenario acts
	News     time.Duration // zero: 100 ms
}

// World is one sandbox with one bridge beside it.
type World struct {
	Box    *sandbox.Sandbox
	Demo   sandbox.Demo
	Portal *bitrixsim.Portal
	URL    string // of the bridge
	BoxURL string

	payDeal, payLead int // templates that a charged duty starts

	opts    Options
	dir     string
	cfg     config.Config
	started time.Time
	ahead   atomic.Int64 // of the bridge's clock, in nanoseconds
	server  *http.Server

	bridge *app.App
	cancel context.CancelFunc
	done   chan error
}

// NewWorld opens a sandbox with the demo's data, starts a bridge, installs it in the portal and applies
// the demo's settings.
func NewWorld(ctx context.Context, o Options) (*World, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	if o.News == 0 {
		o.News = 100 * time.Millisecond
	}
	w := &World{opts: o, started: time.Now()}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) open(ctx context.Context) (err error) {
	if w.dir, err = os.MkdirTemp("", "konturbridge-demo-"); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", orLocal(w.opts.Sandbox))
	if err != nil {
		return err
	}
	w.BoxURL = "http://" + listener.Addr().String()
	w.Box = sandbox.New(sandbox.Config{BaseURL: w.BoxURL, Pace: w.opts.Pace, Log: w.opts.Log})
	w.server = &http.Server{Handler: w.Box, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = w.server.Serve(listener) }()
	w.Demo = w.Box.SeedDemo()
	w.Portal = w.Demo.Portal
	w.payDeal, w.payLead = w.template(bitrixsim.Deal), w.template(bitrixsim.Lead)
	w.Portal.SetPlan("ent", "rest_offline_extended", "rest_auth_connector")
	address, err := freeAddress(orLocal(w.opts.Listen))
	if err != nil {
		return err
	}
	w.URL = "http://" + address
	secret := make([]byte, 16)
	_, _ = rand.Read(secret)
	w.Box.Bitrix.AddApp(bitrixsim.App{ClientID: clientID, ClientSecret: hex.EncodeToString(secret), NoUI: true,
		HandlerURL: w.URL + "/bitrix/app", InstallURL: w.URL + "/bitrix/install",
		Scopes: []string{"crm", "bizproc", "placement", "user_brief", "disk", "im", "userfieldconfig"}})
	if w.cfg, err = w.config(address, hex.EncodeToString(secret)); err != nil {
		return err
	}
	if err := w.StartBridge(ctx); err != nil {
		return err
	}
	if err := w.install(ctx); err != nil {
		return err
	}
	return w.Apply(ctx, w.settings())
}

func (w *World) config(address, secret string) (config.Config, error) {
	database := w.opts.Database
	if database == "" {
		database = "sqlite://" + filepath.Join(w.dir, "bridge.db")
	}
	env := []string{
		"BRIDGE_LISTEN=" + address, "BRIDGE_OPS_LISTEN=", "BRIDGE_PUBLIC_URL=" + w.URL, "BRIDGE_DATABASE_URL=" + database,
		"BRIDGE_REDIS_URL=" + w.opts.Redis, "BRIDGE_SECRET_KEY=" + config.NewSecretKey().Reveal(),
		"BRIDGE_BITRIX_CLIENT_ID=" + clientID, "BRIDGE_BITRIX_CLIENT_SECRET=" + secret,
		"BRIDGE_BITRIX_OAUTH_URL=" + w.BoxURL, "BRIDGE_REALTY_URL=" + w.BoxURL + "/realty/v1",
		"BRIDGE_DIADOC_URL=" + w.BoxURL + "/diadoc", "BRIDGE_DIADOC_IDENTITY_URL=" + w.BoxURL + "/identity",
		"BRIDGE_DIADOC_CLIENT_ID=" + w.Demo.Diadoc.ClientID, "BRIDGE_DIADOC_CLIENT_SECRET=" + w.Demo.Diadoc.ClientSecret,
		"BRIDGE_NEWS_INTERVAL=" + w.opts.News.String(), "BRIDGE_OFFLINE_INTERVAL=1s", "BRIDGE_ALLOW_INSECURE_UPSTREAMS=true",
	}
	return config.Load(env, "")
}

// StartBridge starts the bridge, as after an installation or a crash.
func (w *World) StartBridge(ctx context.Context) error {
	bridge, err := app.New(ctx, w.cfg, app.Options{Log: w.opts.Log, Now: w.now, Schedule: quickSchedule(),
		Uncertain: 3 * time.Second, Look: 200 * time.Millisecond, Stuck: 2 * time.Second, Settle: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	live, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- bridge.Run(live) }()
	w.bridge, w.cancel, w.done = bridge, cancel, done
	return w.Until(ctx, "the bridge is ready", func() bool {
		resp, err := http.Get(w.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// now is the bridge's clock.
func (w *World) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// Pass lets time pass for the bridge and the portal: tokens end, and what was to be done meanwhile is due at once.
func (w *World) Pass(d time.Duration) {
	w.ahead.Add(int64(d))
	w.Box.Bitrix.Advance(d)
}

// quickSchedule plays the retry policy in milliseconds.
func quickSchedule() lane.Schedule {
	pauses := make([]time.Duration, 40)
	for i := range pauses {
		pauses[i] = min(time.Duration(i+1)*100*time.Millisecond, 2*time.Second)
	}
	return lane.Schedule{Retry: pauses, Wait: 200 * time.Millisecond, Relogin: pauses}
}

// StopBridge stops the bridge and waits until it has closed.
func (w *World) StopBridge() error {
	if w.cancel == nil {
		return nil
	}
	w.cancel()
	err := <-w.done
	w.cancel, w.done = nil, nil
	return err
}

func (w *World) install(ctx context.Context) error {
	if err := w.Portal.Install(ctx, clientID); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	return w.Until(ctx, "robots, events and fields are registered", func() bool {
		return len(w.Portal.Robots()) == len(app.Robots()) && len(w.Portal.Bindings()) > 0 &&
			len(w.Portal.UserFields(bitrixsim.Lead)) >= len(portal.Fields()) && hasField(w.Portal, bitrixsim.Deal) && hasField(w.Portal, bitrixsim.Lead)
	})
}

func hasField(p *bitrixsim.Portal, kind int) bool {
	for _, f := range p.UserFields(kind) {
		if f.Name == portal.FieldError {
			return true
		}
	}
	return false
}

// Apply applies settings as `bridge settings apply` does, beside the serving process.
func (w *World) Apply(ctx context.Context, yaml string) error {
	return w.WithStore(ctx, func(st *store.Store) error {
		problems, err := app.ApplySettings(ctx, st, portal.ID(w.Portal.MemberID()), []byte(yaml), app.CommandLine(store.CauseFile))
		if err == nil && len(problems) > 0 {
			err = problems
		}
		if err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		return w.bridge.Reload(ctx)
	})
}

// WithStore opens the bridge's database as a command beside the serving process does.
func (w *World) WithStore(ctx context.Context, use func(*store.Store) error) error {
	st, err := app.OpenStore(ctx, w.cfg, w.opts.Log)
	if err != nil {
		return err
	}
	return errors.Join(use(st), st.Close())
}

// Say adds a line to the timeline.
func (w *World) Say(format string, args ...any) {
	w.opts.Tell(fmt.Sprintf("%6.2fs  ", time.Since(w.started).Seconds()) + fmt.Sprintf(format, args...))
	if w.Box != nil {
		w.Box.Note(fmt.Sprintf(format, args...))
	}
}

// patience is how long a scenario waits for one thing to happen.
const patience = 30 * time.Second

// Until waits for a condition, looking again every few milliseconds.
func (w *World) Until(ctx context.Context, what string, met func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if met() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// Close stops everything and removes the temporary files.
func (w *World) Close() error {
	err := w.StopBridge()
	if w.Box != nil {
		w.Box.Close()
	}
	if w.server != nil {
		err = errors.Join(err, w.server.Close())
	}
	if w.dir != "" {
		err = errors.Join(err, os.RemoveAll(w.dir))
	}
	return err
}

func orLocal(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// freeAddress finds the port that the bridge will listen on, now and after a restart.
func freeAddress(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
