package sandbox

import "konturbridge/sandbox/bitrixsim"

// The demo's own fields: everything else that is seeded is what the ready mappings read.
const (
	// SignatureField of deals and leads takes the detached signatures of statements.
	SignatureField = "UF_CRM_STATEMENT_SIG"
	// FilingField of deals says which docflow is filed; its options' codes are docflow types.
	FilingField = "UF_CRM_FILING"
)

// declareFields makes the fields that a manager fills in; the bridge adds its own at installation.
func declareFields(p *bitrixsim.Portal) {
	for _, typ := range []int{bitrixsim.Deal, bitrixsim.Lead} {
		for _, f := range append(saleFields(), addressFields()...) {
			p.AddUserField(typ, f)
		}
	}
	for _, f := range registrationFields() {
		p.AddUserField(bitrixsim.Deal, f)
	}
	for _, f := range append(personFields(), addressFields()...) {
		p.AddUserField(bitrixsim.Contact, f)
	}
}

// saleFields are the fields of a card from which extracts are ordered and sales are filed.
func saleFields() []bitrixsim.UserField {
	return append([]bitrixsim.UserField{
		{Name: "UF_CRM_CADASTRAL", Type: "string", Label: "Кадастровый номер"},
		{Name: SignatureField, Type: "file", Multiple: true, Label: "Подписи заявлений"},
		choice("OBJECT_TYPE", "Вид объекта", "flat", "Квартира", "room", "Комната", "landPlot", "Земельный участок"),
		{Name: "UF_CRM_KB_AREA", Type: "string", Label: "Площадь, кв. м"},
		{Name: "UF_CRM_KB_CONTRACT_NUMBER", Type: "string", Label: "Номер договора"},
		{Name: "UF_CRM_KB_CONTRACT_DATE", Type: "date", Label: "Дата договора"},
	}, signedPaper("CONTRACT", "Договор")...)
}

// registrationFields are what the other docflow types read of a deal.
func registrationFields() []bitrixsim.UserField {
	filing := choice("", "Что подаём в Росреестр",
		"right_movement_request", "Переход права", "equity_agreement_registration_request", "ДДУ", "right_assignment_request", "Уступка права",
		"encumbrance_request", "Ипотека", "cessation_encumbrance_request", "Снятие обременения")
	filing.Name = FilingField
	fields := []bitrixsim.UserField{
		choice("EXTRACT_TYPE", "Вид выписки", "info", "Расширенная", "base", "Базовая", "ownership", "О переходе прав"),
		filing,
		{Name: "UF_CRM_KB_EQUITY_NUMBER", Type: "string", Label: "Номер ДДУ"},
		{Name: "UF_CRM_KB_EQUITY_DATE", Type: "date", Label: "Дата ДДУ"},
		{Name: "UF_CRM_KB_ASSIGNMENT_NUMBER", Type: "string", Label: "Номер соглашения об уступке"},
		{Name: "UF_CRM_KB_PLEDGE_NUMBER", Type: "string", Label: "Номер договора ипотеки"},
		choice("ENC_TYPE", "Вид снимаемого обременения", "mortgage", "Ипотека в силу договора", "mortgageInLaw", "Ипотека в силу закона"),
		{Name: "UF_CRM_KB_ENC_NUMBER", Type: "string", Label: "Запись об обременении: номер"},
		{Name: "UF_CRM_KB_ENC_DATE", Type: "date", Label: "Запись об обременении: дата"},
		{Name: "UF_CRM_KB_EXTRA", Type: "file", Multiple: true, Label: "Дополнительные документы"},
		{Name: "UF_CRM_KB_EXTRA_SIG", Type: "file", Multiple: true, Label: "Дополнительные документы: подписи"},
		{Name: "UF_CRM_KB_PARENT", Type: "string", Label: "Идентификатор документооборота в Реестро"},
		choice("ACTION", "Сопроводительный запрос", "cancel", "Отменить", "suspend", "Приостановить", "resume", "Возобновить"),
		{Name: "UF_CRM_KB_CAUSE", Type: "string", Label: "Причина запроса"},
	}
	for _, paper := range [][2]string{{"EQUITY", "ДДУ"}, {"PERMIT", "Разрешение на строительство"}, {"ASSIGNMENT", "Соглашение об уступке"},
		{"PLEDGE", "Договор ипотеки"}, {"LOAN", "Кредитный договор"}, {"MARRIAGE", "Свидетельство о браке"}} {
		fields = append(fields, signedPaper(paper[0], paper[1])...)
	}
	return fields
}

func personFields() []bitrixsim.UserField {
	role := choice("ROLE", "Роль в сделке",
		"seller", "Продавец", "seller_spouse", "Супруг продавца", "seller_representative", "Представитель продавца",
		"buyer", "Покупатель", "buyer_spouse", "Супруг покупателя", "buyer_representative", "Представитель покупателя",
		"restricted", "Залогодатель", "restricted_spouse", "Супруг залогодателя", "restricted_representative", "Представитель залогодателя",
		"encumbrancer", "Залогодержатель", "developer", "Застройщик", "applicant", "Заявитель", "applicant_representative", "Представитель заявителя")
	role.Multiple = true
	fields := []bitrixsim.UserField{
		role,
		choice("PARTY", "Кто участник", "person", "Физическое лицо", "organization", "Организация"),
		{Name: "UF_CRM_KB_SHARE", Type: "string", Label: "Доля (1/2)"},
		{Name: "UF_CRM_KB_SNILS", Type: "string", Label: "СНИЛС"},
		choice("GENDER", "Пол", "male", "Мужской", "female", "Женский"),
		{Name: "UF_CRM_KB_BIRTHPLACE", Type: "string", Label: "Место рождения"},
		{Name: "UF_CRM_KB_CITIZENSHIP", Type: "string", Label: "Гражданство"},
		{Name: "UF_CRM_KB_DOC_SERIES", Type: "string", Label: "Паспорт: серия"},
		{Name: "UF_CRM_KB_DOC_NUMBER", Type: "string", Label: "Паспорт: номер"},
		{Name: "UF_CRM_KB_DOC_DATE", Type: "date", Label: "Паспорт: дата выдачи"},
		{Name: "UF_CRM_KB_DOC_CODE", Type: "string", Label: "Паспорт: код подразделения"},
		{Name: "UF_CRM_KB_DOC_ISSUER", Type: "string", Label: "Паспорт: кем выдан"},
		choice("ATTORNEY_TYPE", "Вид доверенности", "powerOfAttorney", "Доверенность", "powerOfAttorneyBankRepresentative", "Доверенность банковского представителя"),
	}
	return append(fields, signedPaper("ATTORNEY", "Доверенность")...)
}

func addressFields() []bitrixsim.UserField {
	return []bitrixsim.UserField{
		{Name: "UF_CRM_KB_ADDR_REGION", Type: "string", Label: "Адрес: регион"},
		{Name: "UF_CRM_KB_ADDR_CITY", Type: "string", Label: "Адрес: город"},
		{Name: "UF_CRM_KB_ADDR_STREET", Type: "string", Label: "Адрес: улица"},
		{Name: "UF_CRM_KB_ADDR_HOUSE", Type: "string", Label: "Адрес: дом"},
		{Name: "UF_CRM_KB_ADDR_APARTMENT", Type: "string", Label: "Адрес: квартира"},
	}
}

// choice is a list field; words are pairs of an external code and what people see.
func choice(name, label string, words ...string) bitrixsim.UserField {
	f := bitrixsim.UserField{Name: "UF_CRM_KB_" + name, Type: "enumeration", Label: label}
	for i := 0; i+1 < len(words); i += 2 {
		f.Options = append(f.Options, bitrixsim.EnumOption{Value: words[i+1], XMLID: words[i]})
	}
	return f
}

// signedPaper is a file with its detached signatures.
func signedPaper(name, label string) []bitrixsim.UserField {
	return []bitrixsim.UserField{
		{Name: "UF_CRM_KB_" + name, Type: "file", Label: label},
		{Name: "UF_CRM_KB_" + name + "_SIG", Type: "file", Multiple: true, Label: label + ": подписи"},
	}
}
