package setup

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"konturbridge/app/mapping/tree"
)

// change is one value that differs between two versions.
type change struct {
	Path     string
	Old, New string // "" for what was not there
}

// maxChanges bounds what a page shows of a difference.
const maxChanges = 200

// difference lists what differs, by the path in the file. Entries of lists are compared by what names them (accounts
// and mappings by their name), else by what they are, so that one that was put in between changes no other.
func difference(old, now []byte) []change {
	var all []change
	compare("", parsed(old), parsed(now), &all)
	if len(all) > maxChanges {
		all = append(all[:maxChanges], change{Path: fmt.Sprintf("… %d", len(all)-maxChanges)})
	}
	return all
}

func parsed(text []byte) any {
	value, err := tree.Parse(text)
	if err != nil { // of another version: as text
		return string(text)
	}
	return value
}

func compare(path string, old, now any, all *[]change) {
	if same(old, now) {
		return
	}
	before, wasMap := old.(map[string]any)
	after, isMap := now.(map[string]any)
	if (wasMap || old == nil) && (isMap || now == nil) && (wasMap || isMap) && (path == "" || wasMap && isMap) {
		for _, key := range keysOf(before, after) {
			compare(tree.Join(path, key), before[key], after[key], all)
		}
		return
	}
	first, wasList := old.([]any)
	second, isList := now.([]any)
	if (wasList || old == nil) && (isList || now == nil) && (wasList || isList) {
		compareLists(path, first, second, all)
		return
	}
	*all = append(*all, change{path, short(old), short(now)})
}

func compareLists(path string, old, now []any, all *[]change) {
	var gone, come []int
	matched := map[int]bool{}
	for i, one := range old {
		at := slices.IndexFunc(now, func(other any) bool { return same(one, other) })
		if at >= 0 && !matched[at] {
			matched[at] = true
			continue
		}
		gone = append(gone, i)
	}
	for i := range now {
		if !matched[i] {
			come = append(come, i)
		}
	}
	paired := map[int]bool{}
	for _, i := range gone {
		at := slices.IndexFunc(come, func(j int) bool { return !paired[j] && kin(old[i], now[j]) })
		if at < 0 {
			*all = append(*all, change{Path: label(path, i, old[i]), Old: short(old[i])})
			continue
		}
		paired[come[at]] = true
		compare(label(path, come[at], now[come[at]]), old[i], now[come[at]], all)
	}
	for _, j := range come {
		if !paired[j] {
			*all = append(*all, change{Path: label(path, j, now[j]), New: short(now[j])})
		}
	}
}

// maxLines bounds what a page shows of one value.
const maxLines = 20

// short is a value as people read it, a large one by its beginning.
func short(value any) string {
	lines := strings.Split(written(value), "\n")
	if len(lines) <= maxLines {
		return strings.Join(lines, "\n")
	}
	return fmt.Sprintf("%s\n… (+%d)", strings.Join(lines[:maxLines], "\n"), len(lines)-maxLines)
}

// kin reports whether two entries are the same thing, changed.
func kin(a, b any) bool {
	x, ok := a.(map[string]any)
	y, also := b.(map[string]any)
	if !ok || !also {
		return false
	}
	if x["name"] != nil || y["name"] != nil {
		return same(x["name"], y["name"])
	}
	alike := 0
	for key, value := range x {
		if same(value, y[key]) {
			alike++
		}
	}
	return 2*alike >= max(len(x), len(y))
}

// label is the path of an entry, with its name where it has one.
func label(path string, at int, entry any) string {
	if m, ok := entry.(map[string]any); ok {
		if name, ok := m["name"].(string); ok {
			return path + "[" + name + "]"
		}
	}
	return fmt.Sprintf("%s[%d]", path, at)
}

func same(a, b any) bool {
	x, err := yaml.Marshal(a)
	y, also := yaml.Marshal(b)
	return err == nil && also == nil && string(x) == string(y)
}

func keysOf(a, b map[string]any) []string {
	seen := map[string]bool{}
	var keys []string
	for _, m := range []map[string]any{a, b} {
		for key := range m {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
