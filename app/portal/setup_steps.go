package portal

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// robots makes the portal's automation rules those of the catalogue.
// doc: api-reference/bizproc/bizproc-robot/index.md
func (r *run) robots(ctx context.Context) error {
	specs := r.s.deps.Robots
	r.track.begin(ctx, "robots", len(specs))
	if !r.requires("bizproc", "automation rules") {
		return nil
	}
	codes, err := r.c.RobotList(ctx)
	if err != nil {
		return r.judge("list the automation rules", err)
	}
	for _, spec := range specs {
		added, err := r.robot(ctx, spec, slices.Contains(codes, spec.Code))
		if err := r.judge("register the automation rule "+spec.Code, err); err != nil {
			return err
		}
		if added {
			r.report.Added = append(r.report.Added, "robot "+spec.Code)
		}
		r.track.advance(ctx)
	}
	for _, code := range codes {
		if slices.ContainsFunc(specs, func(s RobotSpec) bool { return s.Code == code }) {
			continue
		}
		if err := r.c.RobotDelete(ctx, code); err != nil && !errors.Is(err, bitrix.ErrNotFound) {
			if err := r.judge("remove the automation rule "+code, err); err != nil {
				return err
			}
			continue
		}
		r.report.Removed = append(r.report.Removed, "robot "+code)
	}
	return nil
}

// robot registers one rule, or renews it: its texts, its parameters and the address may have changed.
// The list may be older than this moment, so both refusals lead to the other method.
func (r *run) robot(ctx context.Context, spec RobotSpec, listed bool) (added bool, err error) {
	robot := spec.robot(r.s.deps.PublicURL+"/bitrix/robots/"+url.PathEscape(spec.Code),
		r.s.deps.PublicURL+"/bitrix/placements/"+robotSettings, r.app.UserID)
	if listed {
		if err = r.c.RobotUpdate(ctx, robot); !errors.Is(err, bitrix.ErrNotFound) {
			return false, err
		}
	}
	if err = r.c.RobotAdd(ctx, robot); errors.Is(err, bitrix.ErrAlreadyInstalled) {
		return false, r.c.RobotUpdate(ctx, robot)
	}
	return err == nil, err
}

// cardEvents are bound twice: online for speed, offline because an event that is not delivered is lost.
func cardEvents() []string {
	return []string{
		"ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALMOVETOCATEGORY", "ONCRMLEADADD", "ONCRMLEADUPDATE",
		"ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE",
	}
}

// appEvents concern the application itself and come online only.
func appEvents() []string {
	return []string{
		bitrix.EventAppInstall, bitrix.EventAppUpdate, bitrix.EventAppUninstall, bitrix.EventOffline,
	}
}

// bindings are the handlers that the bridge wants.
func (s *Setup) bindings() []bitrix.EventBinding {
	var wanted []bitrix.EventBinding
	for _, event := range slices.Concat(appEvents(), cardEvents()) {
		wanted = append(wanted, bitrix.EventBinding{Event: event, Handler: s.deps.PublicURL + "/bitrix/events"})
	}
	for _, event := range cardEvents() {
		wanted = append(wanted, bitrix.EventBinding{Event: event, Offline: true})
	}
	return wanted
}

// events binds what is missing and removes the application's bindings to other addresses, which are its
// own of the time before the bridge moved. doc: api-reference/events/event-bind.md
func (r *run) events(ctx context.Context) error {
	wanted := r.s.bindings()
	r.track.begin(ctx, "events", len(wanted))
	if !r.requires("crm", "events") {
		return nil
	}
	bound, err := r.c.EventGet(ctx)
	if err != nil {
		return r.judge("list the event handlers", err)
	}
	same := func(a, b bitrix.EventBinding) bool {
		return strings.EqualFold(a.Event, b.Event) && a.Offline == b.Offline && (a.Offline || a.Handler == b.Handler)
	}
	for _, b := range wanted {
		if !slices.ContainsFunc(bound, func(have bitrix.EventBinding) bool { return same(have, b) }) {
			err := r.c.EventBind(ctx, b)
			if errors.Is(err, bitrix.ErrAlreadyBound) {
				err = nil
			}
			if judged := r.judge(bindingName(b), err); judged != nil {
				return judged
			}
			if err == nil {
				r.report.Added = append(r.report.Added, bindingName(b))
			}
		}
		r.track.advance(ctx)
	}
	return r.unbindStrangers(ctx, bound)
}

func (r *run) unbindStrangers(ctx context.Context, bound []bitrix.EventBinding) error {
	for _, b := range bound {
		if b.Offline || strings.HasPrefix(b.Handler, r.s.deps.PublicURL+"/bitrix/") {
			continue
		}
		if _, err := r.c.EventUnbind(ctx, bitrix.EventBinding{Event: b.Event, Handler: b.Handler}); err != nil {
			if err := r.judge("unbind "+bindingName(b), err); err != nil {
				return err
			}
			continue
		}
		r.report.Removed = append(r.report.Removed, bindingName(b))
	}
	return nil
}

func bindingName(b bitrix.EventBinding) string {
	if b.Offline {
		return "offline event " + b.Event
	}
	return "event " + b.Event
}

// fields adds the bridge's own fields to deals and leads; a field that is there is left as its owner has
// made it. doc: api-reference/crm/deals/user-defined-fields/crm-deal-userfield-add.md
func (r *run) fields(ctx context.Context) error {
	kinds := []bitrix.EntityTypeID{bitrix.EntityDeal, bitrix.EntityLead}
	r.track.begin(ctx, "fields", len(kinds)*len(Fields()))
	if !r.requires("crm", "fields") {
		return nil
	}
	for _, kind := range kinds {
		have, err := r.c.UserFieldList(ctx, kind, bitrix.ListOptions{})
		if err != nil {
			if err := r.judge("list the fields of "+kind.Name(), err); err != nil {
				return err
			}
			continue
		}
		for _, field := range Fields() {
			if !hasField(have, field.FieldName) {
				if err := r.field(ctx, kind, field); err != nil {
					return err
				}
			}
			r.track.advance(ctx)
		}
	}
	return nil
}

// field adds one. When that is refused it is looked for by name: the list above may have been cut, and
// the answer to an earlier try may have been lost.
func (r *run) field(ctx context.Context, kind bitrix.EntityTypeID, field bitrix.UserField) error {
	what := fmt.Sprintf("field %s of %s", field.FieldName, kind.Name())
	_, err := r.c.UserFieldAdd(ctx, kind, field)
	if err == nil {
		r.report.Added = append(r.report.Added, what)
		return nil
	}
	if upstream.ClassOf(err) == upstream.Wait { // it was not executed
		return r.judge("add the "+what, err)
	}
	named, lookup := r.c.UserFieldList(ctx, kind, bitrix.ListOptions{Filter: map[string]any{"FIELD_NAME": field.FieldName}})
	if lookup == nil && hasField(named, field.FieldName) {
		return nil
	}
	return r.judge("add the "+what, err)
}

func hasField(list []bitrix.UserField, name string) bool {
	return slices.ContainsFunc(list, func(f bitrix.UserField) bool { return strings.EqualFold(f.FieldName, name) })
}

// tabCode is the widget's name in the bridge's own address.
const tabCode = "crm_detail_tab"

// tabs shows the bridge in the cards of deals, leads and every smart process that the portal has.
// doc: api-reference/widgets/placement-bind.md
func (r *run) tabs(ctx context.Context) error {
	if !slices.ContainsFunc(r.report.Scope, func(s string) bool { return strings.EqualFold(s, "placement") }) {
		return nil // the tab is a comfort, not a need: a form without that scope is a choice
	}
	valid, err := r.c.PlacementList(ctx)
	if err != nil {
		return r.judge("list the tabs", err)
	}
	bound, err := r.c.PlacementGet(ctx)
	if err != nil {
		return r.judge("list the tabs", err)
	}
	codes := slices.DeleteFunc(valid, func(code string) bool { return !wantsTab(code) })
	r.track.begin(ctx, "tabs", len(codes))
	handler := r.s.deps.PublicURL + "/bitrix/placements/" + tabCode
	for _, code := range codes {
		if err := r.tab(ctx, code, handler, bound); err != nil {
			return err
		}
		r.track.advance(ctx)
	}
	return nil
}

func (r *run) tab(ctx context.Context, code, handler string, bound []bitrix.Placement) error {
	have := false
	for _, b := range bound {
		switch {
		case b.Code != code:
		case b.Handler == handler:
			have = true
		default: // of the time before the bridge moved
			if _, err := r.c.PlacementUnbind(ctx, code, b.Handler); err != nil {
				return r.judge("remove the tab "+code, err)
			}
			r.report.Removed = append(r.report.Removed, "tab "+code)
		}
	}
	if have {
		return nil
	}
	err := r.c.PlacementBind(ctx, bitrix.Placement{
		Code: code, Handler: handler, Title: "Контур",
		Titles: bitrix.Titles{"ru": {Title: "Контур"}, "en": {Title: "Kontur"}},
	})
	if err == nil {
		r.report.Added = append(r.report.Added, "tab "+code)
	}
	if errors.Is(err, bitrix.ErrAlreadyBound) {
		err = nil
	}
	return r.judge("add the tab "+code, err)
}

// wantsTab picks the tabs of cards that docflows can start from.
func wantsTab(code string) bool {
	kind, ok := tabEntity(code)
	return ok && (kind == bitrix.EntityDeal || kind == bitrix.EntityLead || kind.IsSmartProcess())
}
