package bitrix

import (
	"context"
	"iter"
)

// RequisiteList reads a page of requisites, as items with RQ_… fields; filter by ENTITY_TYPE_ID (3
// contact, 4 company) and ENTITY_ID. Dates inside are texts in the portal's format.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.requisite.list", opts)
}

// RequisiteGet reads one requisite. Errors: ErrNotFound.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteGet(ctx context.Context, id ID) (Item, error) {
	return Call[Item](ctx, c, "crm.requisite.get", map[string]ID{"id": id})
}

// Requisites walks requisites in the order of their ids. doc: api-reference/crm/requisites/**
func (c *Client) Requisites(ctx context.Context, opts ScanOptions) iter.Seq2[Item, error] {
	return itemsByID(opts, "crm.requisite.list", func(list ListOptions) (ListAnswer[[]Item], error) { return c.RequisiteList(ctx, list) })
}

// itemsByID walks a method whose rows are items with an upper-case ID.
func itemsByID(opts ScanOptions, method string, page func(ListOptions) (ListAnswer[[]Item], error)) iter.Seq2[Item, error] {
	return byID(method, "ID", opts, page, Item.ID)
}

// RequisiteFields describes the fields of requisites. doc: api-reference/crm/requisites/**
func (c *Client) RequisiteFields(ctx context.Context) (map[string]FieldInfo, error) {
	return fieldsOf(ctx, c, "crm.requisite.fields", nil)
}

// RequisiteAdd creates requisites and returns their id. Required fields: ENTITY_TYPE_ID (3 contact, 4
// company), ENTITY_ID, PRESET_ID and NAME; the others are RQ_… and UF_CRM_….
// Errors: ErrAccessDenied, ErrField. doc: api-reference/crm/requisites/**
func (c *Client) RequisiteAdd(ctx context.Context, fields map[string]any) (ID, error) {
	return Call[ID](ctx, c, "crm.requisite.add", map[string]any{"fields": fields})
}

// RequisiteUpdate changes requisites. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteUpdate(ctx context.Context, id ID, fields map[string]any) error {
	return c.confirmed(ctx, "crm.requisite.update", map[string]any{"id": id, "fields": fields})
}

// RequisiteDelete removes requisites. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteDelete(ctx context.Context, id ID) error {
	return c.confirmed(ctx, "crm.requisite.delete", map[string]ID{"id": id})
}

// CountryRussia is the COUNTRY_ID of Russian templates of requisites.
const CountryRussia ID = 1

// PresetList reads a page of templates of requisites; filter by COUNTRY_ID.
// doc: api-reference/crm/requisites/**
func (c *Client) PresetList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.requisite.preset.list", opts)
}

// Presets walks templates of requisites in the order of their ids.
// doc: api-reference/crm/requisites/**
func (c *Client) Presets(ctx context.Context, opts ScanOptions) iter.Seq2[Item, error] {
	return itemsByID(opts, "crm.requisite.preset.list", func(list ListOptions) (ListAnswer[[]Item], error) { return c.PresetList(ctx, list) })
}

// PresetGet reads one template. Errors: ErrNotFound. doc: api-reference/crm/requisites/**
func (c *Client) PresetGet(ctx context.Context, id ID) (Item, error) {
	return Call[Item](ctx, c, "crm.requisite.preset.get", map[string]ID{"id": id})
}

// BankDetailList reads a page of bank details; filter by ENTITY_ID, a requisite's id.
// doc: api-reference/crm/requisites/**
func (c *Client) BankDetailList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.requisite.bankdetail.list", opts)
}

// BankDetails walks bank details in the order of their ids. doc: api-reference/crm/requisites/**
func (c *Client) BankDetails(ctx context.Context, opts ScanOptions) iter.Seq2[Item, error] {
	return itemsByID(opts, "crm.requisite.bankdetail.list", func(list ListOptions) (ListAnswer[[]Item], error) { return c.BankDetailList(ctx, list) })
}

// BankDetailGet reads one bank detail. Errors: ErrNotFound. doc: api-reference/crm/requisites/**
func (c *Client) BankDetailGet(ctx context.Context, id ID) (Item, error) {
	return Call[Item](ctx, c, "crm.requisite.bankdetail.get", map[string]ID{"id": id})
}

// What an address is, its TYPE_ID (crm.enum.addresstype).
const (
	AddressPhysical    ID = 1
	AddressRegistered  ID = 4
	AddressLegal       ID = 6
	AddressMailing     ID = 8
	AddressBeneficiary ID = 9
	AddressShipping    ID = 11
)

// AddressList reads a page of addresses; a requisite's have ENTITY_TYPE_ID 8 and its id as ENTITY_ID.
// They have no id of their own. doc: api-reference/crm/requisites/**
func (c *Client) AddressList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.address.list", opts)
}

// Addresses walks addresses page by page: they have no id to walk by.
// doc: api-reference/crm/requisites/**
func (c *Client) Addresses(ctx context.Context, opts ListOptions) iter.Seq2[Item, error] {
	return byStart("crm.address.list", func(start int) (ListAnswer[[]Item], error) {
		opts.Start = start
		return c.AddressList(ctx, opts)
	})
}
