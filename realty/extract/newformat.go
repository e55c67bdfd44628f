package extract

import (
	"slices"
	"strings"
)

// isNew knows the roots of ЕГРН: an extract about an object, its short form, an extract on transfers of rights.
func isNew(root string) bool {
	return strings.HasPrefix(root, "extract_about_property_") || strings.HasPrefix(root, "extract_base_params_") ||
		root == "extract_transfer_rights_property"
}

// objectRecords are the elements that hold the object; below them the schemas agree but for where area and address
// stand.
var objectRecords = []string{"land_record", "build_record", "room_record", "construction_record",
	"object_under_construction_record", "car_parking_space_record", "property_complex_record",
	"enterprise_as_property_complex_record", "premises_record", "unified_real_estate_complex_record"}

func (e *Extract) takeNew(p *part) {
	switch {
	case p.name == "details_statement":
		e.Number = p.get("group_top_requisites", "registration_number")
		e.Date = day(p.get("group_top_requisites", "date_formation"))
	case p.name == "status":
		e.Status = p.text
	case p.name == "right_record":
		e.Rights = append(e.Rights, newRight(p))
	case p.name == "restrict_record":
		e.Encumbrances = append(e.Encumbrances, newEncumbrance(p))
	case slices.Contains(objectRecords, p.name) && e.Object.CadastralNumber == "":
		e.Object = newObject(p)
	}
}

func newObject(p *part) Object {
	common := p.at("object", "common_data")
	params := p.child("params")
	o := Object{
		CadastralNumber: common.get("cad_number"),
		Type:            first(common.get("type", "value"), p.name),
		Name:            params.get("name"),
		Purpose:         first(params.get("purpose", "value"), params.get("permitted_use", "permitted_use_established", "by_document")),
		// Land has <area><value>, everything else a bare <area>.
		Area:          first(params.get("area", "value"), params.get("area")),
		AreaUnit:      params.get("area", "unit", "value"),
		CadastralCost: p.get("cost", "value"),
		Registered:    day(p.get("record_info", "registration_date")),
	}
	for _, c := range p.children {
		// address_location of land and buildings, address_room of premises, address_car_parking_space: their text
		// lies one or two "address" deeper.
		if strings.HasPrefix(c.name, "address") && o.Address == "" {
			o.Address = first(c.get("address", "readable_address"), c.get("address", "address", "readable_address"),
				c.get("readable_address"))
		}
	}
	if o.Area == "" { // constructions: length, depth, volume
		o.Area = params.get("base_parameters", "base_parameter", "area")
	}
	return o
}

func newRight(p *part) Right {
	data := p.child("right_data")
	r := Right{
		Type: first(data.get("right_type", "value"), data.get("right_type_transfer")), Number: data.get("right_number"),
		Date: day(p.get("record_info", "registration_date")), EndDate: day(p.get("record_info", "cancel_date")),
	}
	if share := data.at("shares", "share"); share != nil {
		r.Share = fraction(share.get("numerator"), share.get("denominator"))
	}
	r.Share = first(r.Share, data.get("share_description"))
	for _, holder := range p.child("right_holders").all("right_holder") {
		r.Holders = append(r.Holders, newHolder(holder))
	}
	return r
}

func newEncumbrance(p *part) Encumbrance {
	data := p.child("restrictions_encumbrances_data")
	e := Encumbrance{
		Type: data.get("restriction_encumbrance_type", "value"), Number: data.get("restriction_encumbrance_number"),
		Date: day(p.get("record_info", "registration_date")), Term: term(data.child("period")),
	}
	for _, one := range data.child("restricting_rights").all("restricting_right") {
		e.Rights = append(e.Rights, first(one.get("right_number"), one.get("number")))
	}
	// Newer versions name the parties apart, earlier ones as holders of a right.
	for _, party := range p.at("restrict_parties", "restricted_rights_parties").all("restricted_rights_party") {
		if subject := party.child("subject"); subject != nil {
			e.Holders = append(e.Holders, newHolder(subject))
		}
	}
	for _, holder := range p.child("right_holders").all("right_holder") {
		e.Holders = append(e.Holders, newHolder(holder))
	}
	return e
}

// term words <period>, of which the schemas have several: dates, a duration, a text.
func term(period *part) string {
	if period == nil {
		return ""
	}
	info := period
	if inner := period.child("period_info"); inner != nil {
		info = inner
	}
	from, to := day(first(info.get("start_date"), info.get("starting_date"))), day(info.get("end_date"))
	var words []string
	if from != "" {
		words = append(words, "с "+from)
	}
	if to != "" {
		words = append(words, "по "+to)
	}
	for _, text := range []string{info.get("deal_validity_time"), info.get("duration"), period.get("no_period"), period.text} {
		if text != "" && !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return strings.Join(words, " ")
}

func newHolder(p *part) Holder {
	if one := p.child("individual"); one != nil {
		return Holder{Kind: Person, Name: words(one.get("surname"), one.get("name"), one.get("patronymic")),
			INN: one.get("inn"), SNILS: one.get("snils"), BirthDate: day(one.get("birth_date"))}
	}
	if one := p.child("legal_entity"); one != nil {
		for _, path := range [][]string{{"entity", "resident"}, {"entity", "not_resident"}, {"entity", "govement_entity"}, {"entity"}, {}} {
			if at := one.at(path...); at.get("name") != "" || at.get("full_name") != "" {
				return Holder{Kind: Organization, Name: first(at.get("name"), at.get("full_name")), INN: at.get("inn"), OGRN: at.get("ogrn")}
			}
		}
		return Holder{Kind: Organization}
	}
	if one := p.child("public_formation"); one != nil {
		return Holder{Kind: Public, Name: deepest(one.child("public_formation_type"), "name")}
	}
	if one := p.child("another"); one != nil {
		return Holder{Kind: Other, Name: first(deepest(one, "name"), deepest(one, "value"), one.text)}
	}
	return Holder{Kind: Other, Name: first(deepest(p, "value"), p.text)}
}

// deepest is the first text under a name, at the name itself or in its <value>, wherever it stands.
func deepest(p *part, name string) string {
	if p == nil {
		return ""
	}
	for _, c := range p.children {
		if c.name == name {
			if text := first(c.get("value"), c.text); text != "" {
				return text
			}
		}
		if text := deepest(c, name); text != "" {
			return text
		}
	}
	return ""
}
