package bitrix

import (
	"context"
	"encoding/json"
	"iter"
)

// Category is a funnel of deals or of a smart process.
type Category struct {
	ID      ID           `json:"id"` // 0 is a funnel too
	Kind    EntityTypeID `json:"entityTypeId"`
	Name    Text         `json:"name"`
	Sort    ID           `json:"sort"`
	Default Flag         `json:"isDefault"`
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

// categoryFrame is the frame of an answer with one funnel.
type categoryFrame struct {
	Category Category `json:"category"`
}

// CategoryGet reads one funnel. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) CategoryGet(ctx context.Context, kind EntityTypeID, id ID) (Category, error) {
	frame, err := Call[categoryFrame](ctx, c, "crm.category.get", map[string]any{"entityTypeId": kind, "id": id})
	return frame.Category, err
}

// CategoryFields describes the fields of a type's funnels. doc: api-reference/crm/universal/**
func (c *Client) CategoryFields(ctx context.Context, kind EntityTypeID) (map[string]FieldInfo, error) {
	return fieldsOf(ctx, c, "crm.category.fields", map[string]any{"entityTypeId": kind})
}

// What a stage means. Decide by it and never by the stage's code: administrators rename and recode.
const (
	SemanticsProcess = "P"
	SemanticsSuccess = "S"
	SemanticsFailure = "F"
)

// Status is a row of a dictionary, such as a stage. doc: api-reference/crm/status/**
type Status struct {
	ID         ID          `json:"ID"`
	EntityID   Text        `json:"ENTITY_ID"` // the dictionary
	StatusID   Text        `json:"STATUS_ID"` // what items carry, such as C1:NEW
	Name       Text        `json:"NAME"`
	NameInit   Text        `json:"NAME_INIT"` // of a built-in row that was renamed
	Sort       ID          `json:"SORT"`
	System     Flag        `json:"SYSTEM"` // built in
	CategoryID ID          `json:"CATEGORY_ID"`
	Color      Text        `json:"COLOR"`
	Semantics  Text        `json:"SEMANTICS"` // "" or P in progress, S, F
	Extra      StatusExtra `json:"EXTRA"`
}

// StatusExtra is given for stages of leads, deals and quotes.
type StatusExtra struct {
	Semantics Text `json:"SEMANTICS"` // process, success, failure, apology
	Color     Text `json:"COLOR"`
}

// UnmarshalJSON implements json.Unmarshaler; PHP's [] is an empty one.
func (e *StatusExtra) UnmarshalJSON(data []byte) error {
	*e = StatusExtra{}
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	type plain StatusExtra
	return json.Unmarshal(data, (*plain)(e))
}

// Outcome is SemanticsProcess, SemanticsSuccess or SemanticsFailure.
func (s Status) Outcome() string {
	if s.Semantics == "" {
		return SemanticsProcess
	}
	return string(s.Semantics)
}

// The dictionaries of crm.status.list beside stages, for the filter ENTITY_ID.
// doc: api-reference/crm/status/**
const (
	DictionarySource      = "SOURCE"
	DictionaryDealType    = "DEAL_TYPE"
	DictionaryContactType = "CONTACT_TYPE"
	DictionaryCompanyType = "COMPANY_TYPE"
	DictionaryIndustry    = "INDUSTRY"
	DictionaryEmployees   = "EMPLOYEES"
	DictionaryHonorific   = "HONORIFIC" // the vendor's pages misspell it HONOFIRIC in places
)

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

// StatusFields describes the fields of a dictionary's row. doc: api-reference/crm/status/**
func (c *Client) StatusFields(ctx context.Context) (map[string]FieldInfo, error) {
	return fieldsOf(ctx, c, "crm.status.fields", nil)
}

// StatusDictionaries lists the dictionaries of the portal. The pages do not show their rows.
// doc: api-reference/crm/status/**
func (c *Client) StatusDictionaries(ctx context.Context) ([]Item, error) {
	return Call[List[Item]](ctx, c, "crm.status.entity.types", nil)
}

// How a card came to a stage.
const (
	StageCreated ID = 1
	StageMoved   ID = 2 // to an intermediate stage
	StageFinal   ID = 3
	StageFunnel  ID = 5 // by moving to another funnel
)

// StageChange is one step of a card through its stages.
// doc: api-reference/crm/crm-stage-history-list.md
type StageChange struct {
	ID         ID
	Kind       ID // StageCreated …
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
	return byID("crm.stagehistory.list", "ID", ScanOptions{Filter: filter, After: after}, func(list ListOptions) (ListAnswer[[]StageChange], error) {
		return c.StageHistoryList(ctx, kind, list)
	}, func(change StageChange) ID { return change.ID })
}

// StageHistoryList reads a page of stage changes of a type's cards.
// doc: api-reference/crm/crm-stage-history-list.md
func (c *Client) StageHistoryList(ctx context.Context, kind EntityTypeID, opts ListOptions) (ListAnswer[[]StageChange], error) {
	params := struct {
		Kind EntityTypeID `json:"entityTypeId"`
		ListOptions
	}{kind, opts}
	list, err := CallList[struct {
		Items List[stageRow] `json:"items"`
	}](ctx, c, "crm.stagehistory.list", params)
	changes := make([]StageChange, 0, len(list.Result.Items))
	for _, row := range list.Result.Items {
		changes = append(changes, row.change())
	}
	return ListAnswer[[]StageChange]{Result: changes, Total: list.Total, Next: list.Next}, err
}
