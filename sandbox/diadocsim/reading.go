package diadocsim

import (
	"net/http"
	"strings"
)

func readingArea() map[string]behaviour {
	return map[string]behaviour{
		"GetMessage":              {box: "boxId", serve: (*call).getMessage},
		"GetMessageV5":            {box: "boxId", serve: (*call).getMessage},
		"GetDocument":             {box: "boxId", serve: (*call).getDocument},
		"GetDocuments":            {box: "boxId", serve: (*call).getDocuments},
		"GetDocumentsV4":          {body: jsonBody, box: "boxId", serve: (*call).getDocumentsV4},
		"GetDocumentsByMessageId": {box: "boxId", serve: (*call).getDocumentsByMessage},
		"GetDocumentsByCustomId":  {box: "boxId", serve: (*call).getDocumentsByCustomID},
		"GetEntityContent":        {answer: other, box: "boxId", serve: (*call).getEntityContent},
	}
}

func (c *call) theMessage() (*message, error) {
	m := c.messages[strings.ToLower(c.arg("messageId"))]
	if m == nil || !m.sees(c.box) {
		return nil, refuse(http.StatusNotFound, "Message %s is not found in Box %s", c.arg("messageId"), c.box.id)
	}
	if m.draft && c.staff.AccessLevel != allDocuments {
		return nil, refuse(http.StatusForbidden, "Drafts are for users with access to all documents")
	}
	return m, nil
}

// getMessage needs access to every document of the message, with entityId only to that one.
func (c *call) getMessage() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	entities, docs := m.entities, m.documents()
	if id := c.arg("entityId"); id != "" {
		d, err := c.document(m.id, id)
		if err != nil {
			return reply{}, err
		}
		entities, docs = d.entities(), []*document{d}
	}
	for _, d := range docs {
		if !c.mayEnter(d.place(c.box).department) {
			return reply{}, refuse(http.StatusForbidden, "User has no access to document %s", d.e.id)
		}
	}
	v := view{cades: !c.flag("originalSignature")}
	if c.arg("injectEntityContent") == "true" {
		budget := maxInjected
		v.inject = &budget
	}
	return jsonReply(c.messageObject(c.box, m, entities, v)), nil
}

// getDocument marks the document as read and injects its content unless that is switched off.
func (c *call) getDocument() (reply, error) {
	d, err := c.document(c.arg("messageId"), c.arg("entityId"))
	if err != nil {
		return reply{}, err
	}
	d.place(c.box).read = true
	v := view{}
	if c.arg("injectEntityContent") != "false" {
		budget := maxInjected
		v.inject = &budget
	}
	return jsonReply(c.documentObject(c.box, d, v, "")), nil
}

func (c *call) getEntityContent() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	id := strings.ToLower(c.arg("entityId"))
	for _, e := range m.entities {
		if e.id != id && e.cades != id || !e.visible(c.box) {
			continue
		}
		if d := m.documentOf(e); d != nil && !c.mayEnter(d.place(c.box).department) {
			return reply{}, refuse(http.StatusForbidden, "User has no access to document %s", d.e.id)
		}
		if !e.hasContent {
			return reply{}, refuse(http.StatusNotFound, "Entity %s has no content", id)
		}
		return bytesReply("application/octet-stream", e.content), nil
	}
	return reply{}, refuse(http.StatusNotFound, "Entity %s is not found in message %s", id, m.id)
}

func (c *call) list(docs []*document, key func(*document) string, more bool, total int) reply {
	out := []object{}
	for _, d := range docs {
		out = append(out, c.documentObject(c.box, d, view{}, key(d)))
	}
	return jsonReply(object{"TotalCount": total, "Documents": out, "HasMoreResults": more})
}

func noKey(*document) string { return "" }

func (c *call) getDocumentsByMessage() (reply, error) {
	m, err := c.theMessage()
	if err != nil {
		return reply{}, err
	}
	docs := m.documents()
	return c.list(docs, noKey, false, len(docs)), nil
}

func (c *call) getDocumentsByCustomID() (reply, error) {
	var docs []*document
	for _, d := range c.allDocs(c.box) {
		if d.customID == c.arg("customDocumentId") && (d.m.from == c.box || d.m.sees(c.box)) {
			docs = append(docs, d)
		}
	}
	return c.list(docs, noKey, false, len(docs)), nil
}
