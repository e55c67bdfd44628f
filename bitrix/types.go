package bitrix

import (
	"context"
	"iter"
)

// SmartType is the definition of a smart process. ID numbers the definition (user fields carry it,
// CRM_7), EntityTypeID the type of its items (stages, events, placements and calls carry it).
// doc: api-reference/crm/universal/**
type SmartType struct {
	ID              ID           `json:"id"`
	EntityTypeID    EntityTypeID `json:"entityTypeId"`
	Title           Text         `json:"title"`
	Code            Text         `json:"code"`
	CustomSectionID ID           `json:"customSectionId"`
	Created         Time         `json:"createdTime"`
	Updated         Time         `json:"updatedTime"`

	Categories      Flag `json:"isCategoriesEnabled"` // funnels
	Stages          Flag `json:"isStagesEnabled"`
	BeginCloseDates Flag `json:"isBeginCloseDatesEnabled"`
	Client          Flag `json:"isClientEnabled"` // contacts and a company
	UserFields      Flag `json:"isUseInUserfieldEnabled"`
	Products        Flag `json:"isLinkWithProductsEnabled"`
	MyCompany       Flag `json:"isMycompanyEnabled"`
	Documents       Flag `json:"isDocumentsEnabled"`
	Source          Flag `json:"isSourceEnabled"`
	Observers       Flag `json:"isObserversEnabled"`
	RecycleBin      Flag `json:"isRecyclebinEnabled"`
	Automation      Flag `json:"isAutomationEnabled"` // robots
	Workflows       Flag `json:"isBizProcEnabled"`
	OpenPermissions Flag `json:"isSetOpenPermissions"`
	Payments        Flag `json:"isPaymentsEnabled"`
	Counters        Flag `json:"isCountersEnabled"`
}

// UserFieldEntity is the type's name among user fields, such as CRM_7.
func (t SmartType) UserFieldEntity() string { return "CRM_" + t.ID.String() }

// TypeList reads a page of smart processes. doc: api-reference/crm/universal/**
func (c *Client) TypeList(ctx context.Context, opts ListOptions) (ListAnswer[[]SmartType], error) {
	list, err := CallList[struct {
		Types List[SmartType] `json:"types"`
	}](ctx, c, "crm.type.list", opts)
	return ListAnswer[[]SmartType]{Result: list.Result.Types, Total: list.Total, Next: list.Next}, err
}

// Types walks all smart processes in the order of their ids; Select is ignored.
// doc: api-reference/crm/universal/**
func (c *Client) Types(ctx context.Context, opts ScanOptions) iter.Seq2[SmartType, error] {
	opts.Select = nil
	return byID("crm.type.list", "id", opts, func(list ListOptions) (ListAnswer[[]SmartType], error) {
		return c.TypeList(ctx, list)
	}, func(t SmartType) ID { return t.ID })
}

// productRows is the frame of an answer with product rows.
type productRows struct {
	Rows List[Item] `json:"productRows"`
}

// ProductRows walks the product rows of a card in the order of their ids. Select and Filter may narrow
// them. doc: api-reference/crm/universal/**
func (c *Client) ProductRows(ctx context.Context, kind EntityTypeID, id ID, opts ScanOptions) iter.Seq2[Item, error] {
	opts.Filter = withCondition(opts.Filter, "=ownerType", kind.ShortPrefix())
	opts.Filter["=ownerId"] = id
	return byID("crm.item.productrow.list", "id", opts, func(list ListOptions) (ListAnswer[[]Item], error) {
		page, err := CallList[productRows](ctx, c, "crm.item.productrow.list", list)
		return ListAnswer[[]Item]{Result: page.Result.Rows, Total: page.Total, Next: page.Next}, err
	}, Item.ID)
}

// ProductRowsSet replaces all product rows of a card and returns them. The page names the owner's keys
// alone; the rows are sent under the name under which they come back.
// doc: api-reference/crm/universal/**
func (c *Client) ProductRowsSet(ctx context.Context, kind EntityTypeID, id ID, rows []map[string]any) ([]Item, error) {
	params := map[string]any{"ownerType": kind.ShortPrefix(), "ownerId": id, "productRows": rows}
	frame, err := Call[productRows](ctx, c, "crm.item.productrow.set", params)
	return frame.Rows, err
}
