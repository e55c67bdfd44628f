package bitrixsim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// binding is one event.bind with what only the queue needs.
type binding struct {
	Binding
	minTimeout time.Duration
}

// authBlock is what of a user's credentials goes into a payload; nil parts are left out.
type authBlock struct {
	access  *accessToken
	refresh *refreshToken
}

// writeAuth writes the auth block of a payload (page section 4.3).
func (p *Portal) writeAuth(f *form, in *installation, a authBlock) {
	if a.access != nil {
		f.add("auth[access_token]", a.access.token)
		f.add("auth[expires]", itoa(int(a.access.expires.Unix())))
		f.add("auth[expires_in]", itoa(int(accessLife.Seconds())))
	}
	f.add("auth[scope]", strings.Join(in.app.Scopes, ","))
	f.add("auth[domain]", host(p.s.baseURL))
	f.add("auth[server_endpoint]", p.s.authBase()+"/rest/")
	f.add("auth[status]", "L")
	f.add("auth[client_endpoint]", p.endpoint())
	f.add("auth[member_id]", p.memberID)
	if a.access != nil {
		f.add("auth[user_id]", itoa(a.access.user))
	}
	if a.refresh != nil {
		f.add("auth[refresh_token]", a.refresh.token)
	}
	f.add("auth[application_token]", in.appToken)
}

// writeShortAuth writes what even unauthenticated payloads carry.
func (p *Portal) writeShortAuth(f *form) {
	f.add("auth[domain]", host(p.s.baseURL))
	f.add("auth[client_endpoint]", p.endpoint())
	f.add("auth[server_endpoint]", p.s.authBase()+"/rest/")
	f.add("auth[member_id]", p.memberID)
}

// pairs makes an array of alternating keys and values.
func pairs(kv ...any) *array {
	a := newArray()
	for i := 0; i+1 < len(kv); i += 2 {
		a.set(str(kv[i]), kv[i+1])
	}
	return a
}

// cardEvent tells that a card was added, updated, moved to another funnel or deleted.
func (p *Portal) cardEvent(t *cardType, kind string, it *item, by actor) {
	id := itoa(it.id)
	if !t.dynamic() {
		fields := pairs("ID", id)
		if kind == "MOVETOCATEGORY" {
			fields.set("CATEGORY_ID", text(it.vals["CATEGORY_ID"]))
			fields.set("STAGE_ID", text(it.vals["STAGE_ID"]))
		}
		p.fire("ONCRM"+t.name()+kind, id, pairs("FIELDS", fields), by)
		return
	}
	data := pairs("FIELDS", pairs("ID", id, "ENTITY_TYPE_ID", itoa(t.id)))
	p.fire("ONCRMDYNAMICITEM"+kind, itoa(t.id)+":"+id, data, by)
	if t.id >= SmartProcessMin {
		p.fire("ONCRMDYNAMICITEM"+kind+"_"+itoa(t.id), id, data, by)
	}
}

// fire hands an event to every binding: online ones get a delivery, offline ones a row in the queue.
func (p *Portal) fire(name, object string, data *array, by actor) {
	p.fireHooks(name, data)
	p.fireFor("", name, object, data, by)
}

// fireFor is fire for the bindings of one application alone; empty: all.
func (p *Portal) fireFor(only, name, object string, data *array, by actor) {
	for _, clientID := range slices.Sorted(maps.Keys(p.installs)) {
		in := p.installs[clientID]
		if !in.finished || only != "" && only != clientID {
			continue
		}
		for _, b := range in.bindings {
			if b.Event != name {
				continue
			}
			if b.Offline {
				in.queueRow(b, name, object, data, by)
				continue
			}
			p.enqueue(&delivery{url: b.Handler, event: name, body: p.eventBody(in, b, data, in.authFor(b, by))})
		}
	}
	p.s.notify()
}

// authFor picks whose token an event carries: the binding's auth_type, else the actor; robots have none.
func (in *installation) authFor(b *binding, by actor) authBlock {
	who := b.AuthType
	if who == 0 && !by.robot {
		who = by.user
	}
	u := in.portal.users[who]
	if u == nil || u.dismissed {
		return authBlock{}
	}
	return authBlock{access: in.queueToken(who)}
}

// eventBody makes the body of an event; ts is the time of sending.
func (p *Portal) eventBody(in *installation, b *binding, data *array, auth authBlock) func() string {
	return func() string {
		var f form
		f.add("event", b.Event)
		f.add("event_handler_id", itoa(b.ID))
		if data != nil {
			f.addValue("data", data)
		}
		f.add("ts", itoa(int(p.s.now().Unix())))
		p.writeAuth(&f, in, auth)
		return f.String()
	}
}

// noticeOffline sends ONOFFLINEEVENT: at once, then not again for the binding's minTimeout.
func (in *installation) noticeOffline() {
	p := in.portal
	for _, b := range in.bindings {
		if b.Event != "ONOFFLINEEVENT" || b.Offline {
			continue
		}
		last, seen := in.lastNotice[b.ID]
		if seen && p.s.now().Sub(last) < b.minTimeout {
			continue
		}
		in.lastNotice[b.ID] = p.s.now()
		var auth authBlock
		auth.access, auth.refresh = in.issuePair(max(b.AuthType, 1))
		p.enqueue(&delivery{url: b.Handler, event: b.Event, body: p.eventBody(in, b, nil, auth)})
	}
}
