package diadocsim

import (
	"net/http"
	"slices"
	"strings"
)

func forwardArea() map[string]behaviour {
	return map[string]behaviour{
		"GetForwardedDocuments":      {body: jsonBody, box: "boxId", serve: (*call).getForwarded},
		"GetForwardedDocumentEvents": {body: jsonBody, box: "boxId", serve: (*call).getForwardedEvents},
		"GetForwardedEntityContent":  {answer: other, box: "boxId", serve: (*call).getForwardedContent},
		"GenerateForwardedDocumentProtocol": {box: "boxId", serve: func(c *call) (reply, error) {
			return c.ofForwarded((*call).protocolOf)
		}},
		"GenerateForwardedDocumentPrintForm": {answer: other, box: "boxId", serve: func(c *call) (reply, error) {
			return c.ofForwarded((*call).printFormOf)
		}},
	}
}

// shown is a document that a box was shown, and how.
type shown struct {
	d *document
	f forward
}

// shownTo lists what a box was shown, oldest first.
func (s *Server) shownTo(b *box) []shown {
	var out []shown
	for _, m := range s.sent {
		for _, d := range m.documents() {
			for _, f := range d.forwarded {
				if f.to == b {
					out = append(out, shown{d, f})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b shown) int { return int(min(1, max(-1, a.f.at-b.f.at))) })
	return out
}

func (c *call) findShown(fromBox, messageID, documentID, eventID string) (shown, error) {
	guid, _ := boxGUID(fromBox)
	for _, one := range c.shownTo(c.box) {
		if one.f.from.id == guid && one.d.m.id == strings.ToLower(messageID) && one.d.e.id == strings.ToLower(documentID) && one.f.id == strings.ToLower(eventID) {
			return one, nil
		}
	}
	return shown{}, refuse(http.StatusNotFound, "Forwarded document %s %s is not found in Box %s", messageID, documentID, c.box.id)
}

// theShown is the one that the query names.
func (c *call) theShown() (shown, error) {
	return c.findShown(c.arg("fromBoxId"), c.arg("messageId"), c.arg("documentId"), c.arg("forwardEventId"))
}

func (c *call) shownID(one shown) object {
	return object{"FromBoxId": c.boxID(one.f.from.id), "DocumentId": one.d.ref(), "ForwardEventId": one.f.id}
}

// shownObject is a forwarded document. Its structure is not described: the docflow of two parties as the box that
// forwarded it sees it, by the names of DocumentWithDocflowV4.
func (c *call) shownObject(one shown, v view) object {
	by := *c
	by.box = one.f.from
	by.op = &operation{name: "GetDocflowsV4"}
	out := by.withDocflow(one.d, v)
	return object{"ForwardTimestamp": c.timestamp(one.f.at), "ForwardedDocumentId": c.shownID(one), "DocumentInfo": out["DocumentInfo"], "Docflow": out["Docflow"]}
}

type forwardedID struct {
	FromBoxId      string
	DocumentId     *documentID
	ForwardEventId string
}

// getForwarded: neither the request nor the answer is described. Ids are taken as ForwardedDocumentId from
// ForwardedDocumentIds, and answered in ForwardedDocuments.
func (c *call) getForwarded() (reply, error) {
	var body struct {
		ForwardedDocumentIds []forwardedID
		InjectEntityContent  bool
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	list, budget := []object{}, maxInjected
	for _, id := range body.ForwardedDocumentIds {
		if id.DocumentId == nil {
			return reply{}, bad("ForwardedDocumentIds: DocumentId is required")
		}
		one, err := c.findShown(id.FromBoxId, id.DocumentId.MessageId, id.DocumentId.EntityId, id.ForwardEventId)
		if err != nil {
			return reply{}, err
		}
		list = append(list, c.shownObject(one, c.injecting(body.InjectEntityContent, &budget)))
	}
	return jsonReply(object{"ForwardedDocuments": list}), nil
}

// maxForwarded is how many events a page has: no limit can be asked for.
const maxForwarded = 100

// getForwardedEvents: the answer is not described but for the index key; the rest has the names of DocflowEvent.
func (c *call) getForwardedEvents() (reply, error) {
	var body struct {
		Filter                     *timeFilter `dia:"req"`
		AfterIndexKey              []byte
		PopulateForwardedDocuments bool
		InjectEntityContent        bool
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	after, err := placeOf(forwardKey, c.box.id, body.AfterIndexKey)
	if err != nil {
		return reply{}, err
	}
	feed := c.shownTo(c.box)
	if body.Filter.down() {
		slices.Reverse(feed)
	}
	list, total, budget := []object{}, 0, maxInjected
	for _, one := range feed {
		if !body.Filter.holds(one.f.at) {
			continue
		}
		total++
		if len(list) == maxForwarded || after != 0 && (!body.Filter.down() && one.f.at <= after || body.Filter.down() && one.f.at >= after) {
			continue
		}
		ev := object{"Timestamp": c.timestamp(one.f.at), "ForwardedDocumentId": c.shownID(one), "IndexKey": indexKey(forwardKey, c.box.id, one.f.at)}
		if body.PopulateForwardedDocuments {
			ev["ForwardedDocument"] = c.shownObject(one, c.injecting(body.InjectEntityContent, &budget))
		}
		list = append(list, ev)
	}
	return jsonReply(object{"TotalCount": total, "Events": list, "TotalCountType": "Equal"}), nil
}

func (c *call) getForwardedContent() (reply, error) {
	one, err := c.theShown()
	if err != nil {
		return reply{}, err
	}
	e := one.d.m.entity(c.arg("entityId"))
	if e == nil || one.d.m.documentOf(e) != one.d || !e.visible(one.f.from) || !e.hasContent {
		return reply{}, refuse(http.StatusNotFound, "Entity %s is not found or has no content", c.arg("entityId"))
	}
	return bytesReply("application/octet-stream", e.content), nil
}

func (c *call) ofForwarded(make func(*call, *document) (reply, error)) (reply, error) {
	one, err := c.theShown()
	if err != nil {
		return reply{}, err
	}
	return make(c, one.d)
}
