package bitrix

import (
	"context"
	"encoding/json"
	"iter"
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

// ItemAdd creates a card and returns it. Unknown field names are ignored by the portal. Files are *Upload
// or FileContent values, alone or in a slice; they are streamed. Errors: ErrField, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) ItemAdd(ctx context.Context, kind EntityTypeID, fields map[string]any) (Item, error) {
	params := map[string]any{"entityTypeId": kind, "fields": fields, "useOriginalUfNames": Flag(true)}
	frame, err := CallFiles[itemFrame](ctx, c, "crm.item.add", params)
	return frame.Item, err
}

// ItemUpdate changes fields of a card and returns it. A multiple file field loses every file that is
// not listed: keep one by its FileRef, add one as FileContent. Unknown field names are ignored, and
// nothing changed means no event and no robots.
// doc: api-reference/crm/universal/**, api-reference/files/how-to-update-files.md
func (c *Client) ItemUpdate(ctx context.Context, kind EntityTypeID, id ID, fields map[string]any) (Item, error) {
	params := map[string]any{"entityTypeId": kind, "id": id, "fields": fields, "useOriginalUfNames": Flag(true)}
	frame, err := CallFiles[itemFrame](ctx, c, "crm.item.update", params)
	return frame.Item, err
}

// ItemUpdateParams are the parameters of crm.item.update, for a [Command].
func ItemUpdateParams(kind EntityTypeID, id ID, fields map[string]any) any {
	return itemParams{Kind: kind, ID: id, Fields: fields, Original: true}
}

// ItemFields describes the fields of a type by the names under which cards carry them.
// doc: api-reference/crm/universal/**
func (c *Client) ItemFields(ctx context.Context, kind EntityTypeID) (map[string]FieldInfo, error) {
	return fieldsOf(ctx, c, "crm.item.fields", itemParams{Kind: kind, Original: true})
}

// fieldsOf calls a method that describes fields: within a frame, or bare as the older ones do.
func fieldsOf(ctx context.Context, c *Client, method string, params any) (map[string]FieldInfo, error) {
	fields, err := Call[fieldInfos](ctx, c, method, params)
	return fields, err
}

type fieldInfos map[string]FieldInfo

// UnmarshalJSON implements json.Unmarshaler.
func (f *fieldInfos) UnmarshalJSON(data []byte) error {
	var frame struct {
		Fields *Map[FieldInfo] `json:"fields"`
	}
	if err := json.Unmarshal(data, &frame); err == nil && frame.Fields != nil {
		*f = fieldInfos(*frame.Fields)
		return nil
	}
	return (*Map[FieldInfo])(f).UnmarshalJSON(data)
}

// ItemDelete removes a card. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) ItemDelete(ctx context.Context, kind EntityTypeID, id ID) error {
	_, err := c.Do(ctx, "crm.item.delete", map[string]any{"entityTypeId": kind, "id": id}) // answers []
	return err
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
	return byID("crm.item.list", "id", ScanOptions{opts.Select, opts.Filter, opts.After}, func(list ListOptions) (ListAnswer[[]Item], error) {
		return c.ItemList(ctx, opts.Kind, list)
	}, Item.ID)
}
