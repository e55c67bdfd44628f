package diadocsim

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
)

func generateArea() map[string]behaviour {
	return map[string]behaviour{
		"GenerateTitleXml":                    {body: xmlBody, answer: other, box: "boxId", serve: (*call).generateTitle},
		"ParseTitleXml":                       {body: xmlBody, answer: other, box: "boxId", serve: (*call).parseTitleXML},
		"GenerateReceiptXml":                  {body: jsonBody, answer: other, box: "boxId", serve: (*call).generateReceipt},
		"GenerateInvoiceCorrectionRequestXml": {body: jsonBody, answer: other, box: "boxId", serve: (*call).generateAmendment},
		"GenerateSignatureRejectionXml":       {body: jsonBody, answer: other, box: "boxId", serve: (*call).generateRejection},
		"GenerateRevocationRequestXml":        {body: jsonBody, answer: other, box: "boxId", serve: (*call).generateRevocation},
		"GenerateUniversalMessage":            {body: xmlBody, answer: other, box: "boxId", serve: (*call).generateUniversal},
	}
}

// address is a path with a query of pairs.
func address(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + q.Encode()
}

const xmlHead = `<?xml version="1.0" encoding="windows-1251"?>`

// wellFormed checks that a body is XML, and gives the name and attributes of its root and what stands inside.
func wellFormed(data []byte) (root xml.StartElement, inner string, err error) {
	text, err := windows1251Text(data)
	if err != nil {
		return root, "", err
	}
	var all struct {
		XMLName xml.Name
		Attrs   []xml.Attr `xml:",any,attr"`
		Inner   string     `xml:",innerxml"`
	}
	if err := xml.Unmarshal([]byte(text), &all); err != nil {
		return root, "", bad("Invalid data UserContractData: %s", err)
	}
	return xml.StartElement{Name: all.XMLName, Attr: all.Attrs}, all.Inner, nil
}

// windows1251Text gives XML as UTF-8 without its declaration, in whichever of the two charsets it comes.
func windows1251Text(data []byte) (string, error) {
	text := string(data)
	if head, _, ok := strings.Cut(text, "?>"); ok && strings.Contains(strings.ToLower(head), "windows-1251") {
		var out strings.Builder
		for _, b := range data {
			out.WriteRune(rune1251(b))
		}
		text = out.String()
	}
	if _, rest, ok := strings.Cut(text, "?>"); ok {
		text = rest
	}
	if strings.TrimSpace(text) == "" {
		return "", bad("Invalid data UserContractData: the XML is empty")
	}
	return text, nil
}

func escaped(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // into memory
	return out.String()
}

// generateTitle wraps the user data into a title: the simulator knows no schema, so that the data comes back from
// ParseTitleXml as it was. Number and date are taken from the attributes DocumentNumber and DocumentDate.
func (c *call) generateTitle() (reply, error) {
	v, err := c.theVersion("documentTypeNamedId", "documentFunction", "documentVersion")
	if err != nil {
		return reply{}, err
	}
	index, err := c.number("titleIndex", 0, 0, 1)
	if err != nil {
		return reply{}, err
	}
	if index > 0 {
		if c.arg("letterId") == "" || c.arg("documentId") == "" {
			return reply{}, bad("letterId and documentId are required for titleIndex %d", index)
		}
		if _, err := c.document(c.arg("letterId"), c.arg("documentId")); err != nil {
			return reply{}, err
		}
	}
	root, inner, err := wellFormed(c.body)
	if err != nil {
		return reply{}, err
	}
	id := strings.ToUpper(v.name) + "_" + c.box.INN + "_" + newGUID()
	var attrs strings.Builder
	number, date := "", ""
	for _, a := range root.Attr {
		attrs.WriteString(" " + a.Name.Local + `="` + escaped(a.Value) + `"`)
		switch a.Name.Local {
		case "DocumentNumber":
			number = a.Value
		case "DocumentDate":
			date = a.Value
		}
	}
	file := xmlHead + `<Файл ИдФайл="` + id + `"><Документ НомерДок="` + escaped(number) + `" ДатаДок="` + escaped(date) + `"/><` + root.Name.Local + attrs.String() + `>` +
		inner + `</` + root.Name.Local + `></Файл>`
	return fileReply("application/xml", id+".xml", to1251(file)), nil
}

// parseTitleXML is the inverse: it answers the user data that stands in a generated title.
func (c *call) parseTitleXML() (reply, error) {
	if _, err := c.theVersion("documentTypeNamedId", "documentFunction", "documentVersion"); err != nil {
		return reply{}, err
	}
	if _, err := c.number("titleIndex", 0, 0, 1); err != nil {
		return reply{}, err
	}
	if _, err := parseTitle(c.body); err != nil {
		return reply{}, err
	}
	_, inner, err := wellFormed(c.body)
	if err != nil {
		return reply{}, err
	}
	if _, rest, ok := strings.Cut(inner, "/>"); ok && strings.HasPrefix(inner, "<Документ ") {
		return bytesReply("application/xml", []byte(rest)), nil
	}
	return reply{}, bad("Invalid data: the title was not made by GenerateTitleXml, and diadocsim has no schemas")
}

// notice is a generated service file with what it is about.
func notice(kind, text string, d *document) reply {
	id := kind + "_" + newGUID()
	return fileReply("application/xml", id+".xml", to1251(xmlHead+`<Файл ИдФайл="`+id+`"><Документ Ид="`+d.e.id+`"><Текст>`+escaped(text)+`</Текст></Документ></Файл>`))
}

func (c *call) generateReceipt() (reply, error) {
	var body struct {
		MessageId     string `dia:"req"`
		AttachmentId  string `dia:"req"`
		SignerContent []byte `dia:"req"`
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	return c.receiptFor(body.MessageId, body.AttachmentId)
}

func (c *call) receiptFor(messageID, attachmentID string) (reply, error) {
	d, err := c.attached(messageID, attachmentID)
	if err != nil {
		return reply{}, err
	}
	if d.receipt != receiptDue && d.answerReceipt != receiptDue {
		return reply{}, conflict("Document %s does not wait for a receipt", d.e.id)
	}
	return notice("DP_IZVPOL", "", d), nil
}

// attached finds the document of an attachment, which may be the document itself, its title or a request.
func (c *call) attached(messageID, id string) (*document, error) {
	m := c.messages[strings.ToLower(messageID)]
	if m == nil || !m.sees(c.box) {
		return nil, refuse(http.StatusNotFound, "Message %s is not found in Box %s", messageID, c.box.id)
	}
	e := m.entity(id)
	if e == nil || !e.visible(c.box) || m.documentOf(e) == nil {
		return nil, refuse(http.StatusNotFound, "Entity %s is not found in message %s", id, messageID)
	}
	return m.documentOf(e), nil
}

func (c *call) generateAmendment() (reply, error) {
	var body struct {
		ErrorMessage  string `dia:"req"`
		MessageId     string `dia:"req"`
		AttachmentId  string `dia:"req"`
		SignerContent []byte `dia:"req"`
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	d, err := c.attached(body.MessageId, body.AttachmentId)
	if err != nil {
		return reply{}, err
	}
	if c.box == d.m.from || !d.version.formal {
		return reply{}, conflict("Document %s takes no amendment request from you", d.e.id)
	}
	return notice("DP_UVUTOCH", body.ErrorMessage, d), nil
}

func (c *call) generateRejection() (reply, error) {
	var body struct {
		ErrorMessage  string `dia:"max=5000"`
		MessageId     string `dia:"req"`
		AttachmentId  string `dia:"req"`
		SignerContent []byte `dia:"req"`
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	d, err := c.attached(body.MessageId, body.AttachmentId)
	if err != nil {
		return reply{}, err
	}
	revoking := d.revocationID == strings.ToLower(body.AttachmentId) && d.revocation == revocationRequested
	if !revoking && d.response != waitingForRecipient && d.response != recipientInvalid && d.proxySignature != proxyWaiting {
		return reply{}, conflict("Document %s waits for nobody's signature", d.e.id)
	}
	return notice("DP_OTKPODP", body.ErrorMessage, d), nil
}

func (c *call) generateRevocation() (reply, error) {
	var body struct {
		Comment string `dia:"max=2000"`
		Signer  *signerForm
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if kind := c.arg("contentTypeId"); kind != "" && kind != "revocation_request_01" && kind != "revocation_request_02" {
		return reply{}, bad("contentTypeId %q is unknown", kind)
	}
	d, err := c.attached(c.arg("messageId"), c.arg("attachmentId"))
	if err != nil {
		return reply{}, err
	}
	if !d.m.sentOn || d.revocation == revocationRequested || d.revocation == revocationAccepted {
		return reply{}, conflict("Document %s can't be revoked now", d.e.id)
	}
	return notice("DP_PRANNUL", body.Comment, d), nil
}

func (c *call) generateUniversal() (reply, error) {
	d, err := c.attached(c.arg("messageId"), c.arg("attachmentId"))
	if err != nil {
		return reply{}, err
	}
	_, inner, err := wellFormed(c.body)
	if err != nil {
		return reply{}, err
	}
	return notice("DP_US", inner, d), nil
}
