package bitrix

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Looked is what one look at several cards gave.
type Looked struct {
	// Items are the cards that are there, in all their fields.
	Items map[ID]Item
	// Failed are the cards that could not be read, such as those that the token's user may not see. A card
	// that is in neither map does not exist.
	Failed map[ID]error
	// At is the portal's clock when the look began; zero when the answer does not tell.
	At time.Time
}

// Look reads up to 50 cards of a type with one request: one card with crm.item.get, several with a list
// by their ids. A list leaves out silently what does not exist and what may not be read, so the cards
// that it lacks are asked for one by one. The error is that of the whole look.
// doc: api-reference/crm/universal/**
func (c *Client) Look(ctx context.Context, kind EntityTypeID, ids []ID) (Looked, error) {
	looked := Looked{Items: map[ID]Item{}, Failed: map[ID]error{}}
	if len(ids) > pageSize {
		return looked, fmt.Errorf("bitrix: look: %d cards, at most %d fit a page", len(ids), pageSize)
	}
	if len(ids) > 1 {
		if err := c.lookAtMany(ctx, kind, ids, &looked); err != nil {
			return looked, err
		}
	}
	for _, id := range ids {
		if looked.Items[id] == nil {
			c.lookAtOne(ctx, kind, id, &looked)
		}
	}
	return looked, nil
}

func (c *Client) lookAtMany(ctx context.Context, kind EntityTypeID, ids []ID, looked *Looked) error {
	opts := ListOptions{Filter: map[string]any{"@id": ids}, Order: Order{{Field: "id"}}, Start: -1}
	answer, err := c.Do(ctx, "crm.item.list", listItems{kind, opts, true})
	if err != nil {
		return err
	}
	var page struct {
		Items List[Item] `json:"items"`
	}
	if err := answer.Decode(&page); err != nil {
		return err
	}
	looked.At = answer.Time.Start
	for _, item := range page.Items {
		looked.Items[item.ID()] = item
	}
	return nil
}

func (c *Client) lookAtOne(ctx context.Context, kind EntityTypeID, id ID, looked *Looked) {
	answer, err := c.Do(ctx, "crm.item.get", itemParams{Kind: kind, ID: id, Original: true})
	var frame itemFrame
	if err == nil {
		err = answer.Decode(&frame)
	}
	switch {
	case err == nil:
		looked.Items[id] = frame.Item
		if looked.At.IsZero() {
			looked.At = answer.Time.Start
		}
	case !errors.Is(err, ErrNotFound):
		looked.Failed[id] = err
	}
}

// maxHistory is how many rows of one card's history one command reads; there is seldom more than a few.
const maxHistory = pageSize

// StageHistories reads the stage changes of up to 50 cards of a type in one request: of each card those
// behind the row that is given for it, oldest first. Errors: ErrNotFound and codes like
// ENTITY_TYPE_NOT_SUPPORTED for a type whose history the portal does not keep.
// doc: api-reference/crm/crm-stage-history-list.md
func (c *Client) StageHistories(ctx context.Context, kind EntityTypeID, after map[ID]ID) (map[ID][]StageChange, error) {
	all := make(map[ID][]StageChange, len(after))
	var commands []Command
	var owners []ID
	for id, last := range after {
		if len(after) == 1 {
			return all, c.historyOf(ctx, kind, id, last, all)
		}
		commands = append(commands, Command{Method: "crm.stagehistory.list", Params: historyParams(kind, id, last)})
		owners = append(owners, id)
	}
	if len(commands) == 0 {
		return all, nil
	}
	batch, err := c.Batch(ctx, commands, false)
	if err != nil {
		return nil, err
	}
	for i, answer := range batch.Commands {
		if answer.Err != nil {
			return nil, answer.Err
		}
		var page historyPage
		if err := answer.Decode(&page); err != nil {
			return nil, err
		}
		id, last := owners[i], after[owners[i]]
		for _, row := range page.Items {
			all[id] = append(all[id], row.change())
			last = row.ID
		}
		if len(page.Items) == maxHistory { // a card that was moved about a great deal
			if err := c.historyOf(ctx, kind, id, last, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// historyPage is a page of the stage history.
type historyPage struct {
	Items List[stageRow] `json:"items"`
}

func historyParams(kind EntityTypeID, owner, after ID) any {
	return struct {
		Kind EntityTypeID `json:"entityTypeId"`
		ListOptions
	}{kind, ListOptions{Filter: map[string]any{"OWNER_ID": owner, ">ID": after}, Order: Order{{Field: "ID"}}, Start: -1}}
}

// historyOf adds the rest of one card's history.
func (c *Client) historyOf(ctx context.Context, kind EntityTypeID, owner, after ID, all map[ID][]StageChange) error {
	for change, err := range c.StageHistory(ctx, kind, after, map[string]any{"OWNER_ID": owner}) {
		if err != nil {
			return err
		}
		all[owner] = append(all[owner], change)
	}
	return nil
}
