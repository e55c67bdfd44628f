package realty

import (
	"bytes"
	"encoding/json"
	"errors"
)

// text reads any JSON scalar as its text: the service does not keep numbers and strings apart. null
// is the empty string.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case bytes.Equal(raw, []byte("null")):
		*t = ""
		return nil
	case len(raw) > 0 && raw[0] == '"':
		return json.Unmarshal(raw, (*string)(t))
	case len(raw) > 0 && (raw[0] == '{' || raw[0] == '['):
		return errors.New("an object or array where a scalar is expected")
	}
	*t = text(raw)
	return nil
}

// oneOrMany reads an array, or a single object in place of it; null is an empty array.
type oneOrMany[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (m *oneOrMany[T]) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case bytes.Equal(raw, []byte("null")):
		*m = nil
		return nil
	case len(raw) > 0 && raw[0] == '[':
		return json.Unmarshal(raw, (*[]T)(m))
	}
	var one T
	if err := json.Unmarshal(raw, &one); err != nil {
		return err
	}
	*m = oneOrMany[T]{one}
	return nil
}

// absentIfNull drops a JSON null, which means the same as no field.
func absentIfNull(raw json.RawMessage) json.RawMessage {
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	return raw
}

// scalarsToText rewrites every number and boolean of a JSON document as a string, so that structs of
// strings can read an answer in which the service printed a number.
func scalarsToText(raw []byte) ([]byte, error) {
	tree, err := decodeTree(raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(textTree(tree))
}

// decodeTree reads one JSON document, keeping numbers as they are written.
func decodeTree(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one JSON document")
	}
	return tree, nil
}

func textTree(node any) any {
	switch value := node.(type) {
	case map[string]any:
		for key, child := range value {
			value[key] = textTree(child)
		}
	case []any:
		for i, child := range value {
			value[i] = textTree(child)
		}
	case json.Number:
		return value.String()
	case bool:
		if value {
			return "true"
		}
		return "false"
	}
	return node
}
