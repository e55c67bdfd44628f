package app

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/portal"
	"konturbridge/app/settings"
)

// TestDocumentedReactions: what docs/reactions.md shows can be applied.
func TestDocumentedReactions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/reactions.md")
	require.NoError(t, err)
	var parsed []settings.Settings
	for _, example := range strings.Split(string(text), "```yaml\n")[1:] {
		example, _, _ = strings.Cut(example, "```")
		one, problems := settings.Parse([]byte(example), Knowledge{})
		require.Empty(t, problems)
		parsed = append(parsed, one)
	}
	require.Equal(t, 14, parsed[0].Reactions[0].StartWorkflow.Template)
	require.True(t, parsed[1].TakesIncoming("box"))
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && (strings.Contains(cells[2], "an element") || strings.Contains(cells[2], "a file of")) {
			for _, document := range strings.Split(strings.ReplaceAll(cells[1], "`, `", "\n"), "\n") {
				document = strings.Trim(strings.TrimSpace(document), "`")
				_, problems := settings.Parse([]byte("reactions: [{start_workflow: {template: 1, document: "+document+"}}]"), Knowledge{})
				require.Empty(t, problems, document)
			}
		}
	}
	for _, trigger := range portal.AutomationTriggers() {
		require.Contains(t, string(text), "«"+trigger.Name+"»")
	}
}
