package docflow

import (
	"cmp"
	"slices"
	"strings"
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
	Documents   []Document  // nil: nothing said
	Read        Reading     // of Диадок: how far the message was read for it
	Passed      bool        // of Диадок: the message has gone on since
	MovedTo     string      // the id that it goes by from now on: a draft becomes another message when it is sent
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
	CausePerson   = "person" // a person decided
	CauseGet      = "get"    // read by itself, when the news were silent for long or jumped
	CauseAct      = "act"    // read right after an act of ours
)

// Change is what an update did to a record.
type Change struct {
	From, To        State
	RequirementFrom Requirement
	Requirement     Requirement
	Changed         bool // state, requirement, refusal, duty or files differ: history and effects follow
	Unexpected      bool // a move that the documentation does not know
	FirstAnswer     bool // the service knows the docflow for the first time
	NewFiles        []File
	DutyNew         bool       // other charges than before
	Documents       []Document // those of a message that changed, as they are now
	Ours            []Document // those of a message whose next step has become ours
	StatementsNew   bool       // other statements, or signatures asked for anew
	Stored          bool       // anything of the record differs, if only the echoes still awaited
	Cause, Token    string
	At              time.Time
}

// Moved reports whether the docflow is somewhere else, or wants something else, than before: what a
// person set up to happen once per state hangs on it. A further charge is a further thing wanted.
func (c Change) Moved() bool {
	return c.Changed && (c.From != c.To || c.RequirementFrom != c.Requirement ||
		c.DutyNew && c.Requirement == RequirePayment)
}

// Apply returns the record after the update and what changed. It is pure; what was signed stays signed,
// since the service may keep satisfied entries in its list, until signatures are asked for anew.
func (r Record) Apply(u Update) (Record, Change) {
	next := r
	ch := Change{From: r.State, To: u.State, RequirementFrom: r.Requirement, Requirement: u.Requirement,
		Cause: u.Cause, Token: u.Token, At: u.At}
	if u.ExternalID != "" && r.ExternalID == "" {
		next.ExternalID = u.ExternalID
		ch.FirstAnswer = true
	}
	if u.MovedTo != "" && u.MovedTo != r.ExternalID {
		next.ExternalID = u.MovedTo
		ch.FirstAnswer = true
	}
	if u.State == "" || u.behind(r) || r.System != Diadoc && next.echoes(u) {
		ch.To, ch.Requirement = r.State, r.Requirement
		ch.Stored = ch.FirstAnswer || len(next.Echo) != len(r.Echo)
		return next, ch
	}
	if u.Statements != nil {
		next.Statements = u.Statements
		if !r.signsAnew(u) {
			next.Statements = keepSigned(r.Statements, u.Statements)
		}
		ch.StatementsNew = !slices.EqualFunc(r.Statements, next.Statements, func(a, b Statement) bool {
			return a.FileID == b.FileID && a.PersonID == b.PersonID && a.SignedAt.Equal(b.SignedAt)
		})
	}
	if u.Charges != nil {
		next.Charges = u.Charges
		ch.DutyNew = !sameCharges(r.Charges, u.Charges)
	}
	if u.Files != nil {
		ch.NewFiles = newFiles(r.Files, u.Files)
		next.Files = u.Files
	}
	if u.Documents != nil {
		next.Documents = told(r.Documents, u.Documents)
		ch.Documents = changedDocuments(r.Documents, next.Documents)
		if !u.Passed {
			ch.Ours = turned(r.Documents, next.Documents)
		}
	}
	next.Read = r.reading(u)
	next.State, next.Requirement, next.Refusal = u.State, u.Requirement, u.Refusal
	ch.Changed = r.State != u.State || r.Requirement != u.Requirement || len(ch.NewFiles) > 0 || ch.DutyNew || len(ch.Documents) > 0 ||
		(u.Refusal != nil && (r.Refusal == nil || r.Refusal.CRMText != u.Refusal.CRMText))
	ch.Unexpected = r.System != Diadoc && !r.State.Expects(u.State)
	ch.Stored = ch.Changed || ch.FirstAnswer || ch.StatementsNew || len(next.Echo) != len(r.Echo) || !next.Read.same(r.Read)
	if ch.Changed {
		next.Changed = u.At
	}
	return next, ch
}

// signsAnew reports whether the service asks for signatures that were handed over already: a check that
// they did not pass brings the docflow back, or names what is wrong with them.
func (r Record) signsAnew(u Update) bool {
	if u.State != Suspended || u.Requirement != RequireSignature {
		return false
	}
	switch r.State {
	case Queued, Verified, Sent, Failed:
		return true
	}
	return u.Refusal != nil && r.Refusal == nil
}

// sameCharges compares without regard to the order, which nothing promises.
func sameCharges(a, b []Charge) bool {
	order := func(x, y Charge) int { return cmp.Or(cmp.Compare(x.UIN, y.UIN), cmp.Compare(x.Sum, y.Sum)) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}

func newFiles(had, said []File) []File {
	var fresh []File
	for _, f := range said {
		if !slices.ContainsFunc(had, func(h File) bool { return strings.EqualFold(h.ID, f.ID) }) {
			fresh = append(fresh, f)
		}
	}
	return fresh
}

// echoes reports whether the update only repeats what the answer to a call of ours has told already, and
// keeps the list of what is still to be repeated. A refusal is part of what is told: the same state with
// another fault is news.
func (r *Record) echoes(u Update) bool {
	key := string(u.State) + "/" + string(u.Requirement)
	if u.Refusal != nil {
		key += "/" + u.Refusal.CRMText
	}
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
			if strings.EqualFold(h.FileID, s.FileID) && h.PersonID == s.PersonID && s.SignedAt.IsZero() {
				s.SignedAt = h.SignedAt
			}
		}
		merged = append(merged, s)
	}
	return merged
}
