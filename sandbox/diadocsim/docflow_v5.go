package diadocsim

import (
	"slices"
	"strings"
)

// withDocflow is DocumentWithDocflow in the version of the operation: of titles and participants, or of two parties.
func (c *call) withDocflow(d *document, v view) object {
	b := c.box
	last := object{"EventId": d.e.id, "Timestamp": c.timestamp(d.modified)}
	for _, ev := range slices.Backward(b.feed) {
		if ev.m == d.m {
			last = object{"EventId": ev.id, "Timestamp": c.timestamp(ev.at)}
			break
		}
	}
	at := d.place(b)
	info := object{
		"FullVersion": object{"TypeNamedId": d.kind.name, "Function": d.function, "Version": d.version.name}, "MessageType": d.m.kind(), "WorkflowId": d.workflow,
		"DocumentDirection": d.direction(b), "DepartmentId": at.department,
		"CustomDocumentId": d.customID, "Metadata": pairs(d.metadata), "CustomData": pairs(d.tags),
		"DocumentLinks": object{"InitialIds": refs(d.initial), "SubordinateIds": refs(d.subordinate)},
		"PacketInfo":    object{"LockMode": string(d.m.lock), "PacketId": d.packet, "AddedAt": c.timestamp(d.e.at)}, "IsRead": at.read,
		"IsDeleted": at.deleted || d.m.deletedIn[b.id], "IsInvitation": d.invitation, "EditingSettingId": d.editing,
		"HasUnreadOutOfWorkflowUniversalMessages": false,
	}
	out := object{"DocumentId": d.ref(), "LastEvent": last, "DocumentInfo": info}
	if d.m.origin() != nil {
		info["Origin"] = d.m.origin()
	}
	if strings.HasSuffix(c.op.name, "V4") || strings.HasSuffix(c.op.name, "V3") {
		info["Participants"], out["Docflow"] = c.twoParties(d), c.docflowV4(d, v)
		return out
	}
	info["Participants"], out["Docflow"] = object{"Participants": c.participants(d)}, c.docflow(d, v)
	return out
}

func (c *call) participant(d *document, side *box) object {
	role := map[bool]string{true: "Sender", false: "Recipient"}[side == d.m.from]
	if side == d.m.proxy {
		role = "Proxy"
	}
	return object{"BoxId": c.boxID(side.id), "DepartmentId": d.place(side).department, "Role": role, "IsCurrentBox": side == c.box,
		"Flags": object{"IsRoaming": side.Roaming}, "Type": role}
}

func (c *call) participants(d *document) []object {
	out := []object{}
	for _, side := range d.m.sides() {
		out = append(out, c.participant(d, side))
	}
	return out
}

func (c *call) docflow(d *document, v view) object {
	own := object{"IsFinished": d.senderSignature == senderValid, "Title": c.signedAttachment(d, d.e, v),
		"Status": map[string]string{waitingForSender: "TitleAuthorStatusWaiting", senderValid: "TitleAuthorStatusSigned", senderInvalid: "TitleAuthorStatusInvalidSignature"}[d.senderSignature]}
	title := object{"TitleIndex": 0, "Author": c.participant(d, d.m.from), "AuthorSigning": own, "ParticipantDocflows": c.participantDocflows(d, v)}
	titles := []object{title}
	if e := d.answerEntity(); e != nil {
		titles = append(titles, object{"TitleIndex": 1, "Author": c.participant(d, d.m.to), "ParticipantDocflows": []object{},
			"AuthorSigning": object{"IsFinished": true, "Status": "TitleAuthorStatusSigned", "Title": c.signedAttachment(d, e, v),
				"OperationResult": object{"WellKnown": "WellKnownTitleOperationResultSigned"}}})
	}
	out := object{"Titles": titles, "AmendmentRequests": c.amendmentsV5(d, v), "OuterDocflows": []object{}, "DocflowStatus": c.docflowStatus(c.box, d)}
	if status := d.place(c.box).resolution; status != "None" {
		out["Resolution"] = object{"IsFinished": resolutionFinished(status), "ResolutionStatus": docflowResolution(status)}
	}
	if d.revoker != nil {
		out["Revocation"] = object{"IsFinished": d.revocation != revocationRequested, "RevocationRequest": c.revocationRequest(d, v),
			"RevocationResponse": c.revocationAnswersV5(d, v), "Initiator": c.participant(d, d.revoker), "RevocationStatus": d.revocationStatus(c.box), "OuterDocflows": []object{}}
	}
	return out
}

// revocationAnswersV5 is the one answer of the other side, once there is one.
func (c *call) revocationAnswersV5(d *document, v view) []object {
	answer := c.revocationAnswer(d, v)
	if len(answer) == 0 {
		return []object{}
	}
	out := object{"Participant": c.participant(d, d.m.counteragentOf(d.revoker)), "IsFinished": true}
	for _, one := range [][2]string{{"RecipientSignature", "Signature"}, {"SignatureRejection", "Rejection"}} {
		if part, given := answer[one[0]]; given {
			out[one[1]] = part
		}
	}
	return []object{out}
}

func (c *call) amendmentsV5(d *document, v view) []object {
	out := []object{}
	for _, one := range c.amendments(d, v) {
		one["Requester"], one["RecipientDocflows"], one["TargetEntityId"] = c.participant(d, d.m.to), []object{}, d.e.id
		out = append(out, one)
	}
	return out
}

func (d *document) answerEntity() *entity {
	for _, e := range d.m.entities {
		if e.parent == d.e.id && d.kind.answer != "" && e.kind == d.kind.answer {
			return e
		}
	}
	return nil
}

func (c *call) participantDocflows(d *document, v view) []object {
	if d.m.to == nil || d.m.internal {
		return []object{}
	}
	words := map[string]string{responseNone: "NotAcceptable", waitingForRecipient: "Waiting", withRecipient: "Signed", recipientRejected: "SignatureRejected", recipientInvalid: "InvalidSignature"}
	response := object{"IsFinished": d.response != waitingForRecipient, "Status": "TitleParticipantResponseStatus" + words[d.response]}
	delivery := object{"Status": "DeliveryStatusNotReady"}
	if d.arrived != 0 {
		delivery = object{"Status": "DeliveryStatusDelivered", "SentAt": c.timestamp(d.sent), "DeliveredAt": c.timestamp(d.arrived)}
	}
	for name, part := range c.answerParts(d, d.m.to, v) {
		response[name] = part
	}
	receipt := object{"IsFinished": d.receipt != receiptDue, "Status": receiptStatus(d.receipt, c.box != d.m.from)}
	c.receiptParts(d, d.e.id, d.m.to, receipt, v)
	return []object{{"Participant": c.participant(d, d.m.to), "TitleDelivery": object{"Delivery": delivery}, "Response": response,
		"Receipt": receipt}}
}
