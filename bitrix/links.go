package bitrix

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// ContactLink is a contact of a card.
type ContactLink struct {
	ContactID ID   `json:"CONTACT_ID"`
	Sort      ID   `json:"SORT"`
	RoleID    ID   `json:"ROLE_ID"`
	Primary   Flag `json:"IS_PRIMARY"`
}

// CompanyLink is a company of a contact.
type CompanyLink struct {
	CompanyID ID   `json:"COMPANY_ID"`
	Sort      ID   `json:"SORT"`
	RoleID    ID   `json:"ROLE_ID"`
	Primary   Flag `json:"IS_PRIMARY"`
}

// contactsOf names a method of the contacts of leads, deals or companies.
func contactsOf(kind EntityTypeID, verb string) (string, error) {
	return classicMethod(kind, "contact.items."+verb, EntityLead, EntityDeal, EntityCompany)
}

// Contacts lists the contacts of a lead, deal or company. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/deals/**
func (c *Client) Contacts(ctx context.Context, kind EntityTypeID, id ID) ([]ContactLink, error) {
	method, err := contactsOf(kind, "get")
	if err != nil {
		return nil, err
	}
	return Call[List[ContactLink]](ctx, c, method, map[string]ID{"id": id})
}

// ContactsSet replaces all contacts of a lead, deal or company; none removes them.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/deals/**
func (c *Client) ContactsSet(ctx context.Context, kind EntityTypeID, id ID, contacts []ContactLink) error {
	verb, params := "set", map[string]any{"id": id, "items": contacts}
	if len(contacts) == 0 {
		verb, params = "delete", map[string]any{"id": id}
	}
	method, err := contactsOf(kind, verb)
	if err != nil {
		return err
	}
	return c.confirmed(ctx, method, params)
}

// DealContacts lists a deal's contacts. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/deals/**
func (c *Client) DealContacts(ctx context.Context, id ID) ([]ContactLink, error) {
	return c.Contacts(ctx, EntityDeal, id)
}

// LeadContacts lists a lead's contacts. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/leads/**
func (c *Client) LeadContacts(ctx context.Context, id ID) ([]ContactLink, error) {
	return c.Contacts(ctx, EntityLead, id)
}

// ContactCompanies lists the companies of a contact; crm.contact.get shows the primary one alone.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/contacts/**
func (c *Client) ContactCompanies(ctx context.Context, id ID) ([]CompanyLink, error) {
	return Call[List[CompanyLink]](ctx, c, "crm.contact.company.items.get", map[string]ID{"id": id})
}

// ContactCompaniesSet replaces all companies of a contact; none removes them.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/contacts/**
func (c *Client) ContactCompaniesSet(ctx context.Context, id ID, companies []CompanyLink) error {
	if len(companies) == 0 {
		return c.confirmed(ctx, "crm.contact.company.items.delete", map[string]ID{"id": id})
	}
	return c.confirmed(ctx, "crm.contact.company.items.set", map[string]any{"id": id, "items": companies})
}

// ParseBinding reads a card in a crm field, such as D_57 or T80_6. A field that takes one type alone may
// hold a bare id: only names that type; 0 refuses a bare id. doc: api-reference/crm/data-types.md
func ParseBinding(s string, only EntityTypeID) (EntityTypeID, ID, error) {
	for _, row := range entityRows() {
		if id, ok := bound(s, row.prefix); ok {
			return row.id, id, nil
		}
	}
	if kind, id, ok := boundItem(s); ok {
		return kind, id, nil
	}
	if id, err := ParseID(s); err == nil && id > 0 && only != 0 {
		return only, id, nil
	}
	return 0, 0, fmt.Errorf("%.64q is no card", s)
}

// bound reads what follows "D_".
func bound(s, prefix string) (ID, bool) {
	digits, ok := strings.CutPrefix(s, prefix+"_")
	id, err := ParseID(digits)
	return id, ok && prefix != "" && err == nil && id > 0
}

// boundItem reads an item of a smart process, such as T80_6; the number of the type is hexadecimal.
func boundItem(s string) (EntityTypeID, ID, bool) {
	prefix, _, _ := strings.Cut(s, "_")
	id, ok := bound(s, prefix)
	kind, err := strconv.ParseInt(strings.TrimPrefix(prefix, "T"), 16, 32)
	return EntityTypeID(kind), id, ok && err == nil && prefix[0] == 'T' && EntityTypeID(kind) >= entityDynamic
}

// Binding is a card in a crm field, such as D_57 or T80_6. doc: api-reference/crm/data-types.md
func Binding(kind EntityTypeID, id ID) string { return kind.ShortPrefix() + "_" + id.String() }
