package bitrix

import (
	"context"
	"encoding/json"
	"errors"
)

// FieldType is the application's own type of user fields: its values are shown and edited by a page of
// the application. doc: api-reference/widgets/user-field/*.md
type FieldType struct {
	ID          string            `json:"USER_TYPE_ID"`      // [a-z0-9]+; the full name holds at most 50 characters
	Handler     string            `json:"HANDLER,omitempty"` // on the application's own domain, for this type alone
	Title       string            `json:"TITLE,omitempty"`
	Description string            `json:"DESCRIPTION,omitempty"`
	Options     *FieldTypeOptions `json:"OPTIONS,omitempty"`
}

// FieldTypeOptions tune the frame of a field.
type FieldTypeOptions struct {
	Height int `json:"height,omitempty"` // pixels
}

// FieldTypeName is the full name of an own type, as fields take it: the type of the application with this
// AppInfo.ID.
func FieldTypeName(app ID, id string) string { return "rest_" + app.String() + "_" + id }

// FieldTypeAdd registers a type. It needs an administrator and the scope placement.
// Errors: ErrAlreadyBound, ErrParameter, ErrAccessDenied. doc: api-reference/widgets/user-field/*.md
func (c *Client) FieldTypeAdd(ctx context.Context, t FieldType) error {
	return c.confirmed(ctx, "userfieldtype.add", t)
}

// FieldTypeUpdate changes a type; empty fields stay. doc: api-reference/widgets/user-field/*.md
func (c *Client) FieldTypeUpdate(ctx context.Context, t FieldType) error {
	return c.confirmed(ctx, "userfieldtype.update", t)
}

// FieldTypeList lists the application's types, under the names that adding takes: the page shows no
// answer. doc: api-reference/widgets/user-field/*.md
func (c *Client) FieldTypeList(ctx context.Context) ([]FieldType, error) {
	listed, err := Call[List[struct {
		ID          Text `json:"USER_TYPE_ID"`
		Handler     Text `json:"HANDLER"`
		Title       Text `json:"TITLE"`
		Description Text `json:"DESCRIPTION"`
	}]](ctx, c, "userfieldtype.list", nil)
	types := make([]FieldType, 0, len(listed))
	for _, row := range listed {
		types = append(types, FieldType{ID: string(row.ID), Handler: string(row.Handler), Title: string(row.Title), Description: string(row.Description)})
	}
	return types, err
}

// FieldTypeDelete removes a type. doc: api-reference/widgets/user-field/*.md
func (c *Client) FieldTypeDelete(ctx context.Context, id string) error {
	return c.confirmed(ctx, "userfieldtype.delete", map[string]string{"USER_TYPE_ID": id})
}

// PlacementFieldType is the placement of a page that shows a field of an own type.
const PlacementFieldType = "USERFIELD_TYPE"

// FieldPage is what a page that shows a field of an own type is told. It comes from the user's browser:
// nothing in it is proven. doc: api-reference/widgets/user-field/*.md
type FieldPage struct {
	Edit      bool // else the value is only shown
	EntityID  string
	FieldName string
	CardID    ID // 0 in a card that is being created
	Value     json.RawMessage
	Multiple  bool
	Mandatory bool
	XMLID     string
	Kind      EntityTypeID // with Element: the card, where the portal tells
	Element   ID
}

// FieldPage reads the options of a page opened at PlacementFieldType.
// Errors name the malformed key and wrap ErrMalformed.
func (p PageOpening) FieldPage() (FieldPage, error) {
	var wire struct {
		Mode      Text            `json:"MODE"`
		EntityID  Text            `json:"ENTITY_ID"`
		FieldName Text            `json:"FIELD_NAME"`
		CardID    ID              `json:"ENTITY_VALUE_ID"`
		Value     json.RawMessage `json:"VALUE"`
		Multiple  Flag            `json:"MULTIPLE"`
		Mandatory Flag            `json:"MANDATORY"`
		XMLID     Text            `json:"XML_ID"`
		Data      Map[Text]       `json:"ENTITY_DATA"`
	}
	if err := json.Unmarshal([]byte(p.Options), &wire); err != nil {
		return FieldPage{}, malformed("PLACEMENT_OPTIONS", err)
	}
	if wire.FieldName == "" {
		return FieldPage{}, malformed("PLACEMENT_OPTIONS", errors.New("FIELD_NAME is missing"))
	}
	kind, errKind := ParseID(string(wire.Data["entityTypeId"]))
	element, errElement := ParseID(string(wire.Data["entityId"]))
	if err := errors.Join(errKind, errElement); err != nil {
		return FieldPage{}, malformed("PLACEMENT_OPTIONS", err)
	}
	return FieldPage{
		Edit: wire.Mode == "edit", EntityID: string(wire.EntityID), FieldName: string(wire.FieldName), CardID: wire.CardID, Value: wire.Value,
		Multiple: bool(wire.Multiple), Mandatory: bool(wire.Mandatory), XMLID: string(wire.XMLID), Kind: EntityTypeID(kind), Element: element,
	}, nil
}
