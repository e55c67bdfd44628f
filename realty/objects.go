package realty

import (
	"bytes"
	"encoding/json"
	"errors"
)

// List is an array that the service or a page of its docs may also write as a single object. It is
// always sent as an array.
type List[T any] []T

// UnmarshalJSON reads an array, a single object or null.
func (l *List[T]) UnmarshalJSON(raw []byte) error { return json.Unmarshal(raw, (*oneOrMany[T])(l)) }

// OneOrMany is sent as a single object when it has one element and as an array otherwise: the docs
// print both forms for the object of an encumbrance. It reads as [List] does.
type OneOrMany[T any] []T

// UnmarshalJSON reads an array, a single object or null.
func (m *OneOrMany[T]) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, (*oneOrMany[T])(m))
}

// MarshalJSON writes one element without its array.
func (m OneOrMany[T]) MarshalJSON() ([]byte, error) {
	if len(m) == 1 {
		return json.Marshal(m[0])
	}
	return json.Marshal([]T(m))
}

// RealtyObject is a piece of real estate.
//
// Doc: Kontur.Reestro API docs, page "Object".
type RealtyObject struct {
	Type            string        `json:"objectType,omitempty"`      // landPlot, room, flat, structure, unfinishedObject
	CadastralNumber string        `json:"cadastralNumber,omitempty"` // АА:ВВ:CCCCCC:КК
	Address         Address       `json:"address,omitzero"`
	Registration    *Registration `json:"registration,omitempty"` // speeds the registration up
	Area            *Area         `json:"area,omitempty"`
	UsagePurpose    string        `json:"usagePurpose,omitempty"` // examples only, send nothing by default; see Spelling
}

// UnmarshalJSON also takes an array of one object.
func (o *RealtyObject) UnmarshalJSON(raw []byte) error {
	type plain RealtyObject
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] == '[' {
		var list []plain
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		if len(list) != 1 {
			return errors.New("several objects where one is expected")
		}
		*o = RealtyObject(list[0])
		return nil
	}
	return json.Unmarshal(raw, (*plain)(o))
}

// Registration is a record of a right in the register.
type Registration struct {
	Number string `json:"number,omitempty"`
	Date   string `json:"date,omitempty"` // YYYY-MM-DD
}

// Area is the size of an object.
type Area struct {
	Value string `json:"value,omitempty"` // a number as text
	Unit  string `json:"unit,omitempty"`  // UnitSquareMetre or UnitHectare
}

// UnmarshalJSON also takes a hectare with a Latin a, as one page prints it.
func (a *Area) UnmarshalJSON(raw []byte) error {
	type plain Area
	if err := json.Unmarshal(raw, (*plain)(a)); err != nil {
		return err
	}
	if a.Unit == "гa" {
		a.Unit = UnitHectare
	}
	return nil
}

// Units of area, all Cyrillic; one page prints a hectare with a Latin a.
const (
	UnitSquareMetre = "кв.м"
	UnitHectare     = "га"
)

// AppliedDocument is a paper filed with a docflow.
//
// Doc: Kontur.Reestro API docs, page "AppliedDocument".
type AppliedDocument struct {
	// DocumentType is the kind of paper. Under a named field it is that field's name by default.
	DocumentType string  `json:"documentType,omitempty"`
	Series       string  `json:"series,omitempty"`
	Number       string  `json:"number,omitempty"`
	IssueDate    string  `json:"issueDate,omitempty"` // YYYY-MM-DD
	Issuer       *Issuer `json:"issuer,omitempty"`    // issuer or author
	Content      Content `json:"content,omitzero"`
}

// CourtDecision is the documentType of a court's decision, so spelled by the docs; "lawAgreement" is read as the same.
const CourtDecision = "lowAgreement"

// UnmarshalJSON also takes "lawAgreement".
func (d *AppliedDocument) UnmarshalJSON(raw []byte) error {
	type plain AppliedDocument
	if err := json.Unmarshal(raw, (*plain)(d)); err != nil {
		return err
	}
	if d.DocumentType == "lawAgreement" {
		d.DocumentType = CourtDecision
	}
	return nil
}

// Content is an uploaded file with its detached signatures.
//
// Doc: Kontur.Reestro API docs, page "Content".
type Content struct {
	Info       ContentInfo          `json:"info,omitzero"`
	Signatures List[ContentPointer] `json:"signatures,omitempty"` // one per signatory
}

// ContentInfo is the uploaded file of a [Content].
type ContentInfo struct {
	Type    string         `json:"type,omitempty"` // pdf, xml
	Pointer ContentPointer `json:"contentPointer,omitzero"`
}

// Mortgage holds the papers of a mortgage by law, when the buyer uses credit.
//
// Doc: Kontur.Reestro API docs, page "Mortgage".
type Mortgage struct {
	LoanAgreement    *AppliedDocument `json:"loanAgreement,omitempty"`
	Bond             *AppliedDocument `json:"mortgage,omitempty"`         // Закладная
	EvaluationReport *AppliedDocument `json:"evaluationReport,omitempty"` // required with Bond
	// BankPowerOfAttorney occurs in one example only; send it when the user supplies it.
	BankPowerOfAttorney *AppliedDocument `json:"powerOfAttorneyBankRepresentative,omitempty"`
}

// Seller is whose right ends: at least one form of ownership.
type Seller struct {
	Individual  *IndividualSeller  `json:"individualOwnership,omitempty"`
	Cooperative *CooperativeSeller `json:"cooperativeOwnership,omitempty"`
	Shared      *SharedOwnership   `json:"sharedOwnership,omitempty"`
	// Evidence confirms a right that arose before 1998; transfer of title only.
	Evidence *Evidence `json:"evidenceOfOwnership,omitempty"`
}

// IndividualSeller is a sole owner.
type IndividualSeller struct {
	Owner Member `json:"owner,omitzero"`
}

// CooperativeSeller is a couple that owns jointly.
type CooperativeSeller struct {
	Spouse1 Member `json:"spouse1,omitzero"`
	Spouse2 Member `json:"spouse2,omitzero"`
}

// SharedOwnership is ownership in shares.
type SharedOwnership struct {
	Shares List[Share] `json:"shares,omitempty"`
}

// Evidence is the proof of an old right.
type Evidence struct {
	Documents List[AppliedDocument] `json:"documents,omitempty"`
}

// Buyer is who gets the right: exactly one form of ownership.
type Buyer struct {
	Individual  *IndividualBuyer  `json:"individualOwnership,omitempty"`
	Cooperative *CooperativeBuyer `json:"cooperativeOwnership,omitempty"`
	Shared      *SharedOwnership  `json:"sharedOwnership,omitempty"`
}

// IndividualBuyer becomes the sole owner.
type IndividualBuyer struct {
	Owner    Member    `json:"owner,omitzero"`
	Mortgage *Mortgage `json:"mortgage,omitempty"` // when bank credit is used
}

// CooperativeBuyer is a couple that will own jointly.
type CooperativeBuyer struct {
	Spouse1  Member    `json:"spouse1,omitzero"`
	Spouse2  Member    `json:"spouse2,omitzero"`
	Mortgage *Mortgage `json:"mortgage,omitempty"` // when bank credit is used
	// MarriageCertificate is a certificate or a contract. For an assignment of rights the docs' example
	// puts it into the other documents instead.
	MarriageCertificate *AppliedDocument `json:"marriageCertificate,omitempty"`
}

// RestrictedRight is whose right an encumbrance restricts: exactly one form of ownership.
type RestrictedRight struct {
	Individual  *IndividualSeller  `json:"individualOwnership,omitempty"`
	Cooperative *CooperativeSeller `json:"cooperativeOwnership,omitempty"`
}

// RestrictionHolders are in whose favour an encumbrance is.
type RestrictionHolders struct {
	Encumbrancers List[Member] `json:"encumbrancer,omitempty"` // singular on the wire; one table has a single member
}
