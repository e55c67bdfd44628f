package bitrix

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// itemFrame is the frame of an answer with one item.
type itemFrame struct {
	Item Item `json:"item"`
}

// ItemGet reads a card of any type. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) ItemGet(ctx context.Context, kind EntityTypeID, id ID) (Item, error) {
	frame, err := Call[itemFrame](ctx, c, "crm.item.get", itemParams{Kind: kind, ID: id, Original: true})
	return frame.Item, err
}

// itemParams are the parameters of the universal methods. Original names keep UF_CRM_… as users see
// them; the camelCase of user fields is irregular.
type itemParams struct {
	Kind     EntityTypeID   `json:"entityTypeId"`
	ID       ID             `json:"id,omitempty"`
	Fields   map[string]any `json:"fields,omitempty"`
	Original Flag           `json:"useOriginalUfNames"`
}

// ItemAdd creates a card and returns it. Unknown field names are ignored by the portal.
// doc: api-reference/crm/universal/**
func (c *Client) ItemAdd(ctx context.Context, kind EntityTypeID, fields map[string]any) (Item, error) {
	frame, err := Call[itemFrame](ctx, c, "crm.item.add", itemParams{Kind: kind, Fields: fields, Original: true})
	return frame.Item, err
}

// ItemUpdate changes fields of a card and returns it. A multiple file field loses every file that is
// not listed: keep one by its FileRef, add one as FileContent. Unknown field names are ignored, and
// nothing changed means no event and no robots.
// doc: api-reference/crm/universal/**, api-reference/files/how-to-update-files.md
func (c *Client) ItemUpdate(ctx context.Context, kind EntityTypeID, id ID, fields map[string]any) (Item, error) {
	frame, err := Call[itemFrame](ctx, c, "crm.item.update", ItemUpdateParams(kind, id, fields))
	return frame.Item, err
}

// ItemUpdateParams are the parameters of crm.item.update, for a [Command].
func ItemUpdateParams(kind EntityTypeID, id ID, fields map[string]any) any {
	return itemParams{Kind: kind, ID: id, Fields: fields, Original: true}
}

// ItemFields describes the fields of a type by the names under which cards carry them.
// doc: api-reference/crm/universal/**
func (c *Client) ItemFields(ctx context.Context, kind EntityTypeID) (map[string]FieldInfo, error) {
	frame, err := Call[struct {
		Fields Map[FieldInfo] `json:"fields"`
	}](ctx, c, "crm.item.fields", itemParams{Kind: kind, Original: true})
	return frame.Fields, err
}

// listItems are the parameters of crm.item.list.
type listItems struct {
	Kind EntityTypeID `json:"entityTypeId"`
	ListOptions
	Original Flag `json:"useOriginalUfNames"`
}

// ItemList reads one page of cards; those that the token's user may not read are silently left out.
// doc: api-reference/crm/universal/**
func (c *Client) ItemList(ctx context.Context, kind EntityTypeID, opts ListOptions) (ListAnswer[[]Item], error) {
	list, err := CallList[struct {
		Items List[Item] `json:"items"`
	}](ctx, c, "crm.item.list", listItems{kind, opts, true})
	return ListAnswer[[]Item]{Result: list.Result.Items, Total: list.Total, Next: list.Next}, err
}

// ItemsOptions narrows a full scan of cards.
type ItemsOptions struct {
	Kind   EntityTypeID
	Select []string       // empty: all fields
	Filter map[string]any // without a condition on ">id"
	After  ID             // start behind this card
}

// Items walks all cards in the order of their ids. It pages by id, so cards that appear or vanish
// meanwhile shift nothing. An error ends the walk.
// doc: settings/performance/huge-data.md
func (c *Client) Items(ctx context.Context, opts ItemsOptions) iter.Seq2[Item, error] {
	list := ListOptions{Select: opts.Select, Order: Order{{Field: "id"}}, Start: -1}
	if len(list.Select) > 0 && !slices.Contains(list.Select, "id") && !slices.Contains(list.Select, "*") {
		list.Select = append([]string{"id"}, list.Select...)
	}
	return scan("crm.item.list", opts.After, func(after ID) ([]Item, error) {
		list.Filter = withAfter(opts.Filter, ">id", after)
		page, err := c.ItemList(ctx, opts.Kind, list)
		return page.Result, err
	}, Item.ID)
}

// withAfter adds the scan's own condition to a copy of filter.
func withAfter(filter map[string]any, key string, after ID) map[string]any {
	all := maps.Clone(filter)
	if all == nil {
		all = map[string]any{}
	}
	all[key] = after
	return all
}

// scan walks pages by the id of the last row until a page is not full.
func scan[T any](method string, after ID, page func(after ID) ([]T, error), idOf func(T) ID) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for last := after; ; {
			rows, err := page(last)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows {
				id := idOf(row)
				if id <= last { // never ask for the same page for ever
					cause := errors.New("rows are not in the order of their ids")
					yield(none, &AnswerError{Method: method, Status: http.StatusOK, Cause: cause, executed: true})
					return
				}
				last = id
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < pageSize {
				return
			}
		}
	}
}

// ContactLink is a contact of a card.
type ContactLink struct {
	ContactID ID   `json:"CONTACT_ID"`
	Sort      ID   `json:"SORT"`
	RoleID    ID   `json:"ROLE_ID"`
	Primary   Flag `json:"IS_PRIMARY"`
}

// DealContacts lists a deal's contacts. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/deals/**
func (c *Client) DealContacts(ctx context.Context, id ID) ([]ContactLink, error) {
	return Call[List[ContactLink]](ctx, c, "crm.deal.contact.items.get", map[string]ID{"id": id})
}

// LeadContacts lists a lead's contacts. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/leads/**
func (c *Client) LeadContacts(ctx context.Context, id ID) ([]ContactLink, error) {
	return Call[List[ContactLink]](ctx, c, "crm.lead.contact.items.get", map[string]ID{"id": id})
}
