package app

import (
	"context"
	"time"

	"konturbridge/app/inbox"
	"konturbridge/app/page"
	"konturbridge/app/page/home"
	"konturbridge/app/page/tab"
	"konturbridge/app/portal"
	"konturbridge/app/settings"
)

// desks builds the page packages. Their tabs stand in the main page's header in this order; the first one
// that a user may see is what opens.
func (a *App) desks(in *inbox.Inbox, now func() time.Time) ([]page.Desk, error) {
	card := cardTab{a, in, now}
	var all []page.Desk
	for _, build := range []func() (page.Desk, error){
		func() (page.Desk, error) { return tab.New(tab.Deps{Read: card, Do: card, Forms: cardForms{a}}) },
		func() (page.Desk, error) { return a.settingsPages(now) },
		a.journalDesk,
		func() (page.Desk, error) { return home.New(ownDocflows{a}, tab.Words) },
	} {
		desk, err := build()
		if err != nil {
			return nil, err
		}
		all = append(all, desk)
	}
	return all, nil
}

// may is the one place that decides what a page's session may do: the portal's administrators everything, others
// what the settings let them. Settings that can't be read give nobody more than they have without.
func (a *App) may(ctx context.Context, s page.Session, right page.Right) (bool, error) {
	role, named := map[page.Right]string{page.Act: settings.RoleAct, page.Journal: settings.RoleJournal, page.Manage: settings.RoleSettings}[right]
	if !named || s.Admin || right == page.Act && !s.HasCard() {
		return page.May(s, right), nil
	}
	set, err := a.settings.Settings(ctx, portal.ID(s.Portal))
	if err != nil {
		return page.May(s, right), nil
	}
	return set.Roles.May(s.User, role), nil
}
