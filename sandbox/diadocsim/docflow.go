package diadocsim

import (
	"slices"
	"strings"
)

// docflowArea has the newest version, of titles and participants, and the two before, of two parties.
func docflowArea() map[string]behaviour {
	out := map[string]behaviour{}
	for _, version := range []string{"", "V4", "V3"} {
		out["GetDocflows"+version] = behaviour{body: jsonBody, box: "boxId", right: allDocuments, serve: (*call).getDocflows}
		out["GetDocflowEvents"+version] = behaviour{body: jsonBody, box: "boxId", right: allDocuments, serve: (*call).getDocflowEvents}
		out["GetDocflowsByPacketId"+version] = behaviour{body: jsonBody, box: "boxId", serve: (*call).getDocflowsByPacket}
		out["SearchDocflows"+version] = behaviour{body: jsonBody, box: "boxId", serve: (*call).searchDocflows}
	}
	return out
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

type timeFilter struct {
	FromTimestamp, ToTimestamp *ticksOf
	SortDirection              sortDirection
}

func (f *timeFilter) down() bool { return f.SortDirection == "Descending" }

// bounds are inclusive; a last one of zero means none.
func (f *timeFilter) bounds() (first, last int64) {
	if f.FromTimestamp != nil {
		first = f.FromTimestamp.Ticks
	}
	if f.ToTimestamp != nil {
		last = f.ToTimestamp.Ticks
	}
	return first, last
}

func (f *timeFilter) holds(at int64) bool {
	first, last := f.bounds()
	return at >= first && (last == 0 || at <= last)
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
		Filter                         *timeFilter `dia:"req"`
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
	f.from, f.to = body.Filter.bounds()
	feed := slices.Clone(c.box.feed)
	down := body.Filter.down()
	if down {
		slices.Reverse(feed)
	}
	before := previousEvents(c.box)
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
			if id := before[[2]string{ev.id, d.e.id}]; id != "" {
				one["PreviousEventId"] = id
			}
			if body.PopulateDocuments {
				one["Document"] = c.withDocflow(d, c.injecting(body.InjectEntityContent, &budget))
			}
			list = append(list, one)
		}
	}
	count, kind := totalOf(total)
	return jsonReply(object{"TotalCount": count, "Events": list, "TotalCountType": kind}), nil
}

// previousEvents is, by event and document, the event before.
func previousEvents(b *box) map[[2]string]string {
	out, last := map[[2]string]string{}, map[*document]string{}
	for _, ev := range b.feed {
		for _, d := range ev.m.documents() {
			out[[2]string{ev.id, d.e.id}] = last[d]
			last[d] = ev.id
		}
	}
	return out
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
