package realtysim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// signersOf lists who must sign: every participant, or the representative in place of the one represented.
// A person on two sides signs once. The order is the order of the keys, so that it never changes.
func signersOf(options map[string]any) []person {
	var out []person
	seen := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if p, ok := signing(v); ok {
				if key := fmt.Sprint(p["snils"], p["identityDocument"], p["surname"], p["name"]); !seen[key] {
					seen[key] = true
					out = append(out, toPerson(p))
				}
				return
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key])
			}
		}
	}
	walk(options)
	return out
}

// signing tells whether m is a participant and returns the person who signs for it.
func signing(m map[string]any) (map[string]any, bool) {
	if agent, ok := m["representative"].(map[string]any); ok {
		p, ok := agent["person"].(map[string]any)
		return p, ok
	}
	p, ok := m["person"].(map[string]any)
	return p, ok
}

func toPerson(p map[string]any) person {
	wire := maps.Clone(p)
	snils, ok := wire["snils"].(string)
	if ok {
		wire["snils"] = answerSnils(snils)
	}
	return person{wire: wire, name: fmt.Sprint(p["surname"], " ", p["name"]), snils: digits(snils)}
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
