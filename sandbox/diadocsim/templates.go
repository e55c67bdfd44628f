package diadocsim

import (
	"encoding/json"
	"net/http"
	"strings"
)

// templateFacts is what makes a message a template: whose message it is to become, and what became of it.
type templateFacts struct {
	from, to, proxy *box // of the message
	toDepartment    string
	reusable        bool
	refused         bool
}

func templateArea() map[string]behaviour {
	return map[string]behaviour{
		"PostTemplate":      {body: jsonBody, serve: func(c *call) (reply, error) { return c.once(false, c.postTemplate) }},
		"PostTemplatePatch": {body: jsonBody, box: "boxId", serve: func(c *call) (reply, error) { return c.once(false, c.postTemplatePatch) }},
		"TransformTemplateToMessage": {body: jsonBody, serve: func(c *call) (reply, error) {
			return c.once(false, c.transformTemplate)
		}},
		"GetTemplate": {box: "boxId", serve: (*call).getTemplate},
	}
}

// readTemplateDocument reads a TemplateDocumentAttachment, which is not described: by the names of
// DocumentAttachment, with UnsignedContent or SignedContent; other names are let through.
func readTemplateDocument(raw any) (*documentAttachment, error) {
	data, err := json.Marshal(raw)
	if err != nil {
		return nil, bad("DocumentAttachments: %s", err)
	}
	var content struct{ UnsignedContent *unsignedContent }
	if _, err := decode(data, &content); err != nil {
		return nil, bad("DocumentAttachments: %s", err)
	}
	if fields, ok := raw.(map[string]any); ok && content.UnsignedContent != nil {
		fields["SignedContent"] = fields["UnsignedContent"]
		data, _ = json.Marshal(fields) // it came from JSON
	}
	var out documentAttachment
	if _, err := decode(data, &out); err != nil {
		return nil, bad("DocumentAttachments: %s", err)
	}
	return &out, nil
}

type templateToPost struct {
	FromBoxId                string `dia:"req"`
	ToBoxId                  string `dia:"req"`
	MessageFromBoxId         string `dia:"req"`
	MessageToBoxId           string `dia:"req"`
	MessageToDepartmentId    string
	DocumentAttachments      []any
	LockMode                 lockMode
	FromDepartmentId         string
	ToDepartmentId           string
	MessageProxyBoxId        string
	MessageProxyDepartmentId string
	IsReusable               bool
}

// templateEnvelope checks whose template it is, for whom, and between whom its message is to go.
func (c *call) templateEnvelope(body *templateToPost) (*message, error) {
	m := &message{from: c.box, lock: body.LockMode, deletedIn: map[string]bool{}, packet: newGUID(), fromDepartment: body.FromDepartmentId,
		toDepartment: body.ToDepartmentId, template: &templateFacts{toDepartment: body.MessageToDepartmentId, reusable: body.IsReusable}}
	if m.lock == "" {
		m.lock = "None"
	}
	for _, one := range []struct {
		id   string
		into **box
	}{{body.ToBoxId, &m.to}, {body.MessageFromBoxId, &m.template.from}, {body.MessageToBoxId, &m.template.to}, {body.MessageProxyBoxId, &m.template.proxy}} {
		guid, _ := boxGUID(one.id)
		if *one.into = c.boxes[guid]; *one.into == nil && one.id != "" {
			return nil, refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Box %s is not found", one.id)
		}
	}
	if m.to == m.from || m.template.from == m.template.to {
		return nil, bad("The two sides must differ")
	}
	if len(body.DocumentAttachments) == 0 || len(body.DocumentAttachments) > maxDocuments {
		return nil, bad("A template must have from 1 to %d documents", maxDocuments)
	}
	return m, nil
}

func (c *call) postTemplate() (reply, error) {
	var body templateToPost
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.FromBoxId); err != nil {
		return reply{}, err
	}
	if err := c.need(createDocuments); err != nil {
		return reply{}, err
	}
	m, err := c.templateEnvelope(&body)
	if err != nil {
		return reply{}, err
	}
	for _, raw := range body.DocumentAttachments {
		a, err := readTemplateDocument(raw)
		if err != nil {
			return reply{}, err
		}
		d, err := c.attach(m, a)
		if err != nil {
			return reply{}, err
		}
		d.senderSignature = "UnknownSenderSignatureStatus" // a template is not signed
	}
	c.keep(m)
	c.announce(c.box, m)
	m.sentOn = true
	c.Server.post(delivery{m: m, to: m.to})
	return jsonReply(c.templateObject(m, m.entities)), nil
}

func (c *call) templateObject(m *message, entities []*entity) object {
	out := object{"MessageId": m.id, "TimestampTicks": m.at, "FromBoxId": c.boxID(m.from.id), "ToBoxId": c.boxID(m.to.id),
		"MessageFromBoxId": c.boxID(m.template.from.id), "MessageToBoxId": c.boxID(m.template.to.id), "LockMode": string(m.lock),
		"Entities": c.entityObjects(c.box, m, entities, view{}), "IsDeleted": m.deletedIn[c.box.id], "IsReusable": m.template.reusable}
	if m.template.toDepartment != "" {
		out["MessageToDepartmentId"] = m.template.toDepartment
	}
	if m.template.proxy != nil {
		out["MessageProxyBoxId"] = c.boxID(m.template.proxy.id)
	}
	return out
}

// theTemplate finds a template that the caller's box has.
func (c *call) theTemplate(id string) (*message, error) {
	m := c.messages[strings.ToLower(id)]
	if m == nil || m.template == nil || !m.sees(c.box) {
		return nil, refuse(http.StatusNotFound, "Template %s is not found in Box %s", id, c.box.id)
	}
	return m, nil
}

func (c *call) getTemplate() (reply, error) {
	m, err := c.theTemplate(c.arg("templateId"))
	if err != nil {
		return reply{}, err
	}
	entities := m.entities
	if id := c.arg("entityId"); id != "" {
		d, err := c.document(m.id, id)
		if err != nil {
			return reply{}, err
		}
		entities = d.entities()
	}
	return jsonReply(c.templateObject(m, entities)), nil
}

// postTemplatePatch refuses or withdraws a template; TemplatePatchToPost is not described, so that the body says no
// more than that.
func (c *call) postTemplatePatch() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	m, err := c.theTemplate(c.arg("templateId"))
	if err != nil {
		return reply{}, err
	}
	if m.template.refused {
		return reply{}, conflict("Template %s is refused already", m.id)
	}
	m.template.refused = true
	e := c.Server.add(m, &entity{kind: "TemplateRefusal", parent: m.documents()[0].e.id, by: c.box, author: c.user.id, delivered: true})
	p := c.newPatch(m, []*entity{e}, nil)
	c.tellPatch(c.box, p)
	other := m.counteragent(c.box)
	if m.sees(other) {
		c.Server.post(delivery{m: m, to: other, patch: p})
	}
	return jsonReply(c.patchObject(c.box, p)), nil
}

// transformTemplate makes an unsent message of a template, to be signed. DocumentTransformation is not described:
// every document of the template becomes one of the message.
func (c *call) transformTemplate() (reply, error) {
	var body struct {
		BoxId                   string `dia:"req"`
		TemplateId              string `dia:"req"`
		DocumentTransformations []any
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.BoxId); err != nil {
		return reply{}, err
	}
	if err := c.need(createDocuments); err != nil {
		return reply{}, err
	}
	t, err := c.theTemplate(body.TemplateId)
	switch {
	case err != nil:
		return reply{}, err
	case t.template.from != c.box:
		return reply{}, refuse(http.StatusForbidden, "The message of template %s is not sent from Box %s", t.id, c.box.id)
	case t.template.refused:
		return reply{}, conflict("Template %s is refused", t.id)
	case len(t.becameMessages) > 0 && !t.template.reusable:
		return reply{}, conflict("Template %s has been used", t.id)
	}
	if err := c.sociable(t.template.to, t.template.toDepartment); err != nil {
		return reply{}, err
	}
	m := &message{from: c.box, to: t.template.to, toDepartment: t.template.toDepartment, proxy: t.template.proxy, delayed: true, lock: t.lock,
		deletedIn: map[string]bool{}, packet: newGUID(), fromTemplate: t.id}
	for _, d := range t.documents() {
		copied := c.copyDocument(d, m, d.e.content)
		copied.senderSignature, copied.e.by, copied.e.author = waitingForSender, c.box, c.user.id
		if m.proxy != nil {
			copied.proxySignature = proxyWaiting
		}
	}
	c.keep(m)
	t.becameMessages = append(t.becameMessages, m.id)
	e := c.Server.add(t, &entity{kind: "TemplateTransformation", parent: t.documents()[0].e.id, by: c.box, author: c.user.id, delivered: true})
	c.tellPatch(c.box, c.newPatch(t, []*entity{e}, nil))
	c.announce(c.box, m)
	return jsonReply(c.messageObject(c.box, m, m.entities, view{})), nil
}
