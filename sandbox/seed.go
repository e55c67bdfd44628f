package sandbox

import (
	"fmt"
	"maps"

	"konturbridge/sandbox/bitrixsim"
)

// Demo names what SeedDemo made.
type Demo struct {
	Portal *bitrixsim.Portal
	// Sale is a deal with everything that a transfer of title wants; Extract a deal with a cadastral number
	// only; Incomplete one that lacks a seller. Lead is a lead with a cadastral number.
	Sale, Extract, Incomplete, Lead int
	Seller, Buyer                   int // contacts
	// Login, Password and AccountID open the Реестро account.
	Login, Password, AccountID string
}

// SeedDemo makes the portal "demo" with its fields, people, deals and leads, and a Реестро account. All people
// and papers are made up: the СНИЛС have impossible check digits and the passports a series that is not issued.
func (s *Sandbox) SeedDemo() Demo {
	p := s.Bitrix.AddPortal("demo")
	declareFields(p)
	d := Demo{
		Portal: p, Login: "demo@example.test", Password: "demo", AccountID: "11111111-2222-4333-8444-555555555555",
		Seller: addPerson(p, "Выдуманный", "Виктор", "Образцович", "000-000-000 01", "male", "seller"),
		Buyer:  addPerson(p, "Несуществующая", "Нина", "Вымысловна", "000-000-000 02", "female", "buyer"),
	}
	s.Realty.AddAccount(d.Login, d.Password, d.AccountID)
	other := addPerson(p, "Мнимая", "Полина", "Примеровна", "000-000-000 03", "female", "buyer")

	sale := map[string]any{
		"title": "Продажа квартиры, ул. Примерная, 7", "opportunity": 4_500_000.0, "contactIds": []any{d.Seller, d.Buyer},
		"comments":               "Выдуманная сделка: покупатель платит своими деньгами.",
		"UF_CRM_KB_CONTRACT":     p.AddFile("Договор купли-продажи.pdf", []byte("%PDF-1.4\n% sandbox contract\n%%EOF\n")),
		"UF_CRM_KB_CONTRACT_SIG": p.AddFile("Договор купли-продажи.pdf.sig", []byte("sandbox signature of the contract")),
	}
	maps.Copy(sale, flat(p, "54:35:021060:1683", "81"))
	d.Sale = p.CreateItem(bitrixsim.Deal, sale)
	d.Extract = p.CreateItem(bitrixsim.Deal, map[string]any{
		"title": "Проверка квартиры перед покупкой", "opportunity": 12_000.0, "contactIds": []any{d.Buyer},
		"UF_CRM_CADASTRAL": "47:14:1203001:814",
	})
	half := map[string]any{"title": "Продажа без продавца (не хватает данных)", "opportunity": 3_100_000.0, "contactIds": []any{other}}
	maps.Copy(half, flat(p, "54:35:021060:1733", "12"))
	d.Incomplete = p.CreateItem(bitrixsim.Deal, half)
	p.CreateItem(bitrixsim.Deal, map[string]any{
		"title": "Регистрация перехода права: дом", "categoryId": 1, "opportunity": 9_800_000.0, "contactIds": []any{d.Seller, other},
		"UF_CRM_CADASTRAL": "66:41:0704007:1391",
	})
	d.Lead = p.CreateItem(bitrixsim.Lead, map[string]any{
		"title": "Заявка с сайта: нужна выписка", "name": "Аноним", "lastName": "Нездешний",
		"UF_CRM_CADASTRAL": "54:35:000000:5911",
	})
	p.CreateItem(bitrixsim.Lead, map[string]any{"title": "Звонок: сколько стоит регистрация?", "name": "Некто"})
	return d
}

// declareFields makes the fields that a manager fills in; the bridge adds its own at installation.
func declareFields(p *bitrixsim.Portal) {
	card := []bitrixsim.UserField{
		{Name: "UF_CRM_CADASTRAL", Type: "string", Label: "Кадастровый номер"},
		{Name: "UF_CRM_KB_OBJECT_TYPE", Type: "enumeration", Label: "Вид объекта", Options: []bitrixsim.EnumOption{
			{Value: "Квартира", XMLID: "flat"}, {Value: "Комната", XMLID: "room"}, {Value: "Земельный участок", XMLID: "landPlot"},
		}},
		{Name: "UF_CRM_KB_AREA", Type: "string", Label: "Площадь, кв. м"},
		{Name: "UF_CRM_KB_CONTRACT", Type: "file", Label: "Договор"},
		{Name: "UF_CRM_KB_CONTRACT_SIG", Type: "file", Multiple: true, Label: "Подписи договора"},
		{Name: "UF_CRM_KB_CONTRACT_NUMBER", Type: "string", Label: "Номер договора"},
		{Name: "UF_CRM_KB_CONTRACT_DATE", Type: "date", Label: "Дата договора"},
		{Name: "UF_CRM_STATEMENT_SIG", Type: "file", Multiple: true, Label: "Подписи заявлений"},
	}
	for _, typ := range []int{bitrixsim.Deal, bitrixsim.Lead} {
		for _, f := range append(card, addressFields()...) {
			p.AddUserField(typ, f)
		}
	}
	who := []bitrixsim.UserField{
		{Name: "UF_CRM_KB_ROLE", Type: "enumeration", Label: "Роль в сделке", Options: []bitrixsim.EnumOption{
			{Value: "Продавец", XMLID: "seller"}, {Value: "Покупатель", XMLID: "buyer"},
		}},
		{Name: "UF_CRM_KB_SNILS", Type: "string", Label: "СНИЛС"},
		{Name: "UF_CRM_KB_GENDER", Type: "string", Label: "Пол"},
		{Name: "UF_CRM_KB_BIRTHPLACE", Type: "string", Label: "Место рождения"},
		{Name: "UF_CRM_KB_CITIZENSHIP", Type: "string", Label: "Гражданство"},
		{Name: "UF_CRM_KB_DOC_SERIES", Type: "string", Label: "Паспорт: серия"},
		{Name: "UF_CRM_KB_DOC_NUMBER", Type: "string", Label: "Паспорт: номер"},
		{Name: "UF_CRM_KB_DOC_DATE", Type: "date", Label: "Паспорт: дата выдачи"},
		{Name: "UF_CRM_KB_DOC_CODE", Type: "string", Label: "Паспорт: код подразделения"},
		{Name: "UF_CRM_KB_DOC_ISSUER", Type: "string", Label: "Паспорт: кем выдан"},
	}
	for _, f := range append(who, addressFields()...) {
		p.AddUserField(bitrixsim.Contact, f)
	}
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

func flat(p *bitrixsim.Portal, cadastral, apartment string) map[string]any {
	return map[string]any{
		"UF_CRM_CADASTRAL": cadastral, "UF_CRM_KB_AREA": "58",
		"UF_CRM_KB_OBJECT_TYPE":     option(p, bitrixsim.Deal, "UF_CRM_KB_OBJECT_TYPE", "flat"),
		"UF_CRM_KB_CONTRACT_NUMBER": "ПРИМЕР-1", "UF_CRM_KB_CONTRACT_DATE": "2026-02-20",
		"UF_CRM_KB_ADDR_REGION": "Новосибирская область", "UF_CRM_KB_ADDR_CITY": "Новосибирск",
		"UF_CRM_KB_ADDR_STREET": "Примерная", "UF_CRM_KB_ADDR_HOUSE": "7", "UF_CRM_KB_ADDR_APARTMENT": apartment,
	}
}

func addPerson(p *bitrixsim.Portal, surname, name, patronymic, snils, gender, role string) int {
	return p.CreateItem(bitrixsim.Contact, map[string]any{
		"lastName": surname, "name": name, "secondName": patronymic, "birthdate": "1990-01-01",
		"UF_CRM_KB_SNILS": snils, "UF_CRM_KB_GENDER": gender,
		"UF_CRM_KB_ROLE":       option(p, bitrixsim.Contact, "UF_CRM_KB_ROLE", role),
		"UF_CRM_KB_BIRTHPLACE": "г. Образцовск", "UF_CRM_KB_CITIZENSHIP": "Российская Федерация",
		"UF_CRM_KB_DOC_SERIES": "0000", "UF_CRM_KB_DOC_NUMBER": fmt.Sprintf("0000%s", snils[len(snils)-2:]),
		"UF_CRM_KB_DOC_DATE": "2015-05-05", "UF_CRM_KB_DOC_CODE": "000-000", "UF_CRM_KB_DOC_ISSUER": "ОВД выдуманного района",
		"UF_CRM_KB_ADDR_REGION": "Новосибирская область", "UF_CRM_KB_ADDR_CITY": "Новосибирск",
		"UF_CRM_KB_ADDR_STREET": "Примерная", "UF_CRM_KB_ADDR_HOUSE": "1", "UF_CRM_KB_ADDR_APARTMENT": "2",
	})
}

// option is the id that the portal gave to an option of a list field.
func option(p *bitrixsim.Portal, typ int, field, xmlID string) int {
	for _, f := range p.UserFields(typ) {
		for _, o := range f.Options {
			if f.Name == field && o.XMLID == xmlID {
				return o.ID
			}
		}
	}
	return 0
}
