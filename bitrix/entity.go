package bitrix

import (
	"fmt"
	"strconv"
	"strings"
)

// EntityTypeID is the platform's number of a CRM object type (entityTypeId). Smart processes have 128
// and above; it is not the id of the smart process's definition. doc: api-reference/crm/data-types.md
type EntityTypeID int

// The object types with fixed numbers.
const (
	EntityLead          EntityTypeID = 1
	EntityDeal          EntityTypeID = 2
	EntityContact       EntityTypeID = 3
	EntityCompany       EntityTypeID = 4
	EntityInvoice       EntityTypeID = 5 // the old one, not served by crm.item.*
	EntityQuote         EntityTypeID = 7
	EntityRequisite     EntityTypeID = 8
	EntityOrder         EntityTypeID = 14
	EntitySmartInvoice  EntityTypeID = 31
	EntitySmartDocument EntityTypeID = 36
	entityDynamic       EntityTypeID = 128 // the least of a smart process
)

// entityRow is one line of the table of object types.
type entityRow struct {
	id     EntityTypeID
	name   string
	prefix string
	class  string // of its workflow documents; "" when it has none
}

func entityRows() [10]entityRow {
	return [...]entityRow{
		{EntityLead, "LEAD", "L", "CCrmDocumentLead"},
		{EntityDeal, "DEAL", "D", "CCrmDocumentDeal"},
		{EntityContact, "CONTACT", "C", "CCrmDocumentContact"},
		{EntityCompany, "COMPANY", "CO", "CCrmDocumentCompany"},
		{EntityInvoice, "INVOICE", "I", ""},
		{EntityQuote, "QUOTE", "Q", classQuote},
		{EntityRequisite, "REQUISITE", "RQ", ""},
		{EntityOrder, "ORDER", "O", ""},
		{EntitySmartInvoice, "SMART_INVOICE", "SI", classSmartInvoice},
		{EntitySmartDocument, "SMART_DOCUMENT", "", ""},
	}
}

func (t EntityTypeID) row() entityRow {
	for _, row := range entityRows() {
		if row.id == t {
			return row
		}
	}
	if t >= entityDynamic {
		n := strconv.Itoa(int(t))
		return entityRow{t, "DYNAMIC_" + n, "T" + strconv.FormatInt(int64(t), 16), classDynamic}
	}
	return entityRow{id: t}
}

// Name is the type's name, such as DEAL or DYNAMIC_147; "" for a number that no type has.
func (t EntityTypeID) Name() string { return t.row().name }

// ShortPrefix is the type's prefix in bindings, such as D in D_57 or T80 in T80_6; "" when it has none.
func (t EntityTypeID) ShortPrefix() string { return t.row().prefix }

// TimelineName is the type's name in timeline methods, such as deal or dynamic_147.
func (t EntityTypeID) TimelineName() string { return strings.ToLower(t.Name()) }

// IsSmartProcess reports whether the number belongs to a smart process.
func (t EntityTypeID) IsSmartProcess() bool { return t >= entityDynamic }

// UnmarshalJSON implements json.Unmarshaler: a number or a string, empty values are zero.
func (t *EntityTypeID) UnmarshalJSON(data []byte) error {
	var id ID
	err := id.UnmarshalJSON(data)
	*t = EntityTypeID(id)
	return err
}

// ParseEntityName finds a type by its name in any case, such as DEAL or dynamic_147.
func ParseEntityName(name string) (EntityTypeID, error) {
	upper := strings.ToUpper(name)
	for _, row := range entityRows() {
		if row.name == upper {
			return row.id, nil
		}
	}
	if digits, ok := strings.CutPrefix(upper, "DYNAMIC_"); ok {
		if n, ok := index(digits); ok && EntityTypeID(n) >= entityDynamic {
			return EntityTypeID(n), nil
		}
	}
	return 0, fmt.Errorf("%.64q names no CRM object type", name)
}
