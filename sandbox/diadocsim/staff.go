package diadocsim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

func staffArea() map[string]behaviour {
	return map[string]behaviour{
		"CreateEmployee":              {body: jsonBody, box: "boxId", right: administrator, serve: (*call).createEmployee},
		"UpdateEmployee":              {body: jsonBody, box: "boxId", right: administrator, serve: (*call).updateEmployee},
		"DeleteEmployee":              {answer: other, box: "boxId", right: administrator, serve: (*call).deleteEmployee},
		"GetSubscriptions":            {box: "boxId", serve: (*call).getSubscriptions},
		"UpdateSubscriptions":         {body: jsonBody, box: "boxId", serve: (*call).updateSubscriptions},
		"GetMyPermissions":            {serve: (*call).getMyPermissions},
		"SendFnsRegistrationMessage":  {body: jsonBody, answer: other, box: "boxId", serve: (*call).sendFnsRegistration},
		"GetCounteragentCertificates": {box: "myBoxId", serve: (*call).getCounteragentCertificates},
		"GetOrganizationsByForeignTaxpayerCode": {key: true, serve: func(c *call) (reply, error) {
			return c.organizationsWhere(func(b *box) bool { return b.ForeignCode == c.arg("foreignTaxpayerCode") }), nil
		}},
	}
}

// field finds a field of a structure that is not described, at any depth, by its name and kind.
func field[T any](in any, name string) (T, bool) {
	var inside []any
	switch v := in.(type) {
	case map[string]any:
		if found, ok := v[name].(T); ok {
			return found, true
		}
		for _, inner := range v {
			inside = append(inside, inner)
		}
	case []any:
		inside = v
	}
	for _, inner := range inside {
		if found, ok := field[T](inner, name); ok {
			return found, true
		}
	}
	var none T
	return none, false
}

// permissions is EmployeePermissions.
type permissions struct {
	UserDepartmentId      string      `dia:"req"`
	IsAdministrator       *bool       `dia:"req"`
	DocumentAccessLevel   accessLevel `dia:"req"`
	SelectedDepartmentIds []string
	Actions               []struct {
		Name      string `dia:"req"`
		IsAllowed *bool  `dia:"req"`
	}
	AuthorizationPermission any
}

type accessLevel string

func (accessLevel) names() map[int]string {
	return map[int]string{0: departmentOnly, 1: "DepartmentAndSubdepartments", 2: allDocuments, 3: "SelectedDepartments"}
}

// readPlace reads what a body says of an employee's place: Position, and Permissions as EmployeePermissions.
func (c *call) readPlace(body any, into *Employee) error {
	if position, ok := field[string](body, "Position"); ok {
		into.Position = position
	}
	given, ok := field[object](body, "Permissions")
	if !ok {
		return nil
	}
	data, err := json.Marshal(given)
	if err != nil {
		return bad("Permissions: %s", err)
	}
	var p permissions
	if _, err := decode(data, &p); err != nil {
		return bad("Permissions: %s", err)
	}
	if !c.box.hasDepartment(p.UserDepartmentId) {
		return bad("Department %s is not found", p.UserDepartmentId)
	}
	into.DepartmentID, into.Administrator, into.Departments = p.UserDepartmentId, *p.IsAdministrator, p.SelectedDepartmentIds
	into.AccessLevel = string(p.DocumentAccessLevel)
	into.Actions = []string{}
	for _, a := range p.Actions {
		if *a.IsAllowed {
			into.Actions = append(into.Actions, a.Name)
		}
	}
	return nil
}

// createEmployee: EmployeeToCreate is not described. The person is found by the Login in it, or by the Certificate
// (base64) of a person whom the service knows.
func (c *call) createEmployee() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	login, _ := field[string](body, "Login")
	u := c.users[login]
	if text, ok := field[string](body, "Certificate"); ok && u == nil {
		if der, err := base64.StdEncoding.DecodeString(text); err == nil {
			u = c.owner(der)
		}
	}
	if u == nil {
		return reply{}, bad("The employee's Login or Certificate is unknown")
	}
	if c.box.staff[u.id] != nil {
		return reply{}, conflict("User %s is an employee already", u.id)
	}
	place := &employee{Employee: Employee{DepartmentID: headDepartment, AccessLevel: departmentOnly, Actions: []string{}}, user: u, since: c.cfg.Now()}
	if err := c.readPlace(body, &place.Employee); err != nil {
		return reply{}, err
	}
	c.box.staff[u.id] = place
	c.box.hired = append(c.box.hired, place)
	return jsonReply(c.employee(place)), nil
}

func (c *call) theEmployee() (*employee, error) {
	id := c.arg("userId")
	if id == "" { // the caller's own
		return c.staff, nil
	}
	if e := c.box.staff[strings.ToLower(id)]; e != nil {
		return e, nil
	}
	return nil, refuse(http.StatusNotFound, "Employee %s is not found", id)
}

// updateEmployee takes patch blocks, which are not described: Position and Permissions are looked for in them.
func (c *call) updateEmployee() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	changed := e.Employee
	if err := c.readPlace(body, &changed); err != nil {
		return reply{}, err
	}
	e.Employee = changed
	return jsonReply(c.employee(e)), nil
}

func (c *call) deleteEmployee() (reply, error) {
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	delete(c.box.staff, e.user.id)
	c.box.hired = slices.DeleteFunc(c.box.hired, func(one *employee) bool { return one == e })
	return reply{status: http.StatusOK}, nil
}

// getSubscriptions: EmployeeSubscriptions is not described; what UpdateSubscriptions brought is answered.
func (c *call) getSubscriptions() (reply, error) {
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	if e.subscriptions == nil {
		return jsonReply(object{}), nil
	}
	return jsonReply(e.subscriptions), nil
}

func (c *call) updateSubscriptions() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	if _, ok := body.(map[string]any); !ok {
		return reply{}, bad("Invalid request body: an object is expected")
	}
	e, err := c.theEmployee()
	if err != nil {
		return reply{}, err
	}
	e.subscriptions = body
	return jsonReply(body), nil
}

// organizationBox finds the box of an organisation by its old id.
func (c *call) organizationBox(orgID string) (*box, error) {
	for _, b := range c.boxOrder {
		if plain(b.orgID()) == plain(strings.ToLower(orgID)) {
			return b, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Organization %s is not found", orgID)
}

func (c *call) getMyPermissions() (reply, error) {
	b, err := c.organizationBox(c.arg("orgId"))
	if err == nil {
		err = c.enterAs(b.id)
	}
	if err != nil {
		return reply{}, err
	}
	return jsonReply(c.userPermissions(c.staff)), nil
}

// sendFnsRegistration always conflicts: the simulated organisations have no OGRN.
func (c *call) sendFnsRegistration() (reply, error) {
	var body any
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	return reply{}, conflict("The organization of Box %s has no OGRN", c.box.id)
}

// getCounteragentCertificates shows certificates of whoever signs there; where nobody is known, one of the
// organisation.
func (c *call) getCounteragentCertificates() (reply, error) {
	peer, err := c.peer()
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, e := range peer.hired {
		for _, der := range e.user.certificates {
			list = append(list, object{"RawCertificateData": der})
		}
	}
	if len(list) == 0 {
		der, err := c.certificateOf(peer)
		if err != nil {
			return reply{}, err
		}
		list = append(list, object{"RawCertificateData": der})
	}
	return jsonReply(object{"Certificates": list}), nil
}

func (c *call) organizationsWhere(test func(*box) bool) reply {
	list := []object{}
	for _, b := range c.boxOrder {
		if test(b) {
			list = append(list, c.organization(b, false))
		}
	}
	return jsonReply(object{"Organizations": list})
}
