package bitrix

import (
	"context"
	"strings"
)

// DetailTab is the code of the tab in a type's card, such as CRM_DEAL_DETAIL_TAB.
// doc: api-reference/widgets/crm/*.md
func DetailTab(kind EntityTypeID) string { return CardPlacement(kind, PlaceDetailTab) }

// Places in and around the cards of a type. Not every type has every place: [Client.PlacementList] is the
// truth. doc: api-reference/widgets/crm/*.md
const (
	PlaceDetailTab      = "DETAIL_TAB"
	PlaceDetailToolbar  = "DETAIL_TOOLBAR"
	PlaceDetailActivity = "DETAIL_ACTIVITY"        // over the timeline
	PlaceListMenu       = "LIST_MENU"              // of a row
	PlaceListToolbar    = "LIST_TOOLBAR"           // of the list
	PlaceTimelineMenu   = "ACTIVITY_TIMELINE_MENU" // of a record
	PlaceDocumentButton = "DOCUMENTGENERATOR_BUTTON"
	PlaceRobotDesigner  = "ROBOT_DESIGNER_TOOLBAR"
)

// CardPlacement is the code of a place of a type's cards, such as CRM_DYNAMIC_183_DETAIL_TOOLBAR.
func CardPlacement(kind EntityTypeID, place string) string { return "CRM_" + kind.Name() + "_" + place }

// Kind is the type of the cards that the widget belongs to; 0 for a placement of no type. The type of a
// smart process is told by the placement's code alone.
func (p PageOpening) Kind() EntityTypeID {
	name, ok := strings.CutPrefix(strings.ToUpper(p.Placement), "CRM_")
	for _, place := range []string{
		PlaceDetailTab, PlaceDetailToolbar, PlaceDetailActivity, PlaceListMenu, PlaceListToolbar, PlaceTimelineMenu, PlaceDocumentButton, PlaceRobotDesigner,
	} {
		if kind, of := strings.CutSuffix(name, "_"+place); ok && of {
			id, _ := ParseEntityName(kind) // a name of something else gives 0
			return id
		}
	}
	return 0
}

// Placement is a widget of the application in the portal.
type Placement struct {
	Code        string         `json:"PLACEMENT"`
	Handler     string         `json:"HANDLER"`
	Title       string         `json:"TITLE,omitempty"`
	Description string         `json:"DESCRIPTION,omitempty"`
	Group       string         `json:"GROUP_NAME,omitempty"` // submenu of some toolbars
	Titles      Titles         `json:"LANG_ALL,omitempty"`
	Options     map[string]any `json:"OPTIONS,omitempty"`
	UserID      ID             `json:"USER_ID,omitempty"` // PlacementWorker alone can be one user's
}

// Codes of placements. Those of cards come from DetailTab and its like; PlacementList is the truth.
// doc: api-reference/widgets/placements.md
const (
	PlacementLeftMenu = "LEFT_MENU"
	PlacementLink     = "REST_APP_URI"           // one handler; opened by a link in comments and messages
	PlacementWorker   = "PAGE_BACKGROUND_WORKER" // one handler; a hidden frame on all pages
)

// Titles are a widget's texts by language code.
type Titles map[string]PlacementTexts

// PlacementTexts are a widget's texts in one language.
type PlacementTexts struct {
	Title       string `json:"TITLE,omitempty"`
	Description string `json:"DESCRIPTION,omitempty"`
	Group       string `json:"GROUP_NAME,omitempty"`
}

// PlacementBind adds a widget; it stays invisible until the application is installed. Binding the same
// again may be accepted and show it twice: read [Client.PlacementGet] first.
// Errors: ErrAlreadyBound, ErrNotFound for an unknown code or a missing scope; some come with HTTP 200.
// doc: api-reference/widgets/placement-bind.md
func (c *Client) PlacementBind(ctx context.Context, p Placement) error {
	return c.confirmed(ctx, "placement.bind", p)
}

// PlacementGet lists the application's widgets. doc: api-reference/widgets/placement-get.md
func (c *Client) PlacementGet(ctx context.Context) ([]Placement, error) {
	bound, err := Call[List[struct {
		Code        string              `json:"placement"`
		Handler     string              `json:"handler"`
		Title       Text                `json:"title"`
		Description Text                `json:"description"`
		UserID      ID                  `json:"userId"`
		Titles      Map[PlacementTexts] `json:"langAll"`
		Options     Map[any]            `json:"options"`
	}]](ctx, c, "placement.get", nil)
	placements := make([]Placement, 0, len(bound))
	for _, row := range bound {
		p := Placement{Code: row.Code, Handler: row.Handler, Title: string(row.Title), Description: string(row.Description), UserID: row.UserID}
		if len(row.Titles) > 0 {
			p.Titles = Titles(row.Titles)
		}
		if len(row.Options) > 0 {
			p.Options = row.Options
		}
		placements = append(placements, p)
	}
	return placements, err
}

// PlacementList lists the codes that are valid on this portal for the application's scopes.
// doc: api-reference/widgets/placement-list.md
func (c *Client) PlacementList(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "placement.list", nil)
}

// PlacementsOf lists the codes of one scope. doc: api-reference/widgets/placement-list.md
func (c *Client) PlacementsOf(ctx context.Context, scope string) ([]string, error) {
	return Call[List[string]](ctx, c, "placement.list", map[string]string{"SCOPE": scope})
}

// PlacementUnbind removes the widgets of a code that have this handler (empty: all own ones) and
// reports whether there were any: the portal's count is not to be trusted beyond that.
// doc: api-reference/widgets/placement-unbind.md
func (c *Client) PlacementUnbind(ctx context.Context, code, handler string) (bool, error) {
	params := map[string]any{"PLACEMENT": code}
	setNonZero(params, "HANDLER", handler)
	removed, err := c.count(ctx, "placement.unbind", params)
	return removed > 0, err
}
