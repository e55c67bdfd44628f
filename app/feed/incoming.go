package feed

import (
	"encoding/json"

	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/diadoc"
)

// KindIncoming is the kind of the rows that find a card for a message which came from a counteragent.
const KindIncoming = "incoming"

// Arrived is the body of such a row.
type Arrived struct {
	Connection string       `json:"connection"`
	Message    string       `json:"message"`
	From       diadoc.BoxID `json:"from"`
}

// IncomingRow makes the row of a message that came. Those of one counteragent are worked one after another: the
// second finds what the first has made.
func IncomingRow(conn portal.Connection, message string, from diadoc.BoxID) lane.NewRow {
	body, err := json.Marshal(Arrived{conn.Name, message, from})
	if err != nil { // texts always marshal
		body = nil
	}
	return lane.NewRow{Lane: string(conn.Portal), Part: KindIncoming + "/" + string(from.GUID()), Kind: KindIncoming, Code: message, Body: body}
}
