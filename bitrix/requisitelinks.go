package bitrix

import (
	"context"
	"iter"
)

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

// RequisiteLinkList reads a page of choices; filter by ENTITY_TYPE_ID and ENTITY_ID.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteLinkList(ctx context.Context, opts ListOptions) (ListAnswer[[]RequisiteLink], error) {
	return rows[RequisiteLink](ctx, c, "crm.requisite.link.list", opts)
}

// RequisiteLinks walks choices page by page: they have no id to walk by.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteLinks(ctx context.Context, opts ListOptions) iter.Seq2[RequisiteLink, error] {
	return byStart("crm.requisite.link.list", func(start int) (ListAnswer[[]RequisiteLink], error) {
		opts.Start = start
		return c.RequisiteLinkList(ctx, opts)
	})
}

// RequisiteLinkRegister chooses requisites in a card; all six ids are sent, 0 is none.
// Errors: ErrParameter for ids that do not belong to the card's client, ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/requisites/**
func (c *Client) RequisiteLinkRegister(ctx context.Context, link RequisiteLink) error {
	return c.confirmed(ctx, "crm.requisite.link.register", map[string]any{"fields": link})
}

// RequisiteLinkUnregister takes the choice of a card back. doc: api-reference/crm/requisites/**
func (c *Client) RequisiteLinkUnregister(ctx context.Context, kind EntityTypeID, id ID) error {
	params := map[string]any{"entityTypeId": kind, "entityId": id}
	return c.confirmed(ctx, "crm.requisite.link.unregister", params)
}
