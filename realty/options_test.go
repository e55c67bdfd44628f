package realty_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

// readWrite decodes options of one type and encodes them again.
type readWrite func(raw []byte) (any, error)

func typed[T any](raw []byte) (any, error) { return realty.ReadOptions[T](raw) }

// TestRoundTrip reads every create body of the docs and writes it again: nothing but what the docs
// themselves call a slip may be lost.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]readWrite{
		"object_request.json":                        typed[realty.ObjectRequest],
		"right_movement_request.json":                typed[realty.RightMovement],
		"right_movement_request.2.json":              typed[realty.RightMovement],
		"right_movement_request.3.json":              typed[realty.RightMovement],
		"equity_agreement_registration_request.json": typed[realty.EquityAgreement],
		"right_assignment_request.json":              typed[realty.RightAssignment],
		"encumbrance_request.json":                   typed[realty.Encumbrance],
		"cessation_encumbrance_request.json":         typed[realty.EncumbranceCessation],
		"additional_packet_request.json":             typed[realty.AdditionalPackage],
		"action_request.json":                        typed[realty.Action],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var envelope struct {
				RequestID string
				Options   json.RawMessage
			}
			require.NoError(t, json.Unmarshal(file(t, name), &envelope))
			options, err := read(envelope.Options)
			require.NoError(t, err)
			body, err := realty.NewCreateBody(envelope.RequestID, options)
			require.NoError(t, err)

			want := tree(t, file(t, name)).(map[string]any)
			dropSlips(want)
			if name == "cessation_encumbrance_request.json" {
				want["options"].(map[string]any)["appliedDocuments"] = map[string]any{} // the table requires it
			}
			require.Equal(t, want, tree(t, body))
		})
	}
}

// dropSlips removes what the docs' examples carry and no page names: a second type of an identity
// document, and a type of a proof of ownership.
func dropSlips(node any) {
	switch value := node.(type) {
	case []any:
		for _, child := range value {
			dropSlips(child)
		}
	case map[string]any:
		if value["type"] == "russPasport" {
			delete(value, "type")
		}
		if value["objectType"] == "object" {
			delete(value, "objectType")
		}
		for _, child := range value {
			dropSlips(child)
		}
	}
}

func TestSharedObjectsRoundTrip(t *testing.T) {
	t.Parallel()
	type holder struct {
		Address  *realty.Address          `json:"address,omitempty"`
		Document *realty.AppliedDocument  `json:"appliedDocuments,omitempty"`
		Identity *realty.IdentityDocument `json:"identityDocument,omitempty"`
		Person   *realty.Person           `json:"person,omitempty"`
	}
	for name, read := range map[string]readWrite{
		"fragment.address-fias.json":       typed[holder],
		"fragment.address-structured.json": typed[holder],
		"fragment.applied-document.json":   typed[holder],
		"fragment.identity-document.json":  typed[holder],
		"fragment.person.json":             typed[holder],
		"fragment.object.json":             typed[realty.RealtyObject],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value, err := read(file(t, name))
			require.NoError(t, err)
			raw, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, string(file(t, name)), string(raw))
		})
	}
}

func TestOrganisationIsRead(t *testing.T) {
	t.Parallel()
	member, err := realty.ReadOptions[realty.Member](file(t, "fragment.organization.json"))
	require.NoError(t, err)
	require.Equal(t, "Тестовый Банк", member.Organization.Name)
	raw, err := json.Marshal(member)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"organization"`)
}

// TestTolerantOptions reads each form that the docs print and compares what is written instead.
func TestTolerantOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		read      readWrite
		raw, want string
	}{
		"a Latin hectare":             {typed[realty.RealtyObject], `{"area":{"value":"1","unit":"гa"}}`, `{"area":{"value":"1","unit":"га"}}`},
		"a court's decision":          {typed[realty.AppliedDocument], `{"documentType":"lawAgreement"}`, `{"documentType":"lowAgreement"}`},
		"one object in an array":      {typed[realty.RightMovement], `{"object":[{"objectType":"flat"}]}`, `{"object":{"objectType":"flat"}}`},
		"equity, objects":             {typed[realty.EquityAgreement], `{"objects":[{"objectType":"flat"}]}`, `{"object":[{"objectType":"flat"}]}`},
		"equity, one objects":         {typed[realty.EquityAgreement], `{"objects":{"objectType":"flat"}}`, `{"object":[{"objectType":"flat"}]}`},
		"equity, one object":          {typed[realty.EquityAgreement], `{"object":{"objectType":"flat"}}`, `{"object":[{"objectType":"flat"}]}`},
		"assignment, one object":      {typed[realty.RightAssignment], `{"object":{"objectType":"flat"}}`, `{"object":[{"objectType":"flat"}]}`},
		"encumbrance, one in a list":  {typed[realty.Encumbrance], `{"object":[{"objectType":"flat"}]}`, `{"object":{"objectType":"flat"}}`},
		"one encumbrancer":            {typed[realty.RestrictionHolders], `{"encumbrancer":{"person":{"name":"И"}}}`, `{"encumbrancer":[{"person":{"name":"И"}}]}`},
		"cessation, two objects":      {typed[realty.OneOrMany[realty.RealtyObject]], `[{"objectType":"flat"},{"objectType":"room"}]`, `[{"objectType":"flat"},{"objectType":"room"}]`},
		"action, document":            {typed[realty.Action], `{"document":{"documentType":"other"},"docflowMember":[]}`, `{"documents":[{"documentType":"other"}]}`},
		"action, one member":          {typed[realty.Action], `{"docflowMember":{"person":{"name":"И"}}}`, `{"docflowMember":[{"person":{"name":"И"}}]}`},
		"additional documents single": {typed[realty.AdditionalPackage], `{"additionalDocuments":{"documents":{"number":"1"}}}`, `{"additionalDocuments":[{"documents":[{"number":"1"}]}]}`},
		"hero":                        {typed[realty.Member], `{"benefitCategory":"ussrHero"}`, `{"benefitCategory":"usssrHero"}`},
		"city under type":             {typed[realty.Address], `{"city":{"type":"г","name":"Н"}}`, `{"city":{"abbreviation":"г","name":"Н"}}`},
		"house under abbreviation":    {typed[realty.Address], `{"house":{"abbreviation":"д","name":14}}`, `{"house":{"type":"д","name":"14"}}`},
		"pointers":                    {typed[realty.ContentInfo], `{"type":"pdf","contentPointer":[{"id":"a"},{"id":"b"}]}`, `{"type":"pdf","contentPointer":{"id":"a"}}`},
		"no pointers":                 {typed[realty.ContentInfo], `{"type":"pdf","contentPointer":[]}`, `{"type":"pdf"}`},
		"attorney, content":           {typed[realty.Attorney], `{"type":"powerOfAttorney","appliedDocument":{"info":{"type":"pdf"}}}`, `{"type":"powerOfAttorney","appliedDocument":{"info":{"type":"pdf"}}}`},
		"attorney, whole document":    {typed[realty.Attorney], `{"appliedDocument":{"documentType":"powerOfAttorney","content":{"info":{"type":"pdf"}}}}`, `{"appliedDocument":{"info":{"type":"pdf"}}}`},
		"attorney, nothing":           {typed[realty.Attorney], `{"type":7}`, `{"type":"7"}`},
		"fraction of numbers":         {typed[realty.Fraction], `{"numerator":1,"denominator":2}`, `{"numerator":"1","denominator":"2"}`},
		"fraction, older":             {typed[realty.Fraction], `{"numerator":"1","denumerator":"2"}`, `{"numerator":"1","denominator":"2"}`},
		"fraction, page":              {typed[realty.Fraction], `{"denominator":"1","denumerator":"2"}`, `{"numerator":"1","denominator":"2"}`},
		"fraction, empty":             {typed[realty.Fraction], `{}`, `{}`},
		"nulls":                       {typed[realty.Person], `{"name":null,"address":null,"identityDocument":null}`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value, err := tc.read([]byte(tc.raw))
			require.NoError(t, err)
			raw, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, tc.want, string(raw))
		})
	}
}

func TestUnreadableOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		read readWrite
		raw  string
	}{
		"fraction of three":   {typed[realty.Fraction], `{"numerator":"1","denominator":"2","denumerator":"2"}`},
		"half a fraction":     {typed[realty.Fraction], `{"denumerator":"2"}`},
		"several objects":     {typed[realty.RightMovement], `{"object":[{},{}]}`},
		"no objects":          {typed[realty.RightMovement], `{"object":[]}`},
		"object of a text":    {typed[realty.RightMovement], `{"object":["x"]}`},
		"text for a member":   {typed[realty.Member], `"x"`},
		"text for a house":    {typed[realty.Address], `{"house":"14"}`},
		"text for an element": {typed[realty.Address], `{"city":"г"}`},
		"text for a pointer":  {typed[realty.ContentPointer], `"x"`},
		"text for a paper":    {typed[realty.Attorney], `{"appliedDocument":"x"}`},
		"text for a fraction": {typed[realty.Fraction], `"1/2"`},
		"text for options":    {typed[realty.Action], `"x"`},
		"text for equity":     {typed[realty.EquityAgreement], `"x"`},
		"two documents":       {typed[realty.ObjectRequest], `{} {}`},
		"cut":                 {typed[realty.ObjectRequest], `{`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.read([]byte(tc.raw))
			require.ErrorContains(t, err, "realty: options: ")
		})
	}
}

func TestSpelling(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spelling  realty.Spelling
		kind      realty.Kind
		raw, want string
	}{
		"as it is": {realty.Spelling{}, realty.RightMovementKind, `{"a":[{"share":{"numerator":"1","denominator":"2"}}],"n":1.50}`, `{"a":[{"share":{"numerator":"1","denominator":"2"}}],"n":1.50}`},
		"share, page": {realty.Spelling{Numerator: "denominator", Denominator: "denumerator"}, realty.RightMovementKind,
			`{"buyer":{"shares":[{"share":{"numerator":"1","denominator":"3"}}]}}`, `{"buyer":{"shares":[{"share":{"denominator":"1","denumerator":"3"}}]}}`},
		"share, older": {realty.Spelling{Denominator: "denumerator"}, realty.RightMovementKind,
			`{"share":{"numerator":"1","denominator":"3"}}`, `{"share":{"numerator":"1","denumerator":"3"}}`},
		"share, foreign names": {realty.Spelling{Denominator: "denumerator"}, realty.RightMovementKind,
			`{"share":{"denominator":"1","denumerator":"3"}}`, `{"share":{"denominator":"1","denumerator":"3"}}`},
		"action":             {realty.Spelling{ActionDocuments: "document"}, realty.ActionKind, `{"documents":[1]}`, `{"document":[1]}`},
		"action, none":       {realty.Spelling{ActionDocuments: "document"}, realty.ActionKind, `{"cause":"x"}`, `{"cause":"x"}`},
		"action elsewhere":   {realty.Spelling{ActionDocuments: "document"}, realty.AdditionalPackageKind, `{"documents":[1]}`, `{"documents":[1]}`},
		"equity":             {realty.Spelling{EquityObjects: "objects"}, realty.EquityAgreementKind, `{"object":[1]}`, `{"objects":[1]}`},
		"cessation":          {realty.Spelling{CessationObjectArray: true}, realty.EncumbranceCessationKind, `{"object":{"a":1}}`, `{"object":[{"a":1}]}`},
		"cessation, many":    {realty.Spelling{CessationObjectArray: true}, realty.EncumbranceCessationKind, `{"object":[1,2]}`, `{"object":[1,2]}`},
		"cessation, default": {realty.Spelling{}, realty.EncumbranceCessationKind, `{"object":{"a":1}}`, `{"object":{"a":1}}`},
		"dwelling":           {realty.Spelling{}, realty.RightMovementKind, `{"object":{"usagePurpose":"dwellingApartment"}}`, `{"object":{"usagePurpose":"dwellingAppartment"}}`},
		"dwelling, other":    {realty.Spelling{DwellingPurpose: "dwellingApartment"}, realty.RightMovementKind, `{"usagePurpose":"dwellingAppartment"}`, `{"usagePurpose":"dwellingApartment"}`},
		"office":             {realty.Spelling{}, realty.RightMovementKind, `{"usagePurpose":"office"}`, `{"usagePurpose":"office"}`},
		"assignee couple": {realty.Spelling{}, realty.RightAssignmentKind,
			`{"buyer":{"cooperativeOwnership":{"marriageCertificate":{"number":"1"},"spouse1":1}},"appliedDocuments":{"rightTransferAgreement":{}}}`,
			`{"buyer":{"cooperativeOwnership":{"spouse1":1}},"appliedDocuments":{"rightTransferAgreement":{},"other":[{"documentType":"marriageCertificate","number":"1"}]}}`},
		"assignee couple, no papers": {realty.Spelling{}, realty.RightAssignmentKind,
			`{"buyer":{"cooperativeOwnership":{"marriageCertificate":{}}}}`, `{"buyer":{"cooperativeOwnership":{"marriageCertificate":{}}}}`},
		"buyer couple": {realty.Spelling{}, realty.RightMovementKind,
			`{"buyer":{"cooperativeOwnership":{"marriageCertificate":{}}},"appliedDocuments":{}}`,
			`{"buyer":{"cooperativeOwnership":{"marriageCertificate":{}}},"appliedDocuments":{}}`},
		"extra papers": {realty.Spelling{}, realty.EncumbranceKind,
			`{"appliedDocuments":{"mortgageAgreement":1,"loanAgreement":{"documentType":"loanAgreement"},"notarySpouseConsent":{"number":"5"},"other":[{"a":1}]}}`,
			`{"appliedDocuments":{"mortgageAgreement":1,"other":[{"a":1},{"documentType":"loanAgreement"},{"number":"5","documentType":"notarySpouseConsent"}]}}`},
		"extra papers, single other": {realty.Spelling{}, realty.EncumbranceKind, `{"appliedDocuments":{"loanAgreement":{},"other":{"a":1}}}`,
			`{"appliedDocuments":{"other":[{"a":1},{"documentType":"loanAgreement"}]}}`},
		"extra papers, kept": {realty.Spelling{EncumbranceExtraFields: true}, realty.EncumbranceKind, `{"appliedDocuments":{"loanAgreement":{}}}`, `{"appliedDocuments":{"loanAgreement":{}}}`},
		"no extra papers":    {realty.Spelling{}, realty.EncumbranceKind, `{"appliedDocuments":{"mortgageAgreement":{}}}`, `{"appliedDocuments":{"mortgageAgreement":{}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newService(t, answer{status: 200}).client(realty.WithSpelling(tc.spelling))
			body, err := client.Spelling().CreateBody(tc.kind, "r1", json.RawMessage(tc.raw))
			require.NoError(t, err)
			require.JSONEq(t, `{"requestId":"r1","options":`+tc.want+`}`, string(body))
		})
	}
}

func TestCreateBody(t *testing.T) {
	t.Parallel()
	body, err := realty.NewCreateBody("r&1", realty.ObjectRequest{Type: "info", CadastralNumber: "47:14:1203001:814"})
	require.NoError(t, err)
	require.Equal(t, `{"requestId":"r&1","options":{"cadastralNumber":"47:14:1203001:814","type":"info"}}`, string(body))
	for name, options := range map[string]any{"nil": nil, "list": []int{1}, "channel": make(chan int), "cut": json.RawMessage("{")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := realty.NewCreateBody("r", options)
			require.ErrorContains(t, err, "realty: create body: ")
		})
	}
}

func FuzzOptions(f *testing.F) {
	for _, name := range []string{"right_movement_request.json", "right_movement_request.2.json", "right_movement_request.3.json"} {
		var envelope struct{ Options json.RawMessage }
		require.NoError(f, json.Unmarshal(file(f, name), &envelope))
		f.Add([]byte(envelope.Options))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		first, err := realty.ReadOptions[realty.RightMovement](raw)
		if err != nil {
			return
		}
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		again, err := realty.ReadOptions[realty.RightMovement](written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		rewritten, err := json.Marshal(again)
		if err != nil || string(rewritten) != string(written) {
			t.Fatalf("%s became %s (%v)", written, rewritten, err)
		}
	})
}
