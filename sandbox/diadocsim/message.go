package diadocsim

import (
	"slices"
	"strings"
)

// message is a tree of entities that two boxes (three with a proxy) share.
type message struct {
	id              string
	from, to, proxy *box
	fromDepartment  string
	toDepartment    string
	internal        bool
	draft           bool
	lockedDraft     bool
	recycled        bool
	delayed         bool // stored unsent, to be signed later
	lock            lockMode
	packet          string
	fromDraft       string
	fromTemplate    string
	template        *templateFacts // nil: not a template
	becameMessages  []string
	entities        []*entity
	at, patched     int64
	deletedIn       map[string]bool // by box
	stoppedByProxy  bool
	sentOn, arrived bool // sent; delivered to the recipient
	deliveryFailed  bool
}

// entity is a node of a message.
type entity struct {
	id, parent  string
	signature   bool   // EntityType Signature, else Attachment
	kind        string // AttachmentType
	file        string
	content     []byte
	hasContent  bool
	by          *box   // the box that made it; nil: the operator
	author      string // user id
	at          int64
	private     bool // stays in the box that made it
	delivered   bool // the other sides see it
	approvement bool
	labels      []string
	extra       object // further fields of the structure
	doc         *document
	valid       bool   // of a signature
	power       *power // of a PowerOfAttorney
	cades       string // id of the entity with the improved form of a signature
}

// document is what an entity at the top of a message is.
type document struct {
	m             *message
	e             *entity
	kind          docType
	function      string
	version       docVersion
	workflow      int
	customID      string
	needSignature bool
	metadata      [][2]string
	tags          [][2]string
	tagEdits      int
	comment       string
	initial       [][2]string
	subordinate   [][2]string
	packet        string
	encrypted     bool
	editing       string // EditingSettingId
	invitation    bool

	senderSignature string
	response        string
	proxySignature  string
	revocation      string // the viewer's word is made from it and revoker
	revoker         *box
	revocationID    string
	receipt         string // none, due or done
	answerReceipt   string
	amended         int
	sent, arrived   int64
	modified        int64
	roaming         string
	in              map[string]*place // by box
	forwarded       []forward
}

// place is a document's state in one box.
type place struct {
	department string
	deleted    bool
	read       bool
	resolution string // ResolutionStatusType
	resolver   string // user id
	target     object
	route      string // of approval
}

type forward struct {
	id       string
	from, to *box
	at       int64
}

// The words of document states, as the enumerations have them.
const (
	waitingForSender    = "WaitingForSenderSignature"
	senderValid         = "SenderSignatureCheckedAndValid"
	senderInvalid       = "SenderSignatureCheckedAndInvalid"
	responseNone        = "RecipientResponseStatusNotAcceptable"
	waitingForRecipient = "WaitingForRecipientSignature"
	withRecipient       = "WithRecipientSignature"
	recipientRejected   = "RecipientSignatureRequestRejected"
	recipientInvalid    = "InvalidRecipientSignature"
	recipientPartially  = "WithRecipientPartiallySignature"
	proxyNone           = "ProxySignatureStatusNone"
	proxyWaiting        = "WaitingForProxySignature"
	proxySigned         = "WithProxySignature"
	proxyRejected       = "ProxySignatureRejected"
	proxyInvalid        = "InvalidProxySignature"

	revocationNone      = "none"
	revocationRequested = "requested"
	revocationAccepted  = "accepted"
	revocationRejected  = "rejected"

	receiptNone = "none"
	receiptDue  = "due"
	receiptDone = "done"
)

func (d *document) ref() object { return object{"MessageId": d.m.id, "EntityId": d.e.id} }

// place is the document's state in a box, made on first sight.
func (d *document) place(b *box) *place {
	p := d.in[b.id]
	if p == nil {
		p = &place{department: headDepartment, resolution: "None"}
		switch b {
		case d.m.from:
			if d.m.fromDepartment != "" {
				p.department = d.m.fromDepartment
			}
			p.read = true
		case d.m.to:
			if d.m.toDepartment != "" {
				p.department = d.m.toDepartment
			}
		}
		if d.m.internal && d.m.toDepartment != "" {
			p.department = d.m.toDepartment
		}
		d.in[b.id] = p
	}
	return p
}

// direction is how a box sees the document.
func (d *document) direction(b *box) string {
	switch {
	case d.m.internal:
		return "Internal"
	case b == d.m.from:
		return "Outbound"
	}
	return "Inbound"
}

// counteragent is the other side of a box.
func (m *message) counteragent(b *box) *box {
	if b == m.from {
		return m.to
	}
	return m.from
}

// sides are the boxes of the message, the sender first.
func (m *message) sides() []*box {
	out := []*box{m.from}
	for _, b := range []*box{m.proxy, m.to} {
		if b != nil && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// sees tells whether a box has the message.
func (m *message) sees(b *box) bool {
	if m.draft || !m.sentOn {
		return b == m.from
	}
	return b == m.from || b == m.proxy || b == m.to && m.arrived
}

// visible tells whether a box sees an entity.
func (e *entity) visible(b *box) bool { return e.by == b || e.delivered && !e.private }

func (m *message) entity(id string) *entity {
	for _, e := range m.entities {
		if e.id == strings.ToLower(id) {
			return e
		}
	}
	return nil
}

func (m *message) documents() []*document {
	var out []*document
	for _, e := range m.entities {
		if e.doc != nil {
			out = append(out, e.doc)
		}
	}
	return out
}

func (m *message) kind() string {
	switch {
	case m.template != nil:
		return "Template"
	case m.draft:
		return "Draft"
	}
	return "Letter"
}

// origin is what the message was made of; nil: of nothing.
func (m *message) origin() object {
	switch {
	case m.fromDraft != "":
		return object{"MessageType": "Draft", "MessageId": m.fromDraft}
	case m.fromTemplate != "":
		return object{"MessageType": "Template", "MessageId": m.fromTemplate}
	}
	return nil
}

// entities are the document's own and those that belong to it.
func (d *document) entities() []*entity {
	var out []*entity
	for _, e := range d.m.entities {
		if d.m.documentOf(e) == d {
			out = append(out, e)
		}
	}
	return out
}

// documentOf is the document that an entity belongs to, up the parents.
func (m *message) documentOf(e *entity) *document {
	for range len(m.entities) {
		if e == nil || e.doc != nil {
			break
		}
		e = m.entity(e.parent)
	}
	if e == nil {
		return nil
	}
	return e.doc
}

// add puts an entity into the message.
func (s *Server) add(m *message, e *entity) *entity {
	e.id, e.at = newGUID(), s.next()
	if e.signature {
		e.cades = newGUID()
	}
	m.entities = append(m.entities, e)
	return e
}

// allDocs are the documents that a box has, oldest first.
func (s *Server) allDocs(b *box) []*document {
	var out []*document
	for _, m := range s.sent {
		if !m.sees(b) || m.from != b && m.proxy != b && m.to != b {
			continue
		}
		out = append(out, m.documents()...)
	}
	return out
}

func (s *Server) holdsDocuments(b *box, department string) bool {
	return slices.ContainsFunc(s.allDocs(b), func(d *document) bool { return d.place(b).department == department })
}
