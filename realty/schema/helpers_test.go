package schema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/schema"
)

// examples maps each create body of the docs to its docflow type.
func examples() map[string]string {
	return map[string]string{
		"object_request.json":                        "object_request",
		"right_movement_request.json":                "right_movement_request",
		"right_movement_request.2.json":              "right_movement_request",
		"right_movement_request.3.json":              "right_movement_request",
		"equity_agreement_registration_request.json": "equity_agreement_registration_request",
		"right_assignment_request.json":              "right_assignment_request",
		"encumbrance_request.json":                   "encumbrance_request",
		"cessation_encumbrance_request.json":         "cessation_encumbrance_request",
		"additional_packet_request.json":             "additional_packet_request",
		"action_request.json":                        "action_request",
	}
}

func load(t testing.TB) *schema.Set {
	t.Helper()
	set, err := schema.Load()
	require.NoError(t, err)
	return set
}

func options(t testing.TB, file string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", file))
	require.NoError(t, err)
	var envelope struct {
		Options map[string]any `json:"options"`
	}
	require.NoError(t, json.Unmarshal(raw, &envelope))
	return envelope.Options
}

var indexed = regexp.MustCompile(`^(.*)\[(\d+)\]$`)

// steps splits a.b[0].c into fields and indexes.
func steps(path string) []any {
	var list []any
	for part := range strings.SplitSeq(path, ".") {
		if m := indexed.FindStringSubmatch(part); m != nil {
			index, _ := strconv.Atoi(m[2])
			list = append(list, m[1], index)
			continue
		}
		list = append(list, part)
	}
	return list
}

type gone struct{}

// set puts value at a path of the tree, or removes the field for gone{}. Fields on the way are made.
func set(t testing.TB, tree map[string]any, path string, value any) {
	t.Helper()
	var node any = tree
	all := steps(path)
	for i, step := range all {
		last := i == len(all)-1
		switch key := step.(type) {
		case string:
			fields, ok := node.(map[string]any)
			require.True(t, ok, "%s: no object before %s", path, key)
			if _, drop := value.(gone); last && drop {
				require.Contains(t, fields, key, "nothing to remove at %s", path)
				delete(fields, key)
				return
			}
			if last {
				fields[key] = value
				return
			}
			if fields[key] == nil {
				fields[key] = map[string]any{}
			}
			node = fields[key]
		case int:
			items, ok := node.([]any)
			require.True(t, ok && key < len(items), "%s: no element %d", path, key)
			if last {
				items[key] = value
				return
			}
			node = items[key]
		}
	}
}

// get reads what stands at a path.
func get(t testing.TB, tree map[string]any, path string) any {
	t.Helper()
	var node any = tree
	for _, step := range steps(path) {
		switch key := step.(type) {
		case string:
			node = node.(map[string]any)[key]
		case int:
			node = node.([]any)[key]
		}
	}
	return node
}

func only(problems []schema.Problem, severity schema.Severity) []schema.Problem {
	var list []schema.Problem
	for _, p := range problems {
		if p.Severity == severity {
			list = append(list, p)
		}
	}
	return list
}

func pairs(problems []schema.Problem) []string {
	list := []string{}
	for _, p := range problems {
		list = append(list, p.Path+" "+p.Rule)
	}
	return list
}
