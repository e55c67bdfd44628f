package portal

import (
	"fmt"
	"strings"
	"time"
)

// Report is what one setup or self-check found and did.
type Report struct {
	At       time.Time `json:"at"`
	Family   string    `json:"family,omitempty"`   // the portal's LICENSE_FAMILY
	Scope    []string  `json:"scope,omitempty"`    // granted scopes
	Added    []string  `json:"added,omitempty"`    // what was missing and is there now, such as "robot realty_extract"
	Removed  []string  `json:"removed,omitempty"`  // what was left of earlier times
	Changed  []string  `json:"changed,omitempty"`  // what was otherwise than it should be
	Renewed  int       `json:"renewed,omitempty"`  // robots written again, because the portal doesn't show how they are
	Problems []string  `json:"problems,omitempty"` // what a person has to put in order
	Notes    []string  `json:"notes,omitempty"`    // what may be as it is, and what it costs
}

// namedInLine is how many things a report's line names of each sort.
const namedInLine = 12

// String is the report in a line, for the journal.
func (r Report) String() string {
	text := fmt.Sprintf("plan family %q", r.Family)
	for _, part := range []struct {
		word string
		list []string
	}{{"added", r.Added}, {"removed", r.Removed}, {"changed", r.Changed}} {
		text += fmt.Sprintf(", %s %d", part.word, len(part.list))
		if named := part.list[:min(len(part.list), namedInLine)]; len(named) > 0 {
			text += " (" + strings.Join(named, ", ")
			if more := len(part.list) - len(named); more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
			text += ")"
		}
	}
	if len(r.Problems) > 0 {
		text += "; problems: " + strings.Join(r.Problems, "; ")
	}
	return text
}

// Repaired reports whether anything had to be done.
func (r Report) Repaired() bool { return len(r.Added)+len(r.Removed)+len(r.Changed) > 0 }

// deed is what a write did.
type deed int

const (
	didNothing deed = iota
	didAdd
	didRemove
	didChange
	didRenew
)

func (r *Report) note(d deed, name string) {
	switch d {
	case didAdd:
		r.Added = append(r.Added, name)
	case didRemove:
		r.Removed = append(r.Removed, name)
	case didChange:
		r.Changed = append(r.Changed, name)
	case didRenew:
		r.Renewed++
	case didNothing:
	}
}
