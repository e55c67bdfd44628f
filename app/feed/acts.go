package feed

import (
	"cmp"
	"slices"
	"strings"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// act is one thing that happened to a message and moved its documents. Each leaves an entity or a moment in the
// message, so what the message went through can be told from the message alone, however late it is read.
type act struct {
	kind     actKind
	entity   diadoc.Entity   // what it left; none for a delivery
	document diadoc.EntityID // "" for all of the message
	at       diadoc.Ticks
}

type actKind int

const (
	delivered       actKind = iota
	undelivered             // the operator could not deliver it
	sentBy                  // the sender's signature
	passedBy                // the intermediary's signature
	answered                // the recipient's signature or refusal
	received                // a receipt
	asksCorrection          // an amendment request
	asksRevocation          // a revocation request
	endsRevocation          // consent to a revocation, or its refusal
	roamingNotified         // another operator's word
)

// name tells acts of one message apart; the half of an id does that.
func (a act) name() string {
	if a.kind == delivered {
		return "delivered"
	}
	id := strings.ReplaceAll(entityKey(a.entity.EntityID), "-", "")
	return id[:min(len(id), 12)]
}

// actsOf lists what happened to a message, oldest first. Comments, tags, moves and resolutions take no document
// to another state and are left out.
func actsOf(m diadoc.Message) []act {
	tree := family{m, map[diadoc.EntityID]diadoc.Entity{}}
	for _, e := range m.Entities {
		tree.by[e.EntityID] = e
	}
	var acts []act
	first := map[diadoc.EntityID]bool{} // documents of an internal message that one side has signed
	for _, e := range slices.SortedStableFunc(slices.Values(m.Entities), func(a, b diadoc.Entity) int { return cmp.Compare(a.RawCreationDate, b.RawCreationDate) }) {
		kind, ok := tree.kind(e, first)
		if !ok {
			continue
		}
		acts = append(acts, act{kind, e, tree.document(e), e.RawCreationDate})
	}
	var arrived diadoc.Ticks
	for _, d := range m.Documents() {
		arrived = max(arrived, d.DocumentInfo.DeliveryTimestampTicks)
	}
	if arrived != 0 {
		acts = append(acts, act{kind: delivered, at: arrived})
	}
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	return acts
}

// family finds the relatives of entities.
type family struct {
	m  diadoc.Message
	by map[diadoc.EntityID]diadoc.Entity
}

// document is the document that an entity belongs to, up its parents; "" for none.
func (f family) document(e diadoc.Entity) diadoc.EntityID {
	for range len(f.by) {
		if e.DocumentInfo != nil {
			return e.EntityID
		}
		e = f.by[e.ParentEntityID]
	}
	return ""
}

func (f family) kind(e diadoc.Entity, first map[diadoc.EntityID]bool) (actKind, bool) {
	parent, hasParent := f.by[e.ParentEntityID]
	asked := parent.AttachmentType == diadoc.AttachmentRevocationRequest
	switch {
	case e.AttachmentType == diadoc.AttachmentDeliveryFailureNotification:
		return undelivered, true
	case !hasParent:
		return 0, false
	case e.EntityType == diadoc.EntityTypeSignature:
		return f.signature(e, parent, first)
	}
	switch e.AttachmentType {
	case diadoc.AttachmentSignatureRequestRejection, diadoc.AttachmentXmlSignatureRejection:
		if asked {
			return endsRevocation, true
		}
		return answered, true
	case diadoc.AttachmentRevocationRequest:
		return asksRevocation, true
	case diadoc.AttachmentInvoiceCorrectionRequest:
		return asksCorrection, true
	case diadoc.AttachmentReceipt, diadoc.AttachmentInvoiceReceipt:
		return received, parent.DocumentInfo != nil
	case diadoc.AttachmentRoamingNotification:
		return roamingNotified, true
	case diadoc.AttachmentUniversalMessage:
		return universal(e, asked)
	}
	return 0, false
}

// universal reads a universal message, which stands for a receipt, an amendment request or a refusal.
func universal(e diadoc.Entity, asked bool) (actKind, bool) {
	if e.UniversalMessageInfo == nil || e.UniversalMessageInfo.IsOutOfWorkflow {
		return 0, false
	}
	switch e.UniversalMessageInfo.CodeGroup {
	case diadoc.UniversalMessageReceipt:
		return received, true
	case diadoc.UniversalMessageAmendmentRequest:
		return asksCorrection, true
	case diadoc.UniversalMessageRejection:
		if asked {
			return endsRevocation, true
		}
		return answered, true
	}
	return 0, false
}

// signature tells whose it is by what it is under.
func (f family) signature(e, parent diadoc.Entity, first map[diadoc.EntityID]bool) (actKind, bool) {
	switch {
	case e.IsApprovementSignature:
		return 0, false
	case parent.AttachmentType == diadoc.AttachmentRevocationRequest:
		// Who asks signs the request, too.
		asks := parent.RevocationRequestInfo != nil && parent.RevocationRequestInfo.InitiatorBoxID.Same(e.SignerBoxID)
		return endsRevocation, !asks
	case parent.DocumentInfo == nil: // of a recipient's title, or of a paper that counts by itself
		return answered, IsTitle(parent.AttachmentType)
	case f.m.ProxyBoxID != "" && e.SignerBoxID.Same(f.m.ProxyBoxID):
		return passedBy, true
	case e.SignerBoxID.Same(f.m.FromBoxID) && !first[parent.EntityID]:
		first[parent.EntityID] = f.m.IsInternal
		return sentBy, true
	}
	return answered, true
}

// IsTitle reports whether an entity is the title with which the recipient answers.
func IsTitle(t diadoc.AttachmentType) bool {
	switch t {
	case diadoc.AttachmentTitle, diadoc.AttachmentXmlTorg12BuyerTitle, diadoc.AttachmentXmlAcceptanceCertificateBuyerTitle,
		diadoc.AttachmentUniversalTransferDocumentBuyerTitle, diadoc.AttachmentUniversalCorrectionDocumentBuyerTitle:
		return true
	}
	return false
}

// onePatch is how near in time acts are that one patch has made on several documents.
const onePatch diadoc.Ticks = 10_000_000 // a second

// Passed tells what a message went through before what it is now, as far as known lacks it: after each act an
// update as FromDiadoc would have given it then, oldest first. A signature that turned out to be invalid, and
// what left neither an entity nor a moment, such as a deletion taken back, is not told.
func Passed(m diadoc.Message, ours diadoc.BoxID, known []string, cause, token string) []docflow.Update {
	acts := actsOf(m)
	var updates []docflow.Update
	for i, a := range acts {
		if i == len(acts)-1 || slices.Contains(known, a.name()) || sameStep(a, acts[i+1]) {
			continue
		}
		u := FromDiadoc(rewound(m, ours, acts[i+1:]), ours, cause, token, a.at.Time())
		u.Passed = true
		u.Read.At = int64(a.at)
		updates = append(updates, u)
	}
	return updates
}

// sameStep reports whether two acts are of one patch: alike, on different documents, at one time.
func sameStep(a, b act) bool {
	return a.kind == b.kind && a.document != b.document && b.at-a.at < onePatch
}

// rewound is the message as it was before the acts that came later.
func rewound(m diadoc.Message, ours diadoc.BoxID, later []act) diadoc.Message {
	gone := map[diadoc.EntityID]bool{}
	for _, a := range later {
		gone[a.entity.EntityID] = true
	}
	entities := make([]diadoc.Entity, 0, len(m.Entities))
	for _, e := range m.Entities {
		if gone[e.EntityID] {
			continue
		}
		if e.DocumentInfo != nil {
			info := *e.DocumentInfo
			for _, a := range slices.Backward(later) {
				if a.document == "" || a.document == e.EntityID {
					a.undo(m, ours, &info)
				}
			}
			e.DocumentInfo = &info
		}
		entities = append(entities, e)
	}
	m.Entities = entities
	return m
}

// undo sets what an act has changed back to what it must have been before.
func (a act) undo(m diadoc.Message, ours diadoc.BoxID, d *diadoc.Document) {
	inbound := d.DocumentDirection == diadoc.DirectionInbound
	switch a.kind {
	case delivered:
		if !inbound { // what came in was delivered from the first
			d.DeliveryTimestampTicks = 0
		}
	case sentBy:
		d.SenderSignatureStatus = diadoc.WaitingForSenderSignature
	case passedBy:
		d.ProxySignatureStatus = diadoc.WaitingForProxySignature
	case answered:
		if d.RecipientResponseStatus != diadoc.RecipientResponseStatusNotAcceptable {
			d.RecipientResponseStatus = diadoc.WaitingForRecipientSignature
		}
	case received:
		if d.RecipientReceiptMetadata.ReceiptStatus == diadoc.ReceiptFinished {
			d.RecipientReceiptMetadata.ReceiptStatus = diadoc.WaitingForReceipt
			if inbound {
				d.RecipientReceiptMetadata.ReceiptStatus = diadoc.HaveToCreateReceipt
			}
		}
	case asksCorrection:
		d.AmendmentRequestMetadata.AmendmentFlags &^= diadoc.AmendmentRequested
	case asksRevocation:
		d.RevocationStatus = diadoc.RevocationStatusNone
	case endsRevocation:
		d.RevocationStatus = diadoc.RequestsMyRevocation
		request, _ := m.Entity(a.entity.ParentEntityID)
		if request.RevocationRequestInfo != nil && request.RevocationRequestInfo.InitiatorBoxID.Same(ours) {
			d.RevocationStatus = diadoc.RevocationIsRequestedByMe
		}
	case roamingNotified:
		d.RoamingNotificationStatus = diadoc.RoamingNotificationStatusNone
	case undelivered: // its entity is gone
	}
}
