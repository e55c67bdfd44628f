package portal

import (
	"context"
	"slices"
	"strings"

	"konturbridge/bitrix"
)

// Connector names the bridge as the source of its own changes: on portals whose plan has the feature, what
// it changes stays out of its offline queue. doc: api-reference/events/offline-events.md
const Connector = "konturbridge"

// CardEvents are the events of cards that a setup binds, online and offline.
func CardEvents() []string { return cardEvents() }

// MissesEvents reports whether an offline binding is missing that the bridge has made: somebody deleted it,
// or an update of the application did. Editions without smart processes may lack their events altogether.
func MissesEvents(bound []bitrix.EventBinding) bool {
	has := func(event string) bool {
		return slices.ContainsFunc(bound, func(b bitrix.EventBinding) bool { return b.Offline && strings.EqualFold(b.Event, event) })
	}
	items := slices.ContainsFunc(cardEvents(), func(event string) bool { return isItemEvent(event) && has(event) })
	return slices.ContainsFunc(cardEvents(), func(event string) bool { return !has(event) && (items || !isItemEvent(event)) })
}

// TellsOfCards reports whether an event is about cards.
func TellsOfCards(event string) bool {
	return slices.ContainsFunc(cardEvents(), func(known string) bool { return strings.HasPrefix(strings.ToUpper(event), known) })
}

func isItemEvent(event string) bool { return strings.HasPrefix(event, "ONCRMDYNAMICITEM") }

// signed gives offline bindings the bridge's own name, where the plan knows names. The portal does not show
// a binding's name, and after a change of the plan its queue can't be read any more under the old one: so
// what it was bound with is written down.
func (r *run) signed(wanted []bitrix.EventBinding) error {
	known, err := r.has(readNames)
	if err != nil {
		return err
	}
	for i, b := range wanted {
		switch {
		case !b.Offline:
		case !known: // as it is
			wanted[i].AuthConnector = r.boundAs(b.Event)
		case r.seen.names:
			wanted[i].AuthConnector = Connector
		}
	}
	return nil
}

// boundAs is the name under which the bridge has bound an offline event.
func (r *run) boundAs(event string) string {
	if was, _ := r.book.get("offline/" + event); was.Wanted == imprint(Connector) {
		return Connector
	}
	return ""
}

func (r *run) isBound(b bitrix.EventBinding) bool {
	return slices.ContainsFunc(r.seen.bound, func(have bitrix.EventBinding) bool { return sameBinding(have, b) })
}

// bindOffline makes a binding of the offline queue, in place of one under another name.
func (r *run) bindOffline(ctx context.Context, b bitrix.EventBinding) error {
	if r.isBound(b) {
		if _, err := r.c.EventUnbind(ctx, bitrix.EventBinding{Event: b.Event, Offline: true}); err != nil {
			return err
		}
	}
	err := r.c.EventBind(ctx, b)
	if err == nil {
		r.book.put("offline/"+b.Event, Written{Wanted: imprint(b.AuthConnector), At: r.s.deps.Now()})
	}
	return err
}
