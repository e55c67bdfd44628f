package diadocsim

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxGroupName        = 1024
	maxGroupDepartments = 419
)

// group limits into which departments its members may send; nil departments mean any.
type group struct {
	id, name    string
	departments []string
}

type departmentsInGroup struct{ DepartmentIds []string }

func groupArea() map[string]behaviour {
	return map[string]behaviour{
		"CreateCounteragentGroup":   {body: jsonBody, box: "boxId", right: groupAdministrator, serve: (*call).createGroup},
		"UpdateCounteragentGroup":   {body: jsonBody, box: "boxId", right: groupAdministrator, serve: (*call).updateGroup},
		"DeleteCounteragentGroup":   {answer: other, box: "boxId", right: groupAdministrator, serve: (*call).deleteGroup},
		"GetCounteragentGroup":      {box: "boxId", right: manageCounteragents, serve: (*call).getGroup},
		"GetCounteragentGroups":     {box: "boxId", right: manageCounteragents, serve: (*call).getGroups},
		"AddCounteragentToGroup":    {answer: other, box: "boxId", right: groupAdministrator, serve: (*call).addToGroup},
		"GetCounteragentsFromGroup": {box: "boxId", right: groupAdministrator, serve: (*call).getFromGroup},
	}
}

func (g *group) object() object {
	out := object{"CounteragentGroupId": g.id, "Name": g.name}
	if g.departments != nil {
		out["Departments"] = object{"DepartmentIds": g.departments}
	}
	return out
}

// groupDepartments checks a list of departments; an empty list means any on creation.
func (c *call) groupDepartments(given *departmentsInGroup) ([]string, error) {
	if given == nil || len(given.DepartmentIds) == 0 {
		return nil, nil
	}
	if len(given.DepartmentIds) > maxGroupDepartments {
		return nil, refuse(http.StatusBadRequest, "A group may have no more than %d departments", maxGroupDepartments)
	}
	for _, id := range given.DepartmentIds {
		if d := c.box.department(id); id != headDepartment && (d == nil || d.disabled) {
			return nil, refuse(http.StatusNotFound, "Department %s is not found", id)
		}
	}
	return given.DepartmentIds, nil
}

// groupName checks a new name of a group.
func (c *call) groupName(name string, of *group) error {
	if name == "" || utf8.RuneCountInString(name) > maxGroupName {
		return refuse(http.StatusBadRequest, "Name of a group must have from 1 to %d characters", maxGroupName)
	}
	for _, g := range c.box.groups {
		if g != of && g.name == name {
			return refuse(http.StatusConflict, "A group named %q already exists", name)
		}
	}
	return nil
}

func (c *call) createGroup() (reply, error) {
	var body struct {
		Name        string `dia:"req"`
		Departments *departmentsInGroup
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	departments, err := c.groupDepartments(body.Departments)
	if err == nil {
		err = c.groupName(body.Name, nil)
	}
	if err != nil {
		return reply{}, err
	}
	g := &group{id: newGUID(), name: body.Name, departments: departments}
	c.box.groups = append(c.box.groups, g)
	return jsonReply(g.object()), nil
}

func (c *call) theGroup() (*group, error) {
	for _, g := range c.box.groups {
		if g.id == strings.ToLower(c.arg("counteragentGroupId")) {
			return g, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Group %s is not found", c.arg("counteragentGroupId"))
}

func (c *call) updateGroup() (reply, error) {
	var body struct {
		Name             *string
		GroupDepartments *struct {
			AnyDepartment *bool `dia:"req"`
			Departments   *departmentsInGroup
		}
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	g, err := c.theGroup()
	if err != nil {
		return reply{}, err
	}
	if body.Name != nil {
		if g.id == defaultGroup {
			return reply{}, refuse(http.StatusBadRequest, "The default group can't be renamed")
		}
		if err := c.groupName(*body.Name, g); err != nil {
			return reply{}, err
		}
	}
	departments := g.departments
	if p := body.GroupDepartments; p != nil {
		switch listed := p.Departments != nil && len(p.Departments.DepartmentIds) > 0; {
		case *p.AnyDepartment && p.Departments != nil:
			return reply{}, refuse(http.StatusBadRequest, "Departments must be absent when AnyDepartment is true")
		case !*p.AnyDepartment && !listed:
			return reply{}, refuse(http.StatusBadRequest, "Departments are required when AnyDepartment is false")
		}
		if departments, err = c.groupDepartments(p.Departments); err != nil {
			return reply{}, err
		}
	}
	g.departments = departments
	if body.Name != nil {
		g.name = *body.Name
	}
	return jsonReply(g.object()), nil
}

func (c *call) deleteGroup() (reply, error) {
	g, err := c.theGroup()
	if err != nil {
		return reply{}, err
	}
	if g.id == defaultGroup {
		return reply{}, refuse(http.StatusConflict, "The default group can't be deleted")
	}
	for _, r := range c.box.related {
		if r.status == isMyCounteragent && r.group == g.id {
			c.regroup(r, defaultGroup)
		}
	}
	c.box.groups = slices.DeleteFunc(c.box.groups, func(one *group) bool { return one == g })
	return reply{status: http.StatusOK}, nil
}

// regroup moves a partner; the feed of relations then shows the same status once more.
func (c *call) regroup(r *relation, id string) {
	r.group, r.at = id, c.next()
	c.tell(c.box, r, "IMadeCounteragent") // the pages name no event of its own for a changed group
}

func (c *call) getGroup() (reply, error) {
	g, err := c.theGroup()
	if err != nil {
		return reply{}, err
	}
	return jsonReply(g.object()), nil
}

func (c *call) getGroups() (reply, error) {
	from, to, err := c.page(len(c.box.groups))
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, g := range c.box.groups[from:to] {
		list = append(list, g.object())
	}
	return jsonReply(object{"Groups": list, "TotalCount": len(c.box.groups)}), nil
}

func (c *call) addToGroup() (reply, error) {
	g, err := c.theGroup()
	if err != nil {
		return reply{}, err
	}
	peer, err := c.peer()
	if err != nil {
		return reply{}, err
	}
	if c.box.status(peer.id) != isMyCounteragent {
		return reply{}, refuse(http.StatusConflict, "Box %s is not a partner", peer.id)
	}
	if r := c.box.relations[peer.id]; r.group != g.id {
		c.regroup(r, g.id)
	}
	return reply{status: http.StatusOK}, nil
}

func (c *call) getFromGroup() (reply, error) {
	g, err := c.theGroup()
	if err != nil {
		return reply{}, err
	}
	count, err := c.number("count", 100, 1, 100)
	if err != nil {
		return reply{}, err
	}
	after, err := placeOfText(memberKey, c.box.id, c.arg("afterIndexKey"))
	if err != nil {
		return reply{}, err
	}
	list, total, last, more := []string{}, 0, int64(0), false
	for _, r := range c.box.related {
		if r.status != isMyCounteragent || r.group != g.id {
			continue
		}
		total++
		switch {
		case r.place <= after:
		case len(list) == count:
			more = true
		default:
			list, last = append(list, r.peer.id), r.place
		}
	}
	out := object{"CounteragentBoxId": list, "TotalCount": total}
	if more || c.sw.KeyOnLastPage && len(list) > 0 {
		out["AfterIndexKey"] = textKey(memberKey, c.box.id, last)
	}
	return jsonReply(out), nil
}
