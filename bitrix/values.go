package bitrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ID is a numeric identifier. Old methods write it as a string, new ones as a number, and "none" as
// null, "", "0" or false; all of these read as zero.
type ID int64

// ParseID reads a decimal identifier; "" is zero.
func ParseID(s string) (ID, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not an id", s)
	}
	return ID(n), nil
}

// String is the decimal form.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// UnmarshalJSON implements json.Unmarshaler.
func (id *ID) UnmarshalJSON(data []byte) error {
	s := string(data)
	if s == "null" || s == "false" {
		*id = 0
		return nil
	}
	if s != "" && s[0] == '"' {
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
	}
	n, err := ParseID(strings.TrimSpace(s))
	*id = n
	return err
}

// Flag is a yes or no that the API writes as Y/N, true/false, 1/0 or their strings. It is written as
// "Y" or "N".
type Flag bool

// ParseFlag reads any of the forms; "" is no.
func ParseFlag(s string) (Flag, error) {
	switch strings.ToLower(s) {
	case "y", "true", "1":
		return true, nil
	case "n", "false", "0", "", "null":
		return false, nil
	default:
		return false, fmt.Errorf("%.40q is not Y or N", s)
	}
}

// String is "Y" or "N".
func (f Flag) String() string {
	if f {
		return "Y"
	}
	return "N"
}

// MarshalJSON implements json.Marshaler.
func (f Flag) MarshalJSON() ([]byte, error) { return []byte(`"` + f.String() + `"`), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (f *Flag) UnmarshalJSON(data []byte) error {
	parsed, err := ParseFlag(strings.Trim(string(data), `"`))
	*f = parsed
	return err
}

// Text is a string that some methods write as a number, null or false (which read as "").
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(data []byte) error {
	switch {
	case bytes.Equal(data, []byte("null")), bytes.Equal(data, []byte("false")):
		*t = ""
	case data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = Text(s)
	case data[0] == '{', data[0] == '[':
		return fmt.Errorf("a list or an object where a text is due")
	default:
		*t = Text(data)
	}
	return nil
}

// Time is a moment as the API writes it: ISO 8601 with an offset; null, "" and false read as zero.
// Texts in a portal's regional format are not times: fields that may hold them are strings here.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	var s Text
	if err := s.UnmarshalJSON(data); err != nil {
		return err
	}
	*t = Time{}
	if s == "" {
		return nil
	}
	parsed, err := time.Parse(time.RFC3339, string(s))
	if err != nil {
		return fmt.Errorf("%.40q is not an ISO 8601 time", string(s))
	}
	t.Time = parsed
	return nil
}

// MarshalJSON implements json.Marshaler; zero is "".
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte(`""`), nil
	}
	return []byte(t.Format(`"` + time.RFC3339 + `"`)), nil
}

// Multi is a value of a field that may be multiple: an array, a lone value, or PHP's object with
// numeric keys. null, "" and false read as empty. It is written as an array.
type Multi[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (m *Multi[T]) UnmarshalJSON(data []byte) error {
	*m = nil
	switch string(data) {
	case "null", `""`, "false":
		return nil
	}
	if rows, ok := phpList(data); ok {
		return decodeAll((*[]T)(m), rows)
	}
	return decodeAll((*[]T)(m), []json.RawMessage{data})
}

// List is a list that PHP writes as an object when its keys have gaps. null and false read as empty.
type List[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *List[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	switch string(data) {
	case "null", "false", `""`:
		return nil
	}
	rows, ok := phpList(data)
	if !ok {
		return fmt.Errorf("not a list")
	}
	return decodeAll((*[]T)(l), rows)
}

// Map is an object that PHP writes as [] when it is empty and as an array when its keys are 0, 1, 2…
// null and false read as empty.
type Map[T any] map[string]T

// UnmarshalJSON implements json.Unmarshaler.
func (m *Map[T]) UnmarshalJSON(data []byte) error {
	*m = Map[T]{}
	switch string(data) {
	case "null", "false", `""`:
		return nil
	}
	if data[0] != '[' {
		return json.Unmarshal(data, (*map[string]T)(m))
	}
	var rows []T
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	for i, row := range rows {
		(*m)[strconv.Itoa(i)] = row
	}
	return nil
}

// phpList reads an array, or an object all of whose keys are numbers, in the keys' order.
func phpList(data []byte) ([]json.RawMessage, bool) {
	if len(data) == 0 {
		return nil, false
	}
	var rows []json.RawMessage
	if data[0] == '[' {
		return rows, json.Unmarshal(data, &rows) == nil
	}
	var byKey map[string]json.RawMessage
	if data[0] != '{' || json.Unmarshal(data, &byKey) != nil {
		return nil, false
	}
	keys := make([]int, 0, len(byKey))
	for key := range byKey {
		n, err := strconv.Atoi(key)
		if err != nil || strconv.Itoa(n) != key {
			return nil, false
		}
		keys = append(keys, n)
	}
	slices.Sort(keys)
	for _, n := range keys {
		rows = append(rows, byKey[strconv.Itoa(n)])
	}
	return rows, true
}

func decodeAll[T any](into *[]T, rows []json.RawMessage) error {
	for _, row := range rows {
		var v T
		if err := json.Unmarshal(row, &v); err != nil {
			return err
		}
		*into = append(*into, v)
	}
	return nil
}

// Secret is a token that must not reach a log. It prints as ***; convert it to string to use it.
type Secret string

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, so that JSON does not show it either.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
