package realty

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Member is a party of a docflow: a person or an organization, never both. An organization needs a
// representative.
//
// Doc: Kontur.Reestro API docs, page "DocflowMember".
type Member struct {
	BenefitCategory string          `json:"benefitCategory,omitempty"` // one of the Benefit values
	Person          *Person         `json:"person,omitempty"`
	Organization    *Organization   `json:"organization,omitempty"`
	Representative  *Representative `json:"representative,omitempty"`
}

// Benefits that lower the state duty.
const (
	BenefitHero           = "usssrHero"       // Герои Советского Союза и РФ; three s on the wire
	BenefitCavalierOfFame = "cavalierOfGlory" // Полные кавалеры ордена Славы
	BenefitWarVeteran     = "injuredByVov"    // Инвалиды ВОВ и участники ВОВ
)

// UnmarshalJSON also takes "organisation", as the Organization page spells it, and "ussrHero".
func (m *Member) UnmarshalJSON(raw []byte) error {
	type plain Member
	var wire struct {
		plain
		Organisation *Organization `json:"organisation"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*m = Member(wire.plain)
	if m.Organization == nil {
		m.Organization = wire.Organisation
	}
	if m.BenefitCategory == "ussrHero" {
		m.BenefitCategory = BenefitHero
	}
	return nil
}

// Person is a natural person.
//
// Doc: Kontur.Reestro API docs, page "Person".
type Person struct {
	PersonID         string           `json:"personId,omitempty"` // the caller's own id: always send it, it finds the signer
	Name             string           `json:"name,omitempty"`
	Surname          string           `json:"surname,omitempty"`
	Patronymic       string           `json:"patronymic,omitempty"`
	BirthDate        string           `json:"dateBirth,omitempty"` // YYYY-MM-DD
	BirthPlace       string           `json:"birthPlace,omitempty"`
	SNILS            string           `json:"snils,omitempty"`  // sent as 000-000-000 55, read in any form
	Gender           string           `json:"gender,omitempty"` // male, female
	IdentityDocument IdentityDocument `json:"identityDocument,omitzero"`
	Citizenship      string           `json:"citizenship,omitempty"` // free text
	Address          Address          `json:"address,omitzero"`
}

// SNILSDigits are the digits of the SNILS, the form to compare persons by.
func (p Person) SNILSDigits() string {
	return string(bytes.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, []byte(p.SNILS)))
}

// parsePerson reads a person of an answer, whatever scalars it is made of.
func parsePerson(raw []byte) (Person, error) {
	return ReadOptions[Person](raw)
}

// IdentityDocument proves who a person is.
//
// Doc: Kontur.Reestro API docs, page "IdentityDocument".
type IdentityDocument struct {
	DocumentType string `json:"documentType,omitempty"` // russPassport, inostrannyyPassport, vul, voennyyBilet, birthCertificate
	Series       string `json:"series,omitempty"`
	Number       string `json:"number,omitempty"`
	IssueDate    string `json:"issueDate,omitempty"` // YYYY-MM-DD
	Issuer       Issuer `json:"issuer,omitzero"`
}

// Issuer issued a document.
type Issuer struct {
	Code string `json:"code,omitempty"` // department code, 000-000
	Name string `json:"name,omitempty"`
}

// Organization is a legal entity.
//
// Doc: Kontur.Reestro API docs, page "Organization".
type Organization struct {
	Name             string  `json:"name,omitempty"`
	INN              string  `json:"inn,omitempty"`     // 10 digits
	KPP              string  `json:"kpp,omitempty"`     // 9 characters, the fifth and sixth may be letters
	OGRN             string  `json:"ogrn,omitempty"`    // 13 digits, or 15
	RegistrationDate string  `json:"regDate,omitempty"` // YYYY-MM-DD
	Address          Address `json:"address,omitzero"`
}

// Representative acts for a member.
//
// Doc: Kontur.Reestro API docs, page "Representative".
type Representative struct {
	Type     string    `json:"representativeType,omitempty"` // confidant, authorized
	Person   Person    `json:"person,omitzero"`
	Attorney *Attorney `json:"attorney,omitempty"` // expected of a confidant
}

// Attorney is the paper that proves a representative's powers.
type Attorney struct {
	Type string `json:"type,omitempty"` // powerOfAttorney, powerOfAttorneyBankRepresentative
	// Content is the paper: named like an AppliedDocument on the wire, but a Content.
	Content Content `json:"appliedDocument,omitzero"`
}

// UnmarshalJSON also takes a whole AppliedDocument in place of the Content.
func (a *Attorney) UnmarshalJSON(raw []byte) error {
	var wire struct {
		Type            text
		AppliedDocument *struct {
			Content
			Inner *Content `json:"content"`
		}
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*a = Attorney{Type: string(wire.Type)}
	if document := wire.AppliedDocument; document != nil {
		a.Content = document.Content
		if document.Inner != nil {
			a.Content = *document.Inner
		}
	}
	return nil
}

// Address is a FIAS id with a flat, or a structured address down to the house; both may be mixed.
//
// Doc: Kontur.Reestro API docs, page "Address".
type Address struct {
	FIAS          string          `json:"fiasId,omitempty"` // GUID
	KLADR         string          `json:"kladr,omitempty"`
	Region        string          `json:"region,omitempty"` // plain text, unlike the levels below it
	Autonomy      *AddressElement `json:"autonomy,omitempty"`
	District      *AddressElement `json:"district,omitempty"`
	City          *AddressElement `json:"city,omitempty"`
	UrbanDistrict *AddressElement `json:"urbanDistrict,omitempty"`
	Locality      *AddressElement `json:"locality,omitempty"`
	Street        *AddressElement `json:"street,omitempty"`
	House         *AddressNumber  `json:"house,omitempty"`
	Building      *AddressNumber  `json:"building,omitempty"`
	Structure     *AddressNumber  `json:"structure,omitempty"`
	Apartment     *AddressNumber  `json:"apartment,omitempty"`
	Note          string          `json:"note,omitempty"`
}

// AddressElement is a level from the autonomy to the street.
type AddressElement struct {
	Abbreviation string `json:"abbreviation,omitempty"` // type word: г, ул, мкр
	Name         string `json:"name,omitempty"`
}

// UnmarshalJSON also takes "type" for the type word, as older revisions print it.
func (e *AddressElement) UnmarshalJSON(raw []byte) error {
	word, name, err := readAddressLevel(raw)
	*e = AddressElement{Abbreviation: word, Name: name}
	return err
}

// AddressNumber is a level from the house down; Name is its number.
type AddressNumber struct {
	Type string `json:"type,omitempty"` // type word: д, к, стр, кв
	Name string `json:"name,omitempty"`
}

// UnmarshalJSON also takes "abbreviation" for the type word.
func (n *AddressNumber) UnmarshalJSON(raw []byte) error {
	word, name, err := readAddressLevel(raw)
	*n = AddressNumber{Type: word, Name: name}
	return err
}

func readAddressLevel(raw []byte) (word, name string, err error) {
	var wire struct{ Abbreviation, Type, Name text }
	err = json.Unmarshal(raw, &wire)
	if wire.Abbreviation == "" {
		wire.Abbreviation = wire.Type
	}
	return string(wire.Abbreviation), string(wire.Name), err
}

// Share is a part of a right held in common.
//
// Doc: Kontur.Reestro API docs, page "Share".
type Share struct {
	Owner    Member   `json:"owner,omitzero"`
	Fraction Fraction `json:"share,omitzero"`
}

// Fraction is the size of a share; both numbers are text on the wire. The names are those of the docs'
// examples. Their Share page calls the numerator "denominator" and the denominator "denumerator":
// see [Spelling], and never try the other names after a refusal, because a swapped fraction is a wrong
// filing.
type Fraction struct {
	Numerator   string `json:"numerator,omitempty"`
	Denominator string `json:"denominator,omitempty"`
}

// UnmarshalJSON reads all three pairs of names, and refuses what cannot be told apart.
func (f *Fraction) UnmarshalJSON(raw []byte) error {
	var wire struct{ Numerator, Denominator, Denumerator text }
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	switch {
	case wire.Numerator != "" && wire.Denominator != "" && wire.Denumerator != "":
		return errors.New("a share with three numbers")
	case wire.Numerator != "":
		*f = Fraction{Numerator: string(wire.Numerator), Denominator: string(wire.Denominator + wire.Denumerator)}
	case wire.Denominator != "" && wire.Denumerator != "":
		*f = Fraction{Numerator: string(wire.Denominator), Denominator: string(wire.Denumerator)}
	case wire.Denominator != "" || wire.Denumerator != "":
		return errors.New("a share with one number")
	default:
		*f = Fraction{}
	}
	return nil
}
