package web

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

const (
	maxBody = 1 << 20 // bytes of a request
	// readBody is how much of a larger request is read all the same: a sender that is cut off in the
	// middle of its body often never sees the answer.
	readBody = 4 << 20
	// maxHead bounds the request line and the headers; a webhook's parameters are in its query.
	maxHead = 16 << 10
	// storeWait is how long a request waits for being stored before it is told to come again.
	storeWait = 2 * time.Second
	// proofWait bounds the questions to Bitrix24 behind one page or installation.
	proofWait = 20 * time.Second
)

// Trust finds the portal behind a request; *portal.Directory is one.
type Trust interface {
	Trusted(member, applicationToken string) (portal.Portal, portal.Application, error)
	TrustedHook(secret, member string) (portal.Portal, error)
	Get(id portal.ID) (portal.Portal, bool)
}

// Installer proves installations and page openings; *portal.Installer is one.
type Installer interface {
	Install(ctx context.Context, r portal.Request) (portal.Installed, error)
	Uninstall(ctx context.Context, e bitrix.Event) error
	Visit(ctx context.Context, o bitrix.PageOpening) (portal.Visit, error)
	Payment(ctx context.Context, e bitrix.Event) error
}

// Inbox stores verified requests; *inbox.Inbox is one.
type Inbox interface {
	Robot(ctx context.Context, portal string, r bitrix.RobotCall) (duplicate bool, err error)
	Hook(ctx context.Context, portal, code string, h bitrix.Hook) (duplicate bool, err error)
	Event(ctx context.Context, portal string, e bitrix.Event) (duplicate bool, err error)
	Notice(ctx context.Context, portal string) error
}

// Sessions signs and reads page sessions; *portal.Sessions is one.
type Sessions interface {
	Issue(v portal.Session) (string, error)
	Open(token string) (portal.Session, error)
}

// Deps is what the public side needs. Desks, May, Echo, Observe and Log may be left out.
type Deps struct {
	Trust     Trust
	Installer Installer
	Inbox     Inbox
	Sessions  Sessions
	Pages     *page.Pages
	Desks     []page.Desk
	Codes     []string // of the actions' catalogue

	// Progress tells how far a portal's setup has come.
	Progress func(ctx context.Context, id portal.ID) portal.Progress
	// Echo is told of a test event that a self-check has asked for.
	Echo func(ctx context.Context, id portal.ID, e bitrix.Event) error
	// May is asked what a page's session may do; page.May when it is left out.
	May func(ctx context.Context, s page.Session, right page.Right) (bool, error)
	// Robot fills the page on which a rule is set up. What the settings say comes from a browser.
	Robot func(ctx context.Context, id portal.ID, lang string, s bitrix.RobotSettings) (page.RobotForm, error)
	// Ready reports whether work can be taken.
	Ready func(ctx context.Context) error
	// Observe is told of every answer: the route's pattern, never the path. It must not block.
	Observe func(route string, status int, took time.Duration)
	Log     *slog.Logger
}

// handlers is what the routes share.
type handlers struct {
	deps  Deps
	codes map[string]string // of the catalogue: the value is our own copy, a request's is Fiber's
}

// New builds the application with all its routes.
func New(deps Deps) *fiber.App {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Observe == nil {
		deps.Observe = func(string, int, time.Duration) {}
	}
	if deps.May == nil {
		deps.May = func(_ context.Context, s page.Session, right page.Right) (bool, error) {
			return page.May(s, right), nil
		}
	}
	if deps.Echo == nil {
		deps.Echo = func(context.Context, portal.ID, bitrix.Event) error { return nil }
	}
	h := &handlers{deps: deps, codes: make(map[string]string, len(deps.Codes))}
	for _, code := range deps.Codes {
		h.codes[code] = code
	}
	app := fiber.New(fiber.Config{
		AppName: "konturbridge", DisableStartupMessage: true, BodyLimit: readBody, ReadBufferSize: maxHead,
		ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 90 * time.Second,
		ErrorHandler: h.unrouted, DisablePreParseMultipartForm: true, // what is parsed is parsed after its sender is known
	})
	app.Use(h.observe)
	app.Post("/bitrix/install", h.install)
	app.Post("/bitrix/app", h.main)
	app.Post("/bitrix/placements/:code", h.placement)
	app.Post("/bitrix/events", h.event)
	app.Post("/bitrix/robots/:code", h.robot)
	app.Get("/bitrix/hooks/:secret/:code", h.hook)
	app.Post("/bitrix/hooks/:secret/:code", h.hook)
	// Bitrix24 wants every handler's address to answer a GET too.
	for _, path := range []string{"install", "app", "placements/:code", "events", "robots/:code"} {
		app.Get("/bitrix/"+path, h.bare)
	}
	app.Get("/bitrix/pages/setup", h.setupProgress)
	for _, desk := range deps.Desks {
		for _, route := range desk.Routes {
			app.Add(route.Method, pagesPath+route.Path, h.ask(route))
		}
	}
	app.Get("/bitrix/assets/:name", h.asset)
	app.Get("/healthz", h.alive)
	app.Get("/readyz", h.ready)
	return app
}

// observe answers errors, survives panics, refuses large bodies and measures, in one place for all
// routes.
func (h *handlers) observe(c *fiber.Ctx) error {
	started := time.Now()
	err := h.next(c)
	route := c.Route().Path
	if route == "/" { // no route of ours but this middleware itself
		route = "other"
	}
	if err != nil {
		h.fail(c, route, err)
	}
	h.deps.Observe(route, c.Response().StatusCode(), time.Since(started))
	return nil
}

func (h *handlers) next(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &bug{fmt.Errorf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	// The raw length: Body would unpack a compressed body first, however large it becomes.
	if len(c.BodyRaw()) > maxBody {
		return fiber.ErrRequestEntityTooLarge
	}
	return c.Next()
}

// unrouted answers what never reached a route: a head that can't be read, a body that is too large.
func (h *handlers) unrouted(c *fiber.Ctx, err error) error {
	h.fail(c, "other", err)
	h.deps.Observe("other", c.Response().StatusCode(), 0)
	return nil
}

// stored makes the context of a write that a request waits for.
func stored(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), storeWait)
}

// proving makes the context of questions to Bitrix24.
func proving(c *fiber.Ctx) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.UserContext(), proofWait)
}
