package diadocsim

// The parts that docflows of all versions have.

func (c *call) shortEntity(e *entity, v view) object {
	return object{"EntityId": e.id, "CreationTimestamp": c.timestamp(e.at), "Content": contentObject(e.content, v)}
}

func (c *call) attachmentObject(e *entity, v view) object {
	return object{"Entity": c.shortEntity(e, v), "AttachmentFilename": e.file, "DisplayFilename": e.file}
}

func (c *call) signedAttachment(d *document, e *entity, v view) object {
	out := object{"ContentTypeId": d.kind.name, "Attachment": c.attachmentObject(e, v)}
	for _, one := range d.m.entities {
		if one.signature && one.parent == e.id && one.by == e.by && !one.approvement {
			out["Signature"] = c.signatureV3(one, v)
		}
	}
	return out
}

func (c *call) signatureV3(e *entity, v view) object {
	signer := ""
	if e.by != nil {
		signer = e.by.id
	}
	return object{"Cms": c.shortEntity(e, v), "SignerBoxId": c.boxID(signer), "SignerDepartmentId": headDepartment, "IsValid": e.valid,
		"DeliveredAt": c.timestamp(e.at)}
}

// under lists what hangs under an entity of a document and the caller sees, by kind; "" is a signature.
func (c *call) under(d *document, parent, kind string) []*entity {
	var out []*entity
	for _, e := range d.m.entities {
		if e.parent == parent && e.visible(c.box) && e.kind == kind && !e.approvement {
			out = append(out, e)
		}
	}
	return out
}

// universalUnder finds a universal message of a group under an entity; versions before V4 have none.
func (c *call) universalUnder(d *document, parent, group string, v view) (object, *entity) {
	for _, e := range c.under(d, parent, "UniversalMessage") {
		info, _ := e.extra["UniversalMessageInfo"].(object)
		if info["CodeGroup"] != group || info["IsOutOfWorkflow"] == true {
			continue
		}
		return object{"Attachment": c.attachmentObject(e, v), "MessageInfo": info, "ContentTypeId": "universal_message", "IsRead": true}, e
	}
	return nil, nil
}

// answerParts are a side's signature under the document, or its refusal.
func (c *call) answerParts(d *document, side *box, v view) object {
	out := object{}
	for _, e := range c.under(d, d.e.id, "") {
		if e.by == side {
			out["Signature"] = c.signatureV3(e, v)
		}
	}
	for _, kind := range []string{"XmlSignatureRejection", "SignatureRequestRejection"} {
		for _, e := range c.under(d, d.e.id, kind) {
			if e.by == side {
				out["Rejection"] = object{"SignatureRejection": c.signedAttachment(d, e, v), "IsFormal": kind == "XmlSignatureRejection", "PlainText": textOf(e.content)}
			}
		}
	}
	if message, e := c.universalUnder(d, d.e.id, "Rejection", v); message != nil && e.by == side {
		out["Rejection"] = object{"IsFormal": true, "UniversalMessage": message}
	}
	return out
}

// receiptParts adds a side's receipt under an entity.
func (c *call) receiptParts(d *document, parent string, side *box, into object, v view) {
	for _, kind := range []string{"Receipt", "InvoiceReceipt"} {
		for _, e := range c.under(d, parent, kind) {
			if e.by == side {
				into["ReceiptAttachment"], into["SentAt"] = c.signedAttachment(d, e, v), c.timestamp(e.at)
			}
		}
	}
	if message, e := c.universalUnder(d, parent, "Receipt", v); message != nil && e.by == side {
		into["UniversalMessage"] = message
	}
}

// amendments are the requests for a corrected document, without who asks.
func (c *call) amendments(d *document, v view) []object {
	out := []object{}
	for _, e := range c.under(d, d.e.id, "InvoiceCorrectionRequest") {
		out = append(out, object{"IsFinished": true, "AmendmentRequest": c.signedAttachment(d, e, v), "SentAt": c.timestamp(e.at),
			"AmendmentFlags": d.amended, "PlainText": textOf(e.content)})
	}
	if message, _ := c.universalUnder(d, d.e.id, "AmendmentRequest", v); message != nil {
		out = append(out, object{"IsFinished": true, "AmendmentFlags": d.amended, "UniversalMessage": message})
	}
	return out
}

func (c *call) revocationRequest(d *document, v view) object {
	e := d.m.entity(d.revocationID)
	return object{"RevocationRequest": c.signedAttachment(d, e, v), "SentAt": c.timestamp(e.at), "PlainText": textOf(e.content)}
}

// revocationAnswer is the other side's consent or refusal, empty while there is none.
func (c *call) revocationAnswer(d *document, v view) object {
	out := object{}
	for _, e := range c.under(d, d.revocationID, "") {
		if e.by != d.revoker {
			out["RecipientSignature"] = c.signatureV3(e, v)
		}
	}
	for _, e := range c.under(d, d.revocationID, "XmlSignatureRejection") {
		out["SignatureRejection"] = object{"SignatureRejection": c.signedAttachment(d, e, v), "IsFormal": true, "PlainText": textOf(e.content)}
	}
	return out
}

// docflowResolution is the word of the docflow's own enumeration, which is another than the document's.
func docflowResolution(word string) string {
	switch word {
	case "SignatureRequested":
		return "PrimarySignatureRequested"
	case "SignatureDenied":
		return "SignatureRequestRejected"
	}
	return word
}

func resolutionFinished(word string) bool {
	return word == "Approved" || word == "Disapproved" || word == "None"
}
