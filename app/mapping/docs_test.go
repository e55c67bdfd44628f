package mapping

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocumentation: docs/mapping.md names every function, every name and every field that a ready mapping reads.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../docs/mapping.md")
	require.NoError(t, err)
	text := string(raw)
	for name, f := range functions() {
		if !strings.HasPrefix(name, "__") {
			require.Contains(t, text, "`"+f.usage[:strings.IndexByte(f.usage, '(')+1], name)
		}
	}
	for _, name := range builtins() {
		require.Contains(t, text, "`"+name+"`")
	}
	for _, name := range roots() {
		require.Contains(t, text, "`"+name+"`")
	}
	presets, err := Presets()
	require.NoError(t, err)
	endings := regexp.MustCompile(`_(NUMBER|DATE|ISSUER|ISSUER_CODE|SIG|TYPE|SERIES|CODE|UNIT)$`)
	for _, p := range presets {
		require.Contains(t, text, "### `"+p.DocflowType+"`")
		for _, field := range regexp.MustCompile(`UF_CRM_KB_[A-Z_]+`).FindAllString(p.Source, -1) {
			if ending, ok := strings.CutPrefix(field, "UF_CRM_KB_ADDR_"); ok {
				require.Contains(t, text, "`"+ending+"`", field)
				continue
			}
			if !strings.Contains(text, "`"+field+"`") {
				require.Contains(t, text, "`"+endings.ReplaceAllString(field, ""), field)
			}
		}
	}
}
