package realtysim

import (
	"encoding/json"
	"regexp"
	"unicode/utf8"
)

var (
	snilsPattern  = regexp.MustCompile(`^\d{3}\-?\d{3}\-?\d{3}\s?\d{2}$`)
	issuerPattern = regexp.MustCompile(`^\d{3}\-?\d{3}$`)
)

// forms says which ownership forms a side may have and how many at once.
type forms struct {
	shared   bool
	several  bool
	mortgage bool
}

func (c *checker) buyer(o map[string]any, at string) {
	if buyer, ok := c.object(o, at, "buyer"); ok {
		c.owners(buyer, at+".buyer", forms{shared: true, mortgage: true})
	}
}

func (c *checker) restricted(o map[string]any, at string) {
	if who, ok := c.object(o, at, "whoseRightRestricted"); ok {
		c.owners(who, at+".whoseRightRestricted", forms{})
	}
}

// owners checks one side of a deal by its ownership forms.
func (c *checker) owners(side map[string]any, at string, allow forms) {
	count := 0
	if one, ok := c.optional(side, at, "individualOwnership"); ok {
		count++
		where := at + ".individualOwnership"
		c.requiredMember(one, where, "owner")
		c.mortgage(one, where, allow)
	}
	if joint, ok := c.optional(side, at, "cooperativeOwnership"); ok {
		count++
		where := at + ".cooperativeOwnership"
		c.requiredMember(joint, where, "spouse1")
		c.requiredMember(joint, where, "spouse2")
		c.mortgage(joint, where, allow)
		c.document(joint, where, "marriageCertificate", false)
	}
	if shared, ok := c.optional(side, at, "sharedOwnership"); ok && allow.shared {
		count++
		where := at + ".sharedOwnership"
		for i, e := range c.list(shared, where, "shares", false) {
			c.requiredMember(e, index(where+".shares", i), "owner")
			c.fraction(e, index(where+".shares", i))
		}
	}
	switch {
	case count == 0:
		c.fault(at, "must have an ownership")
	case count > 1 && !allow.several:
		c.fault(at, "must have exactly one ownership")
	}
}

func (c *checker) mortgage(owner map[string]any, at string, allow forms) {
	if !allow.mortgage {
		return
	}
	papers, ok := c.optional(owner, at, "mortgage")
	if !ok {
		return
	}
	at += ".mortgage"
	for _, key := range []string{"loanAgreement", "mortgage", "evaluationReport", "powerOfAttorneyBankRepresentative"} {
		c.document(papers, at, key, false)
	}
	if papers["mortgage"] != nil && papers["evaluationReport"] == nil {
		c.fault(at+".evaluationReport", mustNotBeNull)
	}
}

// fraction reads a share by the three sets of names that the pages use (O13).
func (c *checker) fraction(e map[string]any, at string) {
	share, ok := c.object(e, at, "share")
	if !ok {
		return
	}
	at += ".share"
	filled := func(key string) bool {
		switch v := share[key].(type) {
		case string:
			return v != ""
		case json.Number:
			return true
		}
		return false
	}
	switch {
	case filled("numerator") && (filled("denominator") || filled("denumerator")):
	case share["numerator"] == nil && filled("denominator") && filled("denumerator"):
	case !filled("numerator"):
		c.fault(at+".numerator", mustNotBeNull)
	default:
		c.fault(at+".denominator", mustNotBeNull)
	}
}

func (c *checker) memberList(o map[string]any, at, key string) {
	for i, e := range c.list(o, at, key, true) {
		where := at + "." + key
		if _, array := o[key].([]any); array {
			where = index(where, i)
		}
		c.member(e, where)
	}
}

func (c *checker) requiredMember(o map[string]any, at, key string) {
	if m, ok := c.object(o, at, key); ok {
		c.member(m, at+"."+key)
	}
}

// organizationKey is "organization", or the spelling of the page's own example (O15).
func organizationKey(m map[string]any) string {
	if m["organization"] == nil && m["organisation"] != nil {
		return "organisation"
	}
	return "organization"
}

func (c *checker) member(m map[string]any, at string) {
	c.known(c.maybe(m, at, "benefitCategory"), at+".benefitCategory",
		"usssrHero", "ussrHero", "cavalierOfGlory", "injuredByVov") // O32
	key := organizationKey(m)
	person, isPerson := c.optional(m, at, "person")
	firm, isFirm := c.optional(m, at, key)
	switch {
	case isPerson && isFirm:
		c.fault(at, "must have either person or organization")
	case isPerson:
		c.person(person, at+".person")
	case isFirm:
		c.organization(firm, at+"."+key)
		if m["representative"] == nil {
			c.fault(at+".representative", mustNotBeNull)
		}
	case m["person"] == nil && m[key] == nil:
		c.fault(at, "must have person or organization")
	}
	if agent, ok := c.optional(m, at, "representative"); ok {
		c.representative(agent, at+".representative")
	}
}

func (c *checker) representative(r map[string]any, at string) {
	c.word(r, at, "representativeType", "confidant", "authorized")
	if p, ok := c.object(r, at, "person"); ok {
		c.person(p, at+".person")
	}
	attorney, ok := c.optional(r, at, "attorney")
	if !ok {
		return
	}
	c.text(attorney, at+".attorney", "type")
	if paper, ok := c.object(attorney, at+".attorney", "appliedDocument"); ok {
		where := at + ".attorney.appliedDocument"
		if paper["info"] == nil && paper["content"] != nil { // an AppliedDocument, as its name says (O20)
			c.attached(paper, where)
			return
		}
		c.contentOf(paper, where)
	}
}

func (c *checker) person(p map[string]any, at string) {
	for _, key := range []string{"name", "surname", "birthPlace", "citizenship"} {
		c.text(p, at, key)
	}
	c.maybe(p, at, "patronymic")
	c.maybe(p, at, "personId")
	c.date(p, at, "dateBirth", true)
	c.match(c.text(p, at, "snils"), at+".snils", snilsPattern)
	c.word(p, at, "gender", "male", "female")
	c.requiredAddress(p, at)
	paper, ok := c.object(p, at, "identityDocument")
	if !ok {
		return
	}
	at += ".identityDocument"
	c.word(paper, at, "documentType", "russPassport", "inostrannyyPassport", "vul", "voennyyBilet", "birthCertificate")
	c.maybe(paper, at, "series")
	c.text(paper, at, "number")
	c.date(paper, at, "issueDate", true)
	if issuer, ok := c.object(paper, at, "issuer"); ok {
		c.text(issuer, at+".issuer", "name")
		c.match(c.maybe(issuer, at+".issuer", "code"), at+".issuer.code", issuerPattern)
	}
}

func (c *checker) organization(o map[string]any, at string) {
	c.text(o, at, "name")
	c.text(o, at, "ogrn") // any length: the table has 15 and the examples 13 digits (O31)
	for key, size := range map[string]int{"inn": 10, "kpp": 9} {
		if v := c.text(o, at, key); v != "" && utf8.RuneCountInString(v) != size {
			c.fault(at+"."+key, "has a wrong length")
		}
	}
	c.date(o, at, "regDate", true)
	c.requiredAddress(o, at)
}

func (c *checker) requiredAddress(m map[string]any, at string) {
	a, ok := c.object(m, at, "address")
	if !ok {
		return
	}
	at += ".address"
	if c.maybe(a, at, "fiasId") == "" && c.maybe(a, at, "region") == "" {
		c.fault(at, "must have fiasId or region")
	}
	for _, level := range []string{"autonomy", "district", "city", "urbanDistrict", "locality", "street"} {
		c.addressLevel(a, at, level)
	}
	for _, level := range []string{"house", "building", "structure"} {
		c.addressLevel(a, at, level, "д", "к", "литера", "стр", "срж", "влд", "двлд", "ГСК", "гараж")
	}
	c.addressLevel(a, at, "apartment", "кв", "бокс", "ком", "пом")
}

// addressLevel wants a type word, under either of its two names (O28), and a name.
func (c *checker) addressLevel(a map[string]any, at, level string, known ...string) {
	e, ok := c.optional(a, at, level)
	if !ok {
		return
	}
	at += "." + level
	key := "type"
	if e[key] == nil && (e["abbreviation"] != nil || len(known) == 0) {
		key = "abbreviation"
	}
	v := c.text(e, at, key)
	if len(known) > 0 {
		c.known(v, at+"."+key, known...)
	}
	c.text(e, at, "name")
}
