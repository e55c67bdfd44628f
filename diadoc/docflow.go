package diadoc

import "bytes"

// GetDocflowBatchResponseV5 is the answer of [Client.GetDocflows] (Docflow/DocflowApiV5.proto).
type GetDocflowBatchResponseV5 struct {
	Documents []DocumentWithDocflowV5 `json:"Documents,omitempty"`
	Extra     Extra                   `json:"-"`
}

// GetDocflowEventsResponseV5 is a page of docflow events (Docflow/DocflowApiV5.proto).
type GetDocflowEventsResponseV5 struct {
	TotalCount     int              `json:"TotalCount,omitempty"`
	Events         []DocflowEventV5 `json:"Events,omitempty"`
	TotalCountType TotalCountType   `json:"TotalCountType"`
	Extra          Extra            `json:"-"`
}

// DocflowEventV5 is one event of a docflow (Docflow/DocflowApiV5.proto).
type DocflowEventV5 struct {
	EventID               EventID                `json:"EventId"`
	Timestamp             Timestamp              `json:"Timestamp"`
	DocumentID            DocumentID             `json:"DocumentId"`
	IndexKey              []byte                 `json:"IndexKey"`
	Document              *DocumentWithDocflowV5 `json:"Document,omitempty"`
	PreviousEventID       EventID                `json:"PreviousEventId,omitempty"`
	PreviousDocumentState *DocumentWithDocflowV5 `json:"PreviousDocumentState,omitempty"`

	Err    error `json:"-"` // why the event could not be read, see [BoxEvent]
	Unread Raw   `json:"-"` // the event as it came, then
	Extra  Extra `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler. It fails only where the id or the index key cannot be read.
func (e *DocflowEventV5) UnmarshalJSON(raw []byte) error {
	type plain DocflowEventV5
	key, fault, err := readEvent[[]byte](raw, (*plain)(e), &e.Extra)
	if fault != nil {
		*e = DocflowEventV5{EventID: key.EventID, IndexKey: key.IndexKey, Err: fault, Unread: bytes.Clone(raw)}
	}
	return err
}

// SearchDocflowsResponseV5 is a page of found docflows (Docflow/DocflowApiV5.proto).
type SearchDocflowsResponseV5 struct {
	Documents         []DocumentWithDocflowV5 `json:"Documents,omitempty"`
	HaveMoreDocuments bool                    `json:"HaveMoreDocuments"`
	Extra             Extra                   `json:"-"`
}

// GetDocflowsByPacketIDResponseV5 is a page of a packet's documents; an empty page is not the last one
// (Docflow/DocflowApiV5.proto).
type GetDocflowsByPacketIDResponseV5 struct {
	Documents        []FetchedDocumentV5 `json:"Documents,omitempty"`
	NextPageIndexKey []byte              `json:"NextPageIndexKey,omitempty"`
	Extra            Extra               `json:"-"`
}

// FetchedDocumentV5 is one document of a packet (Docflow/DocflowApiV5.proto).
type FetchedDocumentV5 struct {
	Document DocumentWithDocflowV5 `json:"Document"`
	IndexKey []byte                `json:"IndexKey"`
	Extra    Extra                 `json:"-"`
}

// DocumentWithDocflowV5 is a document with everything that happens around it, by titles and
// participants (Docflow/DocumentWithDocflowV5.proto).
type DocumentWithDocflowV5 struct {
	DocumentID   DocumentID     `json:"DocumentId"`
	LastEvent    LastEvent      `json:"LastEvent"`
	DocumentInfo DocumentInfoV5 `json:"DocumentInfo"`
	Docflow      DocflowV5      `json:"Docflow"`
	Extra        Extra          `json:"-"`
}

// DocumentWithDocflowV4 is a document with everything that happens around it, between two sides
// (Docflow/DocumentWithDocflowV4.proto).
type DocumentWithDocflowV4 struct {
	DocumentID   DocumentID     `json:"DocumentId"`
	LastEvent    LastEvent      `json:"LastEvent"`
	DocumentInfo DocumentInfoV3 `json:"DocumentInfo"`
	Docflow      DocflowV4      `json:"Docflow"`
	Extra        Extra          `json:"-"`
}

// DocumentWithDocflowV3 is a document with everything that happens around it, between two sides,
// without universal messages (Docflow/DocumentWithDocflowV3.proto).
type DocumentWithDocflowV3 struct {
	DocumentID   DocumentID     `json:"DocumentId"`
	LastEvent    LastEvent      `json:"LastEvent"`
	DocumentInfo DocumentInfoV3 `json:"DocumentInfo"`
	Docflow      DocflowV3      `json:"Docflow"`
	Extra        Extra          `json:"-"`
}

// LastEvent names the latest event of a docflow (Docflow/LastEvent.proto).
type LastEvent struct {
	EventID   EventID   `json:"EventId"`
	Timestamp Timestamp `json:"Timestamp"`
	Extra     Extra     `json:"-"`
}

// DocumentInfoV5 describes a document of a docflow (Docflow/DocumentInfoV5.proto).
type DocumentInfoV5 struct {
	FullVersion                             FullVersion            `json:"FullVersion"`
	MessageType                             MessageType            `json:"MessageType"`
	WorkflowID                              int                    `json:"WorkflowId"`
	Participants                            DocumentParticipantsV2 `json:"Participants"`
	DocumentDirection                       DocumentDirection      `json:"DocumentDirection"`
	DepartmentID                            DepartmentID           `json:"DepartmentId"`
	CustomDocumentID                        string                 `json:"CustomDocumentId,omitempty"`
	Metadata                                []MetadataItem         `json:"Metadata,omitempty"`
	CustomData                              []CustomDataItem       `json:"CustomData,omitempty"`
	DocumentLinks                           DocumentLinks          `json:"DocumentLinks"`
	PacketInfo                              PacketInfo             `json:"PacketInfo"`
	IsRead                                  bool                   `json:"IsRead"`
	IsDeleted                               bool                   `json:"IsDeleted"`
	IsInvitation                            bool                   `json:"IsInvitation"`
	LetterInfo                              Raw                    `json:"LetterInfo,omitempty"`
	DraftInfo                               Raw                    `json:"DraftInfo,omitempty"`
	TemplateInfo                            Raw                    `json:"TemplateInfo,omitempty"`
	Origin                                  *Origin                `json:"Origin,omitempty"`
	EditingSettingID                        string                 `json:"EditingSettingId,omitempty"`
	HasUnreadOutOfWorkflowUniversalMessages *bool                  `json:"HasUnreadOutOfWorkflowUniversalMessages,omitempty"`
	Extra                                   Extra                  `json:"-"`
}

// DocumentInfoV3 describes a document of a docflow between two sides (Docflow/DocumentInfoV3.proto).
type DocumentInfoV3 struct {
	FullVersion                             FullVersion          `json:"FullVersion"`
	MessageType                             MessageType          `json:"MessageType"`
	WorkflowID                              int                  `json:"WorkflowId"`
	Participants                            DocumentParticipants `json:"Participants"`
	DocumentDirection                       DocumentDirection    `json:"DocumentDirection"`
	DepartmentID                            DepartmentID         `json:"DepartmentId"`
	CustomDocumentID                        string               `json:"CustomDocumentId,omitempty"`
	Metadata                                []MetadataItem       `json:"Metadata,omitempty"`
	CustomData                              []CustomDataItem     `json:"CustomData,omitempty"`
	DocumentLinks                           DocumentLinks        `json:"DocumentLinks"`
	PacketInfo                              PacketInfo           `json:"PacketInfo"`
	IsRead                                  bool                 `json:"IsRead"`
	IsDeleted                               bool                 `json:"IsDeleted"`
	IsInvitation                            bool                 `json:"IsInvitation"`
	LetterInfo                              Raw                  `json:"LetterInfo,omitempty"`
	DraftInfo                               Raw                  `json:"DraftInfo,omitempty"`
	TemplateInfo                            Raw                  `json:"TemplateInfo,omitempty"`
	Origin                                  *Origin              `json:"Origin,omitempty"`
	EditingSettingID                        string               `json:"EditingSettingId,omitempty"`
	HasUnreadOutOfWorkflowUniversalMessages *bool                `json:"HasUnreadOutOfWorkflowUniversalMessages,omitempty"`
	Extra                                   Extra                `json:"-"`
}

// DocumentParticipantsV2 lists who takes part in a docflow (Documents/DocumentParticipantV2.proto).
type DocumentParticipantsV2 struct {
	Participants []DocumentParticipantV2 `json:"Participants,omitempty"`
	Extra        Extra                   `json:"-"`
}

// DocumentParticipantV2 is one who takes part in a docflow (Documents/DocumentParticipantV2.proto).
type DocumentParticipantV2 struct {
	BoxID        BoxID        `json:"BoxId"`
	DepartmentID DepartmentID `json:"DepartmentId,omitempty"`
	Role         string       `json:"Role"`
	Flags        Raw          `json:"Flags"`
	Type         Raw          `json:"Type"`
	IsCurrentBox bool         `json:"IsCurrentBox"`
	Extra        Extra        `json:"-"`
}

// DocumentParticipants are the two sides of a docflow and who stands between them
// (Docflow/DocumentInfoV3.proto).
type DocumentParticipants struct {
	Sender        DocumentParticipant  `json:"Sender"`
	Proxy         *DocumentParticipant `json:"Proxy,omitempty"`
	Recipient     *DocumentParticipant `json:"Recipient,omitempty"`
	IsInternal    bool                 `json:"IsInternal"`
	IsCrossBorder bool                 `json:"IsCrossBorder"`
	Extra         Extra                `json:"-"`
}

// DocumentParticipant is one side of a docflow (Docflow/DocumentInfoV3.proto).
type DocumentParticipant struct {
	BoxID        BoxID        `json:"BoxId"`
	DepartmentID DepartmentID `json:"DepartmentId,omitempty"`
	IsRoaming    bool         `json:"IsRoaming"`
	Extra        Extra        `json:"-"`
}

// FullVersion is a document's type, function and version: they belong together (FullVersion.proto).
type FullVersion struct {
	TypeNamedID string `json:"TypeNamedId"`
	Function    string `json:"Function"`
	Version     string `json:"Version"`
	Extra       Extra  `json:"-"`
}

// PacketInfo tells of the packet that a document is in (Docflow/DocumentInfoV3.proto).
type PacketInfo struct {
	LockMode LockMode  `json:"LockMode"`
	PacketID string    `json:"PacketId,omitempty"`
	AddedAt  Timestamp `json:"AddedAt,omitzero"`
	Extra    Extra     `json:"-"`
}

// DocumentLinks are the documents that a document refers to and that refer to it
// (Docflow/DocumentInfoV3.proto).
type DocumentLinks struct {
	InitialIDs     []DocumentID `json:"InitialIds,omitempty"`
	SubordinateIDs []DocumentID `json:"SubordinateIds,omitempty"`
	Extra          Extra        `json:"-"`
}
