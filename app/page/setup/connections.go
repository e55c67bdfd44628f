package setup

import (
	"context"
	"net/url"
	"strconv"

	"konturbridge/app/config"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

type connectionsView struct {
	frame
	List []connectionLine
}

type connectionLine struct {
	At                   int
	Name, Service, Login string
	Default              bool
	State                page.Chip
	Trouble              string
	Checked              *page.Notice
	Several              bool // of its kind
}

type connectionView struct {
	frame
	Path, Kind string
	Fields     []page.Field
	Own        []page.Field // client keys of its own
	OpenID     bool         // it has a refresh token
	Box, Name  string
	Fresh      bool
}

func (p *pages) connections(ctx context.Context, r page.Request) (page.Response, error) {
	return p.showConnections(ctx, r, -1, nil)
}

// showConnections lists the accounts, with what a check of one has just told.
func (p *pages) showConnections(ctx context.Context, r page.Request, at int, told *page.Notice) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	states, err := p.Accounts.States(ctx, r.Session.Portal)
	if err != nil {
		return page.Response{}, err
	}
	view := connectionsView{frame: p.frame("connections", now, r)}
	count := map[settings.Kind]int{}
	for _, c := range now.Settings.Connections {
		count[c.Kind]++
	}
	for i, c := range now.Settings.Connections {
		line := connectionLine{At: i, Name: c.Name, Service: serviceName(c.Kind), Login: c.Login, Default: c.Default, Trouble: states[c.Name],
			Several: count[c.Kind] > 1, State: page.Chip{Kind: "plain", Text: say(r, "подключено", "connected")}}
		if c.RefreshToken != "" {
			line.Login = say(r, "вход через Контур (OpenID)", "login at Kontur (OpenID)")
		}
		if line.Trouble != "" {
			line.State = page.Chip{Kind: "bad", Text: say(r, "вход не принят", "the login is refused")}
		}
		if i == at {
			line.Checked = told
			line.State = page.Chip{Kind: "good", Text: say(r, "работает", "works")}
			if told.Kind != "good" {
				line.State = page.Chip{Kind: "bad", Text: say(r, "не работает", "does not work")}
			}
		}
		view.List = append(view.List, line)
	}
	return p.set.Render(r, "connections", view)
}

func serviceName(kind settings.Kind) string {
	if kind == settings.Diadoc {
		return "Контур.Диадок"
	}
	return "Контур.Реестро"
}

func (p *pages) connection(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Connections) })
	if err != nil {
		return page.Response{}, err
	}
	c := settings.Connection{Kind: settings.Realty, Name: freeName(now.Settings.Connections, "main")}
	if r.Query.Get("kind") == string(settings.Diadoc) {
		c = settings.Connection{Kind: settings.Diadoc, Name: freeName(now.Settings.Connections, "box")}
	}
	if !fresh {
		c = now.Settings.Connections[at]
	}
	return p.showConnection(ctx, r, now, c, nil)
}

// freeName gives a first name that no connection has.
func freeName(all []settings.Connection, name string) string {
	taken := map[string]bool{}
	for _, c := range all {
		taken[c.Name] = true
	}
	free := name
	for i := 2; taken[free]; i++ {
		free = name + strconv.Itoa(i)
	}
	return free
}

// parseConnection reads the form over what is stored: a secret that was not typed stays.
func parseConnection(form url.Values, stored settings.Connection) settings.Connection {
	c := stored
	set := func(name string, place *string) {
		if form.Has(name) {
			*place = trimmed(form, name)
		}
	}
	secret := func(name string, place *config.Secret) {
		if sent := trimmed(form, name); sent != "" && sent != settings.Masked {
			*place = config.Secret(sent)
		}
	}
	if stored.Name == "" { // docflows know their account by its name, so that it stays
		set("name", &c.Name)
	}
	set("login", &c.Login)
	set("accountId", &c.AccountID)
	set("boxId", &c.BoxID)
	set("clientId", &c.ClientID)
	set("certificate", &c.Certificate)
	secret("password", &c.Password)
	secret("clientKey", &c.ClientKey)
	secret("clientSecret", &c.ClientSecret)
	if c.ClientID == "" {
		c.ClientSecret = ""
	}
	if c.RefreshToken != "" && trimmed(form, "login") != "" { // the login takes its place
		c.RefreshToken = ""
	}
	return c
}

func (p *pages) saveConnection(ctx context.Context, r page.Request) (page.Response, error) {
	now, at, fresh, err := p.entry(ctx, r, func(s settings.Settings) int { return len(s.Connections) })
	if err != nil {
		return page.Response{}, err
	}
	shown := settings.Connection{Kind: settings.Kind(trimmed(r.Form, "kind"))}
	if !fresh {
		shown = now.Settings.Connections[at]
	}
	problems, err := p.edit(ctx, r, func(s *settings.Settings) error {
		stored := settings.Connection{Kind: shown.Kind}
		if !fresh {
			stored = s.Connections[at] // with its secrets: the version was compared
		}
		s.Connections = replaced(s.Connections, at, parseConnection(r.Form, stored))
		if count := kindCount(s.Connections, shown.Kind); fresh && count > 1 && trimmed(r.Form, "default") == "Y" {
			s.Connections = withDefault(s.Connections, at)
		}
		return nil
	})
	if err != nil {
		return page.Response{}, err
	}
	if len(problems) > 0 {
		return p.showConnection(ctx, r, now, parseConnection(r.Form, shown), relative(problems, "connections", at))
	}
	return p.afterSave(ctx, r, at)
}

// afterSave checks an account as soon as it is stored: a wrong password is best told at once.
func (p *pages) afterSave(ctx context.Context, r page.Request, at int) (page.Response, error) {
	r.Params = map[string]string{"at": strconv.Itoa(at)}
	answer, err := p.checkConnection(ctx, r)
	if err != nil { // it is stored all the same
		answer, err = p.connections(ctx, r)
	}
	answer.Say = saved()
	return answer, err
}

func kindCount(all []settings.Connection, kind settings.Kind) (n int) {
	for _, c := range all {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// withDefault makes one connection the default of its kind.
func withDefault(all []settings.Connection, at int) []settings.Connection {
	out := make([]settings.Connection, len(all))
	for i, c := range all {
		if c.Kind == all[at].Kind {
			c.Default = i == at
		}
		out[i] = c
	}
	return out
}

func (p *pages) defaultConnection(ctx context.Context, r page.Request) (page.Response, error) {
	return p.remove(ctx, r, p.connections, func(s *settings.Settings, at int) {
		if at < len(s.Connections) {
			s.Connections = withDefault(s.Connections, at)
		}
	})
}

// removeConnection takes an account away; when it was the default one, the first of its kind takes its place.
func (p *pages) removeConnection(ctx context.Context, r page.Request) (page.Response, error) {
	return p.remove(ctx, r, p.connections, func(s *settings.Settings, at int) {
		if at >= len(s.Connections) {
			return
		}
		gone := s.Connections[at]
		s.Connections = without(s.Connections, at)
		for i, c := range s.Connections {
			if gone.Default && c.Kind == gone.Kind {
				s.Connections = withDefault(s.Connections, i)
				return
			}
		}
	})
}

func (p *pages) checkConnection(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	at, fresh, err := place(r, len(now.Settings.Connections))
	if err != nil || fresh {
		return page.Response{}, page.NotFound()
	}
	told, err := p.Accounts.Check(ctx, r.Session.Portal, now.Settings.Connections[at].Name)
	if err != nil {
		return page.Response{}, err
	}
	note := page.Notice{Kind: "bad", Text: say(r, told.RU, told.EN)}
	if told.OK {
		note.Kind = "good"
	}
	return p.showConnections(ctx, r, at, &note)
}

func (p *pages) showConnection(ctx context.Context, r page.Request, now Current, c settings.Connection, problems settings.Problems) (page.Response, error) {
	title := serviceName(c.Kind)
	if r.Params["at"] != "new" {
		title += ": " + c.Name
	}
	view := connectionView{frame: p.below("connections", title, now, r), Kind: string(c.Kind), Path: "settings/connections/" + r.Params["at"],
		OpenID: c.RefreshToken != "", Box: c.BoxID, Name: c.Name, Fresh: r.Params["at"] == "new"}
	if !view.Fresh {
		view.Remove = &removal{view.Path + "/remove", say(r, "Удалить подключение «"+c.Name+"» вместе с паролем? Документообороты, поданные через него, перестанут обновляться.",
			"Remove the connection "+c.Name+" with its password? Docflows that were filed through it will not be followed any more.")}
	}
	if len(problems) > 0 {
		view.keep(r)
	}
	view.Fields, view.Own = connectionFields(r, c)
	ids := map[string]string{"": "login", "name": "name"}
	for _, f := range append(view.Fields, view.Own...) {
		ids[f.ID] = f.ID
	}
	var at map[string]string
	view.Faults, at = faulty(r, problems, "connections", ids)
	view.Fields, view.Own = mark(view.Fields, at), mark(view.Own, at)
	return p.form(r, "connection", view, len(problems) > 0)
}

// connectionFields are the fields of an account. A stored secret is never sent to a browser.
func connectionFields(r page.Request, c settings.Connection) (fields, own []page.Field) {
	f := func(id, ru, en, value string, required bool) page.Field {
		return page.Field{ID: id, Name: id, Label: say(r, ru, en), Value: value, Required: required}
	}
	secret := func(id, ru, en string, stored config.Secret, required bool) page.Field {
		field := f(id, ru, en, "", required && stored == "")
		field.Kind = "password"
		if stored != "" {
			field.Placeholder = say(r, "сохранён, впишите новый, чтобы заменить", "stored; type a new one to replace it")
		}
		return field
	}
	if r.Params["at"] == "new" {
		fields = []page.Field{f("name", "Название", "Name", c.Name, true)}
	}
	if c.Kind == settings.Realty {
		account := f("accountId", "accountId (организация в Реестро)", "accountId (the organization at Реестро)", c.AccountID, true)
		account.Hint = say(r, "Идентификатор вида 5ee84ac0-0000-4000-8000-000000000000. Его даёт менеджер Контура.", "An identifier such as 5ee84ac0-0000-4000-8000-000000000000, given by Kontur's manager.")
		return append(fields, f("login", "Логин", "Login", c.Login, true), secret("password", "Пароль", "Password", c.Password, true), account), nil
	}
	box := f("boxId", "Ящик (boxId)", "Box (boxId)", c.BoxID, true)
	box.Hint = say(r, "Идентификатор ящика организации в Диадоке.", "The id of the organization's box at Диадок.")
	fields = append(fields, box)
	byLogin := c.RefreshToken == ""
	fields = append(fields, f("login", "Логин", "Login", c.Login, false), secret("password", "Пароль", "Password", c.Password, false),
		secret("clientKey", "Ключ разработчика (clientKey)", "API client key (clientKey)", c.ClientKey, false))
	if byLogin {
		fields[len(fields)-3].Hint = say(r, "Логин, пароль и ключ разработчика нужны, если вход через Контур (ниже) не используется.",
			"Login, password and API client key are needed unless you log in at Kontur (below).")
	}
	signing := f("certificate", "Сертификат подписи", "Signing certificate", c.Certificate, false)
	signing.Hint = say(r, "Отпечаток облачного сертификата: им подписывают роботы, которым не указан другой, и извещения о получении.",
		"Thumbprint of a cloud certificate: it signs where a robot names no other, and receipts.")
	fields = append(fields, signing)
	return fields, []page.Field{f("clientId", "clientId", "clientId", c.ClientID, false), secret("clientSecret", "clientSecret", "clientSecret", c.ClientSecret, false)}
}

type loginView struct {
	frame
	Path  string
	Login Login
	Text  string
	Every int
}

func (p *pages) beginLogin(ctx context.Context, r page.Request) (page.Response, error) {
	now, err := p.current(ctx, r)
	if err != nil {
		return page.Response{}, err
	}
	id, err := p.Accounts.Begin(ctx, r.Session.Portal, by(r), text(r, "name"), text(r, "boxId"))
	if err != nil {
		return page.Response{}, p.fault(ctx, r, err)
	}
	view := loginView{frame: p.below("connections", say(r, "Вход в Диадок", "Login at Диадок"), now, r), Path: "settings/logins/" + id}
	return p.set.Render(r, "login", view)
}

// login shows where to log in, and asks again until somebody has. What a login brings is stored by the first look
// that finds it: nobody presses anything here any more, and a second look finds it done.
func (p *pages) login(ctx context.Context, r page.Request) (page.Response, error) {
	login, err := p.Accounts.Login(ctx, r.Session.Portal, By{User: r.Session.User, Admin: r.Session.Admin}, r.Params["id"])
	if err != nil {
		return page.Response{}, p.fault(ctx, r, err)
	}
	return p.set.Render(r, "login-state", loginView{Login: login, Text: say(r, login.RU, login.EN), Every: max(2, int(login.Every.Seconds()))})
}
