package schema

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

var (
	cadastral = regexp.MustCompile(`^\d{2}:\d{2}:\d{6,7}:\d+$`)
	guid      = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	fourDigit = regexp.MustCompile(`^\d{4}$`)
)

// warn walks the options and adds what is only unlikely. A place that was refused is left alone.
func (f *findings) warn() {
	f.walk(f.root)
	f.parties()
	f.oldRight()
	if f.kind == "cessation_encumbrance_request" {
		fields, _ := f.root.value.(map[string]any)
		f.wanted(f.root, fields, "whoUseRestriction")
		f.wanted(f.root, fields, "appliedDocuments")
	}
}

func (f *findings) add(at place, rule, ru, en string) {
	if f.broken[at.path] {
		return
	}
	f.problems = append(f.problems, Problem{Path: at.path, Rule: rule, Severity: Warn,
		MessageRU: "«" + at.label() + "»: " + ru, MessageEN: or(at.path, "options") + ": " + en, Value: at.value})
}

// wanted warns of a field that one page requires and another does not.
func (f *findings) wanted(at place, fields map[string]any, name string) {
	if fields != nil && fields[name] == nil {
		f.add(at.child(name, nil), "required", "поле не заполнено, хотя обычно нужно", "missing, though usually wanted")
	}
}

func (f *findings) walk(at place) {
	switch value := at.value.(type) {
	case []any:
		for i, child := range value {
			f.walk(at.item(i, child))
		}
		f.array(at, value)
	case map[string]any:
		f.object(at, value)
		for name, child := range value { // in any order: what is found is sorted by its place
			next := at.child(name, child)
			if at.node == nil || next.node == nil {
				f.unknown(next)
				continue
			}
			f.walk(next)
		}
	case string:
		f.text(at, strings.TrimSpace(value))
	}
}

// unknown tells of a field that no page names: a slip in a name would look the same.
func (f *findings) unknown(at place) {
	switch {
	case at.key == "mortgage" && strings.HasSuffix(at.path, "sharedOwnership.mortgage"):
		f.add(at, "unknown", "ипотека при долевой покупке в документации не описана", "not documented for shares")
	case at.key == "type" && at.value == "russPasport", at.key == "objectType" && at.value == "object":
		f.add(at, "unknown", "поле встречается только в примерах документации", "occurs in the docs' examples only")
	default:
		f.add(at, "unknown", "такого поля нет в документации, проверьте название", "no page names this field")
	}
}

// array is about lists as a whole.
func (f *findings) array(at place, items []any) {
	if f.kind == "encumbrance_request" && at.path == "object" && len(items) > 1 {
		f.add(at, "several", "в документации обременение описано для одного объекта", "documented for one object")
	}
	if at.key == "contentPointer" && len(items) > 1 {
		f.add(at, "several", "указано несколько файлов, используется первый", "the first of several files counts")
	}
	if at.key == "shares" {
		f.shares(at, items)
	}
}

// text is about single values whose form is not printed but known.
func (f *findings) text(at place, value string) {
	switch at.key {
	case "cadastralNumber":
		if !cadastral.MatchString(value) {
			f.add(at, "cadastralFormat", "непривычный кадастровый номер, обычно 00:00:000000:00",
				"unusual, mostly 00:00:000000:00")
		}
	case "fiasId":
		if value != "" && !guid.MatchString(value) {
			f.add(at, "guid", "код ФИАС не похож на GUID", "not a GUID")
		}
	case "usagePurpose":
		f.add(at, "unknown", "поле встречается только в примерах документации", "occurs in the docs' examples only")
	case "benefitCategory":
		if value == "ussrHero" {
			f.add(at, "alias", "сервис пишет это значение как usssrHero", "the service spells it usssrHero")
		}
	case "unit":
		if value == "гa" { // with a Latin a
			f.add(at, "alias", "гектар записан с латинской буквой a", "the hectare has a Latin a")
		}
	}
}

// object is about fields that depend on each other, by what the object is.
func (f *findings) object(at place, fields map[string]any) {
	if at.node == nil {
		return
	}
	switch at.node.def {
	case "person":
		f.person(at, fields)
	case "organization":
		f.organization(at, fields)
	case "member":
		if fields["organisation"] != nil {
			f.add(at.child("organisation", nil), "alias", "обычно поле называется organization", "mostly spelled organization")
		}
	case "representative":
		f.representative(at, fields)
	case "address":
		f.address(at, fields)
	case "object", "landPlot":
		f.realtyObject(at, fields)
	case "appliedDocument":
		f.document(at, fields)
	case "content":
		f.signatures(at, fields)
	case "mortgage":
		f.wanted(at, fields, "loanAgreement")
	case "addressElement":
		if fields["type"] != nil && fields["abbreviation"] == nil {
			f.add(at.child("type", fields["type"]), "alias", "обычно поле называется abbreviation", "mostly spelled abbreviation")
		}
	}
}

func (f *findings) person(at place, fields map[string]any) {
	if snils := textOf(fields, "snils"); snils != "" && !snilsOK(snils) {
		f.add(at.child("snils", fields["snils"]), "checkDigit", "не сходится контрольное число", "wrong check digits")
	}
	papers := object(fields, "identityDocument")
	paper := at.child("identityDocument", fields["identityDocument"])
	if birth := textOf(fields, "dateBirth"); birth != "" && birth == textOf(papers, "issueDate") {
		f.add(paper.child("issueDate", papers["issueDate"]), "dates", "совпадает с датой рождения", "the same as the date of birth")
	}
	series := strings.ReplaceAll(textOf(papers, "series"), " ", "")
	if textOf(papers, "documentType") == "russPassport" && !fourDigit.MatchString(series) {
		f.add(paper.child("series", papers["series"]), "series", "у паспорта РФ серия из четырёх цифр", "a passport series has four digits")
	}
}

func (f *findings) organization(at place, fields map[string]any) {
	if inn := textOf(fields, "inn"); inn != "" && !innOK(inn) {
		f.add(at.child("inn", fields["inn"]), "checkDigit", "не сходится контрольное число", "wrong check digit")
	}
	ogrn := textOf(fields, "ogrn")
	switch {
	case ogrn == "":
	case len(ogrn) != 13 && len(ogrn) != 15:
		f.add(at.child("ogrn", fields["ogrn"]), "unusual", "обычно 13 или 15 цифр", "mostly 13 or 15 digits")
	case !ogrnOK(ogrn):
		f.add(at.child("ogrn", fields["ogrn"]), "checkDigit", "не сходится контрольное число", "wrong check digit")
	}
}

func (f *findings) representative(at place, fields map[string]any) {
	attorney := at.child("attorney", fields["attorney"])
	switch who := textOf(fields, "representativeType"); {
	case who == "confidant" && fields["attorney"] == nil:
		f.add(attorney, "attorney", "у доверенного лица обычно есть доверенность", "a confidant usually has one")
	case who == "authorized" && fields["attorney"] != nil:
		f.add(attorney, "attorney", "уполномоченному лицу доверенность обычно не нужна", "an authorized person usually has none")
	}
	paper := object(fields, "attorney")
	if word := textOf(paper, "type"); word != "" && word != "powerOfAttorney" && word != "powerOfAttorneyBankRepresentative" {
		f.add(attorney.child("type", word), "unusual", "вид доверенности не из документации", "not in the docs")
	}
	if content := object(paper, "appliedDocument"); content != nil && content["content"] == nil {
		f.signatures(attorney.child("appliedDocument", content), content)
	}
}

func (f *findings) address(at place, fields map[string]any) {
	if textOf(fields, "fiasId") == "" && fields["house"] == nil && fields["building"] == nil && fields["structure"] == nil {
		f.add(at, "house", "нет ни кода ФИАС, ни дома", "neither fiasId nor a house")
	}
}

func (f *findings) realtyObject(at place, fields map[string]any) {
	switch word := textOf(fields, "objectType"); word {
	case "landPlot", "room", "flat", "structure", "unfinishedObject":
	case "":
		if at.node.def == "landPlot" && fields["objectType"] == nil {
			f.wanted(at, fields, "objectType")
		}
	default:
		f.add(at.child("objectType", word), "unusual", "вид объекта не из документации", "not in the docs")
	}
}

// document is about a paper. One under a named field carries that name as its type in every example.
func (f *findings) document(at place, fields map[string]any) {
	word := textOf(fields, "documentType")
	if at.key != "" && at.key != "document" && word != "" && word != at.key {
		f.add(at.child("documentType", word), "documentType", "вид документа отличается от поля "+at.key,
			"differs from the name of its field")
	}
	if fields["series"] == nil && fields["number"] == nil && fields["issueDate"] == nil && fields["issuer"] == nil {
		f.add(at, "details", "у документа нет ни номера, ни даты, ни органа", "no series, number, date or issuer")
	}
}

func (f *findings) signatures(at place, fields map[string]any) {
	if list, _ := fields["signatures"].([]any); len(list) == 0 {
		f.add(at.child("signatures", fields["signatures"]), "signatures", "у файла нет подписей", "the file has no signatures")
	}
}

func (f *findings) shares(at place, items []any) {
	sum, whole := new(big.Rat), true
	for i, item := range items {
		share, _ := item.(map[string]any)
		fraction := object(share, "share")
		top, bottom := textOf(fraction, "numerator"), textOf(fraction, "denominator")
		if other := textOf(fraction, "denumerator"); top == "" {
			top, bottom = bottom, other
		} else if bottom == "" {
			bottom = other
		}
		part, ok := ratio(top, bottom)
		if !ok {
			whole = false
			if fraction != nil {
				f.add(at.item(i, item).child("share", fraction), "share", "доля не похожа на дробь", "not a fraction")
			}
			continue
		}
		sum.Add(sum, part)
	}
	if whole && sum.Cmp(big.NewRat(1, 1)) != 0 {
		f.add(at, "shareSum", "доли в сумме дают "+sum.RatString()+", а не 1", "the shares add up to "+sum.RatString())
	}
}

func ratio(top, bottom string) (*big.Rat, bool) {
	if top == "" || len(top) > 18 || len(bottom) > 18 || digitsOf(top) != top || digitsOf(bottom) != bottom ||
		strings.Trim(top, "0") == "" || strings.Trim(bottom, "0") == "" {
		return nil, false
	}
	return new(big.Rat).SetString(top + "/" + bottom)
}

// parties warns of a member who occurs twice: on two sides, or on one. Only the СНИЛС tells people apart: a printed
// couple shares everything else. Organizations are told apart by their ИНН.
func (f *findings) parties() {
	first := map[string]place{}
	var visit func(at place)
	visit = func(at place) {
		switch value := at.value.(type) {
		case []any:
			for i, child := range value {
				visit(at.item(i, child))
			}
		case map[string]any:
			if at.node != nil && at.node.def == "member" {
				f.repeated(at, value, "person", "snils", first)
				f.repeated(at, value, "organization", "inn", first)
				return
			}
			for _, name := range slices.Sorted(maps.Keys(value)) {
				visit(at.child(name, value[name]))
			}
		}
	}
	visit(f.root)
}

func (f *findings) repeated(member place, fields map[string]any, who, number string, first map[string]place) {
	party := object(fields, who)
	digits := digitsOf(textOf(party, number))
	if digits == "" {
		return
	}
	at := member.child(who, party).child(number, party[number])
	if earlier, again := first[number+digits]; again {
		f.add(at, "duplicate", "тот же номер, что в поле «"+earlier.label()+"»", "the same as "+earlier.path)
		return
	}
	first[number+digits] = at
}

// registered is when the present register of rights began: a right from before it is confirmed by its papers.
const registered = "1998-01-31"

// oldRight warns of a transfer of a right that arose before the register did, without the papers that confirm it.
func (f *findings) oldRight() {
	fields, _ := f.root.value.(map[string]any)
	seller := object(fields, "seller")
	date := textOf(object(object(fields, "object"), "registration"), "date")
	if f.kind != "right_movement_request" || date == "" || date >= registered || seller == nil || seller["evidenceOfOwnership"] != nil {
		return
	}
	f.add(f.root.child("seller", seller).child("evidenceOfOwnership", nil), "evidence",
		"право возникло до 31.01.1998, его обычно подтверждают документами", "a right from before 1998-01-31 usually has its papers")
}
