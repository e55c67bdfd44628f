package realty_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

// TestSwitches throws every switch and looks at what is sent.
func TestSwitches(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		choices map[string]string
		send    func(t *testing.T, c *realty.Client) error
		want    []string // in method, path and body
	}{
		"nothing chosen": {nil, sign, []string{"/signatures"}},
		"signature":      {map[string]string{"signature_segment": "signature"}, sign, []string{"/signature"}},
		"suggest": {map[string]string{"suggest_path": "/cadastre/suggest", "suggest_structure": "sructureNumber"}, suggest,
			[]string{"/realty/v1/cadastre/suggest", `"sructureNumber":"1"`}},
		"package": {map[string]string{"additional_packet_type": "additional_package_request"}, create(realty.AdditionalPackageKind, `{}`),
			[]string{"/docflows/additional_package_request"}},
		"encumbrance": {map[string]string{"encumbrance_type": "ecumbrance_request", "encumbrance_papers": "fields"},
			create(realty.EncumbranceKind, `{"appliedDocuments":{"loanAgreement":{}}}`),
			[]string{"/docflows/ecumbrance_request", `"appliedDocuments":{"loanAgreement":{}}`}},
		"equity":  {map[string]string{"equity_objects": "objects"}, create(realty.EquityAgreementKind, `{"object":[{}]}`), []string{`"objects":[{}]`}},
		"lifting": {map[string]string{"cessation_object": "array"}, create(realty.EncumbranceCessationKind, `{"object":{}}`), []string{`"object":[{}]`}},
		"dwelling": {map[string]string{"dwelling_purpose": "dwellingApartment"},
			create(realty.RightMovementKind, `{"object":{"usagePurpose":"dwellingAppartment"}}`), []string{`"dwellingApartment"`}},
		"shares": {map[string]string{"share_numerator": "denominator", "share_denominator": "denumerator"},
			create(realty.RightMovementKind, `{"x":{"share":{"numerator":"1","denominator":"3"}}}`), []string{`"denominator":"1"`, `"denumerator":"3"`}},
		"action": {map[string]string{"action_documents": "document"}, create(realty.ActionKind, `{"documents":[{}]}`), []string{`"document":[{}]`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts, err := realty.SwitchOptions(tc.choices)
			require.NoError(t, err)
			s := newService(t, answer{status: 200, body: queued})
			require.NoError(t, tc.send(t, s.client(opts...)))
			sent := s.seen()[0].method + " " + s.seen()[0].uri + " " + s.seen()[0].body
			for _, want := range tc.want {
				require.Contains(t, sent, want)
			}
		})
	}
}

func sign(t *testing.T, c *realty.Client) error {
	return c.AddSignature(t.Context(), docflowID, fileID, []byte("x"))
}

func suggest(t *testing.T, c *realty.Client) error {
	_, err := c.CadastreSuggest(t.Context(), realty.CadastreQuery{Region: "Москва", Structure: "1"})
	return err
}

func create(kind realty.Kind, options string) func(*testing.T, *realty.Client) error {
	return func(t *testing.T, c *realty.Client) error {
		body, err := c.Spelling().CreateBody(kind, "r", tree(t, []byte(options)))
		require.NoError(t, err)
		_, err = c.Create(t.Context(), kind, body)
		return err
	}
}

// TestSwitchDefaults: choosing every default changes nothing, and every other word is taken.
func TestSwitchDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{}
	for _, s := range realty.Switches() {
		require.NotEmpty(t, s.About)
		require.NotContains(t, s.Others, s.Default)
		defaults[s.Name] = s.Default
		for _, other := range s.Others {
			choices := map[string]string{s.Name: other}
			if s.Name == "share_numerator" {
				choices["share_denominator"] = "denumerator"
			}
			_, err := realty.SwitchOptions(choices)
			require.NoError(t, err)
		}
	}
	opts, err := realty.SwitchOptions(defaults)
	require.NoError(t, err)
	s := newService(t, answer{status: 200, body: queued})
	require.NoError(t, create(realty.EncumbranceKind, `{"appliedDocuments":{"loanAgreement":{"documentType":"loanAgreement"}}}`)(t, s.client(opts...)))
	require.Contains(t, s.seen()[0].body, `"other":[`)
}

func TestWrongSwitches(t *testing.T) {
	t.Parallel()
	_, err := realty.SwitchOptions(map[string]string{"signature_segment": "sig", "colour": "red", "share_numerator": "denominator"})
	require.EqualError(t, err, `realty: switches: share_numerator and share_denominator are the same: choose both; `+
		`signature_segment is signatures or signature, not "sig"; unknown switch "colour"`)
}
