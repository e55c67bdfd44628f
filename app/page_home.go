package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"konturbridge/app/docflow"
	"konturbridge/app/page"
	"konturbridge/app/page/home"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
)

// How many of a portal's latest docflows are looked through for a user's own, and how many of these are shown.
const (
	homeLatest = 200
	homeShown  = 20
)

// ownDocflows finds the docflows of cards that a user is responsible for.
type ownDocflows struct{ a *App }

var _ home.Reader = ownDocflows{}

// Own implements home.Reader. The portal says whose cards they are, in one request for each kind of card.
func (o ownDocflows) Own(ctx context.Context, s page.Session) ([]home.Own, error) {
	latest, err := o.a.store.Docflows(ctx, s.Portal, homeLatest)
	if err != nil || len(latest) == 0 {
		return nil, err
	}
	kinds := map[int][]bitrix.ID{}
	for _, rec := range latest {
		kinds[rec.Card.EntityType] = append(kinds[rec.Card.EntityType], bitrix.ID(rec.Card.ID))
	}
	client, err := o.a.clients.Bitrix(ctx, portal.ID(s.Portal))
	if err != nil {
		return nil, err
	}
	titles := map[docflow.Card]string{}
	for kind, ids := range kinds {
		for item, err := range client.Items(ctx, bitrix.ItemsOptions{Kind: bitrix.EntityTypeID(kind), Select: []string{"id", "title"},
			Filter: map[string]any{"@id": ids, "assignedById": s.User}}) {
			if errors.Is(err, bitrix.ErrNotFound) || errors.Is(err, bitrix.ErrAccessDenied) {
				break // a kind of cards that the portal does not have any more
			}
			if err != nil {
				return nil, err
			}
			titles[docflow.Card{EntityType: kind, ID: int64(item.ID())}] = item.String("title")
		}
	}
	var own []home.Own
	for _, rec := range latest {
		title, is := titles[rec.Card]
		if is && len(own) < homeShown {
			own = append(own, home.Own{Record: rec, Title: cmp.Or(title, fmt.Sprintf("№ %d", rec.Card.ID)), Path: page.CardPath(rec.Card)})
		}
	}
	return own, nil
}
