package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"konturbridge/app/action"
	"konturbridge/app/config"
	"konturbridge/app/docflow"
	"konturbridge/app/feed"
	"konturbridge/app/inbox"
	"konturbridge/app/incoming"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/app/reaction"
	"konturbridge/app/store"
	"konturbridge/app/watchdog"
	"konturbridge/bitrix"
	"konturbridge/cache"
	"konturbridge/internal/seal"
	"konturbridge/internal/upstream"
	"konturbridge/oauth"
	"konturbridge/realty/schema"
)

// Options of New that are not settings of the process.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
	// Schedule replaces the retry policy, and Uncertain and Look the patience with a lost answer: demos
	// and tests play in seconds what takes hours in life. Zero values mean the real ones.
	Schedule        lane.Schedule
	Uncertain, Look time.Duration
	// Stuck is how long nothing has moved in a workflow that is suspected to wait for a lost call; zero: an
	// hour.
	Stuck time.Duration
	// Settle replaces how long a card's event waits for others of the same card.
	Settle  time.Duration
	Workers int
	// Instead replaces the workers of some kinds of rows: a benchmark works robots without any upstream.
	Instead map[string]lane.Worker
}

// App is the wired bridge.
type App struct {
	cfg       config.Config
	log       *slog.Logger
	store     *store.Store
	cache     cache.Full
	closers   []func() error
	scheduler *lane.Scheduler
	directory *portal.Directory
	installer *portal.Installer
	clients   *clients
	settings  *portalSettings
	actions   *action.Worker
	metrics   *metrics
	gauges    *gauges
	fiber     *fiber.App
	sealer    *seal.Box
}

// grace is how long running work may take to finish when the process is asked to stop.
const grace = 10 * time.Second

// New opens the database and wires the parts; nothing listens and nothing works before Run.
func New(ctx context.Context, cfg config.Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{cfg: cfg, log: o.Log, metrics: newMetrics()}
	if err := a.open(ctx, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if err := a.wire(o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if err := a.begin(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// open opens what must be closed: database and cache.
func (a *App) open(ctx context.Context, o Options) error {
	sealer, err := Sealer(a.cfg)
	if err != nil {
		return err
	}
	a.sealer = sealer
	a.settings = &portalSettings{check: Knowledge{}, log: a.log, parsed: map[portal.ID]parsedSettings{}}
	a.store, err = store.Open(ctx, store.Options{URL: StoreURL(a.cfg), Sealer: sealer, Log: a.log, Now: o.Now,
		Observe: a.metrics.commit, Exclusive: true, Title: actionTitle,
		Plan: func(rec docflow.Record, ch docflow.Change, met []docflow.Waiter) []reaction.Effect {
			return reaction.Plan(a.settings.now(portal.ID(rec.Portal)), rec, ch, met)
		}})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.store.Close)
	if a.cfg.RedisURL == "" {
		a.cache = cache.NewMemory(o.Now)
		if a.store.Postgres() {
			a.log.Warn("postgres:// without BRIDGE_REDIS_URL: tokens, locks and rate budgets are not shared between nodes")
		}
		return nil
	}
	redis, err := cache.NewRedis(a.cfg.RedisURL.Reveal(), cache.RedisOptions{})
	if err != nil {
		return fmt.Errorf("BRIDGE_REDIS_URL: %w", err)
	}
	a.cache = redis
	a.closers = append(a.closers, redis.Close)
	return nil
}

// wire connects the parts; it only fails on settings.
func (a *App) wire(o Options) error {
	a.directory = portal.NewDirectory(a.store, a.log)
	a.directory.OnResume(a.resumed)
	a.settings.portals, a.settings.store = a.directory, a.store
	up := upstream.New(upstream.WithLogger(a.log), upstream.WithObserver(a.metrics.call),
		upstream.WithInsecure(a.cfg.AllowInsecureUpstreams))
	servers, err := oauth.NewServers(up, a.cfg.BitrixOAuthURLs, oauth.WithNow(o.Now))
	if err != nil {
		return fmt.Errorf("BRIDGE_BITRIX_OAUTH_URL: %w", err)
	}
	schemas, err := schema.Load()
	if err != nil {
		return err
	}
	keys := map[string]oauth.Keys{}
	var allKeys []oauth.Keys
	for _, app := range a.cfg.Applications() {
		k := oauth.Keys{ClientID: app.ClientID, ClientSecret: app.ClientSecret.Reveal()}
		keys[app.ClientID] = k
		allKeys = append(allKeys, k)
	}
	options, err := realtyOptions(a.cfg.RealtySwitches)
	if err != nil {
		return err
	}
	a.clients = &clients{up: up, portals: a.directory, servers: servers, store: a.store, keys: keys,
		deps:      oauth.Deps{Cache: a.cache, Locks: a.cache, Sealer: a.sealer, Now: o.Now, Log: a.log},
		realtyURL: a.cfg.RealtyURL, realtyOptions: options, mark: a.sealer.Mark, moved: a.moved, sent: a.metrics.packer.sent, budgets: newBudgets(a.cache, o.Now),
		pairs: map[string]*oauth.PairKeeper{}, bitrix: map[string]*bitrix.Client{}, sessions: map[string]*oauth.SessionKeeper{}}
	a.clients.diadoc = newDiadocClients(a.cfg, up, a.store, a.clients.deps, a.sealer.Mark)
	a.metrics.packer.watch(a.metrics.registry, a.clients)
	a.gauges = newGauges(a.clients, o.Now)
	a.installer = portal.NewInstaller(portal.InstallerDeps{Portals: a.directory, Store: a.store, Pairs: a.store, Pending: a.store,
		Rows: a.store, Servers: servers, Upstream: up, Keys: allKeys, Memory: a.cache, Replaced: a.clients.forget, Now: o.Now, Log: a.log})
	setup := portal.NewSetup(portal.SetupDeps{Portals: a.directory, Store: a.store, Client: a.clients.ForSetup,
		Rebound: a.rebound, Processes: a.settings.Processes, Tokens: a.clients.tokens, Robots: Robots(), PublicURL: a.cfg.PublicURL, Memory: a.cache,
		EchoFor: a.echoFor(), Now: o.Now, Log: a.log})
	a.schedule(o, a.workers(o, setup, schemas))
	a.fiber, err = a.web(setup, o)
	return err
}

// workers gives every kind of row its worker.
func (a *App) workers(o Options, setup *portal.Setup, schemas *schema.Set) dispatcher {
	actions := action.New(action.Deps{Store: a.store, Messages: a.store, Portals: a.settings, Clients: a.clients, Check: schemaChecker{schemas},
		Sealer: a.sealer, Now: o.Now, NotFound: store.ErrNotFound, Uncertain: o.Uncertain, Look: o.Look})
	a.actions = actions
	effects := reaction.New(reaction.Deps{Store: a.store, Cards: actions, Sealer: a.sealer, Bitrix: a.clients.Bitrix,
		Realty: a.clients.realtyOf, Diadoc: a.clients.diadocOf, Now: o.Now, TokenBind: inbox.TokenBind, Watched: a.settings.Watched})
	news := feed.NewNews(feed.Deps{Store: a.store, Realty: a.clients.Realty, Interval: a.cfg.NewsInterval, Now: o.Now, Log: a.log,
		Lag: func(d time.Duration) { a.metrics.newsLag.Observe(d.Seconds()) }})
	boxes := feed.NewBoxes(feed.BoxDeps{Store: a.store, Diadoc: a.clients.Diadoc, Interval: a.cfg.NewsInterval, Now: o.Now, Log: a.log,
		Lag:    func(d time.Duration) { a.metrics.newsLag.Observe(d.Seconds()) },
		Wanted: func(id portal.ID, connection string) bool { return a.settings.now(id).TakesIncoming(connection) }})
	work := dispatcher{
		inbox.KindRobot: actions, inbox.KindHook: actions, inbox.KindPage: actions, action.KindAction: actions, action.KindDecide: actions.Decider(),
		action.KindFollow: actions.Follower(),
		store.EffectsKind: effects, store.DeadlineKind: deadlines{}, feed.KindNews: news, feed.KindBox: boxes,
		portal.KindSetup: setup, portal.KindCheck: setup, portal.KindErase: eraser{a.store, o.Now}, kindPrune: &pruner{a.store, keepDone, o.Now},
		watchdog.Kind: watchdog.New(watchdog.Deps{Store: a.store, Bitrix: a.clients.Bitrix, Active: a.active, Now: o.Now,
			Every: o.Stuck / 4, After: o.Stuck}), watchdog.KindEnd: watchdog.Ender{Bitrix: a.clients.Bitrix},
	}
	work[feed.KindIncoming] = incoming.Worker{Store: a.store, Portals: a.settings, Clients: a.clients, Now: o.Now}
	maps.Copy(work, a.eventWorkers(o, actions))
	for kind, w := range o.Instead {
		work[kind] = w
	}
	return work
}

func (a *App) schedule(o Options, work dispatcher) {
	host, _ := os.Hostname()
	a.scheduler = lane.New(lane.Config{Node: host + "/" + strconv.Itoa(os.Getpid()) + "/" + uuid.NewString()[:8], Workers: o.Workers,
		Schedule: o.Schedule, Log: a.log, Now: o.Now, Observe: func(r lane.Run) { a.metrics.run(r); a.logRun(r) }}, a.store, tracing{acquainted{a.directory, reconnecting{a.directory, work, o.Now}}, o.Now})
	a.store.SetScheduler(a.scheduler)
	a.metrics.scheduler(a.scheduler)
}

// logRun writes the one wide line of a run.
func (a *App) logRun(r lane.Run) {
	level := slog.LevelDebug
	if r.Failed != nil && !r.Canceled {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.Int64("job", r.Row.ID), slog.String("lane", r.Row.Lane), slog.String("part", r.Row.Part),
		slog.String("kind", r.Row.Kind), slog.String("code", r.Row.Code), slog.Int("tries", r.Row.Tries),
		slog.String("outcome", r.Verdict.String()), slog.Duration("took", r.Took), slog.Duration("waited", r.Waited)}
	if r.Failed != nil {
		attrs = append(attrs, slog.String("error", r.Failed.Error()))
	}
	a.log.LogAttrs(context.Background(), level, "work", attrs...)
}

// begin reads the portals and makes sure that everything that repeats itself runs.
func (a *App) begin(ctx context.Context) error {
	if a.cfg.SecretKeyOld != "" {
		n, err := a.store.Reseal(ctx)
		if err != nil {
			return fmt.Errorf("BRIDGE_SECRET_KEY_OLD: %w", err)
		}
		a.log.Info("stored secrets are sealed under the new key; BRIDGE_SECRET_KEY_OLD can go once waiting work is done", "secrets", n)
	}
	if err := a.directory.Reload(ctx); err != nil {
		return err
	}
	return a.ensureRows(ctx)
}

func (a *App) ensureRows(ctx context.Context) error {
	rows := []lane.NewRow{pruneRow()}
	for _, p := range a.directory.All() {
		if p.State == portal.Active {
			rows = append(rows, feed.OfflineRow(p.ID), watchdog.Row(p.ID))
		}
	}
	conns, err := a.store.Connections(ctx, "")
	if err != nil {
		return err
	}
	for _, c := range conns {
		rows = append(rows, feed.Row(c))
	}
	return a.store.EnsureRows(ctx, rows...)
}

func (a *App) active(id portal.ID) bool {
	p, ok := a.directory.Get(id)
	return ok && p.State == portal.Active
}

func (a *App) moved(ctx context.Context, id portal.ID, endpoint string) {
	if err := a.installer.Move(ctx, id, endpoint); err != nil {
		a.log.Warn("a portal's new address could not be stored", "portal", string(id), "error", err)
	}
}

// Run serves until ctx ends, then stops accepting, lets running work finish or returns it, and closes.
// One part failing stops all the others: a half-alive process helps nobody.
func (a *App) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", a.cfg.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("BRIDGE_LISTEN: %w", err), a.Close())
	}
	return a.Serve(ctx, listener)
}

// Serve is Run on a listener that is open already.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	var ops net.Listener
	if a.cfg.OpsListen != "" {
		var err error
		if ops, err = net.Listen("tcp", a.cfg.OpsListen); err != nil {
			return errors.Join(fmt.Errorf("BRIDGE_OPS_LISTEN: %w", err), listener.Close(), a.Close())
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.scheduler.Run(ctx, grace) })
	g.Go(func() error { a.store.Listen(ctx, a.scheduler.Foreign); return nil })
	g.Go(func() error { return a.directory.Run(ctx) })
	g.Go(func() error { return a.installer.Run(ctx) })
	g.Go(func() error { a.watchPortals(ctx); return nil })
	g.Go(func() error { a.gauges.run(ctx); return nil })
	if ops != nil {
		g.Go(func() error { return a.metrics.serveOps(ctx, ops) })
	}
	public := newDrainListener(listener)
	g.Go(func() error { return a.fiber.Listener(calmListener{public}) })
	g.Go(func() error { // in the group, so that Wait outlives the last handler
		<-ctx.Done()
		return a.shutdown(a.fiber, public)
	})
	err := g.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, a.Close())
}

// watchPortals gives portals that were installed since the start their repeating rows.
func (a *App) watchPortals(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	known := map[portal.ID]bool{}
	for _, p := range a.directory.All() {
		known[p.ID] = p.State == portal.Active
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		fresh := false
		for _, p := range a.directory.All() {
			active := p.State == portal.Active
			fresh = fresh || active && !known[p.ID]
			known[p.ID] = active
		}
		if fresh {
			if err := a.ensureRows(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("feeds of a new portal are not started yet", "error", err)
				clear(known)
			}
		}
	}
}

// Reload reads the portals and their settings now instead of within two seconds.
func (a *App) Reload(ctx context.Context) error { return a.directory.Reload(ctx) }

// Close closes what New opened; Run closes by itself.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(errs...)
}
