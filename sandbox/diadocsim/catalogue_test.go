package diadocsim_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/sandbox/diadocsim"
)

func TestPackageNamesWhatIsNotSimulated(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, name := range diadocsim.Unsimulated() {
		require.Regexp(t, `\b`+name+`\b`, string(text))
	}
}
