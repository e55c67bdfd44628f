package feed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// FromDiadoc translates a message as ours, the box that reads it, sees it now. What its documents stand at is
// told by the service's enumerations alone; its texts change without notice.
func FromDiadoc(m diadoc.Message, ours diadoc.BoxID, cause, token string, at time.Time) docflow.Update {
	u := docflow.Update{ExternalID: MessageKey(m.MessageID), Documents: []docflow.Document{}, Cause: cause, Token: token, At: at}
	acts := actsOf(m)
	for _, e := range m.Documents() {
		u.Documents = append(u.Documents, documentOf(m, e, ours, acts))
	}
	u.State = docflow.StateOf(u.Documents)
	if u.State == "" && m.IsDeleted {
		u.State = docflow.Deleted
	}
	u.Read.At = int64(max(m.TimestampTicks, m.LastPatchTimestampTicks))
	for _, a := range acts {
		u.Read.Acts = append(u.Read.Acts, a.name())
	}
	return u
}

// MessageKey is a message's id as records keep it: ids are compared as texts from here on.
func MessageKey(id diadoc.MessageID) string { return strings.ToLower(string(id)) }

func documentOf(m diadoc.Message, e diadoc.Entity, ours diadoc.BoxID, acts []act) docflow.Document {
	info := e.DocumentInfo
	d := docflow.Document{
		EntityID: entityKey(e.EntityID), CustomID: info.CustomDocumentID, Type: info.TypeNamedID,
		Title: cmp.Or(info.Title, info.FileName, e.FileName, info.TypeNamedID), State: docflow.State(info.State()),
		File: cmp.Or(info.FileName, e.FileName), Number: cmp.Or(metadata(info.Metadata, "DocumentNumber"), info.DocumentNumber),
		Direction: directionOf(info.DocumentDirection), OurTurn: info.OurTurn(), Delivered: info.Delivered(),
	}
	switch {
	case m.IsDeleted:
		d.State = docflow.Deleted
	case m.IsDraft:
		d.State = docflow.Draft
	case m.DeliveryFailed() && d.State != docflow.Deleted:
		d.State = docflow.DeliveryError
	case d.State != docflow.Deleted && info.RevocationStatus == diadoc.RevocationStatusNone && askedToRevoke(m, e.EntityID, ours):
		d.State = docflow.RevocationOut
	}
	if d.State == docflow.Deleted || d.State == docflow.DeliveryError {
		d.OurTurn = false
	}
	if info.ResolutionStatus != nil {
		d.Resolution = string(info.ResolutionStatus.Type)
	}
	if d.State != docflow.AllSigned && d.State != docflow.PartiallySigned {
		return d
	}
	for _, a := range acts {
		if a.kind == answered && a.document == e.EntityID && a.entity.EntityType == diadoc.EntityTypeSignature {
			d.SignedBy, d.SignedAt = titleOf(m, a.entity.SignerBoxID, ours), a.at.Time()
		}
	}
	return d
}

// askedToRevoke tells whether the message has a request of ours to revoke a document. While it waits for an approval
// inside our company, the document's status is that of no request; afterwards the status tells what became of it.
func askedToRevoke(m diadoc.Message, document diadoc.EntityID, ours diadoc.BoxID) bool {
	return slices.ContainsFunc(m.Children(document), func(e diadoc.Entity) bool {
		by := e.RevocationRequestInfo
		return e.AttachmentType == diadoc.AttachmentRevocationRequest && by != nil && by.InitiatorBoxID.Same(ours)
	})
}

func metadata(items []diadoc.MetadataItem, key string) string {
	at := slices.IndexFunc(items, func(m diadoc.MetadataItem) bool { return m.Key == key })
	if at < 0 {
		return ""
	}
	return items[at].Value
}

func entityKey(id diadoc.EntityID) string { return strings.ToLower(string(id)) }

func directionOf(d diadoc.DocumentDirection) docflow.Direction {
	switch d {
	case diadoc.DirectionInbound:
		return docflow.Inbound
	case diadoc.DirectionInternal:
		return docflow.Internal
	}
	return docflow.Outbound
}

// titleOf names the organisation of a box of the message; one that the message does not tell is the other side.
func titleOf(m diadoc.Message, box, ours diadoc.BoxID) string {
	switch {
	case box.Same(m.FromBoxID):
		return m.FromTitle
	case box.Same(m.ToBoxID):
		return m.ToTitle
	case box.Same(m.ProxyBoxID):
		return m.ProxyTitle
	case m.FromBoxID.Same(ours):
		return m.ToTitle
	}
	return m.FromTitle
}
