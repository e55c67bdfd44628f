package realty

import (
	"context"
	"iter"
)

// NewsEvent is an event with the position behind it.
type NewsEvent struct {
	NewsItem
	// Position is where to go on once this event, and those before it, are handled: store it together with what they
	// caused. It never lies behind an event that was not yielded yet.
	Position Token
}

// NewsItems reads event after event until there is nothing new, page by page as [Client.NewsPages] does: each event
// once, oldest first, and none left out, be it one that could not be read (see [NewsItem.Err]). Going on from the
// Position of the last handled event brings every later one. The first error ends it.
func (c *Client) NewsItems(ctx context.Context, after Token) iter.Seq2[NewsEvent, error] {
	return func(yield func(NewsEvent, error) bool) {
		position := after
		for page, err := range c.NewsPages(ctx, after) {
			if err != nil {
				yield(NewsEvent{Position: position}, err)
				return
			}
			for i, item := range page.Items {
				if item.Token != "" { // without one the event may come twice, which loses nothing
					position = item.Token
				}
				if i == len(page.Items)-1 {
					position = page.Next
				}
				if !yield(NewsEvent{NewsItem: item, Position: position}, nil) {
					return
				}
			}
			position = page.Next
		}
	}
}
