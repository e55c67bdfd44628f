package diadocsim

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxInvalid is how many invalid signatures an entity takes in a day.
const maxInvalid = 3

// sign is the sender's signature, the recipient's, the proxy's, an internal approval, or consent to a revocation.
func (p *patching) sign(part *documentSignature) error {
	if err := p.need(signDocuments); err != nil {
		return err
	}
	if err := part.PowerOfAttorney.check(); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	file, newContent, err := p.patchedFile(part.PatchedContentId, e)
	if err != nil {
		return err
	}
	signature, err := p.signatureOf("Signatures", part.Signature, part.SignatureNameOnShelf, part.SignWithTestSignature, file)
	if err != nil {
		return err
	}
	if signature == nil {
		return bad("Signatures: a signature is required")
	}
	made := &entity{signature: true, parent: e.id, content: signature, hasContent: true, approvement: part.IsApprovementSignature,
		labels: part.Labels, valid: over(signature, file)}
	if err := p.countInvalid(e, made.valid); err != nil {
		return err
	}
	if part.IsApprovementSignature {
		if err := p.countApproval(d); err != nil {
			return err
		}
		p.keepIn(made)
		p.change(d, "", func() { d.place(p.box).resolution, d.place(p.box).resolver = "Approved", p.userID() })
		return nil
	}
	if e.kind == "RevocationRequest" {
		return p.agreeToRevoke(d, e, made)
	}
	if e != d.e {
		return conflict("Entity %s is not to be signed", e.id)
	}
	effect, err := p.signing(d, made.valid)
	if err != nil {
		return err
	}
	p.put(made)
	if sealed := p.attachPower(p.m, made, part.PowerOfAttorney); sealed != nil {
		p.added = append(p.added, sealed)
	}
	p.change(d, "sign", func() {
		if newContent != nil {
			d.e.content = newContent
		}
		effect()
	})
	return nil
}

// signing finds whose turn it is to sign a document, and what follows.
func (p *patching) signing(d *document, valid bool) (func(), error) {
	switch {
	case p.box == p.m.from && !p.m.sentOn:
		p.sendNow = true
		return func() { d.senderSignature = pick(valid, senderValid, senderInvalid) }, nil
	case p.box == p.m.proxy:
		if d.proxySignature != proxyWaiting && d.proxySignature != proxyInvalid {
			return nil, conflict("Document %s does not wait for the signature of the proxy", d.e.id)
		}
		return func() {
			d.proxySignature = pick(valid, proxySigned, proxyInvalid)
			p.passOn()
		}, nil
	case p.box != p.m.to || d.response != waitingForRecipient && d.response != recipientInvalid:
		return nil, conflict("Document %s does not wait for your signature", d.e.id)
	case answerOf(d.workflow) == wantsTitle:
		return nil, conflict("Document %s is answered with a recipient title", d.e.id)
	}
	return func() {
		d.response = pick(valid, withRecipient, recipientInvalid)
		if valid && d.invitation {
			p.accept(p.box, p.m.from, "")
		}
	}, nil
}

func pick(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

// passOn sends the message to the recipient once the proxy has signed all of it.
func (p *patching) passOn() {
	for _, d := range p.m.documents() {
		if d.proxySignature != proxySigned {
			return
		}
	}
	p.post(delivery{m: p.m, to: p.m.to})
}

// patchedFile is what must have been signed: the entity's content, or the one that PrepareDocumentsToSign made.
func (p *patching) patchedFile(id string, e *entity) (file, replaces []byte, err error) {
	if id == "" {
		return e.content, nil, nil
	}
	made := p.patched[id]
	if made == nil || made.box != p.box {
		return nil, nil, conflict("PatchedContentId %s is unknown", id)
	}
	return made.content, made.content, nil
}

func (p *patching) countInvalid(e *entity, valid bool) error {
	if valid {
		return nil
	}
	key := e.id + p.cfg.Now().UTC().Format("2006-01-02")
	if p.rejected[key] >= maxInvalid {
		return conflict("More than %d invalid signatures in a day", maxInvalid)
	}
	p.after = append(p.after, func() { p.rejected[key]++ })
	return nil
}

// maxApprovals is how many approving signatures a document takes in a day.
const maxApprovals = 500

func (p *patching) countApproval(d *document) error {
	key := "approval " + d.e.id + p.cfg.Now().UTC().Format("2006-01-02")
	if p.rejected[key] >= maxApprovals {
		return conflict("More than %d approving signatures in a day", maxApprovals)
	}
	p.after = append(p.after, func() { p.rejected[key]++ })
	return nil
}

func (p *patching) agreeToRevoke(d *document, request, signature *entity) error {
	if d.revocation != revocationRequested || d.revocationID != request.id || d.revoker == p.box {
		return conflict("There is no revocation request to accept")
	}
	p.put(signature)
	p.change(d, "revoke", func() {
		if !signature.valid {
			return
		}
		d.revocation = revocationAccepted
		if r := d.m.from.relations[p.box.id]; d.invitation && r != nil && r.status == isInvitedByMe {
			p.withdraw(r, p.relation(p.box, d.m.from))
		}
	})
	return nil
}

// signed adds a part's file and the signature over it.
func (p *patching) signed(part *signedPart, kind, file string, extra object) (*entity, error) {
	content, signature, err := p.open(kind, part.SignedContent)
	if err != nil {
		return nil, err
	}
	if signature == nil {
		return nil, bad("%s: a signature is required", kind)
	}
	e := p.put(&entity{kind: kind, parent: part.ParentEntityId, file: file, content: content, hasContent: true, labels: part.Labels, extra: extra})
	p.put(&entity{signature: true, parent: e.id, content: signature, hasContent: true, valid: over(signature, content)})
	if !over(signature, content) {
		return nil, bad("%s: the signature is not over the content", kind)
	}
	return e, nil
}

// answer is the recipient's title.
func (p *patching) answer(part *recipientTitle) error {
	if err := p.need(signDocuments); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	if e != d.e || p.box != p.m.to || answerOf(d.workflow) != wantsTitle || d.response != waitingForRecipient && d.response != recipientInvalid {
		return conflict("Document %s does not wait for a recipient title", d.e.id)
	}
	if part.TitleIndex != nil && *part.TitleIndex != 1 {
		return bad("TitleIndex of the recipient's title is 1")
	}
	if _, err := parseTitle(part.SignedContent.Content); part.SignedContent.NameOnShelf == "" && err != nil {
		return err
	}
	kind := d.kind.answer
	if kind == "" {
		kind = "Title"
	}
	if _, err := p.signed(&signedPart{part.ParentEntityId, part.SignedContent, part.Labels}, kind, "title.xml", nil); err != nil {
		return err
	}
	p.change(d, "sign", func() {
		d.response = withRecipient
		if *part.NeedReceipt {
			d.answerReceipt = receiptDue
		}
	})
	return nil
}

// reject refuses to sign a document, or to revoke it.
func (p *patching) reject(part *signedPart) error {
	if err := p.need(signDocuments); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	kind := "XmlSignatureRejection"
	if p.op.name == "PostMessagePatchV3" && part.SignedContent.NameOnShelf == "" && utf8.Valid(part.SignedContent.Content) && !strings.HasPrefix(string(part.SignedContent.Content), "<") {
		kind = "SignatureRequestRejection" // the obsolete free text
	}
	if e.kind == "RevocationRequest" {
		if d.revocation != revocationRequested || d.revocationID != e.id || d.revoker == p.box {
			return conflict("There is no revocation request to refuse")
		}
		p.change(d, "revoke", func() { d.revocation = revocationRejected })
	} else {
		effect, err := p.refusing(d, e)
		if err != nil {
			return err
		}
		p.change(d, "sign", effect)
	}
	_, err = p.signed(part, kind, "rejection.xml", nil)
	return err
}

func (p *patching) refusing(d *document, e *entity) (func(), error) {
	switch {
	case e == d.e && p.box == p.m.proxy && d.proxySignature == proxyWaiting:
		return func() { d.proxySignature, p.m.stoppedByProxy = proxyRejected, true }, nil
	case e == d.e && p.box == p.m.to && (d.response == waitingForRecipient || d.response == recipientInvalid):
		return func() { d.response = recipientRejected }, nil
	}
	return nil, conflict("Document %s does not wait for your signature", d.e.id)
}

// revoke asks the other side to revoke a document.
func (p *patching) revoke(part *signedPart) error {
	if err := p.need(signDocuments); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	if e != d.e || !p.m.sentOn || d.revocation == revocationRequested || d.revocation == revocationAccepted {
		return conflict("Document %s can't be revoked now", d.e.id)
	}
	made, err := p.signed(part, "RevocationRequest", "revocation.xml", object{"RevocationRequestInfo": object{"InitiatorBoxId": p.boxID(p.box.id)}})
	if err != nil {
		return err
	}
	p.change(d, "revoke", func() { d.revocation, d.revoker, d.revocationID = revocationRequested, p.box, made.id })
	return nil
}

// receive is a receipt for the document or, by the sender, for the recipient's title.
func (p *patching) receive(part *signedPart) error {
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	kind := "Receipt"
	if strings.HasPrefix(d.kind.name, "Invoice") {
		kind = "InvoiceReceipt"
	}
	switch {
	case p.box != p.m.from && d.receipt == receiptDue && e.kind != d.kind.answer:
		p.change(d, "", func() { d.receipt = receiptDone })
	case p.box == p.m.from && d.answerReceipt == receiptDue && e.by == p.m.to:
		p.change(d, "", func() { d.answerReceipt = receiptDone })
	default:
		return conflict("Document %s does not wait for your receipt", d.e.id)
	}
	_, err = p.signed(part, kind, "receipt.xml", nil)
	return err
}

// amend asks for a corrected document.
func (p *patching) amend(part *signedPart) error {
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	if e != d.e || p.box == p.m.from || !d.version.formal {
		return conflict("Document %s takes no amendment request from you", d.e.id)
	}
	p.change(d, "", func() { d.amended |= 1 })
	_, err = p.signed(part, "InvoiceCorrectionRequest", "amendment.xml", nil)
	return err
}

// The codes of universal messages by their groups; 2007, 4002 and 4003 are for information.
func codeOf(group messageCodeGroup) int {
	return map[messageCodeGroup]int{"Receipt": 1999, "AmendmentRequest": 2999, "Rejection": 3999}[group]
}

func (p *patching) universal(part *universalMessage) error {
	if err := p.need(attachMessages); err != nil {
		return err
	}
	e, d, err := p.parent(part.ParentEntityId)
	if err != nil {
		return err
	}
	content, err := p.unsigned("UniversalMessages", part.UniversalMessageContent)
	if err != nil {
		return err
	}
	effect := func() {}
	if part.Behaviour != "DoesNotAffectWorkflow" {
		switch part.CodeGroup {
		case "Receipt":
			if p.box == p.m.from || d.receipt != receiptDue {
				return conflict("Document %s does not wait for your receipt", d.e.id)
			}
			effect = func() { d.receipt = receiptDone }
		case "Rejection":
			if effect, err = p.refusing(d, e); err != nil {
				return err
			}
		case "AmendmentRequest":
			effect = func() { d.amended |= 1 }
		}
	}
	group := part.CodeGroup
	if group == "" {
		group = "UnknownUniversalMessageCodeGroup"
	}
	events := []object{}
	if code := codeOf(group); code != 0 {
		events = append(events, object{"StatusCode": code})
	}
	p.put(&entity{kind: "UniversalMessage", parent: e.id, file: "message.xml", content: content, hasContent: true, labels: part.Labels,
		extra: object{"UniversalMessageInfo": object{"CodeGroup": string(group), "Events": events, "IsOutOfWorkflow": part.Behaviour == "DoesNotAffectWorkflow",
			"UniversalMessageCreator": object{"BoxId": p.boxID(p.box.id), "DepartmentId": headDepartment}}}})
	p.change(d, "", effect)
	return nil
}

// document finds a document of the caller's box that the user may see.
func (c *call) document(messageID, entityID string) (*document, error) {
	m := c.messages[strings.ToLower(messageID)]
	if m == nil || !m.sees(c.box) {
		return nil, refuse(http.StatusNotFound, "Message %s is not found in Box %s", messageID, c.box.id)
	}
	e := m.entity(entityID)
	if e == nil || e.doc == nil {
		return nil, refuse(http.StatusNotFound, "Document %s is not found in message %s", entityID, messageID)
	}
	if !c.mayEnter(e.doc.place(c.box).department) {
		return nil, refuse(http.StatusForbidden, "User has no access to document %s", entityID)
	}
	return e.doc, nil
}
