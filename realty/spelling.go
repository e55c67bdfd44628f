package realty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Spelling holds the choices of names and forms in create bodies that the vendor's pages contradict
// each other about. The zero value is the form that the pages' examples use most; it has to be changed
// only when the service proves them wrong.
type Spelling struct {
	// Numerator and Denominator name the halves of a share; "" means "numerator" and "denominator". The
	// Share page prints "denominator" for the numerator and "denumerator" for the denominator.
	Numerator, Denominator string
	// ActionDocuments names the documents of an action_request: "documents" (RAML), or "document" (page).
	ActionDocuments string
	// EquityObjects names the objects of a shared construction agreement: "object", or "objects" (RAML).
	EquityObjects string
	// CessationObjectArray sends the object of a lifted encumbrance as an array even when it is one.
	CessationObjectArray bool
	// EncumbranceExtraFields keeps loanAgreement and notarySpouseConsent of an encumbrance in fields of
	// their own (RAML). By default they are moved into the other documents.
	EncumbranceExtraFields bool
	// DwellingPurpose is the usagePurpose of a dwelling: "dwellingAppartment" (Object page), or
	// "dwellingApartment" (the linked example).
	DwellingPurpose string
}

// NewCreateBody makes the body of [Client.Create] with the default [Spelling]. options is a struct of
// this package or a tree of maps and slices; requestID is the caller's own id, unique for each filing,
// by which a filing is found again when its answer is lost.
func NewCreateBody(requestID string, options any) ([]byte, error) {
	return createBody(requestID, options, nil)
}

// CreateBody is [NewCreateBody] with this spelling.
func (s Spelling) CreateBody(kind Kind, requestID string, options any) ([]byte, error) {
	return createBody(requestID, options, func(tree map[string]any) { s.apply(kind, tree) })
}

func createBody(requestID string, options any, respell func(map[string]any)) ([]byte, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("realty: create body: %w", err)
	}
	node, err := decodeTree(raw)
	if err != nil {
		return nil, fmt.Errorf("realty: create body: %w", err)
	}
	tree, ok := node.(map[string]any)
	if !ok {
		return nil, errors.New("realty: create body: options is not an object")
	}
	if respell != nil {
		respell(tree)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // names and addresses stay readable in what is stored
	err = encoder.Encode(struct {
		RequestID string         `json:"requestId,omitempty"`
		Options   map[string]any `json:"options"`
	}{requestID, tree})
	if err != nil {
		return nil, fmt.Errorf("realty: create body: %w", err)
	}
	return bytes.TrimSpace(body.Bytes()), nil
}

func (s Spelling) apply(kind Kind, tree map[string]any) {
	s.walk(tree)
	switch kind {
	case ActionKind:
		rename(tree, "documents", s.ActionDocuments)
	case EquityAgreementKind:
		rename(tree, "object", s.EquityObjects)
	case EncumbranceCessationKind:
		if one, single := tree["object"].(map[string]any); single && s.CessationObjectArray {
			tree["object"] = []any{one}
		}
	case RightAssignmentKind:
		marriageIntoOther(tree)
	case EncumbranceKind:
		if documents, ok := tree["appliedDocuments"].(map[string]any); ok && !s.EncumbranceExtraFields {
			moveIntoOther(documents, "loanAgreement", "notarySpouseConsent")
		}
	}
}

// walk renames what may occur anywhere in a tree.
func (s Spelling) walk(node any) {
	switch value := node.(type) {
	case []any:
		for _, child := range value {
			s.walk(child)
		}
	case map[string]any:
		switch value["usagePurpose"] {
		case "dwellingAppartment", "dwellingApartment":
			value["usagePurpose"] = or(s.DwellingPurpose, "dwellingAppartment")
		}
		if fraction, ok := value["share"].(map[string]any); ok {
			s.fraction(fraction)
		}
		for _, child := range value {
			s.walk(child)
		}
	}
}

// fraction renames both halves at once: the docs' pairs of names overlap.
func (s Spelling) fraction(share map[string]any) {
	top, hasTop := share["numerator"]
	bottom, hasBottom := share["denominator"]
	if !hasTop || !hasBottom {
		return
	}
	delete(share, "numerator")
	delete(share, "denominator")
	share[or(s.Numerator, "numerator")] = top
	share[or(s.Denominator, "denominator")] = bottom
}

func rename(tree map[string]any, from, to string) {
	if value, ok := tree[from]; ok && to != "" && to != from {
		delete(tree, from)
		tree[to] = value
	}
}

// moveIntoOther appends named documents to the other ones; they keep their documentType.
func moveIntoOther(documents map[string]any, names ...string) {
	others, isList := documents["other"].([]any)
	if documents["other"] != nil && !isList {
		others = []any{documents["other"]}
	}
	for _, name := range names {
		document, ok := documents[name].(map[string]any)
		if !ok {
			continue
		}
		if _, named := document["documentType"]; !named {
			document["documentType"] = name
		}
		others = append(others, document)
		delete(documents, name)
	}
	if len(others) > 0 {
		documents["other"] = others
	}
}

// marriageIntoOther puts the certificate of an assignee couple where the docs' one example of an assignment has it; only
// RAML gives it a field of its own there.
func marriageIntoOther(tree map[string]any) {
	buyer, _ := tree["buyer"].(map[string]any)
	couple, _ := buyer["cooperativeOwnership"].(map[string]any)
	certificate, ok := couple["marriageCertificate"]
	if !ok {
		return
	}
	documents, ok := tree["appliedDocuments"].(map[string]any)
	if !ok {
		return // the service wants the papers: let it say so
	}
	documents["marriageCertificate"] = certificate
	moveIntoOther(documents, "marriageCertificate")
	delete(couple, "marriageCertificate")
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
