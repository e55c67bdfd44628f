package bitrix

import (
	"context"
	"encoding/json"
	"time"
)

// Todo is a to-do in a card. It marshals into the parameters of the method.
type Todo struct {
	Kind             EntityTypeID
	EntityID         ID
	Deadline         time.Time
	Title            string
	Description      string
	ResponsibleID    ID    // zero: the portal decides
	ParentActivityID ID    // the activity that it follows
	PingOffsets      []int // minutes before the deadline
	ColorID          ID    // 1 to 7
}

// MarshalJSON writes the parameters of crm.activity.todo.add.
func (t Todo) MarshalJSON() ([]byte, error) { return json.Marshal(t.params()) }

func (t Todo) params() map[string]any {
	params := map[string]any{"ownerTypeId": t.Kind, "ownerId": t.EntityID, "deadline": t.Deadline.Format(time.RFC3339)}
	setNonZero(params, "title", t.Title)
	setNonZero(params, "description", t.Description)
	setNonZero(params, "responsibleId", t.ResponsibleID)
	setNonZero(params, "parentActivityId", t.ParentActivityID)
	setNonZero(params, "colorId", t.ColorID)
	if len(t.PingOffsets) > 0 {
		params["pingOffsets"] = t.PingOffsets
	}
	return params
}

// TodoAdd adds a to-do and returns its id.
// Errors: ErrNotFound for an unknown card, ErrAccessDenied, ErrParameter.
// doc: api-reference/crm/timeline/**
func (c *Client) TodoAdd(ctx context.Context, t Todo) (ID, error) {
	frame, err := Call[idFrame](ctx, c, "crm.activity.todo.add", t)
	return frame.ID, err
}

// idFrame is an answer that names what it made.
type idFrame struct {
	ID ID `json:"id"`
}

// TodoUpdate changes a to-do; it takes what adding takes. Errors: ErrNotFound, ErrAccessDenied,
// ErrParameter. doc: api-reference/crm/timeline/**
func (c *Client) TodoUpdate(ctx context.Context, id ID, t Todo) error {
	params := t.params()
	params["id"] = id
	_, err := c.Do(ctx, "crm.activity.todo.update", params) // the answer is not shown
	return err
}

// ActivityComplete marks a to-do, or any other activity of the timeline, as done.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/timeline/**
func (c *Client) ActivityComplete(ctx context.Context, id ID) error {
	params := map[string]any{"id": id, "fields": map[string]Flag{"COMPLETED": true}}
	return c.confirmed(ctx, "crm.activity.update", params)
}
