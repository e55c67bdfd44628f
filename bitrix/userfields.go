package bitrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
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
	EditFormLabel Texts                 `json:"EDIT_FORM_LABEL,omitempty"`
	ListLabel     Texts                 `json:"LIST_COLUMN_LABEL,omitempty"`
	FilterLabel   Texts                 `json:"LIST_FILTER_LABEL,omitempty"`
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
	switch kind {
	case EntityLead, EntityDeal, EntityContact, EntityCompany, EntityRequisite:
		return "crm." + strings.ToLower(kind.Name()) + ".userfield." + verb, nil
	default:
		return "", fmt.Errorf("bitrix: object type %d has no userfield methods", kind)
	}
}

// UserFieldAdd creates a field and returns its id. It needs a CRM administrator.
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

// FieldConfig is an additional field of a smart process. The portal ignores further labels on adding.
// doc: api-reference/crm/universal/**
type FieldConfig struct {
	ID            ID                      `json:"id,omitempty"`
	EntityID      string                  `json:"entityId"`  // CRM_ and the definition's id, not entityTypeId
	FieldName     string                  `json:"fieldName"` // UF_{EntityID}_… of at most 50 characters
	UserTypeID    string                  `json:"userTypeId"`
	XMLID         Text                    `json:"xmlId,omitempty"`
	Sort          ID                      `json:"sort,omitempty"`
	Multiple      Flag                    `json:"multiple"`
	Mandatory     Flag                    `json:"mandatory"`
	EditFormLabel Texts                   `json:"editFormLabel,omitempty"`
	HelpMessage   Texts                   `json:"helpMessage,omitempty"`
	Settings      Map[any]                `json:"settings,omitempty"`
	Choices       List[FieldConfigChoice] `json:"enum,omitempty"`
}

// FieldConfigChoice is one option of an enumeration.
type FieldConfigChoice struct {
	ID      ID   `json:"id,omitempty"`
	Value   Text `json:"value"`
	Sort    ID   `json:"sort,omitempty"`
	Default Flag `json:"def"`
	XMLID   Text `json:"xmlId,omitempty"`
}

// FieldConfigAdd creates a field and returns its id. It needs the scopes userfieldconfig and crm.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigAdd(ctx context.Context, field FieldConfig) (ID, error) {
	frame, err := Call[struct {
		Field struct {
			ID ID `json:"id"`
		} `json:"field"`
	}](ctx, c, "userfieldconfig.add", map[string]any{"moduleId": moduleCRM, "field": field})
	return frame.Field.ID, err
}

// FieldConfigList lists fields; filter by entityId.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigList(ctx context.Context, opts ListOptions) (ListAnswer[[]FieldConfig], error) {
	params := struct {
		Module string `json:"moduleId"`
		ListOptions
	}{moduleCRM, opts}
	list, err := CallList[fieldConfigs](ctx, c, "userfieldconfig.list", params)
	return ListAnswer[[]FieldConfig]{Result: list.Result, Total: list.Total, Next: list.Next}, err
}

// fieldConfigs reads {"fields":[…]} or the bare list: the page does not show which it is.
type fieldConfigs []FieldConfig

// UnmarshalJSON implements json.Unmarshaler.
func (f *fieldConfigs) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("{")) {
		return (*List[FieldConfig])(f).UnmarshalJSON(data)
	}
	var frame struct {
		Fields List[FieldConfig] `json:"fields"`
	}
	err := json.Unmarshal(data, &frame)
	*f = fieldConfigs(frame.Fields)
	return err
}
