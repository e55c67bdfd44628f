package bitrix

import "context"

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

// BankDetailList reads a page of bank details; filter by ENTITY_ID, a requisite's id.
// doc: api-reference/crm/requisites/**
func (c *Client) BankDetailList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.requisite.bankdetail.list", opts)
}

// AddressList reads a page of addresses; a requisite's have ENTITY_TYPE_ID 8 and its id as ENTITY_ID.
// They have no id of their own. doc: api-reference/crm/requisites/**
func (c *Client) AddressList(ctx context.Context, opts ListOptions) (ListAnswer[[]Item], error) {
	return rows[Item](ctx, c, "crm.address.list", opts)
}

// RequisiteLink is the requisites that were chosen in a card; 0 is not chosen.
type RequisiteLink struct {
	EntityTypeID   EntityTypeID `json:"ENTITY_TYPE_ID"`
	EntityID       ID           `json:"ENTITY_ID"`
	RequisiteID    ID           `json:"REQUISITE_ID"`
	BankDetailID   ID           `json:"BANK_DETAIL_ID"`
	MyRequisiteID  ID           `json:"MC_REQUISITE_ID"` // of the own company
	MyBankDetailID ID           `json:"MC_BANK_DETAIL_ID"`
}

// RequisiteLinkGet reads the choice of a deal, quote, invoice or smart-process card.
// Errors: ErrNotFound when nothing was chosen; then take the company's first active requisite.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteLinkGet(ctx context.Context, kind EntityTypeID, id ID) (RequisiteLink, error) {
	params := map[string]any{"entityTypeId": kind, "entityId": id}
	return Call[RequisiteLink](ctx, c, "crm.requisite.link.get", params)
}
