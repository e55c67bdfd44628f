package diadocsim

import (
	"net/http"
	"strings"
)

// The parts of a patch.

type documentSignature struct {
	ParentEntityId         string `dia:"req"`
	Signature              []byte
	SignWithTestSignature  bool
	IsApprovementSignature bool
	SignatureNameOnShelf   string
	PatchedContentId       string
	Labels                 []string
	PowerOfAttorney        *powerOfAttorney
}

// signedPart is the common form of receipts, amendment requests, rejections and revocation requests.
type signedPart struct {
	ParentEntityId string         `dia:"req"`
	SignedContent  *signedContent `dia:"req"`
	Labels         []string
}

type recipientTitle struct {
	ParentEntityId string         `dia:"req"`
	SignedContent  *signedContent `dia:"req"`
	Labels         []string
	NeedReceipt    *bool `dia:"req"`
	TitleIndex     *int32
}

type resolutionPart struct {
	InitialDocumentId string         `dia:"req"`
	ResolutionType    resolutionType `dia:"req"`
	Comment           string         `dia:"max=5000"`
	Labels            []string
}

type resolutionRequest struct {
	InitialDocumentId  string                `dia:"req"`
	Type               resolutionRequestType `dia:"req"`
	TargetUserId       string
	TargetDepartmentId string
	Comment            string `dia:"max=500"`
	Labels             []string
}

type resolutionReply struct {
	InitialResolutionRequestId string `dia:"req"`
	Comment                    string `dia:"max=256"`
	Labels                     []string
}

type denialCancellation struct {
	InitialResolutionRequestDenialId string `dia:"req"`
}

type customDataPatch struct {
	ParentEntityId string              `dia:"req"`
	Operation      customDataOperation `dia:"req"`
	Key            string              `dia:"req"`
	Value          string
}

type editPacket struct {
	DocumentId                string `dia:"req"`
	AddDocumentsToPacket      []documentID
	RemoveDocumentsFromPacket []documentID
}

type universalMessage struct {
	ParentEntityId          string `dia:"req"`
	CodeGroup               messageCodeGroup
	UniversalMessageContent *unsignedContent `dia:"req"`
	Labels                  []string
	Behaviour               messageBehaviour
}

// patchBody is MessagePatchToPostV2; V3 has RequestedSignatureRejections and no UniversalMessages.
type patchBody struct {
	BoxId                                string `dia:"req"`
	MessageId                            string `dia:"req"`
	Receipts                             []signedPart
	CorrectionRequests                   []signedPart
	Signatures                           []documentSignature
	Resolutions                          []resolutionPart
	ResolutionRequests                   []resolutionRequest
	ResolutionRequestCancellations       []resolutionReply
	ResolutionRequestDenials             []resolutionReply
	ResolutionRequestDenialCancellations []denialCancellation
	RevocationRequests                   []signedPart
	XmlSignatureRejections               []signedPart
	CustomDataPatches                    []customDataPatch
	EditDocumentPacketCommands           []editPacket
	RecipientTitles                      []recipientTitle
	UniversalMessages                    []universalMessage
	RequestedSignatureRejections         []signedPart
	ResolutionRouteAssignments           []routeAssignment
	ResolutionRouteRemovals              []routeRemoval
	SignatureVerifications               []signatureVerification
	EditingPatches                       []editingPatch
	TtGisFixationCancellationRequests    []any
}

const maxTagPatches = 15

func patchArea() map[string]behaviour {
	patch := func(c *call) (reply, error) { return c.once(false, c.postPatch) }
	return map[string]behaviour{
		"PostMessagePatch":   {body: jsonBody, serve: patch},
		"PostMessagePatchV3": {body: jsonBody, serve: patch},
	}
}

// patching is one patch while its parts are applied: all of them or none.
type patching struct {
	*call
	m       *message
	added   []*entity
	private []*entity
	marks   []mark
	touched map[*document]string // what was done to which document, for closed packets
	sendNow bool
	after   []func() // effects, once every part is known to be good
}

func (c *call) postPatch() (reply, error) {
	var body patchBody
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if err := c.enterAs(body.BoxId); err != nil {
		return reply{}, err
	}
	old := c.op.name == "PostMessagePatchV3"
	if old && len(body.UniversalMessages) > 0 || !old && len(body.RequestedSignatureRejections) > 0 {
		return reply{}, bad("This version of PostMessagePatch has no such list")
	}
	m := c.messages[strings.ToLower(body.MessageId)]
	if m == nil || !m.sees(c.box) {
		return reply{}, refuse(http.StatusNotFound, "Message %s is not found in Box %s", body.MessageId, c.box.id)
	}
	if m.draft {
		return reply{}, refuse(http.StatusConflict, "A draft is finished with SendDraft")
	}
	if m.template != nil {
		return reply{}, conflict("A template is answered with TransformTemplateToMessage or PostTemplatePatch")
	}
	p, err := c.Server.apply(&patching{call: c, m: m, touched: map[*document]string{}}, &body)
	if err != nil {
		return reply{}, err
	}
	return jsonReply(c.patchObject(c.box, p)), nil
}

// apply checks every part, and only then does them. Entities of a refused patch are taken out again.
func (s *Server) apply(p *patching, body *patchBody) (*patch, error) {
	before := len(p.m.entities)
	err := p.parts(body)
	if err == nil && len(p.added)+len(p.private)+len(p.marks)+len(p.after) == 0 {
		err = bad("The patch does nothing")
	}
	if err == nil {
		err = p.checkLabels()
	}
	if err == nil {
		err = p.wholePacket()
	}
	if err != nil {
		p.m.entities = p.m.entities[:before]
		return nil, err
	}
	for _, effect := range p.after {
		effect()
	}
	all := append(append([]*entity{}, p.added...), p.private...)
	made := s.newPatch(p.m, all, nil)
	made.marks = p.marks
	s.tellPatch(p.box, made)
	if p.sendNow {
		for _, e := range all {
			e.delivered = e.delivered || !e.private
		}
		s.sendOn(p.m)
	} else if len(p.added) > 0 {
		shared := &patch{id: made.id, m: p.m, entities: p.added, at: made.at}
		for _, side := range p.m.sides() {
			if side != p.box && (side != p.m.to || p.m.arrived) && p.m.sentOn {
				s.post(delivery{m: p.m, to: side, patch: shared})
			}
		}
	}
	return made, nil
}

// wholePacket refuses to act on a part of a closed packet.
func (p *patching) wholePacket() error {
	closed := p.m.lock == "Full" || p.m.lock == "Send" && !p.m.sentOn
	if closed && len(p.touched) > 0 && len(p.touched) < len(p.m.documents()) {
		return refuse(either(p.sw.LockedPart, http.StatusConflict), "The packet is closed: act on all its documents together")
	}
	return nil
}

func (p *patching) parts(body *patchBody) error {
	for i := range body.Signatures {
		if err := p.sign(&body.Signatures[i]); err != nil {
			return err
		}
	}
	for i := range body.RecipientTitles {
		if err := p.answer(&body.RecipientTitles[i]); err != nil {
			return err
		}
	}
	for _, one := range []struct {
		list []signedPart
		do   func(*signedPart) error
	}{
		{body.XmlSignatureRejections, p.reject}, {body.RequestedSignatureRejections, p.reject}, {body.RevocationRequests, p.revoke},
		{body.Receipts, p.receive}, {body.CorrectionRequests, p.amend},
	} {
		for i := range one.list {
			if err := one.do(&one.list[i]); err != nil {
				return err
			}
		}
	}
	return p.otherParts(body)
}

func (p *patching) otherParts(body *patchBody) error {
	for i := range body.UniversalMessages {
		if err := p.universal(&body.UniversalMessages[i]); err != nil {
			return err
		}
	}
	for i := range body.Resolutions {
		if err := p.resolve(&body.Resolutions[i]); err != nil {
			return err
		}
	}
	for i := range body.ResolutionRequests {
		if err := p.askResolution(&body.ResolutionRequests[i]); err != nil {
			return err
		}
	}
	for i := range body.ResolutionRequestCancellations {
		if err := p.closeRequest(&body.ResolutionRequestCancellations[i], "Cancellation", "None"); err != nil {
			return err
		}
	}
	for i := range body.ResolutionRequestDenials {
		if err := p.closeRequest(&body.ResolutionRequestDenials[i], "ResolutionRequestDenial", "SignatureDenied"); err != nil {
			return err
		}
	}
	for i := range body.ResolutionRequestDenialCancellations {
		if err := p.undeny(&body.ResolutionRequestDenialCancellations[i]); err != nil {
			return err
		}
	}
	for i := range body.EditDocumentPacketCommands {
		if err := p.repack(&body.EditDocumentPacketCommands[i]); err != nil {
			return err
		}
	}
	if err := p.rareParts(body); err != nil {
		return err
	}
	return p.tag(body.CustomDataPatches)
}

// put adds an entity that the other sides get too.
func (p *patching) put(e *entity) *entity {
	e.by, e.author = p.box, p.userID()
	p.added = append(p.added, p.Server.add(p.m, e))
	return e
}

// keepIn adds an entity that stays in the actor's box.
func (p *patching) keepIn(e *entity) *entity {
	e.by, e.author, e.private = p.box, p.userID(), true
	p.private = append(p.private, p.Server.add(p.m, e))
	return e
}

func (c *call) userID() string {
	if c.user == nil {
		return ""
	}
	return c.user.id
}

// parent finds the entity that a part hangs under, and its document, checking access to it.
func (p *patching) parent(id string) (*entity, *document, error) {
	e := p.m.entity(id)
	if e == nil || !e.visible(p.box) {
		return nil, nil, refuse(http.StatusNotFound, "Entity %s is not found in message %s", id, p.m.id)
	}
	d := p.m.documentOf(e)
	if d == nil {
		return nil, nil, bad("Entity %s belongs to no document", id)
	}
	if p.staff != nil && !p.mayEnter(d.place(p.box).department) {
		return nil, nil, refuse(http.StatusForbidden, "User has no access to document %s", d.e.id)
	}
	if d.place(p.box).deleted {
		return nil, nil, refuse(http.StatusConflict, "Document %s is deleted", d.e.id)
	}
	return e, d, nil
}

// change does something to a document once the patch is known to be good.
func (p *patching) change(d *document, what string, effect func()) {
	if what != "" {
		p.touched[d] = what
	}
	p.after = append(p.after, func() {
		effect()
		d.modified = p.next()
	})
}

func conflict(format string, args ...any) error { return refuse(http.StatusConflict, format, args...) }
