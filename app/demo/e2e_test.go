package demo_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
)

// TestScenarios plays every built-in story end to end. They are played by the demo itself, which has more of them side
// by side than tests have cores: each waits much and computes little.
func TestScenarios(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := demo.Once(t.Context(), &out, demo.Options{})
	require.NoError(t, err, out.String())
}
