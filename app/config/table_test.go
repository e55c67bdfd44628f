package config_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app/config"
)

var update = flag.Bool("update", false, "rewrite the generated files")

const examplePath = "../../deploy/bridge.env.example"

func TestExampleEnvIsGenerated(t *testing.T) {
	t.Parallel()
	if *update {
		require.NoError(t, os.WriteFile(examplePath, []byte(config.ExampleEnv()), 0o644))
	}
	kept, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	require.Equal(t, config.ExampleEnv(), string(kept), "run `go test ./app/config -update`")
}

// TestExampleEnvLoads: every line of the example, uncommented, is a setting that the process takes.
func TestExampleEnvLoads(t *testing.T) {
	t.Parallel()
	var environ []string
	for line := range strings.Lines(config.ExampleEnv()) {
		if entry, ok := strings.CutPrefix(strings.TrimSpace(line), "#BRIDGE_"); ok {
			environ = append(environ, "BRIDGE_"+entry)
		}
	}
	require.Len(t, environ, len(config.Table()))
	cfg, err := config.Load(environ, "")
	require.NoError(t, err)
	plain, err := config.Load(nil, "")
	require.NoError(t, err)
	require.Equal(t, plain, cfg, "the example says nothing but the defaults")
}

func TestTableIsComplete(t *testing.T) {
	t.Parallel()
	for _, row := range config.Table() {
		require.True(t, strings.HasPrefix(row.Name, "BRIDGE_"), row.Name)
		require.NotEmpty(t, row.Meaning, row.Name)
		require.Equal(t, strings.Contains(row.Name, "SECRET") || row.Name == "BRIDGE_DATABASE_URL" || row.Name == "BRIDGE_REDIS_URL", row.Secret, row.Name)
	}
}
