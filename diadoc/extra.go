package diadoc

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Raw is a structure that is passed on as JSON, because its fields are not part of this package.
type Raw []byte

// Decode reads the structure into a Go value.
func (r Raw) Decode(into any) error {
	if len(r) == 0 {
		return nil
	}
	return json.Unmarshal(r, into)
}

// String shows the JSON.
func (r Raw) String() string { return string(r) }

// UnmarshalJSON keeps what came; null is the same as absent.
func (r *Raw) UnmarshalJSON(raw []byte) error {
	*r = nil
	if !bytes.Equal(raw, []byte("null")) {
		*r = bytes.Clone(raw)
	}
	return nil
}

// MarshalJSON writes what came.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}

// Symbol is a value of an enumeration whose values are not part of this package: its name, or its number
// as a text.
type Symbol string

// UnmarshalJSON reads a name or a number.
func (s *Symbol) UnmarshalJSON(raw []byte) error { return readEnum(raw, s, nil) }

// MarshalJSON writes a number as a number.
func (s Symbol) MarshalJSON() ([]byte, error) { return writeEnum(string(s)) }

// Extra holds the fields of a structure that this package has no names for, by their names on the wire.
// They are kept when the structure is sent back, and may be used to send a field that is newer than the
// package. A name that the structure has itself is not written from here.
type Extra map[string]Raw

// readExtra reads an object into plain, a structure without methods, and the rest of its fields.
func readExtra[T any](raw []byte, plain *T, extra *Extra) error {
	if err := json.Unmarshal(raw, plain); err != nil {
		return err
	}
	var fields map[string]Raw
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	known := fieldNames(reflect.TypeFor[T]())
	*extra = nil
	for name, value := range fields {
		if known[strings.ToLower(name)] || len(value) == 0 { // null is the same as absent
			continue
		}
		if *extra == nil {
			*extra = Extra{}
		}
		(*extra)[name] = value
	}
	return nil
}

// writeExtra writes plain and, after it, the fields that it lacks.
func writeExtra[T any](plain T, extra Extra) ([]byte, error) {
	raw, err := json.Marshal(plain)
	if err != nil || len(extra) == 0 {
		return raw, err
	}
	rest := Extra{}
	known := fieldNames(reflect.TypeFor[T]())
	for name, value := range extra {
		if !known[strings.ToLower(name)] {
			rest[name] = value
		}
	}
	more, err := json.Marshal(rest) // in the order of the names: the bytes of a body must not change by chance
	if err != nil || len(rest) == 0 {
		return raw, err
	}
	if len(raw) == len("{}") {
		return more, nil
	}
	return append(append(raw[:len(raw)-1], ','), more[1:]...), nil
}

// fieldNames lists the names that encoding/json reads into t, in lower case as it compares them.
func fieldNames(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case name == "":
			name = field.Name
		}
		names[strings.ToLower(name)] = true
	}
	return names
}
