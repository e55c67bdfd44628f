package docflow

import "time"

// The values below are changes that a store commits in one transaction with the outcome of the work
// that made them (package lane calls them writes).

// Prepare stores a new record before the first call for it, with the robot that waits for it, if any.
type Prepare struct {
	Record   Record
	Waiter   *Waiter
	Doubtful []string // what is probably wrong with it, for the history
}

// Tried marks that the creation call begins now, so that a crash is seen as a possible filing.
type Tried struct {
	ID       ID
	NewsFrom string
	At       time.Time
}

// Untried takes a mark of Tried back: the call surely did not reach the service.
type Untried struct{ ID ID }

// LaneWrite marks the writes.
func (Untried) LaneWrite() {}

// Settle applies an update. Seen is the version that the caller had read before its call: when the
// record has moved on since then (the news was faster), the update's state is older than what is
// stored and only its external id is kept. Seen 0 applies always.
type Settle struct {
	ID     ID
	Seen   int64
	Update Update
}

// Signed records that a person's signature of a statement was handed over.
type Signed struct {
	ID       ID
	FileID   string
	PersonID string
	At       time.Time
}

// Await stores a robot that waits for a docflow. When the docflow is already where the robot wants it,
// the answer is an effect of the same transaction. A waiter of no docflow stands for an action that could
// not be carried out yet: it is there to be answered before its step gives up.
type Await struct{ Waiter Waiter }

// Expire answers a robot with what is known by now, because its step is about to give up. A robot that was
// answered meanwhile is left alone.
type Expire struct {
	Waiter  int64 `json:"waiter"`
	Docflow ID    `json:"docflow,omitempty"` // the waiter's own
}

// LaneWrite marks the writes.
func (Expire) LaneWrite() {}

// LaneWrite marks the writes.
func (Prepare) LaneWrite() {}

// LaneWrite marks the writes.
func (Tried) LaneWrite() {}

// LaneWrite marks the writes.
func (Settle) LaneWrite() {}

// LaneWrite marks the writes.
func (Signed) LaneWrite() {}

// LaneWrite marks the writes.
func (Await) LaneWrite() {}

// Until says what a waiting robot wants to see.
type Until string

// The goals of waiting robots.
const (
	UntilNow       Until = "now"       // answer at once with what is stored
	UntilFirst     Until = "first"     // the service's first state after creation
	UntilSent      Until = "sent"      // with the registrar, or beyond
	UntilAny       Until = "any"       // any change after the robot came
	UntilSuspended Until = "suspended" // somebody must act, or ended
	UntilCompleted Until = "completed" // ended

	UntilSigned   Until = "signed"   // at Диадок: signed, or ended otherwise
	UntilFinished Until = "finished" // at Диадок: nothing is awaited any more
	UntilRevoked  Until = "revoked"  // the revocation that we asked for is accepted or refused
	UntilHanded   Until = "handed"   // nothing of the message is being signed any more: handed over, or given up
)

// Waiter is a robot step whose workflow stands still until the bridge answers.
type Waiter struct {
	ID       int64
	Docflow  ID
	Document string // entity of the one document that it waits for; "" for the whole
	Portal   string
	Card     Card
	Until    Until
	Action   string    // code of the action, for its return values
	Token    []byte    // sealed event token
	Workflow string    // the instance that stands still; "" when it was not told
	Deadline time.Time // when the step gives up; zero: never
	AnswerBy time.Time // a little earlier: when it is answered with what is known then
}

// Met reports whether the robot's wait is over in the record after the change. An ended docflow ends
// every wait, and so does one that a person must decide about.
func (w Waiter) Met(r Record, ch Change) bool {
	state := r.State
	if d, ok := r.Document(w.Document); ok && w.Document != "" {
		state = d.State
	}
	switch {
	case w.Until == UntilRevoked && state != Uncertain:
		return state != RevocationOut
	case r.System == Diadoc && (w.Until == UntilHanded || state == Unsent && r.Refusal != nil && r.Signing == nil):
		return r.Signing == nil // a signature that was not given ends every wait: nobody but a person goes on
	case w.Until == UntilAny && r.System == Diadoc:
		return ch.Changed || state == Uncertain
	case state.Final() || state == Uncertain:
		return true
	}
	switch w.Until {
	case UntilNow:
		return true
	case UntilFirst:
		// A creation that found requirements is answered when they are known.
		return r.ExternalID != "" && (r.State != Suspended || r.Requirement != RequireNothing)
	case UntilSent:
		return r.State == Sent || r.State == Suspended && (r.Requirement == RequirePayment || r.Requirement == RequireAnswer)
	case UntilAny:
		return ch.Changed
	case UntilSuspended:
		return r.State == Suspended && r.Requirement != RequireNothing
	default:
		return false
	}
}

// HistoryEntry is one state that a docflow went through.
type HistoryEntry struct {
	State       State
	Requirement Requirement
	Cause       string
	Token       string
	Note        string
	At          time.Time
}
