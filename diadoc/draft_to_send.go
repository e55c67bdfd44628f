package diadoc

// DraftToSend is the body of [Client.SendDraft] (Events/DiadocMessage-PostApi.proto).
type DraftToSend struct {
	BoxID              BoxID                     `json:"BoxId"`
	DraftID            MessageID                 `json:"DraftId"`
	ToBoxID            BoxID                     `json:"ToBoxId,omitempty"`
	ToDepartmentID     DepartmentID              `json:"ToDepartmentId,omitempty"`
	DocumentSignatures []DocumentSenderSignature `json:"DocumentSignatures,omitempty"`
	ProxyBoxID         BoxID                     `json:"ProxyBoxId,omitempty"`
	ProxyDepartmentID  DepartmentID              `json:"ProxyDepartmentId,omitempty"`
	Extra              Extra                     `json:"-"`
}

// DocumentSenderSignature is the signature of one document of a draft
// (Events/DiadocMessage-PostApi.proto).
type DocumentSenderSignature struct {
	ParentEntityID        EntityID               `json:"ParentEntityId"`
	Signature             []byte                 `json:"Signature,omitempty"`
	SignWithTestSignature bool                   `json:"SignWithTestSignature,omitempty"`
	PatchedContentID      string                 `json:"PatchedContentId,omitempty"`
	PowerOfAttorney       *PowerOfAttorneyToPost `json:"PowerOfAttorney,omitempty"`
	Extra                 Extra                  `json:"-"`
}

// PrepareDocumentsToSignRequest is the body of [Client.PrepareDocumentsToSign]
// (Events/DiadocMessage-PostApi.proto).
type PrepareDocumentsToSignRequest struct {
	BoxID          BoxID                  `json:"BoxId"`
	DraftDocuments []DraftDocumentToPatch `json:"DraftDocuments,omitempty"`
	Documents      []DocumentToPatch      `json:"Documents,omitempty"`
	Contents       []ContentToPatch       `json:"Contents,omitempty"`
}

// DraftDocumentToPatch is a document of a draft whose signer is to be filled in
// (Events/DiadocMessage-PostApi.proto).
type DraftDocumentToPatch struct {
	DocumentID     DocumentID       `json:"DocumentId"`
	ToBoxID        BoxID            `json:"ToBoxId,omitempty"`
	Signer         *Signer          `json:"Signer,omitempty"`
	ExtendedSigner []ExtendedSigner `json:"ExtendedSigner,omitempty"`
	SignerContent  []byte           `json:"SignerContent,omitempty"`
}

// DocumentToPatch is a document stored unsent whose signer is to be filled in
// (Events/DiadocMessage-PostApi.proto).
type DocumentToPatch struct {
	DocumentID     DocumentID       `json:"DocumentId"`
	Signer         *Signer          `json:"Signer,omitempty"`
	ExtendedSigner []ExtendedSigner `json:"ExtendedSigner,omitempty"`
	SignerContent  []byte           `json:"SignerContent,omitempty"`
}

// ContentToPatch is XML that is not in the service yet, whose signer is to be filled in
// (Events/DiadocMessage-PostApi.proto).
type ContentToPatch struct {
	TypeNamedID    string           `json:"TypeNamedId"`
	Function       string           `json:"Function"`
	Version        string           `json:"Version"`
	Content        UnsignedContent  `json:"Content"`
	ToBoxID        BoxID            `json:"ToBoxId,omitempty"`
	Signer         *Signer          `json:"Signer,omitempty"`
	ExtendedSigner []ExtendedSigner `json:"ExtendedSigner,omitempty"`
	SignerContent  []byte           `json:"SignerContent,omitempty"`
}

// PrepareDocumentsToSignResponse is the answer of [Client.PrepareDocumentsToSign]
// (Events/DiadocMessage-PostApi.proto).
type PrepareDocumentsToSignResponse struct {
	DocumentPatchedContents []DocumentPatchedContent `json:"DocumentPatchedContents,omitempty"`
	Extra                   Extra                    `json:"-"`
}

// DocumentPatchedContent is what is to be signed instead of the original
// (Events/DiadocMessage-PostApi.proto).
type DocumentPatchedContent struct {
	DocumentID       DocumentID `json:"DocumentId"`
	PatchedContentID string     `json:"PatchedContentId"`
	Content          []byte     `json:"Content,omitempty"`
	Extra            Extra      `json:"-"`
}

// TemplateToPost is the body of [Client.PostTemplate] (Events/DiadocMessage-PostApi.proto).
type TemplateToPost struct {
	FromBoxID                BoxID        `json:"FromBoxId"`
	ToBoxID                  BoxID        `json:"ToBoxId"`
	MessageFromBoxID         BoxID        `json:"MessageFromBoxId"`
	MessageToBoxID           BoxID        `json:"MessageToBoxId"`
	MessageToDepartmentID    DepartmentID `json:"MessageToDepartmentId,omitempty"`
	DocumentAttachments      []Raw        `json:"DocumentAttachments,omitempty"`
	LockMode                 LockMode     `json:"LockMode,omitempty"`
	FromDepartmentID         DepartmentID `json:"FromDepartmentId,omitempty"`
	ToDepartmentID           DepartmentID `json:"ToDepartmentId,omitempty"`
	MessageProxyBoxID        BoxID        `json:"MessageProxyBoxId,omitempty"`
	MessageProxyDepartmentID DepartmentID `json:"MessageProxyDepartmentId,omitempty"`
	IsReusable               bool         `json:"IsReusable,omitempty"`
	Extra                    Extra        `json:"-"`
}

// TemplateTransformationToPost is the body of [Client.TransformTemplateToMessage]
// (Events/DiadocMessage-PostApi.proto).
type TemplateTransformationToPost struct {
	BoxID                   BoxID     `json:"BoxId"`
	TemplateID              MessageID `json:"TemplateId"`
	DocumentTransformations []Raw     `json:"DocumentTransformations,omitempty"`
	Extra                   Extra     `json:"-"`
}
