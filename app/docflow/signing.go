package docflow

import "time"

// Signing is an act at Диадок that somebody must sign before it takes effect: documents, an answer, a receipt.
// It lives in its record from the moment it begins until the service has taken it, so that neither a restart
// nor a lost answer asks the person a second time or hands anything over twice.
type Signing struct {
	Operation   string       `json:"operation"` // the id under which the service does it once: of the row that began it
	Certificate string       `json:"certificate,omitempty"`
	Stage       SigningStage `json:"stage"`
	Parts       []SignPart   `json:"parts,omitempty"`
	Task        string       `json:"task,omitempty"`  // of the service, which tells how the signing stands
	Token       string       `json:"token,omitempty"` // what the person's code is confirmed with; worth nothing without the code
	Told        bool         `json:"told,omitempty"`  // the card says what the person must do
	Body        []byte       `json:"body,omitempty"`  // the act with its signatures, frozen before the first try
	Until       time.Time    `json:"until,omitzero"`  // when the person's time is over
}

// SignPart is one of the files that are signed together. The service names none of them in its answer: they go
// by their order.
type SignPart struct {
	As        SignAs `json:"as"`
	Entity    string `json:"entity"`          // of the message: what is signed, or what a new file answers
	Shelf     string `json:"shelf,omitempty"` // the file on the service's shelf that is signed; "": the entity's own
	Name      string `json:"name,omitempty"`  // for people
	Signature []byte `json:"signature,omitempty"`
}

// SignAs is what a signed part becomes.
type SignAs string

// What signed parts become.
const (
	AsSignature SignAs = "signature"
	AsTitle     SignAs = "title"   // the recipient's title of a formal document
	AsReceipt   SignAs = "receipt" // a receipt of a document
	AsFile      SignAs = "file"    // a file that an act on the document brings
)

// SigningStage is how far a signing has come.
type SigningStage string

// The stages, in their order; a signature that a person confirms on the phone has no code.
const (
	SigningDue        SigningStage = "due"        // nobody was asked yet
	SigningAsked      SigningStage = "asked"      // the person is to confirm on the phone
	SigningSending    SigningStage = "sending"    // the service sends the person a code
	SigningCode       SigningStage = "code"       // the person is to tell the code
	SigningConfirming SigningStage = "confirming" // the service checks the code
	Signatures        SigningStage = "signed"     // the signatures are there
	SigningFrozen     SigningStage = "frozen"     // and the act with them
)

// Sign stores how a record's signing stands; nil ends it, and answers the robots that wait for that.
type Sign struct {
	ID      ID
	Signing *Signing
}

// LaneWrite marks the writes.
func (Sign) LaneWrite() {}
