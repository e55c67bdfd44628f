package bitrixsim

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// placement is one placement.bind.
type placement struct {
	Placement
	description string
	langs       map[string]any
	options     map[string]any
	userID      int
}

// placementScope maps every valid code of this portal to the scope that it needs besides placement.
func (p *Portal) placementScope() map[string]string {
	known := map[string]string{
		"LEFT_MENU": "", "REST_APP_URI": "", "PAGE_BACKGROUND_WORKER": "", "SETTING_CONNECTOR": "", "BI_ANALYTICS_MENU": "",
		"TASK_VIEW_TAB": "task", "TASK_VIEW_SIDEBAR": "task", "TASK_VIEW_TOP_PANEL": "task", "IM_TEXTAREA": "im", "IM_CONTEXT_MENU": "im",
		"IM_SIDEBAR": "im", "CRM_REQUISITE_AUTOCOMPLETE": "crm", "CRM_BANK_DETAIL_AUTOCOMPLETE": "crm", "CRM_DETAIL_SEARCH": "crm",
		"CRM_ACTIVITY_LIST_MENU": "crm", "CRM_ORDER_DETAIL_TAB": "crm",
	}
	for _, t := range p.types {
		for _, place := range []string{"DETAIL_TAB", "DETAIL_TOOLBAR", "DETAIL_ACTIVITY", "LIST_MENU", "LIST_TOOLBAR", "ACTIVITY_TIMELINE_MENU",
			"DOCUMENTGENERATOR_BUTTON",
		} {
			known["CRM_"+t.name()+"_"+place] = "crm"
		}
		if t.stageField() != "" && t.id != Quote {
			known["CRM_"+t.name()+"_ROBOT_DESIGNER_TOOLBAR"] = "crm"
		}
	}
	return known
}

func placementMethods() map[string]method {
	app := webhookRefused()
	admin := placementAdmin()
	return map[string]method{
		"placement.bind":   {scope: "placement", app: app, admin: admin, run: placementBind},
		"placement.unbind": {scope: "placement", app: app, admin: admin, run: placementUnbind},
		"placement.get":    {scope: "placement", app: app, admin: admin, run: placementGet},
		"placement.list":   {scope: "placement", app: app, run: placementList},
	}
}

// placementAdmin is the refusal of those who are not administrators.
func placementAdmin() *restError {
	return fail(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
}

// missing is the refusal of a missing argument, which names it.
func missing(status int, name string) *restError {
	e := fail(status, "ERROR_ARGUMENT", "Argument '"+name+"' is null or empty")
	e.extra = map[string]any{"argument": name}
	return e
}

// placementBind is placement.bind; several of its errors come with status 200.
func placementBind(c *call) (any, *restError) {
	get := c.params.fold
	pl := &placement{
		Placement: Placement{ClientID: c.in.app.ClientID, Placement: strings.ToUpper(str(get("PLACEMENT"))), Handler: str(get("HANDLER")), Title: str(get("TITLE"))},
		userID:    intOf(get("USER_ID")), description: str(get("DESCRIPTION")),
	}
	pl.langs, _ = toGo(get("LANG_ALL")).(map[string]any)
	pl.options, _ = toGo(get("OPTIONS")).(map[string]any)
	if pl.Placement.Placement == "" {
		return nil, missing(http.StatusOK, "PLACEMENT")
	}
	if pl.Handler == "" {
		return nil, missing(http.StatusOK, "HANDLER")
	}
	code := pl.Placement.Placement
	scope, known := c.p.placementScope()[code]
	if !known || !c.hasScope(scope) {
		return nil, bad("ERROR_PLACEMENT_NOT_FOUND", "Placement not found")
	}
	if err := c.publicHandler(pl.Handler); err != nil {
		return nil, err
	}
	worker := code == "PAGE_BACKGROUND_WORKER"
	single := worker || code == "REST_APP_URI"
	for _, old := range c.in.placements {
		switch {
		case old.Placement.Placement != code:
		case single:
			return nil, fail(http.StatusOK, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count reached")
		case old.Handler == pl.Handler:
			return nil, bad("ERROR_CORE", "Unable to set placement handler: Handler already binded")
		}
	}
	if pl.userID != 0 && !worker {
		return nil, fail(http.StatusOK, "ERROR_PLACEMENT_USER_MODE", "User mode is not supported by this placement")
	}
	if worker && text(pl.options["errorHandlerUrl"]) == "" {
		return nil, fail(http.StatusOK, "EMPTY_ERROR_HANDLER_URL", "errorHandlerUrl is empty")
	}
	c.in.placements = append(c.in.placements, pl)
	return true, nil
}

// publicHandler checks a widget's address. A loopback handler passes only when the portal itself is on loopback, as
// in the sandbox.
func (c *call) publicHandler(address string) *restError {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return bad("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol")
	case !strings.Contains(u.Hostname(), ".") && net.ParseIP(u.Hostname()) == nil && !c.s.onLoopback():
		return bad("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
	}
	return nil
}

func (s *Server) onLoopback() bool {
	name, _, _ := net.SplitHostPort(host(s.baseURL))
	return name == "localhost" || net.ParseIP(name).IsLoopback()
}

func placementGet(c *call) (any, *restError) {
	rows := []any{}
	for _, pl := range c.in.placements {
		langs := pl.langs
		if langs == nil {
			langs = map[string]any{"ru": map[string]any{"TITLE": pl.Title, "DESCRIPTION": pl.description, "GROUP_NAME": ""}}
		}
		rows = append(rows, map[string]any{
			"placement": pl.Placement.Placement, "userId": pl.userID, "handler": pl.Handler, "options": phpMap(pl.options), "title": pl.Title,
			"description": pl.description, "langAll": langs,
		})
	}
	return rows, nil
}

func placementList(c *call) (any, *restError) {
	scope, byScope := c.params.lookup("SCOPE")
	full := !byScope && yes(c.params.fold("FULL"))
	known := c.p.placementScope()
	codes := []string{}
	for _, code := range slices.Sorted(maps.Keys(known)) {
		if byScope && known[code] != str(scope) || !byScope && !full && !c.hasScope(known[code]) {
			continue
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// placementUnbind counts every removed handler twice, as the portal does.
func placementUnbind(c *call) (any, *restError) {
	code, handler := strings.ToUpper(str(c.params.fold("PLACEMENT"))), str(c.params.fold("HANDLER"))
	if code == "" {
		return nil, missing(http.StatusBadRequest, "PLACEMENT")
	}
	before := len(c.in.placements)
	c.in.placements = slices.DeleteFunc(c.in.placements, func(pl *placement) bool {
		return pl.Placement.Placement == code && (handler == "" || pl.Handler == handler)
	})
	return map[string]any{"count": 2 * (before - len(c.in.placements))}, nil
}
