package bitrixsim

import (
	"maps"
	"slices"
	"time"
)

// DeleteRobots removes registrations of robots and activities with a code ("" all) in every application, as an
// administrator can; robots on stages stay and are blocked. It tells how many went.
func (p *Portal) DeleteRobots(code string) int {
	return p.cutEach(func(in *installation) int {
		before := len(in.robots)
		maps.DeleteFunc(in.robots, func(have string, _ *robot) bool { return code == "" || have == code })
		return before - len(in.robots)
	})
}

// DeleteBindings removes the event bindings of an event ("" all) in every application, and tells how many went.
func (p *Portal) DeleteBindings(event string) int {
	return p.cutEach(func(in *installation) int {
		before := len(in.bindings)
		in.bindings = slices.DeleteFunc(in.bindings, func(b *binding) bool { return event == "" || b.Event == event })
		return before - len(in.bindings)
	})
}

// DeletePlacements removes the widgets with a code ("" all) in every application, and tells how many went.
func (p *Portal) DeletePlacements(code string) int {
	return p.cutEach(func(in *installation) int {
		before := len(in.placements)
		in.placements = slices.DeleteFunc(in.placements, func(pl *placement) bool { return code == "" || pl.Placement.Placement == code })
		return before - len(in.placements)
	})
}

// DeleteTriggers forgets the automation triggers that applications registered under a code ("" all); those on stages
// stay and never run. It tells how many went.
func (p *Portal) DeleteTriggers(code string) int {
	return p.cutEach(func(in *installation) int {
		before := len(in.triggers)
		maps.DeleteFunc(in.triggers, func(have, _ string) bool { return code == "" || have == code })
		return before - len(in.triggers)
	})
}

// cutEach runs a deletion in every application and adds up what went.
func (p *Portal) cutEach(cut func(*installation) int) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	gone := 0
	for _, in := range p.installs {
		gone += cut(in)
	}
	p.s.notify()
	return gone
}

// DeleteUserField removes a custom field with its values, as an administrator does in the card's settings; false
// when there is none of that name.
func (p *Portal) DeleteUserField(entityTypeID int, name string) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t := p.types[entityTypeID]
	if t == nil {
		return false
	}
	d := t.field(name, namesOriginal)
	if d == nil || d.user == nil {
		return false
	}
	p.dropUserField(t, d.user, actor{user: 1})
	return true
}

// dropUserField deletes a field and every value of it.
func (p *Portal) dropUserField(t *cardType, f *UserField, by actor) {
	t.userFields = slices.DeleteFunc(t.userFields, func(have *UserField) bool { return have == f })
	t.all = nil
	for _, it := range t.items {
		delete(it.vals, f.Name)
	}
	p.fieldEvent(t, f, "DELETE", by)
	p.s.notify()
}

// BlockMethod makes a method answer OPERATION_TIME_LIMIT until a moment of the simulator's clock, for every
// application and webhook; answers before that name the moment as operating_reset_at.
func (p *Portal) BlockMethod(method string, until time.Time) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.blocked[methodName(method)] = until
	p.s.notify()
}

// FillBucket switches the rate limit on with every bucket full to the brim, that of addresses not seen yet as well:
// calls answer QUERY_LIMIT_EXCEEDED until enough has leaked.
func (p *Portal) FillBucket() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	_, size := p.rate()
	p.limitRate = true
	p.filled = bucket{level: size, at: p.s.now()}
	clear(p.buckets)
	p.s.notify()
}

// SetOutage makes every REST request of the portal answer one refusal: 403 ACCESS_DENIED (the plan has no REST), 503
// OVERLOAD_LIMIT, 500 PORTAL_DELETED, 401 PAYMENT_REQUIRED and the like; an empty code answers a proxy's page. Status
// 0 ends it.
func (p *Portal) SetOutage(status int, code string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.outage = failure{status: status, code: code}
	p.s.notify()
}

// refused is the portal-wide refusal that is in force.
func (p *Portal) refused() *restError {
	switch {
	case p.outage.status == 0:
		return nil
	case p.outage.code == "":
		return fail(p.outage.status, "", htmlPage)
	case p.outage.code == "ACCESS_DENIED":
		return fail(p.outage.status, p.outage.code, "REST API is available only on commercial plans")
	}
	return fail(p.outage.status, p.outage.code, "Ordered outage")
}

// RestrictSmartProcesses is the plan's limit on smart processes: adding and changing their items is refused while on.
func (p *Portal) RestrictSmartProcesses(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.smartLimit = on
}
