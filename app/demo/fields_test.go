package demo_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/mapping"
	"konturbridge/sandbox"
	"konturbridge/sandbox/bitrixsim"
)

// TestSeededFieldsAreTheDocumented: the demo's portal has no field that the ready mappings would read otherwise.
func TestSeededFieldsAreTheDocumented(t *testing.T) {
	t.Parallel()
	box := sandbox.New(sandbox.Config{BaseURL: "http://127.0.0.1:1"})
	t.Cleanup(box.Close)
	portal := box.SeedDemo().Portal
	documented, err := mapping.Fields()
	require.NoError(t, err)
	for kind, holder := range map[int]mapping.Holder{bitrixsim.Deal: mapping.OnCard, bitrixsim.Lead: mapping.OnCard, bitrixsim.Contact: mapping.OnContact} {
		for _, f := range portal.UserFields(kind) {
			if !strings.HasPrefix(f.Name, "UF_CRM_KB_") {
				continue
			}
			at := slices.IndexFunc(documented, func(d mapping.Field) bool { return d.Name == f.Name && d.On == holder })
			require.GreaterOrEqual(t, at, 0, "%s of %s is read by no ready mapping", f.Name, holder)
			require.Equal(t, documented[at].Type, f.Type, f.Name)
			require.Equal(t, documented[at].Multiple, f.Multiple, f.Name)
			for _, o := range f.Options {
				require.True(t, slices.ContainsFunc(documented[at].Choices(), func(w mapping.Word) bool { return w.Code == o.XMLID && w.RU == o.Value }),
					"%s: %s %q", f.Name, o.XMLID, o.Value)
			}
		}
	}
}
