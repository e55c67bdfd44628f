package diadocsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// enumerated is a named value: requests give its name or its number, answers give names.
type enumerated interface{ names() map[int]string }

// decode reads a JSON body into a structure and returns the paths of unknown fields. It is stricter than
// encoding/json: names are exact, wrong kinds and unknown enum names are refused, bytes are padded base64, a
// field tagged dia:"req" must be there, and dia:"max=n" limits the characters of a string.
func decode(data []byte, into any) (unknown []string, err error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil {
		return nil, fmt.Errorf("invalid JSON: %w", err)
	}
	if dec.More() {
		return nil, fmt.Errorf("invalid JSON: something follows the object")
	}
	d := decoder{}
	if err := d.value(raw, reflect.ValueOf(into).Elem(), ""); err != nil {
		return nil, err
	}
	return d.unknown, nil
}

type decoder struct{ unknown []string }

func (d *decoder) value(raw any, to reflect.Value, at string) error {
	if e, ok := to.Interface().(enumerated); ok {
		name, err := enumName(raw, e.names())
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		to.SetString(name)
		return nil
	}
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return d.value(raw, to.Elem(), at)
	case reflect.Interface: // a structure that the pages do not describe
		to.Set(reflect.ValueOf(raw))
		return nil
	case reflect.Struct:
		return d.structure(raw, to, at)
	case reflect.Slice:
		if to.Type().Elem().Kind() == reflect.Uint8 {
			return setBytes(raw, to, at)
		}
		list, ok := raw.([]any)
		if !ok {
			return fmt.Errorf("%s: a list is expected", at)
		}
		to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
		for i, one := range list {
			if err := d.value(one, to.Index(i), fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	return setPlain(raw, to, at)
}

func (d *decoder) structure(raw any, to reflect.Value, at string) error {
	object, ok := raw.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: an object is expected", orBody(at))
	}
	known := map[string]bool{}
	for i := range to.NumField() {
		field := to.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, path := field.Name, field.Name
		if at != "" {
			path = at + "." + name
		}
		known[name] = true
		rule := field.Tag.Get("dia")
		given := object[name]
		if given == nil {
			if rule == "req" {
				return fmt.Errorf("%s: required field is missing", path)
			}
			continue
		}
		if err := d.value(given, to.Field(i), path); err != nil {
			return err
		}
		if limit, ok := strings.CutPrefix(rule, "max="); ok {
			most, _ := strconv.Atoi(limit) // our own tags
			if utf8.RuneCountInString(to.Field(i).String()) > most {
				return fmt.Errorf("%s: longer than %d characters", path, most)
			}
		}
	}
	for name := range object {
		if !known[name] {
			d.unknown = append(d.unknown, strings.TrimPrefix(at+"."+name, "."))
		}
	}
	return nil
}

func orBody(at string) string {
	if at == "" {
		return "body"
	}
	return at
}

func setBytes(raw any, to reflect.Value, at string) error {
	text, ok := raw.(string)
	if !ok {
		return fmt.Errorf("%s: base64 text is expected", at)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return fmt.Errorf("%s: not standard base64 with padding", at)
	}
	to.SetBytes(data)
	return nil
}

func setPlain(raw any, to reflect.Value, at string) error {
	switch to.Kind() {
	case reflect.String:
		if text, ok := raw.(string); ok {
			to.SetString(text)
			return nil
		}
		return fmt.Errorf("%s: a string is expected", at)
	case reflect.Bool:
		if yes, ok := raw.(bool); ok {
			to.SetBool(yes)
			return nil
		}
		return fmt.Errorf("%s: true or false is expected", at)
	default:
		if number, ok := raw.(json.Number); ok {
			if n, err := number.Int64(); err == nil && !to.OverflowInt(n) {
				to.SetInt(n)
				return nil
			}
		}
		return fmt.Errorf("%s: a whole number is expected", at)
	}
}

func enumName(raw any, names map[int]string) (string, error) {
	switch v := raw.(type) {
	case string:
		for _, name := range names {
			if name == v {
				return v, nil
			}
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			if name, ok := names[int(n)]; ok {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("unknown value %v", raw)
}
