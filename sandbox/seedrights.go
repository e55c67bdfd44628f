package sandbox

import "konturbridge/sandbox/bitrixsim"

// seedRegistrations makes a filled deal of each registration but the sale: organizations with their requisites and
// those who act for them, shares, spouses, representatives with powers of attorney, papers with signatures.
func seedRegistrations(p *bitrixsim.Portal, d *Demo) {
	d.Developer = addCompany(p, "Застройщик «Воображаемые дома»", "ООО «Специализированный застройщик «Воображаемые дома»", "0000000011", "ул. Примерная, д. 10")
	d.Bank = addCompany(p, "Вымышленный банк", "ПАО «Вымышленный банк»", "0000000012", "пр-т Небывалый, д. 3")
	attorney := paper(p, "ATTORNEY", "Доверенность")
	builder := addPerson(p, "Небывалов", "Никита", "Фантазиевич", "000-000-000 04", "male", "developer", map[string]any{"companyId": d.Developer})
	banker := addPerson(p, "Кредитова", "Кира", "Процентовна", "000-000-000 05", "female", "encumbrancer", attorney, map[string]any{
		"companyId": d.Bank, "UF_CRM_KB_PARTY": option(p, bitrixsim.Contact, "UF_CRM_KB_PARTY", "organization"),
		"UF_CRM_KB_ATTORNEY_TYPE": option(p, bitrixsim.Contact, "UF_CRM_KB_ATTORNEY_TYPE", "powerOfAttorneyBankRepresentative"),
	})
	half := map[string]any{"UF_CRM_KB_SHARE": "1/2"}
	first := addPerson(p, "Гипотетов", "Герман", "Домыслович", "000-000-000 06", "male", "buyer", half)
	second := addPerson(p, "Гипотетова", "Галина", "Домысловна", "000-000-000 07", "female", "buyer", half)
	spouse := addPerson(p, "Несуществующий", "Нил", "Вымыслович", "000-000-000 08", "male", "buyer_spouse")
	agent := addPerson(p, "Доверенный", "Денис", "Поручиевич", "000-000-000 09", "male", "seller_representative", attorney)
	owner := addPerson(p, "Залогов", "Захар", "Небылович", "000-000-000 10", "male", "restricted")

	registration := func(kind string) map[string]any {
		return map[string]any{"categoryId": 1, FilingField: option(p, bitrixsim.Deal, FilingField, kind)}
	}
	d.Equity = addDeal(p, "ДДУ: двое дольщиков, первый договор дома", 6_200_000, []any{builder, first, second},
		registration("equity_agreement_registration_request"), map[string]any{
			"companyId": d.Developer, "UF_CRM_CADASTRAL": "54:35:014080:22",
			"UF_CRM_KB_OBJECT_TYPE": option(p, bitrixsim.Deal, "UF_CRM_KB_OBJECT_TYPE", "landPlot"),
			"UF_CRM_KB_ADDR_REGION": "Новосибирская область", "UF_CRM_KB_ADDR_CITY": "Новосибирск",
			"UF_CRM_KB_ADDR_STREET": "Строителей", "UF_CRM_KB_ADDR_HOUSE": "5",
			"UF_CRM_KB_EQUITY_NUMBER": "ДДУ-1", "UF_CRM_KB_EQUITY_DATE": "2026-03-01",
		}, paper(p, "EQUITY", "ДДУ"), paper(p, "PERMIT", "Разрешение на строительство"))
	d.Assignment = addDeal(p, "Уступка права: цедент по доверенности, покупают супруги в кредит", 5_400_000, []any{d.Seller, agent, d.Buyer, spouse},
		registration("right_assignment_request"), flat(p, "54:35:021060:1690", "17"), map[string]any{"UF_CRM_KB_ASSIGNMENT_NUMBER": "УСТУПКА-1"},
		paper(p, "ASSIGNMENT", "Соглашение об уступке"), paper(p, "LOAN", "Кредитный договор"), paper(p, "MARRIAGE", "Свидетельство о браке"))
	d.Pledge = addDeal(p, "Ипотека в силу договора: залог квартиры", 2_000_000, []any{owner, banker},
		registration("encumbrance_request"), flat(p, "54:35:021060:1701", "44"), map[string]any{"UF_CRM_KB_PLEDGE_NUMBER": "ИПОТЕКА-1"},
		paper(p, "PLEDGE", "Договор ипотеки"), paper(p, "LOAN", "Кредитный договор"))
	d.Lifting = addDeal(p, "Снятие ипотеки: кредит погашен", 15_000, []any{owner, banker},
		registration("cessation_encumbrance_request"), flat(p, "54:35:021060:1701", "44"), map[string]any{
			"companyId": d.Bank, "UF_CRM_KB_ENC_TYPE": option(p, bitrixsim.Deal, "UF_CRM_KB_ENC_TYPE", "mortgageInLaw"),
			"UF_CRM_KB_ENC_NUMBER": "54:35:021060:1701-54/001/2019-2", "UF_CRM_KB_ENC_DATE": "2019-06-14",
		})
}

// addCompany makes a company with the requisites that a filing wants, its address among them.
func addCompany(p *bitrixsim.Portal, title, name, inn, street string) int {
	id := p.CreateItem(bitrixsim.Company, map[string]any{"title": title})
	requisite := p.AddRequisite(bitrixsim.Company, id, map[string]any{
		"RQ_COMPANY_NAME": title, "RQ_COMPANY_FULL_NAME": name, "RQ_INN": inn, "RQ_KPP": "000001001", "RQ_OGRN": "000" + inn,
		"RQ_COMPANY_REG_DATE": "06.04.2007",
	})
	p.AddAddress(requisite, map[string]any{"TYPE_ID": "6", "PROVINCE": "Новосибирская область", "CITY": "Новосибирск", "ADDRESS_1": street})
	return id
}
