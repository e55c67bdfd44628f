package bitrixsim

import (
	"maps"
	"net/http"
	"slices"
)

// user is an employee of a portal, or somebody from outside.
type user struct {
	id         int
	admin      bool
	dismissed  bool
	extranet   bool
	name       string
	lastName   string
	email      string
	position   string
	registered string
	hidden     map[[2]int]bool // entityTypeId and id; id 0 stands for all cards of the type
	readOnly   map[int]bool    // entityTypeId
	stuck      map[int]bool    // entityTypeId: may change cards, but not their stages
}

// Person is what AddPerson makes a user of.
type Person struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	LastName string `json:"lastName"`
	Email    string `json:"email"`
	Position string `json:"position"`
	Admin    bool   `json:"admin"`
	Extranet bool   `json:"extranet"` // not an employee: CRM and automation are closed to such a user
}

// AddUser adds an employee; ONUSERADD fires.
func (p *Portal) AddUser(id int, name, lastName string, admin bool) {
	p.AddPerson(Person{ID: id, Name: name, LastName: lastName, Admin: admin})
}

// AddPerson adds a user; ONUSERADD fires. A user with the same id is replaced.
func (p *Portal) AddPerson(who Person) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	u := &user{
		id: who.ID, name: who.Name, lastName: who.LastName, email: who.Email, position: who.Position, admin: who.Admin, extranet: who.Extranet,
		registered: p.s.now().Format(isoTime),
	}
	p.users[u.id] = u
	data := pairs("ID", itoa(u.id), "ACTIVE", "Y", "EMAIL", u.email, "NAME", u.name, "LAST_NAME", u.lastName, "DATE_REGISTER", u.registered,
		"WORK_POSITION", u.position)
	p.fire("ONUSERADD", itoa(u.id), data, actor{user: u.id})
}

// DismissUser disables an employee: tokens of that user answer authorization_error.
func (p *Portal) DismissUser(id int) { p.setDismissed(id, true) }

// RestoreUser takes a dismissed employee back; the old tokens work again while they live.
func (p *Portal) RestoreUser(id int) { p.setDismissed(id, false) }

func (p *Portal) setDismissed(id int, on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if u := p.users[id]; u != nil {
		u.dismissed = on
	}
	p.s.notify()
}

// HideCards takes a user's right to read cards of a type, all of them when no id is given: lists leave them out
// without a word, everything else is refused. Administrators are not exempt.
func (p *Portal) HideCards(userID, entityTypeID int, ids ...int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	u := p.users[userID]
	if u == nil {
		return
	}
	if u.hidden == nil {
		u.hidden = map[[2]int]bool{}
	}
	if len(ids) == 0 {
		ids = []int{0}
	}
	for _, id := range ids {
		u.hidden[[2]int{entityTypeID, id}] = true
	}
}

// ForbidChanges takes a user's right to add, change and delete cards of a type.
func (p *Portal) ForbidChanges(userID, entityTypeID int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if u := p.users[userID]; u != nil {
		if u.readOnly == nil {
			u.readOnly = map[int]bool{}
		}
		u.readOnly[entityTypeID] = true
	}
}

// ForbidStages takes a user's right to move cards of a type from stage to stage; other changes stay allowed.
func (p *Portal) ForbidStages(userID, entityTypeID int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if u := p.users[userID]; u != nil {
		if u.stuck == nil {
			u.stuck = map[int]bool{}
		}
		u.stuck[entityTypeID] = true
	}
}

func (u *user) sees(entityTypeID, id int) bool {
	return !u.hidden[[2]int{entityTypeID, 0}] && !u.hidden[[2]int{entityTypeID, id}]
}

// changes reports whether the user may change a card; id 0 stands for a new one.
func (u *user) changes(entityTypeID, id int) bool {
	return u.sees(entityTypeID, id) && !u.readOnly[entityTypeID]
}

// LimitAppAccess lets only the given users into an application; with none given everybody may in again. The others'
// calls and refreshes answer user_access_error.
func (p *Portal) LimitAppAccess(clientID string, users ...int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if in := p.installs[clientID]; in != nil {
		in.allowed = slices.Clone(users)
	}
	p.s.notify()
}

// admits reports whether the user has access to the application.
func (in *installation) admits(userID int) bool {
	return len(in.allowed) == 0 || slices.Contains(in.allowed, userID)
}

// noAccess is the answer to a user whom the application's settings keep out.
func noAccess() *restError {
	return fail(http.StatusForbidden, "user_access_error", "The user does not have access to the application.")
}

// render shows a user as far as the caller's scope goes: user_brief names, user_basic contacts, user everything.
func (u *user) render(c *call) map[string]any {
	kind := "employee"
	if u.extranet {
		kind = "extranet"
	}
	row := map[string]any{
		"ID": itoa(u.id), "ACTIVE": !u.dismissed, "NAME": u.name, "LAST_NAME": u.lastName, "SECOND_NAME": "", "WORK_POSITION": u.position,
		"PERSONAL_PHOTO": nil, "UF_DEPARTMENT": []int{1}, "TIME_ZONE": "", "IS_ONLINE": "N", "USER_TYPE": kind,
	}
	if c.hasScope("user|user_basic") {
		row["EMAIL"], row["PERSONAL_MOBILE"], row["WORK_PHONE"] = u.email, "", ""
	}
	if c.hasScope("user") {
		row["DATE_REGISTER"], row["PERSONAL_GENDER"] = u.registered, ""
	}
	return row
}

func userGet(c *call) (any, *restError) {
	rows := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(c.p.users)) {
		row := c.p.users[id].render(c)
		filter := asArray(c.params.fold("FILTER"))
		if filter == nil && c.params.fold("ID") != nil {
			filter = pairs("ID", c.params.fold("ID"))
		}
		ok, _ := matches(filter, func(name string) (any, bool) { return row[upper(name)], true })
		if ok {
			rows = append(rows, row)
		}
	}
	if field := str(c.params.fold("sort")); field != "" {
		direction := str(c.params.fold("order"))
		sortRows(rows, pairs(upper(field), direction), func(row map[string]any, name string) any { return row[name] })
	}
	return page(c, rows), nil
}

func userAccess(c *call) (any, *restError) {
	for _, code := range list(c.params.fold("ACCESS")) {
		if str(code) == "AU" || str(code) == "U"+itoa(c.user.id) {
			return true, nil
		}
	}
	return c.user.admin, nil
}

// accessName is access.name: codes that do not exist are left out, no codes at all answer false.
func accessName(c *call) (any, *restError) {
	codes := list(c.params.fold("ACCESS"))
	if len(codes) == 0 {
		return false, nil
	}
	out := map[string]any{}
	for _, raw := range codes {
		code := str(raw)
		switch {
		case code == "AU":
			out[code] = accessRow("", "Все авторизованные пользователи", "other")
		case code == "G2":
			out[code] = accessRow("", "Все посетители", "other")
		case len(code) > 1 && code[0] == 'U' && c.p.users[intOf(code[1:])] != nil:
			out[code] = accessRow("Пользователь", c.p.userName(intOf(code[1:])), "user")
		}
	}
	return phpMap(out), nil
}

func accessRow(provider, name, id string) map[string]any {
	return map[string]any{"provider": provider, "name": name, "provider_id": id}
}
