package diadoc

// ResolutionEntitiesV3 are the entities of decisions (Docflow/ResolutionDocflowV3.proto).
type ResolutionEntitiesV3 struct {
	Requests              []Raw `json:"Requests,omitempty"`
	Resolutions           []Raw `json:"Resolutions,omitempty"`
	ApprovementSignatures []Raw `json:"ApprovementSignatures,omitempty"`
	SignatureDenials      []Raw `json:"SignatureDenials,omitempty"`
	Extra                 Extra `json:"-"`
}

// SignedAttachmentV3 is a file of a docflow with its signature (Docflow/AttachmentV3.proto).
type SignedAttachmentV3 struct {
	Attachment    DocflowAttachment `json:"Attachment"`
	Signature     *SignatureV3      `json:"Signature,omitempty"`
	Comment       *DocflowEntity    `json:"Comment,omitempty"`
	ContentTypeID string            `json:"ContentTypeId"`
	Extra         Extra             `json:"-"`
}

// SignatureV3 is a signature: the original and, beside it, the improved one with a time stamp
// (Docflow/AttachmentV3.proto).
type SignatureV3 struct {
	CMS                             DocflowEntity             `json:"Cms"`
	CadesT                          *DocflowEntity            `json:"CadesT,omitempty"`
	SignerBoxID                     BoxID                     `json:"SignerBoxId"`
	SignerDepartmentID              DepartmentID              `json:"SignerDepartmentId"`
	IsValid                         bool                      `json:"IsValid"`
	VerificationResult              Raw                       `json:"VerificationResult,omitempty"`
	DeliveredAt                     Timestamp                 `json:"DeliveredAt,omitzero"`
	PowerOfAttorney                 *SignaturePowerOfAttorney `json:"PowerOfAttorney,omitempty"`
	PowerOfAttorneyAttachmentStatus Raw                       `json:"PowerOfAttorneyAttachmentStatus,omitempty"`
	SignatureTypeInfo               *SignatureTypeInfo        `json:"SignatureTypeInfo,omitempty"`
	Extra                           Extra                     `json:"-"`
}

// SignatureTypeInfo tells what kind of signature it is (Docflow/AttachmentV3.proto).
type SignatureTypeInfo struct {
	SignatureType       SignatureType `json:"SignatureType"`
	QualifiedDetails    Raw           `json:"QualifiedDetails,omitempty"`
	NonQualifiedDetails Raw           `json:"NonQualifiedDetails,omitempty"`
	Extra               Extra         `json:"-"`
}

// DocflowAttachment is a file of a docflow (Attachment on the wire); Docflow/Attachment.proto.
type DocflowAttachment struct {
	Entity             *DocflowEntity `json:"Entity,omitempty"`
	AttachmentFilename string         `json:"AttachmentFilename,omitempty"`
	DisplayFilename    string         `json:"DisplayFilename,omitempty"`
	Extra              Extra          `json:"-"`
}

// DocflowEntity is an entity of a docflow (Entity on the wire, but another structure than [Entity]);
// Docflow/Attachment.proto.
type DocflowEntity struct {
	EntityID          EntityID  `json:"EntityId,omitempty"`
	CreationTimestamp Timestamp `json:"CreationTimestamp,omitzero"`
	Content           *Content  `json:"Content,omitempty"`
	Extra             Extra     `json:"-"`
}

// DocflowRoamingNotification is a notice of another operator (RoamingNotification on the wire);
// Docflow/RoamingNotification.proto.
type DocflowRoamingNotification struct {
	Notification DocflowEntity `json:"Notification"`
	IsSuccess    bool          `json:"IsSuccess"`
	Extra        Extra         `json:"-"`
}

// UniversalMessageAttachmentDocflow is a universal message of a docflow
// (Docflow/UniversalMessageAttachmentDocflow.proto).
type UniversalMessageAttachmentDocflow struct {
	Attachment    DocflowAttachment    `json:"Attachment"`
	MessageInfo   UniversalMessageInfo `json:"MessageInfo"`
	ContentTypeID string               `json:"ContentTypeId"`
	IsRead        bool                 `json:"IsRead,omitempty"`
	Extra         Extra                `json:"-"`
}

// SignaturePowerOfAttorney is the power of attorney of a signature
// (Docflow/SignaturePowerOfAttorney.proto).
type SignaturePowerOfAttorney struct {
	Entity               DocflowEntity                    `json:"Entity"`
	FullID               PowerOfAttorneyID                `json:"FullId"`
	Status               *PowerOfAttorneyValidationStatus `json:"Status,omitempty"`
	StatusChanges        []Raw                            `json:"StatusChanges,omitempty"`
	RoamingSendingStatus Raw                              `json:"RoamingSendingStatus,omitempty"`
	SendingType          Symbol                           `json:"SendingType,omitempty"`
	Extra                Extra                            `json:"-"`
}
