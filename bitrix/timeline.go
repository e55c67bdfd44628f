package bitrix

import (
	"context"
	"encoding/json"
	"iter"
)

// Comment is a comment in a card's timeline. It marshals into the parameters of the method, so that it
// can stand in a [Command] when it has no files.
type Comment struct {
	Kind     EntityTypeID
	EntityID ID
	Text     string // BB-code
	Files    []FileContent
	Uploads  []*Upload // files that are streamed
	AuthorID ID        // zero: the token's user
}

// MarshalJSON writes the parameters of crm.timeline.comment.add.
func (m Comment) MarshalJSON() ([]byte, error) { return json.Marshal(m.params()) }

func (m Comment) params() map[string]any {
	fields := map[string]any{"ENTITY_ID": m.EntityID, "ENTITY_TYPE": m.Kind.TimelineName(), "COMMENT": m.Text}
	files := make([]any, 0, len(m.Files)+len(m.Uploads))
	for _, file := range m.Files {
		files = append(files, file)
	}
	for _, file := range m.Uploads {
		files = append(files, file)
	}
	if len(files) > 0 {
		fields["FILES"] = files
	}
	setNonZero(fields, "AUTHOR_ID", m.AuthorID)
	return map[string]any{"fields": fields}
}

// CommentAdd adds a comment and returns its id. Errors: ErrNotFound for an unknown card, ErrAccessDenied.
// doc: api-reference/crm/timeline/**
func (c *Client) CommentAdd(ctx context.Context, m Comment) (ID, error) {
	return CallFiles[ID](ctx, c, "crm.timeline.comment.add", m.params())
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

// Comments walks the comments of a card in the order of their ids.
// doc: api-reference/crm/timeline/**
func (c *Client) Comments(ctx context.Context, kind EntityTypeID, id ID, opts ScanOptions) iter.Seq2[CommentRow, error] {
	opts.Filter = withCondition(opts.Filter, "ENTITY_ID", id)
	opts.Filter["ENTITY_TYPE"] = kind.TimelineName()
	return byID("crm.timeline.comment.list", "ID", opts, func(list ListOptions) (ListAnswer[[]CommentRow], error) {
		return rows[CommentRow](ctx, c, "crm.timeline.comment.list", list)
	}, func(row CommentRow) ID { return row.ID })
}

// CommentGet reads one comment. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/timeline/**
func (c *Client) CommentGet(ctx context.Context, id ID) (CommentRow, error) {
	return Call[CommentRow](ctx, c, "crm.timeline.comment.get", map[string]ID{"id": id})
}

// CommentUpdate changes a comment's text. Its files stay unless new ones are given: these replace all of
// them. Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/timeline/**
func (c *Client) CommentUpdate(ctx context.Context, id ID, text string, files ...FileContent) error {
	fields := map[string]any{"COMMENT": text}
	if len(files) > 0 {
		fields["FILES"] = files
	}
	_, err := CallFiles[json.RawMessage](ctx, c, "crm.timeline.comment.update", map[string]any{"id": id, "fields": fields})
	return err
}

// CommentDelete removes a comment. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/timeline/**
func (c *Client) CommentDelete(ctx context.Context, id ID) error {
	_, err := c.Do(ctx, "crm.timeline.comment.delete", map[string]ID{"id": id}) // the answer is not shown
	return err
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
