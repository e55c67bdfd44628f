package diadoc

// DocumentTypeDescriptionV3 describes a document type that a box may use
// (Documents/Types/DocumentTypeDescriptionV3.proto).
type DocumentTypeDescriptionV3 struct {
	Name                       string               `json:"Name"`
	Title                      string               `json:"Title"`
	SupportedDocflows          []int                `json:"SupportedDocflows,omitempty"`
	RequiresFnsRegistration    bool                 `json:"RequiresFnsRegistration"`
	Functions                  []DocumentFunctionV2 `json:"Functions,omitempty"`
	UniversalMessagesStartDate string               `json:"UniversalMessagesStartDate"`
	Extra                      Extra                `json:"-"`
}

// DocumentFunctionV2 is one function of a document type; "default" is a name like any other
// (Documents/Types/DocumentTypeDescriptionV2.proto).
type DocumentFunctionV2 struct {
	Name     string              `json:"Name"`
	Versions []DocumentVersionV2 `json:"Versions,omitempty"`
	Extra    Extra               `json:"-"`
}

// DocumentVersionV2 is one format of a function. Send only an actual one
// (Documents/Types/DocumentTypeDescriptionV2.proto).
type DocumentVersionV2 struct {
	Version                          string                 `json:"Version"`
	SupportsContentPatching          bool                   `json:"SupportsContentPatching"`
	SupportsEncrypting               bool                   `json:"SupportsEncrypting"`
	Titles                           []DocumentTitleV2      `json:"Titles,omitempty"`
	IsActual                         bool                   `json:"IsActual"`
	Workflows                        []DocumentWorkflowV2   `json:"Workflows,omitempty"`
	SupportsPredefinedRecipientTitle bool                   `json:"SupportsPredefinedRecipientTitle"`
	SupportsAmendmentRequest         bool                   `json:"SupportsAmendmentRequest"`
	RejectionType                    SupportedRejectionType `json:"RejectionType,omitempty"`
	Extra                            Extra                  `json:"-"`
}

// DocumentTitleV2 describes one title of a format (Documents/Types/DocumentTypeDescriptionV2.proto).
type DocumentTitleV2 struct {
	IsFormal               bool                     `json:"IsFormal"`
	XSDURL                 string                   `json:"XsdUrl,omitempty"`
	MetadataItems          []DocumentMetadataItemV2 `json:"MetadataItems,omitempty"`
	EncryptedMetadataItems []DocumentMetadataItemV2 `json:"EncryptedMetadataItems,omitempty"`
	UserDataXSDURL         string                   `json:"UserDataXsdUrl,omitempty"`
	SignerInfo             SignerInfoV2             `json:"SignerInfo"`
	Index                  int                      `json:"Index"`
	Extra                  Extra                    `json:"-"`
}

// SignerInfoV2 says what signer block a title wants (Documents/Types/DocumentTypeDescriptionV2.proto).
type SignerInfoV2 struct {
	SignerType                int    `json:"SignerType"`
	ExtendedDocumentTitleType int    `json:"ExtendedDocumentTitleType"`
	SignerUserDataXSDURL      string `json:"SignerUserDataXsdUrl,omitempty"`
	Extra                     Extra  `json:"-"`
}

// DocumentMetadataItemV2 describes one property of a document
// (Documents/Types/DocumentTypeDescriptionV2.proto).
type DocumentMetadataItemV2 struct {
	ID         string `json:"Id"`
	Type       int    `json:"Type"`
	IsRequired bool   `json:"IsRequired"`
	Source     int    `json:"Source"`
	Extra      Extra  `json:"-"`
}

// DocumentWorkflowV2 is one way that a document can take
// (Documents/Types/DocumentTypeDescriptionV2.proto).
type DocumentWorkflowV2 struct {
	ID        int   `json:"Id"`
	IsDefault bool  `json:"IsDefault"`
	Extra     Extra `json:"-"`
}

// DetectTitleResponse is the answer of [Client.DetectDocumentTitles]
// (Documents/DetectTitleResponse.proto).
type DetectTitleResponse struct {
	DocumentTitles []DetectedDocumentTitle `json:"DocumentTitles,omitempty"`
	Extra          Extra                   `json:"-"`
}

// DetectedDocumentTitle is one title that a file may be (Documents/DetectTitleResponse.proto).
type DetectedDocumentTitle struct {
	TypeNamedID string         `json:"TypeNamedId"`
	Function    string         `json:"Function"`
	Version     string         `json:"Version"`
	TitleIndex  int            `json:"TitleIndex"`
	Metadata    []MetadataItem `json:"Metadata,omitempty"`
	Extra       Extra          `json:"-"`
}

// DetectedDocumentType is one type that a file may be (Documents/Types/DocumentTypeDescription.proto).
type DetectedDocumentType struct {
	TypeNamedID string `json:"TypeNamedId"`
	Function    string `json:"Function"`
	Version     string `json:"Version"`
	Extra       Extra  `json:"-"`
}
