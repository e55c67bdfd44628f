package diadocsim

import (
	"net/http"
	"strings"
)

type draftSignature struct {
	ParentEntityId        string `dia:"req"`
	Signature             []byte
	SignWithTestSignature bool
	PatchedContentId      string
	PowerOfAttorney       *powerOfAttorney
}

// sendDraft makes a new message of a draft; the draft keeps a list of what it became.
func (c *call) sendDraft() (reply, error) {
	var body struct {
		BoxId              string `dia:"req"`
		DraftId            string `dia:"req"`
		ToBoxId            string
		ToDepartmentId     string
		DocumentSignatures []draftSignature
		ProxyBoxId         string
		ProxyDepartmentId  string
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.BoxId); err != nil {
		return reply{}, err
	}
	for _, right := range []string{createDocuments, signDocuments, allDocuments} {
		if err := c.need(right); err != nil {
			return reply{}, err
		}
	}
	draft := c.messages[strings.ToLower(body.DraftId)]
	switch {
	case draft == nil || !draft.draft || draft.from != c.box:
		return reply{}, refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Draft %s is not found", body.DraftId)
	case draft.recycled:
		return reply{}, conflict("Draft %s is recycled", draft.id)
	case len(draft.becameMessages) > 0:
		return reply{}, conflict("Draft %s has been sent", draft.id)
	case draft.lockedDraft && body.ToBoxId != "":
		return reply{}, conflict("Draft %s is locked", draft.id)
	}
	m := &message{from: c.box, internal: draft.internal, lock: draft.lock, deletedIn: map[string]bool{}, packet: newGUID(), fromDraft: draft.id,
		fromDepartment: draft.fromDepartment, toDepartment: draft.toDepartment, to: draft.to, proxy: draft.proxy}
	if !m.internal {
		to, department := body.ToBoxId, body.ToDepartmentId
		if to == "" && draft.to != nil {
			to, department = draft.to.id, draft.toDepartment
		}
		if err := c.addressee(m, to, department); err != nil {
			return reply{}, err
		}
	}
	if body.ProxyBoxId != "" {
		if err := c.intermediary(m, body.ProxyBoxId); err != nil {
			return reply{}, err
		}
	}
	if err := c.copyDraft(draft, m, body.DocumentSignatures); err != nil {
		return reply{}, err
	}
	c.keep(m)
	draft.becameMessages = append(draft.becameMessages, m.id)
	c.tellPatch(c.box, c.newPatch(draft, nil, object{"DraftIsTransformedToMessageIdList": draft.becameMessages}))
	c.announce(c.box, m)
	c.sendOn(m)
	return jsonReply(c.messageObject(c.box, m, m.entities, view{})), nil
}

// copyDraft copies the documents with new ids and signs each of them.
func (c *call) copyDraft(draft, m *message, signatures []draftSignature) error {
	signed := map[string]draftSignature{}
	for _, one := range signatures {
		if e := draft.entity(one.ParentEntityId); e == nil || e.doc == nil {
			return refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Draft has no document %s", one.ParentEntityId)
		}
		signed[strings.ToLower(one.ParentEntityId)] = one
	}
	for _, d := range draft.documents() {
		one, given := signed[d.e.id]
		if !given {
			return bad("Document %s of the draft has no signature", d.e.id)
		}
		if err := one.PowerOfAttorney.check(); err != nil {
			return err
		}
		file := d.e.content
		if one.PatchedContentId != "" {
			made := c.patched[one.PatchedContentId]
			if made == nil || made.box != c.box {
				return conflict("PatchedContentId %s is unknown", one.PatchedContentId)
			}
			file = made.content
		}
		signature, err := c.signatureOf("DocumentSignatures", one.Signature, "", one.SignWithTestSignature, file)
		if err != nil {
			return err
		}
		if signature == nil {
			return bad("Document %s of the draft has no signature", d.e.id)
		}
		copied := c.copyDocument(d, m, file)
		sealed := c.signBySender(copied, signature)
		c.attachPower(m, sealed, one.PowerOfAttorney)
	}
	return nil
}

// copyDocument makes a document of a new message of one of a draft or template.
func (c *call) copyDocument(d *document, m *message, file []byte) *document {
	copied := *d
	copied.m, copied.packet, copied.in = m, m.packet, map[string]*place{}
	copied.sent, copied.arrived, copied.forwarded = 0, 0, nil
	e := *d.e
	e.content, e.doc, e.delivered = file, &copied, false
	copied.e = c.Server.add(m, &e)
	return &copied
}

func (c *call) recycleDraft() (reply, error) {
	m := c.messages[strings.ToLower(c.arg("draftId"))]
	if m == nil || !m.draft || m.from != c.box {
		return reply{}, refuse(http.StatusNotFound, "Draft %s is not found", c.arg("draftId"))
	}
	if m.recycled {
		return reply{}, conflict("Draft %s is already recycled", m.id)
	}
	m.recycled = true
	c.tellPatch(c.box, c.newPatch(m, nil, object{"DraftIsRecycled": true}))
	return reply{status: http.StatusOK}, nil
}

// canPostMessage is a dry run. Its request has no page of structures: boxes, departments and types are read by
// the names of MessageToPost, and everything else is let through.
func (c *call) canPostMessage() (reply, error) {
	var body struct {
		FromBoxId           string `dia:"req"`
		ToBoxId             string
		FromDepartmentId    string
		ToDepartmentId      string
		ProxyBoxId          string
		ProxyDepartmentId   string
		IsInternal          bool
		IsDraft             bool
		DocumentAttachments []struct {
			TypeNamedId      string `dia:"req"`
			Function         string
			Version          string
			WorkflowId       int32
			CustomDocumentId string
		}
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.FromBoxId); err != nil {
		return reply{}, err
	}
	found := []object{}
	note := func(err error, custom string) {
		if err != nil {
			found = append(found, object{"Severity": "Error", "UserMessage": err.Error(), "ApiMessage": err.Error(), "CustomDocumentId": custom})
		}
	}
	m, err := c.envelope(&messageToPost{FromBoxId: body.FromBoxId, ToBoxId: body.ToBoxId, FromDepartmentId: body.FromDepartmentId,
		ToDepartmentId: body.ToDepartmentId, ProxyBoxId: body.ProxyBoxId, IsInternal: body.IsInternal, IsDraft: body.IsDraft})
	note(err, "")
	if !c.staff.may(createDocuments) {
		note(refuse(http.StatusForbidden, "User has no right %s", createDocuments), "")
	}
	for _, a := range body.DocumentAttachments {
		kind, ok := typeNamed(a.TypeNamedId)
		if !ok {
			note(bad("TypeNamedId %q is unknown", a.TypeNamedId), a.CustomDocumentId)
			continue
		}
		_, _, err := kind.pick(a.Function, a.Version)
		note(err, a.CustomDocumentId)
	}
	out := object{"FromBoxId": c.box.id, "FromTitle": c.box.title(), "IsInternal": body.IsInternal, "IsProxified": body.ProxyBoxId != "", "Errors": found}
	if m != nil && m.to != nil {
		out["ToBoxId"], out["ToTitle"] = m.to.id, m.to.title()
	}
	return jsonReply(out), nil
}
