package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	prefix     = "BRIDGE_"
	fileSuffix = "_FILE"
)

// Fault is one thing wrong with the settings.
type Fault struct {
	// Key is the setting's name, with the file's line where it came from there ("BRIDGE_LISTEN", "applications[1].client_id").
	Key string
	// Message says what is wrong and what to do; it never holds a secret.
	Message string
}

// Faults is everything wrong with the settings, found in one go. It is an error of one line.
type Faults []Fault

// Error joins the faults into one line.
func (f Faults) Error() string {
	parts := make([]string, len(f))
	for i, fault := range f {
		parts[i] = fault.Key + ": " + fault.Message
	}
	return "settings: " + strings.Join(parts, "; ")
}

// err turns no faults into no error.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Load reads the settings: environ as os.Environ gives it, and the YAML file when file isn't empty. The
// environment wins; a secret may also come from the file named by its key plus _FILE. An empty value counts
// as absent unless empty means something for that key (its default is empty, or BRIDGE_OPS_LISTEN).
//
// Errors: Faults with every unknown, doubled or malformed key.
func Load(environ []string, file string) (Config, error) {
	var (
		cfg    Config
		faults Faults
	)
	values := map[string]string{}
	if file != "" {
		fromFile, apps, found := readFile(file)
		faults = append(faults, found...)
		faults = append(faults, overlay(values, fromFile)...)
		cfg.Extra = apps
	}
	faults = append(faults, overlay(values, bridgeVariables(environ))...)
	for _, f := range fields() {
		text, given := values[f.key]
		if !given {
			text = f.preset
		}
		if text == "" && !f.keepEmpty {
			text = f.preset
		}
		if err := f.set(&cfg, text); err != nil {
			faults = append(faults, Fault{f.key, err.Error()})
		}
	}
	faults = append(faults, cfg.check()...)
	return cfg, faults.err()
}

// bridgeVariables picks our variables out of an environment; the last one of a name wins, as in a shell.
func bridgeVariables(environ []string) map[string]string {
	vars := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && strings.HasPrefix(name, prefix) {
			vars[name] = value
		}
	}
	return vars
}

// overlay puts one source's values over what weaker sources gave.
func overlay(values, source map[string]string) Faults {
	var faults Faults
	known := map[string]field{}
	for _, f := range fields() {
		known[f.key] = f
	}
	for _, name := range sortedKeys(source) {
		value := strings.TrimSpace(source[name])
		f, ok := known[name]
		if ok {
			// An empty value where empty says nothing must not hide what the file says.
			if value != "" || f.keepEmpty {
				values[name] = value
			}
			continue
		}
		base, isFile := strings.CutSuffix(name, fileSuffix)
		if f, ok = known[base]; !isFile || !ok || !f.secret {
			faults = append(faults, Fault{name, "unknown setting" + suggestion(name, known)})
			continue
		}
		if value == "" {
			continue
		}
		if source[base] != "" {
			faults = append(faults, Fault{name, "given together with " + base + "; keep one of them"})
			continue
		}
		text, err := readSecret(value)
		if err != nil {
			faults = append(faults, Fault{name, err.Error()})
			continue
		}
		values[base] = text
	}
	return faults
}

// readSecret reads a secret's file; the newline that editors leave at its end is not part of the secret.
func readSecret(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("can't read the secret: %w", err)
	}
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return "", fmt.Errorf("the file %s is empty", path)
	}
	return text, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// suggestion names the known setting that a misspelt one most likely meant.
func suggestion(name string, known map[string]field) string {
	best, distance := "", 4
	for _, key := range sortedKeys(known) {
		if d := editDistance(name, key); d < distance {
			best, distance = key, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// editDistance is Levenshtein's, over bytes: keys are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
