package demo_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/demo"
)

// TestScenarios plays every built-in story end to end.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range demo.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := demo.Once(t.Context(), &out, demo.Options{}, s.Name)
			require.NoError(t, err, out.String())
		})
	}
}
