package diadoc

// DocumentSignature is a signature of an entity: a document, or a revocation request that is accepted
// by it (Events/DiadocMessage-PostApi.proto).
type DocumentSignature struct {
	ParentEntityID         EntityID               `json:"ParentEntityId"`      // entity being signed
	Signature              []byte                 `json:"Signature,omitempty"` // CMS DER; may be absent when made on the server side
	SignWithTestSignature  bool                   `json:"SignWithTestSignature,omitempty"`
	IsApprovementSignature bool                   `json:"IsApprovementSignature,omitempty"` // internal approval, does not send or answer
	SignatureNameOnShelf   ShelfName              `json:"SignatureNameOnShelf,omitempty"`
	PatchedContentID       string                 `json:"PatchedContentId,omitempty"` // from PrepareDocumentsToSign
	Labels                 []string               `json:"Labels,omitempty"`
	PowerOfAttorney        *PowerOfAttorneyToPost `json:"PowerOfAttorney,omitempty"`
	Extra                  Extra                  `json:"-"`
}

// RequestedSignatureRejection is a refusal in free text; only the old patch takes it
// (Events/DiadocMessage-PostApi.proto).
type RequestedSignatureRejection struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
}

// ReceiptAttachment is a receipt (Events/DiadocMessage-PostApi.proto).
type ReceiptAttachment struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
}

// CorrectionRequestAttachment is an amendment request (Events/DiadocMessage-PostApi.proto).
type CorrectionRequestAttachment struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
}

// RecipientTitleAttachment is an answer by a title of one's own (Events/DiadocMessage-PostApi.proto).
type RecipientTitleAttachment struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
	NeedReceipt    bool          `json:"NeedReceipt"`
	TitleIndex     int           `json:"TitleIndex,omitempty"`
	Extra          Extra         `json:"-"`
}

// XMLSignatureRejectionAttachment is a formal refusal of a document or of a revocation request
// (Events/DiadocMessage-PostApi.proto).
type XMLSignatureRejectionAttachment struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
}

// RevocationRequestAttachment is a request to revoke a document (Events/DiadocMessage-PostApi.proto).
type RevocationRequestAttachment struct {
	ParentEntityID EntityID      `json:"ParentEntityId"`
	SignedContent  SignedContent `json:"SignedContent"`
	Labels         []string      `json:"Labels,omitempty"`
}

// UniversalMessageAttachment is a universal message, which replaces receipts, amendment requests and
// refusals (Events/DiadocMessage-PostApi.proto).
type UniversalMessageAttachment struct {
	ParentEntityID          EntityID                  `json:"ParentEntityId"`
	CodeGroup               UniversalMessageCodeGroup `json:"CodeGroup,omitempty"`
	UniversalMessageContent UnsignedContent           `json:"UniversalMessageContent"`
	Labels                  []string                  `json:"Labels,omitempty"`
	Behaviour               UniversalMessageBehaviour `json:"Behaviour,omitempty"`
}

// ResolutionAttachment is a decision inside the company; an undefined one withdraws the caller's last
// decision (Events/DiadocMessage-PostApi.proto).
type ResolutionAttachment struct {
	InitialDocumentID EntityID       `json:"InitialDocumentId"`
	ResolutionType    ResolutionType `json:"ResolutionType"`
	Comment           string         `json:"Comment,omitempty"`
	Labels            []string       `json:"Labels,omitempty"`
}

// ResolutionRequestAttachment is a request for a decision to exactly one user or department
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRequestAttachment struct {
	InitialDocumentID  EntityID              `json:"InitialDocumentId"`
	Type               ResolutionRequestType `json:"Type"`
	TargetUserID       UserID                `json:"TargetUserId,omitempty"`
	TargetDepartmentID DepartmentID          `json:"TargetDepartmentId,omitempty"`
	Comment            string                `json:"Comment,omitempty"`
	Labels             []string              `json:"Labels,omitempty"`
}

// ResolutionRequestCancellationAttachment withdraws a request for a decision
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRequestCancellationAttachment struct {
	InitialResolutionRequestID EntityID `json:"InitialResolutionRequestId"`
	Comment                    string   `json:"Comment,omitempty"`
	Labels                     []string `json:"Labels,omitempty"`
}

// ResolutionRequestDenialAttachment refuses a request for a decision
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRequestDenialAttachment struct {
	InitialResolutionRequestID EntityID `json:"InitialResolutionRequestId"`
	Comment                    string   `json:"Comment,omitempty"`
	Labels                     []string `json:"Labels,omitempty"`
}

// ResolutionRequestDenialCancellationAttachment withdraws a refusal of a request
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRequestDenialCancellationAttachment struct {
	InitialResolutionRequestDenialID EntityID `json:"InitialResolutionRequestDenialId"`
}

// ResolutionRouteAssignment puts a document on a route of decisions
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRouteAssignment struct {
	InitialDocumentID EntityID `json:"InitialDocumentId"`
	RouteID           string   `json:"RouteId"`
	Comment           string   `json:"Comment,omitempty"`
	Labels            []string `json:"Labels,omitempty"`
}

// ResolutionRouteRemoval takes a document off a route of decisions
// (Events/DiadocMessage-PostApi.proto).
type ResolutionRouteRemoval struct {
	ParentEntityID EntityID `json:"ParentEntityId"`
	RouteID        string   `json:"RouteId"`
	Comment        string   `json:"Comment,omitempty"`
	Labels         []string `json:"Labels,omitempty"`
}

// CustomDataPatch sets or removes a tag. A document's tags can be edited ten times in all: put all
// changes into one patch (Events/DiadocMessage-PostApi.proto).
type CustomDataPatch struct {
	ParentEntityID EntityID                 `json:"ParentEntityId"`
	Operation      CustomDataPatchOperation `json:"Operation"`
	Key            string                   `json:"Key"`
	Value          string                   `json:"Value,omitempty"`
}

// EditDocumentPacketCommand regroups a packet (Events/DiadocMessage-PostApi.proto).
type EditDocumentPacketCommand struct {
	DocumentID                string       `json:"DocumentId"`
	AddDocumentsToPacket      []DocumentID `json:"AddDocumentsToPacket,omitempty"`
	RemoveDocumentsFromPacket []DocumentID `json:"RemoveDocumentsFromPacket,omitempty"`
}

// EditingPatch replaces the content of a document whose type allows editing
// (Events/DiadocMessage-PostApi.proto).
type EditingPatch struct {
	ParentEntityID EntityID        `json:"ParentEntityId"`
	Content        UnsignedContent `json:"Content"`
	Labels         []string        `json:"Labels,omitempty"`
}

// SignatureVerification is the outcome of checking the signature of an encrypted document
// (Events/DiadocMessage-PostApi.proto).
type SignatureVerification struct {
	InitialDocumentID EntityID `json:"InitialDocumentId"`
	IsValid           bool     `json:"IsValid"`
	ErrorMessage      string   `json:"ErrorMessage,omitempty"`
	Labels            []string `json:"Labels,omitempty"`
}
