package diadocsim

import (
	"slices"
	"strings"
)

func docflowArea() map[string]behaviour {
	return map[string]behaviour{
		"GetDocflows":           {body: jsonBody, box: "boxId", right: allDocuments, serve: (*call).getDocflows},
		"GetDocflowEvents":      {body: jsonBody, box: "boxId", right: allDocuments, serve: (*call).getDocflowEvents},
		"GetDocflowsByPacketId": {body: jsonBody, box: "boxId", serve: (*call).getDocflowsByPacket},
	}
}

const maxDocflows = 100

func (c *call) getDocflows() (reply, error) {
	var body struct {
		Requests []struct {
			DocumentId          *documentID `dia:"req"`
			LastEventId         string
			InjectEntityContent bool
		}
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if len(body.Requests) == 0 || len(body.Requests) > maxDocflows {
		return reply{}, bad("From 1 to %d Requests are allowed", maxDocflows)
	}
	list, budget := []object{}, maxInjected
	for _, one := range body.Requests {
		d, err := c.document(one.DocumentId.MessageId, one.DocumentId.EntityId)
		if err != nil {
			return reply{}, err
		}
		list = append(list, c.withDocflow(d, c.injecting(one.InjectEntityContent, &budget)))
	}
	return jsonReply(object{"Documents": list}), nil
}

func (c *call) injecting(yes bool, budget *int) view {
	if !yes {
		return view{}
	}
	return view{inject: budget}
}

// getDocflowEvents is the feed of documents: an event for each document of a box's event.
func (c *call) getDocflowEvents() (reply, error) {
	var body struct {
		Filter *struct {
			FromTimestamp, ToTimestamp *ticksOf
			SortDirection              sortDirection
		} `dia:"req"`
		AfterIndexKey                  []byte
		PopulateDocuments              bool
		InjectEntityContent            bool
		PopulatePreviousDocumentStates bool
		MessageTypes                   []string
		DocumentDirections             []string
		DepartmentId                   string
		TypeNamedIds                   []string
		CounteragentBoxId              string
		Limit                          *int32
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	limit := 100
	if body.Limit != nil {
		if limit = int(*body.Limit); limit < 1 || limit > 100 {
			return reply{}, bad("Limit must be from 1 to 100")
		}
	}
	after, err := placeOf(docflowKey, c.box.id, body.AfterIndexKey)
	if err != nil {
		return reply{}, err
	}
	f := feedFilter{box: c.box, kinds: body.MessageTypes, types: body.TypeNamedIds, directions: body.DocumentDirections, department: body.DepartmentId}
	f.counteragent, _ = boxGUID(body.CounteragentBoxId)
	if t := body.Filter.FromTimestamp; t != nil {
		f.from = t.Ticks
	}
	if t := body.Filter.ToTimestamp; t != nil {
		f.to = t.Ticks
	}
	feed := slices.Clone(c.box.feed)
	down := body.Filter.SortDirection == "Descending"
	if down {
		slices.Reverse(feed)
	}
	list, total, budget := []object{}, 0, maxInjected
	for _, ev := range feed {
		if !f.passes(ev) {
			continue
		}
		for i, d := range ev.m.documents() {
			total++
			place := (ev.at-epochTicks)*(maxDocuments+1) + int64(i)
			if len(list) == limit || after != 0 && (!down && place <= after || down && place >= after) {
				continue
			}
			one := object{"EventId": ev.id, "Timestamp": c.timestamp(ev.at), "DocumentId": d.ref(), "IndexKey": indexKey(docflowKey, c.box.id, place)}
			if body.PopulateDocuments {
				one["Document"] = c.withDocflow(d, c.injecting(body.InjectEntityContent, &budget))
			}
			list = append(list, one)
		}
	}
	count, kind := totalOf(total)
	return jsonReply(object{"TotalCount": count, "Events": list, "TotalCountType": kind}), nil
}

func (c *call) getDocflowsByPacket() (reply, error) {
	var body struct {
		PacketId            string `dia:"req"`
		Count               *int32
		InjectEntityContent bool
		AfterIndexKey       []byte
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	count := 100
	if body.Count != nil {
		if count = int(*body.Count); count < 1 || count > 100 {
			return reply{}, bad("Count must be from 1 to 100")
		}
	}
	after, err := placeOf(packetKey, c.box.id, body.AfterIndexKey)
	if err != nil {
		return reply{}, err
	}
	list, budget, last, more := []object{}, maxInjected, int64(0), false
	for _, d := range c.allDocs(c.box) {
		if d.packet != strings.ToLower(body.PacketId) || d.e.at <= after || !c.mayEnter(d.place(c.box).department) {
			continue
		}
		if len(list) == count {
			more = true
			break
		}
		last = d.e.at
		list = append(list, object{"Document": c.withDocflow(d, c.injecting(body.InjectEntityContent, &budget)), "IndexKey": indexKey(packetKey, c.box.id, last)})
	}
	out := object{"Documents": list}
	if more {
		out["NextPageIndexKey"] = indexKey(packetKey, c.box.id, last)
	}
	return jsonReply(out), nil
}

// withDocflow is DocumentWithDocflowV5: titles and participants.
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
		"Participants": object{"Participants": c.participants(d)}, "DocumentDirection": d.direction(b), "DepartmentId": at.department,
		"CustomDocumentId": d.customID, "Metadata": pairs(d.metadata), "CustomData": pairs(d.tags),
		"DocumentLinks": object{"InitialIds": refs(d.initial), "SubordinateIds": refs(d.subordinate)},
		"PacketInfo":    object{"LockMode": string(d.m.lock), "PacketId": d.packet, "AddedAt": c.timestamp(d.e.at)}, "IsRead": at.read,
		"IsDeleted": at.deleted || d.m.deletedIn[b.id], "IsInvitation": d.invitation, "EditingSettingId": "",
		"HasUnreadOutOfWorkflowUniversalMessages": false,
	}
	return object{"DocumentId": d.ref(), "LastEvent": last, "DocumentInfo": info, "Docflow": c.docflow(d, v)}
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
	out := object{"Titles": titles, "AmendmentRequests": []object{}, "OuterDocflows": []object{}, "DocflowStatus": c.docflowStatus(c.box, d)}
	if d.revoker != nil {
		request := object{"RevocationRequest": c.signedAttachment(d, d.m.entity(d.revocationID), v)}
		out["Revocation"] = object{"IsFinished": d.revocation != revocationRequested, "RevocationRequest": request, "RevocationResponse": []object{},
			"Initiator": c.participant(d, d.revoker), "RevocationStatus": d.revocationStatus(c.box), "OuterDocflows": []object{}}
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
	for _, e := range d.m.entities {
		if e.parent != d.e.id || !e.visible(c.box) || e.by != d.m.to {
			continue
		}
		switch {
		case e.signature && !e.approvement:
			response["Signature"] = c.signatureV3(e, v)
		case e.kind == "XmlSignatureRejection":
			response["Rejection"] = object{"SignatureRejection": c.signedAttachment(d, e, v), "IsFormal": true}
		}
	}
	return []object{{"Participant": c.participant(d, d.m.to), "TitleDelivery": object{"Delivery": delivery}, "Response": response,
		"Receipt": object{"IsFinished": d.receipt != receiptDue, "Status": receiptStatus(d.receipt, c.box != d.m.from)}}}
}

func (c *call) shortEntity(e *entity, v view) object {
	return object{"EntityId": e.id, "CreationTimestamp": c.timestamp(e.at), "Content": contentObject(e.content, v)}
}

func (c *call) signedAttachment(d *document, e *entity, v view) object {
	out := object{"ContentTypeId": d.kind.name, "Attachment": object{"Entity": c.shortEntity(e, v), "AttachmentFilename": e.file, "DisplayFilename": e.file}}
	for _, one := range d.m.entities {
		if one.signature && one.parent == e.id && one.by == e.by && !one.approvement {
			out["Signature"] = c.signatureV3(one, v)
		}
	}
	return out
}

func (c *call) signatureV3(e *entity, v view) object {
	signer := ""
	if e.by != nil {
		signer = e.by.id
	}
	return object{"Cms": c.shortEntity(e, v), "SignerBoxId": c.boxID(signer), "SignerDepartmentId": headDepartment, "IsValid": e.valid,
		"DeliveredAt": c.timestamp(e.at)}
}
