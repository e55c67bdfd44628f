package bitrix

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// The methods of single object types (crm.deal.get and its like) are served but not developed any more:
// new code takes the universal ones ([Client.ItemGet]). They remain for upper-case names, which users see,
// and for what the universal ones lack. Fields they do not know are ignored without a word.
//
// doc: api-reference/crm/{deals,leads,contacts,companies}/**

// classicMethod names a method of one object type, such as crm.deal.get.
func classicMethod(kind EntityTypeID, verb string, served ...EntityTypeID) (string, error) {
	if !slices.Contains(served, kind) {
		return "", fmt.Errorf("bitrix: object type %d has no method crm.….%s", kind, verb)
	}
	return "crm." + strings.ToLower(kind.Name()) + "." + verb, nil
}

func legacyMethod(kind EntityTypeID, verb string) (string, error) {
	return classicMethod(kind, verb, EntityLead, EntityDeal, EntityContact, EntityCompany)
}

// legacyCall calls a method of one object type; a type that has none fails before anything is sent.
func legacyCall[T any](ctx context.Context, c *Client, kind EntityTypeID, verb string, params any) (T, error) {
	method, err := legacyMethod(kind, verb)
	if err != nil {
		var none T
		return none, err
	}
	return Call[T](ctx, c, method, params)
}

// LegacyGet reads a lead, deal, contact or company; values are texts, absent ones null.
// Errors: ErrNotFound, ErrAccessDenied.
func (c *Client) LegacyGet(ctx context.Context, kind EntityTypeID, id ID) (Item, error) {
	return legacyCall[Item](ctx, c, kind, "get", map[string]ID{"id": id})
}

// LegacyList reads a page of leads, deals, contacts or companies. Select may hold "*" and "UF_*"; filter
// keys may begin with = != ! > >= < <= @ !@ % =% %=, of which the last three do not work on statuses,
// contacts and companies.
func (c *Client) LegacyList(ctx context.Context, kind EntityTypeID, opts ListOptions) (ListAnswer[[]Item], error) {
	method, err := legacyMethod(kind, "list")
	if err != nil {
		return ListAnswer[[]Item]{}, err
	}
	return rows[Item](ctx, c, method, opts)
}

// LegacyItems walks all leads, deals, contacts or companies in the order of their ids.
func (c *Client) LegacyItems(ctx context.Context, kind EntityTypeID, opts ScanOptions) iter.Seq2[Item, error] {
	return byID("crm."+kind.TimelineName()+".list", "ID", opts, func(list ListOptions) (ListAnswer[[]Item], error) {
		return c.LegacyList(ctx, kind, list)
	}, Item.ID)
}

// LegacySave tunes how a card is saved. "N" keeps a machine's change out of the feed and the history;
// "" leaves it to the portal.
type LegacySave struct {
	RegisterSonetEvent   string `json:"REGISTER_SONET_EVENT,omitempty"`   // the feed; a deal's default is Y
	RegisterHistoryEvent string `json:"REGISTER_HISTORY_EVENT,omitempty"` // of an update
}

// LegacyAdd creates a lead, deal, contact or company and returns its id. A file is written as LegacyFile,
// phones and the like as Multifields. Errors: ErrField, ErrAccessDenied, and checks told in words alone.
func (c *Client) LegacyAdd(ctx context.Context, kind EntityTypeID, fields map[string]any, save LegacySave) (ID, error) {
	method, err := legacyMethod(kind, "add")
	if err != nil {
		return 0, err
	}
	return CallFiles[ID](ctx, c, method, map[string]any{"fields": fields, "params": save})
}

// LegacyUpdate changes fields. The funnel of a deal cannot be changed here, CONTACT_IDS replaces the whole
// set, and what happens to the files of a file field is not promised: use [Client.ItemUpdate] for those.
// Errors: ErrNotFound, ErrField, ErrAccessDenied, and checks told in words alone.
func (c *Client) LegacyUpdate(ctx context.Context, kind EntityTypeID, id ID, fields map[string]any, save LegacySave) error {
	method, err := legacyMethod(kind, "update")
	if err != nil {
		return err
	}
	return c.confirmed(ctx, method, map[string]any{"id": id, "fields": fields, "params": save})
}

// LegacyDelete removes a lead, deal, contact or company. Errors: ErrNotFound, ErrAccessDenied.
func (c *Client) LegacyDelete(ctx context.Context, kind EntityTypeID, id ID) error {
	method, err := legacyMethod(kind, "delete")
	if err != nil {
		return err
	}
	return c.confirmed(ctx, method, map[string]ID{"id": id})
}

// LegacyFields describes the fields of leads, deals, contacts or companies.
func (c *Client) LegacyFields(ctx context.Context, kind EntityTypeID) (map[string]FieldInfo, error) {
	return legacyCall[Map[FieldInfo]](ctx, c, kind, "fields", nil)
}

// LegacyFile is a file of an old method's field: {"fileData":["name","base64"]}.
// doc: api-reference/files/how-to-upload-files.md
type LegacyFile struct {
	File any `json:"fileData"` // a FileContent or an *Upload
}
