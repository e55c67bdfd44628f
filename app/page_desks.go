package app

import (
	"context"

	"konturbridge/app/page"
)

// desks builds the page packages. Their tabs stand in the main page's header in this order; the first one
// that a user may see is what opens.
func (a *App) desks() ([]page.Desk, error) {
	var all []page.Desk
	for _, build := range []func() (page.Desk, error){} {
		desk, err := build()
		if err != nil {
			return nil, err
		}
		all = append(all, desk)
	}
	return all, nil
}

// may is the one place that decides what a page's session may do.
func (a *App) may(_ context.Context, s page.Session, right page.Right) (bool, error) {
	return page.May(s, right), nil
}
