package diadoc

// ReceiptGenerationRequestV2 is the body of [Client.GenerateReceiptXml]
// (Invoicing/ReceiptGenerationRequest.proto).
type ReceiptGenerationRequestV2 struct {
	MessageID     MessageID `json:"MessageId"`
	AttachmentID  EntityID  `json:"AttachmentId"`
	SignerContent []byte    `json:"SignerContent"`
}

// InvoiceCorrectionRequestGenerationRequestV2 is the body of
// [Client.GenerateInvoiceCorrectionRequestXml] (Invoicing/InvoiceCorrectionRequestInfo.proto).
type InvoiceCorrectionRequestGenerationRequestV2 struct {
	ErrorMessage  string    `json:"ErrorMessage"`
	MessageID     MessageID `json:"MessageId"`
	AttachmentID  EntityID  `json:"AttachmentId"`
	SignerContent []byte    `json:"SignerContent"`
}

// SignatureRejectionGenerationRequestV2 is the body of [Client.GenerateSignatureRejectionXml]
// (Invoicing/SignatureRejectionInfo.proto).
type SignatureRejectionGenerationRequestV2 struct {
	ErrorMessage  string    `json:"ErrorMessage,omitempty"`
	MessageID     MessageID `json:"MessageId"`
	AttachmentID  EntityID  `json:"AttachmentId"`
	SignerContent []byte    `json:"SignerContent"`
}

// RevocationRequestToGenerate is the body of [Client.GenerateRevocationRequestXml]
// (RevocationRequestInfo on the wire, but another structure than [RevocationRequestInfo]);
// Invoicing/RevocationRequestInfo.proto.
type RevocationRequestToGenerate struct {
	Comment string  `json:"Comment,omitempty"`
	Signer  *Signer `json:"Signer,omitempty"`
	Extra   Extra   `json:"-"`
}

// Signer is who signs: a certificate with or without details (Invoicing/Signer.proto).
type Signer struct {
	SignerCertificate           []byte         `json:"SignerCertificate,omitempty"`
	SignerDetails               *SignerDetails `json:"SignerDetails,omitempty"`
	SignerCertificateThumbprint string         `json:"SignerCertificateThumbprint,omitempty"`
	Extra                       Extra          `json:"-"`
}

// SignerDetails are the details of a signer (Invoicing/Signer.proto).
type SignerDetails struct {
	Surname                               string `json:"Surname"`
	FirstName                             string `json:"FirstName"`
	Patronymic                            string `json:"Patronymic,omitempty"`
	JobTitle                              string `json:"JobTitle,omitempty"`
	INN                                   string `json:"Inn,omitempty"`
	SoleProprietorRegistrationCertificate string `json:"SoleProprietorRegistrationCertificate,omitempty"`
	Extra                                 Extra  `json:"-"`
}

// ExtendedSigner is who signs, with the details that the newer formats want
// (Invoicing/ExtendedSigner.proto).
type ExtendedSigner struct {
	BoxID                       BoxID                  `json:"BoxId,omitempty"`
	SignerCertificate           []byte                 `json:"SignerCertificate,omitempty"`
	SignerCertificateThumbprint string                 `json:"SignerCertificateThumbprint,omitempty"`
	SignerDetails               Raw                    `json:"SignerDetails,omitempty"`
	PowerOfAttorney             *PowerOfAttorneyToPost `json:"PowerOfAttorney,omitempty"`
	Extra                       Extra                  `json:"-"`
}
