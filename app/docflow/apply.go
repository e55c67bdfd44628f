package docflow

import (
	"slices"
	"time"
)

// Update is what an upstream said about a docflow, translated at the edge.
type Update struct {
	ExternalID  string
	State       State
	Requirement Requirement
	Statements  []Statement // nil: nothing said
	Charges     []Charge    // nil: nothing said
	Files       []File      // nil: nothing said
	Refusal     *Refusal
	Cause       string    // one of the causes below
	Token       string    // of the news item, "" otherwise
	At          time.Time // of the event
}

// The causes of updates.
const (
	CausePrepared = "prepared"
	CauseCreate   = "create" // the answer to the creation
	CauseSubmit   = "submit" // the answer to a submission
	CauseSearch   = "search" // found in the news after a lost answer
	CauseNews     = "news"
	CauseGet      = "get" // read by itself, when the news were silent for long or jumped
)

// Change is what an update did to a record.
type Change struct {
	From, To               State
	RequirementFrom        Requirement
	Requirement            Requirement
	Changed                bool // state, requirement or refusal differs: history and effects follow
	Unexpected             bool // a move that the documentation does not know
	NewFiles               bool
	FirstAnswer            bool // the service knows the docflow for the first time
	Cause, Token           string
	At                     time.Time
	StatementsNew, DutyNew bool
}

// Apply returns the record after the update and what changed. It is pure; what was signed stays signed,
// since the service may keep satisfied entries in its list.
func (r Record) Apply(u Update) (Record, Change) {
	next := r
	ch := Change{From: r.State, To: u.State, RequirementFrom: r.Requirement, Requirement: u.Requirement,
		Cause: u.Cause, Token: u.Token, At: u.At}
	if u.ExternalID != "" && r.ExternalID == "" {
		next.ExternalID = u.ExternalID
		ch.FirstAnswer = true
	}
	if u.State == "" || next.echoes(u) {
		ch.To, ch.Requirement = r.State, r.Requirement
		return next, ch
	}
	if u.Statements != nil {
		next.Statements = keepSigned(r.Statements, u.Statements)
		ch.StatementsNew = len(next.Statements) != len(r.Statements)
	}
	if u.Charges != nil {
		next.Charges = u.Charges
		ch.DutyNew = r.Duty() != next.Duty() || len(r.Charges) != len(u.Charges)
	}
	if u.Files != nil {
		ch.NewFiles = len(u.Files) > len(r.Files)
		next.Files = u.Files
	}
	next.State, next.Requirement, next.Refusal = u.State, u.Requirement, u.Refusal
	ch.Changed = r.State != u.State || r.Requirement != u.Requirement || ch.NewFiles || ch.DutyNew ||
		(u.Refusal != nil && (r.Refusal == nil || r.Refusal.CRMText != u.Refusal.CRMText))
	ch.Unexpected = !r.State.Expects(u.State)
	if ch.Changed {
		next.Changed = u.At
	}
	return next, ch
}

// echoes reports whether the update only repeats what the answer to a call of ours has told already, and
// keeps the list of what is still to be repeated.
func (r *Record) echoes(u Update) bool {
	key := string(u.State) + "/" + string(u.Requirement)
	switch u.Cause {
	case CauseCreate, CauseSubmit, CauseSearch:
		r.Echo = append(slices.Clone(r.Echo), key)
	case CauseNews:
		if at := slices.Index(r.Echo, key); at >= 0 {
			r.Echo = r.Echo[at+1:]
			return true
		}
		r.Echo = nil // the news are ordered: what was skipped will not come any more
	}
	return false
}

func keepSigned(had, said []Statement) []Statement {
	merged := make([]Statement, 0, len(said))
	for _, s := range said {
		for _, h := range had {
			if h.FileID == s.FileID && h.PersonID == s.PersonID && s.SignedAt.IsZero() {
				s.SignedAt = h.SignedAt
			}
		}
		merged = append(merged, s)
	}
	return merged
}
