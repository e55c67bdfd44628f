package diadoc

import "context"

// Everything here is on the service's list of what it will end. GenerateTitleXml and ParseTitleXml take the
// place of all of it. Structures are passed on as JSON.

// GenerateSenderTitleXml makes the XML of a sender's title; title.Index is not used.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateSenderTitleXml(ctx context.Context, title Title, userData []byte, disableValidation bool, editingSettingID string) (File, error) {
	q := title.query()
	delete(q, "titleIndex")
	q["disableValidation"], q["editingSettingId"] = yes(disableValidation), editingSettingID
	return c.file(ctx, "GenerateSenderTitleXml", q, userData)
}

// GenerateRecipientTitleXml makes the XML of a recipient's title; version may be empty.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateRecipientTitleXml(ctx context.Context, box BoxID, senderTitle DocumentID, version string, userData []byte) (File, error) {
	q := query{"boxId": string(box), "senderTitleMessageId": string(senderTitle.MessageID),
		"senderTitleAttachmentId": string(senderTitle.EntityID), "documentVersion": version}
	return c.file(ctx, "GenerateRecipientTitleXml", q, userData)
}

// GenerateInvoiceDocumentReceiptXml makes a receipt for an invoice.
//
// Deprecated: use [Client.GenerateReceiptXml].
func (c *Client) GenerateInvoiceDocumentReceiptXml(ctx context.Context, box BoxID, document DocumentID, signer Signer) (File, error) {
	return c.file(ctx, "GenerateInvoiceDocumentReceiptXml", attachment(box, document), signer)
}

// GenerateDocumentReceiptXml makes a receipt.
//
// Deprecated: use [Client.GenerateReceiptXml].
func (c *Client) GenerateDocumentReceiptXml(ctx context.Context, box BoxID, document DocumentID, signer Signer) (File, error) {
	return c.file(ctx, "GenerateDocumentReceiptXml", attachment(box, document), signer)
}

// GenerateInvoiceXml makes an invoice of an InvoiceInfo or InvoiceCorrectionInfo. invoiceType is Invoice,
// InvoiceRevision, InvoiceCorrection or InvoiceCorrectionRevision.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateInvoiceXml(ctx context.Context, invoiceType string, info Raw, disableValidation bool) (File, error) {
	return c.file(ctx, "GenerateInvoiceXml", query{"invoiceType": invoiceType, "disableValidation": yes(disableValidation)}, info)
}

// sellerTitle is the query of making a first title.
func sellerTitle(version string, disableValidation bool) query {
	return query{"documentVersion": version, "disableValidation": yes(disableValidation)}
}

// buyerTitle is the query of making an answer to a first title.
func buyerTitle(box BoxID, seller DocumentID) query {
	return query{"boxId": string(box), "sellerTitleMessageId": string(seller.MessageID), "sellerTitleAttachmentId": string(seller.EntityID)}
}

// GenerateTorg12XmlForSeller makes a seller's TORG-12. The version decides what info is: without one a
// Torg12SellerTitleInfo. It ends after 30 November 2026.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateTorg12XmlForSeller(ctx context.Context, version string, info Raw, disableValidation bool) (File, error) {
	return c.file(ctx, "GenerateTorg12XmlForSeller", sellerTitle(version, disableValidation), info)
}

// GenerateTorg12XmlForBuyer makes a buyer's TORG-12. It ends after 30 November 2026.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateTorg12XmlForBuyer(ctx context.Context, version string, box BoxID, seller DocumentID, info Raw) (File, error) {
	q := buyerTitle(box, seller)
	q["documentVersion"] = version
	return c.file(ctx, "GenerateTorg12XmlForBuyer", q, info)
}

// GenerateAcceptanceCertificateXmlForSeller makes a seller's act. The version decides what info is: without
// one an AcceptanceCertificateSellerTitleInfo. It ends after 30 November 2026.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateAcceptanceCertificateXmlForSeller(ctx context.Context, version string, info Raw, disableValidation bool) (File, error) {
	return c.file(ctx, "GenerateAcceptanceCertificateXmlForSeller", sellerTitle(version, disableValidation), info)
}

// GenerateAcceptanceCertificateXmlForBuyer makes a buyer's act. It ends after 30 November 2026.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateAcceptanceCertificateXmlForBuyer(ctx context.Context, version string, box BoxID, seller DocumentID, info Raw) (File, error) {
	q := buyerTitle(box, seller)
	q["documentVersion"] = version
	return c.file(ctx, "GenerateAcceptanceCertificateXmlForBuyer", q, info)
}

// GenerateUniversalTransferDocumentXmlForSeller makes a seller's UTD, or with correction a UCD.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateUniversalTransferDocumentXmlForSeller(ctx context.Context, correction bool, version string, info Raw, disableValidation bool) (File, error) {
	q := sellerTitle(version, disableValidation)
	q["correction"] = yes(correction)
	return c.file(ctx, "GenerateUniversalTransferDocumentXmlForSeller", q, info)
}

// GenerateUniversalTransferDocumentXmlForBuyer makes a buyer's UTD in the version of the first title.
//
// Deprecated: use [Client.GenerateTitleXml].
func (c *Client) GenerateUniversalTransferDocumentXmlForBuyer(ctx context.Context, box BoxID, seller DocumentID, info Raw) (File, error) {
	return c.file(ctx, "GenerateUniversalTransferDocumentXmlForBuyer", buyerTitle(box, seller), info)
}

// ParseInvoiceXml reads an invoice. It ends after 30 November 2026.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseInvoiceXml(ctx context.Context, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseInvoiceXml", nil, xml)
}

// ParseTorg12SellerTitleXml reads a seller's TORG-12. It ends after 30 November 2026.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseTorg12SellerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseTorg12SellerTitleXml", query{"documentVersion": version}, xml)
}

// ParseTorg12BuyerTitleXml reads a buyer's TORG-12. It ends after 30 November 2026.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseTorg12BuyerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseTorg12BuyerTitleXml", query{"documentVersion": version}, xml)
}

// ParseAcceptanceCertificateSellerTitleXml reads a seller's act. It ends after 30 November 2026.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseAcceptanceCertificateSellerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseAcceptanceCertificateSellerTitleXml", query{"documentVersion": version}, xml)
}

// ParseAcceptanceCertificateBuyerTitleXml reads a buyer's act. It ends after 30 November 2026.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseAcceptanceCertificateBuyerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseAcceptanceCertificateBuyerTitleXml", query{"documentVersion": version}, xml)
}

// ParseUniversalTransferDocumentSellerTitleXml reads a seller's UTD.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseUniversalTransferDocumentSellerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseUniversalTransferDocumentSellerTitleXml", query{"documentVersion": version}, xml)
}

// ParseUniversalTransferDocumentBuyerTitleXml reads a buyer's UTD.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseUniversalTransferDocumentBuyerTitleXml(ctx context.Context, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseUniversalTransferDocumentBuyerTitleXml", nil, xml)
}

// ParseUniversalCorrectionDocumentSellerTitleXml reads a seller's UCD.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseUniversalCorrectionDocumentSellerTitleXml(ctx context.Context, version string, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseUniversalCorrectionDocumentSellerTitleXml", query{"documentVersion": version}, xml)
}

// ParseUniversalCorrectionDocumentBuyerTitleXml reads a buyer's UCD.
//
// Deprecated: use [Client.ParseTitleXml].
func (c *Client) ParseUniversalCorrectionDocumentBuyerTitleXml(ctx context.Context, xml []byte) (Raw, error) {
	return ask[Raw](ctx, c, "ParseUniversalCorrectionDocumentBuyerTitleXml", nil, xml)
}
