package diadoc

// DocflowV5 is what happens around a document (Docflow/DocflowV5.proto).
type DocflowV5 struct {
	Titles            []TitleDocflow              `json:"Titles,omitempty"`
	AmendmentRequests []AmendmentRequestDocflowV5 `json:"AmendmentRequests,omitempty"`
	Revocation        *RevocationDocflowV5        `json:"Revocation,omitempty"`
	OuterDocflows     []OuterDocflowV5            `json:"OuterDocflows,omitempty"`
	DocflowStatus     DocflowStatusV3             `json:"DocflowStatus"`
	TtGisFixation     Raw                         `json:"TtGisFixation,omitempty"`
	Resolution        *ResolutionDocflowV5        `json:"Resolution,omitempty"`
	Extra             Extra                       `json:"-"`
}

// TitleDocflow is one title of a document and what its participants did with it
// (Docflow/DocflowV5.proto).
type TitleDocflow struct {
	TitleIndex                           int                       `json:"TitleIndex"`
	Version                              *TitleVersionV5           `json:"Version,omitempty"`
	Author                               DocumentParticipantV2     `json:"Author"`
	AuthorSigning                        TitleAuthorDocflow        `json:"AuthorSigning"`
	ParticipantDocflows                  []TitleParticipantDocflow `json:"ParticipantDocflows,omitempty"`
	OutOfWorkflowUniversalMessageDocflow Raw                       `json:"OutOfWorkflowUniversalMessageDocflow,omitempty"`
	Extra                                Extra                     `json:"-"`
}

// TitleVersionV5 is the version of a title (Docflow/DocflowV5.proto).
type TitleVersionV5 struct {
	EntityID                EntityID           `json:"EntityId"`
	Revision                int                `json:"Revision"`
	Status                  TitleVersionStatus `json:"Status"`
	PreviousVersionEntityID EntityID           `json:"PreviousVersionEntityId,omitempty"`
	Extra                   Extra              `json:"-"`
}

// TitleAuthorDocflow is the signing of a title by its author (Docflow/DocflowV5.proto).
type TitleAuthorDocflow struct {
	IsFinished      bool                    `json:"IsFinished"`
	Status          TitleAuthorStatus       `json:"Status"`
	Title           *SignedAttachmentV3     `json:"Title,omitempty"`
	OperationResult *TitleOperationResultV5 `json:"OperationResult,omitempty"`
	Extra           Extra                   `json:"-"`
}

// TitleOperationResultV5 is the outcome that a title states (Docflow/DocflowV5.proto).
type TitleOperationResultV5 struct {
	WellKnown WellKnownTitleOperationResult `json:"WellKnown,omitempty"`
	Extra     Extra                         `json:"-"`
}

// TitleParticipantDocflow is what one participant got and did about a title (Docflow/DocflowV5.proto).
type TitleParticipantDocflow struct {
	Participant   DocumentParticipantV2            `json:"Participant"`
	TitleDelivery *TitleDeliveryDocflowV5          `json:"TitleDelivery,omitempty"`
	Response      *TitleParticipantResponseDocflow `json:"Response,omitempty"`
	Receipt       *ReceiptDocflowV5                `json:"Receipt,omitempty"`
	Extra         Extra                            `json:"-"`
}

// TitleParticipantResponseDocflow is one participant's answer to a title (Docflow/DocflowV5.proto).
type TitleParticipantResponseDocflow struct {
	IsFinished   bool                         `json:"IsFinished"`
	Status       TitleResponseStatus          `json:"Status"`
	Signature    *SignatureV3                 `json:"Signature,omitempty"`
	Rejection    *SignatureRejectionDocflowV4 `json:"Rejection,omitempty"`
	Confirmation *ConfirmationDocflowV5       `json:"Confirmation,omitempty"`
	Delivery     *DeliveryDocflowV5           `json:"Delivery,omitempty"`
	Extra        Extra                        `json:"-"`
}

// TitleDeliveryDocflowV5 is the delivery of a title to a participant (Docflow/DocflowV5.proto).
type TitleDeliveryDocflowV5 struct {
	Delivery            *DeliveryDocflowV5          `json:"Delivery,omitempty"`
	Confirmation        *ConfirmationDocflowV5      `json:"Confirmation,omitempty"`
	RoamingNotification *DocflowRoamingNotification `json:"RoamingNotification,omitempty"`
	Extra               Extra                       `json:"-"`
}

// DeliveryDocflowV5 is a delivery (Docflow/DeliveryDocflowV5.proto).
type DeliveryDocflowV5 struct {
	Status      DeliveryStatus `json:"Status"`
	SentAt      Timestamp      `json:"SentAt,omitzero"`
	DeliveredAt Timestamp      `json:"DeliveredAt,omitzero"`
	Extra       Extra          `json:"-"`
}

// ReceiptDocflowV5 is a receipt and its way (Docflow/DocflowV5.proto).
type ReceiptDocflowV5 struct {
	IsFinished        bool                               `json:"IsFinished"`
	ReceiptAttachment *SignedAttachmentV3                `json:"ReceiptAttachment,omitempty"`
	SentAt            Timestamp                          `json:"SentAt,omitzero"`
	DeliveredAt       Timestamp                          `json:"DeliveredAt,omitzero"`
	Status            GeneralReceiptStatus               `json:"Status"`
	Confirmation      *ConfirmationDocflowV5             `json:"Confirmation,omitempty"`
	UniversalMessage  *UniversalMessageAttachmentDocflow `json:"UniversalMessage,omitempty"`
	Extra             Extra                              `json:"-"`
}

// ConfirmationDocflowV5 is the operator's confirmation (Docflow/DocflowV5.proto).
type ConfirmationDocflowV5 struct {
	IsFinished             bool                `json:"IsFinished"`
	ConfirmationAttachment *SignedAttachmentV3 `json:"ConfirmationAttachment,omitempty"`
	ConfirmedAt            Timestamp           `json:"ConfirmedAt,omitzero"`
	Receipt                *ReceiptDocflowV5   `json:"Receipt,omitempty"`
	RoamingConfirmation    Raw                 `json:"RoamingConfirmation,omitempty"`
	Extra                  Extra               `json:"-"`
}

// AmendmentRequestDocflowV5 is an amendment request and its way (Docflow/DocflowV5.proto).
type AmendmentRequestDocflowV5 struct {
	Requester         DocumentParticipantV2              `json:"Requester"`
	RecipientDocflows []Raw                              `json:"RecipientDocflows,omitempty"`
	IsFinished        bool                               `json:"IsFinished"`
	AmendmentRequest  *SignedAttachmentV3                `json:"AmendmentRequest,omitempty"`
	AmendmentFlags    int                                `json:"AmendmentFlags"`
	PlainText         string                             `json:"PlainText,omitempty"`
	UniversalMessage  *UniversalMessageAttachmentDocflow `json:"UniversalMessage,omitempty"`
	TargetEntityID    EntityID                           `json:"TargetEntityId,omitempty"`
	Extra             Extra                              `json:"-"`
}

// RevocationDocflowV5 is a revocation (Docflow/RevocationDocflowV5.proto).
type RevocationDocflowV5 struct {
	IsFinished         bool                          `json:"IsFinished"`
	RevocationRequest  RevocationRequestDocflowV5    `json:"RevocationRequest"`
	RevocationResponse []RevocationResponseDocflowV5 `json:"RevocationResponse,omitempty"`
	Initiator          DocumentParticipantV2         `json:"Initiator"`
	RevocationStatus   RevocationStatus              `json:"RevocationStatus"`
	Resolution         *ResolutionDocflowV5          `json:"Resolution,omitempty"`
	OuterDocflows      []OuterDocflowV5              `json:"OuterDocflows,omitempty"`
	Extra              Extra                         `json:"-"`
}

// RevocationRequestDocflowV5 is a request for revocation and its way
// (Docflow/RevocationDocflowV5.proto).
type RevocationRequestDocflowV5 struct {
	RevocationRequest   SignedAttachmentV3          `json:"RevocationRequest"`
	SentAt              Timestamp                   `json:"SentAt,omitzero"`
	DeliveredAt         Timestamp                   `json:"DeliveredAt,omitzero"`
	RoamingNotification *DocflowRoamingNotification `json:"RoamingNotification,omitempty"`
	PlainText           string                      `json:"PlainText,omitempty"`
	Extra               Extra                       `json:"-"`
}

// RevocationResponseDocflowV5 is one participant's answer to a request for revocation
// (Docflow/RevocationDocflowV5.proto).
type RevocationResponseDocflowV5 struct {
	Participant DocumentParticipantV2        `json:"Participant"`
	IsFinished  bool                         `json:"IsFinished"`
	Signature   *SignatureV3                 `json:"Signature,omitempty"`
	Rejection   *SignatureRejectionDocflowV4 `json:"Rejection,omitempty"`
	Extra       Extra                        `json:"-"`
}

// ResolutionDocflowV5 is the decision inside the company (Docflow/ResolutionDocflowV5.proto).
type ResolutionDocflowV5 struct {
	IsFinished                bool                    `json:"IsFinished"`
	ResolutionStatus          DocflowResolutionStatus `json:"ResolutionStatus"`
	CurrentResolutionEntityID EntityID                `json:"CurrentResolutionEntityId,omitempty"`
	ResolutionEntities        *ResolutionEntitiesV3   `json:"ResolutionEntities,omitempty"`
	Extra                     Extra                   `json:"-"`
}

// OuterDocflowV5 is a docflow in another system (Docflow/OuterDocflowV5.proto).
type OuterDocflowV5 struct {
	DocflowNamedID       string   `json:"DocflowNamedId"`
	ParentEntityID       EntityID `json:"ParentEntityId"`
	LatestStatusEntityID EntityID `json:"LatestStatusEntityId"`
	DocflowFriendlyName  string   `json:"DocflowFriendlyName"`
	StatusEntities       []Raw    `json:"StatusEntities,omitempty"`
	Extra                Extra    `json:"-"`
}
