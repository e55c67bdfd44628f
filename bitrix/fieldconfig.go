package bitrix

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
)

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
	ShowFilter    Text                    `json:"showFilter,omitempty"`
	EditInList    Text                    `json:"editInList,omitempty"`
	Searchable    Text                    `json:"isSearchable,omitempty"`
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
// Errors: ErrExists, ErrParameter, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigAdd(ctx context.Context, field FieldConfig) (ID, error) {
	added, err := Call[fieldConfig](ctx, c, "userfieldconfig.add", map[string]any{"moduleId": moduleCRM, "field": field})
	return added.ID, err
}

// FieldConfigGet reads a field. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigGet(ctx context.Context, id ID) (FieldConfig, error) {
	found, err := Call[fieldConfig](ctx, c, "userfieldconfig.get", map[string]any{"moduleId": moduleCRM, "id": id})
	return FieldConfig(found), err
}

// FieldConfigUpdate changes what fields names. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigUpdate(ctx context.Context, id ID, fields map[string]any) (FieldConfig, error) {
	changed, err := Call[fieldConfig](ctx, c, "userfieldconfig.update", map[string]any{"moduleId": moduleCRM, "id": id, "field": fields})
	return FieldConfig(changed), err
}

// FieldConfigDelete removes a field with all its values. Errors: ErrNotFound, ErrAccessDenied.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigDelete(ctx context.Context, id ID) error {
	_, err := c.Do(ctx, "userfieldconfig.delete", map[string]any{"moduleId": moduleCRM, "id": id}) // the answer is not shown
	return err
}

// FieldConfigTypes is what the portal says about the types of fields. The page does not show its shape.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigTypes(ctx context.Context) (json.RawMessage, error) {
	return Call[json.RawMessage](ctx, c, "userfieldconfig.getTypes", map[string]string{"moduleId": moduleCRM})
}

// FieldConfigs walks fields in the order of their ids; filter by entityId.
// doc: api-reference/crm/universal/**
func (c *Client) FieldConfigs(ctx context.Context, opts ScanOptions) iter.Seq2[FieldConfig, error] {
	return byID("userfieldconfig.list", "id", opts, func(list ListOptions) (ListAnswer[[]FieldConfig], error) {
		return c.FieldConfigList(ctx, list)
	}, func(f FieldConfig) ID { return f.ID })
}

// fieldConfig reads {"field":{…}}, or the field itself: the page shows the frame of add alone.
type fieldConfig FieldConfig

// UnmarshalJSON implements json.Unmarshaler.
func (f *fieldConfig) UnmarshalJSON(data []byte) error {
	var frame struct {
		Field *FieldConfig `json:"field"`
	}
	if err := json.Unmarshal(data, &frame); err == nil && frame.Field != nil {
		*f = fieldConfig(*frame.Field)
		return nil
	}
	var all Map[json.RawMessage] // true or [] instead of the field
	if json.Unmarshal(data, &all) != nil || len(all) == 0 {
		return nil
	}
	return json.Unmarshal(data, (*FieldConfig)(f))
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
