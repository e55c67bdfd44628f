package bitrix

import (
	"encoding/json"
	"strings"
)

// WithAuthConnector names the application's changes: those made under the name of an offline queue's
// binding (EventBinding.AuthConnector) do not come back in that queue. It needs the portal's
// FeatureAuthConnector, and the same name in OfflineQuery. Reads are sent without it; a batch carries it
// for all of its commands. doc: api-reference/events/offline-events.md
func WithAuthConnector(name string) Option { return func(c *Client) { c.connector = name } }

// encode turns the parameters of a call into the bytes of a JSON object.
func (c *Client) encode(method string, params any) ([]byte, error) {
	object, err := encodeParams(method, params)
	method = strings.ToLower(method)
	if err != nil || c.connector == "" || IsRead(method) || strings.HasPrefix(method, "event.") {
		return object, err // methods of events name a queue of their own
	}
	quoted, _ := json.Marshal(c.connector) // a string always encodes
	named := append(object[:len(object)-1:len(object)-1], `,"auth_connector":`...)
	if len(object) == 2 {
		named = []byte(`{"auth_connector":`)
	}
	return append(append(named, quoted...), '}'), nil
}
