package diadoc

import "context"

// TitleOptions tunes [Client.GenerateTitleXml]; the zero value is for a sender's title.
type TitleOptions struct {
	// LetterID and DocumentID name the document that is answered; any title but the sender's needs them.
	LetterID          MessageID
	DocumentID        EntityID
	DisableValidation bool
	EditingSettingID  string
}

// GenerateTitleXml makes the XML of a title from the user's part of it. Sign and send the bytes as they are.
func (c *Client) GenerateTitleXml(ctx context.Context, title Title, userData []byte, o TitleOptions) (File, error) {
	if title.Index > 0 && (o.LetterID == "" || o.DocumentID == "") {
		return File{}, &CallError{"GenerateTitleXml", "letterId", Text{"и documentId обязательны для титула с номером больше 0", "and documentId are required for titleIndex above 0"}}
	}
	q := title.query()
	q["disableValidation"], q["editingSettingId"] = yes(o.DisableValidation), o.EditingSettingID
	q["letterId"], q["documentId"] = string(o.LetterID), string(o.DocumentID)
	return c.file(ctx, "GenerateTitleXml", q, userData)
}

// ParseTitleXml reads the user's part of a title.
func (c *Client) ParseTitleXml(ctx context.Context, title Title, xml []byte) (File, error) {
	return c.file(ctx, "ParseTitleXml", title.query(), xml)
}

// GenerateReceiptXml makes a receipt, for MessagePatchToPostV2.Receipts.
func (c *Client) GenerateReceiptXml(ctx context.Context, box BoxID, request ReceiptGenerationRequestV2) (File, error) {
	return c.file(ctx, "GenerateReceiptXml", query{"boxId": string(box)}, request)
}

// GenerateInvoiceCorrectionRequestXml makes an amendment request, for
// MessagePatchToPostV2.CorrectionRequests.
func (c *Client) GenerateInvoiceCorrectionRequestXml(ctx context.Context, box BoxID, request InvoiceCorrectionRequestGenerationRequestV2) (File, error) {
	return c.file(ctx, "GenerateInvoiceCorrectionRequestXml", query{"boxId": string(box)}, request)
}

// GenerateSignatureRejectionXml makes a refusal, for MessagePatchToPostV2.XMLSignatureRejections.
func (c *Client) GenerateSignatureRejectionXml(ctx context.Context, box BoxID, request SignatureRejectionGenerationRequestV2) (File, error) {
	return c.file(ctx, "GenerateSignatureRejectionXml", query{"boxId": string(box)}, request)
}

// Formats of a revocation request.
const (
	RevocationRequest01 = "revocation_request_01"
	RevocationRequest02 = "revocation_request_02"
)

// GenerateRevocationRequestXml makes a request to revoke a document, for
// MessagePatchToPostV2.RevocationRequests. contentType is a format such as [RevocationRequest02], or empty.
func (c *Client) GenerateRevocationRequestXml(ctx context.Context, box BoxID, document DocumentID, contentType string, request RevocationRequestToGenerate) (File, error) {
	q := attachment(box, document)
	q["contentTypeId"] = contentType
	return c.file(ctx, "GenerateRevocationRequestXml", q, request)
}

func attachment(box BoxID, document DocumentID) query {
	return query{"boxId": string(box), "messageId": string(document.MessageID), "attachmentId": string(document.EntityID)}
}

// GenerateUniversalMessage makes a universal message about a document, for
// MessagePatchToPostV2.UniversalMessages.
func (c *Client) GenerateUniversalMessage(ctx context.Context, box BoxID, document DocumentID, userContract []byte) (File, error) {
	return c.file(ctx, "GenerateUniversalMessage", attachment(box, document), userContract)
}

// ParseUniversalMessage reads the user's part of a universal message in the box. It may fail while a document
// type changes over to universal messages.
func (c *Client) ParseUniversalMessage(ctx context.Context, box BoxID, message DocumentID) (File, error) {
	return c.file(ctx, "ParseUniversalMessage", attachment(box, message), nil)
}

// ParseUniversalMessageXml reads the user's part of a universal message.
func (c *Client) ParseUniversalMessageXml(ctx context.Context, xml []byte) (File, error) {
	return c.file(ctx, "ParseUniversalMessageXml", nil, xml)
}

// GenerateTtGisFixationCancellationRequest makes a request about a transport document.
func (c *Client) GenerateTtGisFixationCancellationRequest(ctx context.Context, box BoxID, document DocumentID) (File, error) {
	return c.file(ctx, "GenerateTtGisFixationCancellationRequest", documentQuery(box, document), nil)
}

// documentQuery names a document where the parameter is called documentId.
func documentQuery(box BoxID, document DocumentID) query {
	return query{"boxId": string(box), "messageId": string(document.MessageID), "documentId": string(document.EntityID)}
}

// ParseRevocationRequestXml reads a request to revoke a document.
func (c *Client) ParseRevocationRequestXml(ctx context.Context, xml []byte) (RevocationRequestToGenerate, error) {
	return ask[RevocationRequestToGenerate](ctx, c, "ParseRevocationRequestXml", nil, xml)
}

// ParseSignatureRejectionXml reads a refusal; the answer is a SignatureRejectionInfo.
func (c *Client) ParseSignatureRejectionXml(ctx context.Context, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseSignatureRejectionXml", nil, xml)
}

// GetInvoiceCorrectionRequestInfo reads an amendment request in the box; the answer is an
// InvoiceCorrectionRequestInfo.
//
// Errors: [ErrNotFound]; [ErrConflict] when its content cannot be parsed.
func (c *Client) GetInvoiceCorrectionRequestInfo(ctx context.Context, box BoxID, request DocumentID) (Raw, error) {
	return ask[Raw](ctx, c, "GetInvoiceCorrectionRequestInfo", entityQuery(box, request), nil)
}

// entityQuery names an entity.
func entityQuery(box BoxID, entity DocumentID) query {
	return query{"boxId": string(box), "messageId": string(entity.MessageID), "entityId": string(entity.EntityID)}
}
