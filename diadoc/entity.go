package diadoc

// Entity is a part of a message (Events/DiadocMessage-GetApi.proto).
type Entity struct {
	EntityType                       EntityType                   `json:"EntityType,omitempty"`
	EntityID                         EntityID                     `json:"EntityId"`
	ParentEntityID                   EntityID                     `json:"ParentEntityId,omitempty"` // document for signatures/receipts/rejections…
	Content                          *Content                     `json:"Content,omitempty"`        // text or file by AttachmentType
	AttachmentType                   AttachmentType               `json:"AttachmentType,omitempty"` // only for Attachment
	FileName                         string                       `json:"FileName,omitempty"`
	NeedRecipientSignature           bool                         `json:"NeedRecipientSignature,omitempty"` // Nonformalized only
	SignerBoxID                      BoxID                        `json:"SignerBoxId,omitempty"`            // Signature only
	NotDeliveredEventID              EventID                      `json:"NotDeliveredEventId,omitempty"`    // DeliveryFailureNotification
	DocumentInfo                     *Document                    `json:"DocumentInfo,omitempty"`           // document-level attachments
	RawCreationDate                  Ticks                        `json:"RawCreationDate,omitempty"`        // ticks
	ResolutionInfo                   *ResolutionInfo              `json:"ResolutionInfo,omitempty"`
	SignerDepartmentID               DepartmentID                 `json:"SignerDepartmentId,omitempty"`
	ResolutionRequestInfo            *ResolutionRequestInfo       `json:"ResolutionRequestInfo,omitempty"`
	ResolutionRequestDenialInfo      *ResolutionRequestDenialInfo `json:"ResolutionRequestDenialInfo,omitempty"`
	NeedReceipt                      bool                         `json:"NeedReceipt,omitempty"`
	PacketID                         string                       `json:"PacketId,omitempty"`
	IsApprovementSignature           bool                         `json:"IsApprovementSignature,omitempty"` // Signature only
	IsEncryptedContent               bool                         `json:"IsEncryptedContent,omitempty"`
	AttachmentVersion                string                       `json:"AttachmentVersion,omitempty"` // old; use Version
	ResolutionRouteAssignmentInfo    Raw                          `json:"ResolutionRouteAssignmentInfo,omitempty"`
	ResolutionRouteRemovalInfo       Raw                          `json:"ResolutionRouteRemovalInfo,omitempty"`
	CancellationInfo                 Raw                          `json:"CancellationInfo,omitempty"`
	Labels                           []string                     `json:"Labels,omitempty"`
	Version                          string                       `json:"Version,omitempty"`
	TemplateTransformationInfo       Raw                          `json:"TemplateTransformationInfo,omitempty"`
	TemplateRefusalInfo              Raw                          `json:"TemplateRefusalInfo,omitempty"`
	OuterDocflow                     *OuterDocflowInfo            `json:"OuterDocflow,omitempty"`
	RevocationRequestInfo            *RevocationRequestInfo       `json:"RevocationRequestInfo,omitempty"`
	ContentTypeID                    string                       `json:"ContentTypeId,omitempty"` // same id = same structure and rules
	PowerOfAttorneyInfo              *PowerOfAttorneyInfo         `json:"PowerOfAttorneyInfo,omitempty"`
	AuthorUserID                     UserID                       `json:"AuthorUserId,omitempty"` // who acted (join with GetEmployees)
	MoveDocumentInfo                 *MoveDocumentInfo            `json:"MoveDocumentInfo,omitempty"`
	PowerOfAttorneyAttachmentStatus  Raw                          `json:"PowerOfAttorneyAttachmentStatus,omitempty"`
	UniversalMessageInfo             *UniversalMessageInfo        `json:"UniversalMessageInfo,omitempty"`
	TemplateTransformationChangeInfo Raw                          `json:"TemplateTransformationChangeInfo,omitempty"`
	Extra                            Extra                        `json:"-"`
}

// ResolutionInfo tells of a decision (Events/ResolutionInfo.proto).
type ResolutionInfo struct {
	ResolutionType   ResolutionType `json:"ResolutionType,omitempty"`
	Author           string         `json:"Author"`
	InitialRequestID string         `json:"InitialRequestId,omitempty"`
	Extra            Extra          `json:"-"`
}

// ResolutionRequestInfo tells of a request for a decision (Events/ResolutionRequestInfo.proto).
type ResolutionRequestInfo struct {
	RequestType  ResolutionRequestType `json:"RequestType,omitempty"`
	Author       string                `json:"Author"`
	Target       *ResolutionTarget     `json:"Target,omitempty"`
	ResolvedWith string                `json:"ResolvedWith,omitempty"`
	Actions      []ResolutionAction    `json:"Actions,omitempty"`
	Extra        Extra                 `json:"-"`
}

// ResolutionRequestDenialInfo tells of a refused request (Events/ResolutionRequestDenialInfo.proto).
type ResolutionRequestDenialInfo struct {
	Author           string `json:"Author"`
	InitialRequestID string `json:"InitialRequestId,omitempty"`
	Extra            Extra  `json:"-"`
}

// ResolutionTarget is the department or the user that is asked (ResolutionTarget.proto).
type ResolutionTarget struct {
	Department   string       `json:"Department,omitempty"`
	DepartmentID DepartmentID `json:"DepartmentId,omitempty"`
	User         string       `json:"User,omitempty"`
	UserID       UserID       `json:"UserId,omitempty"`
	Extra        Extra        `json:"-"`
}

// RevocationRequestInfo tells who wants a document revoked (Events/RevocationRequestInfo.proto).
type RevocationRequestInfo struct {
	InitiatorBoxID BoxID `json:"InitiatorBoxId"`
	Extra          Extra `json:"-"`
}

// PowerOfAttorneyInfo tells of the power of attorney that came with a signature
// (Events/PowerOfAttorneyInfo.proto).
type PowerOfAttorneyInfo struct {
	FullID               PowerOfAttorneyID                `json:"FullId"`
	Status               *PowerOfAttorneyValidationStatus `json:"Status,omitempty"`
	RoamingSendingStatus Raw                              `json:"RoamingSendingStatus,omitempty"`
	SendingType          Symbol                           `json:"SendingType,omitempty"`
	Extra                Extra                            `json:"-"`
}

// PowerOfAttorneyValidationStatus is the outcome of checking a power of attorney
// (PowersOfAttorney/PowerOfAttorneyValidation.proto).
type PowerOfAttorneyValidationStatus struct {
	Severity           Severity                `json:"Severity,omitempty"`
	StatusNamedID      PowerOfAttorneyStatusID `json:"StatusNamedId,omitempty"`
	StatusText         string                  `json:"StatusText,omitempty"`
	Errors             []Raw                   `json:"Errors,omitempty"`
	ValidationProtocol Raw                     `json:"ValidationProtocol,omitempty"`
	OperationError     Raw                     `json:"OperationError,omitempty"`
	Extra              Extra                   `json:"-"`
}

// UniversalMessageInfo tells of a universal message (UniversalMessage.proto).
type UniversalMessageInfo struct {
	CodeGroup               UniversalMessageCodeGroup `json:"CodeGroup,omitempty"`
	Events                  []UniversalMessageEvent   `json:"Events,omitempty"`
	UniversalMessageCreator UniversalMessageCreator   `json:"UniversalMessageCreator"`
	IsOutOfWorkflow         bool                      `json:"IsOutOfWorkflow,omitempty"`
	Extra                   Extra                     `json:"-"`
}

// UniversalMessageEvent is one statement of a universal message (UniversalMessage.proto).
type UniversalMessageEvent struct {
	StatusCode int    `json:"StatusCode"`
	PlainText  string `json:"PlainText,omitempty"`
	Extra      Extra  `json:"-"`
}

// UniversalMessageCreator is who wrote a universal message (UniversalMessage.proto).
type UniversalMessageCreator struct {
	BoxID        BoxID        `json:"BoxId"`
	DepartmentID DepartmentID `json:"DepartmentId"`
	Extra        Extra        `json:"-"`
}

// OuterDocflowInfo tells how a document fares in another system, such as marking
// (OuterDocflows/OuterDocflow.proto).
type OuterDocflowInfo struct {
	DocflowNamedID      string `json:"DocflowNamedId"`
	DocflowFriendlyName string `json:"DocflowFriendlyName"`
	Status              Raw    `json:"Status"`
	Extra               Extra  `json:"-"`
}

// ForwardDocumentEvent tells that a document was shown to a third box (ForwardDocumentEvent.proto).
type ForwardDocumentEvent struct {
	Timestamp Timestamp `json:"Timestamp,omitzero"`
	ToBoxID   BoxID     `json:"ToBoxId,omitempty"`
	Extra     Extra     `json:"-"`
}
