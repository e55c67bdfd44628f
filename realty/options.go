package realty

import (
	"encoding/json"
	"fmt"
)

// ObjectRequest orders an extract from the register.
//
// Doc: Kontur.Reestro API docs, page "Запрос выписки из ЕГРП", object_request.
type ObjectRequest struct {
	Type            string `json:"type,omitempty"` // info, base, ownership
	CadastralNumber string `json:"cadastralNumber,omitempty"`
}

// RightMovement registers a transfer of title.
//
// Doc: Kontur.Reestro API docs, page "Регистрация перехода права", right_movement_request.
type RightMovement struct {
	Type      string                 `json:"rightMovementType,omitempty"` // sale
	Object    RealtyObject           `json:"object,omitzero"`
	Seller    Seller                 `json:"seller,omitzero"`
	Buyer     Buyer                  `json:"buyer,omitzero"`
	Documents RightMovementDocuments `json:"appliedDocuments,omitzero"`
}

// RightMovementDocuments are the papers of a transfer.
type RightMovementDocuments struct {
	ContractOfSale *AppliedDocument      `json:"contractOfSale,omitempty"` // required
	Other          List[AppliedDocument] `json:"other,omitempty"`
}

// EquityAgreement registers an agreement of shared construction (ДДУ).
//
// Doc: Kontur.Reestro API docs, page "Регистрация ДДУ", equity_agreement_registration_request.
type EquityAgreement struct {
	Objects   List[RealtyObject]       `json:"object,omitempty"` // land plots; RAML says "objects", see Spelling
	Developer Developer                `json:"developer,omitzero"`
	Buyer     Buyer                    `json:"buyer,omitzero"`
	Documents EquityAgreementDocuments `json:"appliedDocuments,omitzero"`
}

// UnmarshalJSON also takes "objects".
func (e *EquityAgreement) UnmarshalJSON(raw []byte) error {
	type plain EquityAgreement
	var wire struct {
		plain
		Many List[RealtyObject] `json:"objects"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*e = EquityAgreement(wire.plain)
	if len(e.Objects) == 0 {
		e.Objects = wire.Many
	}
	return nil
}

// Developer builds the object under law 214-FZ.
type Developer struct {
	Member    Member              `json:"developer,omitzero"`         // an organization with a representative
	Documents *DeveloperDocuments `json:"appliedDocuments,omitempty"` // for the first agreement of an object
}

// DeveloperDocuments are the papers of the first agreement of a construction object.
type DeveloperDocuments struct {
	BuildAgreement     *AppliedDocument `json:"buildAgreement,omitempty"`     // required: разрешение на строительство
	ProjectDeclaration *AppliedDocument `json:"projectDeclaration,omitempty"` // RAML says required
	BuildPlan          *AppliedDocument `json:"buildPlan,omitempty"`          // RAML says required
}

// EquityAgreementDocuments are the papers of an agreement of shared construction.
type EquityAgreementDocuments struct {
	EquityAgreement *AppliedDocument      `json:"equityAgreement,omitempty"` // required
	Other           List[AppliedDocument] `json:"other,omitempty"`
}

// RightAssignment registers an assignment of rights: the seller is the assignor (цедент).
//
// Doc: Kontur.Reestro API docs, page "Регистрация уступки права", right_assignment_request.
type RightAssignment struct {
	Objects   List[RealtyObject]       `json:"object,omitempty"`
	Seller    Seller                   `json:"seller,omitzero"`
	Buyer     Buyer                    `json:"buyer,omitzero"`
	Documents RightAssignmentDocuments `json:"appliedDocuments,omitzero"`
}

// RightAssignmentDocuments are the papers of an assignment.
type RightAssignmentDocuments struct {
	RightTransferAgreement *AppliedDocument      `json:"rightTransferAgreement,omitempty"` // required
	Other                  List[AppliedDocument] `json:"other,omitempty"`
}

// Encumbrance registers an encumbrance.
//
// Doc: Kontur.Reestro API docs, page "Регистрация обременения", encumbrance_request.
type Encumbrance struct {
	Objects    OneOrMany[RealtyObject] `json:"object,omitempty"`
	Type       string                  `json:"encumbranceType,omitempty"` // mortgage
	Restricted RestrictedRight         `json:"whoseRightRestricted,omitzero"`
	Holders    RestrictionHolders      `json:"whoUseRestriction,omitzero"`
	Documents  EncumbranceDocuments    `json:"appliedDocuments,omitzero"`
}

// EncumbranceDocuments are the papers of an encumbrance. LoanAgreement and NotarySpouseConsent are
// fields of their own in RAML only: see [Spelling].
type EncumbranceDocuments struct {
	MortgageAgreement   *AppliedDocument      `json:"mortgageAgreement,omitempty"` // required
	LoanAgreement       *AppliedDocument      `json:"loanAgreement,omitempty"`
	NotarySpouseConsent *AppliedDocument      `json:"notarySpouseConsent,omitempty"`
	Other               List[AppliedDocument] `json:"other,omitempty"`
}

// EncumbranceCessation lifts an encumbrance.
//
// Doc: Kontur.Reestro API docs, page "Регистрация снятия обременения", cessation_encumbrance_request.
type EncumbranceCessation struct {
	Objects    OneOrMany[RealtyObject] `json:"object,omitempty"`
	Type       string                  `json:"encumbranceType,omitempty"`    // mortgage, mortgageInLaw
	Record     *Registration           `json:"registrationRecord,omitempty"` // of the encumbrance; example only
	Restricted RestrictedRight         `json:"whoseRightRestricted,omitzero"`
	Holders    RestrictionHolders      `json:"whoUseRestriction,omitzero"`
	Documents  OtherDocuments          `json:"appliedDocuments"` // {} when nothing is attached
}

// OtherDocuments are papers without a field of their own.
type OtherDocuments struct {
	Other List[AppliedDocument] `json:"other,omitempty"`
}

// AdditionalPackage sends more documents for a running docflow.
//
// Doc: Kontur.Reestro API docs, page "Отправка дополнительного пакета", additional_packet_request.
type AdditionalPackage struct {
	DocflowID DocflowID                `json:"docflowId,omitempty"`
	Documents List[AdditionalDocument] `json:"additionalDocuments,omitempty"`
}

// AdditionalDocument is what one party sends.
type AdditionalDocument struct {
	Member    Member                `json:"docflowMember,omitzero"`
	Documents List[AppliedDocument] `json:"documents,omitempty"`
}

// Action cancels, suspends or resumes a docflow. The service may refuse the type as a whole.
//
// Doc: Kontur.Reestro API docs, page "Отправка сопроводительных запросов", action_request.
type Action struct {
	Type      string                `json:"actionType,omitempty"` // cancel, suspend, resume
	DocflowID DocflowID             `json:"docflowId,omitempty"`
	Cause     string                `json:"cause,omitempty"`
	Members   List[Member]          `json:"docflowMember,omitempty"` // an array in spite of its name
	Documents List[AppliedDocument] `json:"documents,omitempty"`     // one page says "document", see Spelling
}

// UnmarshalJSON also takes "document".
func (a *Action) UnmarshalJSON(raw []byte) error {
	type plain Action
	var wire struct {
		plain
		Document List[AppliedDocument] `json:"document"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*a = Action(wire.plain)
	if len(a.Documents) == 0 {
		a.Documents = wire.Document
	}
	return nil
}

// ReadOptions reads options, or a part of them such as a [Person], in any of the forms that the docs
// print. Numbers stand for their text, null for no field.
func ReadOptions[T any](raw []byte) (T, error) {
	var value T
	texts, err := scalarsToText(raw)
	if err == nil {
		err = json.Unmarshal(texts, &value)
	}
	if err != nil {
		return value, fmt.Errorf("realty: options: %w", err)
	}
	return value, nil
}
