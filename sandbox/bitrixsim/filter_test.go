package bitrixsim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompareOp(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		op   string
		have any
		want any
		hit  bool
	}{
		"text":                  {"=", "NEW", "NEW", true},
		"number as text":        {"=", 57, "57", true},
		"number as float text":  {"=", 10.5, "10.50", true},
		"not":                   {"!", "a", "b", true},
		"not equal":             {"!=", "a", "a", false},
		"empty is not zero":     {"=", "", "0", false},
		"not empty":             {"!", "x", "", true},
		"in":                    {"@", 5, fromGo([]int{1, 5}), true},
		"list without operator": {"=", 5, fromGo([]int{1, 5}), true},
		"not in":                {"!@", 5, fromGo([]int{1, 5}), false},
		"contains":              {"%", "Договор купли", "КУПЛИ", true},
		"not contains":          {"!%", "Договор", "аренда", true},
		"head":                  {"=%", "Договор", "дог%", true},
		"tail":                  {"%=", "Договор", "%вор", true},
		"whole like":            {"%=", "Договор", "Договор", true},
		"greater":               {">", 9, "10", false},
		"not less":              {">=", 10, "10", true},
		"less":                  {"<", "2026-05-14T10:00:00+03:00", "2026-05-14T08:00:00+00:00", true},
		"same moment":           {"<=", "2026-05-14T10:00:00+03:00", "2026-05-14T07:00:00+00:00", true},
		"flag by one":           {"=", "Y", "1", true},
		"flag by zero":          {"=", "Y", "0", false},
		"any of many":           {"=", []any{1, 2}, "2", true},
		"none of many":          {"!", []any{1, 2}, "2", false},
		"empty many":            {"=", []any{}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.hit, compareOp(tc.op, tc.have, tc.want))
		})
	}
}

func TestSplitOperator(t *testing.T) {
	t.Parallel()
	for key, want := range map[string][2]string{
		"ID": {"=", "ID"}, "=ID": {"=", "ID"}, "!ID": {"!", "ID"}, "!=ID": {"!=", "ID"}, ">=ID": {">=", "ID"}, ">ID": {">", "ID"},
		"!%T": {"!%", "T"}, "!=%T": {"!=%", "T"}, "%=T": {"%=", "T"}, "@ID": {"@", "ID"}, "!@ID": {"!@", "ID"},
	} {
		op, name := splitOperator(key)
		require.Equal(t, want, [2]string{op, name}, key)
	}
}

func TestMatchesNamesTheUnknownField(t *testing.T) {
	t.Parallel()
	row := func(name string) (any, bool) { return 1, name == "id" }
	ok, unknown := matches(pairs("id", "1", "0", pairs("nope", "1")), row)
	require.False(t, ok)
	require.Equal(t, "nope", unknown)
	ok, unknown = matches(nil, row)
	require.True(t, ok)
	require.Empty(t, unknown)
	ok, _ = matches(pairs("logic", "OR", "0", pairs("id", "2"), "1", pairs("id", "1")), row)
	require.True(t, ok)
}

func TestScalarCoercion(t *testing.T) {
	t.Parallel()
	custom := &UserField{Options: []EnumOption{{ID: 41}}}
	for name, tc := range map[string]struct {
		typ  string
		user *UserField
		in   any
		out  any
		ok   bool
	}{
		"integer":         {"integer", nil, "7", 7, true},
		"integer empty":   {"integer", nil, "", 0, true},
		"custom empty":    {"integer", custom, "", nil, true},
		"not a number":    {"integer", nil, "x", 0, false},
		"double":          {"double", nil, "1000.50", 1000.5, true},
		"infinite":        {"double", nil, "Inf", nil, false},
		"flag":            {"boolean", nil, "1", "Y", true},
		"flag true":       {"boolean", custom, true, "Y", true},
		"option":          {"enumeration", custom, "41", 41, true},
		"option none":     {"enumeration", custom, "0", nil, true},
		"option foreign":  {"enumeration", custom, "42", 42, false},
		"date keeps day":  {"date", nil, "2024-09-09T23:00:00-05:00", "2024-09-09T00:00:00+03:00", true},
		"datetime moves":  {"datetime", nil, "2024-09-09T00:00:00Z", "2024-09-09T03:00:00+03:00", true},
		"local date":      {"date", nil, "09.09.2024", "2024-09-09T00:00:00+03:00", true},
		"false is empty":  {"string", nil, false, nil, true},
		"true is no text": {"string", nil, true, nil, false},
		"money":           {"money", custom, "1000|RUB", "1000|RUB", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := scalar(&fieldDef{typ: tc.typ, user: tc.user}, fromGo(tc.in))
			require.Equal(t, tc.ok, ok)
			if ok {
				require.Equal(t, tc.out, got)
			}
		})
	}
}
