package diadoc

import "bytes"

// Counteragent is the relation with another organisation (Counteragent.proto).
type Counteragent struct {
	IndexKey                IndexKey           `json:"IndexKey,omitempty"` // paging
	Organization            Organization       `json:"Organization"`       // with Boxes; Departments empty in lists
	CurrentStatus           CounteragentStatus `json:"CurrentStatus,omitempty"`
	LastEventTimestampTicks Ticks              `json:"LastEventTimestampTicks"`           // JSON adds LastEventTimestamp
	MessageFromCounteragent string             `json:"MessageFromCounteragent,omitempty"` // last comment
	MessageToCounteragent   string             `json:"MessageToCounteragent,omitempty"`
	InvitationDocumentID    *DocumentID        `json:"InvitationDocumentId,omitempty"` // statuses 1–3
	CounteragentGroupID     GroupID            `json:"CounteragentGroupId,omitempty"`  // status 1 only
	Extra                   Extra              `json:"-"`
}

// CounteragentList is a page of counteragents (Counteragent.proto).
type CounteragentList struct {
	TotalCount     int            `json:"TotalCount"`
	Counteragents  []Counteragent `json:"Counteragents,omitempty"`
	TotalCountType TotalCountType `json:"TotalCountType"`
	Extra          Extra          `json:"-"`
}

// CounteragentCertificateList lists a counteragent's certificates (Counteragent.proto).
type CounteragentCertificateList struct {
	Certificates []Certificate `json:"Certificates,omitempty"`
	Extra        Extra         `json:"-"`
}

// AcquireCounteragentRequest is the body of [Client.AcquireCounteragent]; one of BoxID (preferred),
// OrgID and INN is given (AcquireCounteragent.proto).
type AcquireCounteragentRequest struct {
	OrgID                 OrgID               `json:"OrgId,omitempty"`
	INN                   string              `json:"Inn,omitempty"`
	MessageToCounteragent string              `json:"MessageToCounteragent,omitempty"`
	InvitationDocument    *InvitationDocument `json:"InvitationDocument,omitempty"`
	BoxID                 BoxID               `json:"BoxId,omitempty"`
	Extra                 Extra               `json:"-"`
}

// InvitationDocument is a document that goes with an invitation. A roaming organisation never gets it
// (AcquireCounteragent.proto).
type InvitationDocument struct {
	SignedContent      SignedContent `json:"SignedContent"`
	FileName           string        `json:"FileName"`
	SignatureRequested bool          `json:"SignatureRequested,omitempty"`
	Type               string        `json:"Type,omitempty"`
}

// AcquireCounteragentResultV2 is what became of an invitation (AcquireCounteragent.proto).
type AcquireCounteragentResultV2 struct {
	BoxID                BoxID       `json:"BoxId"`
	InvitationDocumentID *DocumentID `json:"InvitationDocumentId,omitempty"`
	Extra                Extra       `json:"-"`
}

// BoxCounteragentEventList is a page of relation changes (Events/DiadocCounteragent-GetApi.proto).
type BoxCounteragentEventList struct {
	Events         []BoxCounteragentEvent `json:"Events,omitempty"`
	TotalCount     int                    `json:"TotalCount,omitempty"`
	TotalCountType TotalCountType         `json:"TotalCountType"`
	Extra          Extra                  `json:"-"`
}

// BoxCounteragentEvent is one change of a relation (Events/DiadocCounteragent-GetApi.proto).
type BoxCounteragentEvent struct {
	EventID      EventID                 `json:"EventId"`
	Counteragent *CounteragentInfo       `json:"Counteragent,omitempty"`
	IndexKey     IndexKey                `json:"IndexKey,omitempty"`
	EventTypes   []CounteragentEventType `json:"EventTypes,omitempty"`

	Err    error `json:"-"` // why the event could not be read, see [BoxEvent]
	Unread Raw   `json:"-"` // the event as it came, then
	Extra  Extra `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler. It fails only where the id or the index key cannot be read.
func (e *BoxCounteragentEvent) UnmarshalJSON(raw []byte) error {
	type plain BoxCounteragentEvent
	key, fault, err := readEvent[IndexKey](raw, (*plain)(e), &e.Extra)
	if fault != nil {
		*e = BoxCounteragentEvent{EventID: key.EventID, IndexKey: key.IndexKey, Err: fault, Unread: bytes.Clone(raw)}
	}
	return err
}

// CounteragentInfo is the relation as it was after an event. The same status may come several times in
// a row (Events/DiadocCounteragent-GetApi.proto).
type CounteragentInfo struct {
	CounteragentBoxID       BoxID              `json:"CounteragentBoxId"`
	Status                  CounteragentStatus `json:"Status"`
	EventTimestampTicks     Ticks              `json:"EventTimestampTicks"`
	LastEventComment        string             `json:"LastEventComment,omitempty"`
	MessageFromCounteragent string             `json:"MessageFromCounteragent,omitempty"`
	MessageToCounteragent   string             `json:"MessageToCounteragent,omitempty"`
	InvitationDocumentID    *DocumentID        `json:"InvitationDocumentId,omitempty"`
	CounteragentGroupID     GroupID            `json:"CounteragentGroupId,omitempty"`
	Extra                   Extra              `json:"-"`
}

// Certificate is a certificate of a counteragent.
type Certificate struct {
	RawCertificateData []byte `json:"RawCertificateData"` // DER
	Extra              Extra  `json:"-"`
}
