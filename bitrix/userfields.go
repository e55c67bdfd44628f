package bitrix

import "context"

// Types of user fields; an own one is FieldType's full name. doc: api-reference/crm/deals/**
const (
	FieldString      = "string"
	FieldInteger     = "integer"
	FieldDouble      = "double"
	FieldBoolean     = "boolean" // cannot be multiple
	FieldDate        = "date"
	FieldDateTime    = "datetime"
	FieldMoney       = "money"
	FieldURL         = "url"
	FieldAddress     = "address"
	FieldEnumeration = "enumeration"
	FieldFile        = "file"
	FieldEmployee    = "employee"
	FieldStatus      = "crm_status"
	FieldSection     = "iblock_section"
	FieldElement     = "iblock_element"
	FieldCRM         = "crm"
)

// UserField is an additional field of deals, leads, contacts or companies.
// doc: api-reference/crm/deals/**
type UserField struct {
	ID            ID                    `json:"ID,omitempty"`
	EntityID      string                `json:"ENTITY_ID,omitempty"`
	FieldName     string                `json:"FIELD_NAME"` // UF_CRM_… of at most 50 characters
	UserTypeID    string                `json:"USER_TYPE_ID"`
	XMLID         Text                  `json:"XML_ID,omitempty"` // external code to find it by
	Sort          ID                    `json:"SORT,omitempty"`
	Multiple      Flag                  `json:"MULTIPLE"`
	Mandatory     Flag                  `json:"MANDATORY"`
	ShowFilter    Text                  `json:"SHOW_FILTER,omitempty"`
	ShowInList    Text                  `json:"SHOW_IN_LIST,omitempty"`
	EditInList    Text                  `json:"EDIT_IN_LIST,omitempty"`
	Searchable    Text                  `json:"IS_SEARCHABLE,omitempty"`
	Label         Texts                 `json:"LABEL,omitempty"`
	EditFormLabel Texts                 `json:"EDIT_FORM_LABEL,omitempty"`
	ListLabel     Texts                 `json:"LIST_COLUMN_LABEL,omitempty"`
	FilterLabel   Texts                 `json:"LIST_FILTER_LABEL,omitempty"`
	ErrorMessage  Texts                 `json:"ERROR_MESSAGE,omitempty"`
	HelpMessage   Texts                 `json:"HELP_MESSAGE,omitempty"`
	Settings      Map[any]              `json:"SETTINGS,omitempty"`
	Choices       List[UserFieldChoice] `json:"LIST,omitempty"` // of an enumeration
}

// UserFieldChoice is one option of an enumeration.
type UserFieldChoice struct {
	ID      ID   `json:"ID,omitempty"`
	Value   Text `json:"VALUE"`
	Sort    ID   `json:"SORT,omitempty"`
	Default Flag `json:"DEF"`
	XMLID   Text `json:"XML_ID,omitempty"`
}

// userFieldMethod names a method of a type that has user fields of its own; smart processes have
// theirs in userfieldconfig.
func userFieldMethod(kind EntityTypeID, verb string) (string, error) {
	return classicMethod(kind, "userfield."+verb, EntityLead, EntityDeal, EntityContact, EntityCompany, EntityRequisite)
}

// UserFieldAdd creates a field and returns its id. It needs a CRM administrator.
// Errors: ErrExists, ErrParameter, ErrAccessDenied.
// doc: api-reference/crm/deals/**
func (c *Client) UserFieldAdd(ctx context.Context, kind EntityTypeID, field UserField) (ID, error) {
	method, err := userFieldMethod(kind, "add")
	if err != nil {
		return 0, err
	}
	return Call[ID](ctx, c, method, map[string]any{"fields": field})
}

// UserFieldList lists the fields of a type; Select and Start are ignored.
// doc: api-reference/crm/deals/**
func (c *Client) UserFieldList(ctx context.Context, kind EntityTypeID, opts ListOptions) ([]UserField, error) {
	method, err := userFieldMethod(kind, "list")
	if err != nil {
		return nil, err
	}
	return Call[List[UserField]](ctx, c, method, ListOptions{Filter: opts.Filter, Order: opts.Order})
}

// UserFieldUpdate changes what fields names; the type and the name of a field stay. It needs a CRM
// administrator. The pages at hand show adding and listing alone: the parameters are those of every other
// update. Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/deals/**
func (c *Client) UserFieldUpdate(ctx context.Context, kind EntityTypeID, id ID, fields map[string]any) error {
	method, err := userFieldMethod(kind, "update")
	if err != nil {
		return err
	}
	return c.confirmed(ctx, method, map[string]any{"id": id, "fields": fields})
}

// UserFieldDelete removes a field with all its values. It needs a CRM administrator.
// Errors: ErrNotFound, ErrAccessDenied. doc: api-reference/crm/deals/**
func (c *Client) UserFieldDelete(ctx context.Context, kind EntityTypeID, id ID) error {
	method, err := userFieldMethod(kind, "delete")
	if err != nil {
		return err
	}
	return c.confirmed(ctx, method, map[string]ID{"id": id})
}
