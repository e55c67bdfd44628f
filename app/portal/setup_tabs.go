package portal

import (
	"context"
	"slices"

	"konturbridge/bitrix"
)

// tabCode is the widget's name in the bridge's own address.
const tabCode = "crm_detail_tab"

// tabTitles are what the tab is called.
func tabTitles() bitrix.Titles {
	return bitrix.Titles{"ru": {Title: "Контур"}, "en": {Title: "Kontur"}}
}

// tabs shows the bridge in the cards of deals, leads and every smart process that the portal has.
// doc: api-reference/widgets/placement-bind.md
func (r *run) tabs(ctx context.Context) error {
	if !r.grants("placement") {
		return nil // the tab is a comfort, not a need: a form without that scope is a choice
	}
	for _, name := range []string{readPlaces, readTabs} {
		if ok, err := r.has(name); !ok {
			return err
		}
	}
	codes := slices.DeleteFunc(slices.Clone(r.seen.places), func(code string) bool { return !wantsTab(code) })
	r.track.begin(ctx, "tabs", len(codes))
	var jobs []job
	for _, code := range codes {
		jobs = append(jobs, r.tab(code))
	}
	return r.write(ctx, jobs)
}

// tab shows one as it should be, once. A tab can't be changed: one with another title, of an earlier address
// or shown twice is taken away and put back.
func (r *run) tab(code string) job {
	handler := r.s.deps.PublicURL + "/bitrix/placements/" + tabCode
	return func(ctx context.Context) (done []outcome) {
		defer r.track.advance(ctx)
		have, good, gone := 0, true, false
		for _, b := range r.seen.placed {
			switch {
			case b.Code != code || !r.ours(b.Handler, "/bitrix/placements/"+tabCode):
			case b.Handler == handler:
				have++
				good = good && titled(b)
			default: // of the time before the bridge moved
				_, err := r.c.PlacementUnbind(ctx, code, b.Handler)
				done = append(done, outcome{deed: didRemove, name: "tab " + code, what: "remove the tab " + code, err: err})
				if err != nil {
					return done
				}
			}
		}
		if have == 1 && good {
			return done
		}
		if have > 0 {
			if _, err := r.c.PlacementUnbind(ctx, code, handler); err != nil {
				return append(done, outcome{deed: didRemove, name: "", what: "remove the tab " + code, err: err})
			}
			gone = true
		}
		did := didAdd
		if gone {
			did = didChange
		}
		err := bound(r.c.PlacementBind(ctx, bitrix.Placement{Code: code, Handler: handler, Title: tabTitles()["ru"].Title, Titles: tabTitles()}))
		return append(done, outcome{deed: did, name: "tab " + code, what: "add the tab " + code, err: err})
	}
}

// titled reports whether a tab has its titles, as far as the portal shows them.
func titled(b bitrix.Placement) bool {
	if b.Title != "" && b.Title != tabTitles()["ru"].Title && b.Title != tabTitles()["en"].Title {
		return false
	}
	for lang, want := range tabTitles() {
		if shown, ok := b.Titles[lang]; ok && shown.Title != "" && shown.Title != want.Title {
			return false
		}
	}
	return true
}

// wantsTab picks the tabs of cards that docflows can start from.
func wantsTab(code string) bool {
	kind, ok := tabEntity(code)
	return ok && (kind == bitrix.EntityDeal || kind == bitrix.EntityLead || kind.IsSmartProcess())
}
