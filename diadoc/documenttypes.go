package diadoc

import (
	"context"
	"strconv"
)

// GetDocumentTypesResponseV3 lists the document types of a box. The name of the list is not documented: any
// list of the answer is taken for it.
type GetDocumentTypesResponseV3 struct {
	DocumentTypes []DocumentTypeDescriptionV3 `json:"DocumentTypes,omitempty"`
	Extra         Extra                       `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *GetDocumentTypesResponseV3) UnmarshalJSON(raw []byte) error {
	return readList(raw, "DocumentTypes", &r.DocumentTypes, &r.Extra)
}

// MarshalJSON implements json.Marshaler.
func (r GetDocumentTypesResponseV3) MarshalJSON() ([]byte, error) {
	type plain GetDocumentTypesResponseV3
	return writeExtra(plain(r), r.Extra)
}

// Numbers that describe document types.
const (
	DocflowExternal = 0 // SupportedDocflows
	DocflowInternal = 1

	MetadataString  = 0 // DocumentMetadataItemV2.Type
	MetadataInteger = 1
	MetadataDecimal = 2
	MetadataDate    = 3 // see [DateLayout]
	MetadataTime    = 4 // see [ClockLayout]

	SourceXML  = 0 // DocumentMetadataItemV2.Source: read from the file
	SourceUser = 1 // supplied by the sender

	SignerTypeNone      = 0 // SignerInfoV2.SignerType: only the detached signature
	SignerTypeSigner    = 1
	SignerTypeExtended  = 2
	SignerTypeUniversal = 3 // SignerContent
)

// GetDocumentTypes lists what the box may send and receive: types, functions, versions, titles. Send only
// versions that are actual; look at it daily, for UniversalMessagesStartDate.
func (c *Client) GetDocumentTypes(ctx context.Context, box BoxID) (GetDocumentTypesResponseV3, error) {
	return ask[GetDocumentTypesResponseV3](ctx, c, "GetDocumentTypes", query{"boxId": string(box)}, nil)
}

// DetectDocumentTypesResponse lists the types that a file may be.
type DetectDocumentTypesResponse struct {
	DocumentTypes []DetectedDocumentType `json:"DocumentTypes,omitempty"`
	Extra         Extra                  `json:"-"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *DetectDocumentTypesResponse) UnmarshalJSON(raw []byte) error {
	return readList(raw, "DocumentTypes", &r.DocumentTypes, &r.Extra)
}

// MarshalJSON implements json.Marshaler.
func (r DetectDocumentTypesResponse) MarshalJSON() ([]byte, error) {
	type plain DetectDocumentTypesResponse
	return writeExtra(plain(r), r.Extra)
}

// DetectDocumentTypes finds the type of a file.
//
// Deprecated: use [Client.DetectDocumentTitles].
func (c *Client) DetectDocumentTypes(ctx context.Context, box BoxID, content []byte) (DetectDocumentTypesResponse, error) {
	return ask[DetectDocumentTypesResponse](ctx, c, "DetectDocumentTypes", query{"boxId": string(box)}, content)
}

// DetectDocumentTitles finds the type, function, version and title of a file, and its properties.
func (c *Client) DetectDocumentTitles(ctx context.Context, box BoxID, content []byte) (DetectTitleResponse, error) {
	return ask[DetectTitleResponse](ctx, c, "DetectDocumentTitles", query{"boxId": string(box)}, content)
}

// DetectDocumentTitlesOnShelf is [Client.DetectDocumentTitles] of a file on the shelf.
func (c *Client) DetectDocumentTitlesOnShelf(ctx context.Context, box BoxID, name ShelfName) (DetectTitleResponse, error) {
	return ask[DetectTitleResponse](ctx, c, "DetectDocumentTitlesOnShelf", query{"boxId": string(box), "nameOnShelf": string(name)}, nil)
}

// Title names one title of a document type.
type Title struct {
	Box         BoxID
	TypeNamedID string
	Function    string // such as "СЧФДОП" or "default"
	Version     string
	Index       int // 0 the sender's, 1 the recipient's
}

func (t Title) query() query {
	return query{"boxId": string(t.Box), "documentTypeNamedId": t.TypeNamedID, "documentFunction": t.Function,
		"documentVersion": t.Version, "titleIndex": strconv.Itoa(t.Index)}
}

// SchemaKind is a schema that [Client.GetContent] serves.
type SchemaKind string

// Values of [SchemaKind].
const (
	TitleXSD              SchemaKind = "TitleXsd"              // of the whole title
	UserContractXSD       SchemaKind = "UserContractXsd"       // of what GenerateTitleXml takes
	SignerUserContractXSD SchemaKind = "SignerUserContractXsd" // of the signer block
)

// GetContent reads a schema of a title; title.Box is not used.
func (c *Client) GetContent(ctx context.Context, title Title, kind SchemaKind) (File, error) {
	return c.file(ctx, "GetContent", query{"typeNamedId": title.TypeNamedID, "function": title.Function, "version": title.Version,
		"titleIndex": strconv.Itoa(title.Index), "contentType": string(kind)}, nil)
}

// GetWorkflowsSettings lists the ways that documents can take; the answer is a
// DocumentWorkflowSettingsListV2.
func (c *Client) GetWorkflowsSettings(ctx context.Context, box BoxID) (Raw, error) {
	return ask[Raw](ctx, c, "GetWorkflowsSettings", query{"boxId": string(box)}, nil)
}

// ExtendedSignerDetails stores a signer's details for titles of a kind (a number of DocumentTitleType, such
// as 12 for the seller's title of order 970). details is an ExtendedSignerDetailsToPost, the answer an
// ExtendedSignerDetails.
func (c *Client) ExtendedSignerDetails(ctx context.Context, box BoxID, thumbprint string, titleType int, details Raw) (Raw, error) {
	return ask[Raw](ctx, c, "ExtendedSignerDetails", signerDetailsQuery(box, thumbprint, titleType), details)
}

// ReadExtendedSignerDetails reads what [Client.ExtendedSignerDetails] has stored; the answer is an
// ExtendedSignerDetails.
func (c *Client) ReadExtendedSignerDetails(ctx context.Context, box BoxID, thumbprint string, titleType int) (Raw, error) {
	return ask[Raw](ctx, c, "ExtendedSignerDetails", signerDetailsQuery(box, thumbprint, titleType), nil)
}

func signerDetailsQuery(box BoxID, thumbprint string, titleType int) query {
	return query{"boxId": string(box), "thumbprint": thumbprint, "documentTitleType": strconv.Itoa(titleType)}
}
