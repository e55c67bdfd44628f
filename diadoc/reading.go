package diadoc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"konturbridge/internal/upstream"
)

// EventQuery chooses events of a box. Every change of it starts another feed: keep one key for each.
type EventQuery struct {
	AfterIndexKey     IndexKey     // of the last event that was handled; "" from the beginning
	Department        DepartmentID // a must unless the user sees all documents
	MessageTypes      []MessageType
	TypeNamedIDs      []string
	Directions        []DocumentDirection
	From, To          Ticks // inclusive
	CounteragentBoxID BoxID
	OrderBy           SortDirection // ascending when empty
	Limit             int           // 1 to 100; zero: the service's default
	// AfterEventID is the obsolete form of AfterIndexKey; it takes one of them.
	AfterEventID EventID
}

func (q EventQuery) query(operation string, box BoxID) (query, error) {
	r := rules{operation: operation}
	r.want(q.AfterIndexKey == "" || q.AfterEventID == "", "afterIndexKey", Text{"нельзя задать вместе с afterEventId", "excludes afterEventId"})
	r.page("limit", q.Limit)
	return query{
		"boxId": string(box), "afterIndexKey": string(q.AfterIndexKey), "afterEventId": string(q.AfterEventID),
		"departmentId": string(q.Department), "messageType": list(q.MessageTypes), "typeNamedId": list(q.TypeNamedIDs),
		"documentDirection": list(q.Directions), "timestampFromTicks": ticks(q.From), "timestampToTicks": ticks(q.To),
		"counteragentBoxId": string(q.CounteragentBoxID), "orderBy": string(q.OrderBy), "limit": number(q.Limit),
	}, r.err
}

// GetNewEvents reads one page of what happened in a box, oldest first: messages and patches, also one's own,
// without the content of files. See [Client.NewEvents]. Events come at least once; repeats are known by
// EventID. What an event tells of a document may be newer or older than the event: read the document before
// acting. TotalCount may be a lower bound.
//
// Errors: [ErrBadRequest] for a key that is not of this feed.
func (c *Client) GetNewEvents(ctx context.Context, box BoxID, q EventQuery) (BoxEventList, error) {
	return c.events(ctx, "GetNewEvents", box, q)
}

// GetNewEventsV7 is [Client.GetNewEvents] without universal messages; it ends after 3 April 2027.
//
// Deprecated: use [Client.GetNewEvents].
func (c *Client) GetNewEventsV7(ctx context.Context, box BoxID, q EventQuery) (BoxEventList, error) {
	return c.events(ctx, "GetNewEventsV7", box, q)
}

func (c *Client) events(ctx context.Context, operation string, box BoxID, q EventQuery) (BoxEventList, error) {
	parameters, err := q.query(operation, box)
	if err != nil {
		return BoxEventList{}, err
	}
	return ask[BoxEventList](ctx, c, operation, parameters, nil)
}

// NewEvents reads the feed from q.AfterIndexKey to its end, page after page. Store an event's IndexKey
// together with what the event caused. The first error ends it.
func (c *Client) NewEvents(ctx context.Context, box BoxID, q EventQuery) iter.Seq2[BoxEvent, error] {
	if q.Limit == 0 {
		q.Limit = MaxPage
	}
	return keyed("GetNewEvents", q.AfterIndexKey, func(after IndexKey) ([]BoxEvent, IndexKey, bool, error) {
		if after != "" {
			q.AfterIndexKey, q.AfterEventID = after, ""
		}
		page, err := c.GetNewEvents(ctx, box, q)
		next, more := following(page.Events, q.Limit, func(e BoxEvent) IndexKey { return e.IndexKey })
		return page.Events, next, more, err
	})
}

// GetEvent reads one event, for users who see all documents. Unlike the feed it may carry content.
//
// Errors: [ErrNotFound].
func (c *Client) GetEvent(ctx context.Context, box BoxID, event EventID) (BoxEvent, error) {
	return ask[BoxEvent](ctx, c, "GetEvent", query{"eventId": string(event), "boxId": string(box)}, nil)
}

// GetLastEvent reads the newest event of a box, of the user's own department unless he sees all documents;
// ok is false for a box without events. Its IndexKey, where there is one, is where a new feed may begin.
func (c *Client) GetLastEvent(ctx context.Context, box BoxID) (event BoxEvent, ok bool, err error) {
	req, answer, err := c.run(ctx, "GetLastEvent", query{"boxId": string(box)}, nil)
	if err != nil || len(answer.body) == 0 { // 204: the only one that does not mean "later"
		return BoxEvent{}, false, err
	}
	if err := event.UnmarshalJSON(answer.body); err != nil {
		return BoxEvent{}, false, c.badAnswer(req, answer.status, err)
	}
	return event, true, nil
}

// MessageOptions tunes [Client.GetMessage].
type MessageOptions struct {
	EntityID            EntityID // only what belongs to this document; access to the others is not needed then
	OriginalSignature   bool     // signatures as they were made, not improved ones below them
	InjectEntityContent bool     // with content, up to 1 MiB in all; what does not fit is left out
}

func (o MessageOptions) query(box BoxID, message MessageID) query {
	return query{"boxId": string(box), "messageId": string(message), "entityId": string(o.EntityID),
		"originalSignature": yes(o.OriginalSignature), "injectEntityContent": yes(o.InjectEntityContent)}
}

// GetMessage reads a message, a draft or a template. Signatures are improved ones unless the original is
// asked for; the parent of an improved one is the original, see [Message.Signatures].
//
// Errors: [ErrNotFound]; [ErrNoAccess] unless all of its documents are within reach.
func (c *Client) GetMessage(ctx context.Context, box BoxID, message MessageID, o MessageOptions) (Message, error) {
	return ask[Message](ctx, c, "GetMessage", o.query(box, message), nil)
}

// GetMessageV5 reads a message.
//
// Deprecated: use [Client.GetMessage].
func (c *Client) GetMessageV5(ctx context.Context, box BoxID, message MessageID, o MessageOptions) (Message, error) {
	return ask[Message](ctx, c, "GetMessageV5", o.query(box, message), nil)
}

// GetEntityContent opens the content of any entity: a document, a signature, a receipt.
//
// Errors: [ErrNotFound], also for an entity without content.
func (c *Client) GetEntityContent(ctx context.Context, box BoxID, entity DocumentID) (*Download, error) {
	return c.download(ctx, "GetEntityContent", entityQuery(box, entity))
}

// ReadEntity reads the content of an entity of a message: what came with it, else what the service holds,
// whose length must be what the entity says. limit caps it in bytes.
//
// Errors: as [Client.GetEntityContent]; [ErrBadAnswer] for another length.
func (c *Client) ReadEntity(ctx context.Context, box BoxID, message MessageID, entity Entity, limit int64) ([]byte, error) {
	if entity.Content != nil && entity.Content.Data != nil {
		return entity.Content.Data, nil
	}
	body, err := c.GetEntityContent(ctx, box, DocumentID{message, entity.EntityID})
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(content)) > limit:
		return nil, &readError{"GetEntityContent", upstream.ErrAnswerTooLarge}
	case entity.Content != nil && entity.Content.Size > 0 && entity.Content.Size != len(content):
		return nil, &readError{"GetEntityContent", fmt.Errorf("%w: %d bytes instead of %d", ErrBadAnswer, len(content), entity.Content.Size)}
	}
	return content, nil
}

// GetSecurityEvents reads one page of found malware and the like; the answer is a SecurityEventList. See
// [Client.SecurityEvents].
func (c *Client) GetSecurityEvents(ctx context.Context, box BoxID, after IndexKey, count int) (Raw, error) {
	return ask[Raw](ctx, c, "GetSecurityEvents",
		query{"boxId": string(box), "afterIndexKey": string(after), "count": number(count)}, nil)
}

// SecurityEvents reads the security events after a key. Their fields are not documented but for the IndexKey
// that every feed has: the only list of a page is taken, and a page that is full and has no keys ends it
// with an error.
func (c *Client) SecurityEvents(ctx context.Context, box BoxID, after IndexKey) iter.Seq2[Raw, error] {
	return keyed("GetSecurityEvents", after, func(after IndexKey) ([]Raw, IndexKey, bool, error) {
		page, err := ask[rawList](ctx, c, "GetSecurityEvents",
			query{"boxId": string(box), "afterIndexKey": string(after), "count": number(MaxPage)}, nil)
		next, more := following(page.items, MaxPage, rawKey)
		return page.items, next, more, err
	})
}

// rawList is the only list of an answer without documented fields.
type rawList struct {
	items []Raw
	extra Extra
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *rawList) UnmarshalJSON(raw []byte) error { return readList(raw, "Events", &l.items, &l.extra) }

func rawKey(item Raw) IndexKey {
	var key struct{ IndexKey IndexKey }
	if err := item.Decode(&key); err != nil {
		return ""
	}
	return key.IndexKey
}

// GetPartnerEvents reads one page of the feed over all boxes of a partner's token. request is a
// GetPartnerEventsRequest, the answer a GetPartnerEventsResponse. See [Client.PartnerEvents].
func (c *Client) GetPartnerEvents(ctx context.Context, request Raw) (Raw, error) {
	return ask[Raw](ctx, c, "GetPartnerEvents", nil, request)
}

// PartnerEvents reads the feed over all boxes of a partner's token after a cursor, and yields each page's
// only list with the cursor after it. Of the structures only the Cursor is documented: it is sent in a field
// of that name and looked for in one. A page without events, or with a cursor that does not move, ends it.
func (c *Client) PartnerEvents(ctx context.Context, cursor string) iter.Seq2[PartnerPage, error] {
	return func(yield func(PartnerPage, error) bool) {
		for {
			request := map[string]string{}
			if cursor != "" {
				request["Cursor"] = cursor
			}
			page, err := ask[rawList](ctx, c, "GetPartnerEvents", nil, request)
			next, keyErr := pageCursor(page, cursor)
			if err = errors.Join(err, keyErr); err != nil {
				yield(PartnerPage{}, err)
				return
			}
			if len(page.items) == 0 || !yield(PartnerPage{page.items, next}, nil) || next == cursor {
				return
			}
			cursor = next
		}
	}
}

// PartnerPage is one page of [Client.PartnerEvents].
type PartnerPage struct {
	Events []Raw
	Cursor string // where to go on
}

func pageCursor(page rawList, before string) (string, error) {
	cursor := before
	return cursor, page.extra["Cursor"].Decode(&cursor)
}
