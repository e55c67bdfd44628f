package diadocsim

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxCounteragentText = 5000
	maxTotal            = 10000
)

var innPattern = regexp.MustCompile(`^(\d{10}|\d{12})$`)

func counteragentArea() map[string]behaviour {
	return map[string]behaviour{
		"AcquireCounteragent":         {body: jsonBody, box: "myBoxId", right: manageCounteragents, serve: (*call).acquireCounteragent},
		"AcquireCounteragentResult":   {box: "myBoxId", serve: (*call).acquireCounteragentResult},
		"BreakWithCounteragent":       {answer: other, box: "myBoxId", right: manageCounteragents, serve: (*call).breakWithCounteragent},
		"GetCounteragent":             {box: "myBoxId", serve: (*call).getCounteragent},
		"GetCounteragents":            {box: "myBoxId", serve: (*call).getCounteragents},
		"GetCounteragentEvents":       {box: "boxId", right: manageCounteragents, serve: (*call).getCounteragentEvents},
		"AcquireCounteragentResultV2": {serve: (*call).acquireCounteragentResult},
	}
}

type invitationDocument struct {
	SignedContent      *signedContent `dia:"req"`
	FileName           string         `dia:"req"`
	SignatureRequested bool
	Type               string
}

func (c *call) acquireCounteragent() (reply, error) {
	var body struct {
		OrgId                 string
		Inn                   string
		BoxId                 string
		MessageToCounteragent string `dia:"max=2000"`
		InvitationDocument    *invitationDocument
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if c.staff.AccessLevel != allDocuments {
		return reply{}, refuse(http.StatusForbidden, "User has no access to all documents of Box %s", c.box.id)
	}
	to, err := c.target(body.BoxId, body.OrgId, body.Inn)
	if err != nil {
		return reply{}, err
	}
	if id := c.arg("myDepartmentId"); id != "" && !c.box.hasDepartment(id) {
		return reply{}, refuse(http.StatusNotFound, "Department %s is not found", id)
	}
	if to.Roaming && !to.RoamingReady {
		return reply{}, refuse(http.StatusConflict, "Roaming with Box %s must be set up first", to.id)
	}
	var paper *document
	standing := c.box.status(to.id)
	if body.InvitationDocument != nil && !to.Roaming && standing != isMyCounteragent && standing != isInvitedByMe && standing != invitesMe {
		if paper, err = c.invitationPaper(to, body.InvitationDocument); err != nil {
			return reply{}, err
		}
	}
	carries := body.InvitationDocument != nil && !to.Roaming && standing == invitesMe
	forbidden := carries || c.invite(c.box, to, body.MessageToCounteragent, paper)
	t := c.addTask("AcquireCounteragent")
	if forbidden && c.sw.ForbiddenAcceptance {
		t.err = refuse(http.StatusConflict, "The invitation must be accepted by signing its document")
		return jsonReply(object{"TaskId": t.id}), nil
	}
	result := object{"BoxId": to.id}
	if r := c.box.relations[to.id]; r.invitation != nil && !forbidden {
		result["InvitationDocumentId"] = r.invitation.ref()
	}
	t.result = jsonReply(result)
	return jsonReply(object{"TaskId": t.id}), nil
}

// target finds whom an invitation is for. A company that is not in the service gets a box.
func (c *call) target(boxID, orgID, inn string) (*box, error) {
	given := 0
	for _, one := range []string{boxID, orgID, inn} {
		if one != "" {
			given++
		}
	}
	if given != 1 {
		return nil, refuse(http.StatusBadRequest, "Exactly one of BoxId, OrgId, Inn is required")
	}
	if inn != "" && !innPattern.MatchString(inn) {
		return nil, refuse(http.StatusBadRequest, "Inn %q must have 10 or 12 digits", inn)
	}
	guid, _ := boxGUID(boxID)
	for _, b := range c.boxOrder {
		if b.id == guid || inn != "" && b.INN == inn || orgID != "" && plain(b.orgID()) == plain(strings.ToLower(orgID)) {
			if b == c.box {
				return nil, refuse(http.StatusBadRequest, "An organization can't invite itself")
			}
			return b, nil
		}
	}
	if inn != "" {
		return c.addBox(Organization{INN: inn, FullName: "Организация с ИНН " + inn, Inactive: true}), nil
	}
	return nil, refuse(http.StatusNotFound, "Organization %s is not found", boxID+orgID)
}

func (c *call) acquireCounteragentResult() (reply, error) {
	return c.poll("AcquireCounteragent")
}

// peer is the box in counteragentBoxId.
func (c *call) peer() (*box, error) {
	guid, ok := boxGUID(c.arg("counteragentBoxId"))
	if !ok {
		return nil, refuse(http.StatusBadRequest, "%q is not a box id", c.arg("counteragentBoxId"))
	}
	if b := c.boxes[guid]; b != nil {
		return b, nil
	}
	return nil, refuse(http.StatusNotFound, "Box %s is not found", guid)
}

func (c *call) breakWithCounteragent() (reply, error) {
	peer, err := c.peer()
	if err != nil {
		return reply{}, err
	}
	if utf8.RuneCountInString(c.arg("comment")) > maxCounteragentText {
		return reply{}, refuse(http.StatusBadRequest, "comment is longer than %d characters", maxCounteragentText)
	}
	if c.breakUp(c.box, peer, c.arg("comment")) {
		return reply{}, refuse(http.StatusConflict, "The invitation carries a document: withdraw it by a revocation")
	}
	return reply{status: http.StatusOK}, nil
}

func (c *call) counteragent(r *relation) object {
	out := object{
		"IndexKey": textKey(counteragentKey, c.box.id, r.place), "Organization": c.organization(r.peer, false), "CurrentStatus": r.status,
		"LastEventTimestampTicks": r.at, "LastEventTimestamp": dateTime(r.at),
		"MessageFromCounteragent": r.fromPeer, "MessageToCounteragent": r.toPeer,
	}
	if r.invitation != nil && (r.status == isMyCounteragent || r.status == invitesMe || r.status == isInvitedByMe) {
		out["InvitationDocumentId"] = r.invitation.ref()
	}
	if r.status == isMyCounteragent {
		out["CounteragentGroupId"] = r.group
	}
	return out
}

func (c *call) getCounteragent() (reply, error) {
	peer, err := c.peer()
	if err != nil {
		return reply{}, err
	}
	if c.box.status(peer.id) == notInList {
		return reply{}, refuse(http.StatusNotFound, "There is no relation to Box %s", peer.id)
	}
	return jsonReply(c.counteragent(c.box.relations[peer.id])), nil
}

// statusFilter has words of its own: Rejected covers both kinds.
func statusFilter(word string) ([]string, bool) {
	switch word {
	case "":
		return []string{isMyCounteragent, invitesMe, isInvitedByMe, rejectsMe, isRejectedByMe}, true
	case isMyCounteragent, invitesMe, isInvitedByMe:
		return []string{word}, true
	case "Rejected":
		return []string{rejectsMe, isRejectedByMe}, true
	}
	return nil, false
}

func (c *call) getCounteragents() (reply, error) {
	wanted, ok := statusFilter(c.arg("counteragentStatus"))
	if !ok {
		return reply{}, refuse(http.StatusBadRequest, "counteragentStatus %q is unknown", c.arg("counteragentStatus"))
	}
	if c.arg("query") != "" && c.arg("afterIndexKey") != "" {
		return reply{}, refuse(http.StatusBadRequest, "query can't be combined with afterIndexKey")
	}
	size, err := c.number("pageSize", 100, 1, 100)
	if err != nil {
		return reply{}, err
	}
	after, err := placeOfText(counteragentKey, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	list, total := []object{}, 0
	for _, r := range c.box.related {
		if !slices.Contains(wanted, r.status) || !r.peer.matches(c.arg("query")) {
			continue
		}
		total++
		if r.place > after && len(list) < size {
			list = append(list, c.counteragent(r))
		}
	}
	count, kind := totalOf(total)
	return jsonReply(object{"TotalCount": count, "TotalCountType": kind, "Counteragents": list}), nil
}

func totalOf(total int) (int, string) {
	if total > maxTotal {
		return maxTotal, "GreaterThanOrEqual"
	}
	return total, "Equal"
}

func (b *box) matches(query string) bool {
	query = strings.ToLower(query)
	return query == "" || strings.HasPrefix(b.INN, query) || strings.Contains(strings.ToLower(b.FullName), query)
}

func (c *call) getCounteragentEvents() (reply, error) {
	limit, err := c.number("limit", 100, 1, 100)
	if err != nil {
		return reply{}, err
	}
	after, err := placeOfText(bondKey, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	from, err := c.ticks("timestampFromTicks")
	if err != nil {
		return reply{}, err
	}
	to, err := c.ticks("timestampToTicks")
	if err != nil {
		return reply{}, err
	}
	list, total := []object{}, 0
	for _, b := range c.box.bonds {
		if b.now.at < from || to > 0 && b.now.at > to {
			continue
		}
		total++
		if b.place > after && len(list) < limit {
			list = append(list, c.bond(b))
		}
	}
	return jsonReply(object{"Events": list, "TotalCount": total, "TotalCountType": "Equal"}), nil
}

func (c *call) bond(b bond) object {
	info := object{"CounteragentBoxId": c.boxID(b.now.peer.id), "Status": b.now.status, "EventTimestampTicks": b.now.at,
		"LastEventComment": b.now.lastComment, "MessageFromCounteragent": b.now.fromPeer, "MessageToCounteragent": b.now.toPeer}
	if b.now.invitation != nil {
		info["InvitationDocumentId"] = b.now.invitation.ref()
	}
	if b.now.status == isMyCounteragent {
		info["CounteragentGroupId"] = b.now.group
	}
	return object{"EventId": b.id, "IndexKey": textKey(bondKey, c.box.id, b.place), "EventTypes": []string{b.kind}, "Counteragent": info}
}
