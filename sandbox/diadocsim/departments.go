package diadocsim

import (
	"net/http"
	"slices"
)

func plainDepartment(d *department) object {
	out := object{"DepartmentId": d.id, "ParentDepartmentId": d.parent, "Name": d.name, "Abbreviation": d.abbreviation, "IsDisabled": d.disabled}
	if d.kpp != "" {
		out["Kpp"] = d.kpp
	}
	return out
}

// adminDepartment is the administrator's variant: another structure under the same name.
func (s *Server) adminDepartment(d *department) object {
	out := object{"Id": d.id, "Name": d.name, "Abbreviation": d.abbreviation, "CreationTimestamp": s.timestamp(ticks(d.since)),
		"Routing": object{"Kpp": d.routeKPP, "Address": d.routeAddress}}
	if d.id != headDepartment {
		out["ParentDepartmentId"] = d.parent
	}
	if d.kpp != "" {
		out["Kpp"] = d.kpp
	}
	if d.address != nil {
		out["Address"] = d.address
	}
	return out
}

func (b *box) head() *department {
	return &department{id: headDepartment, name: "Головное подразделение", abbreviation: "ГП", kpp: b.KPP}
}

func (c *call) theDepartment() (*department, error) {
	id := c.arg("departmentId")
	if id == headDepartment {
		return c.box.head(), nil
	}
	if d := c.box.department(id); d != nil {
		return d, nil
	}
	return nil, refuse(http.StatusNotFound, "Department %s is not found in Box %s", id, c.box.id)
}

func (c *call) getDepartment() (reply, error) {
	d, err := c.theDepartment()
	if err != nil {
		return reply{}, err
	}
	return jsonReply(plainDepartment(d)), nil
}

func (c *call) getDepartmentAdmin() (reply, error) {
	d, err := c.theDepartment()
	if err != nil {
		return reply{}, err
	}
	return jsonReply(c.adminDepartment(d)), nil
}

func (c *call) getDepartments() (reply, error) {
	all := append([]*department{c.box.head()}, c.box.departments...)
	from, to, err := c.page(len(all))
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, d := range all[from:to] {
		list = append(list, c.adminDepartment(d))
	}
	return jsonReply(object{"Departments": list, "TotalCount": len(all)}), nil
}

type routes struct {
	Kpp     bool `dia:"req"`
	Address bool `dia:"req"`
}

func (c *call) createDepartment() (reply, error) {
	var body struct {
		ParentDepartmentId string
		Name               string `dia:"req"`
		Abbreviation       string `dia:"req"`
		Kpp                string
		Address            any     // its structure is not described: kept as it came
		Routing            *routes `dia:"req"`
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	d := &department{id: newGUID(), parent: body.ParentDepartmentId, name: body.Name, abbreviation: body.Abbreviation, kpp: body.Kpp,
		routeKPP: body.Routing.Kpp, routeAddress: body.Routing.Address, since: c.cfg.Now(), address: body.Address}
	if d.parent == "" {
		d.parent = headDepartment
	}
	if !c.box.hasDepartment(d.parent) {
		return reply{}, refuse(http.StatusNotFound, "Department %s is not found", d.parent)
	}
	c.box.departments = append(c.box.departments, d)
	return jsonReply(c.adminDepartment(d)), nil
}

// updateDepartment changes only the blocks that are given. The fields of the blocks are not described; they are
// read by the names of the department's own.
func (c *call) updateDepartment() (reply, error) {
	var body struct {
		ParentDepartment *struct{ ParentDepartmentId string }
		DepartmentNaming *struct{ Name, Abbreviation string }
		Kpp              *struct{ Kpp string }
		Routing          *struct{ Routing *routes }
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	d := c.box.department(c.arg("departmentId"))
	if d == nil {
		return reply{}, refuse(http.StatusNotFound, "Department %s is not found", c.arg("departmentId"))
	}
	if p := body.ParentDepartment; p != nil {
		if !c.box.hasDepartment(p.ParentDepartmentId) {
			return reply{}, refuse(http.StatusNotFound, "Department %s is not found", p.ParentDepartmentId)
		}
		if c.box.under(p.ParentDepartmentId, d.id) {
			return reply{}, refuse(http.StatusBadRequest, "A department can't be below itself")
		}
		d.parent = p.ParentDepartmentId
	}
	if n := body.DepartmentNaming; n != nil {
		d.name, d.abbreviation = n.Name, n.Abbreviation
	}
	if body.Kpp != nil {
		d.kpp = body.Kpp.Kpp
	}
	if r := body.Routing; r != nil && r.Routing != nil {
		d.routeKPP, d.routeAddress = r.Routing.Kpp, r.Routing.Address
	}
	return jsonReply(c.adminDepartment(d)), nil
}

func (c *call) deleteDepartment() (reply, error) {
	d, err := c.theDepartment()
	if err != nil {
		return reply{}, err
	}
	busy := d.id == headDepartment
	for _, other := range c.box.departments {
		busy = busy || other.parent == d.id
	}
	for _, e := range c.box.hired {
		busy = busy || e.DepartmentID == d.id
	}
	if busy || c.holdsDocuments(c.box, d.id) {
		return reply{}, refuse(http.StatusConflict, "Department %s is the head, or has departments, documents or employees", d.id)
	}
	c.box.departments = slices.DeleteFunc(c.box.departments, func(one *department) bool { return one == d })
	return reply{status: http.StatusOK}, nil
}
