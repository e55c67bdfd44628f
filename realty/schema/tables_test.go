package schema_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty/schema"
)

// field is a line of the documentation's tables.
type field struct{ owner, path, kind, need string }

func (f field) name() string {
	return strings.TrimSuffix(f.path[strings.LastIndexByte(f.path, '.')+1:], "[]")
}
func (f field) list() bool    { return strings.HasSuffix(f.path, "[]") }
func (f field) words() string { _, words, _ := strings.Cut(f.kind, ":"); return words }

// tables are the documented fields by what they belong to: a docflow type or a shared object.
type tables map[string][]field

func readTables(t *testing.T) tables {
	t.Helper()
	raw, err := os.ReadFile("testdata/tables.tsv")
	require.NoError(t, err)
	all := tables{}
	for line := range strings.Lines(string(raw)) {
		if c := strings.Split(strings.TrimSpace(line), "\t"); len(c) == 4 {
			all[c[0]] = append(all[c[0]], field{c[0], c[1], c[2], c[3]})
		}
	}
	return all
}

// below lists the fields of an object inside an owner; "" is the owner itself.
func (ts tables) below(owner, path string) (fields []field) {
	for _, f := range ts[owner] {
		parent := ""
		if at := strings.LastIndexByte(f.path, '.'); at >= 0 {
			parent = f.path[:at]
		}
		if parent == path {
			fields = append(fields, f)
		}
	}
	return fields
}

// form is which of the alternatives a made body takes.
type form struct{ ownership, member string }

// takes reports whether a field is among them. A seller may have several ownership forms.
func (w form) takes(f field) bool {
	switch {
	case f.owner == "DocflowMember" && f.name() != "benefitCategory":
		return f.name() == w.member || w.member == "organization" && f.name() == "representative"
	case strings.HasSuffix(f.name(), "Ownership") && !strings.HasPrefix(f.path, "seller"):
		return f.name() == w.ownership
	}
	return true
}

// placed is a field at a place of a made body. within is the chain of shared objects that it stands in: what is
// in them is the same wherever they stand.
type placed struct {
	field
	within string
}

// body makes everything that the tables have below a path, and notes where each field came to stand.
func (ts tables) body(w form, owner, path, at, within string, made map[string]placed) map[string]any {
	object := map[string]any{}
	for _, f := range ts.below(owner, path) {
		once := "once " + within + ":" + f.path
		if !w.takes(f) || f.need == "O" && f.path != "fiasId" && f.path != "region" && within != "" && made[once].path != "" {
			continue // what may be left out of shared objects is there once: the bodies are large enough
		}
		made[once] = placed{f, within}
		place := strings.TrimPrefix(at+"."+f.name(), ".")
		made[place] = placed{f, within}
		if f.list() {
			object[f.name()] = []any{ts.value(w, f, place+"[0]", within, made)}
			continue
		}
		object[f.name()] = ts.value(w, f, place, within, made)
	}
	return object
}

func (ts tables) value(w form, f field, at, within string, made map[string]placed) any {
	samples := map[string]any{"string": "1", "date": "2001-02-03", "guid": "a6e699e0-c0c7-4126-88ca-88e6fbc98992", "guidish": "a6e699e0-c0c7-4126-88ca-88e6fbc98992",
		"cadastral": "54:35:021060:1683", "snils": "112-233-445 95", "code": "540-002", "digits10": "7017096688", "digits9": "701701001"}
	switch value, simple := samples[f.kind]; {
	case simple:
		return value
	case f.words() != "":
		first, _, _ := strings.Cut(f.words(), "|")
		return first
	case f.kind == "object":
		return ts.body(w, f.owner, f.path, at, within, made)
	default:
		return ts.body(w, f.kind, "", at, within+"/"+f.kind, made)
	}
}

// violation is a value that the tables forbid at a field, and the rule that it breaks.
type violation struct {
	value any
	rules string
}

// forbidden lists what must be refused at a field.
func (f field) forbidden() []violation {
	var all []violation
	if f.need == "R" {
		all = append(all, violation{gone{}, "required choice"}, violation{nil, "required choice"})
		switch {
		case f.list():
			all = append(all, violation{[]any{}, "minItems"})
		case f.kind != "object" && !f.shared():
			all = append(all, violation{"", "required"}, violation{" ", "required"})
		}
	}
	bad := map[string][]violation{"date": {{"03.02.2001", "format"}, {"2001-02-30", "format"}}, "guid": {{"15", "pattern"}},
		"cadastral": {{"47:14:abc", "pattern"}, {"47-14-1203001-814", "pattern"}, {"47:14::814", "pattern"}}, "snils": {{"112-233-445-95", "pattern"}, {"1", "pattern"}},
		"code": {{"54-0021", "pattern"}, {"540", "pattern"}}, "digits10": {{"701709668", "length"}, {"70170966881", "length"}}, "digits9": {{"70170100", "length"}}}
	all = append(all, bad[f.kind]...)
	if strings.HasPrefix(f.kind, "enum:") {
		all = append(all, violation{"такого нет", "enum"})
	}
	if f.shared() && !f.list() && f.kind != "Mortgage" { // the same rules hold below: an empty one breaks them
		all = append(all, violation{map[string]any{}, "below"})
	}
	if f.list() || f.kind == "object" || f.shared() {
		all = append(all, violation{"текст", "type"})
	}
	return all
}

// shared reports whether the field is one of the shared objects.
func (f field) shared() bool { return f.kind[0] >= 'A' && f.kind[0] <= 'Z' }

// goodToo lists what the tables allow at a field beside what stands there.
func (f field) goodToo() (values []any) {
	if f.words() == "" {
		return nil
	}
	for word := range strings.SplitSeq(f.words(), "|") {
		values = append(values, word)
	}
	if strings.HasPrefix(f.kind, "words:") {
		values = append(values, "такого нет")
	}
	return values
}

// leftOut reports whether a body stays good without the field. What is one of several is told apart below.
func (f field) leftOut() bool {
	switch {
	case f.owner == "DocflowMember":
		return f.name() == "benefitCategory"
	case f.owner == "Mortgage" && f.name() == "evaluationReport": // the bond beside it wants it
		return false
	case strings.HasSuffix(f.name(), "Ownership") && !strings.HasPrefix(f.path, "seller"):
		return false
	}
	return f.need != "R"
}

// changed checks the options with another value at a place, which is put back.
func changed(t *testing.T, checker *schema.Set, kind string, tree map[string]any, at string, value any) (refused []schema.Problem) {
	t.Helper()
	was := get(t, tree, at)
	set(t, tree, at, value)
	refused = only(checker.Check(kind, tree), schema.Refuse)
	set(t, tree, at, was)
	return refused
}

// TestEveryRuleOfTheTables makes bodies of everything that the documentation's tables list, and breaks each
// rule of each field of each docflow type: it must be refused at its place, and what the tables allow must not
// be. The rules within shared objects are broken once in each chain of objects, in the smallest body that has
// it, and by an empty object wherever a docflow type has one.
func TestEveryRuleOfTheTables(t *testing.T) {
	t.Parallel()
	checker, ts := load(t), readTables(t)
	kinds, seen := schema.Kinds(), map[string]bool{}
	slices.Reverse(kinds) // the small ones are last
	require.Len(t, kinds, 8)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			places, rules, used := 0, 0, map[string]bool{}
			for _, w := range []form{{"individualOwnership", "person"}, {"cooperativeOwnership", "organization"}, {"sharedOwnership", "person"}, {"individualOwnership", "organization"}} {
				if kind != "right_movement_request" && w.ownership == "sharedOwnership" && len(ts.below(kind, "buyer")) == 0 {
					continue // the page has no shares
				}
				made := map[string]placed{}
				tree := ts.body(w, kind, "", "", "", made)
				require.Empty(t, only(checker.Check(kind, tree), schema.Refuse), "everything that the tables list")
				for _, at := range slices.Sorted(maps.Keys(made)) {
					f := made[at]
					if strings.HasPrefix(at, "once ") {
						continue
					}
					used[f.owner+"/"+f.path] = true
					once := kind + " " + at
					if f.within != "" {
						once = f.within + ":" + f.path
					}
					if seen[once] {
						continue
					}
					seen[once] = true
					places++
					for _, v := range f.forbidden() {
						rules++
						found := changed(t, checker, kind, tree, at, v.value)
						if !slices.ContainsFunc(found, func(p schema.Problem) bool {
							return p.Path == at && strings.Contains(v.rules, p.Rule) || v.rules == "below" && strings.HasPrefix(p.Path, at)
						}) {
							t.Errorf("%s = %#v must break %q at its place: %v", at, v.value, v.rules, pairs(found))
						}
					}
					good := f.goodToo()
					if f.leftOut() {
						good = append(good, gone{})
					}
					for _, value := range good {
						if found := changed(t, checker, kind, tree, at, value); len(found) > 0 {
							t.Errorf("%s = %#v is good: %v", at, value, pairs(found))
						}
					}
				}
			}
			for _, f := range ts[kind] {
				require.True(t, used[f.owner+"/"+f.path], "%s of %s was never made", f.path, kind)
			}
			t.Logf("%d places, %d broken rules", places, rules)
		})
	}
}
