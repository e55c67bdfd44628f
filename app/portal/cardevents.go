package portal

import (
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

// signed gives the offline bindings that are missing the bridge's own name, where the plan knows names.
func (r *run) signed(wanted []bitrix.EventBinding) error {
	known, err := r.has(readNames)
	if err != nil || !known || !r.seen.names {
		return err
	}
	for i, b := range wanted {
		if b.Offline && !slices.ContainsFunc(r.seen.bound, func(have bitrix.EventBinding) bool { return sameBinding(have, b) }) {
			wanted[i].AuthConnector = Connector
		}
	}
	return nil
}
