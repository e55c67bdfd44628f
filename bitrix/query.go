package bitrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// EncodeQuery writes the parameters of a method as a query with PHP's bracket keys, as a batch command
// needs it: {"fields":{"PHONE":[{"VALUE":"1"}]}} becomes fields[PHONE][0][VALUE]=1, escaped. Keys keep
// the order that JSON gives them; true and false become 1 and 0, null an empty text.
//
// A query cannot say "empty list" or "empty object", and leaving the key out means something else
// ("unchanged"), so such parameters are refused: the error wraps ErrNotBatchable.
// doc: settings/how-to-call-rest-api/data-encoding.md
func EncodeQuery(params any) (string, error) {
	if params == nil {
		return "", nil
	}
	data, err := json.Marshal(params)
	if err != nil {
		return "", fmt.Errorf("bitrix: encode the parameters: %w", err)
	}
	if bytes.Equal(data, []byte("{}")) {
		return "", nil
	}
	if data[0] != '{' {
		return "", fmt.Errorf("bitrix: the parameters are not a JSON object: %w", ErrNotBatchable)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a float would change long numbers
	var w formWriter
	if err := writeValue(&w, decoder, ""); err != nil {
		return "", err
	}
	return w.String(), nil
}

// writeValue writes the next JSON value under key. It walks tokens, because a decoded Go map would
// forget the order of keys.
func writeValue(w *formWriter, decoder *json.Decoder, key string) error {
	token, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("bitrix: encode the parameters: %w", err)
	}
	switch v := token.(type) {
	case json.Delim:
		return writeNested(w, decoder, key, v)
	case string:
		w.add(key, v)
	case json.Number:
		w.add(key, v.String())
	case bool:
		w.add(key, map[bool]string{true: "1", false: "0"}[v])
	default: // null
		w.add(key, "")
	}
	return nil
}

func writeNested(w *formWriter, decoder *json.Decoder, key string, open json.Delim) error {
	count := 0
	for ; decoder.More(); count++ {
		name := strconv.Itoa(count)
		if open == '{' {
			token, err := decoder.Token()
			if err != nil {
				return fmt.Errorf("bitrix: encode the parameters: %w", err)
			}
			name, _ = token.(string) // an object's key is always a string
		}
		if strings.ContainsAny(name, "[]") || name == "" {
			return fmt.Errorf("bitrix: parameter %.64q cannot be a query key: %w", name, ErrNotBatchable)
		}
		if key != "" {
			name = key + "[" + name + "]"
		}
		if err := writeValue(w, decoder, name); err != nil {
			return err
		}
	}
	if count == 0 {
		return fmt.Errorf("bitrix: parameter %.64q is empty: %w", key, ErrNotBatchable)
	}
	_, err := decoder.Token() // the closing bracket
	return err
}
