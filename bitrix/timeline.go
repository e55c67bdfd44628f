package bitrix

import (
	"context"
	"encoding/json"
	"time"
)

// Comment is a comment in a card's timeline. It marshals into the parameters of the method, so that it
// can stand in a [Command] when it has no files.
type Comment struct {
	Kind     EntityTypeID
	EntityID ID
	Text     string // BB-code
	Files    []FileContent
	AuthorID ID // zero: the token's user
}

// MarshalJSON writes the parameters of crm.timeline.comment.add.
func (m Comment) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"ENTITY_ID": m.EntityID, "ENTITY_TYPE": m.Kind.TimelineName(), "COMMENT": m.Text}
	if len(m.Files) > 0 {
		fields["FILES"] = m.Files
	}
	setNonZero(fields, "AUTHOR_ID", m.AuthorID)
	return json.Marshal(map[string]any{"fields": fields})
}

// CommentAdd adds a comment and returns its id. Errors: ErrNotFound for an unknown card, ErrAccessDenied.
// doc: api-reference/crm/timeline/**
func (c *Client) CommentAdd(ctx context.Context, m Comment) (ID, error) {
	return Call[ID](ctx, c, "crm.timeline.comment.add", m)
}

// CommentRow is a comment as it is listed.
type CommentRow struct {
	ID       ID                `json:"ID"`
	Created  Time              `json:"CREATED"`
	AuthorID ID                `json:"AUTHOR_ID"`
	Text     Text              `json:"COMMENT"`
	Files    Map[TimelineFile] `json:"FILES"` // by id
}

// TimelineFile is a file of a comment. Read its link with [Client.DiskFile]: the ones in the comment
// work in a browser only.
type TimelineFile struct {
	ID   ID   `json:"id"`
	Name Text `json:"name"`
	Size ID   `json:"size"` // bytes
}

// CommentList reads a page of a card's comments, newest first.
// doc: api-reference/crm/timeline/**
func (c *Client) CommentList(ctx context.Context, kind EntityTypeID, id ID, start int) (ListAnswer[[]CommentRow], error) {
	return rows[CommentRow](ctx, c, "crm.timeline.comment.list", ListOptions{
		Filter: map[string]any{"ENTITY_ID": id, "ENTITY_TYPE": kind.TimelineName()},
		Order:  Order{{Field: "ID", Desc: true}}, Start: start,
	})
}

// LogMessage is a quiet line in a card's timeline. It marshals into the parameters of the method.
type LogMessage struct {
	Kind     EntityTypeID
	EntityID ID
	Title    string
	Text     string // plain
	Icon     string // of crm.timeline.icon.list; empty: info
}

// MarshalJSON writes the parameters of crm.timeline.logmessage.add.
func (m LogMessage) MarshalJSON() ([]byte, error) {
	if m.Icon == "" {
		m.Icon = "info"
	}
	return json.Marshal(map[string]any{"fields": map[string]any{
		"entityTypeId": m.Kind, "entityId": m.EntityID, "title": m.Title, "text": m.Text, "iconCode": m.Icon,
	}})
}

// LogMessageAdd adds a line and returns its id. Errors: ErrNotFound for an unknown card.
// doc: api-reference/crm/timeline/**
func (c *Client) LogMessageAdd(ctx context.Context, m LogMessage) (ID, error) {
	frame, err := Call[struct {
		Message struct {
			ID ID `json:"id"`
		} `json:"logMessage"`
	}](ctx, c, "crm.timeline.logmessage.add", m)
	return frame.Message.ID, err
}

// Todo is a to-do in a card. It marshals into the parameters of the method.
type Todo struct {
	Kind          EntityTypeID
	EntityID      ID
	Deadline      time.Time
	Title         string
	Description   string
	ResponsibleID ID    // zero: the portal decides
	PingOffsets   []int // minutes before the deadline
}

// MarshalJSON writes the parameters of crm.activity.todo.add.
func (t Todo) MarshalJSON() ([]byte, error) {
	params := map[string]any{"ownerTypeId": t.Kind, "ownerId": t.EntityID, "deadline": t.Deadline.Format(time.RFC3339)}
	setNonZero(params, "title", t.Title)
	setNonZero(params, "description", t.Description)
	setNonZero(params, "responsibleId", t.ResponsibleID)
	if len(t.PingOffsets) > 0 {
		params["pingOffsets"] = t.PingOffsets
	}
	return json.Marshal(params)
}

// TodoAdd adds a to-do and returns its id. Errors: ErrNotFound for an unknown card.
// doc: api-reference/crm/timeline/**
func (c *Client) TodoAdd(ctx context.Context, t Todo) (ID, error) {
	frame, err := Call[struct {
		ID ID `json:"id"`
	}](ctx, c, "crm.activity.todo.add", t)
	return frame.ID, err
}

// Notice is a notification to a user. It marshals into the parameters of the method.
type Notice struct {
	UserID  ID     `json:"USER_ID"`
	Message string `json:"MESSAGE"`        // BB-code
	Type    string `json:"TYPE,omitempty"` // "SYSTEM" has no author; empty: on behalf of the token's user
	Tag     string `json:"TAG,omitempty"`  // a new notice replaces the one with its tag
	SubTag  string `json:"SUB_TAG,omitempty"`
}

// Notify sends a notification and returns its id; 0 when the portal did not deliver it. It needs the
// scope im. doc: api-reference/chats/notifications/*.md
func (c *Client) Notify(ctx context.Context, n Notice) (ID, error) {
	return Call[ID](ctx, c, "im.notify", n)
}
