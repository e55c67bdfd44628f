package bitrixsim

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// eventScope maps every known event to the scope that it needs.
func (p *Portal) eventScope() map[string]string {
	known := map[string]string{"ONUSERADD": "user"}
	for _, name := range []string{"INSTALL", "UPDATE", "UNINSTALL", "PAYMENT", "TEST", "METHODCONFIRM"} {
		known["ONAPP"+name] = ""
	}
	known["ONOFFLINEEVENT"] = ""
	add := func(scope, prefix string, kinds ...string) {
		for _, k := range kinds {
			known[prefix+k] = scope
		}
	}
	basic := []string{"ADD", "UPDATE", "DELETE"}
	for _, object := range []string{
		"LEAD", "DEAL", "CONTACT", "COMPANY", "QUOTE", "DYNAMICITEM", "TYPE", "REQUISITE", "BANKDETAIL", "ACTIVITY",
		"TIMELINECOMMENT", "DOCUMENTGENERATORDOCUMENT",
	} {
		add("crm", "ONCRM"+object, basic...)
	}
	for _, object := range []string{"LEAD", "DEAL", "CONTACT", "COMPANY", "QUOTE", "REQUISITE", "TYPE"} {
		add("crm", "ONCRM"+object+"USERFIELD", "ADD", "UPDATE", "DELETE", "SETENUMVALUES")
	}
	add("crm", "ONCRM", "DEALMOVETOCATEGORY", "ADDRESSREGISTER", "ADDRESSUNREGISTER", "TIMELINEITEMACTION")
	add("task", "ONTASK", basic...)
	add("task", "ONTASKCOMMENT", basic...)
	for id := range p.types {
		if id >= SmartProcessMin {
			for _, k := range basic {
				known["ONCRMDYNAMICITEM"+k+"_"+itoa(id)] = "crm"
			}
		}
	}
	return known
}

// webhookRefused is the answer of methods that need an application (the pages list no code of their own).
func webhookRefused() *restError {
	return fail(http.StatusForbidden, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method Application context required")
}

func eventMethods() map[string]method {
	app := webhookRefused()
	admin := fail(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
	return map[string]method{
		"event.bind":          {app: app, run: eventBind},
		"event.unbind":        {app: app, run: eventUnbind},
		"event.get":           {app: app, run: eventGet},
		"event.test":          {app: app, run: eventTest},
		"events":              {app: app, run: eventNames},
		"event.offline.get":   {app: app, admin: admin, run: offlineGet},
		"event.offline.list":  {app: app, admin: admin, run: offlineList},
		"event.offline.clear": {app: app, admin: admin, run: offlineClear},
		"event.offline.error": {app: app, admin: admin, run: offlineError},
	}
}

// eventBind is event.bind (doc: api-reference/events/event-bind).
func eventBind(c *call) (any, *restError) {
	b, err := c.readBinding()
	if err != nil {
		return nil, err
	}
	for _, old := range c.in.bindings {
		same := old.Event == b.Event && old.Handler == b.Handler && old.AuthType == b.AuthType
		if same && old.Offline == b.Offline && old.Connector == b.Connector {
			return nil, bad("ERROR_CORE", "Unable to set event handler")
		}
	}
	b.ID = c.p.nextID("binding", 58)
	c.in.bindings = append(c.in.bindings, b)
	return true, nil
}

func (c *call) readBinding() (*binding, *restError) {
	get := c.params.fold
	b := &binding{Binding: Binding{
		ClientID: c.in.app.ClientID, Event: strings.ToUpper(str(get("event"))), Handler: str(get("handler")),
		AuthType: intOf(get("auth_type")), Connector: c.connector(),
	}}
	scope, known := c.p.eventScope()[b.Event]
	if !known || !c.hasScope(scope) {
		return nil, bad("ERROR_EVENT_NOT_FOUND", "Event not found")
	}
	switch strings.ToLower(str(get("event_type"))) {
	case "", "online":
	case "offline":
		b.Offline = true
	default:
		return nil, bad("ERROR_ARGUMENT", "Value must be one of {online, offline}")
	}
	if err := c.bindingRights(b.Offline, b.AuthType); err != nil {
		return nil, err
	}
	if b.Offline {
		b.Handler, b.AuthType = "", 0
		return b, nil
	}
	u, err := url.Parse(b.Handler)
	if b.Handler == "" || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, bad("ERROR_ARGUMENT", "Handler URL is not valid (HANDLER)") // the page gives no code, only a text about HANDLER
	}
	b.minTimeout = time.Second
	if wait, ok := asArray(get("options")).lookup("minTimeout"); ok {
		b.minTimeout = time.Duration(intOf(wait)) * time.Second
	}
	return b, nil
}

func (c *call) bindingRights(offline bool, authType int) *restError {
	if c.user.admin {
		return nil
	}
	if offline {
		return fail(http.StatusForbidden, "ACCESS_DENIED", "Offline events binding/unbinding requires administrator access rights")
	}
	if authType != 0 && authType != c.user.id {
		return fail(http.StatusForbidden, "ACCESS_DENIED", "Event binding/unbinding with AUTH_TYPE requires administrator access rights")
	}
	return nil
}

// eventUnbind deletes what matches; a parameter that is left out does not narrow the deletion.
func eventUnbind(c *call) (any, *restError) {
	event := strings.ToUpper(str(c.params.fold("event")))
	if event == "" {
		return nil, bad("ERROR_ARGUMENT", "Argument 'EVENT' is null or empty")
	}
	handler, byHandler := c.params.lookup("handler")
	authType, byAuth := c.params.lookup("auth_type")
	kind, byKind := c.params.lookup("event_type")
	offline := byKind && strings.EqualFold(str(kind), "offline")
	if err := c.bindingRights(offline, intOf(authType)); err != nil {
		return nil, err
	}
	before := len(c.in.bindings)
	c.in.bindings = slices.DeleteFunc(c.in.bindings, func(b *binding) bool {
		return b.Event == event && (!byHandler || b.Handler == str(handler)) && (!byAuth || b.AuthType == intOf(authType)) &&
			(!byKind || b.Offline == offline)
	})
	return map[string]any{"count": before - len(c.in.bindings)}, nil
}

func eventGet(c *call) (any, *restError) {
	rows := []any{}
	for _, b := range c.in.bindings {
		if !c.user.admin && b.AuthType != c.user.id {
			continue
		}
		row := map[string]any{"event": b.Event, "handler": b.Handler, "auth_type": itoa(b.AuthType), "offline": 0}
		if b.Offline {
			row["offline"] = 1
			row["connector_id"] = b.Connector
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func eventTest(c *call) (any, *restError) {
	query := newArray()
	for _, k := range c.params.keys {
		if k != "auth" {
			query.set(k, c.params.vals[k])
		}
	}
	p := c.p
	for _, b := range c.in.bindings {
		if b.Event == "ONAPPTEST" && !b.Offline {
			body := p.eventBody(c.in, b, pairs("QUERY", query), authBlock{access: c.in.queueToken(c.user.id)})
			p.enqueue(&delivery{url: b.Handler, event: b.Event, body: body})
		}
	}
	return 1, nil
}

func eventNames(c *call) (any, *restError) {
	scope, byScope := c.params.lookup("SCOPE")
	full := !byScope && yes(c.params.fold("FULL"))
	known := c.p.eventScope()
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if byScope && known[name] != str(scope) || !byScope && !full && !c.hasScope(known[name]) {
			continue
		}
		names = append(names, name)
	}
	return names, nil
}
