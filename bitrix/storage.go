package bitrix

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// A storage is a small table of the application on the portal. An integration keeps its state in a
// database of its own: storages vanish with a local application. All methods need the scope entity and an
// application's token.
// doc: api-reference/entity/**

// Levels of access to a storage.
const (
	StorageRead  = "R"
	StorageWrite = "W"
	StorageFull  = "X"
)

// Storage is a storage to add. doc: api-reference/entity/**
type Storage struct {
	Code   string            `json:"ENTITY"` // [a-zA-Z0-9_]+ of about 13 characters
	Name   string            `json:"NAME,omitempty"`
	Access map[string]string `json:"ACCESS,omitempty"` // by access code, such as "AU": StorageRead; the creator has StorageFull
}

// StorageAdd makes a storage. Errors: ErrExists, ErrParameter, ErrAccessDenied. doc: api-reference/entity/**
func (c *Client) StorageAdd(ctx context.Context, s Storage) error {
	return c.confirmed(ctx, "entity.add", s)
}

// StorageUpdate changes the name or the rights of a storage. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/entity/**
func (c *Client) StorageUpdate(ctx context.Context, s Storage) error {
	return c.confirmed(ctx, "entity.update", s)
}

// StorageDelete removes a storage with its rows. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/entity/**
func (c *Client) StorageDelete(ctx context.Context, code string) error {
	return c.confirmed(ctx, "entity.delete", map[string]string{"ENTITY": code})
}

// StorageRights reads who may do what in a storage, by access code. Errors: ErrNotFound.
// doc: api-reference/entity/**
func (c *Client) StorageRights(ctx context.Context, code string) (map[string]string, error) {
	return Call[Map[string]](ctx, c, "entity.rights", map[string]string{"ENTITY": code})
}

// StorageGet reads a storage, or all of the application's when code is "". The page shows no answer.
// Errors: ErrNotFound. doc: api-reference/entity/**
func (c *Client) StorageGet(ctx context.Context, code string) ([]Item, error) {
	params := map[string]any{}
	setNonZero(params, "ENTITY", code)
	return Call[Multi[Item]](ctx, c, "entity.get", params)
}

// Types of a storage's column.
const (
	ColumnString = "S"
	ColumnNumber = "N"
	ColumnFile   = "F"
)

// StorageColumn is an additional column of a storage. doc: api-reference/entity/**
type StorageColumn struct {
	Storage string `json:"ENTITY"`
	Code    string `json:"PROPERTY"`
	Name    string `json:"NAME,omitempty"`
	Type    string `json:"TYPE,omitempty"` // ColumnString …
}

// StorageColumnAdd adds a column. Errors: ErrNotFound for an unknown storage, ErrParameter.
// doc: api-reference/entity/**
func (c *Client) StorageColumnAdd(ctx context.Context, column StorageColumn) error {
	return c.confirmed(ctx, "entity.item.property.add", column)
}

// StorageColumnUpdate changes a column; empty fields stay. doc: api-reference/entity/**
func (c *Client) StorageColumnUpdate(ctx context.Context, column StorageColumn) error {
	return c.confirmed(ctx, "entity.item.property.update", column)
}

// StorageColumnDelete removes a column with its values. doc: api-reference/entity/**
func (c *Client) StorageColumnDelete(ctx context.Context, storage, code string) error {
	return c.confirmed(ctx, "entity.item.property.delete", StorageColumn{Storage: storage, Code: code})
}

// StorageColumns lists the columns of a storage. The page shows no answer. doc: api-reference/entity/**
func (c *Client) StorageColumns(ctx context.Context, storage string) ([]Item, error) {
	return Call[Multi[Item]](ctx, c, "entity.item.property.get", map[string]string{"ENTITY": storage})
}

// StorageRow is a row of a storage. doc: api-reference/entity/**
type StorageRow struct {
	Storage    string
	ID         ID // of a row that is there
	Name       string
	Section    ID
	ActiveFrom time.Time
	ActiveTo   time.Time
	Preview    *FileContent
	Picture    *FileContent
	Values     map[string]any // by column
}

// MarshalJSON writes the parameters of entity.item.add and entity.item.update; what is zero is left out.
func (r StorageRow) MarshalJSON() ([]byte, error) {
	params := map[string]any{"ENTITY": r.Storage}
	setNonZero(params, "ID", r.ID)
	setNonZero(params, "NAME", r.Name)
	setNonZero(params, "SECTION", r.Section)
	for key, at := range map[string]time.Time{"DATE_ACTIVE_FROM": r.ActiveFrom, "DATE_ACTIVE_TO": r.ActiveTo} {
		if !at.IsZero() {
			params[key] = at.Format(time.RFC3339)
		}
	}
	for key, file := range map[string]*FileContent{"PREVIEW_PICTURE": r.Preview, "DETAIL_PICTURE": r.Picture} {
		if file != nil {
			params[key] = file
		}
	}
	if len(r.Values) > 0 {
		params["PROPERTY_VALUES"] = r.Values
	}
	return json.Marshal(params)
}

// StorageItemAdd adds a row and returns its id. Errors: ErrNotFound for an unknown storage, ErrParameter,
// ErrAccessDenied. doc: api-reference/entity/**
func (c *Client) StorageItemAdd(ctx context.Context, row StorageRow) (ID, error) {
	return Call[ID](ctx, c, "entity.item.add", row)
}

// StorageItemUpdate changes the row with its ID. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/entity/**
func (c *Client) StorageItemUpdate(ctx context.Context, row StorageRow) error {
	return c.confirmed(ctx, "entity.item.update", row)
}

// StorageItemDelete removes a row. Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/entity/**
func (c *Client) StorageItemDelete(ctx context.Context, storage string, id ID) error {
	return c.confirmed(ctx, "entity.item.delete", map[string]any{"ENTITY": storage, "ID": id})
}

// StorageItems walks the rows of a storage in the order of their ids; filter columns by PROPERTY_ and
// their code. Select is ignored. Errors: ErrNotFound. doc: api-reference/entity/**
func (c *Client) StorageItems(ctx context.Context, storage string, opts ScanOptions) iter.Seq2[Item, error] {
	return itemsByID(opts, "entity.item.get", func(list ListOptions) (ListAnswer[[]Item], error) {
		return rows[Item](ctx, c, "entity.item.get", struct {
			Storage string         `json:"ENTITY"`
			Sort    Order          `json:"SORT"`
			Filter  map[string]any `json:"FILTER"`
			Start   int            `json:"start"`
		}{storage, list.Order, list.Filter, list.Start})
	})
}
