package diadoc

// MessagePatchToPostV2 is the body of [Client.PostMessagePatch]: everything that one box does to one
// message at once (Events/DiadocMessage-PostApi.proto).
type MessagePatchToPostV2 struct {
	BoxID                                BoxID                                           `json:"BoxId"` // of who acts
	MessageID                            MessageID                                       `json:"MessageId"`
	Receipts                             []ReceiptAttachment                             `json:"Receipts,omitempty"`
	CorrectionRequests                   []CorrectionRequestAttachment                   `json:"CorrectionRequests,omitempty"` // amendment requests
	Signatures                           []DocumentSignature                             `json:"Signatures,omitempty"`
	Resolutions                          []ResolutionAttachment                          `json:"Resolutions,omitempty"`
	ResolutionRequests                   []ResolutionRequestAttachment                   `json:"ResolutionRequests,omitempty"`
	ResolutionRequestCancellations       []ResolutionRequestCancellationAttachment       `json:"ResolutionRequestCancellations,omitempty"`
	ResolutionRequestDenials             []ResolutionRequestDenialAttachment             `json:"ResolutionRequestDenials,omitempty"`
	ResolutionRequestDenialCancellations []ResolutionRequestDenialCancellationAttachment `json:"ResolutionRequestDenialCancellations,omitempty"`
	RevocationRequests                   []RevocationRequestAttachment                   `json:"RevocationRequests,omitempty"`
	XMLSignatureRejections               []XMLSignatureRejectionAttachment               `json:"XmlSignatureRejections,omitempty"` // refuse a document or a revocation
	CustomDataPatches                    []CustomDataPatch                               `json:"CustomDataPatches,omitempty"`      // at most 15
	ResolutionRouteAssignments           []ResolutionRouteAssignment                     `json:"ResolutionRouteAssignments,omitempty"`
	SignatureVerifications               []SignatureVerification                         `json:"SignatureVerifications,omitempty"`
	EditDocumentPacketCommands           []EditDocumentPacketCommand                     `json:"EditDocumentPacketCommands,omitempty"`
	ResolutionRouteRemovals              []ResolutionRouteRemoval                        `json:"ResolutionRouteRemovals,omitempty"`
	RecipientTitles                      []RecipientTitleAttachment                      `json:"RecipientTitles,omitempty"` // answers by a title
	EditingPatches                       []EditingPatch                                  `json:"EditingPatches,omitempty"`
	UniversalMessages                    []UniversalMessageAttachment                    `json:"UniversalMessages,omitempty"`
	TtGisFixationCancellationRequests    []Raw                                           `json:"TtGisFixationCancellationRequests,omitempty"`
	Extra                                Extra                                           `json:"-"`
}

// MessagePatchToPost is the body of [Client.PostMessagePatchV3]: without universal messages, but with
// refusals in free text (Events/DiadocMessage-PostApi.proto).
//
// Deprecated: use [MessagePatchToPostV2].
type MessagePatchToPost struct {
	BoxID                                BoxID                                           `json:"BoxId"` // of who acts
	MessageID                            MessageID                                       `json:"MessageId"`
	Receipts                             []ReceiptAttachment                             `json:"Receipts,omitempty"`
	CorrectionRequests                   []CorrectionRequestAttachment                   `json:"CorrectionRequests,omitempty"`
	Signatures                           []DocumentSignature                             `json:"Signatures,omitempty"`
	RequestedSignatureRejections         []RequestedSignatureRejection                   `json:"RequestedSignatureRejections,omitempty"`
	XMLTorg12BuyerTitles                 []RecipientTitleAttachment                      `json:"XmlTorg12BuyerTitles,omitempty"`                 // use RecipientTitles
	XMLAcceptanceCertificateBuyerTitles  []RecipientTitleAttachment                      `json:"XmlAcceptanceCertificateBuyerTitles,omitempty"`  // use RecipientTitles
	UniversalTransferDocumentBuyerTitles []RecipientTitleAttachment                      `json:"UniversalTransferDocumentBuyerTitles,omitempty"` // use RecipientTitles
	Resolutions                          []ResolutionAttachment                          `json:"Resolutions,omitempty"`
	ResolutionRequests                   []ResolutionRequestAttachment                   `json:"ResolutionRequests,omitempty"`
	ResolutionRequestCancellations       []ResolutionRequestCancellationAttachment       `json:"ResolutionRequestCancellations,omitempty"`
	ResolutionRequestDenials             []ResolutionRequestDenialAttachment             `json:"ResolutionRequestDenials,omitempty"`
	ResolutionRequestDenialCancellations []ResolutionRequestDenialCancellationAttachment `json:"ResolutionRequestDenialCancellations,omitempty"`
	RevocationRequests                   []RevocationRequestAttachment                   `json:"RevocationRequests,omitempty"`
	XMLSignatureRejections               []XMLSignatureRejectionAttachment               `json:"XmlSignatureRejections,omitempty"`
	CustomDataPatches                    []CustomDataPatch                               `json:"CustomDataPatches,omitempty"`
	ResolutionRouteAssignments           []ResolutionRouteAssignment                     `json:"ResolutionRouteAssignments,omitempty"`
	SignatureVerifications               []SignatureVerification                         `json:"SignatureVerifications,omitempty"`
	EditDocumentPacketCommands           []EditDocumentPacketCommand                     `json:"EditDocumentPacketCommands,omitempty"`
	ResolutionRouteRemovals              []ResolutionRouteRemoval                        `json:"ResolutionRouteRemovals,omitempty"`
	RecipientTitles                      []RecipientTitleAttachment                      `json:"RecipientTitles,omitempty"`
	EditingPatches                       []EditingPatch                                  `json:"EditingPatches,omitempty"`
	TtGisFixationCancellationRequests    []Raw                                           `json:"TtGisFixationCancellationRequests,omitempty"`
	Extra                                Extra                                           `json:"-"`
}
