package portal

import (
	"time"

	"konturbridge/app/docflow"
)

// Card is what the bridge last saw of a CRM card: a stage is entered once because it is compared here.
type Card struct {
	Portal   ID
	Card     docflow.Card
	Category int64
	Stage    string
	Fields   map[string]string // those that triggers watch, by their names in the settings
	Moved    time.Time         // when it came to its stage, as the card says
	Updated  time.Time         // when it was changed last, as the card says
	History  int64             // last row of the stage history that was taken in; 0: not known
	Looked   time.Time         // the portal's clock when it was read; zero: the portal did not tell
	Seen     time.Time         // our clock at that moment; zero: it never was
	Own      []Own             // the bridge's own writes that no look has met yet, oldest first
	Gone     bool              // it was deleted when last looked for
	Version  int64             // grows with every own write
}

// Own is a write of the bridge to a card. The event that it causes must run nothing.
type Own struct {
	Effect int64     `json:"effect"`
	Stage  string    `json:"stage,omitempty"`  // that it moves the card to
	Fields []string  `json:"fields,omitempty"` // that it sets, see FieldName
	Made   bool      `json:"made,omitempty"`   // the portal has answered; until then the write is under way
	At     time.Time `json:"at"`
}

// CardSeen stores what a card looked like when it was read, under the version that the look began with: an
// own write since then refuses it, and the look is done again.
type CardSeen struct {
	Card Card
	Met  []int64 // effects whose own writes the look has met
	// Row is the row of the look. The events in Covers waited unstarted when it began: what they would
	// read is what it has read, so they are done with it.
	Row    int64
	Covers []int64
}

// CardGone remembers that a card was deleted and tells the work that waits for it. What was seen of the
// card stays: one that is restored must not run anything a second time.
type CardGone struct {
	Portal ID
	Card   docflow.Card
	Row    int64
	Covers []int64
}

// OwnBegun is stored right before the bridge writes to a card.
type OwnBegun struct {
	Portal ID
	Card   docflow.Card
	Own    Own
}

// OwnEnded is stored after the portal's answer to that write. A refused one is forgotten; of one that was
// made, the fields are now as the bridge has left them, and a move stays until a look has met it.
type OwnEnded struct {
	Portal ID
	Card   docflow.Card
	Effect int64
	Made   bool
	Values map[string]string // of the fields that were set, see FieldName and FieldText
}

// LaneWrite marks the write.
func (CardSeen) LaneWrite() {}

// LaneWrite marks the write.
func (CardGone) LaneWrite() {}

// LaneWrite marks the write.
func (OwnBegun) LaneWrite() {}

// LaneWrite marks the write.
func (OwnEnded) LaneWrite() {}
