package realtysim_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/realtysim"
)

// edit sets the value at a dotted path of a JSON body; nil deletes.
func edit(t *testing.T, body []byte, path string, value any) []byte {
	t.Helper()
	var root any
	require.NoError(t, json.Unmarshal(body, &root))
	keys := strings.Split(path, ".")
	at := root
	for _, key := range keys[:len(keys)-1] {
		if i, err := strconv.Atoi(key); err == nil {
			at = at.([]any)[i]
			continue
		}
		at = at.(map[string]any)[key]
	}
	last := keys[len(keys)-1]
	if i, err := strconv.Atoi(last); err == nil {
		at.([]any)[i] = value
	} else if value == nil {
		delete(at.(map[string]any), last)
	} else {
		at.(map[string]any)[last] = value
	}
	out, err := json.Marshal(root)
	require.NoError(t, err)
	return out
}

const (
	seller = "options.seller.individualOwnership.owner.person"
	share  = "options.buyer.sharedOwnership.shares.0"
	bank   = "options.whoUseRestriction.encumbrancer.0"
)

// One change to a printed body and the target that the 400 must name.
func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file, path string
		value      any
		target     string
	}{
		"options missing":         {"object_request", "options", nil, "objectRequest.options"},
		"options not an object":   {"object_request", "options", "x", "objectRequest.options"},
		"request id not a string": {"object_request", "requestId", 5, "objectRequest.requestId"},
		"number missing":          {"object_request", "options.cadastralNumber", nil, "objectRequest.options.cadastralNumber"},
		"number empty":            {"object_request", "options.cadastralNumber", "", "objectRequest.options.cadastralNumber"},
		"number of three parts":   {"object_request", "options.cadastralNumber", "47:14:abc", "objectRequest.options.cadastralNumber"},
		"number with hyphens":     {"object_request", "options.cadastralNumber", "47-14-1203001-814", "objectRequest.options.cadastralNumber"},
		"withdrawn extract":       {"object_request", "options.type", "agreement", "objectRequest.options.type"},

		"ground":            {"right_movement_request", "options.rightMovementType", "gift", "rightMovementRequest.options.rightMovementType"},
		"no object":         {"right_movement_request", "options.object", nil, "rightMovementRequest.options.object"},
		"two objects":       {"right_movement_request", "options.object", []any{map[string]any{}, map[string]any{}}, "rightMovementRequest.options.object"},
		"object type":       {"right_movement_request", "options.object.objectType", "house", "rightMovementRequest.options.object.objectType"},
		"area unit":         {"right_movement_request", "options.object.area.unit", "m2", "rightMovementRequest.options.object.area.unit"},
		"registration date": {"right_movement_request", "options.object.registration.date", "11.12.2001", "rightMovementRequest.options.object.registration.date"},
		"empty address":     {"right_movement_request", "options.object.address", map[string]any{"note": "x"}, "rightMovementRequest.options.object.address"},
		"house word":        {"right_movement_request", "options.object.address.house.type", "дом", "rightMovementRequest.options.object.address.house.type"},
		"street without a type word": {"right_movement_request", "options.object.address.street.abbreviation", nil,
			"rightMovementRequest.options.object.address.street.abbreviation"},
		"no seller":             {"right_movement_request", "options.seller.individualOwnership", nil, "rightMovementRequest.options.seller"},
		"no person":             {"right_movement_request", seller, nil, "rightMovementRequest." + strings.TrimSuffix(seller, ".person")},
		"name":                  {"right_movement_request", seller + ".name", nil, "rightMovementRequest." + seller + ".name"},
		"birth date":            {"right_movement_request", seller + ".dateBirth", "1971-13-10", "rightMovementRequest." + seller + ".dateBirth"},
		"third hyphen in SNILS": {"right_movement_request", seller + ".snils", "000-000-000-55", "rightMovementRequest." + seller + ".snils"},
		"gender":                {"right_movement_request", seller + ".gender", "m", "rightMovementRequest." + seller + ".gender"},
		"passport type":         {"right_movement_request", seller + ".identityDocument.documentType", "passport", "rightMovementRequest." + seller + ".identityDocument.documentType"},
		"issuer code":           {"right_movement_request", seller + ".identityDocument.issuer.code", "50-005", "rightMovementRequest." + seller + ".identityDocument.issuer.code"},
		"issuer name":           {"right_movement_request", seller + ".identityDocument.issuer.name", "", "rightMovementRequest." + seller + ".identityDocument.issuer.name"},
		"benefit":               {"right_movement_request", "options.seller.individualOwnership.owner.benefitCategory", "hero", "rightMovementRequest.options.seller.individualOwnership.owner.benefitCategory"},
		"no shares":             {"right_movement_request", "options.buyer.sharedOwnership.shares", []any{}, "rightMovementRequest.options.buyer.sharedOwnership.shares"},
		"fraction without top":  {"right_movement_request", share + ".share", map[string]any{"denominator": "2"}, "rightMovementRequest.options.buyer.sharedOwnership.shares[0].share.numerator"},
		"fraction without bottom": {"right_movement_request", share + ".share", map[string]any{"numerator": "2"},
			"rightMovementRequest.options.buyer.sharedOwnership.shares[0].share.denominator"},
		"no contract":        {"right_movement_request", "options.appliedDocuments.contractOfSale", nil, "rightMovementRequest.options.appliedDocuments.contractOfSale"},
		"document type":      {"right_movement_request", "options.appliedDocuments.contractOfSale.documentType", "contract", "rightMovementRequest.options.appliedDocuments.contractOfSale.documentType"},
		"no content":         {"right_movement_request", "options.appliedDocuments.contractOfSale.content", nil, "rightMovementRequest.options.appliedDocuments.contractOfSale.content"},
		"unknown content":    {"right_movement_request", "options.appliedDocuments.contractOfSale.content.info.contentPointer.id", strangers, "rightMovementRequest.options.appliedDocuments.contractOfSale.content.info.contentPointer.id"},
		"content type":       {"right_movement_request", "options.appliedDocuments.contractOfSale.content.info.type", "doc", "rightMovementRequest.options.appliedDocuments.contractOfSale.content.info.type"},
		"uploaded as pdf":    {"right_movement_request", "options.appliedDocuments.contractOfSale.content.info.type", "xml", "rightMovementRequest.options.appliedDocuments.contractOfSale.content.info.contentPointer.id"},
		"unknown signature":  {"right_movement_request", "options.appliedDocuments.contractOfSale.content.signatures.0.id", strangers, "rightMovementRequest.options.appliedDocuments.contractOfSale.content.signatures[0].id"},
		"evidence documents": {"right_movement_request", "options.seller.evidenceOfOwnership.documents", nil, "rightMovementRequest.options.seller.evidenceOfOwnership.documents"},

		"one spouse": {"right_movement_request.2", "options.seller.cooperativeOwnership.spouse2", nil, "rightMovementRequest.options.seller.cooperativeOwnership.spouse2"},
		"bond without appraisal": {"right_movement_request.2", "options.buyer.individualOwnership.mortgage.evaluationReport", nil,
			"rightMovementRequest.options.buyer.individualOwnership.mortgage.evaluationReport"},
		"two ways of buying": {"right_movement_request.2", "options.buyer.sharedOwnership", map[string]any{"shares": []any{}}, "rightMovementRequest.options.buyer"},

		"no developer":       {"equity_agreement_registration_request", "options.developer.developer", nil, "equityAgreementRegistrationRequest.options.developer.developer"},
		"no equity contract": {"equity_agreement_registration_request", "options.appliedDocuments.equityAgreement", nil, "equityAgreementRegistrationRequest.options.appliedDocuments.equityAgreement"},
		"no plots":           {"equity_agreement_registration_request", "options.object", []any{}, "equityAgreementRegistrationRequest.options.object"},
		"no assignment":      {"right_assignment_request", "options.appliedDocuments.rightTransferAgreement", nil, "rightAssignmentRequest.options.appliedDocuments.rightTransferAgreement"},

		"encumbrance by law":  {"encumbrance_request", "options.encumbranceType", "mortgageInLaw", "encumbranceRequest.options.encumbranceType"},
		"shares of an owner":  {"encumbrance_request", "options.whoseRightRestricted", map[string]any{"sharedOwnership": map[string]any{}}, "encumbranceRequest.options.whoseRightRestricted"},
		"INN":                 {"encumbrance_request", bank + ".organization.inn", "123", "encumbranceRequest.options.whoUseRestriction.encumbrancer[0].organization.inn"},
		"KPP":                 {"encumbrance_request", bank + ".organization.kpp", "6608500010", "encumbranceRequest.options.whoUseRestriction.encumbrancer[0].organization.kpp"},
		"nobody for the bank": {"encumbrance_request", bank + ".representative", nil, "encumbranceRequest.options.whoUseRestriction.encumbrancer[0].representative"},
		"representative type": {"encumbrance_request", bank + ".representative.representativeType", "boss", "encumbranceRequest.options.whoUseRestriction.encumbrancer[0].representative.representativeType"},
		"person and bank":     {"encumbrance_request", bank + ".person", map[string]any{"name": "x"}, "encumbranceRequest.options.whoUseRestriction.encumbrancer[0]"},
		"no pledge holder":    {"encumbrance_request", "options.whoUseRestriction.encumbrancer", []any{}, "encumbranceRequest.options.whoUseRestriction.encumbrancer"},
		"attorney without type": {"cessation_encumbrance_request", bank + ".representative.attorney.type", nil,
			"cessationEncumbranceRequest.options.whoUseRestriction.encumbrancer[0].representative.attorney.type"},
		"attorney without paper": {"cessation_encumbrance_request", bank + ".representative.attorney.appliedDocument", nil,
			"cessationEncumbranceRequest.options.whoUseRestriction.encumbrancer[0].representative.attorney.appliedDocument"},

		"unknown parent": {"additional_packet_request", "options.docflowId", strangers, "additionalPacketRequest.options.docflowId"},
		"empty packet":   {"additional_packet_request", "options.additionalDocuments.0.documents", nil, "additionalPacketRequest.options.additionalDocuments[0].documents"},
		"action":         {"action_request", "options.actionType", "stop", "actionRequest.options.actionType"},
		"no cause":       {"action_request", "options.cause", nil, "actionRequest.options.cause"},
		"nobody asks":    {"action_request", "options.docflowMember", nil, "actionRequest.options.docflowMember"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			typ, _, _ := strings.Cut(tc.file, ".")
			a := r.create(typ, edit(t, r.example(tc.file+".json"), tc.path, tc.value))
			require.Equal(t, 400, a.status, a.text())
			require.Equal(t, "validation", a.at("code"))
			var targets []string
			for _, e := range a.at("errors").([]any) {
				targets = append(targets, e.(map[string]any)["target"].(string))
			}
			require.Contains(t, targets, tc.target)
			require.Empty(t, r.sim.Docflows(), "a refused create leaves nothing behind")
		})
	}
}

// Variants that the contract page wants accepted.
func TestToleratedOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file, path string
		value      any
	}{
		"swapped fraction names": {"right_movement_request", share + ".share", map[string]any{"denominator": "1", "denumerator": "2"}},
		"numbers in a fraction":  {"right_movement_request", share + ".share", map[string]any{"numerator": 1, "denumerator": 2}},
		"old hero":               {"right_movement_request", share + ".owner.benefitCategory", "ussrHero"},
		"latin hectare":          {"right_movement_request", "options.object.area.unit", "гa"},
		"type at every level":    {"right_movement_request", "options.object.address.city", map[string]any{"type": "г", "name": "Омск"}},
		"no signatures":          {"right_movement_request", "options.appliedDocuments.contractOfSale.content.signatures", nil},
		"pointer in an array":    {"right_movement_request", "options.appliedDocuments.contractOfSale.content.info.contentPointer", []any{map[string]any{"id": "4bbfef7f-725f-43a6-bf5a-fb4c85c0ccc8"}}},
		"no loan agreement":      {"right_movement_request.2", "options.buyer.individualOwnership.mortgage.loanAgreement", nil},
		"foreign number":         {"object_request", "options.cadastralNumber", " 47:14:1203001:А-1 "},
		"null request id":        {"object_request", "requestId", nil},
		"single holder":          {"encumbrance_request", "options.object", []any{map[string]any{"objectType": "flat", "cadastralNumber": "1:2:3:4", "address": map[string]any{"region": "x"}}}},
		"law":                    {"right_movement_request", "options.seller.evidenceOfOwnership.documents.0.documentType", "lawAgreement"},
		"no one in favour":       {"cessation_encumbrance_request", "options.whoUseRestriction", nil},
		"nothing applied":        {"cessation_encumbrance_request", "options.appliedDocuments", map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, realtysim.Config{})
			typ, _, _ := strings.Cut(tc.file, ".")
			a := r.create(typ, edit(t, r.example(tc.file+".json"), tc.path, tc.value))
			require.Less(t, a.status, 300, a.text())
		})
	}
}

func TestToleratedKeys(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	bank := strings.Replace(string(r.example("encumbrance_request.json")), `"organization"`, `"organisation"`, 1)
	require.Equal(t, 201, r.create("encumbranceRequest", []byte(bank)).status)
	plots := strings.Replace(string(r.example("equity_agreement_registration_request.json")), `"object"`, `"objects"`, 1)
	require.Equal(t, 201, r.create("equityagreement_request", []byte(plots)).status)
}

func TestCreateEnvelope(t *testing.T) {
	t.Parallel()
	r := setup(t, realtysim.Config{})
	good := read(t, "object_request.json")
	for name, tc := range map[string]struct {
		typ, media string
		body       []byte
		status     int
	}{
		"unknown type":   {"primary_right_request", "application/json", good, 400},
		"picture's type": {"additioal_package", "application/json", good, 400},
		"not JSON":       {"object_request", "text/plain", good, 415},
		"no type at all": {"object_request", "", good, 415},
		"empty body":     {"object_request", "application/json", nil, 400},
		"array":          {"object_request", "application/json", []byte(`[]`), 400},
		"null":           {"object_request", "application/json", []byte(`null`), 400},
		"two values":     {"object_request", "application/json", append(good, '1'), 400},
		"comment":        {"object_request", "application/json", []byte("{// x\n}"), 400},
		"empty options":  {"object_request", "application/json", read(t, "fragment.create-envelope.json"), 400},
		"with charset":   {"object_request", "application/json; charset=utf-8", good, 200},
	} {
		a := r.post("/docflows/"+tc.typ, tc.media, tc.body)
		require.Equal(t, tc.status, a.status, "%s: %s", name, a.text())
	}
	require.Equal(t, "primary_right_request", r.create("primary_right_request", good).at("errors", 0, "target"))
}
