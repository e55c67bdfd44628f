package bitrix

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Classes of the documents that workflows run on. doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
const (
	moduleCRM         = "crm"
	classPrefix       = `Bitrix\Crm\Integration\BizProc\Document\`
	classDynamic      = classPrefix + "Dynamic"
	classQuote        = classPrefix + "Quote"
	classSmartInvoice = classPrefix + "SmartInvoice"

	moduleLists = "lists"
	classFeed   = "BizprocDocument"
	classList   = `Bitrix\Lists\BizprocDocumentLists`
	moduleDisk  = "disk"
	classDisk   = `Bitrix\Disk\BizProcDocument`
)

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

// FeedType is the document type of a process in the news feed; iblock is the list's number.
func FeedType(iblock ID) DocumentType {
	return DocumentType{moduleLists, classFeed, "iblock_" + iblock.String()}
}

// ListType is the document type of a universal list; iblock is the list's number.
func ListType(iblock ID) DocumentType {
	return DocumentType{moduleLists, classList, "iblock_" + iblock.String()}
}

// DiskType is the document type of a drive's files.
func DiskType(storage ID) DocumentType {
	return DocumentType{moduleDisk, classDisk, "STORAGE_" + storage.String()}
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

// UnmarshalJSON implements json.Unmarshaler. Rows of templates may hold the type alone, without its
// module and class; null and "" read as zero.
func (d *DocumentType) UnmarshalJSON(data []byte) error {
	*d = DocumentType{}
	var parts Multi[Text]
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	switch len(parts) {
	case 0:
	case 1:
		d.Type = string(parts[0])
	case 3:
		*d = DocumentType{string(parts[0]), string(parts[1]), string(parts[2])}
	default:
		return fmt.Errorf("a document type has three parts, not %d", len(parts))
	}
	return nil
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
	if _, err := NewDocumentType(t); err != nil {
		return DocumentID{}, err
	}
	if id <= 0 {
		return DocumentID{}, fmt.Errorf("card id %d is not positive", id)
	}
	return cardDocument(t, id), nil
}

// LeadDocument is a lead.
func LeadDocument(id ID) DocumentID { return cardDocument(EntityLead, id) }

// DealDocument is a deal.
func DealDocument(id ID) DocumentID { return cardDocument(EntityDeal, id) }

// ContactDocument is a contact.
func ContactDocument(id ID) DocumentID { return cardDocument(EntityContact, id) }

// CompanyDocument is a company.
func CompanyDocument(id ID) DocumentID { return cardDocument(EntityCompany, id) }

// QuoteDocument is a quote.
func QuoteDocument(id ID) DocumentID { return cardDocument(EntityQuote, id) }

// SmartInvoiceDocument is a smart invoice.
func SmartInvoiceDocument(id ID) DocumentID { return cardDocument(EntitySmartInvoice, id) }

// SmartProcessDocument is an item of the smart process with this entityTypeId (the vendor's pages call
// it "the ID of the smart process").
func SmartProcessDocument(t EntityTypeID, id ID) DocumentID { return cardDocument(t, id) }

// FeedDocument is an element of a process in the news feed.
func FeedDocument(id ID) DocumentID { return DocumentID{moduleLists, classFeed, id.String()} }

// ListDocument is an element of a universal list.
func ListDocument(id ID) DocumentID { return DocumentID{moduleLists, classList, id.String()} }

// DiskDocument is a file on a drive.
func DiskDocument(id ID) DocumentID { return DocumentID{moduleDisk, classDisk, id.String()} }

func cardDocument(t EntityTypeID, id ID) DocumentID {
	row := t.row()
	return DocumentID{moduleCRM, row.class, row.name + "_" + id.String()}
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

// DocumentKind is what a document is.
type DocumentKind int

const (
	DocumentOther DocumentKind = iota // of a module that is not known here
	DocumentCard                      // a CRM card: DocumentID.Card says which
	DocumentFeed                      // an element of a process in the news feed
	DocumentList                      // an element of a universal list
	DocumentDisk                      // a file on a drive
)

// Kind tells what the document is.
func (d DocumentID) Kind() DocumentKind {
	switch {
	case d.Module == moduleCRM:
		return DocumentCard
	case d.Module == moduleDisk && strings.EqualFold(d.Entity, classDisk):
		return DocumentDisk
	case d.Module == moduleLists && strings.EqualFold(d.Entity, classFeed):
		return DocumentFeed
	case d.Module == moduleLists && strings.EqualFold(d.Entity, classList):
		return DocumentList
	default:
		return DocumentOther
	}
}

// ElementID is the number of the document within its kind: of a card, a list's element, a file.
func (d DocumentID) ElementID() (ID, error) {
	if d.Kind() == DocumentCard {
		_, id, err := d.Card()
		return id, err
	}
	id, err := ParseID(d.Element)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("document element %.64q has no id", d.Element)
	}
	return id, nil
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
