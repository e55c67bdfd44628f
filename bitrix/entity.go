package bitrix

import (
	"encoding/json"
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

// Classes of the documents that workflows run on. doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
const (
	moduleCRM         = "crm"
	classPrefix       = `Bitrix\Crm\Integration\BizProc\Document\`
	classDynamic      = classPrefix + "Dynamic"
	classQuote        = classPrefix + "Quote"
	classSmartInvoice = classPrefix + "SmartInvoice"
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

// DocumentType is the kind of documents that a workflow or a robot runs on. On the wire it is an array
// of three, such as ["crm","CCrmDocumentDeal","DEAL"].
type DocumentType struct {
	Module string
	Entity string
	Type   string
}

// NewDocumentType is the document type of a CRM object type.
func NewDocumentType(t EntityTypeID) (DocumentType, error) {
	row := t.row()
	if row.class == "" {
		return DocumentType{}, fmt.Errorf("object type %d has no workflow documents", t)
	}
	return DocumentType{moduleCRM, row.class, row.name}, nil
}

// EntityTypeID is the CRM object type; an error for a document that is no CRM card.
func (d DocumentType) EntityTypeID() (EntityTypeID, error) {
	if d.Module != moduleCRM {
		return 0, fmt.Errorf("document module %.64q is not crm", d.Module)
	}
	return ParseEntityName(d.Type)
}

// MarshalJSON implements json.Marshaler.
func (d DocumentType) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]string{d.Module, d.Entity, d.Type})
}

// DocumentID is one document. On the wire it is an array of three, such as
// ["crm","CCrmDocumentDeal","DEAL_57"]. doc: api-reference/bizproc/bizproc-workflow-start.md
type DocumentID struct {
	Module  string
	Entity  string
	Element string
}

// NewDocumentID is the document of a CRM card.
func NewDocumentID(t EntityTypeID, id ID) (DocumentID, error) {
	kind, err := NewDocumentType(t)
	if err != nil {
		return DocumentID{}, err
	}
	if id <= 0 {
		return DocumentID{}, fmt.Errorf("card id %d is not positive", id)
	}
	return DocumentID{kind.Module, kind.Entity, kind.Type + "_" + id.String()}, nil
}

// ParseDocumentID reads the three parts of a document of any module.
func ParseDocumentID(parts []string) (DocumentID, error) {
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return DocumentID{}, fmt.Errorf("a document id has three parts, not %d", len(parts))
	}
	return DocumentID{parts[0], parts[1], parts[2]}, nil
}

// Card is the CRM card behind the document: the digits after the last underscore of its element, and
// the type in front of it. An error for a document that is no CRM card.
func (d DocumentID) Card() (EntityTypeID, ID, error) {
	if d.Module != moduleCRM {
		return 0, 0, fmt.Errorf("document module %.64q is not crm", d.Module)
	}
	cut := strings.LastIndexByte(d.Element, '_')
	if cut < 0 {
		return 0, 0, fmt.Errorf("document element %.64q has no id", d.Element)
	}
	kind, err := ParseEntityName(d.Element[:cut])
	if err != nil {
		return 0, 0, fmt.Errorf("document element: %w", err)
	}
	id, err := ParseID(d.Element[cut+1:])
	if err != nil || id <= 0 {
		return 0, 0, fmt.Errorf("document element %.64q has no id", d.Element)
	}
	return kind, id, nil
}

// MarshalJSON implements json.Marshaler.
func (d DocumentID) MarshalJSON() ([]byte, error) {
	return json.Marshal([3]string{d.Module, d.Entity, d.Element})
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *DocumentID) UnmarshalJSON(data []byte) error {
	var parts List[string]
	err := json.Unmarshal(data, &parts)
	if err == nil {
		*d, err = ParseDocumentID(parts)
	}
	return err
}
