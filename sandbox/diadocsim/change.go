package diadocsim

import (
	"net/http"
	"strings"
)

func changeArea() map[string]behaviour {
	return map[string]behaviour{
		"Delete":          {answer: other, box: "boxId", right: deleteDocuments, serve: func(c *call) (reply, error) { return c.markDeleted(true) }},
		"Restore":         {answer: other, box: "boxId", right: deleteDocuments, serve: func(c *call) (reply, error) { return c.markDeleted(false) }},
		"MoveDocuments":   {body: jsonBody, answer: other, serve: (*call).moveDocuments},
		"ForwardDocument": {body: jsonBody, box: "boxId", serve: (*call).forwardDocument},
		"CanSendInvoice":  {body: rawBody, answer: other, box: "boxId", right: signDocuments, serve: (*call).canSendInvoice},
	}
}

// markDeleted deletes or restores a document of the box, or the message with all of them. The partner's copy is
// not touched: what happens there is not described.
func (c *call) markDeleted(deleted bool) (reply, error) {
	m := c.messages[strings.ToLower(c.arg("messageId"))]
	if m == nil || !m.sees(c.box) {
		return reply{}, refuse(http.StatusNotFound, "Message %s is not found", c.arg("messageId"))
	}
	docs, one := m.documents(), c.arg("documentId") != ""
	if one {
		d, err := c.document(m.id, c.arg("documentId"))
		if err != nil {
			return reply{}, err
		}
		if m.lock == "Full" && len(docs) > 1 {
			return reply{}, refuse(either(c.sw.LockedPart, http.StatusConflict), "The packet is closed: act on all its documents together")
		}
		if d.place(c.box).deleted == deleted {
			return reply{}, conflict("Document %s is already so", d.e.id)
		}
		docs = []*document{d}
	} else if m.deletedIn[c.box.id] == deleted {
		return reply{}, conflict("Message %s is already so", m.id)
	}
	var marks []mark
	for _, d := range docs {
		d.place(c.box).deleted = deleted
		d.modified = c.next()
		marks = append(marks, mark{d, object{pick(deleted, "DocumentIsDeleted", "DocumentIsRestored"): true}})
	}
	flags := object{}
	if all := m.allDeleted(c.box); all != m.deletedIn[c.box.id] {
		m.deletedIn[c.box.id] = all
		flags[pick(all, "MessageIsDeleted", "MessageIsRestored")] = true
	}
	p := c.newPatch(m, nil, flags)
	p.marks = marks
	c.tellPatch(c.box, p)
	return reply{status: http.StatusOK}, nil
}

func (m *message) allDeleted(b *box) bool {
	for _, d := range m.documents() {
		if !d.place(b).deleted {
			return false
		}
	}
	return true
}

// moveDocuments moves documents between departments of the box that the body names.
func (c *call) moveDocuments() (reply, error) {
	var body struct {
		BoxId          string `dia:"req"`
		ToDepartmentId string
		DocumentIds    []documentID
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.BoxId); err != nil {
		return reply{}, err
	}
	to := body.ToDepartmentId
	if to == "" {
		to = headDepartment
	}
	if !c.box.hasDepartment(to) {
		return reply{}, bad("Department %s is not found", to)
	}
	if len(body.DocumentIds) == 0 {
		return reply{}, bad("DocumentIds are required")
	}
	var docs []*document
	for _, id := range body.DocumentIds {
		d, err := c.document(id.MessageId, id.EntityId)
		if err != nil {
			return reply{}, refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "%s", err)
		}
		docs = append(docs, d)
	}
	for _, d := range docs {
		at := d.place(c.box)
		e := c.Server.add(d.m, &entity{kind: "MoveDocument", parent: d.e.id, by: c.box, author: c.user.id, private: true,
			extra: object{"MoveDocumentInfo": object{"MovedFromDepartment": at.department, "MovedToDepartment": to}}})
		at.department, d.modified = to, c.next()
		p := c.newPatch(d.m, []*entity{e}, nil)
		p.marks = []mark{{d, object{"MovedToDepartment": to}}}
		c.tellPatch(c.box, p)
	}
	return reply{status: http.StatusOK}, nil
}

// forwardDocument gives a third box a read copy.
func (c *call) forwardDocument() (reply, error) {
	var body struct {
		ToBoxId    string      `dia:"req"`
		DocumentId *documentID `dia:"req"`
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	d, err := c.document(body.DocumentId.MessageId, body.DocumentId.EntityId)
	if err != nil {
		return reply{}, err
	}
	guid, _ := boxGUID(body.ToBoxId)
	to := c.boxes[guid]
	if to == nil {
		return reply{}, refuse(http.StatusNotFound, "Box %s is not found", body.ToBoxId)
	}
	for _, f := range d.forwarded {
		if f.to == to {
			return reply{}, conflict("Document %s has been forwarded to Box %s", d.e.id, to.id)
		}
	}
	f := forward{newGUID(), c.box, to, c.next()}
	d.forwarded = append(d.forwarded, f)
	d.modified = f.at
	p := c.newPatch(d.m, nil, nil)
	p.marks = []mark{{d, object{"ForwardedToBoxId": c.boxID(to.id)}}}
	c.tellPatch(c.box, p)
	return jsonReply(object{"ForwardTimestamp": c.timestamp(f.at), "ForwardedDocumentId": object{"FromBoxId": c.boxID(c.box.id),
		"DocumentId": d.ref(), "ForwardEventId": f.id}}), nil
}

// canSendInvoice answers by its status alone.
func (c *call) canSendInvoice() (reply, error) {
	if len(c.body) == 0 {
		return reply{}, bad("A certificate in DER is required")
	}
	if c.owner(c.body) == nil {
		return reply{}, refuse(http.StatusForbidden, "The certificate may not sign invoices of Box %s", c.box.id)
	}
	return reply{status: http.StatusOK}, nil
}
