package docflow

import (
	"slices"
	"time"
)

// The states of what lives in Диадок: a message's documents, and an invitation. Which of them follows which is
// not documented there, so no move is unexpected. Sent is shared with Реестро's.
const (
	Draft           State = "draft"            // a draft at Диадок: nobody else sees it
	Unsent          State = "unsent"           // waits for the sender's signature, or that one is invalid
	AwaitingAnswer  State = "awaiting-answer"  // waits for the recipient's signature or refusal
	AllSigned       State = "signed"           // by everybody who had to
	PartiallySigned State = "partially-signed" // accepted with reservations
	Rejected        State = "rejected"         // the recipient refused
	RevocationIn    State = "revocation-in"    // they ask us to revoke it
	RevocationOut   State = "revocation-out"   // we asked them
	Revoked         State = "revoked"
	ProxyWait       State = "proxy-wait" // waits for the intermediary who signs first
	ProxyRejected   State = "proxy-rejected"
	Amendment       State = "amendment"   // the recipient asks for a correction
	ReceiptDue      State = "receipt-due" // a receipt of ours is awaited
	DeliveryError   State = "delivery-error"
	Finished        State = "finished" // sent, and nothing is awaited of anybody
	Deleted         State = "deleted"
	Invited         State = "invited" // a counteragent has our invitation
	Partner         State = "partner" // the counteragent and we exchange documents
)

// diadocStates lists them in the order in which a message of several documents takes the state of one: what is
// under way before what has ended, what somebody must act on first.
var diadocStates = []State{
	DeliveryError, RevocationIn, Unsent, Draft, ReceiptDue, Amendment, ProxyWait, AwaitingAnswer, RevocationOut, Sent, Invited,
	Rejected, ProxyRejected, PartiallySigned, Revoked, AllSigned, Partner, Finished, Deleted,
}

// ended are those of them in which nothing more is expected to happen by itself. A signed document may be
// revoked all the same.
var ended = []State{Rejected, ProxyRejected, PartiallySigned, Revoked, AllSigned, Partner, Finished, Deleted}

// Ended lists the states of what lives in Диадок in which nothing more is expected to happen by itself.
func Ended() []State { return slices.Clone(ended) }

// DiadocStates lists the states of what lives in Диадок.
func DiadocStates() []State { return slices.Clone(diadocStates) }

// KindInvitation is the kind of a record of an invitation to a counteragent.
const KindInvitation = "invitation"

// Document is one document of a message at Диадок, as our side sees it.
type Document struct {
	EntityID   string    `json:"entityId"` // "" until the service has named it
	CustomID   string    `json:"customId,omitempty"`
	Type       string    `json:"type"`             // TypeNamedId
	Title      string    `json:"title"`            // for people
	File       string    `json:"file,omitempty"`   // its file's name
	Number     string    `json:"number,omitempty"` // of the document itself
	State      State     `json:"state"`
	Direction  Direction `json:"direction,omitempty"`
	OurTurn    bool      `json:"ourTurn,omitempty"` // the next step is ours
	Delivered  bool      `json:"delivered,omitempty"`
	Resolution string    `json:"resolution,omitempty"` // of the approval inside our company: the service's word
	Comment    string    `json:"comment,omitempty"`    // why it was refused, is to be revoked or corrected
	SignedBy   string    `json:"signedBy,omitempty"`   // who answered with a signature: a person, else the organisation
	Named      bool      `json:"named,omitempty"`      // SignedBy was read from the certificate
	SignedAt   time.Time `json:"signedAt,omitzero"`
}

// StateOf gives the state that a message of several documents is in. None: "".
func StateOf(documents []Document) State {
	var state State
	best := len(diadocStates) + 1
	for _, d := range documents {
		at := slices.Index(diadocStates, d.State)
		if at < 0 { // a word that the bridge does not know stays watched
			at = len(diadocStates)
		}
		if at < best || state == "" {
			state, best = d.State, at
		}
	}
	return state
}

// Document finds a document by its entity; ok is false when the record has none such.
func (r Record) Document(entity string) (Document, bool) {
	at := slices.IndexFunc(r.Documents, func(d Document) bool { return d.EntityID == entity })
	if at < 0 {
		return Document{}, false
	}
	return r.Documents[at], true
}

// same compares what is told to people.
func (d Document) same(o Document) bool {
	d.SignedAt, o.SignedAt = d.SignedAt.Round(0).UTC(), o.SignedAt.Round(0).UTC()
	return d == o
}

// changedDocuments lists those that differ from before, as they are now.
func changedDocuments(before, now []Document) []Document {
	var changed []Document
	for i, d := range now {
		at := slices.IndexFunc(before, func(b Document) bool { return b.EntityID != "" && b.EntityID == d.EntityID })
		if at < 0 && i < len(before) && before[i].EntityID == "" && before[i].CustomID == d.CustomID {
			at = i
		}
		if at < 0 || !before[at].same(d) {
			changed = append(changed, d)
		}
	}
	return changed
}
