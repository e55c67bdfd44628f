package diadoc

// Document is a document as one of its sides sees it now. What happened to it is told by
// [Document.State]; DocflowStatus is for people, and its texts change without notice
// (Documents/Document.proto).
type Document struct {
	IndexKey                                IndexKey                        `json:"IndexKey,omitempty"` // lists only
	MessageID                               MessageID                       `json:"MessageId"`
	EntityID                                EntityID                        `json:"EntityId"`
	CreationTimestampTicks                  Ticks                           `json:"CreationTimestampTicks"`
	CounteragentBoxID                       BoxID                           `json:"CounteragentBoxId,omitempty"` // other side; for an outgoing draft may be empty
	DocumentType                            DocumentType                    `json:"DocumentType,omitempty"`      // UnknownDocumentType for new types
	InitialDocumentIDs                      []DocumentID                    `json:"InitialDocumentIds,omitempty"`
	SubordinateDocumentIDs                  []DocumentID                    `json:"SubordinateDocumentIds,omitempty"`
	Content                                 *Content                        `json:"Content,omitempty"`        // Data only on GetDocument
	FileName                                string                          `json:"FileName,omitempty"`       // as uploaded
	DocumentDate                            string                          `json:"DocumentDate,omitempty"`   // old; see Metadata
	DocumentNumber                          string                          `json:"DocumentNumber,omitempty"` // old; see Metadata
	IsDeleted                               bool                            `json:"IsDeleted,omitempty"`
	DepartmentID                            DepartmentID                    `json:"DepartmentId,omitempty"` // where it lies now
	IsTest                                  bool                            `json:"IsTest,omitempty"`       // no legal force
	FromDepartmentID                        DepartmentID                    `json:"FromDepartmentId,omitempty"`
	ToDepartmentID                          DepartmentID                    `json:"ToDepartmentId,omitempty"`
	CustomDocumentID                        string                          `json:"CustomDocumentId,omitempty"` // correlation
	ResolutionStatus                        *ResolutionStatus               `json:"ResolutionStatus,omitempty"` // inside the company; docflows have an enumeration of this name
	RevocationStatus                        RevocationStatus                `json:"RevocationStatus,omitempty"`
	SendTimestampTicks                      Ticks                           `json:"SendTimestampTicks,omitempty"` // 0/absent = unsent
	DeliveryTimestampTicks                  Ticks                           `json:"DeliveryTimestampTicks,omitempty"`
	ForwardDocumentEvents                   []ForwardDocumentEvent          `json:"ForwardDocumentEvents,omitempty"`
	RoamingNotificationStatus               RoamingNotificationStatus       `json:"RoamingNotificationStatus,omitempty"`
	HasCustomPrintForm                      bool                            `json:"HasCustomPrintForm,omitempty"` // always false
	CustomData                              []CustomDataItem                `json:"CustomData,omitempty"`         // tags
	PacketID                                string                          `json:"PacketId,omitempty"`
	DocumentDirection                       DocumentDirection               `json:"DocumentDirection,omitempty"`
	LastModificationTimestampTicks          Ticks                           `json:"LastModificationTimestampTicks,omitempty"` // cheap change detector
	IsEncryptedContent                      bool                            `json:"IsEncryptedContent,omitempty"`
	SenderSignatureStatus                   SenderSignatureStatus           `json:"SenderSignatureStatus,omitempty"`
	IsRead                                  bool                            `json:"IsRead,omitempty"`
	RoamingNotificationStatusDescription    string                          `json:"RoamingNotificationStatusDescription,omitempty"` // text of the roaming error
	PacketIsLocked                          bool                            `json:"PacketIsLocked,omitempty"`
	ResolutionRouteID                       string                          `json:"ResolutionRouteId,omitempty"`
	AttachmentVersion                       string                          `json:"AttachmentVersion,omitempty"` // old; see Version
	ProxySignatureStatus                    ProxySignatureStatus            `json:"ProxySignatureStatus,omitempty"`
	TypeNamedID                             string                          `json:"TypeNamedId"` // key on this
	Function                                string                          `json:"Function"`
	WorkflowID                              int                             `json:"WorkflowId"`
	Title                                   string                          `json:"Title"`              // human title
	Metadata                                []MetadataItem                  `json:"Metadata,omitempty"` // number, date, sums…
	RecipientReceiptMetadata                RecipientReceiptMetadata        `json:"RecipientReceiptMetadata"`
	ConfirmationMetadata                    ConfirmationMetadata            `json:"ConfirmationMetadata"`
	RecipientResponseStatus                 RecipientResponseStatus         `json:"RecipientResponseStatus"`
	AmendmentRequestMetadata                AmendmentRequestMetadata        `json:"AmendmentRequestMetadata"`
	Origin                                  *Origin                         `json:"Origin,omitempty"` // draft/template it came from
	EditingSettingID                        string                          `json:"EditingSettingId,omitempty"`
	LockMode                                LockMode                        `json:"LockMode"`
	SenderReceiptMetadata                   SenderReceiptMetadata           `json:"SenderReceiptMetadata"` // receipt for the answer title
	Version                                 string                          `json:"Version"`
	LastOuterDocflows                       []LastOuterDocflow              `json:"LastOuterDocflows,omitempty"`
	ProxyBoxID                              BoxID                           `json:"ProxyBoxId,omitempty"`
	ProxyDepartmentID                       DepartmentID                    `json:"ProxyDepartmentId,omitempty"`
	DocflowStatus                           DocflowStatusV3                 `json:"DocflowStatus"` // for people
	TtGisFixationCancellationStatus         TtGisFixationCancellationStatus `json:"TtGisFixationCancellationStatus,omitempty"`
	HasUnreadOutOfWorkflowUniversalMessages *bool                           `json:"HasUnreadOutOfWorkflowUniversalMessages,omitempty"` // true when absent

	// What old types have besides; Metadata and the fields above have replaced it.
	NonformalizedDocumentMetadata               *LegacyMetadata[NonformalizedDocumentStatus]     `json:"NonformalizedDocumentMetadata,omitempty"`
	InvoiceMetadata                             *LegacyMetadata[InvoiceStatus]                   `json:"InvoiceMetadata,omitempty"`
	InvoiceRevisionMetadata                     *LegacyMetadata[InvoiceStatus]                   `json:"InvoiceRevisionMetadata,omitempty"`
	InvoiceCorrectionMetadata                   *LegacyMetadata[InvoiceStatus]                   `json:"InvoiceCorrectionMetadata,omitempty"`
	InvoiceCorrectionRevisionMetadata           *LegacyMetadata[InvoiceStatus]                   `json:"InvoiceCorrectionRevisionMetadata,omitempty"`
	UniversalTransferDocumentMetadata           *LegacyMetadata[UniversalTransferDocumentStatus] `json:"UniversalTransferDocumentMetadata,omitempty"`
	UniversalTransferDocumentRevisionMetadata   *LegacyMetadata[UniversalTransferDocumentStatus] `json:"UniversalTransferDocumentRevisionMetadata,omitempty"`
	UniversalCorrectionDocumentMetadata         *LegacyMetadata[UniversalTransferDocumentStatus] `json:"UniversalCorrectionDocumentMetadata,omitempty"`
	UniversalCorrectionDocumentRevisionMetadata *LegacyMetadata[UniversalTransferDocumentStatus] `json:"UniversalCorrectionDocumentRevisionMetadata,omitempty"`
	TrustConnectionRequestMetadata              *LegacyMetadata[LegacyStatus]                    `json:"TrustConnectionRequestMetadata,omitempty"`
	Torg12Metadata                              *LegacyMetadata[LegacyStatus]                    `json:"Torg12Metadata,omitempty"`
	AcceptanceCertificateMetadata               *LegacyMetadata[LegacyStatus]                    `json:"AcceptanceCertificateMetadata,omitempty"`
	ProformaInvoiceMetadata                     *LegacyMetadata[LegacyStatus]                    `json:"ProformaInvoiceMetadata,omitempty"`
	XMLTorg12Metadata                           *LegacyMetadata[LegacyStatus]                    `json:"XmlTorg12Metadata,omitempty"`
	XMLAcceptanceCertificateMetadata            *LegacyMetadata[LegacyStatus]                    `json:"XmlAcceptanceCertificateMetadata,omitempty"`
	PriceListMetadata                           *LegacyMetadata[LegacyStatus]                    `json:"PriceListMetadata,omitempty"`
	ReconciliationActMetadata                   *LegacyMetadata[LegacyStatus]                    `json:"ReconciliationActMetadata,omitempty"`
	ContractMetadata                            *LegacyMetadata[LegacyStatus]                    `json:"ContractMetadata,omitempty"`
	Torg13Metadata                              *LegacyMetadata[LegacyStatus]                    `json:"Torg13Metadata,omitempty"`
	ServiceDetailsMetadata                      *LegacyMetadata[LegacyStatus]                    `json:"ServiceDetailsMetadata,omitempty"`
	SupplementaryAgreementMetadata              *LegacyMetadata[LegacyStatus]                    `json:"SupplementaryAgreementMetadata,omitempty"`
	PriceListAgreementMetadata                  *LegacyMetadata[LegacyStatus]                    `json:"PriceListAgreementMetadata,omitempty"`
	CertificateRegistryMetadata                 *LegacyMetadata[LegacyStatus]                    `json:"CertificateRegistryMetadata,omitempty"`
	Extra                                       Extra                                            `json:"-"`
}

// DocumentList is a page of documents (Documents/DocumentList.proto).
type DocumentList struct {
	TotalCount     int        `json:"TotalCount"`
	Documents      []Document `json:"Documents,omitempty"`
	HasMoreResults bool       `json:"HasMoreResults,omitempty"`
	Extra          Extra      `json:"-"`
}

// GetDocumentsV4Request is the body of [Client.GetDocumentsV4] (Documents/GetDocumentsV4.proto).
type GetDocumentsV4Request struct {
	CounteragentBoxIDs   []BoxID            `json:"CounteragentBoxIds,omitempty"`
	FromDepartmentIDs    []DepartmentID     `json:"FromDepartmentIds,omitempty"`
	ToDepartmentIDs      []DepartmentID     `json:"ToDepartmentIds,omitempty"`
	Departments          []DepartmentFilter `json:"Departments,omitempty"`
	DocumentTypeNamedIDs []string           `json:"DocumentTypeNamedIds,omitempty"`
	DocumentCategory     string             `json:"DocumentCategory"`
	DocumentStatuses     []string           `json:"DocumentStatuses,omitempty"`
	FileNames            []string           `json:"FileNames,omitempty"`
	DocumentNumbers      []string           `json:"DocumentNumbers,omitempty"`
	FromDocumentDate     string             `json:"FromDocumentDate,omitempty"`
	ToDocumentDate       string             `json:"ToDocumentDate,omitempty"`
	FromTimestamp        Timestamp          `json:"FromTimestamp,omitzero"`
	ToTimestamp          Timestamp          `json:"ToTimestamp,omitzero"`
	TotalSums            []string           `json:"TotalSums,omitempty"`
	ToTotalSum           string             `json:"ToTotalSum,omitempty"`
	FromTotalSum         string             `json:"FromTotalSum,omitempty"`
	CustomData           []CustomDataItem   `json:"CustomData,omitempty"`
	SortDirection        SortDirection      `json:"SortDirection,omitempty"`
	Count                int                `json:"Count,omitempty"`
	AfterIndexKey        IndexKey           `json:"AfterIndexKey,omitempty"`
	Extra                Extra              `json:"-"`
}

// DepartmentFilter chooses documents by department (Documents/GetDocumentsV4.proto).
type DepartmentFilter struct {
	DepartmentID          DepartmentID `json:"DepartmentId"`
	ExcludeSubdepartments bool         `json:"ExcludeSubdepartments,omitempty"`
}

// ResolutionStatus is where the decision inside the company stands (Documents/Document.proto).
type ResolutionStatus struct {
	Type         ResolutionStatusType `json:"Type,omitempty"`
	Target       *ResolutionTarget    `json:"Target,omitempty"`
	AuthorUserID UserID               `json:"AuthorUserId"`
	AuthorFIO    string               `json:"AuthorFIO"`
	Extra        Extra                `json:"-"`
}

// RecipientReceiptMetadata is where the recipient's receipt stands (Documents/Document.proto).
type RecipientReceiptMetadata struct {
	ReceiptStatus        GeneralReceiptStatus  `json:"ReceiptStatus"`
	ConfirmationMetadata *ConfirmationMetadata `json:"ConfirmationMetadata,omitempty"`
	Extra                Extra                 `json:"-"`
}

// SenderReceiptMetadata is where the sender's receipt for the answer's title stands
// (Documents/Document.proto).
type SenderReceiptMetadata struct {
	ReceiptStatus GeneralReceiptStatus `json:"ReceiptStatus"`
	Extra         Extra                `json:"-"`
}

// ConfirmationMetadata is where the operator's confirmation stands (Documents/Document.proto).
type ConfirmationMetadata struct {
	ReceiptStatus GeneralReceiptStatus `json:"ReceiptStatus"`
	DateTimeTicks MoscowTicks          `json:"DateTimeTicks"`
	Extra         Extra                `json:"-"`
}

// AmendmentRequestMetadata is where an amendment request stands (Documents/Document.proto).
type AmendmentRequestMetadata struct {
	AmendmentFlags int                  `json:"AmendmentFlags"`
	ReceiptStatus  GeneralReceiptStatus `json:"ReceiptStatus"`
	Extra          Extra                `json:"-"`
}

// Origin is the draft or the template that a document came from (Documents/Document.proto).
type Origin struct {
	MessageType MessageType `json:"MessageType"`
	MessageID   MessageID   `json:"MessageId"`
	Extra       Extra       `json:"-"`
}

// LastOuterDocflow is the latest word of another system about an entity (Documents/Document.proto).
type LastOuterDocflow struct {
	ParentEntityID EntityID         `json:"ParentEntityId"`
	OuterDocflow   OuterDocflowInfo `json:"OuterDocflow"`
	Extra          Extra            `json:"-"`
}

// DocflowStatusV3 is the status in words for people (DocflowStatusV3.proto).
type DocflowStatusV3 struct {
	PrimaryStatus                DocflowStatusModelV3             `json:"PrimaryStatus"`
	SecondaryStatus              *DocflowStatusModelV3            `json:"SecondaryStatus,omitempty"`
	PowerOfAttorneyGeneralStatus *PowerOfAttorneyValidationStatus `json:"PowerOfAttorneyGeneralStatus,omitempty"`
	GeneralRoamingSendingStatus  Raw                              `json:"GeneralRoamingSendingStatus,omitempty"`
	Extra                        Extra                            `json:"-"`
}

// DocflowStatusModelV3 is one line of the status. Decide nothing by its text (DocflowStatusV3.proto).
type DocflowStatusModelV3 struct {
	Severity   string `json:"Severity,omitempty"`
	StatusText string `json:"StatusText,omitempty"`
	Extra      Extra  `json:"-"`
}
