package diadocsim

import (
	"regexp"
	"slices"
	"unicode/utf8"
)

var (
	tagKey  = regexp.MustCompile(`^[0-9A-Za-zА-Яа-яЁё_-]{1,60}$`)
	dayText = regexp.MustCompile(`^\d{2}\.\d{2}\.\d{4}$`)
	sumText = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
)

// attach checks a document against its type and adds it, with its signature, to the message.
func (c *call) attach(m *message, a *documentAttachment) (*document, error) {
	kind, ok := typeNamed(a.TypeNamedId)
	if !ok {
		return nil, bad("TypeNamedId %q is unknown", a.TypeNamedId)
	}
	if a.IsEncrypted && (a.Function == "" || a.Version == "") {
		return nil, bad("Function and Version are required for an encrypted document")
	}
	f, v, err := kind.pick(a.Function, a.Version)
	if err != nil {
		return nil, err
	}
	if !v.actual {
		return nil, bad("Version %s is not accepted any more", v.name)
	}
	workflow := v.workflows[0]
	if a.WorkflowId != 0 {
		workflow = int(a.WorkflowId)
	}
	if !slices.Contains(v.workflows, workflow) {
		return nil, bad("WorkflowId %d is not allowed for %s", a.WorkflowId, kind.name)
	}
	file, signature, err := c.open("SignedContent of "+a.TypeNamedId, a.SignedContent)
	if err != nil {
		return nil, err
	}
	if signature == nil && !m.draft && !m.delayed && m.template == nil {
		return nil, bad("A document without a signature must be a draft or a delayed send")
	}
	d := newDocument(m, kind)
	d.function, d.version, d.workflow, d.customID, d.comment = f.name, v, workflow, a.CustomDocumentId, a.Comment
	d.encrypted, d.editing = a.IsEncrypted, a.EditingSettingId
	if d.metadata, err = readMetadata(v, a.Metadata, file, a.IsEncrypted); err != nil {
		return nil, err
	}
	if d.tags, err = readTags(a.CustomData); err != nil {
		return nil, err
	}
	d.needSignature = answerOf(workflow) > optionalSignature || answerOf(workflow) == optionalSignature && a.NeedRecipientSignature
	if d.needSignature {
		d.response = waitingForRecipient
	}
	if wantsReceipt(workflow) || a.NeedReceipt {
		d.receipt = receiptDue
	}
	if m.proxy != nil {
		d.proxySignature = proxyWaiting
	}
	d.e = c.Server.add(m, &entity{kind: kind.attachment, file: d.meta("FileName"), content: file, hasContent: true, by: c.box, author: c.user.id, doc: d})
	d.modified = d.e.at
	if a.Comment != "" {
		c.Server.add(m, &entity{kind: "AttachmentComment", parent: d.e.id, content: []byte(a.Comment), hasContent: true, by: c.box, author: c.user.id})
	}
	if signature != nil {
		if err := c.need(signDocuments); err != nil {
			return nil, err
		}
		c.attachPower(m, c.signBySender(d, signature), a.SignedContent.PowerOfAttorney)
	}
	return d, nil
}

// newDocument is one that waits for its sender and asks for nothing.
func newDocument(m *message, kind docType) *document {
	return &document{m: m, kind: kind, packet: m.packet, response: responseNone, revocation: revocationNone, receipt: receiptNone, answerReceipt: receiptNone,
		roaming: "RoamingNotificationStatusNone", proxySignature: proxyNone, senderSignature: waitingForSender, in: map[string]*place{}}
}

func (c *call) signBySender(d *document, signature []byte) *entity {
	e := c.Server.add(d.m, &entity{signature: true, parent: d.e.id, content: signature, hasContent: true, by: c.box, author: c.user.id, valid: over(signature, d.e.content)})
	d.senderSignature = senderInvalid
	if e.valid {
		d.senderSignature = senderValid
	}
	d.modified = e.at
	return e
}

// readMetadata takes the fields that the sender must supply; those of a title are read from its XML.
func readMetadata(v docVersion, given []metadataItem, file []byte, encrypted bool) ([][2]string, error) {
	var out [][2]string
	for _, item := range given {
		out = append(out, [2]string{item.Key, item.Value})
	}
	if v.formal && !encrypted {
		title, err := parseTitle(file)
		if err != nil {
			return nil, err
		}
		if len(file) > maxXML {
			return nil, bad("A formalized document may have no more than %d bytes", maxXML)
		}
		return append([][2]string{{"FileName", title.id + ".xml"}, {"DocumentNumber", title.number}, {"DocumentDate", title.date}, {"TotalSum", title.sum}}, out...), nil
	}
	for _, rule := range v.metadata {
		value, found := "", false
		for _, one := range out {
			if one[0] == rule.id {
				value, found = one[1], true
			}
		}
		switch {
		case rule.required && value == "":
			return nil, bad("Metadata %s is required", rule.id)
		case found && value != "" && rule.kind == 3 && !dayText.MatchString(value), found && rule.kind == 2 && !sumText.MatchString(value):
			return nil, bad("Metadata %s has a wrong value %q", rule.id, value)
		}
	}
	return out, nil
}

func readTags(given []customDataItem) ([][2]string, error) {
	if len(given) > maxTags {
		return nil, bad("A document may have no more than %d tags", maxTags)
	}
	var out [][2]string
	for _, item := range given {
		if err := checkTag(item.Key, item.Value); err != nil {
			return nil, err
		}
		out = append(out, [2]string{item.Key, item.Value})
	}
	return out, nil
}

func checkTag(key, value string) error {
	if !tagKey.MatchString(key) || utf8.RuneCountInString(value) > maxTagValue {
		return bad("Tag %q must have a key of 1 to 60 letters, digits, - or _ and a value of %d characters at the most", key, maxTagValue)
	}
	return nil
}
