package bitrix

import "context"

// DetailTab is the code of the tab in a type's card, such as CRM_DEAL_DETAIL_TAB.
// doc: api-reference/widgets/crm/*.md
func DetailTab(kind EntityTypeID) string { return "CRM_" + kind.Name() + "_DETAIL_TAB" }

// Placement is a widget of the application in the portal.
type Placement struct {
	Code        string         `json:"PLACEMENT"`
	Handler     string         `json:"HANDLER"`
	Title       string         `json:"TITLE,omitempty"`
	Description string         `json:"DESCRIPTION,omitempty"`
	Titles      Titles         `json:"LANG_ALL,omitempty"`
	Options     map[string]any `json:"OPTIONS,omitempty"`
}

// Titles are a widget's texts by language code.
type Titles map[string]PlacementTexts

// PlacementTexts are a widget's texts in one language.
type PlacementTexts struct {
	Title       string `json:"TITLE,omitempty"`
	Description string `json:"DESCRIPTION,omitempty"`
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
		Code    string `json:"placement"`
		Handler string `json:"handler"`
		Title   Text   `json:"title"`
	}]](ctx, c, "placement.get", nil)
	placements := make([]Placement, 0, len(bound))
	for _, row := range bound {
		placements = append(placements, Placement{Code: row.Code, Handler: row.Handler, Title: string(row.Title)})
	}
	return placements, err
}

// PlacementList lists the codes that are valid on this portal for the application's scopes.
// doc: api-reference/widgets/placement-list.md
func (c *Client) PlacementList(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "placement.list", nil)
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
