package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"konturbridge/app/docflow"
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
		return h.open(c, page.Tab)
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
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; script-src 'self' https://api.bitrix24.com; style-src 'self'; "+
		"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "+ancestors)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(body)
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

// row is a docflow as the tab shows it.
type row struct {
	ID          docflow.ID `json:"id"`
	System      string     `json:"system"`
	Kind        string     `json:"kind"`
	KindRU      string     `json:"kindRu"`
	State       string     `json:"state"`
	StateRU     string     `json:"stateRu"`
	Requirement string     `json:"requirement"`
	Created     time.Time  `json:"created"`
}

// docflows lists those of the session's card.
func (h *handlers) docflows(c *fiber.Ctx) error {
	s, err := h.session(c)
	if err != nil {
		return err
	}
	if p, ok := h.deps.Trust.Get(s.Portal); !ok || p.State != portal.Active {
		return portal.ErrUnknown
	}
	rows := []row{}
	if s.Card.ID != 0 {
		ctx, cancel := stored(c)
		defer cancel()
		records, err := h.deps.Docflows(ctx, s.Portal, s.Card)
		if err != nil {
			return err
		}
		for _, r := range records {
			kind, state := h.deps.Words(r)
			rows = append(rows, row{r.ID, string(r.System), r.Kind, kind, string(r.State), state, string(r.Requirement), r.Created})
		}
	}
	return c.JSON(fiber.Map{"docflows": rows})
}

// asset sends a style sheet or a script.
func (h *handlers) asset(c *fiber.Ctx) error {
	body, contentType, ok := page.Asset(c.Params("name"))
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(body)
}
