package bitrix

import (
	"context"
	"iter"
	"strconv"
)

// Category is a funnel of deals or of a smart process.
type Category struct {
	ID      ID   `json:"id"` // 0 is a funnel too
	Name    Text `json:"name"`
	Sort    ID   `json:"sort"`
	Default Flag `json:"isDefault"`
}

// Categories lists the funnels that the token's user may see. Errors: ErrNotFound for an unknown type;
// types without funnels answer ENTITY_TYPE_NOT_SUPPORTED.
// doc: api-reference/crm/universal/**
func (c *Client) Categories(ctx context.Context, kind EntityTypeID) ([]Category, error) {
	frame, err := Call[struct {
		Categories List[Category] `json:"categories"`
	}](ctx, c, "crm.category.list", map[string]any{"entityTypeId": kind})
	return frame.Categories, err
}

// What a stage means. Decide by it and never by the stage's code: administrators rename and recode.
const (
	SemanticsProcess = "P"
	SemanticsSuccess = "S"
	SemanticsFailure = "F"
)

// Status is a row of a dictionary, such as a stage. doc: api-reference/crm/status/**
type Status struct {
	ID        ID   `json:"ID"`
	EntityID  Text `json:"ENTITY_ID"` // the dictionary
	StatusID  Text `json:"STATUS_ID"` // what items carry, such as C1:NEW
	Name      Text `json:"NAME"`
	Sort      ID   `json:"SORT"`
	System    Flag `json:"SYSTEM"`
	Semantics Text `json:"SEMANTICS"` // "" or P in progress, S, F
}

// StageDictionary names the dictionary that holds a funnel's stages, for the filter ENTITY_ID of
// [Client.Statuses]; "" for a type without stages.
// doc: api-reference/crm/status/**
func StageDictionary(kind EntityTypeID, category ID) string {
	switch {
	case kind == EntityLead:
		return "STATUS"
	case kind == EntityQuote:
		return "QUOTE_STATUS"
	case kind == EntityDeal && category == 0:
		return "DEAL_STAGE"
	case kind == EntityDeal:
		return "DEAL_STAGE_" + category.String()
	case kind == EntitySmartInvoice, kind == EntitySmartDocument, kind.IsSmartProcess():
		return kind.Name() + "_STAGE_" + category.String()
	default:
		return ""
	}
}

// Statuses lists rows of dictionaries; filter by ENTITY_ID. The method has no pages.
// doc: api-reference/crm/status/**
func (c *Client) Statuses(ctx context.Context, opts ListOptions) ([]Status, error) {
	return Call[List[Status]](ctx, c, "crm.status.list", ListOptions{Filter: opts.Filter, Order: opts.Order})
}

// StageChange is one step of a card through its stages.
// doc: api-reference/crm/crm-stage-history-list.md
type StageChange struct {
	ID         ID
	Kind       ID // 1 created, 2 intermediate, 3 final, 5 moved to another funnel
	OwnerID    ID
	Created    Time
	CategoryID ID
	StageID    string // a lead's status
	Semantics  string // P, S, F
}

// stageRow is the wire shape: leads have their own names for two fields.
type stageRow struct {
	ID              ID   `json:"ID"`
	TypeID          ID   `json:"TYPE_ID"`
	OwnerID         ID   `json:"OWNER_ID"`
	Created         Time `json:"CREATED_TIME"`
	CategoryID      ID   `json:"CATEGORY_ID"`
	StageID         Text `json:"STAGE_ID"`
	StageSemantics  Text `json:"STAGE_SEMANTIC_ID"`
	StatusID        Text `json:"STATUS_ID"`
	StatusSemantics Text `json:"STATUS_SEMANTIC_ID"`
}

func (r stageRow) change() StageChange {
	return StageChange{
		ID: r.ID, Kind: r.TypeID, OwnerID: r.OwnerID, Created: r.Created, CategoryID: r.CategoryID,
		StageID: string(r.StageID + r.StatusID), Semantics: string(r.StageSemantics + r.StatusSemantics),
	}
}

// StageHistory walks the stage changes of a type's cards behind the row after, oldest first; filter
// narrows them, for instance by OWNER_ID or @OWNER_ID. doc: api-reference/crm/crm-stage-history-list.md
func (c *Client) StageHistory(ctx context.Context, kind EntityTypeID, after ID, filter map[string]any) iter.Seq2[StageChange, error] {
	return scan("crm.stagehistory.list", after, func(last ID) ([]StageChange, error) {
		frame, err := Call[struct {
			Items List[stageRow] `json:"items"`
		}](ctx, c, "crm.stagehistory.list", struct {
			Kind EntityTypeID `json:"entityTypeId"`
			ListOptions
		}{kind, ListOptions{Filter: withAfter(filter, ">ID", last), Order: Order{{Field: "ID"}}, Start: -1}})
		changes := make([]StageChange, 0, len(frame.Items))
		for _, row := range frame.Items {
			changes = append(changes, row.change())
		}
		return changes, err
	}, func(change StageChange) ID { return change.ID })
}

// Binding is a card in a crm field, such as D_57 or T80_6. doc: api-reference/crm/data-types.md
func Binding(kind EntityTypeID, id ID) string {
	return kind.ShortPrefix() + "_" + strconv.FormatInt(int64(id), 10)
}
