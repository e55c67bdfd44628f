package mapping_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
)

// cardFile is testdata/card.*.json: a filled card, the values of its list fields, and the id that the upload
// of each of its files gave.
type cardFile struct {
	Card struct {
		Deal, Lead, Item map[string]any
		Contacts         []map[string]any
		Company          map[string]any
		Requisites       map[string]any
	}
	Options  map[string]mapping.Option
	Pointers map[string]string
}

func readCard(t testing.TB, name string) (mapping.Card, map[string]string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var f cardFile
	require.NoError(t, json.Unmarshal(raw, &f))
	return mapping.Card{
		Deal: f.Card.Deal, Lead: f.Card.Lead, Item: f.Card.Item, Contacts: f.Card.Contacts,
		Company: f.Card.Company, Requisites: f.Card.Requisites, Options: f.Options,
	}, f.Pointers
}

// without drops keys everywhere in a tree: what the printed bodies hold and nobody is told to send
// (usagePurpose, contentLink) or what only we send (personId).
func without(v any, keys ...string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			if !contains(keys, key) {
				out[key] = without(item, keys...)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = without(item, keys...)
		}
		return out
	}
	return v
}

func contains(list []string, one string) bool {
	return strings.Contains("\n"+strings.Join(list, "\n")+"\n", "\n"+one+"\n")
}

func compilePreset(t testing.TB, kind string) *mapping.Mapping {
	t.Helper()
	preset, ok, err := mapping.PresetFor(kind)
	require.NoError(t, err)
	require.True(t, ok)
	return preset.Mapping
}

// upload puts contents in place of the files, as a caller does after uploading them.
func upload(t *testing.T, result mapping.Result, pointers map[string]string) any {
	t.Helper()
	options, err := result.Resolve(func(use mapping.FileUse) (any, error) {
		var signatures []string
		for _, id := range use.Ref.Signatures {
			require.Contains(t, pointers, id)
			signatures = append(signatures, pointers[id])
		}
		require.Contains(t, pointers, use.Ref.ID)
		return mapping.Content("pdf", pointers[use.Ref.ID], signatures), nil
	})
	require.NoError(t, err)
	return options
}

// TestPresetRendersPrintedBodies: each ready mapping makes the bodies that the service's pages print.
func TestPresetRendersPrintedBodies(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind  string
		files int
	}{
		"right_movement_request.json":                {"right_movement_request", 3}, // a deal
		"right_movement_request.2.json":              {"right_movement_request", 5}, // an item of a smart process, with its own field names
		"right_movement_request.3.json":              {"right_movement_request", 4}, // a lead
		"equity_agreement_registration_request.json": {"equity_agreement_registration_request", 2},
		"right_assignment_request.json":              {"right_assignment_request", 3},
		"encumbrance_request.json":                   {"encumbrance_request", 1},
		"cessation_encumbrance_request.json":         {"cessation_encumbrance_request", 1},
		"additional_packet_request.json":             {"additional_packet_request", 1},
		"action_request.json":                        {"action_request", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			card, pointers := readCard(t, "card."+name)
			result, problems := compilePreset(t, tc.kind).Render(card)
			require.Empty(t, problems)
			require.Len(t, result.Files, tc.files)

			raw, err := os.ReadFile("testdata/" + name)
			require.NoError(t, err)
			var printed struct{ Options map[string]any }
			require.NoError(t, json.Unmarshal(raw, &printed))
			got := without(upload(t, result, pointers), "personId")
			requireSameJSON(t, withoutDoubles(withoutSlips(printed.Options)), got)
		})
	}
}

// withoutSlips drops what the printed bodies hold and no page names, writes a СНИЛС as it is sent, and adds what a
// table demands and an example leaves out.
func withoutSlips(options map[string]any) any {
	tree := without(options, "usagePurpose", "contentLink").(map[string]any)
	if _, lifting := tree["registrationRecord"]; lifting {
		tree["appliedDocuments"] = map[string]any{}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] == "russPasport" {
				delete(v, "type")
			}
			if v["objectType"] == "object" {
				delete(v, "objectType")
			}
			if v["snils"] == "00000000055" {
				v["snils"] = "000-000-000 55"
			}
			for _, item := range v {
				walk(item)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(tree)
	return tree
}

// withoutDoubles drops a signature that is listed again under one document: ours lists it once.
func withoutDoubles(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			if list, ok := item.([]any); ok && key == "signatures" {
				item = slices.CompactFunc(list, func(a, b any) bool { return reflect.DeepEqual(a, b) })
			}
			v[key] = withoutDoubles(item)
		}
	case []any:
		for i, item := range v {
			v[i] = withoutDoubles(item)
		}
	}
	return v
}

func requireSameJSON(t *testing.T, want, got any) {
	t.Helper()
	w, err := json.MarshalIndent(want, "", "  ")
	require.NoError(t, err)
	g, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(w), string(g))
}

func TestObjectRequestPreset(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		card mapping.Card
		want map[string]any
	}{
		"a deal": {
			mapping.Card{Deal: map[string]any{"UF_CRM_KB_CADASTRAL": "47:14:1203001:814"}},
			map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		},
		"a smart process with a kind of extract": {
			mapping.Card{
				Item:    map[string]any{"UF_CRM_7_KB_CADASTRAL": " 47:14:1203001:814 ", "UF_CRM_7_KB_EXTRACT_TYPE": float64(31)},
				Options: map[string]mapping.Option{"31": {Text: "О переходе прав", Code: "ownership"}},
			},
			map[string]any{"type": "ownership", "cadastralNumber": "47:14:1203001:814"},
		},
		"the short field's name": {
			mapping.Card{Lead: map[string]any{"UF_CRM_CADASTRAL": "47:14:1203001:814", "UF_CRM_KB_CADASTRAL": ""}},
			map[string]any{"type": "info", "cadastralNumber": "47:14:1203001:814"},
		},
		"nothing filled in": {mapping.Card{Deal: map[string]any{}}, map[string]any{"type": "info"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, problems := compilePreset(t, "object_request").Render(tc.card)
			require.Empty(t, problems)
			require.Equal(t, tc.want, result.Options)
		})
	}
}
