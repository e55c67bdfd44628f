package diadocsim

import (
	"encoding/xml"
	"net/http"
	"strings"
)

// parseArea reads what the simulator itself generates, and has the older forms of generating.
func parseArea() map[string]behaviour {
	return map[string]behaviour{
		"GenerateSenderTitleXml":    {body: xmlBody, answer: other, box: "boxId", serve: (*call).generateSenderTitle},
		"GenerateRecipientTitleXml": {body: xmlBody, answer: other, box: "boxId", serve: (*call).generateRecipientTitle},
		"GenerateInvoiceDocumentReceiptXml": {body: jsonBody, answer: other, box: "boxId", serve: func(c *call) (reply, error) {
			return c.generateOldReceipt()
		}},
		"GenerateDocumentReceiptXml": {body: jsonBody, answer: other, box: "boxId", serve: func(c *call) (reply, error) {
			return c.generateOldReceipt()
		}},
		"GenerateTtGisFixationCancellationRequest": {answer: other, box: "boxId", serve: (*call).cancelFixation},
		"ParseUniversalMessage":                    {answer: other, box: "boxId", serve: (*call).parseUniversalEntity},
		"ParseUniversalMessageXml":                 {body: xmlBody, answer: other, serve: func(c *call) (reply, error) { return parseUniversal(c.body) }},
		"ParseRevocationRequestXml":                {body: xmlBody, serve: (*call).parseRevocation},
		"ParseSignatureRejectionXml":               {body: xmlBody, serve: (*call).parseRejection},
		"GetInvoiceCorrectionRequestInfo":          {box: "boxId", serve: (*call).getAmendmentInfo},
	}
}

// noticeText takes the text out of a generated service file.
func noticeText(data []byte) (string, error) {
	text, err := windows1251Text(data)
	if err != nil {
		return "", err
	}
	var file struct {
		XMLName xml.Name `xml:"Файл"`
		Inside  string   `xml:"Документ>Текст"`
		Text    string   `xml:"Текст"`
	}
	if err := xml.Unmarshal([]byte(text), &file); err != nil {
		return "", bad("Invalid data: %s", err)
	}
	return file.Inside + file.Text, nil
}

// textOf is the text of a service file; empty where there is none.
func textOf(data []byte) string {
	text, err := noticeText(data)
	if err != nil && len(data) < 5000 && !strings.HasPrefix(string(data), "<") {
		return string(data) // the obsolete free text
	}
	return text
}

func (c *call) generateSenderTitle() (reply, error) {
	c.query.Set("titleIndex", "0")
	return c.generateTitle()
}

// generateRecipientTitle takes type and function from the sender's title, and the version too when none is given.
func (c *call) generateRecipientTitle() (reply, error) {
	d, err := c.document(c.arg("senderTitleMessageId"), c.arg("senderTitleAttachmentId"))
	if err != nil {
		return reply{}, err
	}
	if c.arg("documentVersion") == "" {
		c.query.Set("documentVersion", d.version.name)
	}
	for name, value := range map[string]string{"documentTypeNamedId": d.kind.name, "documentFunction": d.function, "titleIndex": "1",
		"letterId": d.m.id, "documentId": d.e.id} {
		c.query.Set(name, value)
	}
	return c.generateTitle()
}

func (c *call) generateOldReceipt() (reply, error) {
	var signer signerForm
	if err := c.read(&signer); err != nil {
		return reply{}, err
	}
	return c.receiptFor(c.arg("messageId"), c.arg("attachmentId"))
}

// cancelFixation is for transport documents, of which the simulator has none.
func (c *call) cancelFixation() (reply, error) {
	d, err := c.wanted()
	if err != nil {
		return reply{}, err
	}
	return reply{}, conflict("Document %s is no transport document", d.e.id)
}

func parseUniversal(data []byte) (reply, error) {
	text, err := noticeText(data)
	if err != nil {
		return reply{}, err
	}
	return bytesReply("application/xml", []byte(text)), nil
}

func (c *call) parseUniversalEntity() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	e := m.entity(c.arg("attachmentId"))
	if e == nil || !e.visible(c.box) {
		return reply{}, refuse(http.StatusNotFound, "Entity %s is not found", c.arg("attachmentId"))
	}
	if e.kind != "UniversalMessage" {
		return reply{}, conflict("Entity %s is no universal message", e.id)
	}
	out, err := parseUniversal(e.content)
	if err != nil {
		return reply{}, conflict("Content of %s could not be parsed", e.id)
	}
	return out, nil
}

func (c *call) parseRevocation() (reply, error) {
	text, err := noticeText(c.body)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(object{"Comment": text}), nil
}

// parseRejection: SignatureRejectionInfo is not described; the text has the name that the request to generate has.
func (c *call) parseRejection() (reply, error) {
	text, err := noticeText(c.body)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(object{"ErrorMessage": text}), nil
}

// getAmendmentInfo: InvoiceCorrectionRequestInfo is not described; as parseRejection.
func (c *call) getAmendmentInfo() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	e := m.entity(c.arg("entityId"))
	if e == nil || !e.visible(c.box) || e.kind != "InvoiceCorrectionRequest" {
		return reply{}, refuse(http.StatusNotFound, "Amendment request %s is not found", c.arg("entityId"))
	}
	text, err := noticeText(e.content)
	if err != nil {
		return reply{}, conflict("Content of %s could not be parsed", e.id)
	}
	return jsonReply(object{"ErrorMessage": text}), nil
}
