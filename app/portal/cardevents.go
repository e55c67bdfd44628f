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

// signed gives the offline bindings that are missing the bridge's own name, where the plan knows names, and
// reports whether there are any.
func (r *run) signed(ctx context.Context, wanted []bitrix.EventBinding) (missing bool, err error) {
	asked, known := false, false
	for i, b := range wanted {
		if !b.Offline || slices.ContainsFunc(r.seen.bound, func(have bitrix.EventBinding) bool { return sameBinding(have, b) }) {
			continue
		}
		if !asked {
			if known, err = r.c.Feature(ctx, bitrix.FeatureAuthConnector); r.judge("read the plan", err) != nil {
				return true, err
			}
			asked = true
		}
		if known {
			wanted[i].AuthConnector = Connector
		}
		missing = true
	}
	return missing, nil
}
