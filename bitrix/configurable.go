package bitrix

import (
	"context"
	"encoding/json"
	"time"
)

// ConfigurableActivity is an activity of a card's timeline whose look the application decides: the live
// status of a document, say. One belongs to each thing it shows; OriginatorID and OriginID tell after a
// lost answer whether it is there. doc: api-reference/crm/timeline/**
type ConfigurableActivity struct {
	Kind     EntityTypeID
	EntityID ID
	Fields   ActivityFields
	Layout   Layout
}

// MarshalJSON writes the parameters of crm.activity.configurable.add.
func (a ConfigurableActivity) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"ownerTypeId": a.Kind, "ownerId": a.EntityID, "fields": a.Fields, "layout": a.Layout})
}

// ActivityFields are what a configurable activity is beside its look; zero values are left to the portal.
type ActivityFields struct {
	TypeID        string // "": CONFIGURABLE; else an own type
	Completed     bool
	Deadline      time.Time // an incoming activity has none
	PingOffsets   []int     // minutes before the deadline
	Incoming      bool
	ResponsibleID ID
	BadgeCode     string // of BadgeAdd
	OriginatorID  string
	OriginID      string
}

// MarshalJSON implements json.Marshaler.
func (f ActivityFields) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"completed": Flag(f.Completed)}
	if !f.Deadline.IsZero() {
		fields["deadline"] = f.Deadline.Format(time.RFC3339)
	}
	if len(f.PingOffsets) > 0 {
		fields["pingOffsets"] = f.PingOffsets
	}
	if f.Incoming {
		fields["isIncomingChannel"] = Flag(true)
	}
	setNonZero(fields, "typeId", f.TypeID)
	setNonZero(fields, "responsibleId", f.ResponsibleID)
	setNonZero(fields, "badgeCode", f.BadgeCode)
	setNonZero(fields, "originatorId", f.OriginatorID)
	setNonZero(fields, "originId", f.OriginID)
	return json.Marshal(fields)
}

// ConfigurableAdd adds an activity and returns its id. All methods of configurable activities need an
// application's token. Errors: ErrAuthKind, ErrAccessDenied, ErrNotFound, ErrParameter for a wrong layout.
// doc: api-reference/crm/timeline/**
func (c *Client) ConfigurableAdd(ctx context.Context, a ConfigurableActivity) (ID, error) {
	frame, err := Call[activityFrame](ctx, c, "crm.activity.configurable.add", a)
	return frame.Activity.ID(), err
}

// activityFrame is the frame of an answer with one activity.
type activityFrame struct {
	Activity Item `json:"activity"`
}

// ConfigurableUpdate changes an activity. A pressed button with a RestEvent stays blocked until this is
// called, so it must be, also when the action failed. A nil layout leaves the look as it is.
// Errors: ErrAccessDenied for another application's activity, ErrNotFound, ErrParameter.
// doc: api-reference/crm/timeline/**
func (c *Client) ConfigurableUpdate(ctx context.Context, id ID, fields ActivityFields, layout *Layout) error {
	params := map[string]any{"id": id, "fields": fields}
	if layout != nil {
		params["layout"] = layout
	}
	_, err := c.Do(ctx, "crm.activity.configurable.update", params) // answers the activity's id
	return err
}

// ConfigurableGet reads an activity of this application. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/timeline/**
func (c *Client) ConfigurableGet(ctx context.Context, id ID) (Item, error) {
	frame, err := Call[activityFrame](ctx, c, "crm.activity.configurable.get", map[string]ID{"id": id})
	return frame.Activity, err
}

// Colours of a badge.
const (
	BadgeSuccess   = "success"
	BadgeFailure   = "failure"
	BadgeWarning   = "warning"
	BadgePrimary   = "primary"
	BadgeSecondary = "secondary"
)

// Badge is a label that an activity puts on its card in the kanban.
type Badge struct {
	Code  string `json:"code"`
	Title Texts  `json:"title"`
	Value Texts  `json:"value"`
	Type  string `json:"type"` // BadgeSuccess …
}

// BadgeAdd registers a badge. Errors: ErrParameter, ErrAccessDenied. doc: api-reference/crm/timeline/**
func (c *Client) BadgeAdd(ctx context.Context, b Badge) error {
	_, err := c.Do(ctx, "crm.activity.badge.add", b) // the answer is not shown
	return err
}
