package diadocsim

import (
	"net/http"
	"strings"
	"time"
)

// object is a structure of an answer, written under the service's own names.
type object = map[string]any

func organizationArea() map[string]behaviour {
	return map[string]behaviour{
		"GetMyOrganizations":        {serve: (*call).getMyOrganizations},
		"GetMyUser":                 {serve: func(c *call) (reply, error) { return jsonReply(userV2(c.user)), nil }},
		"GetMyEmployee":             {box: "boxId", serve: func(c *call) (reply, error) { return jsonReply(c.employee(c.staff)), nil }},
		"GetMyCertificates":         {box: "boxId", serve: (*call).getMyCertificates},
		"GetOrganization":           {key: true, serve: (*call).getOrganization},
		"GetBox":                    {key: true, serve: (*call).getBox},
		"GetOrganizationsByInnKpp":  {key: true, serve: (*call).getOrganizationsByInnKpp},
		"GetOrganizationsByInnList": {body: jsonBody, box: "myBoxId", serve: (*call).getOrganizationsByInnList},
		"GetOrganizationUsers":      {box: "boxId", serve: (*call).getOrganizationUsers},
		"GetOrganizationFeatures":   {box: "boxId", serve: (*call).getOrganizationFeatures},
		"GetEmployee":               {box: "boxId", serve: (*call).getEmployee},
		"GetEmployees":              {box: "boxId", serve: (*call).getEmployees},
		"GetRoamingOperators":       {box: "boxId", serve: func(*call) (reply, error) { return jsonReply(object{"RoamingOperators": []any{}}), nil }},
		"GetDepartment":             {box: "boxId", serve: (*call).getDepartment},
		"GetDepartments":            {box: "boxId", right: administrator, serve: (*call).getDepartments},
		"GetDepartmentAdmin":        {box: "boxId", right: administrator, serve: (*call).getDepartmentAdmin},
		"CreateDepartment":          {body: jsonBody, box: "boxId", right: administrator, serve: (*call).createDepartment},
		"UpdateDepartment":          {body: jsonBody, box: "boxId", right: administrator, serve: (*call).updateDepartment},
		"DeleteDepartment":          {answer: other, box: "boxId", right: administrator, serve: (*call).deleteDepartment},
	}
}

// maxRegistrations is how many times a day a user may be registered by reading.
const maxRegistrations = 3

// getMyOrganizations shows where the user works. With autoRegister, which is the default, the service may make
// the user an employee of a matching organisation: the simulator does, for inactive organisations.
func (c *call) getMyOrganizations() (reply, error) {
	list := []object{}
	for _, b := range c.boxOrder {
		if b.staff[c.user.id] == nil && b.Inactive && c.arg("autoRegister") != "false" {
			key := "registration " + c.user.id + c.cfg.Now().UTC().Format(time.DateOnly)
			if c.rejected[key]++; c.rejected[key] > maxRegistrations {
				return reply{}, conflict("More than %d registration attempts in a day", maxRegistrations)
			}
			place := &employee{Employee: Employee{AccessLevel: departmentOnly, DepartmentID: headDepartment, Actions: []string{}}, user: c.user, since: c.cfg.Now()}
			b.staff[c.user.id] = place
			b.hired = append(b.hired, place)
		}
		if b.staff[c.user.id] != nil {
			o := c.organization(b, true)
			o["IsEmployee"] = true
			list = append(list, o)
		}
	}
	return jsonReply(object{"Organizations": list}), nil
}

// organization renders an organisation; only the answers about one's own carry departments.
func (s *Server) organization(b *box, departments bool) object {
	kind := "Juridical"
	if len(b.INN) == 12 {
		kind = "Individual"
	}
	sociability := "AllOrganizations"
	if b.CounteragentsOnly {
		sociability = counteragentsOnly
	}
	out := object{
		"OrgId": plain(b.orgID()), "OrgIdGuid": b.orgID(), "Inn": b.INN, "FullName": b.FullName, "ShortName": b.ShortName,
		"Boxes": []object{s.boxObject(b)}, "IsActive": !b.Inactive, "IsRoaming": b.Roaming, "IsTest": b.Test,
		"Sociability": sociability, "OrganizationType": kind, "ReadyForEpdStatus": "UndefinedEpdStatus",
		"FnsParticipantId": "2BM-" + b.INN + "-" + b.KPP, "Departments": []object{}, "JoinedDiadocTreaty": true,
	}
	if b.KPP != "" {
		out["Kpp"] = b.KPP
	}
	if b.ForeignCode != "" {
		out["IsForeign"], out["ForeignInformation"] = true, object{"ForeignTaxpayerCode": b.ForeignCode}
	}
	if b.Liquidated {
		out["LiquidationDate"] = "01.01.2026"
	}
	if departments {
		list := []object{}
		for _, d := range b.departments {
			list = append(list, plainDepartment(d))
		}
		out["Departments"] = list
	}
	return out
}

// orgID differs from the box id, as it does in the service.
func (b *box) orgID() string { return hyphens(reverse(plain(b.id))) }

func reverse(text string) string {
	r := []byte(text)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func (s *Server) boxObject(b *box) object {
	return object{"BoxId": plain(b.id) + "@diadoc.ru", "BoxIdGuid": b.id, "Title": b.title(), "InvoiceFormatVersion": "v5_02",
		"EncryptedDocumentsAllowed": false}
}

func userV2(u *user) object {
	return object{"UserId": u.id, "Login": u.Login, "IsRegistered": true,
		"FullName": object{"LastName": u.Surname, "FirstName": u.FirstName, "MiddleName": u.Patronymic}}
}

func (c *call) employee(e *employee) object {
	allowed := []object{}
	for _, name := range actions() {
		allowed = append(allowed, object{"Name": name, "IsAllowed": e.may(name)})
	}
	since := c.timestamp(ticks(e.since))
	since["DateTime"] = dateTime(ticks(e.since))
	return object{"User": userV2(e.user), "Position": e.Position, "CanBeInvitedForChat": false, "CreationTimestamp": since,
		"Permissions": object{"UserDepartmentId": e.DepartmentID, "IsAdministrator": e.Administrator, "DocumentAccessLevel": e.AccessLevel,
			"SelectedDepartmentIds": orEmpty(e.Departments), "Actions": allowed}}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// timestamp is a Timestamp message.
func (s *Server) timestamp(t int64) object {
	out := object{"Ticks": t}
	if s.sw.DateTimes {
		out["DateTime"] = dateTime(t)
	}
	return out
}

func dateTime(t int64) string {
	since := t - epochTicks
	return time.Unix(since/10_000_000, since%10_000_000*100).UTC().Format("2006-01-02T15:04:05.0000000Z")
}

func (c *call) getMyCertificates() (reply, error) {
	list := []object{}
	for _, der := range c.user.certificates {
		list = append(list, object{"Thumbprint": thumbprint(der), "Type": "Token", "OrganizationName": c.box.FullName, "Inn": c.box.INN})
	}
	for thumb := range c.user.cloud {
		list = append(list, object{"Thumbprint": thumb, "Type": "Dss", "OrganizationName": c.box.FullName, "Inn": c.box.INN, "IsDefault": true})
	}
	return jsonReply(object{"Certificates": list}), nil
}

// getOrganization takes exactly one selector; by inn alone it answers only when one organisation has it, and for
// a kpp that nobody has it gives the head organisation.
func (c *call) getOrganization() (reply, error) {
	given := 0
	for _, name := range []string{"orgId", "boxId", "fnsParticipantId", "inn", "foreignTaxpayerCode"} {
		if c.arg(name) != "" {
			given++
		}
	}
	if given != 1 {
		return reply{}, refuse(http.StatusBadRequest, "Exactly one of orgId, boxId, fnsParticipantId, inn, foreignTaxpayerCode is required")
	}
	if inn := c.arg("inn"); inn != "" {
		return c.organizationByINN(inn, c.arg("kpp"))
	}
	guid, _ := boxGUID(c.arg("boxId"))
	for _, b := range c.boxOrder {
		org := strings.ToLower(plain(c.arg("orgId")))
		if b.id == guid || b.ForeignCode != "" && b.ForeignCode == c.arg("foreignTaxpayerCode") || org != "" && plain(b.orgID()) == org || c.arg("fnsParticipantId") == "2BM-"+b.INN+"-"+b.KPP {
			return jsonReply(c.organization(b, true)), nil
		}
	}
	return reply{}, refuse(http.StatusNotFound, "Organization is not found")
}

func (c *call) organizationByINN(inn, kpp string) (reply, error) {
	found := c.byINN(inn, "")
	if kpp == "" && len(found) > 1 {
		return reply{}, refuse(http.StatusNotFound, "More than one organization has INN %s: give kpp", inn)
	}
	for _, b := range found {
		if b.KPP == kpp {
			return jsonReply(c.organization(b, true)), nil
		}
	}
	if len(found) == 0 {
		return reply{}, refuse(http.StatusNotFound, "Organization with INN %s is not found", inn)
	}
	return jsonReply(c.organization(found[0], true)), nil // the first added is the head
}

func (s *Server) byINN(inn, kpp string) []*box {
	var out []*box
	for _, b := range s.boxOrder {
		if b.INN == inn && (kpp == "" || b.KPP == kpp) {
			out = append(out, b)
		}
	}
	return out
}

func (c *call) getBox() (reply, error) {
	guid, ok := boxGUID(c.arg("boxId"))
	if !ok {
		return reply{}, refuse(http.StatusBadRequest, "%q is not a box id", c.arg("boxId"))
	}
	b := c.boxes[guid]
	if b == nil {
		return reply{}, refuse(http.StatusNotFound, "Box %s is not found", guid)
	}
	out := c.boxObject(b)
	out["Organization"] = c.organization(b, false)
	return jsonReply(out), nil
}

func (c *call) getOrganizationsByInnKpp() (reply, error) {
	list := []object{}
	for _, b := range c.byINN(c.arg("inn"), c.arg("kpp")) {
		o := c.organization(b, false)
		o["InvitationCount"], o["SearchCount"] = 0, 0
		list = append(list, o)
	}
	return jsonReply(object{"Organizations": list}), nil
}

// getOrganizationsByInnList names the relation only from a box; without myBoxId every row says
// NotInCounteragentList. The page of the row's structure was not read: Organization beside CounteragentStatus.
func (c *call) getOrganizationsByInnList() (reply, error) {
	var body struct {
		InnList []string
	}
	if err := c.read(&body); err != nil {
		return reply{}, err
	}
	rows := []object{}
	for _, inn := range body.InnList {
		for _, b := range c.byINN(inn, "") {
			status := notInList
			if c.box != nil {
				status = c.box.status(b.id)
			}
			rows = append(rows, object{"Organization": c.organization(b, false), "CounteragentStatus": status})
		}
	}
	return jsonReply(object{"Organizations": rows}), nil
}

func (c *call) getOrganizationUsers() (reply, error) {
	list := []object{}
	for _, e := range c.box.hired {
		list = append(list, object{"Id": e.user.id, "Name": e.user.Surname + " " + e.user.FirstName, "Position": e.Position, "Permissions": c.userPermissions(e)})
	}
	return jsonReply(object{"Users": list, "CurrentUserId": c.user.id}), nil
}

// userPermissions is OrganizationUserPermissions.
func (c *call) userPermissions(e *employee) object {
	return object{
		"UserDepartmentId": e.DepartmentID, "IsAdministrator": e.Administrator, "DocumentAccessLevel": e.AccessLevel,
		"CanSignDocuments": e.may(signDocuments), "CanManageCounteragents": e.may(manageCounteragents), "CanAddResolutions": e.may(addResolutions),
		"CanRequestResolutions": e.may(requestResolutions), "SelectedDepartmentIds": orEmpty(e.Departments), "JobTitle": e.Position,
		"CanCreateDocuments": e.may(createDocuments), "CanDeleteRestoreDocuments": e.may(deleteDocuments),
		"AuthorizationPermission": object{"IsBlocked": false}, "CanAttachUniversalMessages": e.may(attachMessages),
	}
}

func (c *call) getOrganizationFeatures() (reply, error) {
	return jsonReply(object{"Features": []string{}, "BlockStatus": object{
		"ManualBlockStatus": object{"IsBlocked": false}, "AutoBlockStatus": object{"IsBlocked": false}}}), nil
}

func (c *call) getEmployee() (reply, error) {
	e := c.box.staff[strings.ToLower(c.arg("userId"))]
	if e == nil {
		return reply{}, refuse(http.StatusNotFound, "Employee %s is not found", c.arg("userId"))
	}
	return jsonReply(c.employee(e)), nil
}

func (c *call) getEmployees() (reply, error) {
	from, to, err := c.page(len(c.box.hired))
	if err != nil {
		return reply{}, err
	}
	list := []object{}
	for _, e := range c.box.hired[from:to] {
		list = append(list, c.employee(e))
	}
	return jsonReply(object{"Employees": list, "TotalCount": len(c.box.hired)}), nil
}

// page reads page, from 1, and count, from 1 to 100, and gives the bounds of the page in a list of total.
func (c *call) page(total int) (from, to int, err error) {
	page, err := c.number("page", 1, 1, 1<<20)
	if err != nil {
		return 0, 0, err
	}
	count, err := c.number("count", 100, 1, 100)
	if err != nil {
		return 0, 0, err
	}
	from = min((page-1)*count, total)
	return from, min(from+count, total), nil
}
