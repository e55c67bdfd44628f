package bitrixsim

import (
	"slices"
	"strings"
)

// plainFields is the answer of a *.fields method for rows that are no cards: "NAME type flags" each, where flags are
// * required, r read-only, i immutable and m multiple.
func plainFields(lines ...string) map[string]any {
	out := map[string]any{}
	for _, line := range lines {
		part := append(strings.Fields(line), "")
		out[part[0]] = map[string]any{
			"type": part[1], "isRequired": strings.Contains(part[2], "*"), "isReadOnly": strings.Contains(part[2], "r"),
			"isImmutable": strings.Contains(part[2], "i"), "isMultiple": strings.Contains(part[2], "m"), "isDynamic": false, "title": part[0],
		}
	}
	return out
}

// stringFields describes names that hold text.
func stringFields(into map[string]any, prefix string, names string) map[string]any {
	for _, name := range strings.Fields(names) {
		into[prefix+name] = plainFields("X string")["X"]
	}
	return into
}

// rows are the stored rows of one small table, all values strings or nil, as the older methods show them.
type rows []map[string]any

// find gives the row with an id.
func (r rows) find(id int) map[string]any {
	for _, row := range r {
		if row["ID"] == itoa(id) {
			return row
		}
	}
	return nil
}

// drop removes the row with an id.
func (r *rows) drop(id int) {
	*r = slices.DeleteFunc(*r, func(row map[string]any) bool { return row["ID"] == itoa(id) })
}

// merge writes posted fields that the row knows, or that are user fields; the protected ones stay.
func merge(row map[string]any, fields *array, protected ...string) {
	for _, name := range keysOf(fields) {
		_, known := row[name]
		if (known || strings.HasPrefix(name, "UF_CRM_")) && !slices.Contains(protected, name) {
			row[name] = str(fields.vals[name])
		}
	}
}

// rowOf finds the row of the id parameter; what names the kind in the refusal.
func (c *call) rowOf(table rows, what string) (map[string]any, *restError) {
	id, ok := num(c.params.fold("id"))
	if !ok || id <= 0 {
		return nil, bad("", "ID is not defined or invalid.")
	}
	row := table.find(id)
	if row == nil {
		return nil, bad("", "The "+what+" with ID '"+itoa(id)+"' is not found")
	}
	return row, nil
}
