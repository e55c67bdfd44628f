package mapping

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var updateDocs = flag.Bool("update", false, "rewrite the tables of docs/mapping.md and the golden files")

const (
	docs        = "../../docs/mapping.md"
	tablesBegin = "<!-- made of app/mapping/fields.yaml by its tests: begin -->\n"
	tablesEnd   = "<!-- end -->\n"
)

// TestDocumentation: docs/mapping.md names every function and every name, and its tables of fields are those of
// fields.yaml.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(docs)
	require.NoError(t, err)
	text := string(raw)
	for name, f := range functions() {
		if !strings.HasPrefix(name, "__") {
			require.True(t, strings.Contains(text, "`"+f.usage[:strings.IndexByte(f.usage, '(')+1]), "no function %s", name)
		}
	}
	for _, name := range slices.Concat(builtins(), roots()) {
		require.True(t, strings.Contains(text, "`"+name+"`"), "no name %s", name)
	}
	before, rest, ok := strings.Cut(text, tablesBegin)
	require.True(t, ok)
	now, after, ok := strings.Cut(rest, tablesEnd)
	require.True(t, ok)
	want := tables(t)
	if *updateDocs {
		require.NoError(t, os.WriteFile(docs, []byte(before+tablesBegin+want+tablesEnd+after), 0o600))
		return
	}
	require.Equal(t, want, now, "go test ./app/mapping -update writes it")
}

// short names the docflow types in tables.
var short = [][2]string{
	{"object_request", "extract"}, {"right_movement_request", "sale"}, {"equity_agreement_registration_request", "ДДУ"},
	{"right_assignment_request", "assignment"}, {"encumbrance_request", "pledge"}, {"cessation_encumbrance_request", "lifting"},
	{"additional_packet_request", "package"}, {"action_request", "action"},
}

func readBy(kinds []string) string {
	var names []string
	for _, s := range short {
		if slices.Contains(kinds, s[0]) {
			names = append(names, s[1])
		}
	}
	return strings.Join(names, ", ")
}

func tables(t *testing.T) string {
	t.Helper()
	var y fieldsYAML
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(fieldsFile)).Decode(&y))
	var b strings.Builder
	b.WriteString("\nShort names of the docflow types in these tables: ")
	for i, s := range short {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s is `%s`", s[1], s[0])
	}
	b.WriteString(".\n")
	for _, on := range holders() {
		fields := 0
		for _, f := range y.Fields {
			if Holder(f.Of) != on {
				continue
			}
			if fields == 0 {
				fmt.Fprintf(&b, "\n#### Fields of a %s\n\n| Field | Label | Type | Read by | |\n|---|---|---|---|---|\n", on)
			}
			fields++
			fmt.Fprintf(&b, "| `%s%s` | %s | %s | %s | %s |\n", fieldPrefix, f.Name, f.RU, kindOf(f.Type, f.Words, f.Multiple), readBy(f.For), f.Note)
		}
	}
	b.WriteString("\n#### Papers of a card\n\n| Field | Label | Several | Read by | |\n|---|---|---|---|---|\n")
	for _, p := range y.Papers {
		several := "no"
		if p.List {
			several = "yes"
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s | %s | %s |\n", fieldPrefix, p.Name, p.RU, several, readBy(p.For), p.Note)
	}
	b.WriteString("\n#### Addresses\n\n| Field | Label | Its kind | |\n|---|---|---|---|\n")
	for _, a := range y.Address {
		kind := ""
		if a.Kind != nil {
			kind = fmt.Sprintf("`%sADDR_%s_TYPE`", fieldPrefix, a.Name)
			if *a.Kind != "" {
				kind += ", `" + *a.Kind + "` when empty"
			}
		}
		fmt.Fprintf(&b, "| `%sADDR_%s` | %s | %s | %s |\n", fieldPrefix, a.Name, a.RU, kind, a.Note)
	}
	b.WriteString("\n#### Words\n\n| List | Words |\n|---|---|\n")
	for _, list := range sortedKeys(y.Words) {
		var all []string
		for _, w := range y.Words[list] {
			all = append(all, fmt.Sprintf("`%s` %s", w.Code, strings.Join(append([]string{w.RU}, w.Also...), ", ")))
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", list, strings.Join(all, "; "))
	}
	b.WriteString("\n")
	return b.String()
}

func kindOf(kind, words string, multiple bool) string {
	switch {
	case kind == "enumeration":
		kind = "list `" + words + "`"
	case words != "":
		kind += " of `" + words + "`"
	}
	if multiple {
		kind += ", multiple"
	}
	return kind
}
