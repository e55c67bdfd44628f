package diadoc

// DocflowV3 is what happens around a document between two sides, as the oldest version tells it
// (Docflow/DocflowV3.proto).
type DocflowV3 struct {
	SenderTitle          SenderTitleDocflow    `json:"SenderTitle"`
	Confirmation         Raw                   `json:"Confirmation,omitempty"`
	RecipientReceipt     Raw                   `json:"RecipientReceipt,omitempty"`
	RecipientResponse    Raw                   `json:"RecipientResponse,omitempty"`
	AmendmentRequest     Raw                   `json:"AmendmentRequest,omitempty"`
	Revocation           Raw                   `json:"Revocation,omitempty"`
	SenderReceipt        Raw                   `json:"SenderReceipt,omitempty"`
	Resolution           *ResolutionDocflowV3  `json:"Resolution,omitempty"`
	ResolutionEntities   *ResolutionEntitiesV3 `json:"ResolutionEntities,omitempty"`
	ProxyResponse        Raw                   `json:"ProxyResponse,omitempty"`
	OuterDocflows        []Raw                 `json:"OuterDocflows,omitempty"`
	OuterDocflowEntities []Raw                 `json:"OuterDocflowEntities,omitempty"`
	DocflowStatus        DocflowStatusV3       `json:"DocflowStatus"`
	TtGisFixation        Raw                   `json:"TtGisFixation,omitempty"`
	Extra                Extra                 `json:"-"`
}

// DocflowV4 is what happens around a document between two sides (Docflow/DocflowV4.proto).
type DocflowV4 struct {
	SenderTitle          SenderTitleDocflow            `json:"SenderTitle"`
	Confirmation         *ConfirmationDocflowV4        `json:"Confirmation,omitempty"`
	RecipientReceipt     *ReceiptDocflowV4             `json:"RecipientReceipt,omitempty"`
	RecipientResponse    *ParticipantResponseDocflowV4 `json:"RecipientResponse,omitempty"`
	AmendmentRequest     *AmendmentRequestDocflowV4    `json:"AmendmentRequest,omitempty"`
	Revocation           *RevocationDocflowV4          `json:"Revocation,omitempty"`
	SenderReceipt        *ReceiptDocflowV4             `json:"SenderReceipt,omitempty"`
	Resolution           *ResolutionDocflowV3          `json:"Resolution,omitempty"`
	ResolutionEntities   *ResolutionEntitiesV3         `json:"ResolutionEntities,omitempty"`
	ProxyResponse        *ParticipantResponseDocflowV4 `json:"ProxyResponse,omitempty"`
	OuterDocflows        []Raw                         `json:"OuterDocflows,omitempty"`
	OuterDocflowEntities []Raw                         `json:"OuterDocflowEntities,omitempty"`
	DocflowStatus        DocflowStatusV3               `json:"DocflowStatus"`
	TtGisFixation        Raw                           `json:"TtGisFixation,omitempty"`
	Extra                Extra                         `json:"-"`
}

// SenderTitleDocflow is the sender's title and its way (Docflow/DocflowV3.proto).
type SenderTitleDocflow struct {
	IsFinished                           bool                        `json:"IsFinished"`
	Attachment                           SignedAttachmentV3          `json:"Attachment"`
	SentAt                               Timestamp                   `json:"SentAt,omitzero"`
	DeliveredAt                          Timestamp                   `json:"DeliveredAt,omitzero"`
	RoamingNotification                  *DocflowRoamingNotification `json:"RoamingNotification,omitempty"`
	SenderSignatureStatus                SenderSignatureStatus       `json:"SenderSignatureStatus"`
	OutOfWorkflowUniversalMessageDocflow Raw                         `json:"OutOfWorkflowUniversalMessageDocflow,omitempty"`
	Extra                                Extra                       `json:"-"`
}

// ParticipantResponseDocflowV4 is the answer of the recipient or of the one who signs first
// (Docflow/DocflowV4.proto).
type ParticipantResponseDocflowV4 struct {
	IsFinished                           bool                         `json:"IsFinished"`
	Signature                            *SignatureV3                 `json:"Signature,omitempty"`
	Title                                *SignedAttachmentV3          `json:"Title,omitempty"`
	Rejection                            *SignatureRejectionDocflowV4 `json:"Rejection,omitempty"`
	SentAt                               Timestamp                    `json:"SentAt,omitzero"`
	DeliveredAt                          Timestamp                    `json:"DeliveredAt,omitzero"`
	ResponseStatus                       RecipientResponseStatus      `json:"ResponseStatus"`
	Confirmation                         *ConfirmationDocflowV4       `json:"Confirmation,omitempty"`
	OutOfWorkflowUniversalMessageDocflow Raw                          `json:"OutOfWorkflowUniversalMessageDocflow,omitempty"`
	Extra                                Extra                        `json:"-"`
}

// ReceiptDocflowV4 is a receipt and its way (Docflow/DocflowV4.proto).
type ReceiptDocflowV4 struct {
	IsFinished        bool                               `json:"IsFinished"`
	ReceiptAttachment *SignedAttachmentV3                `json:"ReceiptAttachment,omitempty"`
	SentAt            Timestamp                          `json:"SentAt,omitzero"`
	DeliveredAt       Timestamp                          `json:"DeliveredAt,omitzero"`
	Confirmation      *ConfirmationDocflowV4             `json:"Confirmation,omitempty"`
	Status            GeneralReceiptStatus               `json:"Status"`
	UniversalMessage  *UniversalMessageAttachmentDocflow `json:"UniversalMessage,omitempty"`
	Extra             Extra                              `json:"-"`
}

// ConfirmationDocflowV4 is the operator's confirmation (Docflow/DocflowV4.proto).
type ConfirmationDocflowV4 struct {
	IsFinished             bool                `json:"IsFinished"`
	ConfirmationAttachment *SignedAttachmentV3 `json:"ConfirmationAttachment,omitempty"`
	ConfirmedAt            Timestamp           `json:"ConfirmedAt,omitzero"`
	Receipt                *ReceiptDocflowV4   `json:"Receipt,omitempty"`
	RoamingConfirmation    Raw                 `json:"RoamingConfirmation,omitempty"`
	Extra                  Extra               `json:"-"`
}

// AmendmentRequestDocflowV4 is an amendment request and its way (Docflow/DocflowV4.proto).
type AmendmentRequestDocflowV4 struct {
	IsFinished          bool                               `json:"IsFinished"`
	AmendmentRequest    *SignedAttachmentV3                `json:"AmendmentRequest,omitempty"`
	SentAt              Timestamp                          `json:"SentAt,omitzero"`
	DeliveredAt         Timestamp                          `json:"DeliveredAt,omitzero"`
	Receipt             *ReceiptDocflowV4                  `json:"Receipt,omitempty"`
	AmendmentFlags      int                                `json:"AmendmentFlags"`
	PlainText           string                             `json:"PlainText,omitempty"`
	ConfirmationDocflow *ConfirmationDocflowV4             `json:"ConfirmationDocflow,omitempty"`
	UniversalMessage    *UniversalMessageAttachmentDocflow `json:"UniversalMessage,omitempty"`
	Extra               Extra                              `json:"-"`
}

// RevocationDocflowV4 is a revocation (Docflow/DocflowV4.proto).
type RevocationDocflowV4 struct {
	IsFinished           bool                         `json:"IsFinished"`
	RevocationRequest    RevocationRequestDocflow     `json:"RevocationRequest"`
	RevocationResponse   *RevocationResponseDocflowV4 `json:"RevocationResponse,omitempty"`
	InitiatorBoxID       BoxID                        `json:"InitiatorBoxId"`
	RevocationStatus     RevocationStatus             `json:"RevocationStatus"`
	ResolutionEntities   *ResolutionEntitiesV3        `json:"ResolutionEntities,omitempty"`
	OuterDocflowEntities []Raw                        `json:"OuterDocflowEntities,omitempty"`
	Extra                Extra                        `json:"-"`
}

// RevocationRequestDocflow is a request for revocation and its way (Docflow/DocflowV3.proto).
type RevocationRequestDocflow struct {
	RevocationRequest   SignedAttachmentV3          `json:"RevocationRequest"`
	SentAt              Timestamp                   `json:"SentAt,omitzero"`
	DeliveredAt         Timestamp                   `json:"DeliveredAt,omitzero"`
	RoamingNotification *DocflowRoamingNotification `json:"RoamingNotification,omitempty"`
	PlainText           string                      `json:"PlainText,omitempty"`
	Extra               Extra                       `json:"-"`
}

// RevocationResponseDocflowV4 is the answer to a request for revocation (Docflow/DocflowV4.proto).
type RevocationResponseDocflowV4 struct {
	RecipientSignature *SignatureV3                 `json:"RecipientSignature,omitempty"`
	SignatureRejection *SignatureRejectionDocflowV4 `json:"SignatureRejection,omitempty"`
	Extra              Extra                        `json:"-"`
}

// SignatureRejectionDocflowV4 is a refusal to sign (Docflow/DocflowV4.proto).
type SignatureRejectionDocflowV4 struct {
	SignatureRejection *SignedAttachmentV3                `json:"SignatureRejection,omitempty"`
	IsFormal           bool                               `json:"IsFormal"`
	DeliveredAt        Timestamp                          `json:"DeliveredAt,omitzero"`
	PlainText          string                             `json:"PlainText,omitempty"`
	UniversalMessage   *UniversalMessageAttachmentDocflow `json:"UniversalMessage,omitempty"`
	Extra              Extra                              `json:"-"`
}

// ResolutionDocflowV3 is the decision inside the company (Docflow/ResolutionDocflowV3.proto).
type ResolutionDocflowV3 struct {
	IsFinished         bool                    `json:"IsFinished"`
	ParentEntityID     EntityID                `json:"ParentEntityId"`
	ResolutionStatus   DocflowResolutionStatus `json:"ResolutionStatus"`
	ResolutionEntityID EntityID                `json:"ResolutionEntityId,omitempty"`
	Extra              Extra                   `json:"-"`
}
