package diadoc

import (
	"encoding/hex"
	"strings"
)

// Ids are opaque texts, mostly GUIDs. A document is named by its message and its entity together.
type (
	// BoxID names a box: a GUID, or the older 32 hex digits with "@diadoc.ru". Answers use both; compare
	// with [BoxID.Same].
	BoxID string
	// OrgID names an organisation; only old methods want it.
	OrgID string
	// DepartmentID names a department.
	DepartmentID string
	// UserID names a user.
	UserID string
	// MessageID names a message, a draft or a template.
	MessageID string
	// EntityID names a part of a message: a document, a signature, a receipt.
	EntityID string
	// EventID names an event of a feed: repeats are known by it.
	EventID string
	// GroupID names a group of counteragents.
	GroupID string
	// OperationID makes a send happen once, however often it is repeated. It is compared without case.
	// Take it from what is stored before the call, one for each send, and never use it for another body.
	OperationID string
	// IndexKey is a position in a listing or a feed. Store it as it is, one for each method, box and
	// set of filters.
	IndexKey string
	// ShelfName names a file on the shelf, which keeps it for seven days.
	ShelfName string
)

// HeadDepartment is the id of every organisation's head department.
const HeadDepartment DepartmentID = "00000000-0000-0000-0000-000000000000"

// DefaultGroup is the id of the group that every new partner belongs to. It can be neither renamed nor
// deleted; adding somebody to it is how he leaves another group.
const DefaultGroup GroupID = "00000000-0000-0000-0000-000000000000"

// GUID is the id in its newer form, in lower case; an id of neither form stays as it is.
func (b BoxID) GUID() BoxID {
	digits, _ := strings.CutSuffix(strings.ToLower(string(b)), "@diadoc.ru")
	digits = strings.ReplaceAll(digits, "-", "")
	if raw, err := hex.DecodeString(digits); err != nil || len(raw) != 16 {
		return b
	}
	return BoxID(digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:])
}

// Same reports whether both name one box, whichever form they have.
func (b BoxID) Same(other BoxID) bool { return b.GUID() == other.GUID() }
