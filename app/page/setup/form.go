package setup

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/mapping/tree"
	"konturbridge/app/page"
	"konturbridge/app/settings"
)

// faulty sorts what is wrong with a change to the fields of the form that it came from. below is the entry's path
// in the settings file, ids are the fields' ids by their path below it; the longest one that fits gets the fault.
func faulty(r page.Request, problems settings.Problems, below string, ids map[string]string) (faults []page.Fault, at map[string]string) {
	at = map[string]string{}
	for _, p := range problems {
		words := say(r, p.RU, p.EN)
		id := ""
		if rest, ours := strings.CutPrefix(p.Path, below); ours {
			id = fieldAt(strings.TrimPrefix(rest, "."), ids)
		} else if p.Path != "" {
			words = p.Path + ": " + words
		}
		faults = append(faults, page.Fault{Field: id, Text: words})
		if id != "" && at[id] == "" {
			at[id] = words
		}
	}
	return faults, at
}

// fieldAt finds the field of a path, or the one that holds it.
func fieldAt(path string, ids map[string]string) string {
	for path != "" {
		if id, ok := ids[path]; ok {
			return id
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return ids[""]
}

// mark puts faults at the fields of a form.
func mark(fields []page.Field, at map[string]string) []page.Field {
	for i := range fields {
		if text := at[fields[i].ID]; text != "" {
			fields[i].Fault = text
		}
	}
	return fields
}

// choose marks the options of a value; a value that is none of them is kept as an option of its own.
func choose(options []page.Option, value string) []page.Option {
	options = slices.Clone(options)
	found := false
	for i := range options {
		options[i].Selected = options[i].Value == value
		found = found || options[i].Selected
	}
	if !found && value != "" {
		options = append(options, page.Option{Value: value, Label: value, Selected: true})
	}
	return options
}

// written shows a value of a tree as a person edits it: texts and numbers as they are, the rest as YAML.
func written(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, []any:
		out, err := yaml.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return strings.TrimSuffix(string(out), "\n")
	default:
		return fmt.Sprint(v)
	}
}

// compound reports whether a value is edited as YAML.
func compound(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// read turns what a person has written back into a value. What was not touched stays as it is, numbers included.
func read(sent string, stored any) (any, error) {
	sent = strings.TrimSpace(strings.ReplaceAll(sent, "\r\n", "\n"))
	if sent == strings.TrimSpace(written(stored)) {
		return stored, nil
	}
	if compound(stored) {
		return tree.Parse([]byte(sent))
	}
	return sent, nil
}

func trimmed(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }

// numbers reads what was chosen and typed; bad is the first word that is no number.
func numbers(sent []string) (ids []int64, bad string) {
	for _, word := range strings.FieldsFunc(strings.Join(sent, " "), func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' }) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil || id <= 0 {
			return ids, word
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), ""
}

func itoa(n int) string { return strconv.Itoa(n) }
