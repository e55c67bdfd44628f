package realty_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

// leaves lists the scalars of a JSON document with their paths.
func leaves(node any, at string) (all [][2]string) {
	switch value := node.(type) {
	case map[string]any:
		for key, child := range value {
			all = append(all, leaves(child, at+"."+key)...)
		}
	case []any:
		for i, child := range value {
			all = append(all, leaves(child, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case nil:
	default:
		all = append(all, [2]string{at, fmt.Sprint(value)})
	}
	return all
}

// TestNoAnswerLosesAnything reads every answer of the docs in its shapes and finds each printed value in what
// was made of it.
func TestNoAnswerLosesAnything(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/docflow.*.json")
	require.NoError(t, err)
	require.Len(t, files, 10)
	read := map[string]func(raw []byte) (any, error){}
	for _, name := range files {
		read[filepath.Base(name)] = func(raw []byte) (any, error) {
			d, err := realty.ParseDocflow(raw)
			d.Raw = nil // the answer itself proves nothing
			return d, err
		}
	}
	read["error.validation.json"] = func(raw []byte) (any, error) { var f realty.Fault; return &f, json.Unmarshal(raw, &f) }
	read["content-pointer.response.json"] = func(raw []byte) (any, error) { var p realty.ContentPointer; return &p, json.Unmarshal(raw, &p) }
	for name, decode := range read {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := file(t, name)
			value, err := decode(raw)
			require.NoError(t, err)
			made, err := json.Marshal(value)
			require.NoError(t, err)
			var kept []string
			for _, leaf := range leaves(tree(t, made), "") {
				kept = append(kept, leaf[1])
			}
			for _, leaf := range leaves(tree(t, raw), "") {
				if leaf[0] == ".token" || leaf[0] == ".date" || leaf[1] == "" { // an answer's token is no position in the news
					continue
				}
				require.True(t, slices.Contains(kept, leaf[1]), "%s %q is lost: %s", leaf[0], leaf[1], strings.Join(kept, " | "))
			}
		})
	}
}
