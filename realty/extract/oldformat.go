package extract

import "slices"

// isOld knows the roots of ЕГРП and of the cadastre.
func isOld(root string) bool {
	return slices.Contains([]string{"Extract", "Reestr_Extract_Object", "KPOKS", "KVOKS", "KPZU", "KVZU"}, root)
}

func (e *Extract) takeOld(p *part) {
	switch p.name {
	case "DeclarAttribute":
		e.Number, e.Date = p.attr("ExtractNumber"), day(p.attr("ExtractDate"))
	case "CertificationDoc":
		e.Number, e.Date = first(e.Number, p.get("Number")), first(e.Date, day(p.get("Date")))
	case "ObjectDesc":
		e.oldObject(p)
	case "CadastralNumber", "Name", "ObjectTypeText", "Area", "Address": // of Reestr_Extract_Object, straight in ObjectRight
		e.oldObject(&part{children: []*part{p}})
	case "Parcel", "Flat", "Building", "Construction", "Uncompleted", "CarParkingSpace":
		e.cadastre(p)
	case "Right":
		e.Rights = append(e.Rights, oldRight(p))
		for _, one := range p.all("Encumbrance") {
			encumbrance := oldEncumbrance(one)
			encumbrance.Rights = append(encumbrance.Rights, p.get("Registration", "RegNumber"))
			e.Encumbrances = append(e.Encumbrances, encumbrance)
		}
	case "Encumbrance":
		e.Encumbrances = append(e.Encumbrances, oldEncumbrance(p))
	}
}

// oldObject adds what ЕГРП says to what is known.
func (e *Extract) oldObject(p *part) {
	o := &e.Object
	o.CadastralNumber = first(o.CadastralNumber, p.get("CadastralNumber"), p.get("ConditionalNumber"))
	o.Type = first(o.Type, p.get("ObjectTypeText"))
	o.Name = first(o.Name, p.get("Name"))
	o.Purpose = first(o.Purpose, p.get("Assignation_Code_Text"), p.get("GroundCategoryText"))
	o.Area = first(o.Area, p.get("Area", "Area"), p.get("Area", "AreaText"), p.get("Area"))
	o.Address = first(o.Address, p.get("Address", "Content"), p.get("Address", "Note"))
}

// cadastre reads the object of a cadastral passport or extract.
func (e *Extract) cadastre(p *part) {
	o := &e.Object
	o.CadastralNumber = first(o.CadastralNumber, p.attr("CadastralNumber"))
	o.Type = first(o.Type, p.name)
	o.Name = first(o.Name, p.get("Name"))
	o.Area = first(o.Area, p.get("Area", "Area"), p.get("Area"))
	o.Address = first(o.Address, p.get("Address", "Note"), p.get("Location", "Address", "Note"))
	o.CadastralCost = first(o.CadastralCost, p.at("CadastralCost").attr("Value"))
	o.Registered = first(o.Registered, day(p.attr("DateCreated")))
}

func oldRight(p *part) Right {
	registration := p.child("Registration")
	r := Right{Type: registration.get("Name"), Number: registration.get("RegNumber"), Date: day(registration.get("RegDate")),
		EndDate: day(registration.get("EndDate"))}
	share := registration.at("Share")
	r.Share = first(fraction(share.attr("Numerator"), share.attr("Denominator")), registration.get("ShareText"))
	for _, owner := range p.all("Owner") {
		r.Holders = append(r.Holders, oldHolder(owner))
	}
	return r
}

func oldEncumbrance(p *part) Encumbrance {
	e := Encumbrance{Type: first(p.get("Name"), p.get("Type")), Number: p.get("RegNumber"), Date: day(p.get("RegDate")),
		Term: words(p.get("Duration", "Started"), p.get("Duration", "Stopped"), p.get("Duration", "Term"))}
	for _, owner := range p.all("Owner") {
		e.Holders = append(e.Holders, oldHolder(owner))
	}
	return e
}

func oldHolder(p *part) Holder {
	if one := p.child("Person"); one != nil {
		fio := one.child("FIO")
		return Holder{Kind: Person, SNILS: one.get("SNILS"), BirthDate: day(one.get("DateBirth")),
			Name: first(words(fio.get("Surname"), fio.get("First"), fio.get("Patronymic")), one.get("Content"))}
	}
	if one := p.child("Organization"); one != nil {
		return Holder{Kind: Organization, Name: first(one.get("Name"), one.get("Content")), INN: one.get("INN"), OGRN: one.get("Code_OGRN")}
	}
	if one := p.child("Governance"); one != nil {
		return Holder{Kind: Public, Name: first(one.get("Name"), one.get("Content"))}
	}
	return Holder{Kind: Other, Name: p.text}
}
