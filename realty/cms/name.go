package cms

import (
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Name is a subject or an issuer of a certificate, with the fields that Russian qualified certificates have
// (приказ ФСБ России № 795). A missing field is "".
type Name struct {
	CommonName      string // a person's full name, or the organization
	Surname         string
	GivenName       string // имя и отчество
	Organization    string
	Unit            string
	Title           string // должность
	Country         string
	Region          string
	City            string
	Email           string
	SNILS           string // СНИЛС, eleven digits
	INN             string // ИНН of the person; old certificates have the organization's here, behind two zeros
	OrganizationINN string // ИНН юридического лица
	OGRN            string // ОГРН
	OGRNIP          string // ОГРНИП
}

// Person is the full name of the person: surname and given names, else the common name.
func (n Name) Person() string {
	if n.Surname == "" || n.GivenName == "" {
		return n.CommonName
	}
	return n.Surname + " " + n.GivenName
}

// String is the name for a list: the person, with the organization where there is one.
func (n Name) String() string {
	person := n.Person()
	if n.Organization == "" || n.Organization == person {
		return person
	}
	return strings.TrimPrefix(person+", "+n.Organization, ", ")
}

// field finds the place of an attribute; nil for one that is not kept.
func (n *Name) field(oid asn1.ObjectIdentifier) *string {
	switch oid.String() {
	case "2.5.4.3":
		return &n.CommonName
	case "2.5.4.4":
		return &n.Surname
	case "2.5.4.42":
		return &n.GivenName
	case "2.5.4.10":
		return &n.Organization
	case "2.5.4.11":
		return &n.Unit
	case "2.5.4.12":
		return &n.Title
	case "2.5.4.6":
		return &n.Country
	case "2.5.4.8":
		return &n.Region
	case "2.5.4.7":
		return &n.City
	case "1.2.840.113549.1.9.1":
		return &n.Email
	case "1.2.643.100.3":
		return &n.SNILS
	case "1.2.643.3.131.1.1":
		return &n.INN
	case "1.2.643.100.4":
		return &n.OrganizationINN
	case "1.2.643.100.1":
		return &n.OGRN
	case "1.2.643.100.5":
		return &n.OGRNIP
	}
	return nil
}

// attribute is one part of a name.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

// attributes is one step of a name, mostly of one part.
type attributes []attribute

// relativeNameSET carries the SET tag, which encoding/asn1 takes from the type's name.
type relativeNameSET attributes

func parseName(der []byte) (Name, error) {
	var steps []relativeNameSET
	if _, err := asn1.Unmarshal(der, &steps); err != nil {
		return Name{}, fmt.Errorf("name: %w", err)
	}
	var n Name
	for _, step := range steps {
		for _, part := range step {
			if into := n.field(part.Type); into != nil && *into == "" {
				*into = strings.TrimSpace(text(part.Value))
			}
		}
	}
	n.SNILS = digits(n.SNILS)
	return n, nil
}

// The string types of names.
const (
	tagUTF8      = 12
	tagT61       = 20
	tagUniversal = 28
	tagBMP       = 30
)

// text reads a string of any type. What is no text is "".
func text(v asn1.RawValue) string {
	switch v.Tag {
	case tagBMP:
		units := make([]uint16, len(v.Bytes)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(v.Bytes[2*i:])
		}
		return string(utf16.Decode(units))
	case tagUniversal:
		var b strings.Builder
		for raw := v.Bytes; len(raw) >= 4; raw = raw[4:] {
			b.WriteRune(rune(binary.BigEndian.Uint32(raw)))
		}
		return b.String()
	case tagUTF8, asn1.TagPrintableString, asn1.TagNumericString, asn1.TagIA5String, tagT61:
		if utf8.Valid(v.Bytes) {
			return string(v.Bytes)
		}
		return strings.ToValidUTF8(string(v.Bytes), "�")
	}
	return ""
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
