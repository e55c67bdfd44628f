package feed

import (
	"cmp"
	"strings"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/diadoc"
)

// FromDiadoc translates a message as ours, the box that reads it, sees it now. What its documents stand at is
// told by the service's enumerations alone; its texts change without notice.
func FromDiadoc(m diadoc.Message, ours diadoc.BoxID, cause, token string, at time.Time) docflow.Update {
	u := docflow.Update{ExternalID: MessageKey(m.MessageID), Documents: []docflow.Document{}, Cause: cause, Token: token, At: at}
	for _, e := range m.Documents() {
		u.Documents = append(u.Documents, documentOf(m, e, ours))
	}
	u.State = docflow.StateOf(u.Documents)
	if u.State == "" && m.IsDeleted {
		u.State = docflow.Deleted
	}
	return u
}

// MessageKey is a message's id as records keep it: ids are compared as texts from here on.
func MessageKey(id diadoc.MessageID) string { return strings.ToLower(string(id)) }

func documentOf(m diadoc.Message, e diadoc.Entity, ours diadoc.BoxID) docflow.Document {
	info := e.DocumentInfo
	d := docflow.Document{
		EntityID: strings.ToLower(string(e.EntityID)), CustomID: info.CustomDocumentID, Type: info.TypeNamedID,
		Title: cmp.Or(info.Title, info.FileName, e.FileName, info.TypeNamedID), State: docflow.State(info.State()),
		OurTurn: info.OurTurn(), Delivered: info.Delivered(),
	}
	switch {
	case m.IsDeleted:
		d.State = docflow.Deleted
	case m.IsDraft:
		d.State = docflow.Draft
	case m.DeliveryFailed() && d.State != docflow.Deleted:
		d.State = docflow.DeliveryError
	}
	if info.ResolutionStatus != nil {
		d.Resolution = string(info.ResolutionStatus.Type)
	}
	for _, s := range m.Signatures(e.EntityID) {
		if !s.SignerBoxID.Same(ours) && s.SignerBoxID != "" && d.State == docflow.AllSigned {
			d.SignedBy, d.SignedAt = other(m, ours), s.RawCreationDate.Time()
		}
	}
	return d
}

// other is the name of the other side.
func other(m diadoc.Message, ours diadoc.BoxID) string {
	if m.FromBoxID.Same(ours) {
		return m.ToTitle
	}
	return m.FromTitle
}
