package realtysim

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// checker collects everything wrong with a create body. It refuses what the contract page's section 1.1
// calls refusable (a table, a printed enum or a printed pattern) and stays silent about mere warnings.
type checker struct {
	server  *Server
	account *account
	errs    []Refusal
}

// check reads the envelope and the options of a create; it returns the options and every fault.
func (s *Server) check(a *account, typ string, body map[string]any) (map[string]any, []Refusal) {
	c := &checker{server: s, account: a}
	root := camel(typ)
	if id, ok := body["requestId"]; ok && id != nil {
		if _, text := id.(string); !text {
			c.fault(root+".requestId", "must be a string")
		}
	}
	o, ok := c.object(body, root, "options")
	if !ok {
		return nil, c.errs
	}
	at := root + ".options"
	switch typ {
	case TypeObject:
		c.word(o, at, "type", "info", "base", "ownership")
		c.cadastral(o, at)
	case TypeMovement:
		c.movement(o, at)
	case TypeEquity:
		c.equity(o, at)
	case TypeAssignment:
		c.assignment(o, at)
	case TypeEncumbrance:
		c.encumbrance(o, at)
	case TypeCessation:
		c.cessation(o, at)
	case TypePacket:
		c.packet(o, at)
	case TypeAction:
		c.action(o, at)
	}
	slices.SortStableFunc(c.errs, func(x, y Refusal) int { return cmp.Compare(x.Target, y.Target) })
	return o, c.errs
}

// validation is the printed 400: one Error around the single faults.
func validation(faults []Refusal) reply {
	return jsonReply(http.StatusBadRequest, Refusal{
		Code: "validation", Message: "Failed to validate input request", Target: "api", Errors: faults,
	})
}

func (c *checker) fault(target, message string) {
	c.errs = append(c.errs, Refusal{Code: "validation", Message: message, Target: target})
}

const mustNotBeNull = "must not be null"

// object reads a required object.
func (c *checker) object(m map[string]any, at, key string) (map[string]any, bool) {
	if m[key] == nil {
		c.fault(at+"."+key, mustNotBeNull)
		return nil, false
	}
	return c.asObject(m[key], at+"."+key)
}

// optional reads an object that may be absent.
func (c *checker) optional(m map[string]any, at, key string) (map[string]any, bool) {
	if m[key] == nil {
		return nil, false
	}
	return c.asObject(m[key], at+"."+key)
}

func (c *checker) asObject(v any, at string) (map[string]any, bool) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
	}
	return o, ok
}

// list reads a required array, which must not be empty. With single, one bare object stands for an array of
// itself: tables and examples disagree on several fields (O1 to O6, O26, O27).
func (c *checker) list(m map[string]any, at, key string, single bool) []map[string]any {
	if m[key] == nil {
		c.fault(at+"."+key, mustNotBeNull)
		return nil
	}
	return c.asList(m[key], at+"."+key, single)
}

func (c *checker) asList(v any, at string, single bool) []map[string]any {
	if o, ok := v.(map[string]any); ok && single {
		return []map[string]any{o}
	}
	array, ok := v.([]any)
	if !ok {
		c.fault(at, "must be an array")
		return nil
	}
	if len(array) == 0 {
		c.fault(at, mustNotBeNull)
	}
	var out []map[string]any
	for i, e := range array {
		if o, ok := c.asObject(e, index(at, i)); ok {
			out = append(out, o)
		}
	}
	return out
}

// text reads a required string.
func (c *checker) text(m map[string]any, at, key string) string {
	if m[key] == nil || m[key] == "" {
		c.fault(at+"."+key, mustNotBeNull)
		return ""
	}
	return c.maybe(m, at, key)
}

// maybe reads an optional string.
func (c *checker) maybe(m map[string]any, at, key string) string {
	if m[key] == nil {
		return ""
	}
	v, ok := m[key].(string)
	if !ok {
		c.fault(at+"."+key, "must be a string")
	}
	return v
}

// word reads a required string out of a closed list.
func (c *checker) word(m map[string]any, at, key string, known ...string) {
	c.known(c.text(m, at, key), at+"."+key, known...)
}

func (c *checker) known(v, at string, known ...string) {
	if v != "" && !slices.Contains(known, v) {
		c.fault(at, "unknown value")
	}
}

// date reads YYYY-MM-DD.
func (c *checker) date(m map[string]any, at, key string, required bool) {
	v := c.maybe(m, at, key)
	if required {
		v = c.text(m, at, key)
	}
	if v == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		c.fault(at+"."+key, "must be a date YYYY-MM-DD")
	}
}

func (c *checker) match(v, at string, pattern *regexp.Regexp) {
	if v != "" && !pattern.MatchString(v) {
		c.fault(at, "must match "+pattern.String())
	}
}

// cadastral refuses only what is not four non-empty parts joined by colons: the docs speak of symbols, and
// no page prints a pattern.
func (c *checker) cadastral(m map[string]any, at string) {
	v := strings.TrimSpace(c.text(m, at, "cadastralNumber"))
	if v == "" {
		return
	}
	parts := strings.Split(v, ":")
	if len(parts) != 4 || slices.Contains(parts, "") {
		c.fault(at+".cadastralNumber", "must be a cadastral number")
	}
}

// cadastralNumbers finds every number in the options, for levers that depend on the place.
func cadastralNumbers(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			if text, ok := e.(string); ok && key == "cadastralNumber" {
				out = append(out, text)
			}
			out = append(out, cadastralNumbers(e)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, cadastralNumbers(e)...)
		}
	}
	return out
}
