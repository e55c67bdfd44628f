package bitrixsim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operators of filter keys, longest first.
func operators() []string {
	return []string{"!=%", "!%=", "!%", "!@", "!=", "=%", "%=", ">=", "<=", "%", "@", "=", ">", "<", "!"}
}

// splitOperator cuts the prefix of a filter key.
func splitOperator(key string) (op, name string) {
	for _, op := range operators() {
		if rest, ok := strings.CutPrefix(key, op); ok {
			return op, rest
		}
	}
	return "=", key
}

// lookupFunc gives the value of a row's field; ok is false for a field that cannot be filtered on.
type lookupFunc func(name string) (v any, ok bool)

// matches applies a filter with prefix operators and nested logic to a row. unknown is the first name that the
// row does not have.
func matches(filter *array, get lookupFunc) (ok bool, unknown string) {
	if filter == nil {
		return true, ""
	}
	or := strings.EqualFold(str(filter.get("logic")), "or")
	result := !or || filter.len() <= 1
	for _, key := range filter.keys {
		if key == "logic" {
			continue
		}
		var hit bool
		if sub := asArray(filter.vals[key]); sub != nil && digitsOnly.MatchString(key) {
			hit, unknown = matches(sub, get)
		} else {
			op, name := splitOperator(key)
			v, known := get(name)
			if !known {
				return false, name
			}
			hit = compareOp(op, v, filter.vals[key])
		}
		if unknown != "" {
			return false, unknown
		}
		if or {
			result = result || hit
		} else {
			result = result && hit
		}
	}
	return result, ""
}

// compareOp applies one operator; a multiple field matches when one of its values does.
func compareOp(op string, have, want any) bool {
	if negated, ok := strings.CutPrefix(op, "!"); ok {
		if negated == "" {
			negated = "="
		}
		return !compareOp(negated, have, want)
	}
	if values, ok := have.([]any); ok && len(values) > 0 {
		return slices.ContainsFunc(values, func(v any) bool { return compareOp(op, v, want) })
	}
	if wants := asArray(want); wants != nil {
		return slices.ContainsFunc(wants.values(), func(w any) bool { return compareOp("=", have, w) })
	}
	a, b := text(have), str(want)
	switch op {
	case "%", "%=", "=%":
		return like(op, a, b)
	case ">":
		return order(a, b) > 0
	case ">=":
		return order(a, b) >= 0
	case "<":
		return order(a, b) < 0
	case "<=":
		return order(a, b) <= 0
	}
	if (a == "Y" || a == "N") && (b == "1" || b == "0") {
		return (a == "Y") == (b == "1")
	}
	return a == b || order(a, b) == 0 && a != "" && b != ""
}

// like is a case-insensitive search; %= and =% carry their own percent signs.
func like(op, a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if op == "%" {
		return strings.Contains(a, b)
	}
	head, tail := strings.HasPrefix(b, "%"), strings.HasSuffix(b, "%")
	core := strings.Trim(b, "%")
	switch {
	case head && tail:
		return strings.Contains(a, core)
	case head:
		return strings.HasSuffix(a, core)
	case tail:
		return strings.HasPrefix(a, core)
	}
	return a == core
}

// order compares as numbers, else as moments, else as text.
func order(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	s, errS := parseTime(a)
	t, errT := parseTime(b)
	if errS == nil && errT == nil {
		return s.Compare(t)
	}
	return strings.Compare(a, b)
}

// parseTime reads a date or a datetime in the spellings that REST accepts.
func parseTime(s string) (time.Time, error) {
	var last error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02", "02.01.2006 15:04:05", "02.01.2006"} {
		t, err := time.ParseInLocation(layout, s, portalZone())
		if err == nil {
			return t, nil
		}
		last = err
	}
	return time.Time{}, last
}

// splitWords splits a list by spaces.
func splitWords(s string) []string { return strings.Fields(s) }

// upper is a field name as the older lists spell it.
func upper(name string) string { return strings.ToUpper(name) }

// text is a stored value as text.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	case bool:
		return flag(v)
	}
	return ""
}

// sortRows orders rows by the order parameter: name to ASC or DESC.
func sortRows[T any](rows []T, by *array, get func(row T, name string) any) {
	if by == nil {
		return
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		for _, name := range by.keys {
			n := order(text(get(a, name)), text(get(b, name)))
			if strings.HasPrefix(strings.ToLower(str(by.vals[name])), "desc") {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
}

// selectRows filters, orders, cuts and trims rows that are maps of strings, as the older lists do.
func selectRows(c *call, rows []map[string]any, defOrder string) ([]map[string]any, *restError) {
	var kept []map[string]any
	for _, row := range rows {
		ok, unknown := matches(asArray(c.params.fold("filter")), func(name string) (any, bool) { v, ok := row[name]; return v, ok })
		if unknown != "" {
			return nil, bad("INVALID_ARG_VALUE", "Field '"+unknown+"' is not allowed in filter")
		}
		if ok {
			kept = append(kept, row)
		}
	}
	by := asArray(c.params.fold("order"))
	if by.len() == 0 {
		by = newArray()
		by.set(defOrder, "ASC")
	}
	sortRows(kept, by, func(row map[string]any, name string) any { return row[name] })
	out := []map[string]any{}
	names := list(c.params.fold("select"))
	for _, row := range page(c, kept) {
		out = append(out, project(row, names))
	}
	return out, nil
}

// project keeps the selected keys; no selection or "*" keeps all.
func project(row map[string]any, names []any) map[string]any {
	if len(names) == 0 || slices.ContainsFunc(names, func(n any) bool { return str(n) == "*" }) {
		return row
	}
	out := map[string]any{}
	for _, n := range names {
		if v, ok := row[str(n)]; ok {
			out[str(n)] = v
		}
	}
	return out
}
