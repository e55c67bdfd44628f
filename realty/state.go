package realty

import "strings"

// State is the service's word for where a docflow is, normalised: trimmed, lower case, without the
// other spellings of the docs. A word that the docs do not have is kept as it came.
//
// Doc: Kontur.Reestro API docs, page "Состояния документооборота".
type State string

// The states.
const (
	StateQueued    State = "queued"    // waiting to be sent to Rosreestr; also "queue" in the docs
	StateVerified  State = "verified"  // signatures being checked after a submit; older revisions only
	StateSent      State = "sent"      // handed to Rosreestr
	StateSuspended State = "suspended" // somebody must act: look at what the docflow carries; also "suspend"
	StateCompleted State = "completed" // done, carries a result
	StateError     State = "error"     // processing failed, carries a fault
)

// ParseState normalises the service's word. It never refuses one.
func ParseState(raw string) State {
	switch word := strings.ToLower(strings.TrimSpace(raw)); word {
	case "queue":
		return StateQueued
	case "suspend":
		return StateSuspended
	default:
		return State(word)
	}
}

// Known reports whether the docs have this state.
func (s State) Known() bool {
	switch s {
	case StateQueued, StateVerified, StateSent, StateSuspended, StateCompleted, StateError:
		return true
	}
	return false
}

// Final reports whether nothing more is expected. An error that arrives after a submit and before
// Rosreestr is about signatures and may be followed by suspended again: get the docflow once more.
func (s State) Final() bool { return s == StateCompleted || s == StateError }
