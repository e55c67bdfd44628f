package diadocsim

import (
	"slices"
	"strings"
)

// Document is a document as the outside sees it, for tests and for the sandbox's page.
type Document struct {
	MessageID string `json:"messageId"`
	EntityID  string `json:"entityId"`
	From      string `json:"from"` // box GUID
	To        string `json:"to"`
	Type      string `json:"type"`
	Function  string `json:"function"`
	Number    string `json:"number"`
	FileName  string `json:"fileName"`
	CustomID  string `json:"customId"`
	Draft     bool   `json:"draft"`
	Sent      bool   `json:"sent"`
	Delivered bool   `json:"delivered"`
	// Sender, Response and Revocation are the words of SenderSignatureStatus and RecipientResponseStatus, and none,
	// requested, accepted or rejected.
	Sender     string `json:"sender"`
	Response   string `json:"response"`
	Revocation string `json:"revocation"`
	Receipt    string `json:"receipt"` // none, due or done
	Revoker    string `json:"revoker"` // the box that asks for revocation
	Asked      bool   `json:"asked"`   // that request has reached the other side
	Failed     bool   `json:"failed"`  // it could not be delivered
}

func (d *document) show() Document {
	out := Document{MessageID: d.m.id, EntityID: d.e.id, From: d.m.from.id, Type: d.kind.name, Function: d.function, Number: d.meta("DocumentNumber"),
		FileName: d.e.file, CustomID: d.customID, Draft: d.m.draft, Sent: d.m.sentOn, Delivered: d.m.arrived, Sender: d.senderSignature,
		Response: d.response, Revocation: d.revocation, Receipt: d.receipt}
	out.Failed = d.m.deliveryFailed
	if d.revoker != nil {
		out.Revoker, out.Asked = d.revoker.id, d.m.entity(d.revocationID).delivered
	}
	if d.m.to != nil {
		out.To = d.m.to.id
	}
	return out
}

// Documents lists all documents, oldest first.
func (s *Server) Documents() []Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	var out []Document
	for _, m := range s.sent {
		for _, d := range m.documents() {
			out = append(out, d.show())
		}
	}
	return out
}

// Document gives one document.
func (s *Server) Document(messageID, entityID string) (out Document, err error) {
	err = s.lever(func() error {
		d, err := s.find(messageID, entityID)
		if err == nil {
			out = d.show()
		}
		return err
	})
	return out, err
}

func (s *Server) find(messageID, entityID string) (*document, error) {
	m := s.messages[strings.ToLower(messageID)]
	if m != nil {
		if e := m.entity(entityID); e != nil && e.doc != nil {
			return e.doc, nil
		}
	}
	return nil, errNotFound("document", messageID+" "+entityID)
}

// Paper is a document that another side sends.
type Paper struct {
	Type      string // TypeNamedId; empty: Nonformalized
	Function  string
	FileName  string // for documents that are not XML
	Number    string
	Date      string // dd.MM.yyyy
	Content   []byte
	NeedReply bool // asks for the recipient's signature
	CustomID  string
	Lock      string // LockMode
}

// Send lets a box send documents to another in one message, signed, and returns the message id.
func (s *Server) Send(from, to string, papers ...Paper) (messageID string, err error) {
	err = s.pair(from, to, func(a, b *box) error {
		c := s.actor(a)
		body := messageToPost{FromBoxId: a.id, ToBoxId: b.id}
		for _, p := range papers {
			if len(p.Lock) > 0 {
				body.LockMode = lockMode(p.Lock)
			}
			one, err := s.attachmentOf(a, p)
			if err != nil {
				return err
			}
			body.DocumentAttachments = append(body.DocumentAttachments, one)
		}
		m, err := c.compose(&body)
		if err != nil {
			return errState("%s", err)
		}
		messageID = m.id
		return nil
	})
	return messageID, err
}

func (s *Server) attachmentOf(from *box, p Paper) (documentAttachment, error) {
	if p.Type == "" {
		p.Type = "Nonformalized"
	}
	signature, err := s.signAs(from, nil, p.Content)
	out := documentAttachment{TypeNamedId: p.Type, Function: p.Function, NeedRecipientSignature: p.NeedReply, CustomDocumentId: p.CustomID,
		SignedContent: &signedContent{Content: p.Content, Signature: signature}}
	for _, item := range [][2]string{{"FileName", p.FileName}, {"DocumentNumber", p.Number}, {"DocumentDate", p.Date}} {
		if item[1] != "" {
			out.Metadata = append(out.Metadata, metadataItem{item[0], item[1]})
		}
	}
	return out, err
}

// actor is a call that people of a box make in the web page: with every right.
func (s *Server) actor(b *box) *call {
	op := &operation{name: "PostMessagePatch"}
	if len(b.hired) > 0 {
		return &call{Server: s, op: op, box: b, user: b.hired[0].user, staff: &employee{Employee: Employee{AccessLevel: allDocuments}, user: b.hired[0].user}}
	}
	nobody := &user{User: User{Surname: "Представитель", FirstName: b.ShortName}, id: plain(b.id)}
	return &call{Server: s, op: op, box: b, user: nobody, staff: &employee{Employee: Employee{AccessLevel: allDocuments}, user: nobody}}
}

// act lets a box patch the message of a document; the file and the signature over it are made here.
func (s *Server) act(boxID, messageID, entityID string, change func(*call, *document, *patchBody) error) error {
	return s.lever(func() error {
		b, err := s.known(boxID)
		if err != nil {
			return err
		}
		d, err := s.find(messageID, entityID)
		if err != nil {
			return err
		}
		if !slices.Contains(d.m.sides(), b) || !d.m.sees(b) {
			return errState("box %s has no such document", boxID)
		}
		c := s.actor(b)
		body := patchBody{BoxId: b.id, MessageId: d.m.id}
		if err := change(c, d, &body); err != nil {
			return err
		}
		if _, err := s.apply(&patching{call: c, m: d.m, touched: map[*document]string{}}, &body); err != nil {
			return errState("%s", err)
		}
		return nil
	})
}

// partOf is a part with a made-up file, signed.
func (c *call) partOf(parent, text string) ([]signedPart, error) {
	file := to1251(`<?xml version="1.0" encoding="windows-1251"?><Файл ИдФайл="` + newGUID() + `"><Текст>` + text + `</Текст></Файл>`)
	signature, err := c.signAs(c.box, c.user, file)
	return []signedPart{{ParentEntityId: parent, SignedContent: &signedContent{Content: file, Signature: signature}}}, err
}

// Sign lets a box sign a document that waits for its signature, or answer with its title where the workflow
// wants one.
func (s *Server) Sign(boxID, messageID, entityID string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) error {
		if answerOf(d.workflow) == wantsTitle && c.box == d.m.to {
			parts, err := c.partOf(d.e.id, "подписано")
			no := false
			if err == nil {
				body.RecipientTitles = []recipientTitle{{ParentEntityId: d.e.id, SignedContent: parts[0].SignedContent, NeedReceipt: &no}}
			}
			return err
		}
		return c.signWith(d.e, d.e.content, body)
	})
}

// SignBadly lets a box sign something else instead of the document.
func (s *Server) SignBadly(boxID, messageID, entityID string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) error {
		return c.signWith(d.e, []byte("something else"), body)
	})
}

func (c *call) signWith(e *entity, file []byte, body *patchBody) error {
	signature, err := c.signAs(c.box, c.user, file)
	body.Signatures = []documentSignature{{ParentEntityId: e.id, Signature: signature}}
	return err
}

// Reject lets a box refuse to sign a document.
func (s *Server) Reject(boxID, messageID, entityID, text string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) (err error) {
		body.XmlSignatureRejections, err = c.partOf(d.e.id, text)
		return err
	})
}

// AskRevocation lets a box ask the other side to revoke a document.
func (s *Server) AskRevocation(boxID, messageID, entityID, text string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) (err error) {
		body.RevocationRequests, err = c.partOf(d.e.id, text)
		return err
	})
}

// AcceptRevocation lets a box agree to the revocation that the other side asks for.
func (s *Server) AcceptRevocation(boxID, messageID, entityID string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) error {
		e := d.m.entity(d.revocationID)
		if e == nil {
			return errState("there is no revocation request")
		}
		return c.signWith(e, e.content, body)
	})
}

// RefuseRevocation lets a box refuse the revocation that the other side asks for.
func (s *Server) RefuseRevocation(boxID, messageID, entityID, text string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) (err error) {
		if d.revocationID == "" {
			return errState("there is no revocation request")
		}
		body.XmlSignatureRejections, err = c.partOf(d.revocationID, text)
		return err
	})
}

// Receipt lets a box send its receipt of a document.
func (s *Server) Receipt(boxID, messageID, entityID string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) (err error) {
		body.Receipts, err = c.partOf(d.e.id, "получено")
		return err
	})
}

// AskAmendment lets a box ask for a corrected document.
func (s *Server) AskAmendment(boxID, messageID, entityID, text string) error {
	return s.act(boxID, messageID, entityID, func(c *call, d *document, body *patchBody) (err error) {
		body.CorrectionRequests, err = c.partOf(d.e.id, text)
		return err
	})
}

// Resolve lets a person of a box approve or disapprove a document inside the company.
func (s *Server) Resolve(boxID, messageID, entityID string, approve bool, text string) error {
	return s.act(boxID, messageID, entityID, func(_ *call, d *document, body *patchBody) error {
		word := resolutionType(pick(approve, "Approve", "Disapprove"))
		body.Resolutions = []resolutionPart{{InitialDocumentId: d.e.id, ResolutionType: word, Comment: text}}
		return nil
	})
}

// Roam sets the result of a document's way through another operator.
func (s *Server) Roam(messageID, entityID string, success bool) error {
	return s.lever(func() error {
		d, err := s.find(messageID, entityID)
		if err != nil {
			return err
		}
		d.roaming = pick(success, "RoamingNotificationStatusSuccess", "RoamingNotificationStatusError")
		e := s.add(d.m, &entity{kind: "RoamingNotification", parent: d.e.id, delivered: true})
		d.modified = e.at
		s.tellPatch(d.m.from, s.newPatch(d.m, []*entity{e}, nil))
		return nil
	})
}
