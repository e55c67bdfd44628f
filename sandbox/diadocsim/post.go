package diadocsim

import (
	"crypto/md5" //nolint:gosec // the documented default of operationId
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// The documented limits of a message.
const (
	maxDocuments = 40
	maxTags      = 30
	maxTagValue  = 200
	maxXML       = 3 << 20
)

type customDataItem struct {
	Key   string `dia:"req"`
	Value string
}

type metadataItem struct {
	Key   string `dia:"req"`
	Value string `dia:"req"`
}

type documentAttachment struct {
	SignedContent          *signedContent `dia:"req"`
	Comment                string         `dia:"max=5000"`
	NeedRecipientSignature bool
	NeedReceipt            bool
	InitialDocumentIds     []documentID
	SubordinateDocumentIds []documentID
	CustomDocumentId       string
	CustomData             []customDataItem
	TypeNamedId            string `dia:"req"`
	Function               string
	Version                string
	Metadata               []metadataItem
	WorkflowId             int32
	IsEncrypted            bool
	EditingSettingId       string
}

type structuredData struct {
	Content                []byte `dia:"req"`
	FileName               string `dia:"req"`
	ParentCustomDocumentId string `dia:"req"`
}

type messageToPost struct {
	FromBoxId                 string `dia:"req"`
	ToBoxId                   string
	FromDepartmentId          string
	ToDepartmentId            string
	IsDraft                   bool
	LockDraft                 bool
	StrictDraftValidation     *bool
	IsInternal                bool
	DelaySend                 bool
	ProxyBoxId                string
	ProxyDepartmentId         string
	LockPacket                bool
	LockMode                  lockMode
	DocumentAttachments       []documentAttachment
	StructuredDataAttachments []structuredData
}

// finished is the result of an operation with an operationId.
type finished struct {
	body   [sha256.Size]byte
	answer reply
}

func postArea() map[string]behaviour {
	return map[string]behaviour{
		"PostMessage":    {body: jsonBody, serve: func(c *call) (reply, error) { return c.once(true, c.postMessage) }},
		"CanPostMessage": {body: jsonBody, serve: (*call).canPostMessage},
		"SendDraft":      {body: jsonBody, serve: func(c *call) (reply, error) { return c.once(true, c.sendDraft) }},
		"RecycleDraft":   {answer: other, box: "boxId", serve: (*call).recycleDraft},
	}
}

// once answers a repeat of an operationId with the first success. Without an id the service uses the MD5 of
// the body, for sending; for patches no default is documented.
func (c *call) once(byDefault bool, work func() (reply, error)) (reply, error) {
	id := strings.ToLower(c.arg("operationId"))
	if id == "" && byDefault {
		sum := md5.Sum(c.body) //nolint:gosec // see the import
		id = "md5 " + hex.EncodeToString(sum[:])
	}
	if id == "" {
		return work()
	}
	key, body := c.user.id+" "+c.op.name+" "+id, sha256.Sum256(c.body)
	if before, ok := c.done[key]; ok {
		c.stats.Repeats++
		if before.body != body {
			c.stats.Misused++
			if c.sw.RefuseReusedOperation {
				return reply{}, refuse(http.StatusConflict, "operationId has been used with another body")
			}
		}
		return before.answer, nil
	}
	if c.running[c.op.name+" "+id] > 0 {
		return laterReply(http.StatusNoContent, c.cfg.RetryAfter), nil
	}
	out, err := work()
	if err == nil {
		c.done[key] = finished{body, out}
	}
	return out, err
}

func bad(format string, args ...any) error { return refuse(http.StatusBadRequest, format, args...) }

func (c *call) postMessage() (reply, error) {
	var body messageToPost
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.FromBoxId); err != nil {
		return reply{}, err
	}
	if err := c.need(createDocuments); err != nil {
		return reply{}, err
	}
	m, err := c.compose(&body)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(c.messageObject(c.box, m, m.entities, view{})), nil
}

// compose makes a message of what was posted, and sends it unless it is to be kept.
func (c *call) compose(body *messageToPost) (*message, error) {
	m, err := c.envelope(body)
	if err != nil {
		return nil, err
	}
	if len(body.DocumentAttachments) == 0 || len(body.DocumentAttachments) > maxDocuments {
		return nil, bad("A message must have from 1 to %d documents", maxDocuments)
	}
	custom := map[string]*document{}
	for i := range body.DocumentAttachments {
		a := &body.DocumentAttachments[i]
		if a.CustomDocumentId != "" && custom[a.CustomDocumentId] != nil {
			return nil, bad("CustomDocumentId %q is used twice", a.CustomDocumentId)
		}
		d, err := c.attach(m, a)
		if err != nil {
			return nil, err
		}
		if a.CustomDocumentId != "" {
			custom[a.CustomDocumentId] = d
		}
	}
	for i, d := range m.documents() {
		if err := c.link(d, &body.DocumentAttachments[i], custom); err != nil {
			return nil, err
		}
	}
	for _, sd := range body.StructuredDataAttachments {
		parent := custom[sd.ParentCustomDocumentId]
		if parent == nil {
			return nil, bad("ParentCustomDocumentId %q is not in the message", sd.ParentCustomDocumentId)
		}
		c.Server.add(m, &entity{kind: "StructuredData", parent: parent.e.id, file: sd.FileName, content: sd.Content, hasContent: true, by: c.box, author: c.user.id})
	}
	c.keep(m)
	c.announce(c.box, m)
	if !m.draft && !m.delayed {
		c.sendOn(m)
	}
	return m, nil
}

// envelope checks who sends to whom.
func (c *call) envelope(body *messageToPost) (*message, error) {
	m := &message{from: c.box, internal: body.IsInternal, draft: body.IsDraft, delayed: body.DelaySend, lockedDraft: body.LockDraft,
		lock: body.LockMode, deletedIn: map[string]bool{}, packet: newGUID(), fromDepartment: body.FromDepartmentId, toDepartment: body.ToDepartmentId}
	if body.LockPacket {
		m.lock = "Full"
	}
	if m.lock == "" {
		m.lock = "None"
	}
	if c.box.Liquidated {
		return nil, refuse(http.StatusForbidden, "Organization of Box %s is liquidated", c.box.id)
	}
	for _, id := range []string{body.FromDepartmentId} {
		if id != "" && !c.box.hasDepartment(id) {
			return nil, refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Department %s is not found", id)
		}
	}
	if m.draft && m.delayed {
		return nil, bad("A message can't be a draft and a delayed send")
	}
	if m.internal {
		if body.ToBoxId != "" {
			return nil, bad("ToBoxId must be empty in an internal message")
		}
		if body.ToDepartmentId == "" || !c.box.hasDepartment(body.ToDepartmentId) {
			return nil, bad("ToDepartmentId is required in an internal message")
		}
		m.to = c.box
		return m, nil
	}
	if err := c.addressee(m, body.ToBoxId, body.ToDepartmentId); err != nil {
		return nil, err
	}
	return m, c.intermediary(m, body.ProxyBoxId)
}

// addressee sets the recipient; a draft may have none yet.
func (c *call) addressee(m *message, boxID, department string) error {
	if boxID == "" {
		if m.draft {
			return nil
		}
		return bad("ToBoxId is required")
	}
	guid, _ := boxGUID(boxID)
	to := c.boxes[guid]
	switch {
	case to == nil:
		return refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Box %s is not found", boxID)
	case to == m.from:
		return bad("ToBoxId must differ from FromBoxId")
	case to.Liquidated:
		return refuse(http.StatusForbidden, "Organization of Box %s is liquidated", boxID)
	case department != "" && !to.hasDepartment(department):
		return refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Department %s is not found", department)
	}
	if !m.draft {
		if err := c.sociable(to, department); err != nil {
			return err
		}
	}
	m.to, m.toDepartment = to, department
	return nil
}

// sociable checks whom the recipient lets in, and into which departments.
func (c *call) sociable(to *box, department string) error {
	if department == "" {
		department = headDepartment
	}
	r := to.relations[c.box.id]
	partner := r != nil && r.status == isMyCounteragent
	if !partner {
		if to.CounteragentsOnly || to.Roaming {
			return refuse(http.StatusConflict, "Box %s accepts documents from partners only", to.id)
		}
		return nil
	}
	for _, g := range to.groups {
		if g.id == r.group && g.departments != nil && !containsFold(g.departments, department) {
			return refuse(http.StatusConflict, "Box %s does not accept your documents in department %s", to.id, department)
		}
	}
	return nil
}

func containsFold(list []string, one string) bool {
	for _, x := range list {
		if strings.EqualFold(x, one) {
			return true
		}
	}
	return false
}

func (c *call) intermediary(m *message, boxID string) error {
	if boxID == "" {
		return nil
	}
	guid, _ := boxGUID(boxID)
	if m.proxy = c.boxes[guid]; m.proxy == nil {
		return refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Box %s is not found", boxID)
	}
	if m.proxy == m.from || m.proxy == m.to {
		return bad("ProxyBoxId must be a third box")
	}
	return nil
}

// link resolves the documents that one refers to; an empty MessageId means a sibling by its CustomDocumentId.
func (c *call) link(d *document, a *documentAttachment, custom map[string]*document) error {
	find := func(ids []documentID) ([][2]string, error) {
		var out [][2]string
		for _, id := range ids {
			var target *document
			if id.MessageId == "" {
				target = custom[id.EntityId]
			} else if m := c.messages[strings.ToLower(id.MessageId)]; m != nil && m.sees(c.box) {
				if e := m.entity(id.EntityId); e != nil {
					target = e.doc
				}
			}
			if target == nil {
				return nil, refuse(either(c.sw.UnknownTarget, http.StatusBadRequest), "Linked document %s %s is not found", id.MessageId, id.EntityId)
			}
			out = append(out, [2]string{target.m.id, target.e.id})
		}
		return out, nil
	}
	var err error
	if d.initial, err = find(a.InitialDocumentIds); err != nil {
		return err
	}
	d.subordinate, err = find(a.SubordinateDocumentIds)
	return err
}

// keep gives a message its id and stores it.
func (s *Server) keep(m *message) {
	m.id, m.at = newGUID(), s.next()
	m.patched = m.at
	s.messages[m.id] = m
	s.sent = append(s.sent, m)
}
