package diadoc

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
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
	known := fieldNames(reflect.TypeFor[T]())
	*extra = nil
	return eachField(raw, func(key, value []byte) error {
		if known[string(key)] || len(value) == 0 || value[0] == 'n' { // null is the same as absent
			return nil
		}
		name := string(key)
		if bytes.IndexByte(key, '\\') >= 0 {
			if err := json.Unmarshal(append(append([]byte{'"'}, key...), '"'), &name); err != nil {
				return err
			}
		}
		if known[strings.ToLower(name)] {
			return nil
		}
		if *extra == nil {
			*extra = Extra{}
		}
		(*extra)[name] = bytes.Clone(value)
		return nil
	})
}

// eachField goes through the fields of an object that is known to be valid JSON, without reading them: the names as
// they stand between their quotes, and the values. What is no object has none.
func eachField(raw []byte, each func(key, value []byte) error) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	for at := 1; at < len(raw); {
		switch c := raw[at]; c {
		case '"':
			end := endOfText(raw, at)
			key := raw[at+1 : end-1]
			for end < len(raw) && (raw[end] == ':' || isSpace(raw[end])) {
				end++
			}
			start := end
			end = endOfValue(raw, start)
			if err := each(key, bytes.TrimRight(raw[start:end], " \t\r\n")); err != nil {
				return err
			}
			at = end
		case '}':
			return nil
		default: // a space or a comma
			at++
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// endOfText is behind the text that begins at a quote.
func endOfText(raw []byte, at int) int {
	for at++; at < len(raw); at++ {
		switch raw[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(raw)
}

// endOfValue is at the comma or brace behind the value that begins there.
func endOfValue(raw []byte, at int) int {
	for depth := 0; at < len(raw); {
		switch raw[at] {
		case '"':
			at = endOfText(raw, at)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return at
			}
		case ',':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return len(raw)
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

// fieldsOf remembers the names of structures: they are looked at for every value that is read.
var fieldsOf sync.Map // reflect.Type to map[string]bool

// fieldNames lists the names that encoding/json reads into t, as they are and in lower case, as it compares them.
func fieldNames(t reflect.Type) map[string]bool {
	if names, ok := fieldsOf.Load(t); ok {
		return names.(map[string]bool)
	}
	names := map[string]bool{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case name == "":
			name = field.Name
		}
		names[name], names[strings.ToLower(name)] = true, true
	}
	fieldsOf.Store(t, names)
	return names
}
