package portal

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"konturbridge/bitrix"
)

// robots makes the application's automation rules those of the catalogue. The portal lists their codes and
// nothing else, so what was written is remembered: another handler, name or parameter, or another user, is
// told by that.
// doc: api-reference/bizproc/bizproc-robot/index.md
func (r *run) robots(ctx context.Context) error {
	specs := r.s.deps.Robots
	r.track.begin(ctx, "robots", len(specs))
	if !r.requires("bizproc", "automation rules") {
		return nil
	}
	if ok, err := r.has(readRobots); !ok {
		return err
	}
	var jobs []job
	for _, spec := range specs {
		jobs = append(jobs, r.robot(spec))
	}
	for _, code := range r.seen.robots {
		if r.strange(code) {
			jobs = append(jobs, r.removeRobot(code))
		}
	}
	return r.write(ctx, jobs)
}

// robot registers one rule, or writes it again. The list may be older than this moment, so both refusals
// lead to the other method.
func (r *run) robot(spec RobotSpec) job {
	public := r.s.deps.PublicURL
	robot := spec.robot(public+"/bitrix/robots/"+url.PathEscape(spec.Code), public+"/bitrix/placements/"+robotSettings, r.app.Worker())
	name, wanted := "robot "+spec.Code, imprint(robot)
	return func(ctx context.Context) []outcome {
		defer r.track.advance(ctx)
		was, known := r.book.get("robot/" + spec.Code)
		listed, same := slices.Contains(r.seen.robots, spec.Code), known && was.Wanted == wanted
		if listed && same && r.why == checks && r.s.deps.Now().Sub(was.At) < rewriteAfter {
			return nil
		}
		did, err := didAdd, error(nil)
		if listed {
			did, err = didRenew, r.c.RobotUpdate(ctx, robot)
			if known && !same {
				did = didChange
			}
		}
		if !listed || errors.Is(err, bitrix.ErrNotFound) {
			did, err = didAdd, r.c.RobotAdd(ctx, robot)
		}
		if errors.Is(err, bitrix.ErrAlreadyInstalled) {
			did, err = didRenew, r.c.RobotUpdate(ctx, robot)
		}
		if err == nil {
			r.book.put("robot/"+spec.Code, Written{Wanted: wanted, At: r.s.deps.Now()})
		}
		return []outcome{{deed: did, name: name, what: "register the automation rule " + spec.Code, err: err}}
	}
}

// strange reports whether a listed rule is one that the bridge itself has registered and has no more.
func (r *run) strange(code string) bool {
	if slices.ContainsFunc(r.s.deps.Robots, func(s RobotSpec) bool { return s.Code == code }) {
		return false
	}
	_, ours := r.book.get("robot/" + code)
	return ours || strings.HasPrefix(code, "realty_") || strings.HasPrefix(code, "diadoc_")
}

func (r *run) removeRobot(code string) job {
	return func(ctx context.Context) []outcome {
		err := r.c.RobotDelete(ctx, code)
		if errors.Is(err, bitrix.ErrNotFound) {
			err = nil
		}
		if err == nil {
			r.book.drop("robot/" + code)
		}
		return []outcome{{deed: didRemove, name: "robot " + code, what: "remove the automation rule " + code, err: err}}
	}
}

// cardEvents are bound twice: online for speed, offline because an event that is not delivered is lost. The
// base events of smart processes' items cover every one of them; their suffixed forms would only come twice.
// doc: api-reference/crm/**/events/*.md
func cardEvents() []string {
	return append([]string{
		"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY", "ONCRMDEALDELETE", "ONCRMLEADADD", "ONCRMLEADUPDATE", "ONCRMLEADDELETE",
	}, itemEvents()...)
}

func itemEvents() []string {
	return []string{"ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE", "ONCRMDYNAMICITEMDELETE"}
}

// appEvents concern the application itself and come online only.
func appEvents() []string {
	return []string{bitrix.EventAppInstall, bitrix.EventAppUpdate, bitrix.EventAppUninstall, bitrix.EventAppPayment}
}

// bindings are the handlers that the application needs: one that doesn't do the portal's work only hears
// what becomes of itself, or every card's event would come twice.
func (r *run) bindings() []bitrix.EventBinding {
	online, offline := appEvents(), []string(nil)
	if r.service {
		online = slices.Concat(online, []string{bitrix.EventOffline, bitrix.EventAppTest}, cardEvents())
		offline = cardEvents()
	}
	var wanted []bitrix.EventBinding
	for _, event := range online {
		wanted = append(wanted, bitrix.EventBinding{Event: event, Handler: r.eventHandler()})
	}
	for _, event := range offline {
		wanted = append(wanted, bitrix.EventBinding{Event: event, Offline: true})
	}
	return wanted
}

func (r *run) eventHandler() string { return r.s.deps.PublicURL + "/bitrix/events" }

// events binds what is missing and removes the application's bindings to addresses of the bridge that it has
// no more, and those that another application has taken over. doc: api-reference/events/event-bind.md
func (r *run) events(ctx context.Context) error {
	wanted := r.bindings()
	r.track.begin(ctx, "events", len(wanted))
	if !r.requires("crm", "events") {
		return nil
	}
	if ok, err := r.has(readEvents); !ok {
		return err
	}
	if err := r.signed(wanted); err != nil {
		return err
	}
	var jobs []job
	for _, b := range wanted {
		jobs = append(jobs, r.bind(b))
	}
	for _, b := range r.seen.bound {
		if r.outdated(b, wanted) {
			jobs = append(jobs, r.unbind(b))
		}
	}
	before := len(r.report.Added)
	err := r.write(ctx, jobs)
	if r.s.deps.Rebound != nil && slices.ContainsFunc(r.report.Added[before:], func(name string) bool { return strings.HasPrefix(name, "offline") }) {
		err = errors.Join(err, r.s.deps.Rebound(ctx, r.p.ID))
	}
	return err
}

func sameBinding(a, b bitrix.EventBinding) bool {
	return strings.EqualFold(a.Event, b.Event) && a.Offline == b.Offline && (a.Offline || a.Handler == b.Handler)
}

func (r *run) bind(b bitrix.EventBinding) job {
	return func(ctx context.Context) []outcome {
		defer r.track.advance(ctx)
		if r.isBound(b) && (!b.Offline || r.boundAs(b.Event) == b.AuthConnector) {
			return nil
		}
		bind := r.c.EventBind
		if b.Offline {
			bind = r.bindOffline
		}
		err := bind(ctx, b)
		switch {
		case errors.Is(err, bitrix.ErrAlreadyBound): // the list is older than this moment
			return nil
		case errors.Is(err, bitrix.ErrNotFound) && r.dispensable(b.Event):
			return nil
		}
		return []outcome{{deed: didAdd, name: bindingName(b), what: bindingName(b), err: err}}
	}
}

// dispensable reports whether an edition may lack an event without a loss: payments concern market
// applications, items of smart processes those portals whose settings name one.
func (r *run) dispensable(event string) bool {
	return event == bitrix.EventAppPayment || slices.Contains(itemEvents(), event) && len(r.types) == 0
}

// outdated reports whether a binding of the application is the bridge's own and wanted no more. An offline
// one has no address; it is the bridge's own when it is about a card.
func (r *run) outdated(b bitrix.EventBinding, wanted []bitrix.EventBinding) bool {
	if slices.ContainsFunc(wanted, func(w bitrix.EventBinding) bool { return sameBinding(w, b) }) {
		return false
	}
	if b.Offline {
		return slices.Contains(cardEvents(), strings.ToUpper(b.Event))
	}
	return r.ours(b.Handler, "/bitrix/events")
}

// ours reports whether an address is the bridge's: on its host, or its path on the host where it was before.
func (r *run) ours(handler, path string) bool {
	there, err := url.Parse(handler)
	here, failed := url.Parse(r.s.deps.PublicURL)
	if err != nil || failed != nil {
		return false
	}
	return there.Hostname() != "" && strings.EqualFold(there.Hostname(), here.Hostname()) || strings.HasSuffix(there.Path, path)
}

func (r *run) unbind(b bitrix.EventBinding) job {
	return func(ctx context.Context) []outcome {
		_, err := r.c.EventUnbind(ctx, bitrix.EventBinding{Event: b.Event, Handler: b.Handler, Offline: b.Offline})
		return []outcome{{deed: didRemove, name: bindingName(b), what: "unbind " + bindingName(b), err: err}}
	}
}

func bindingName(b bitrix.EventBinding) string {
	if b.Offline {
		return "offline event " + b.Event
	}
	return "event " + b.Event
}

// triggers makes the application's automation triggers those of the bridge. A trigger that somebody else has
// made in the application's name stays. doc: api-reference/crm/automation/**
func (r *run) triggers(ctx context.Context) error {
	wanted := AutomationTriggers()
	r.track.begin(ctx, "triggers", len(wanted))
	if !r.grants("crm") { // said already
		return nil
	}
	if ok, err := r.has(readTriggers); !ok {
		return err
	}
	var jobs []job
	for _, t := range wanted {
		jobs = append(jobs, r.trigger(t))
	}
	for _, t := range r.seen.triggers {
		if strings.HasPrefix(t.Code, triggerPrefix) && !slices.ContainsFunc(wanted, func(w AutomationTrigger) bool { return w.Code == t.Code }) {
			jobs = append(jobs, r.removeTrigger(t.Code))
		}
	}
	return r.write(ctx, jobs)
}

// trigger adds one, or gives it its name again: adding a code that exists renames it.
func (r *run) trigger(t AutomationTrigger) job {
	return func(ctx context.Context) []outcome {
		defer r.track.advance(ctx)
		at := slices.IndexFunc(r.seen.triggers, func(have bitrix.Trigger) bool { return have.Code == t.Code })
		did := didAdd
		if at >= 0 {
			if did = didChange; r.seen.triggers[at].Name == t.Name {
				return nil
			}
		}
		err := r.c.TriggerAdd(ctx, bitrix.Trigger{Code: t.Code, Name: t.Name})
		return []outcome{{deed: did, name: "trigger " + t.Code, what: "register the automation trigger " + t.Code, err: err}}
	}
}

func (r *run) removeTrigger(code string) job {
	return func(ctx context.Context) []outcome {
		err := r.c.TriggerDelete(ctx, code)
		return []outcome{{deed: didRemove, name: "trigger " + code, what: "remove the automation trigger " + code, err: err}}
	}
}
