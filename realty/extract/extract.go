package extract

import (
	"errors"
	"io"
)

// Extract is what an extract says. Texts are as in the document; "" is what it does not say.
type Extract struct {
	Root         string // of the document: extract_about_property_room
	Number       string // КУВИ-001/2020-5779088
	Date         string // YYYY-MM-DD, when it was made
	Object       Object
	Rights       []Right
	Encumbrances []Encumbrance
	Status       string // «Сведения об объекте недвижимости имеют статус "актуальные"»
}

// Object is the piece of real estate.
type Object struct {
	CadastralNumber string
	Type            string // «Помещение», «Земельный участок»; a word of the schemas that is not known here stays
	Name            string // «Квартира»
	Purpose         string // «Жилое»; of land the permitted use
	Area            string // a number as text; of several contours the whole
	AreaUnit        string // «кв.м» when the document names none: the register counts in square metres
	Address         string // as one text
	CadastralCost   string // roubles, a number as text
	Registered      string // YYYY-MM-DD, when the object came into the register
}

// Right is a registered right.
type Right struct {
	Type    string // «Собственность», «Общая долевая собственность»
	Number  string
	Date    string // YYYY-MM-DD
	EndDate string // YYYY-MM-DD, of a right that passed on; in extracts on transfers
	Share   string // "1/3", or as the document words it
	Holders []Holder
}

// Encumbrance is a registered restriction or encumbrance.
type Encumbrance struct {
	Type    string // «Ипотека», «Аренда»
	Number  string
	Date    string   // YYYY-MM-DD
	Term    string   // as the document words it
	Holders []Holder // in whose favour
	Rights  []string // numbers of the rights that it restricts; empty: the object, or not said
}

// HolderKind is what a holder is.
type HolderKind string

// The kinds of holders.
const (
	Person       HolderKind = "person"
	Organization HolderKind = "organization"
	Public       HolderKind = "public" // the state, a region, a municipality
	Other        HolderKind = "other"
)

// Holder has a right, or is the one in whose favour an encumbrance is.
type Holder struct {
	Kind      HolderKind
	Name      string // «Иванов Иван Иванович», «Публичное акционерное общество …»
	INN       string
	OGRN      string
	SNILS     string // as in the document; extracts for anybody leave it out
	BirthDate string // YYYY-MM-DD, likewise
}

// MaxSize is the largest document that is read, in bytes. Extracts of land with many contours have some megabytes.
const MaxSize = 64 << 20

var (
	// ErrTooLarge is wrapped by the error for a document beyond the bounds: bytes, depth or number of parts.
	ErrTooLarge = errors.New("the document is larger than allowed")
	// ErrNotXML is wrapped by the error for a document of a known root that breaks off or is no XML.
	ErrNotXML = errors.New("not well-formed XML")
)

// Read reads an extract as a stream, piece by piece. ok is false, without an error, for a document that this package
// does not know, be it XML or not.
//
// Errors: wrapping [ErrNotXML] or [ErrTooLarge]; those of r.
func Read(r io.Reader) (extract Extract, ok bool, err error) { return ReadAtMost(r, MaxSize) }

// ReadAtMost is [Read] with another bound than [MaxSize], in bytes.
func ReadAtMost(r io.Reader, size int64) (extract Extract, ok bool, err error) {
	d := newDecoder(r, size)
	root, known, err := d.root()
	if err != nil || !known {
		return Extract{}, false, err
	}
	extract.Root = root
	if isNew(root) {
		err = d.each(extract.takeNew, "right_records", "restrict_records", "base_data")
	} else {
		err = d.each(extract.takeOld, "ReestrExtract", "ExtractObjectRight", "ExtractObject", "ObjectRight",
			"RegistryRecords", "Parcels", "Realty")
	}
	if err != nil {
		return Extract{}, false, err
	}
	extract.Object.Type = typeName(extract.Object.Type)
	if extract.Object.AreaUnit == "" && extract.Object.Area != "" {
		extract.Object.AreaUnit = "кв.м"
	}
	return extract, true, nil
}
