package diadocsim

import (
	"net/http"
	"slices"
	"strings"
)

// event is an item of a box's feed: a new message, or a patch to one.
type event struct {
	id       string
	m        *message
	patch    *patch
	entities []*entity // of a new message
	at       int64
	then     object // as it was, for Switches.EventsShowThen
}

// patch is what one act added to a message.
type patch struct {
	id       string
	m        *message
	entities []*entity
	marks    []mark
	flags    object // further fields of MessagePatch
	at       int64
}

// mark is an EntityPatch: a state of a document without a new entity.
type mark struct {
	doc    *document
	fields object
}

func feedArea() map[string]behaviour {
	return map[string]behaviour{
		"GetNewEvents":   {box: "boxId", serve: (*call).getNewEvents},
		"GetNewEventsV7": {box: "boxId", serve: (*call).getNewEvents},
		"GetEvent":       {box: "boxId", right: allDocuments, serve: (*call).getEvent},
		"GetLastEvent":   {box: "boxId", serve: (*call).getLastEvent},
	}
}

// announce puts a message into the feed of a box.
func (s *Server) announce(b *box, m *message) *event {
	ev := &event{id: newGUID(), m: m, at: s.next()}
	for _, e := range m.entities {
		if e.visible(b) {
			ev.entities = append(ev.entities, e)
		}
	}
	b.feed = append(b.feed, ev)
	ev.then = s.eventObject(b, ev)
	return ev
}

// tellPatch puts a patch into the feed of a box.
func (s *Server) tellPatch(b *box, p *patch) *event {
	ev := &event{id: newGUID(), m: p.m, patch: p, at: s.next()}
	b.feed = append(b.feed, ev)
	ev.then = s.eventObject(b, ev)
	return ev
}

// eventObject renders an event without its index key.
func (s *Server) eventObject(b *box, ev *event) object {
	if ev.patch != nil {
		return object{"EventId": ev.id, "Patch": s.patchObject(b, ev.patch)}
	}
	return object{"EventId": ev.id, "Message": s.messageObject(b, ev.m, ev.entities, view{})}
}

func (c *call) event(ev *event) object {
	out := ev.then
	if !c.sw.EventsShowThen {
		out = c.eventObject(c.box, ev)
	}
	out["IndexKey"] = textKey(feedKey, c.box.id, ev.at)
	return out
}

// feedFilter is the query of GetNewEvents.
type feedFilter struct {
	kinds, types, directions []string
	from, to                 int64
	counteragent             string
	department               string
	box                      *box
}

func words(list string, known ...string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	out := strings.Split(list, ",")
	for _, word := range out {
		if len(known) > 0 && !slices.Contains(known, word) {
			return nil, refuse(http.StatusBadRequest, "Unknown value %q: use %s", word, strings.Join(known, ", "))
		}
	}
	return out, nil
}

func (c *call) feedFilter() (f feedFilter, err error) {
	f.box = c.box
	if f.kinds, err = words(c.arg("messageType"), "Draft", "Letter", "Template"); err != nil {
		return f, err
	}
	if f.directions, err = words(c.arg("documentDirection"), "Inbound", "Outbound", "Internal"); err != nil {
		return f, err
	}
	f.types, _ = words(c.arg("typeNamedId"))
	if f.from, err = c.ticks("timestampFromTicks"); err != nil {
		return f, err
	}
	if f.to, err = c.ticks("timestampToTicks"); err != nil {
		return f, err
	}
	if id := c.arg("counteragentBoxId"); id != "" {
		var ok bool
		if f.counteragent, ok = boxGUID(id); !ok {
			return f, refuse(http.StatusBadRequest, "%q is not a box id", id)
		}
	}
	f.department = c.arg("departmentId")
	switch {
	case f.department == "" && c.staff.AccessLevel != allDocuments:
		return f, refuse(http.StatusForbidden, "departmentId is required: user has no access to all documents")
	case f.department != "" && !c.box.hasDepartment(f.department):
		return f, refuse(http.StatusBadRequest, "Department %s is not found", f.department)
	case f.department != "" && !c.mayEnter(f.department):
		return f, refuse(http.StatusForbidden, "User has no access to department %s", f.department)
	}
	return f, nil
}

// mayEnter tells whether the user sees the documents of a department.
func (c *call) mayEnter(department string) bool {
	switch c.staff.AccessLevel {
	case allDocuments:
		return true
	case "DepartmentAndSubdepartments":
		return c.box.under(department, c.staff.DepartmentID)
	case "SelectedDepartments":
		return slices.Contains(c.staff.Departments, department)
	}
	return department == c.staff.DepartmentID
}

func (f feedFilter) passes(ev *event) bool {
	docs := ev.m.documents()
	some := func(cond func(*document) bool) bool { return slices.ContainsFunc(docs, cond) }
	other := ev.m.counteragent(f.box)
	return ev.at >= f.from && (f.to == 0 || ev.at <= f.to) &&
		(f.kinds == nil || slices.Contains(f.kinds, ev.m.kind())) &&
		(f.types == nil || some(func(d *document) bool { return slices.Contains(f.types, d.kind.name) })) &&
		(f.directions == nil || some(func(d *document) bool { return slices.Contains(f.directions, d.direction(f.box)) })) &&
		(f.counteragent == "" || other != nil && other.id == f.counteragent) &&
		(f.department == "" || some(func(d *document) bool { return d.place(f.box).department == f.department }))
}

func (c *call) getNewEvents() (reply, error) {
	f, err := c.feedFilter()
	if err != nil {
		return reply{}, err
	}
	limit, err := c.number("limit", 100, 1, 100)
	if err != nil {
		return reply{}, err
	}
	if c.query.Has("afterIndexKey") && c.query.Has("afterEventId") {
		return reply{}, refuse(http.StatusBadRequest, "afterIndexKey excludes afterEventId")
	}
	down := c.arg("orderBy") == "Descending"
	if order := c.arg("orderBy"); order != "" && order != "Ascending" && !down {
		return reply{}, refuse(http.StatusBadRequest, "orderBy must be Ascending or Descending")
	}
	after, err := placeOfText(feedKey, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	if id := c.arg("afterEventId"); id != "" {
		ev := c.box.event(id)
		if ev == nil {
			return reply{}, refuse(http.StatusBadRequest, "Event %s is not found", id)
		}
		after = ev.at
	}
	feed := slices.Clone(c.box.feed)
	if down {
		slices.Reverse(feed)
	}
	list, total := []object{}, 0
	for _, ev := range feed {
		if !f.passes(ev) {
			continue
		}
		total++
		beyond := after == 0 || !down && ev.at > after || down && ev.at < after
		if beyond && len(list) < limit {
			list = append(list, c.event(ev))
		}
	}
	count, kind := totalOf(total)
	return jsonReply(object{"Events": list, "TotalCount": count, "TotalCountType": kind}), nil
}

func (b *box) event(id string) *event {
	for _, ev := range b.feed {
		if ev.id == strings.ToLower(id) {
			return ev
		}
	}
	return nil
}

// getEvent may carry contents, unlike the feed.
func (c *call) getEvent() (reply, error) {
	ev := c.box.event(c.arg("eventId"))
	if ev == nil {
		return reply{}, refuse(http.StatusNotFound, "Event %s is not found", c.arg("eventId"))
	}
	return jsonReply(c.event(ev)), nil
}

// getLastEvent answers 204 without Retry-After in an empty box. Without access to all documents it is the last
// event of the caller's own department.
func (c *call) getLastEvent() (reply, error) {
	f := feedFilter{box: c.box}
	if c.staff.AccessLevel != allDocuments {
		f.department = c.staff.DepartmentID
	}
	for _, ev := range slices.Backward(c.box.feed) {
		if f.passes(ev) {
			return jsonReply(c.event(ev)), nil
		}
	}
	return reply{status: http.StatusNoContent}, nil
}
