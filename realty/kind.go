package realty

import (
	"regexp"
	"strings"
)

// Kind is a docflow type under the name that the client sends by default; "" is an unknown one.
//
// Doc: Kontur.Reestro API docs, page "Типы документооборота".
type Kind string

// The eight docflow types.
const (
	ObjectRequestKind        Kind = "object_request"
	RightMovementKind        Kind = "right_movement_request"
	EquityAgreementKind      Kind = "equity_agreement_registration_request"
	RightAssignmentKind      Kind = "right_assignment_request"
	EncumbranceKind          Kind = "encumbrance_request" // the docs' type list prints ecumbrance_request
	EncumbranceCessationKind Kind = "cessation_encumbrance_request"
	AdditionalPackageKind    Kind = "additional_packet_request" // the type list prints additional_package_request
	ActionKind               Kind = "action_request"            // has a page, but is missing from the type list
)

// Kinds lists the eight types in the order of the docs.
func Kinds() []Kind {
	return []Kind{ObjectRequestKind, RightMovementKind, EquityAgreementKind, RightAssignmentKind,
		EncumbranceKind, EncumbranceCessationKind, AdditionalPackageKind, ActionKind}
}

// ParseKind finds the type that raw names: any spelling that the docs or the service use, whatever its
// case, hyphens and underscores. ok is false for a type that this client does not know.
func ParseKind(raw string) (kind Kind, ok bool) {
	switch strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(raw))) {
	case "objectrequest":
		return ObjectRequestKind, true
	case "rightmovementrequest":
		return RightMovementKind, true
	case "equityagreementregistrationrequest", "equityagreementrequest":
		return EquityAgreementKind, true
	case "rightassignmentrequest":
		return RightAssignmentKind, true
	case "encumbrancerequest", "ecumbrancerequest":
		return EncumbranceKind, true
	case "cessationencumbrancerequest":
		return EncumbranceCessationKind, true
	case "additionalpacketrequest", "additionalpackagerequest":
		return AdditionalPackageKind, true
	case "actionrequest":
		return ActionKind, true
	}
	return "", false
}

// Label is the Russian name of the type as the docs print it; "" for an unknown one.
func (k Kind) Label() string {
	switch k {
	case ObjectRequestKind:
		return "Запрос выписок из ЕГРН"
	case RightMovementKind:
		return "Регистрация перехода права"
	case EquityAgreementKind:
		return "Регистрация ДДУ"
	case RightAssignmentKind:
		return "Регистрация уступки права"
	case EncumbranceKind:
		return "Регистрация обременения"
	case EncumbranceCessationKind:
		return "Регистрация снятия обременения"
	case AdditionalPackageKind:
		return "Отправка дополнительного пакета"
	case ActionKind:
		return "Отправка сопроводительных запросов"
	}
	return ""
}

// guid is what tells the path of a submit from the path of a create: both are POST /docflows/{segment}.
var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// kindName is the form of a docflow type in a path; it can never match a GUID.
var kindName = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// IsGUID reports whether id has the form of every id that the service gives out.
func IsGUID(id string) bool { return guid.MatchString(id) }
