package diadocsim

import "net/http"

// docType is a document type of the catalogue that GetDocumentTypes shows.
type docType struct {
	name, title string
	attachment  string // AttachmentType of the sender's title
	answer      string // AttachmentType of the recipient's title
	old         bool   // the type has a DocumentType of the old enumeration
	functions   []docFunction
}

type docFunction struct {
	name     string
	versions []docVersion
}

type docVersion struct {
	name      string
	actual    bool
	formal    bool
	workflows []int // the first is the default
	metadata  []docMetadata
}

type docMetadata struct {
	id       string
	kind     int // 0 string, 1 integer, 2 decimal, 3 date, 4 time
	required bool
}

// The workflow's rules, by the names in the documentation.
const (
	noAnswer = iota
	optionalSignature
	wantsSignature
	wantsTitle
)

func answerOf(workflow int) int {
	switch workflow {
	case 1, 7:
		return optionalSignature
	case 2, 14:
		return wantsSignature
	case 3, 5, 8, 11, 12, 13, 16, 18:
		return wantsTitle
	}
	return noAnswer
}

func wantsReceipt(workflow int) bool {
	switch workflow {
	case 4, 5, 10, 11, 12, 14, 15, 16, 17, 18:
		return true
	}
	return false
}

func wantsConfirmation(workflow int) bool {
	return wantsReceipt(workflow) && workflow != 11 && workflow != 14
}

func anyFile(items ...docMetadata) []docFunction {
	items = append([]docMetadata{{"FileName", 0, true}}, items...)
	return []docFunction{{"default", []docVersion{{name: "v1", actual: true, workflows: []int{1, 2, 6}, metadata: items}}}}
}

// xmlFile is the same title file under several functions. The default workflow of СЧФ is documented; for the
// others the pages name none, and the choice here is the simulator's.
func xmlFile(functions map[string]int, order []string, versions ...string) []docFunction {
	var out []docFunction
	for _, name := range order {
		f := docFunction{name: name}
		for i, v := range versions {
			f.versions = append(f.versions, docVersion{name: v, actual: i == 0, formal: true, workflows: []int{functions[name]}})
		}
		out = append(out, f)
	}
	return out
}

func docTypes() []docType {
	numbered := []docMetadata{{"DocumentNumber", 0, true}, {"DocumentDate", 3, true}}
	optional := []docMetadata{{"DocumentNumber", 0, false}, {"DocumentDate", 3, false}, {"TotalSum", 2, false}}
	contract := append([]docMetadata{{"ContractType", 0, false}, {"ContractPrice", 2, false}}, numbered...)
	utd := map[string]int{"СЧФ": 17, "ДОП": 3, "СЧФДОП": 16, "СвРК": 17, "СвЗК": 17}
	ucd := map[string]int{"КСЧФ": 17, "ДИС": 3, "КСЧФДИС": 16, "СвИСРК": 17, "СвИСЗК": 17}
	utdOrder, ucdOrder := []string{"СЧФ", "ДОП", "СЧФДОП", "СвРК", "СвЗК"}, []string{"КСЧФ", "ДИС", "КСЧФДИС", "СвИСРК", "СвИСЗК"}
	const now, before, corrected = "utd970_05_02_01", "utd820_05_01_02_hyphen", "ucd736_05_01_02"
	torg := append(xmlFile(utd, []string{"ДОП"}, now), xmlFile(map[string]int{"default": 3}, []string{"default"}, "tovtorg_05_02_01", "tovtorg_05_01_04")...)
	act := append(xmlFile(utd, []string{"ДОП"}, now), xmlFile(map[string]int{"default": 3}, []string{"default"}, "rezru_05_02_01", "rezru_05_01_02")...)
	const utdAnswer, ucdAnswer = "UniversalTransferDocumentBuyerTitle", "UniversalCorrectionDocumentBuyerTitle"
	return []docType{
		{"Nonformalized", "Неформализованный документ", "Nonformalized", "", true, anyFile()},
		{"Contract", "Договор", "Contract", "", true, anyFile(contract...)},
		{"SupplementaryAgreement", "Дополнительное соглашение", "SupplementaryAgreement", "", true, anyFile(append([]docMetadata{{"ContractNumber", 0, true}, {"ContractDate", 3, true}}, numbered...)...)},
		{"ProformaInvoice", "Счет на оплату", "ProformaInvoice", "", true, anyFile(optional...)},
		{"PriceList", "Ценовой лист", "PriceList", "", true, anyFile(numbered...)},
		{"ServiceDetails", "Детализация", "ServiceDetails", "", true, anyFile(optional...)},
		{"ReconciliationAct", "Акт сверки", "ReconciliationAct", "", true, anyFile(numbered...)},
		{"PowerOfAttorneyLetter", "Доверенность", "Title", "", false, anyFile(optional...)},
		{"UniversalTransferDocument", "Универсальный передаточный документ", "UniversalTransferDocument", utdAnswer, true, xmlFile(utd, utdOrder, now, before)},
		{"UniversalTransferDocumentRevision", "Исправление УПД", "UniversalTransferDocumentRevision", utdAnswer, true, xmlFile(utd, utdOrder, now, before)},
		{"Invoice", "Счет-фактура", "Invoice", "", true, xmlFile(utd, []string{"СЧФ"}, now)},
		{"InvoiceRevision", "Исправление счета-фактуры", "InvoiceRevision", "", true, xmlFile(utd, []string{"СЧФ"}, now)},
		{"XmlTorg12", "Накладная ТОРГ-12", "XmlTorg12", "XmlTorg12BuyerTitle", true, torg},
		{"XmlAcceptanceCertificate", "Акт о выполнении работ", "XmlAcceptanceCertificate", "XmlAcceptanceCertificateBuyerTitle", true, act},
		{"UniversalCorrectionDocument", "Универсальный корректировочный документ", "UniversalCorrectionDocument", ucdAnswer, true, xmlFile(ucd, ucdOrder, corrected)},
		{"UniversalCorrectionDocumentRevision", "Исправление УКД", "UniversalCorrectionDocumentRevision", ucdAnswer, true, xmlFile(ucd, ucdOrder, corrected)},
		{"InvoiceCorrection", "Корректировочный счет-фактура", "InvoiceCorrection", "", true, xmlFile(ucd, []string{"КСЧФ"}, corrected)},
		{"InvoiceCorrectionRevision", "Исправление корректировочного счета-фактуры", "InvoiceCorrectionRevision", "", true, xmlFile(ucd, []string{"КСЧФ"}, corrected)},
	}
}

// trustRequest is the type of an invitation's document; it can't be sent as a message.
func trustRequest() docType {
	return docType{"TrustConnectionRequest", "Приглашение к обмену", "TrustConnectionRequest", "", true,
		[]docFunction{{"default", []docVersion{{name: "v1", actual: true, workflows: []int{7}}}}}}
}

func typeNamed(name string) (docType, bool) {
	for _, t := range docTypes() {
		if t.name == name {
			return t, true
		}
	}
	return docType{}, false
}

// pick finds a function and version; both may be left out where there is one default.
func (t docType) pick(function, version string) (docFunction, docVersion, error) {
	for _, f := range t.functions {
		if f.name != function && (function != "" || len(t.functions) > 1 && f.name != "default") {
			continue
		}
		for _, v := range f.versions {
			if v.name == version || version == "" && v.actual {
				return f, v, nil
			}
		}
		return f, docVersion{}, refuse(http.StatusBadRequest, "Type %s with function %s has no version %q", t.name, f.name, version)
	}
	return docFunction{}, docVersion{}, refuse(http.StatusBadRequest, "Type %s has no function %q", t.name, function)
}
