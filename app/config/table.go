package config

import (
	"fmt"
	"strings"
)

// Row is one setting as documentation shows it.
type Row struct {
	// Name is the key, in the environment and in the YAML file alike.
	Name string
	// Default is what holds when the key is missing; "" when nothing does.
	Default string
	// Computed says that Default is words about the default, not a value to write down.
	Computed bool
	// Meaning is one sentence.
	Meaning string
	// Secret says that Name plus _FILE may name a file that holds the value.
	Secret bool
}

// Table lists every setting in the order of the documentation.
func Table() []Row {
	var rows []Row
	for _, f := range fields() {
		row := Row{Name: f.key, Default: f.preset, Meaning: f.doc, Secret: f.secret}
		if f.shown != "" {
			row.Default, row.Computed = f.shown, true
		}
		rows = append(rows, row)
	}
	return rows
}

// ExampleEnv is deploy/bridge.env.example: every setting, commented out, with its meaning above it.
func ExampleEnv() string {
	var b strings.Builder
	b.WriteString("# Settings of the bridge. Generated from app/config: change them there, not here.\n" +
		"# Every line is optional except BRIDGE_PUBLIC_URL. A secret may also be read from a file:\n" +
		"# add _FILE to its name and give the path.\n")
	for _, row := range Table() {
		fmt.Fprintf(&b, "\n# %s.\n", row.Meaning)
		if row.Secret {
			fmt.Fprintf(&b, "# Secret: %s_FILE reads it from a file.\n", row.Name)
		}
		value := row.Default
		if row.Computed {
			fmt.Fprintf(&b, "# Default: %s.\n", row.Default)
			value = ""
		}
		fmt.Fprintf(&b, "#%s=%s\n", row.Name, value)
	}
	return b.String()
}
