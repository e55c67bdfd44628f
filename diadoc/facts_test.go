package diadoc_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/diadoc"
)

// TestOperationsAreThoseOfTheDocumentation compares the table of operations with a copy of the documentation's.
func TestOperationsAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	var want, got []string
	for line := range strings.Lines(string(file(t, "operations.txt"))) {
		if !strings.HasPrefix(line, "#") {
			want = append(want, strings.TrimSpace(line))
		}
	}
	text := func(words ...string) string {
		if joined := strings.Join(words, " "); joined != "" {
			return joined
		}
		return "-"
	}
	for _, op := range diadoc.Operations() {
		var names []string
		for _, p := range op.Query {
			names = append(names, p.Name)
		}
		state := map[bool]string{true: "deprecated", false: "current"}[op.Deprecated]
		got = append(got, strings.Join([]string{op.Name, op.Verb, op.Path, text(names...), state, text(op.ReplacedBy)}, "\t"))
	}
	require.Equal(t, want, got)
}

// paged are the operations that give their answer in pages, by what the documentation lists of their query and body.
func paged(t *testing.T) []string {
	t.Helper()
	known := structures(t)
	var out []string
	for _, op := range diadoc.Operations() {
		_, byKey := op.Parameter("afterIndexKey")
		_, byNumber := op.Parameter("page")
		byBody := slices.ContainsFunc(known[op.Request], func(f documented) bool { return f.name == "AfterIndexKey" || f.name == "FirstIndex" })
		if (byKey || byNumber || byBody) && !op.Deprecated || op.Name == "GetPartnerEvents" { // whose body is described in words
			out = append(out, op.Name)
		}
	}
	return out
}

// TestEveryPagedOperationHasAnIterator: nobody has to follow keys by hand.
func TestEveryPagedOperationHasAnIterator(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*diadoc.Client]()
	var iterated []string
	for name, of := range besides {
		method, ok := client.MethodByName(name)
		require.True(t, ok)
		if method.Type.NumOut() == 1 && method.Type.Out(0).Kind() == reflect.Func {
			require.Contains(t, method.Type.Out(0).String(), "iter.Seq2", name)
			iterated = append(iterated, of)
		}
	}
	require.ElementsMatch(t, paged(t), iterated)
}
