package bitrixsim

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// fieldDef describes one field of a type of card.
type fieldDef struct {
	upper, camel string
	typ          string
	readOnly     bool
	immutable    bool // may be set on add only, in the old methods
	multiple     bool
	user         *UserField // nil for standard fields
}

// Fields per type, one a line: name of the old methods, name of crm.item.*, type, flags (r read-only, m multiple,
// i immutable). doc: api-reference/crm/universal/object-fields.
const (
	oldStamps = `
DATE_CREATE createdTime datetime r
DATE_MODIFY updatedTime datetime r
CREATED_BY_ID createdBy user r
MODIFY_BY_ID updatedBy user r`
	newStamps = `
CREATED_TIME createdTime datetime r
UPDATED_TIME updatedTime datetime r
CREATED_BY createdBy user r
UPDATED_BY updatedBy user r`
	commonFields = `
ID id integer r
ASSIGNED_BY_ID assignedById user
OPENED opened boolean
LAST_ACTIVITY_BY lastActivityBy user r
LAST_ACTIVITY_TIME lastActivityTime datetime r
SOURCE_ID sourceId crm_status
SOURCE_DESCRIPTION sourceDescription string
COMMENTS comments string
ORIGINATOR_ID originatorId string
ORIGIN_ID originId string
UTM_SOURCE utmSource string
UTM_MEDIUM utmMedium string
UTM_CAMPAIGN utmCampaign string
UTM_CONTENT utmContent string
UTM_TERM utmTerm string
WEBFORM_ID webformId integer r`
	moneyFields = `
OPPORTUNITY opportunity double
CURRENCY_ID currencyId crm_currency
IS_MANUAL_OPPORTUNITY isManualOpportunity boolean
COMPANY_ID companyId crm_company
CONTACT_ID contactId crm_contact
CONTACT_IDS contactIds crm_contact m
OBSERVERS observers user m`
	movedOld = `
MOVED_BY_ID movedBy user r
MOVED_TIME movedTime datetime r`
	movedNew = `
MOVED_BY movedBy user r
MOVED_TIME movedTime datetime r`
	personFields = `
HONORIFIC honorific crm_status
NAME name string
SECOND_NAME secondName string
LAST_NAME lastName string
POST post string
BIRTHDATE birthdate date
ADDRESS address string
FM fm crm_multifield m`
	leadFields = `
TITLE title string
STATUS_ID stageId crm_status
STATUS_SEMANTIC_ID stageSemanticId string r
STATUS_DESCRIPTION statusDescription string
COMPANY_TITLE companyTitle string
DATE_CLOSED dateClosed datetime r
IS_RETURN_CUSTOMER isReturnCustomer boolean`
	dealFields = `
TITLE title string
TYPE_ID typeId crm_status
CATEGORY_ID categoryId crm_category i
STAGE_ID stageId crm_status
STAGE_SEMANTIC_ID stageSemanticId string r
IS_NEW isNew boolean r
CLOSED closed boolean
TAX_VALUE taxValue double
PROBABILITY probability integer
LEAD_ID leadId crm_lead r
QUOTE_ID quoteId crm_quote r
BEGINDATE begindate date
CLOSEDATE closedate date
ADDITIONAL_INFO additionalInfo string
IS_RECURRING isRecurring boolean
IS_RETURN_CUSTOMER isReturnCustomer boolean
IS_REPEATED_APPROACH isRepeatedApproach boolean`
	contactFields = `
TYPE_ID typeId crm_status
COMPANY_ID companyId crm_company
COMPANY_IDS companyIds crm_company m
LEAD_ID leadId crm_lead r
PHOTO photo file
EXPORT export boolean
ORIGIN_VERSION originVersion string
CATEGORY_ID categoryId crm_category r`
	companyFields = `
TITLE title string
COMPANY_TYPE typeId crm_status
INDUSTRY industry crm_status
REVENUE revenue double
CURRENCY_ID currencyId crm_currency
EMPLOYEES employees crm_status
IS_MY_COMPANY isMyCompany boolean
LOGO logo file
ADDRESS address string
ADDRESS_LEGAL addressLegal string
BANKING_DETAILS bankingDetails string
CONTACT_IDS contactIds crm_contact m
CATEGORY_ID categoryId crm_category r
FM fm crm_multifield m`
	quoteFields = `
TITLE title string
STATUS_ID stageId crm_status
CLOSED closed boolean
LEAD_ID leadId crm_lead
DEAL_ID dealId crm_deal
MYCOMPANY_ID mycompanyId crm_company
TAX_VALUE taxValue double
BEGINDATE begindate date
CLOSEDATE closedate date
ACTUAL_DATE actualDate date
QUOTE_NUMBER quoteNumber string
CONTENT content string
TERMS terms string
CLIENT_TITLE clientTitle string
CLIENT_ADDR clientAddr string
CLIENT_CONTACT clientContact string
CLIENT_EMAIL clientEmail string
CLIENT_PHONE clientPhone string`
	invoiceFields = `
ACCOUNT_NUMBER accountNumber string`
	smartFields = `
TITLE title string
XML_ID xmlId string
CATEGORY_ID categoryId crm_category
STAGE_ID stageId crm_status
PREVIOUS_STAGE_ID previousStageId crm_status r
BEGINDATE begindate date
CLOSEDATE closedate date
MYCOMPANY_ID mycompanyId crm_company
TAX_VALUE taxValue double`
)

// standardFields builds the field list of a type.
func standardFields(entityTypeID int) []*fieldDef {
	var table string
	switch entityTypeID {
	case Lead:
		table = commonFields + oldStamps + moneyFields + movedOld + personFields + leadFields
	case Deal:
		table = commonFields + oldStamps + moneyFields + movedOld + dealFields
	case Contact:
		table = commonFields + oldStamps + personFields + contactFields
	case Company:
		table = commonFields + oldStamps + companyFields
	case Quote:
		table = commonFields + oldStamps + moneyFields + quoteFields
	case SmartInvoice:
		table = commonFields + newStamps + moneyFields + movedNew + smartFields + invoiceFields
	default:
		table = commonFields + newStamps + moneyFields + movedNew + smartFields
	}
	var defs []*fieldDef
	for line := range strings.Lines(strings.TrimSpace(table)) {
		part := append(strings.Fields(line), "")
		defs = append(defs, &fieldDef{
			upper: part[0], camel: part[1], typ: part[2], readOnly: strings.Contains(part[3], "r"),
			multiple: strings.Contains(part[3], "m"), immutable: strings.Contains(part[3], "i"),
		})
	}
	return defs
}

// digitsOnly and digitTail tell the irregular cases of camelUF apart.
var (
	digitsOnly = regexp.MustCompile(`^[0-9]+$`)
	digitTail  = regexp.MustCompile(`[A-Z][0-9]`)
)

// camelUF converts the name of a user field to that of crm.item.*: UF_CRM_3_DIGIT is ufCrm3Digit, but names that
// would not convert back keep their tail: UF_CRM_1747309879 is ufCrm_1747309879, UF_CRM_3_DIGIT10 ufCrm_3_DIGIT10.
func camelUF(name string) string {
	tail := strings.TrimPrefix(name, "UF_CRM_")
	if tail == name || digitsOnly.MatchString(tail) || digitTail.MatchString(tail) {
		if tail == name {
			return name
		}
		return "ufCrm_" + tail
	}
	var b strings.Builder
	b.WriteString("ufCrm")
	for part := range strings.SplitSeq(tail, "_") {
		for i, r := range strings.ToLower(part) {
			if i == 0 {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// def makes the description of a user field.
func (f *UserField) def() *fieldDef {
	return &fieldDef{upper: f.Name, camel: camelUF(f.Name), typ: f.Type, multiple: f.Multiple, user: f}
}

// fields lists all fields of a type, standard first. The list is kept until a user field is added.
func (t *cardType) fields() []*fieldDef {
	if len(t.all) != len(t.standard)+len(t.userFields) {
		t.all = slices.Clone(t.standard)
		for _, f := range t.userFields {
			t.all = append(t.all, f.def())
		}
	}
	return t.all
}

// naming is the spelling of field names in one request.
type naming int

const (
	namesCamel    naming = iota // crm.item.*
	namesOriginal               // crm.item.* with useOriginalUfNames=Y: only user fields differ
	namesUpper                  // old methods
	namesAny                    // levers and automation
)

// parentField matches the link to a parent card in both spellings.
var parentField = regexp.MustCompile(`^(?:PARENT_ID_|parentId)([0-9]+)$`)

// field finds a field by its name in a spelling, or nil.
func (t *cardType) field(name string, how naming) *fieldDef {
	if m := parentField.FindStringSubmatch(name); m != nil {
		return &fieldDef{upper: "PARENT_ID_" + m[1], camel: "parentId" + m[1], typ: "integer"}
	}
	for _, f := range t.fields() {
		switch {
		case name == f.label(how):
			return f
		case how == namesAny && (name == f.upper || name == f.camel):
			return f
		case how == namesAny && f.camel == "stageId" && name == "STAGE_ID":
			return f
		}
	}
	return nil
}

// label is the name of a field in a spelling.
func (f *fieldDef) label(how naming) string {
	switch how {
	case namesUpper:
		return f.upper
	case namesCamel:
		return f.camel
	default:
		if f.user != nil {
			return f.upper
		}
		return f.camel
	}
}

// option finds an option of an enumeration.
func (f *UserField) option(id int) *EnumOption {
	for i := range f.Options {
		if f.Options[i].ID == id {
			return &f.Options[i]
		}
	}
	return nil
}
