package diadocsim

import (
	"encoding/base64"
)

// view is how much of a message an answer shows.
type view struct {
	inject *int // bytes of content that may still be put in; nil: none
	cades  bool // signatures also in their improved form
}

// maxInjected is the documented limit of contents in one answer.
const maxInjected = 1_048_576

func contentObject(data []byte, v view) object {
	out := object{"Size": len(data)}
	if v.inject != nil && len(data) <= *v.inject {
		*v.inject -= len(data)
		out["Data"] = base64.StdEncoding.EncodeToString(data)
	}
	return out
}

func (s *Server) messageObject(b *box, m *message, entities []*entity, v view) object {
	out := object{
		"MessageId": m.id, "TimestampTicks": m.at, "LastPatchTimestampTicks": m.patched, "FromBoxId": s.boxID(m.from.id),
		"FromTitle": m.from.title(), "IsDraft": m.draft, "DraftIsLocked": m.lockedDraft, "DraftIsRecycled": m.recycled,
		"IsDeleted": m.deletedIn[b.id], "IsTest": m.test(), "IsInternal": m.internal, "IsProxified": m.proxy != nil,
		"PacketIsLocked": m.lock == "Full", "LockMode": string(m.lock), "MessageType": m.kind(),
		"DraftIsTransformedToMessageIdList": orEmpty(m.becameMessages), "Entities": s.entityObjects(b, m, entities, v),
	}
	if m.to != nil {
		out["ToBoxId"], out["ToTitle"] = s.boxID(m.to.id), m.to.title()
	}
	if m.proxy != nil {
		out["ProxyBoxId"], out["ProxyTitle"] = s.boxID(m.proxy.id), m.proxy.title()
	}
	if m.fromDraft != "" {
		out["CreatedFromDraftId"] = m.fromDraft
	}
	if m.template != nil {
		out["IsReusable"] = m.template.reusable
	}
	s.nulls(out, "TemplateToLetterTransformationInfo")
	return out
}

// nulls writes null for absent messages where a switch wants it.
func (s *Server) nulls(out object, names ...string) {
	if !s.sw.NullForAbsent {
		return
	}
	for _, name := range names {
		if _, given := out[name]; !given {
			out[name] = nil
		}
	}
}

func (m *message) test() bool {
	for _, b := range m.sides() {
		if b.Test {
			return true
		}
	}
	return false
}

func (s *Server) entityObjects(b *box, m *message, entities []*entity, v view) []object {
	out := []object{}
	for _, e := range entities {
		if !e.visible(b) {
			continue
		}
		out = append(out, s.entityObject(b, m, e, v))
		if e.signature && v.cades {
			better := s.entityObject(b, m, e, v)
			better["EntityId"], better["ParentEntityId"] = e.cades, e.id
			out = append(out, better)
		}
	}
	return out
}

func (s *Server) entityObject(b *box, m *message, e *entity, v view) object {
	out := object{"EntityId": e.id, "EntityType": "Attachment", "RawCreationDate": e.at, "Labels": orEmpty(e.labels),
		"IsApprovementSignature": e.approvement, "IsEncryptedContent": e.doc != nil && e.doc.encrypted}
	if e.signature {
		out["EntityType"] = "Signature"
		if e.by != nil {
			out["SignerBoxId"], out["SignerDepartmentId"] = s.boxID(e.by.id), headDepartment
		}
	} else {
		out["AttachmentType"] = e.kind
	}
	for name, text := range map[string]string{"ParentEntityId": e.parent, "FileName": e.file, "AuthorUserId": e.author} {
		if text != "" {
			out[name] = text
		}
	}
	if e.hasContent {
		out["Content"] = contentObject(e.content, v)
	}
	for name, field := range e.extra {
		out[name] = field
	}
	if d := e.doc; d != nil {
		out["DocumentInfo"] = s.documentObject(b, d, view{}, "")
		out["NeedRecipientSignature"], out["PacketId"], out["Version"] = d.needSignature, d.packet, d.version.name
	}
	s.nulls(out, "ResolutionInfo", "RevocationRequestInfo", "PowerOfAttorneyInfo", "MoveDocumentInfo")
	return out
}

func (s *Server) patchObject(b *box, p *patch) object {
	out := object{"MessageId": p.m.id, "TimestampTicks": p.at, "PatchId": p.id, "MessageType": p.m.kind(), "ForDraft": p.m.draft,
		"Entities": s.entityObjects(b, p.m, p.entities, view{})}
	marks := []object{}
	for _, one := range p.marks {
		fields := object{"EntityId": one.doc.e.id}
		for name, value := range one.fields {
			fields[name] = value
		}
		marks = append(marks, fields)
	}
	out["EntityPatches"] = marks
	for name, value := range p.flags {
		out[name] = value
	}
	return out
}

func pairs(list [][2]string) []object {
	out := []object{}
	for _, one := range list {
		out = append(out, object{"Key": one[0], "Value": one[1]})
	}
	return out
}

func refs(list [][2]string) []object {
	out := []object{}
	for _, one := range list {
		out = append(out, object{"MessageId": one[0], "EntityId": one[1]})
	}
	return out
}

// documentObject renders a document as a box sees it.
func (s *Server) documentObject(b *box, d *document, v view, key string) object {
	p := d.place(b)
	out := object{
		"MessageId": d.m.id, "EntityId": d.e.id, "CreationTimestampTicks": d.e.at, "DocumentType": "UnknownDocumentType",
		"FileName": d.e.file, "DepartmentId": p.department, "IsTest": d.m.test(), "HasCustomPrintForm": false,
		"CustomData": pairs(d.tags), "LastModificationTimestampTicks": d.modified, "TypeNamedId": d.kind.name, "Title": d.title(),
		"Function": d.function, "Version": d.version.name, "WorkflowId": d.workflow, "Metadata": pairs(d.metadata), "Content": contentObject(d.e.content, v),
		"InitialDocumentIds": refs(d.initial), "SubordinateDocumentIds": refs(d.subordinate), "IsDeleted": p.deleted || d.m.deletedIn[b.id],
		"SenderSignatureStatus": d.senderSignature, "RecipientResponseStatus": d.response, "ProxySignatureStatus": d.proxySignature,
		"RevocationStatus": d.revocationStatus(b), "RoamingNotificationStatus": d.roaming, "DocumentDirection": d.direction(b),
		"PacketId": d.packet, "PacketIsLocked": d.m.lock == "Full", "LockMode": string(d.m.lock), "IsRead": p.read, "IsEncryptedContent": d.encrypted,
		"RecipientReceiptMetadata": object{"ReceiptStatus": receiptStatus(d.receipt, b != d.m.from)},
		"SenderReceiptMetadata":    object{"ReceiptStatus": receiptStatus(d.answerReceipt, b == d.m.from)},
		"ConfirmationMetadata":     s.confirmation(d),
		"AmendmentRequestMetadata": object{"AmendmentFlags": d.amended, "ReceiptStatus": "GeneralReceiptStatusNotAcceptable"},
		"DocflowStatus":            s.docflowStatus(b, d), "ForwardDocumentEvents": s.forwards(d), "EditingSettingId": d.editing, "ResolutionRouteId": p.route,
		"HasUnreadOutOfWorkflowUniversalMessages": false, "LastOuterDocflows": []any{},
		"ResolutionStatus": s.resolutionObject(p),
	}
	if key != "" {
		out["IndexKey"] = key
	}
	if d.kind.old {
		out["DocumentType"] = d.kind.name
	}
	if other := d.m.counteragent(b); other != nil {
		out["CounteragentBoxId"] = s.boxID(other.id)
	}
	for name, text := range map[string]string{"CustomDocumentId": d.customID, "DocumentNumber": d.meta("DocumentNumber"), "DocumentDate": d.meta("DocumentDate"),
		"FromDepartmentId": d.m.fromDepartment, "ToDepartmentId": d.m.toDepartment} {
		if text != "" {
			out[name] = text
		}
	}
	for name, at := range map[string]int64{"SendTimestampTicks": d.sent, "DeliveryTimestampTicks": d.arrived} {
		if at != 0 {
			out[name] = at
		}
	}
	if d.m.proxy != nil {
		out["ProxyBoxId"] = s.boxID(d.m.proxy.id)
	}
	if origin := d.m.origin(); origin != nil {
		out["Origin"] = origin
	}
	return out
}

func (d *document) meta(key string) string {
	for _, one := range d.metadata {
		if one[0] == key {
			return one[1]
		}
	}
	return ""
}

func (d *document) title() string {
	if number := d.meta("DocumentNumber"); number != "" {
		return d.kind.title + " № " + number
	}
	return d.kind.title + " " + d.e.file
}

func (d *document) revocationStatus(b *box) string {
	switch d.revocation {
	case revocationRequested:
		if d.revoker == b {
			return "RevocationIsRequestedByMe"
		}
		return "RequestsMyRevocation"
	case revocationAccepted:
		return "RevocationAccepted"
	case revocationRejected:
		return "RevocationRejected"
	}
	return "RevocationStatusNone"
}

func receiptStatus(state string, mine bool) string {
	switch {
	case state == receiptDone:
		return "Finished"
	case state == receiptDue && mine:
		return "HaveToCreateReceipt"
	case state == receiptDue:
		return "WaitingForReceipt"
	}
	return "GeneralReceiptStatusNotAcceptable"
}

// moscow is the offset of the confirmation's ticks, which are local time.
const moscow = 3 * 3600 * 10_000_000

func (s *Server) confirmation(d *document) object {
	out := object{"ReceiptStatus": "GeneralReceiptStatusNotAcceptable", "DateTimeTicks": int64(0)}
	if wantsConfirmation(d.workflow) && d.sent != 0 {
		out = object{"ReceiptStatus": "Finished", "DateTimeTicks": d.sent + moscow}
	}
	return out
}

func (s *Server) forwards(d *document) []object {
	out := []object{}
	for _, f := range d.forwarded {
		out = append(out, object{"Timestamp": s.timestamp(f.at), "ToBoxId": s.boxID(f.to.id)})
	}
	return out
}

func (s *Server) resolutionObject(p *place) object {
	out := object{"Type": p.resolution, "AuthorUserId": p.resolver, "AuthorFIO": s.personName(p.resolver)}
	if p.target != nil {
		out["Target"] = p.target
	}
	return out
}

func (s *Server) personName(id string) string {
	for _, u := range s.users {
		if u.id == id {
			return u.Surname + " " + u.FirstName
		}
	}
	return ""
}

// docflowStatus is for people: its texts change without notice.
func (s *Server) docflowStatus(b *box, d *document) object {
	severity, text := "Info", "Документ отправлен"
	switch {
	case d.revocation == revocationAccepted:
		severity, text = "Error", "Аннулирован"
	case d.revocation == revocationRequested && d.revoker == b:
		severity, text = "Warning", "Ожидается аннулирование"
	case d.revocation == revocationRequested:
		severity, text = "Warning", "Требуется аннулирование"
	case d.senderSignature == waitingForSender:
		severity, text = "Warning", "Требуется подпись отправителя"
	case d.senderSignature == senderInvalid, d.response == recipientInvalid:
		severity, text = "Error", "Подпись недействительна"
	case d.response == recipientRejected:
		severity, text = "Error", "Отказано в подписи"
	case d.response == withRecipient:
		severity, text = "Success", "Подписан"
	case d.response == waitingForRecipient && b == d.m.from:
		severity, text = "Warning", "Ожидается подпись контрагента"
	case d.response == waitingForRecipient:
		severity, text = "Warning", "Требуется подпись"
	}
	return object{"PrimaryStatus": object{"Severity": severity, "StatusText": text}}
}
