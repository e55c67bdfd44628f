package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"konturbridge/app"
	"konturbridge/app/action"
	"konturbridge/app/config"
	"konturbridge/app/settings"
)

var update = flag.Bool("update", false, "rewrite the generated parts of README.md")

const readmePath = "../../README.md"

// TestReadme keeps what README.md says of settings and actions equal to what the code does.
func TestReadme(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile(readmePath)
	require.NoError(t, err)
	text := put(t, string(kept), "environment", environmentTable())
	text = put(t, text, "actions", actionsTable())
	if *update {
		require.NoError(t, os.WriteFile(readmePath, []byte(text), 0o644))
		kept = []byte(text)
	}
	require.Equal(t, text, string(kept), "run `go test ./cmd/bridge -update`")

	for _, m := range regexp.MustCompile("(?m)^\\| `bridge ([a-z]+)").FindAllStringSubmatch(text, -1) {
		require.Equal(t, 0, newShell(t).run(m[1], "--help").code, m[1])
	}
	for _, m := range regexp.MustCompile(`\]\(([a-z]+[a-zA-Z./-]*)\)`).FindAllStringSubmatch(text, -1) {
		_, err := os.Stat("../../" + m[1])
		require.NoError(t, err, "a link leads nowhere")
	}
}

// TestReadmeSettings: the example is a file that can be applied.
func TestReadmeSettings(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile(readmePath)
	require.NoError(t, err)
	_, example, found := strings.Cut(string(kept), "<!-- settings example -->\n```yaml\n")
	require.True(t, found)
	example, _, found = strings.Cut(example, "```\n<!-- /settings example -->")
	require.True(t, found)
	_, problems := settings.Parse([]byte(example), app.Knowledge{})
	require.Empty(t, problems)
}

// put replaces what stands between a pair of markers.
func put(t *testing.T, text, name, with string) string {
	t.Helper()
	before, rest, opened := strings.Cut(text, "<!-- "+name+" -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /"+name+" -->")
	require.True(t, opened && closed, name)
	return before + "<!-- " + name + " -->\n" + with + "<!-- /" + name + " -->" + after
}

func environmentTable() string {
	var b strings.Builder
	b.WriteString("| Variable | Default | Meaning |\n|---|---|---|\n")
	for _, row := range config.Table() {
		value := "`" + row.Default + "`"
		switch {
		case row.Default == "":
			value = "empty"
		case row.Computed:
			value = row.Default
		}
		name := "`" + row.Name + "`"
		if row.Secret {
			name += " *"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, value, row.Meaning)
	}
	return b.String()
}

func actionsTable() string {
	var b strings.Builder
	b.WriteString("| Code | Robot, and what it does | Parameters (**required**) | Returns |\n|---|---|---|---|\n")
	common := map[string]bool{"state": true, "error": true, "error_code": true}
	for _, a := range action.Catalogue() {
		var params, returns []string
		for _, p := range a.Params {
			name := "`" + p.Name + "`"
			if p.Required {
				name = "**" + name + "**"
			}
			params = append(params, name)
		}
		for _, r := range a.Returns {
			if !common[r.Name] {
				returns = append(returns, "`"+r.Name+"`")
			}
		}
		fmt.Fprintf(&b, "| `%s` | «%s». %s | %s | %s |\n", a.Code, a.Name.RU, a.Description.EN, strings.Join(params, ", "), strings.Join(returns, ", "))
	}
	return b.String()
}
