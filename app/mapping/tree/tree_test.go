package tree_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"konturbridge/app/mapping/tree"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"":                                    nil,
		"a":                                   "a",
		"{a: 2018-05-05, b: 007, c: 0x1F}":    map[string]any{"a": "2018-05-05", "b": "007", "c": "0x1F"},
		"[1, -2, 1.5, true, null, '1', .inf]": []any{1, -2, 1.5, true, nil, "1", ".inf"},
		"{1: a, yes: b}":                      map[string]any{"1": "a", "yes": "b"},
		"{x: &a {b: 1}, y: *a, z: {<<: *a, c: 2}}": map[string]any{
			"x": map[string]any{"b": 1}, "y": map[string]any{"b": 1}, "z": map[string]any{"b": 1, "c": 2}},
		"{<<: [{a: 1}, {a: 2, b: 2}], c: 3}": map[string]any{"a": 1, "b": 2, "c": 3},
		"{<<: {a: 1}, a: 2}":                 map[string]any{"a": 2},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := tree.Parse([]byte(text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for _, pair := range []string{"ab", "bc", "cd", "de", "ef"} {
		bomb += pair[1:] + ": &" + pair[1:] + " [" + strings.Repeat("*"+pair[:1]+",", 10) + "]\n"
	}
	for name, tc := range map[string]struct{ text, want string }{
		"no YAML":        {"a: [", "read a tree"},
		"given twice":    {"x:\n  a: 1\n  a: 2", "line 3: x.a: given twice"},
		"a map as a key": {"{[1]: 2}", "line 1: a key must be a word"},
		"a wrong merge":  {"{<<: 1}", "<< must be followed"},
		"wrong merges":   {"{<<: [1]}", "<< must be followed"},
		"an endless one": {"&a [*a]", "too large or too deep"},
		"a bomb":         {bomb, "too large or too deep"},
		"too deep":       {strings.Repeat("[", 60) + strings.Repeat("]", 60), "too large or too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tree.Parse([]byte(tc.text))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	var doc yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("a: &a\n  b:\n    - x\n    - y.z: 1\nc: *a\n"), &doc))
	for path, line := range map[string]int{
		"": 1, "a": 1, "a.b": 3, "a.b[0]": 3, "a.b[1].y.z": 4, "a.b[7]": 3, "a.none.at.all": 1, "c.b[1]": 4, "b": 1, "a.b[x": 3,
	} {
		require.Equal(t, line, tree.Find(doc.Content[0], path).Line, path)
	}
}
