package inbox

import (
	"encoding/json"
	"fmt"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/bitrix"
)

// The kinds of the rows that the inbox stores, and of those that a trigger makes of an event: their
// bodies are alike.
const (
	KindRobot  = "robot"
	KindHook   = "hook"
	KindEvent  = "event"
	KindAction = "action"
	KindPage   = "page" // a person, in a page of the bridge
)

// Call is an action that a robot or a webhook step asked for, as it is stored.
type Call struct {
	Card       docflow.Card      `json:"card"`
	Properties bitrix.Properties `json:"properties,omitempty"`
	WorkflowID string            `json:"workflow,omitempty"`
	EventToken []byte            `json:"token,omitempty"`    // sealed; only when the workflow waits
	Deadline   time.Time         `json:"deadline,omitzero"`  // when the step gives up
	AnswerBy   time.Time         `json:"answer_by,omitzero"` // when it is answered at the latest
	UserID     int64             `json:"user,omitempty"`
	Files      []File            `json:"files,omitempty"`
}

// File is a small file that a person handed over with an action, in place of one of the portal's.
type File struct {
	Param  string `json:"param"` // the parameter that it is a value of
	Name   string `json:"name"`
	Sealed []byte `json:"sealed"`
}

// Called stores that a workflow's call of a robot came, for whoever looks for calls that did not.
type Called struct{ Portal, Workflow, Code string }

// LaneWrite marks the write.
func (Called) LaneWrite() {}

// Happened is an event of a card, as it is stored.
type Happened struct {
	Event    string       `json:"event"`
	Card     docflow.Card `json:"card"`
	Category int64        `json:"category,omitempty"`
	Stage    string       `json:"stage,omitempty"` // only when the event told it
	At       time.Time    `json:"at,omitzero"`
}

// ReadCall reads the body of a robot's or a webhook's row.
func ReadCall(body []byte) (Call, error) {
	var c Call
	if err := json.Unmarshal(body, &c); err != nil {
		return c, fmt.Errorf("read the stored call: %w", err)
	}
	return c, nil
}

// ReadHappened reads the body of an event's row.
func ReadHappened(body []byte) (Happened, error) {
	var h Happened
	if err := json.Unmarshal(body, &h); err != nil {
		return h, fmt.Errorf("read the stored event: %w", err)
	}
	return h, nil
}

// TokenBind names the place that a sealed event token belongs to.
func TokenBind(portal string) string { return "event_token/" + portal }

// FileBind names the place that a sealed file belongs to.
func FileBind(portal string) string { return "page_file/" + portal }

// cardOf finds the card that a request is about; ok is false for documents that are no CRM card.
func cardOf(id bitrix.DocumentID) (docflow.Card, bool) {
	kind, item, err := id.Card()
	if err != nil {
		return docflow.Card{}, false
	}
	return docflow.Card{EntityType: int(kind), ID: int64(item)}, true
}
