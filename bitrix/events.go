package bitrix

import (
	"context"
	"strings"
	"time"
)

// EventBinding is a handler bound to an event.
type EventBinding struct {
	Event   string
	Handler string // empty for an offline binding
	UserID  ID     // whose token the event carries; 0: the user who caused it
	Offline bool   // the portal keeps the events in its queue
	// AuthConnector names the queue of an offline binding; changes made under the same name stay
	// out of it. Professional plan and above.
	AuthConnector string
	// MinTimeout is the least pause between two ONOFFLINEEVENT notices; zero leaves the portal's
	// second, negative asks for a notice after every hit.
	MinTimeout time.Duration
}

// EventBind binds a handler. Binding the same again is refused with ErrAlreadyBound: read
// [Client.EventGet] first. Offline bindings and UserID need an administrator.
// Errors: ErrNotFound for an unknown event or one outside the scopes, ErrAccessDenied.
// doc: api-reference/events/event-bind.md
func (c *Client) EventBind(ctx context.Context, b EventBinding) error {
	params := map[string]any{"event": b.Event, "event_type": eventType(b.Offline)}
	setNonZero(params, "handler", b.Handler)
	setNonZero(params, "auth_type", b.UserID)
	setNonZero(params, "auth_connector", b.AuthConnector)
	if b.MinTimeout != 0 {
		params["options"] = map[string]int{"minTimeout": max(0, int(b.MinTimeout/time.Second))}
	}
	return c.confirmed(ctx, "event.bind", params)
}

// EventUnbind removes the bindings of a handler and returns their number: those that carry UserID's token,
// or, when it is 0, whoever's token they carry. The handler is always sent: without it the portal would
// remove every handler of the event. Errors: ErrAccessDenied.
// doc: api-reference/events/event-unbind.md
func (c *Client) EventUnbind(ctx context.Context, b EventBinding) (int, error) {
	params := map[string]any{"event": b.Event, "event_type": eventType(b.Offline)}
	setNonZero(params, "handler", b.Handler)
	setNonZero(params, "auth_type", b.UserID)
	return c.count(ctx, "event.unbind", params)
}

// EventGet lists the application's bindings; without administrator's rights only the user's own.
// doc: api-reference/events/event-get.md
func (c *Client) EventGet(ctx context.Context) ([]EventBinding, error) {
	rows, err := Call[List[struct {
		Event     string `json:"event"`
		Handler   Text   `json:"handler"`
		AuthType  ID     `json:"auth_type"`
		Offline   Flag   `json:"offline"`
		Connector Text   `json:"auth_connector"`
	}]](ctx, c, "event.get", nil)
	bindings := make([]EventBinding, 0, len(rows))
	for _, row := range rows {
		bindings = append(bindings, EventBinding{
			Event: strings.ToUpper(row.Event), Handler: string(row.Handler), UserID: row.AuthType,
			Offline: bool(row.Offline), AuthConnector: string(row.Connector),
		})
	}
	return bindings, err
}

// Events lists the names of the events that the application may bind, in upper case.
// doc: api-reference/events/events.md
func (c *Client) Events(ctx context.Context) ([]string, error) { return c.events(ctx, nil) }

// EventsOf lists the names of the events of one scope. doc: api-reference/events/events.md
func (c *Client) EventsOf(ctx context.Context, scope string) ([]string, error) {
	return c.events(ctx, map[string]string{"SCOPE": scope})
}

func (c *Client) events(ctx context.Context, params any) ([]string, error) {
	names, err := Call[List[string]](ctx, c, "events", params)
	for i := range names {
		names[i] = strings.ToUpper(names[i])
	}
	return names, err
}

// EventTest makes the portal send ONAPPTEST to the application's own handler, with params as
// data[QUERY]: a check that events arrive. doc: api-reference/events/test-handler.md
func (c *Client) EventTest(ctx context.Context, params map[string]any) error {
	return c.confirmed(ctx, "event.test", params)
}

func eventType(offline bool) string {
	if offline {
		return "offline"
	}
	return "online"
}

// setNonZero leaves a parameter out when it has no value: the API takes an empty one for a value.
func setNonZero[T comparable](params map[string]any, name string, value T) {
	var zero T
	if value != zero {
		params[name] = value
	}
}

func (c *Client) count(ctx context.Context, method string, params any) (int, error) {
	removed, err := Call[struct {
		Count ID `json:"count"`
	}](ctx, c, method, params)
	return int(removed.Count), err
}
