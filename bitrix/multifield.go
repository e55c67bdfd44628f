package bitrix

import (
	"encoding/json"
	"strconv"
)

// Kinds of a multifield.
const (
	KindPhone = "PHONE"
	KindEmail = "EMAIL"
	KindWeb   = "WEB"
	KindIM    = "IM"
)

// What a phone or an address is for. Phones take all of them, addresses the first two and the last two.
// doc: api-reference/crm/data-types.md
const (
	ForWork    = "WORK"
	ForHome    = "HOME"
	ForMobile  = "MOBILE"
	ForFax     = "FAX"
	ForPager   = "PAGER"
	ForMailing = "MAILING"
	ForOther   = "OTHER"
)

// Multifield is a phone, an e-mail address or the like of a lead, contact or company.
type Multifield struct {
	ID    ID     // of a value that the portal has; 0 is a new one
	Kind  string // KindPhone …
	For   string // ForWork …
	Value string // "" with an ID removes it
}

// UnmarshalJSON reads the spelling of the old methods (VALUE_TYPE) and that of crm.item.* (valueType).
func (m *Multifield) UnmarshalJSON(data []byte) error {
	var old struct {
		ID    ID   `json:"ID"` // matches "id" too
		Kind  Text `json:"TYPE_ID"`
		For   Text `json:"VALUE_TYPE"`
		Value Text `json:"VALUE"` // matches "value" too
	}
	var item struct {
		Kind Text `json:"typeId"`
		For  Text `json:"valueType"`
	}
	if err := json.Unmarshal(data, &old); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &item); err != nil {
		return err
	}
	*m = Multifield{ID: old.ID, Kind: string(old.Kind + item.Kind), For: string(old.For + item.For), Value: string(old.Value)}
	return nil
}

// MarshalJSON writes one value of an old method's field, such as an entry of PHONE: a new one, a change
// of the one with this ID, or its removal.
func (m Multifield) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"VALUE": m.Value}
	setNonZero(fields, "ID", m.ID)
	setNonZero(fields, "VALUE_TYPE", m.For)
	return json.Marshal(fields)
}

// Multifields are the values of the field fm of crm.item.*, which holds all kinds together. It is read as
// a list. It is written as an object: values that the portal has under their ids, new ones under n0, n1…;
// values that are left out stay.
type Multifields []Multifield

// UnmarshalJSON implements json.Unmarshaler.
func (m *Multifields) UnmarshalJSON(data []byte) error {
	var all Multi[Multifield]
	err := json.Unmarshal(data, &all)
	*m = Multifields(all)
	return err
}

// MarshalJSON implements json.Marshaler. An entry carries its id as well: the page can be read either way.
func (m Multifields) MarshalJSON() ([]byte, error) {
	fresh := 0
	return orderedObject(m, func(row Multifield) (string, any) {
		fields := map[string]any{"value": row.Value}
		setNonZero(fields, "id", row.ID)
		setNonZero(fields, "typeId", row.Kind)
		setNonZero(fields, "valueType", row.For)
		if row.ID != 0 {
			return row.ID.String(), fields
		}
		fresh++
		return "n" + strconv.Itoa(fresh-1), fields
	})
}

// Multifields are the values of a field such as fm, PHONE or EMAIL. crm.item.* shows fm only when all
// fields are selected.
func (i Item) Multifields(name string) []Multifield { return values[Multifield](i, name) }
