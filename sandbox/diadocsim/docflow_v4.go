package diadocsim

import "strings"

// twoParties is DocumentParticipants of the versions before V5.
func (c *call) twoParties(d *document) object {
	party := func(b *box) object {
		return object{"BoxId": c.boxID(b.id), "DepartmentId": d.place(b).department, "IsRoaming": b.Roaming}
	}
	out := object{"Sender": party(d.m.from), "IsInternal": d.m.internal, "IsCrossBorder": false}
	if d.m.proxy != nil {
		out["Proxy"] = party(d.m.proxy)
	}
	if d.m.to != nil {
		out["Recipient"] = party(d.m.to)
	}
	return out
}

// docflowV4 is the docflow of two parties. V3 is the same without universal messages.
func (c *call) docflowV4(d *document, v view) object {
	sender := object{"IsFinished": d.senderSignature == senderValid, "Attachment": c.signedAttachment(d, d.e, v), "SenderSignatureStatus": d.senderSignature}
	c.times(d, sender)
	out := object{"SenderTitle": sender, "DocflowStatus": c.docflowStatus(c.box, d), "OuterDocflows": []object{}, "OuterDocflowEntities": []object{}}
	for _, e := range c.under(d, d.e.id, "InvoiceConfirmation") {
		out["Confirmation"] = object{"IsFinished": true, "ConfirmationAttachment": c.signedAttachment(d, e, v), "ConfirmedAt": c.timestamp(e.at)}
	}
	if d.m.proxy != nil {
		words := map[string]string{proxyWaiting: waitingForRecipient, proxySigned: withRecipient, proxyRejected: recipientRejected, proxyInvalid: recipientInvalid}
		out["ProxyResponse"] = c.responseV4(d, d.m.proxy, words[d.proxySignature], v)
	}
	if d.m.to != nil && !d.m.internal {
		response := c.responseV4(d, d.m.to, d.response, v)
		if e := d.answerEntity(); e != nil {
			response["Title"] = c.signedAttachment(d, e, v)
		}
		out["RecipientResponse"] = response
		c.receiptsV4(d, out, v)
	}
	if list := c.amendments(d, v); len(list) > 0 {
		out["AmendmentRequest"] = list[len(list)-1]
	}
	if status := d.place(c.box).resolution; status != "None" {
		out["Resolution"] = object{"IsFinished": resolutionFinished(status), "ParentEntityId": d.e.id, "ResolutionStatus": docflowResolution(status)}
	}
	if d.revoker != nil {
		revocation := object{"IsFinished": d.revocation != revocationRequested, "RevocationRequest": c.revocationRequest(d, v),
			"InitiatorBoxId": c.boxID(d.revoker.id), "RevocationStatus": d.revocationStatus(c.box), "OuterDocflowEntities": []object{}}
		if answer := c.revocationAnswer(d, v); len(answer) > 0 {
			revocation["RevocationResponse"] = answer
		}
		out["Revocation"] = revocation
	}
	if strings.HasSuffix(c.op.name, "V3") {
		withoutUniversal(out)
	}
	return out
}

func (c *call) times(d *document, into object) {
	if d.sent != 0 {
		into["SentAt"] = c.timestamp(d.sent)
	}
	if d.arrived != 0 {
		into["DeliveredAt"] = c.timestamp(d.arrived)
	}
}

func (c *call) responseV4(d *document, side *box, status string, v view) object {
	out := c.answerParts(d, side, v)
	out["IsFinished"], out["ResponseStatus"] = status != waitingForRecipient && status != recipientInvalid, status
	return out
}

func (c *call) receiptsV4(d *document, out object, v view) {
	theirs := object{"IsFinished": d.receipt != receiptDue, "Status": receiptStatus(d.receipt, c.box != d.m.from)}
	c.receiptParts(d, d.e.id, d.m.to, theirs, v)
	out["RecipientReceipt"] = theirs
	if e := d.answerEntity(); e != nil {
		ours := object{"IsFinished": d.answerReceipt != receiptDue, "Status": receiptStatus(d.answerReceipt, c.box == d.m.from)}
		c.receiptParts(d, e.id, d.m.from, ours, v)
		out["SenderReceipt"] = ours
	}
}

// withoutUniversal takes the fields of universal messages out of a structure and of what it holds.
func withoutUniversal(o object) {
	delete(o, "UniversalMessage")
	for _, part := range o {
		if inner, ok := part.(object); ok {
			withoutUniversal(inner)
		}
	}
}
