package bitrix

import "context"

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
