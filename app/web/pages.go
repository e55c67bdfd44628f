package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/page"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// The pages that open in a portal's frame: the tab in a card, and the settings of a rule.
const (
	tabCode   = "crm_detail_tab"
	robotCode = "robot_settings"
)

// main opens the application's main page.
func (h *handlers) main(c *fiber.Ctx) error { return h.open(c, page.Main) }

// placement opens a widget.
func (h *handlers) placement(c *fiber.Ctx) error {
	switch c.Params("code") {
	case tabCode:
		return h.open(c, page.Card)
	case robotCode:
		return h.openRobot(c)
	default:
		return fiber.ErrNotFound
	}
}

func (h *handlers) open(c *fiber.Ctx, name string) error {
	_, visit, err := h.visit(c)
	if err != nil {
		return err
	}
	view := page.View{Portal: visit.Portal.Domain, HasCard: visit.Session.Card.ID != 0}
	ctx, cancel := stored(c)
	defer cancel()
	facts := h.factsOf(visit.Session, visit.Portal)
	if view.MayAct, err = h.deps.May(ctx, facts, page.Act); err != nil {
		return err
	}
	if view.Tabs, err = h.tabs(ctx, facts); err != nil {
		return err
	}
	return h.render(c, name, visit.Lang, visit.Portal.Origin(), visit.Session, view)
}

// openRobot opens the settings of a rule. They stand in the page: it asks for nothing later.
func (h *handlers) openRobot(c *fiber.Ctx) error {
	opening, visit, err := h.visit(c)
	if err != nil {
		return err
	}
	settings, err := opening.RobotSettings()
	if err != nil {
		return err
	}
	ctx, cancel := stored(c)
	defer cancel()
	form, err := h.deps.Robot(ctx, visit.Session.Portal, page.Language(visit.Lang), settings)
	if err != nil {
		return err
	}
	return h.render(c, page.Robot, visit.Lang, visit.Portal.Origin(), visit.Session, page.View{Robot: form})
}

// visit proves who opens a page.
func (h *handlers) visit(c *fiber.Ctx) (bitrix.PageOpening, portal.Visit, error) {
	opening, err := bitrix.ParsePage(c.Request().URI().QueryString(), c.BodyRaw())
	if err != nil {
		return opening, portal.Visit{}, err
	}
	ctx, cancel := proving(c)
	defer cancel()
	visit, err := h.deps.Installer.Visit(ctx, opening)
	return opening, visit, err
}

// bare answers who comes without a portal: a person who followed a link, or Bitrix24 looking whether
// the address answers.
func (h *handlers) bare(c *fiber.Ctx) error {
	return h.render(c, page.Bare, c.Query("LANG"), "", portal.Session{}, page.View{})
}

// render sends a page that only the given portal may frame. Without one the page holds no session and
// nothing of anybody's, so any frame will do.
func (h *handlers) render(c *fiber.Ctx, name, lang, origin string, session portal.Session, view page.View) error {
	view.Lang, view.Frame = page.Language(lang), origin != ""
	ancestors := "https:"
	if origin != "" {
		ancestors = "'self' " + origin
		signed, err := h.deps.Sessions.Issue(session)
		if err != nil {
			return &bug{err}
		}
		view.Session = signed
	}
	body, err := h.deps.Pages.Render(name, view)
	if err != nil {
		return &bug{err}
	}
	c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy(name)+ancestors)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(body)
}

// contentPolicy lets a page load its own assets and the portal's script, and nothing inline. Where result files
// are shown they come out of the page's own memory.
func contentPolicy(name string) string {
	images, frames := "'self' data:", ""
	if name == page.Card || name == page.Main {
		images, frames = images+" blob:", "frame-src blob:; "
	}
	return "default-src 'none'; script-src 'self' https://api.bitrix24.com; style-src 'self'; img-src " + images + "; " + frames +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
}

// session reads for whom a page asks. A cookie or a query would reach further than the page.
func (h *handlers) session(c *fiber.Ctx) (portal.Session, error) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !ok {
		token = ""
	}
	return h.deps.Sessions.Open(strings.Clone(token))
}

// setupProgress tells the installer page how far the setup has come.
func (h *handlers) setupProgress(c *fiber.Ctx) error {
	s, err := h.session(c)
	if err != nil {
		return err
	}
	if p, ok := h.deps.Trust.Get(s.Portal); !ok || p.State != portal.Active {
		return c.JSON(portal.Progress{State: "pending"})
	}
	ctx, cancel := stored(c)
	defer cancel()
	return c.JSON(h.deps.Progress(ctx, s.Portal))
}

// asset sends a style sheet or a script, packed for who can unpack it.
func (h *handlers) asset(c *fiber.Ctx) error {
	asset, ok := h.deps.Pages.Asset(c.Params("name"))
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentType, asset.Type)
	c.Set(fiber.HeaderETag, asset.Version)
	c.Vary(fiber.HeaderAcceptEncoding)
	if c.Get(fiber.HeaderIfNoneMatch) == asset.Version {
		return c.SendStatus(fiber.StatusNotModified)
	}
	if takesGzip(c) {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(asset.Packed)
	}
	return c.Send(asset.Body)
}

func takesGzip(c *fiber.Ctx) bool { return c.AcceptsEncodings("gzip") == "gzip" }
