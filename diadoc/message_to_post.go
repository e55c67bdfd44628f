package diadoc

// MessageToPost is a message to send: the body of [Client.PostMessage]
// (Events/DiadocMessage-PostApi.proto).
type MessageToPost struct {
	FromBoxID                 BoxID                      `json:"FromBoxId"`                           // sender box
	ToBoxID                   BoxID                      `json:"ToBoxId,omitempty"`                   // recipient; empty for internal; must differ from FromBoxId
	StructuredDataAttachments []StructuredDataAttachment `json:"StructuredDataAttachments,omitempty"` // machine-readable companion files
	ToDepartmentID            DepartmentID               `json:"ToDepartmentId,omitempty"`            // default head department
	IsDraft                   bool                       `json:"IsDraft,omitempty"`                   // keep as draft
	LockDraft                 bool                       `json:"LockDraft,omitempty"`                 // forbid changes of the draft
	StrictDraftValidation     *bool                      `json:"StrictDraftValidation,omitempty"`     // validate draft content
	IsInternal                bool                       `json:"IsInternal,omitempty"`                // between own departments
	FromDepartmentID          DepartmentID               `json:"FromDepartmentId,omitempty"`
	DelaySend                 bool                       `json:"DelaySend,omitempty"`  // store unsent
	ProxyBoxID                BoxID                      `json:"ProxyBoxId,omitempty"` // intermediary who signs first
	ProxyDepartmentID         DepartmentID               `json:"ProxyDepartmentId,omitempty"`
	LockPacket                bool                       `json:"LockPacket,omitempty"`          // same as LockMode=Full
	DocumentAttachments       []DocumentAttachment       `json:"DocumentAttachments,omitempty"` // documents of any type, at most 40
	LockMode                  LockMode                   `json:"LockMode,omitempty"`            // packet lock
	Extra                     Extra                      `json:"-"`
}

// DocumentAttachment is one document of a message (Events/DiadocMessage-PostApi.proto).
type DocumentAttachment struct {
	SignedContent          SignedContent    `json:"SignedContent"`
	Comment                string           `json:"Comment,omitempty"`                // at most 5000 characters
	NeedRecipientSignature bool             `json:"NeedRecipientSignature,omitempty"` // only where the workflow leaves it to the sender
	InitialDocumentIDs     []DocumentID     `json:"InitialDocumentIds,omitempty"`     // documents this one refers to
	SubordinateDocumentIDs []DocumentID     `json:"SubordinateDocumentIds,omitempty"` // documents that refer to this one
	CustomDocumentID       string           `json:"CustomDocumentId,omitempty"`       // own id, unique in the message
	NeedReceipt            bool             `json:"NeedReceipt,omitempty"`
	CustomData             []CustomDataItem `json:"CustomData,omitempty"` // tags
	TypeNamedID            string           `json:"TypeNamedId"`          // from GetDocumentTypes
	Function               string           `json:"Function,omitempty"`
	Version                string           `json:"Version,omitempty"`
	Metadata               []MetadataItem   `json:"Metadata,omitempty"` // keys with Source=1
	WorkflowID             int              `json:"WorkflowId,omitempty"`
	IsEncrypted            bool             `json:"IsEncrypted,omitempty"`
	EditingSettingID       string           `json:"EditingSettingId,omitempty"`
	Extra                  Extra            `json:"-"`
}

// SignedContent is a file with its detached signature. Content and NameOnShelf exclude each other;
// without a signature the message must be a draft or a delayed one
// (Events/DiadocMessage-PostApi.proto).
type SignedContent struct {
	Content               []byte                 `json:"Content,omitempty"`               // or NameOnShelf
	Signature             []byte                 `json:"Signature,omitempty"`             // detached CMS, DER
	NameOnShelf           ShelfName              `json:"NameOnShelf,omitempty"`           // name from the shelf upload
	SignWithTestSignature bool                   `json:"SignWithTestSignature,omitempty"` // test organisations
	SignatureNameOnShelf  ShelfName              `json:"SignatureNameOnShelf,omitempty"`
	PowerOfAttorney       *PowerOfAttorneyToPost `json:"PowerOfAttorney,omitempty"`
	Extra                 Extra                  `json:"-"`
}

// UnsignedContent is a file without a signature: its bytes or its name on the shelf
// (Events/DiadocMessage-PostApi.proto).
type UnsignedContent struct {
	Content     []byte    `json:"Content,omitempty"`
	NameOnShelf ShelfName `json:"NameOnShelf,omitempty"`
}

// MetadataItem is one named property of a document, such as FileName or DocumentNumber
// (Events/DiadocMessage-PostApi.proto).
type MetadataItem struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
	Extra Extra  `json:"-"`
}

// CustomDataItem is a tag of a document. Key and value are compared without case
// (CustomDataItem.proto).
type CustomDataItem struct {
	Key   string `json:"Key"`
	Value string `json:"Value,omitempty"`
	Extra Extra  `json:"-"`
}

// DocumentID names a document. In a message to send, an empty MessageID means the same message, and
// EntityID is then the other document's CustomDocumentID (DocumentId.proto).
type DocumentID struct {
	MessageID MessageID `json:"MessageId"`
	EntityID  EntityID  `json:"EntityId"`
}

// StructuredDataAttachment is a machine-readable companion file of a document
// (Events/DiadocMessage-PostApi.proto).
type StructuredDataAttachment struct {
	Content                []byte `json:"Content"`
	FileName               string `json:"FileName"`
	ParentCustomDocumentID string `json:"ParentCustomDocumentId"`
}

// PowerOfAttorneyToPost says under which power of attorney a signature was made; exactly one source is
// given (Events/PowerOfAttorneyToPost.proto).
type PowerOfAttorneyToPost struct {
	FullID             *PowerOfAttorneyID             `json:"FullId,omitempty"`
	UseDefault         bool                           `json:"UseDefault"`
	Content            *PowerOfAttorneySignedContent  `json:"Content,omitempty"`
	SendAsFile         bool                           `json:"SendAsFile,omitempty"`
	Contents           []PowerOfAttorneySignedContent `json:"Contents,omitempty"`
	UseDocumentContent bool                           `json:"UseDocumentContent,omitempty"`
	Extra              Extra                          `json:"-"`
}

// PowerOfAttorneyID names a power of attorney (PowerOfAttorneyFullId on the wire);
// PowersOfAttorney/PowerOfAttorney.proto.
type PowerOfAttorneyID struct {
	RegistrationNumber string `json:"RegistrationNumber"`
	IssuerINN          string `json:"IssuerInn"`
	RepresentativeINN  string `json:"RepresentativeInn,omitempty"`
	Extra              Extra  `json:"-"`
}

// PowerOfAttorneySignedContent is a power of attorney as a file with its signature
// (PowersOfAttorney/PowerOfAttorney.proto).
type PowerOfAttorneySignedContent struct {
	Content   ContentV3 `json:"Content"`
	Signature ContentV3 `json:"Signature"`
}

// ContentV2 is content for CloudSign: bytes, a name on the shelf, or patched content
// (Content_v2.proto).
type ContentV2 struct {
	Content          []byte    `json:"Content,omitempty"`
	NameOnShelf      ShelfName `json:"NameOnShelf,omitempty"`
	PatchedContentID string    `json:"PatchedContentId,omitempty"`
	DocumentID       Raw       `json:"DocumentId,omitempty"`
	Extra            Extra     `json:"-"`
}

// ContentV3 is content for DssSign and powers of attorney (Content_v3.proto).
type ContentV3 struct {
	Content          []byte      `json:"Content,omitempty"`
	NameOnShelf      ShelfName   `json:"NameOnShelf,omitempty"`
	EntityID         *DocumentID `json:"EntityId,omitempty"`
	PatchedContentID string      `json:"PatchedContentId,omitempty"`
	Extra            Extra       `json:"-"`
}
