package feed

import (
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/lane"
)

// Item is one news item about a docflow, translated.
type Item struct {
	Docflow    docflow.ID // the record that it is about, where that is known already; else it is found by the ids
	ExternalID string
	RequestID  string
	Update     docflow.Update
}

// Advance moves a connection's position together with everything that the read page caused: the state
// changes of the docflows that the bridge knows, their history and their effects, and new work. Items about
// other docflows change nothing.
type Advance struct {
	Portal     string
	Connection string
	From       string // the position that the page was read after; another one stored means a lost race
	Cursor     string
	At         time.Time
	Items      []Item
	Rows       []lane.NewRow
}

// LaneWrite marks the write.
func (Advance) LaneWrite() {}
