package bitrix

import (
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/internal/upstream"
)

// Reaction is what one error of the portal means and what is done about it.
// doc: _includes/system-errors.md and the error tables of the methods' pages
type Reaction struct {
	// Code is the error code as the pages write it; the portal uses any case. "" is an error without a
	// code (the portal writes "" or 0). "*" is one whose code no page names: Text, then Status, decides.
	Code string
	// Text is the part of the description, in lower case, that tells this meaning from others of the
	// same code: "^" and "$" bind it to the beginning and the end. "" is any description.
	Text string
	// Method is the method that gives it, where others mean something else by the same code.
	Method string
	// Status is the HTTP status that comes with it, as far as the pages and the vendor's SDKs agree.
	// It decides only where Code is "*".
	Status  string
	Meaning string

	Class upstream.Class // what may be done next
	Is    error          // the sentinel that the error matches; nil: none
	Open  bool           // a write may have been carried out: look before repeating it
	Pause time.Duration  // of a Wait that names no time of its own
	Does  string         // what the client does by itself
	Then  string         // what is left to its caller
}

// Reactions lists the reaction to every documented error, the special ones before the general.
// docs/bitrix24-errors.md shows them as a table.
func Reactions() []Reaction { return slices.Clone(reactionTable().rows) }

type reactions struct {
	rows   []Reaction
	byCode map[string][]int // by lower-case code: places in rows
}

// reactionTable is built once: it never changes.
var reactionTable = sync.OnceValue(func() reactions {
	t := reactions{byCode: map[string][]int{}}
	for _, rows := range [][]Reaction{
		systemReactions(), accessReactions(), argumentReactions(), v3Reactions(), eventReactions(), robotReactions(), workflowReactions(),
		crmReactions(), fieldReactions(), diskReactions(), activityReactions(), widgetReactions(), textReactions(), statusReactions(),
	} {
		t.rows = append(t.rows, rows...)
	}
	for i, row := range t.rows {
		code := strings.ToLower(row.Code)
		t.byCode[code] = append(t.byCode[code], i)
	}
	return t
})

// Reaction is what the refusal means and what is done about it.
func (e *APIError) Reaction() Reaction { return e.reaction() }

// reaction finds the meaning by code, and where the code says nothing by text and status.
func (e *APIError) reaction() Reaction {
	t := reactionTable()
	code, said := strings.ToLower(e.Code), strings.ToLower(e.Description)
	if code == "0" {
		code = ""
	}
	for _, key := range []string{code, anyCode} {
		for _, i := range t.byCode[key] {
			if row := t.rows[i]; row.fits(e, said) {
				return row
			}
		}
	}
	return Reaction{Class: upstream.Refused} // never: the table's last row fits everything
}

// anyCode stands for codes that no page names.
const anyCode = "*"

func (r Reaction) fits(e *APIError, said string) bool {
	switch {
	case r.Method != "" && !strings.EqualFold(r.Method, e.Method):
		return false
	case r.Text != "":
		return textFits(r.Text, said)
	default:
		return r.Code != anyCode || statusFits(r.Status, e.Status)
	}
}

// textFits matches a pattern of [Reaction.Text].
func textFits(pattern, said string) bool {
	part, first := strings.CutPrefix(pattern, "^")
	part, last := strings.CutSuffix(part, "$")
	said = strings.TrimRight(said, ".! ")
	return (!first || strings.HasPrefix(said, part)) && (!last || strings.HasSuffix(said, part)) && strings.Contains(said, part)
}

// statusFits matches a status of the rows that are told by it alone: "403", "3xx", "" for any.
func statusFits(pattern string, status int) bool {
	switch pattern {
	case "":
		return true
	case "3xx":
		return isRedirect(status)
	case "5xx":
		return status >= 500
	default:
		return pattern == ID(status).String()
	}
}
