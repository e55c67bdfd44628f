package reaction

import (
	"encoding/json"
	"time"

	"konturbridge/app/docflow"
)

// Kind is what an effect does in Bitrix24.
type Kind string

// The kinds of effects, in the order in which one change applies them.
const (
	SetFields     Kind = "set_fields"
	AttachFiles   Kind = "attach_files"
	Comment       Kind = "comment"
	MoveStage     Kind = "move_stage"
	Todo          Kind = "todo"
	Notify        Kind = "notify"
	StartWorkflow Kind = "start_workflow"
	EndWorkflow   Kind = "end_workflow"
	RunTrigger    Kind = "automation_trigger"
	RobotLog      Kind = "robot_log"
	RobotReturn   Kind = "robot_return"
	// RunAction is applied when it is stored: it becomes work of the card, in the same transaction.
	RunAction Kind = "run_action"
)

// Effect is one thing that must happen in Bitrix24. Its parameters are frozen when it is stored.
type Effect struct {
	ID      int64
	Portal  string
	Card    docflow.Card
	Docflow docflow.ID // "" when the effect is about no docflow
	Kind    Kind
	Params  json.RawMessage
	Mark    string // what Begun stored before the first try; "" when there was none
	Created time.Time
}

// Enqueue stores effects together with the work that flushes their cards.
type Enqueue struct{ Effects []Effect }

// Begun is stored right before an effect's first try that cannot be repeated blindly. Mark remembers
// what the card held then, so that a lost answer can be recognised.
type Begun struct {
	ID   int64
	Mark string
}

// Ended stores an effect's outcome.
type Ended struct {
	ID     int64
	Failed bool
	Note   string
}

// LaneWrite marks the writes.
func (Enqueue) LaneWrite() {}

// LaneWrite marks the writes.
func (Begun) LaneWrite() {}

// LaneWrite marks the writes.
func (Ended) LaneWrite() {}
