package docflow

import "time"

// Update is what an upstream said about a docflow, translated at the edge.
type Update struct {
	ExternalID  string
	State       State
	Requirement Requirement
	Statements  []Statement // nil: nothing said
	Charges     []Charge    // nil: nothing said
	Files       []File      // nil: nothing said
	Refusal     *Refusal
	Cause       string    // create, submit, news, get, search, person
	Token       string    // of the news item, "" otherwise
	At          time.Time // of the event
}

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
	if u.State == "" {
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
