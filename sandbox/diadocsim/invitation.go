package diadocsim

// invitationPaper sends the document of an invitation as a message of its own.
func (c *call) invitationPaper(to *box, part *invitationDocument) (*document, error) {
	file, signature, err := c.open("InvitationDocument", part.SignedContent)
	if err != nil {
		return nil, err
	}
	if signature == nil {
		return nil, bad("InvitationDocument: a signature is required")
	}
	m := &message{from: c.box, to: to, lock: "None", deletedIn: map[string]bool{}, packet: newGUID()}
	kind := trustRequest()
	d := newDocument(m, kind)
	d.function, d.version, d.workflow, d.invitation = "default", kind.functions[0].versions[0], 7, true
	d.needSignature, d.metadata = part.SignatureRequested, [][2]string{{"FileName", part.FileName}}
	if part.SignatureRequested {
		d.response = waitingForRecipient
	}
	d.e = c.Server.add(m, &entity{kind: kind.attachment, file: part.FileName, content: file, hasContent: true, by: c.box, author: c.user.id, doc: d})
	c.signBySender(d, signature)
	c.keep(m)
	c.announce(c.box, m)
	c.sendOn(m)
	return d, nil
}
