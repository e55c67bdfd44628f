package sandbox

import (
	"maps"

	"konturbridge/sandbox/bitrixsim"
	"konturbridge/sandbox/diadocsim"
)

// Demo names what SeedDemo made.
type Demo struct {
	Portal *bitrixsim.Portal
	// Sale is a deal with everything that a transfer of title wants; Extract a deal with a cadastral number
	// only; Incomplete one that lacks a seller. Lead is a lead with a cadastral number.
	Sale, Extract, Incomplete, Lead int
	// Equity, Assignment, Pledge and Lifting are deals of the funnel of registrations with everything that the
	// registration wants: of a shared construction agreement, of an assignment of rights, of a mortgage and of
	// its lifting.
	Equity, Assignment, Pledge, Lifting int
	Seller, Buyer                       int // contacts
	Developer, Bank                     int // companies
	// Login, Password and AccountID open the Реестро account.
	Login, Password, AccountID string
	// Diadoc is our box and the counteragents'.
	Diadoc diadocsim.Demo
}

// SeedDemo makes the portal "demo" with its fields, people, companies, deals and leads, and a Реестро account. All
// people, organizations and papers are made up: the СНИЛС and ИНН have impossible check digits and the passports a
// series that is not issued.
func (s *Sandbox) SeedDemo() Demo {
	p := s.Bitrix.AddPortal("demo")
	declareFields(p)
	d := Demo{
		Portal: p, Login: "demo@example.test", Password: "demo", AccountID: "11111111-2222-4333-8444-555555555555",
		Seller: addPerson(p, "Выдуманный", "Виктор", "Образцович", "000-000-000 01", "male", "seller"),
		Buyer:  addPerson(p, "Несуществующая", "Нина", "Вымысловна", "000-000-000 02", "female", "buyer"),
	}
	d.Diadoc = s.Diadoc.SeedDemo()
	s.ours = d.Diadoc.Box
	s.Realty.AddAccount(d.Login, d.Password, d.AccountID)
	other := addPerson(p, "Мнимая", "Полина", "Примеровна", "000-000-000 03", "female", "buyer")

	d.Sale = addDeal(p, "Продажа квартиры, ул. Примерная, 7", 4_500_000, []any{d.Seller, d.Buyer}, flat(p, "54:35:021060:1683", "81"), map[string]any{
		"comments":                  "Выдуманная сделка: покупатель платит своими деньгами.",
		"UF_CRM_KB_CONTRACT_NUMBER": "ПРИМЕР-1", "UF_CRM_KB_CONTRACT_DATE": "2026-02-20",
	}, paper(p, "CONTRACT", "Договор купли-продажи"))
	d.Extract = addDeal(p, "Проверка квартиры перед покупкой", 12_000, []any{d.Buyer}, map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:814"})
	d.Incomplete = addDeal(p, "Продажа без продавца (не хватает данных)", 3_100_000, []any{other}, flat(p, "54:35:021060:1733", "12"),
		map[string]any{"UF_CRM_KB_CONTRACT_NUMBER": "ПРИМЕР-1", "UF_CRM_KB_CONTRACT_DATE": "2026-02-20"})
	addDeal(p, "Регистрация перехода права: дом", 9_800_000, []any{d.Seller, other},
		map[string]any{"categoryId": 1, "UF_CRM_CADASTRAL": "66:41:0704007:1391"})
	seedRegistrations(p, &d)
	d.Lead = p.CreateItem(bitrixsim.Lead, map[string]any{
		"title": "Заявка с сайта: нужна выписка", "name": "Аноним", "lastName": "Нездешний",
		"UF_CRM_CADASTRAL": "54:35:000000:5911",
	})
	p.CreateItem(bitrixsim.Lead, map[string]any{"title": "Звонок: сколько стоит регистрация?", "name": "Некто"})
	return d
}

// addDeal makes a deal of several groups of fields.
func addDeal(p *bitrixsim.Portal, title string, amount float64, contacts []any, groups ...map[string]any) int {
	fields := map[string]any{"title": title, "opportunity": amount, "contactIds": contacts}
	for _, group := range groups {
		maps.Copy(fields, group)
	}
	return p.CreateItem(bitrixsim.Deal, fields)
}

// paper fills a paper's file and its detached signature, for fields named after it.
func paper(p *bitrixsim.Portal, name, title string) map[string]any {
	return map[string]any{
		"UF_CRM_KB_" + name: p.AddFile(title+".pdf", []byte("%PDF-1.4\n% sandbox: "+name+"\n%%EOF\n")),
		"UF_CRM_KB_" + name + "_SIG": []any{
			p.AddFile(title+".pdf.sig", []byte("sandbox signature of "+name)),
		},
	}
}

func flat(p *bitrixsim.Portal, cadastral, apartment string) map[string]any {
	return map[string]any{
		"UF_CRM_CADASTRAL": cadastral, "UF_CRM_KB_AREA": "58",
		"UF_CRM_KB_OBJECT_TYPE": option(p, bitrixsim.Deal, "UF_CRM_KB_OBJECT_TYPE", "flat"),
		"UF_CRM_KB_ADDR_REGION": "Новосибирская область", "UF_CRM_KB_ADDR_CITY": "Новосибирск",
		"UF_CRM_KB_ADDR_STREET": "Примерная", "UF_CRM_KB_ADDR_HOUSE": "7", "UF_CRM_KB_ADDR_APARTMENT": apartment,
	}
}

// addPerson makes a contact with everything that a filing wants to know of a person; more holds what only some have.
func addPerson(p *bitrixsim.Portal, surname, name, patronymic, snils, gender, role string, more ...map[string]any) int {
	fields := map[string]any{
		"lastName": surname, "name": name, "secondName": patronymic, "birthdate": "1990-01-01",
		"UF_CRM_KB_SNILS": snils, "UF_CRM_KB_GENDER": option(p, bitrixsim.Contact, "UF_CRM_KB_GENDER", gender),
		"UF_CRM_KB_ROLE":       []any{option(p, bitrixsim.Contact, "UF_CRM_KB_ROLE", role)},
		"UF_CRM_KB_BIRTHPLACE": "г. Образцовск", "UF_CRM_KB_CITIZENSHIP": "Российская Федерация",
		"UF_CRM_KB_DOC_SERIES": "0000", "UF_CRM_KB_DOC_NUMBER": "0000" + snils[len(snils)-2:],
		"UF_CRM_KB_DOC_DATE": "2015-05-05", "UF_CRM_KB_DOC_CODE": "000-000", "UF_CRM_KB_DOC_ISSUER": "ОВД выдуманного района",
		"UF_CRM_KB_ADDR_REGION": "Новосибирская область", "UF_CRM_KB_ADDR_CITY": "Новосибирск",
		"UF_CRM_KB_ADDR_STREET": "Примерная", "UF_CRM_KB_ADDR_HOUSE": "1", "UF_CRM_KB_ADDR_APARTMENT": "2",
	}
	for _, group := range more {
		maps.Copy(fields, group)
	}
	return p.CreateItem(bitrixsim.Contact, fields)
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
