package diadocsim

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Rights of an employee, as EmployeeAction names them, and the words of DocumentAccessLevel.
const (
	createDocuments           = "CreateDocuments"
	signDocuments             = "SignDocuments"
	deleteDocuments           = "DeleteRestoreDocuments"
	addResolutions            = "AddResolutions"
	requestResolutions        = "RequestResolutions"
	manageCounteragents       = "ManageCounteragents"
	attachMessages            = "CanAttachUniversalMessages"
	allDocuments              = "AllDocuments"
	departmentOnly            = "DepartmentOnly"
	administrator             = "IsAdministrator"
	groupAdministrator        = "IsAdministrator with ManageCounteragents"
	headDepartment            = "00000000-0000-0000-0000-000000000000"
	defaultGroup              = headDepartment
	counteragentsOnly         = "CounteragentsOnly"
	epochTicks          int64 = 621355968000000000 // of 1970-01-01
)

func actions() []string {
	return []string{createDocuments, signDocuments, deleteDocuments, addResolutions, requestResolutions, manageCounteragents, attachMessages}
}

// Organization is a company that exchanges documents, given to AddOrganization.
type Organization struct {
	BoxID     string // GUID; empty: a new one
	INN, KPP  string
	FullName  string
	ShortName string
	// CounteragentsOnly refuses documents from others than partners (Sociability).
	CounteragentsOnly bool
	Roaming           bool // served by another operator
	RoamingReady      bool // exchange with that operator has been set up; without it an invitation answers 409
	Test              bool // a test organisation: its documents have no legal force
	Liquidated        bool
	ForeignCode       string // of a foreign organisation
	Inactive          bool   // the service has a box for it, but nobody there has ever come in
}

// User is a person of the identity provider, given to AddUser.
type User struct {
	Login, Password, Surname, FirstName, Patronymic string
	// SID is a session id that AuthenticateConfirm's sibling type=sid takes; empty: none.
	SID string
}

// Employee is a user's place in a box, given to Hire.
type Employee struct {
	Position      string
	DepartmentID  string // empty: the head department
	Administrator bool
	// AccessLevel is DepartmentOnly, DepartmentAndSubdepartments, AllDocuments or SelectedDepartments; empty:
	// AllDocuments.
	AccessLevel string
	Departments []string // for SelectedDepartments
	// Actions are the allowed EmployeeAction names; nil: all.
	Actions []string
}

type user struct {
	User
	id           string
	certificates [][]byte // DER
	cloud        map[string]bool
}

type employee struct {
	Employee
	user  *user
	since time.Time

	powers        []*power
	subscriptions any
}

func (e *employee) may(right string) bool {
	return e.Actions == nil || slices.Contains(e.Actions, right)
}

type department struct {
	id, parent, name, abbreviation, kpp string
	address                             any
	routeKPP, routeAddress              bool
	disabled                            bool
	since                               time.Time
}

// box is an organisation's place in the service. One organisation has one box.
type box struct {
	Organization
	id          string // GUID
	departments []*department
	staff       map[string]*employee
	hired       []*employee
	unpaid      bool
	relations   map[string]*relation
	related     []*relation
	bonds       []bond
	groups      []*group
	feed        []*event
	routes      []route
	findings    []finding
	entries     map[string]string // the key-value store
	signers     map[string]any    // stored defaults of signers
	certificate []byte            // of somebody who signs there
}

var (
	guidPattern   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	legacyPattern = regexp.MustCompile(`^[0-9a-f]{32}@diadoc\.ru$`)
)

// boxGUID reads either form of a box id.
func boxGUID(id string) (string, bool) {
	id = strings.ToLower(id)
	if legacyPattern.MatchString(id) {
		return hyphens(id[:32]), true
	}
	return id, guidPattern.MatchString(id)
}

// boxID writes a box id as structures hold it: in the old form, which clients must bring to a GUID.
func (s *Server) boxID(guid string) string {
	if guid == "" || s.sw.GUIDBoxIDs {
		return guid
	}
	return plain(guid) + "@diadoc.ru"
}

// AddOrganization adds an organisation with its box and returns the box's GUID.
func (s *Server) AddOrganization(o Organization) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addBox(o).id
}

func (s *Server) addBox(o Organization) *box {
	id, ok := boxGUID(o.BoxID)
	if !ok {
		id = newGUID()
	}
	if o.ShortName == "" {
		o.ShortName = o.FullName
	}
	b := &box{Organization: o, id: id, staff: map[string]*employee{}, relations: map[string]*relation{}}
	b.groups = []*group{{id: defaultGroup, name: "По умолчанию"}}
	s.boxes[id] = b
	s.boxOrder = append(s.boxOrder, b)
	s.notify()
	return b
}

// AddUser adds a person who can log in and returns the user id. A login that is already there is replaced.
func (s *Server) AddUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := newGUID()
	if old := s.users[u.Login]; old != nil {
		id = old.id
	}
	s.users[u.Login] = &user{User: u, id: id, cloud: map[string]bool{}}
	s.notify()
	return id
}

// Hire makes a user an employee of a box, or changes the employee's place.
func (s *Server) Hire(boxID, login string, e Employee) error {
	return s.lever(func() error {
		b, err := s.known(boxID)
		if err != nil {
			return err
		}
		u := s.users[login]
		if u == nil {
			return errNotFound("user", login)
		}
		if e.AccessLevel == "" {
			e.AccessLevel = allDocuments
		}
		if e.DepartmentID == "" {
			e.DepartmentID = headDepartment
		}
		if old := b.staff[u.id]; old != nil {
			old.Employee, old.user = e, u
			return nil
		}
		place := &employee{Employee: e, user: u, since: s.cfg.Now()}
		b.staff[u.id] = place
		b.hired = append(b.hired, place)
		return nil
	})
}

// Dismiss takes a user out of a box: the next call there answers 403.
func (s *Server) Dismiss(boxID, login string) error {
	return s.lever(func() error {
		b, err := s.known(boxID)
		if err != nil {
			return err
		}
		u := s.users[login]
		if u == nil || b.staff[u.id] == nil {
			return errNotFound("employee", login)
		}
		delete(b.staff, u.id)
		b.hired = slices.DeleteFunc(b.hired, func(e *employee) bool { return e.user.id == u.id })
		return nil
	})
}

// AddDepartment adds a department and returns its id; an empty parent is the head department.
func (s *Server) AddDepartment(boxID, parent, name string) (id string, err error) {
	err = s.lever(func() error {
		b, err := s.known(boxID)
		if err != nil {
			return err
		}
		if parent == "" {
			parent = headDepartment
		}
		if !b.hasDepartment(parent) {
			return errNotFound("department", parent)
		}
		id = newGUID()
		b.departments = append(b.departments, &department{id: id, parent: parent, name: name, abbreviation: name, since: s.cfg.Now()})
		return nil
	})
	return id, err
}

// SuspendSubscription takes a box's API subscription away, or gives it back: its calls answer 402 meanwhile.
func (s *Server) SuspendSubscription(boxID string, suspended bool) error {
	return s.lever(func() error {
		b, err := s.known(boxID)
		if err == nil {
			b.unpaid = suspended
		}
		return err
	})
}

func (b *box) department(id string) *department {
	for _, d := range b.departments {
		if d.id == strings.ToLower(id) {
			return d
		}
	}
	return nil
}

func (b *box) hasDepartment(id string) bool { return id == headDepartment || b.department(id) != nil }

// under tells whether a department is root or below it.
func (b *box) under(id, root string) bool {
	for range len(b.departments) + 1 {
		if id == root {
			return true
		}
		d := b.department(id)
		if d == nil {
			return false
		}
		id = d.parent
	}
	return false
}

func (b *box) title() string { return b.ShortName }

func (s *Server) known(boxID string) (*box, error) {
	guid, _ := boxGUID(boxID)
	if b := s.boxes[guid]; b != nil {
		return b, nil
	}
	return nil, errNotFound("box", boxID)
}

// ticks is a time in hundreds of nanoseconds since the year 1.
func ticks(t time.Time) int64 { return epochTicks + t.Unix()*10_000_000 + int64(t.Nanosecond())/100 }

// next is a time that no other event of the server has, so that feeds are in order whatever the clock does.
func (s *Server) next() int64 {
	s.seq = max(s.seq+1, ticks(s.cfg.Now()))
	return s.seq
}
