package app

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/realty"
)

func TestRealtySwitches(t *testing.T) {
	t.Parallel()
	options, err := realtyOptions([]string{"signature_segment=signature", " action_documents = document "})
	require.NoError(t, err)
	require.Len(t, options, 2)
	for _, wrong := range []string{"signature_segment", "signature_segment=sig", "nothing=1"} {
		_, err := realtyOptions([]string{wrong})
		require.ErrorContains(t, err, "BRIDGE_REALTY_SWITCHES: ", wrong)
	}
}

// TestSwitchesAreDocumented keeps docs/realty-switches.md equal to the client's list.
func TestSwitchesAreDocumented(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/realty-switches.md")
	require.NoError(t, err)
	for _, s := range realty.Switches() {
		row := "| `" + s.Name + "` | `" + s.Default + "` | `" + strings.Join(s.Others, "`, `") + "` | " + s.About + " |"
		require.Contains(t, string(raw), row)
	}
}
