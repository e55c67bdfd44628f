package bitrix

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
)

// pageSize is the fixed number of rows on a page. doc: settings/how-to-call-rest-api/list-methods-pecularities.md
const pageSize = 50

// Sort is one key of an order.
type Sort struct {
	Field string
	Desc  bool
}

// Order is an order by several keys; it is written as an object in this order.
type Order []Sort

// MarshalJSON implements json.Marshaler.
func (o Order) MarshalJSON() ([]byte, error) {
	return orderedObject(o, func(s Sort) (string, any) {
		if s.Desc {
			return s.Field, "DESC"
		}
		return s.Field, "ASC"
	})
}

// ListOptions narrows a list method; the zero value lists everything from the start.
type ListOptions struct {
	Select []string       `json:"select,omitempty"`
	Filter map[string]any `json:"filter,omitempty"` // keys with prefixes, such as ">id" or "@stageId"
	Order  Order          `json:"order,omitempty"`
	Start  int            `json:"start,omitempty"` // offset, a multiple of 50; -1: no total, no next
}

// upperListOptions is the same under the names that the workflow methods' pages use.
type upperListOptions struct {
	Select []string       `json:"SELECT,omitempty"`
	Filter map[string]any `json:"FILTER,omitempty"`
	Order  Order          `json:"ORDER,omitempty"`
	Start  int            `json:"start,omitempty"`
}

// AnyOf is a condition that holds when one of the given ones does, for a key of its own in the filter of
// crm.item.list, which alone takes it. doc: api-reference/crm/universal/**
func AnyOf(conditions ...map[string]any) map[string]any {
	either := map[string]any{"logic": "OR"}
	for i, condition := range conditions {
		either[strconv.Itoa(i)] = condition
	}
	return either
}

// orderedObject writes rows as a JSON object whose keys keep the rows' order.
func orderedObject[T any](rows []T, pair func(T) (string, any)) ([]byte, error) {
	var w bytes.Buffer
	w.WriteByte('{')
	for i, row := range rows {
		if i > 0 {
			w.WriteByte(',')
		}
		name, value := pair(row)
		key, _ := json.Marshal(name) // a string always encodes
		data, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		w.Write(key)
		w.WriteByte(':')
		w.Write(data)
	}
	w.WriteByte('}')
	return w.Bytes(), nil
}

// confirmed calls a method that answers true. A false is a refusal without words.
func (c *Client) confirmed(ctx context.Context, method string, params any) error {
	ok, err := Call[Flag](ctx, c, method, params)
	if err == nil && !bool(ok) {
		err = &APIError{Method: method, Status: http.StatusOK, Description: "the portal answered false"}
	}
	return err
}

// rows calls a list method whose result is the rows themselves.
func rows[T any](ctx context.Context, c *Client, method string, params any) (ListAnswer[[]T], error) {
	list, err := CallList[List[T]](ctx, c, method, params)
	return ListAnswer[[]T]{Result: list.Result, Total: list.Total, Next: list.Next}, err
}
