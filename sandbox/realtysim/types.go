package realtysim

import (
	"strings"
)

// Docflow types by their wire names.
const (
	TypeObject      = "object_request"
	TypeMovement    = "right_movement_request"
	TypeEquity      = "equity_agreement_registration_request"
	TypeAssignment  = "right_assignment_request"
	TypeEncumbrance = "encumbrance_request"
	TypeCessation   = "cessation_encumbrance_request"
	TypePacket      = "additional_packet_request"
	TypeAction      = "action_request"
)

// States by their wire names.
const (
	StateQueued    = "queued"
	StateVerified  = "verified"
	StateSent      = "sent"
	StateSuspended = "suspended"
	StateCompleted = "completed"
	StateError     = "error"
)

// canonicalType resolves a type name of a path: lower-case, without _ and -, then the table of section 5.1.
// primary_right_request stays unknown on purpose (N4).
func canonicalType(name string) (string, bool) {
	switch strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)) {
	case "objectrequest":
		return TypeObject, true
	case "rightmovementrequest":
		return TypeMovement, true
	case "equityagreementregistrationrequest", "equityagreementrequest":
		return TypeEquity, true
	case "rightassignmentrequest":
		return TypeAssignment, true
	case "encumbrancerequest", "ecumbrancerequest":
		return TypeEncumbrance, true
	case "cessationencumbrancerequest":
		return TypeCessation, true
	case "additionalpacketrequest", "additionalpackagerequest":
		return TypePacket, true
	case "actionrequest":
		return TypeAction, true
	}
	return "", false
}

// camel turns a wire name into the form that error targets use: object_request into objectRequest (N5).
func camel(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// registration tells the types that participants sign and that end with an archive.
func registration(typ string) bool {
	switch typ {
	case TypeMovement, TypeEquity, TypeAssignment, TypeEncumbrance, TypeCessation:
		return true
	}
	return false
}

func final(state string) bool { return state == StateCompleted || state == StateError }
