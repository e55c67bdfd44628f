package diadoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

//go:generate go run ./internal/gen enums.txt enums_gen.go . extra_gen.go

// member is one spelling of one value of an enumeration.
type member struct {
	name     string // as it may come
	value    string // as it is kept
	number   int
	numbered bool
}

// enumeration lists the values of one of the service's enumerations.
type enumeration []member

func (e enumeration) has(value string) bool {
	for _, m := range e {
		if m.value == value {
			return true
		}
	}
	return false
}

// readEnum reads what the service writes for an enumeration: the name, or the number. What is unknown
// is kept as it came, since the service adds values without notice; null leaves the value empty.
func readEnum[T ~string](raw []byte, into *T, values enumeration) error {
	raw = bytes.TrimSpace(raw)
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	if len(raw) > 0 && raw[0] == '"' {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return err
		}
		*into = T(name)
		for _, m := range values {
			if m.name == name {
				*into = T(m.value)
			}
		}
		return nil
	}
	number, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return fmt.Errorf("%.40q is neither the name nor the number of a value", raw)
	}
	*into = T(strconv.FormatInt(number, 10))
	for _, m := range values {
		if m.numbered && int64(m.number) == number {
			*into = T(m.value)
		}
	}
	return nil
}

func writeEnum(value string) ([]byte, error) {
	if number, err := strconv.ParseInt(value, 10, 32); err == nil && strconv.FormatInt(number, 10) == value {
		return []byte(value), nil
	}
	return json.Marshal(value)
}
