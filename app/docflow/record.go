package docflow

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// ID names a docflow within the bridge.
type ID string

// System is the service that a docflow lives in.
type System string

// The systems.
const (
	Realty System = "realty"
	Diadoc System = "diadoc"
)

// Card is a CRM card: an entity type id of Bitrix24 (1 lead, 2 deal, 128 and above smart processes) and
// the item's id.
type Card struct {
	EntityType int   `json:"entityType"`
	ID         int64 `json:"id"`
}

// String gives the card's part name in its lane: "2:57".
func (c Card) String() string { return fmt.Sprintf("%d:%d", c.EntityType, c.ID) }

// Key names the kind of card where settings tell kinds apart: deal, lead, item:128.
func (c Card) Key() string {
	if name := c.Entity(); name != "item" {
		return name
	}
	return fmt.Sprintf("item:%d", c.EntityType)
}

// Entity is the card's kind in the words of the settings: lead, deal or item.
func (c Card) Entity() string {
	switch c.EntityType {
	case 1:
		return "lead"
	case 2:
		return "deal"
	default:
		return "item"
	}
}

// Kopecks is money; never a float.
type Kopecks int64

// String prints roubles with a comma, as people in the CRM read them: "2 000,00".
func (k Kopecks) String() string {
	sign := ""
	if k < 0 {
		sign, k = "-", -k
	}
	whole := fmt.Sprintf("%d", int64(k)/100)
	grouped := ""
	for len(whole) > 3 {
		grouped = "\u00a0" + whole[len(whole)-3:] + grouped
		whole = whole[:len(whole)-3]
	}
	return fmt.Sprintf("%s%s%s,%02d", sign, whole, grouped, int64(k)%100)
}

// Record is one filing.
type Record struct {
	ID         ID
	Portal     string // member_id
	Card       Card
	System     System
	Kind       string // docflow type, e.g. object_request; of Диадок the type of the first document, or KindInvitation
	Connection string // name of the account it goes through
	RequestID  string // fixed before the first try
	Body       []byte // frozen request, resent unchanged
	ExternalID string // the service's id, once known; of Диадок the message's

	State       State
	Requirement Requirement
	Statements  []Statement
	Charges     []Charge
	Files       []File
	Documents   []Document // of a message at Диадок
	Read        Reading    // of that message
	Refusal     *Refusal
	Signing     *Signing // what of Диадок is being signed

	// Echo lists the states that answers to our own calls told before the news did, oldest first. The
	// news will tell them once more, later: they must not count as moves then.
	Echo []string

	TriedAt  time.Time // when the first creation call began; zero: never
	NewsFrom string    // position in the news before that call: where to look for a lost answer
	Version  int64     // grows with every stored change
	Created  time.Time
	Changed  time.Time
}

// Statement is a file that a person must sign before the docflow is sent.
type Statement struct {
	FileID   string    `json:"fileId"`
	PersonID string    `json:"personId"`        // the mapping's own id of the signer
	Person   string    `json:"person"`          // name for people
	SNILS    string    `json:"snils,omitempty"` // digits, to tell signatures apart by
	SignedAt time.Time `json:"signedAt,omitzero"`
}

// Charge is a state duty of one payer.
type Charge struct {
	UIN string  `json:"uin"`
	Sum Kopecks `json:"sum"`
}

// File is a result file at the service.
type File struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"` // the service's word, open-ended
	Signatures []string `json:"signatures,omitempty"`
}

// Unsigned lists the statements that still lack their person's signature.
func (r Record) Unsigned() []Statement {
	var left []Statement
	for _, s := range r.Statements {
		if s.SignedAt.IsZero() {
			left = append(left, s)
		}
	}
	return left
}

// Fault says what is wrong, in both languages; "" when nothing is. A service names a statement by its id, people know
// it by its signer.
func (r Record) Fault() (ru, en string) {
	if r.Refusal == nil {
		return "", ""
	}
	ru, en = r.Refusal.CRMText, r.Refusal.TextEN
	for _, s := range r.Statements {
		ru = strings.ReplaceAll(ru, s.FileID, "заявление ("+cmp.Or(s.Person, "участник сделки")+")")
		en = strings.ReplaceAll(en, s.FileID, "statement ("+cmp.Or(s.Person, "a participant")+")")
	}
	return ru, en
}

// Duty is the sum of all charges.
func (r Record) Duty() Kopecks {
	var sum Kopecks
	for _, c := range r.Charges {
		sum += c.Sum
	}
	return sum
}

// Refusal is a business no: it is an answer, not a failed step.
type Refusal struct {
	Code    string `json:"code"`             // stable, for robots: invalid_field, no_access, …
	CRMText string `json:"text"`             // Russian, for the card: names field, rule and remedy
	TextEN  string `json:"textEn,omitempty"` // the same in English
	Said    string `json:"said,omitempty"`   // the service's own words, for the journal
	Cause   error  `json:"-"`                // for the log
}

// Error implements error.
func (r *Refusal) Error() string { return r.Code + ": " + r.CRMText }

// Journal is the text with the service's own words.
func (r *Refusal) Journal() string {
	if r.Said == "" {
		return r.CRMText
	}
	return r.CRMText + " [" + r.Said + "]"
}

// Unwrap gives the cause to errors.Is and errors.As.
func (r *Refusal) Unwrap() error { return r.Cause }
