package bitrixsim

import (
	"maps"
	"slices"
	"strings"
)

// OutgoingWebhook is what an employee makes under Developer resources: events of the portal go to a handler, without
// any application and without tokens.
type OutgoingWebhook struct {
	ID      int      `json:"id"`
	Handler string   `json:"handler"`
	Events  []string `json:"events"`
	Token   string   `json:"token"` // the application token that the settings show
	// Minimal leaves event_handler_id and the endpoints out, as one page of the docs shows it.
	Minimal bool `json:"minimal"`
}

// AddOutgoingWebhook makes an outgoing webhook and returns it with its id and token. Events that are for applications
// alone, ONCRMDEALMOVETOCATEGORY among them, are left out.
func (p *Portal) AddOutgoingWebhook(handler string, minimal bool, events ...string) OutgoingWebhook {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	known := p.eventScope()
	hook := OutgoingWebhook{ID: p.nextID("binding", 58), Handler: handler, Token: p.s.random()[:32], Minimal: minimal}
	for _, name := range events {
		name = strings.ToUpper(name)
		_, exists := known[name]
		if exists && !strings.HasPrefix(name, "ONAPP") && name != "ONOFFLINEEVENT" && name != "ONCRMDEALMOVETOCATEGORY" {
			hook.Events = append(hook.Events, name)
		}
	}
	p.outgoing = append(p.outgoing, hook)
	p.s.notify()
	return hook
}

// DeleteOutgoingWebhook removes an outgoing webhook; false when there is none with that id.
func (p *Portal) DeleteOutgoingWebhook(id int) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	before := len(p.outgoing)
	p.outgoing = slices.DeleteFunc(p.outgoing, func(h OutgoingWebhook) bool { return h.ID == id })
	p.s.notify()
	return len(p.outgoing) < before
}

// fireHooks hands an event to the outgoing webhooks.
func (p *Portal) fireHooks(name string, data *array) {
	for _, hook := range p.outgoing {
		if !slices.Contains(hook.Events, name) {
			continue
		}
		p.enqueue(&delivery{url: hook.Handler, event: name, body: func() string {
			var f form
			f.add("event", name)
			if !hook.Minimal {
				f.add("event_handler_id", itoa(hook.ID))
			}
			f.addValue("data", data)
			f.add("ts", itoa(int(p.s.now().Unix())))
			f.add("auth[domain]", host(p.s.baseURL))
			if !hook.Minimal {
				f.add("auth[client_endpoint]", p.endpoint())
				f.add("auth[server_endpoint]", p.s.authBase()+"/rest/")
			}
			f.add("auth[member_id]", p.memberID)
			f.add("auth[application_token]", hook.Token)
			return f.String()
		}})
	}
}

// FireEvent sends an event that the simulator has no deed for (tasks, generated documents) to every binding: data is
// what stands under data in the payload, object tells offline rows of one object apart, user 0 stands for a robot.
func (p *Portal) FireEvent(name, object string, data map[string]any, userID int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	values := newArray()
	for _, key := range slices.Sorted(maps.Keys(data)) {
		values.set(key, fromGo(data[key]))
	}
	p.fire(strings.ToUpper(name), object, values, actor{user: userID, robot: userID == 0})
}
