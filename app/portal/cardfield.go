package portal

import (
	"encoding/json"
	"strings"

	"konturbridge/bitrix"
)

// FieldText is a field's value in the form in which changes are told: no value is "", and of files only
// the ids are kept, since their links carry the access token and differ with every reading.
func FieldText(item bitrix.Item, name string) string {
	if !item.Has(name) {
		name = FieldName(name)
	}
	var value any
	if raw := item.Raw(name); raw == nil || json.Unmarshal(raw, &value) != nil {
		return ""
	}
	switch v := withoutLinks(value).(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		if len(v) == 0 {
			return ""
		}
		value = v
	default:
		value = v
	}
	text, err := json.Marshal(value)
	if err != nil { // it was JSON a moment ago
		return ""
	}
	return string(text)
}

func withoutLinks(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if _, file := v["id"]; file {
			return v["id"]
		}
	case []any:
		for i := range v {
			v[i] = withoutLinks(v[i])
		}
	}
	return value
}

// FieldName is a field's name in the universal methods: user fields keep theirs there, standard ones that
// people know by an upper-case name have another. doc: api-reference/crm/universal/object-fields.md
func FieldName(name string) string {
	switch {
	case strings.HasPrefix(name, "UF_"), strings.ToUpper(name) != name:
		return name
	case name == "DATE_CREATE":
		return "createdTime"
	case name == "DATE_MODIFY":
		return "updatedTime"
	case name == "STATUS_ID":
		return "stageId"
	}
	parts := strings.Split(strings.ToLower(name), "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}
