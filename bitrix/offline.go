package bitrix

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// OfflineEvent is a row of the portal's own queue: the latest state per object and event, no history.
// doc: api-reference/events/offline-events.md
type OfflineEvent struct {
	ID         ID              `json:"ID"`
	Timestamp  Text            `json:"TIMESTAMP_X"` // ISO in samples, regional text on some portals
	Name       string          `json:"EVENT_NAME"`
	Data       json.RawMessage `json:"EVENT_DATA"` // the data of an event, or false
	Additional json.RawMessage `json:"EVENT_ADDITIONAL"`
	MessageID  Text            `json:"MESSAGE_ID"`
	ProcessID  Text            `json:"PROCESS_ID"`
	Failed     Flag            `json:"ERROR"`
}

// Subject is the object that the event is about; zero when the row says nothing.
func (e OfflineEvent) Subject() (Subject, error) {
	var data any
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return Subject{}, fmt.Errorf("bitrix: offline event %d: %w", e.ID, err)
		}
	}
	return subjectOf(strings.ToUpper(e.Name), formOf(data))
}

// formOf turns decoded JSON into the tree that a form would give.
func formOf(value any) *Form {
	var children map[string]any
	switch v := value.(type) {
	case map[string]any:
		children = v
	case []any:
		children = map[string]any{}
		for i, child := range v {
			children[ID(i).String()] = child
		}
	case string:
		return &Form{text: v}
	case float64:
		return &Form{text: ID(v).String()}
	default:
		return &Form{}
	}
	node := &Form{nodes: map[string]*Form{}}
	for _, key := range slices.Sorted(maps.Keys(children)) {
		node.add(key, formOf(children[key]))
	}
	return node
}

// OfflineQuery asks for rows of the queue. The zero value reserves up to 50 of them.
type OfflineQuery struct {
	Filter        map[string]any // by ID, TIMESTAMP_X, EVENT_NAME, MESSAGE_ID
	Order         Order
	Limit         int    // zero: 50
	ProcessID     string // read an own reservation again
	AuthConnector string // the queue of that name
	Failed        bool   // rows marked by OfflineError
	// Delete removes the rows while reading them: a crash loses them. It is the only way where the
	// plan lacks FeatureOfflineExtended.
	Delete bool
}

// OfflineBatch is what one read returned.
type OfflineBatch struct {
	ProcessID string // of the reservation; "" after Delete
	Events    []OfflineEvent
}

// OfflineGet reads and reserves (or deletes) rows of the queue. Parallel reads get disjoint rows; a
// reservation lives for 30 days, so store ProcessID before anything else. It needs an administrator.
// doc: api-reference/events/event-offline-get.md
func (c *Client) OfflineGet(ctx context.Context, q OfflineQuery) (OfflineBatch, error) {
	params := map[string]any{"clear": 0}
	if q.Delete {
		params["clear"] = 1
	}
	if len(q.Filter) > 0 {
		params["filter"] = q.Filter
	}
	if len(q.Order) > 0 {
		params["order"] = q.Order
	}
	if q.Failed {
		params["error"] = 1
	}
	setNonZero(params, "limit", q.Limit)
	setNonZero(params, "process_id", q.ProcessID)
	setNonZero(params, "auth_connector", q.AuthConnector)
	batch, err := Call[struct {
		ProcessID Text               `json:"process_id"`
		Events    List[OfflineEvent] `json:"events"`
	}](ctx, c, "event.offline.get", params)
	return OfflineBatch{ProcessID: string(batch.ProcessID), Events: batch.Events}, err
}

// OfflineClear confirms rows of a reservation by their message ids; none confirms all of it.
// doc: api-reference/events/event-offline-clear.md
func (c *Client) OfflineClear(ctx context.Context, processID string, messageIDs ...string) error {
	return c.confirmed(ctx, "event.offline.clear", reservation(processID, messageIDs))
}

// OfflineError marks rows of a reservation as failed, to be read again with OfflineQuery.Failed.
// doc: api-reference/events/event-offline-error.md
func (c *Client) OfflineError(ctx context.Context, processID string, messageIDs ...string) error {
	return c.confirmed(ctx, "event.offline.error", reservation(processID, messageIDs))
}

func reservation(processID string, messageIDs []string) map[string]any {
	params := map[string]any{"process_id": processID}
	if len(messageIDs) > 0 {
		params["message_id"] = messageIDs
	}
	return params
}

// OfflineList shows rows of the queue without touching them; filter also by PROCESS_ID and ERROR.
// Select is ignored. doc: api-reference/events/event-offline-list.md
func (c *Client) OfflineList(ctx context.Context, opts ListOptions) (ListAnswer[[]OfflineEvent], error) {
	return rows[OfflineEvent](ctx, c, "event.offline.list", opts)
}

// OfflineEvents walks the rows of the queue in the order of their ids without touching them; connector
// names the queue, "" is the one without a name. Select is ignored.
// doc: api-reference/events/event-offline-list.md
func (c *Client) OfflineEvents(ctx context.Context, connector string, opts ScanOptions) iter.Seq2[OfflineEvent, error] {
	opts.Select = nil
	return byID("event.offline.list", "ID", opts, func(list ListOptions) (ListAnswer[[]OfflineEvent], error) {
		return rows[OfflineEvent](ctx, c, "event.offline.list", struct {
			ListOptions
			AuthConnector string `json:"auth_connector,omitempty"`
		}{list, connector})
	}, func(e OfflineEvent) ID { return e.ID })
}
