package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// blank reports whether a value says nothing: such places vanish from what is made.
func blank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case *FileRef:
		return v == nil
	}
	return false
}

// truthy reads a value as a condition, Bitrix24's own flags included: N, 0 and "0" are no.
func truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case int:
		return v != 0
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		s := strings.ToUpper(strings.TrimSpace(v))
		return s != "" && s != "N" && s != "0" && s != "FALSE"
	}
	return !blank(v)
}

// asText writes a single value as people do: 58, not 58.000000; nothing is "".
func asText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case json.Number:
		return v.String(), nil
	}
	return "", say("нужно одно значение, а здесь "+kindNameRU(v), "a "+kindName(v)+" is not a single value")
}

func kindName(v any) string {
	switch v.(type) {
	case []any, []map[string]any, []int, []string:
		return "list"
	case map[string]any:
		return "set of fields"
	case *FileRef:
		return "file"
	}
	return fmt.Sprintf("%T", v)
}

func kindNameRU(v any) string {
	switch kindName(v) {
	case "list":
		return "список"
	case "set of fields":
		return "группа полей"
	case "file":
		return "файл"
	}
	return kindName(v)
}

// asList makes a list of whatever it is given: a multiple field with one value may come without its list.
func asList(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case []map[string]any:
		return anyList(v)
	case []int:
		return anyList(v)
	case []string:
		return anyList(v)
	}
	if blank(v) {
		return []any{}
	}
	return []any{v}
}

func anyList[T any](items []T) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// getMember reads a field or an element. What isn't there is nothing, not an error: cards are half empty.
func getMember(r *run, args []any) (any, error) {
	switch from := args[0].(type) {
	case map[string]any:
		key, err := asText(args[1])
		if err != nil {
			return nil, err
		}
		return get(r, from, key), nil
	case []any, []map[string]any, []int, []string:
		return element(asList(from), args[1])
	case nil:
		return nil, nil
	}
	return nil, say("у значения ("+kindNameRU(args[0])+") нет полей", "a "+kindName(args[0])+" has no fields")
}

func element(list []any, key any) (any, error) {
	index, ok := key.(int)
	if !ok {
		return nil, say(fmt.Sprintf("у списка нет поля %v: назовите его элемент, например [0]", key),
			fmt.Sprintf("a list has no field %v: name an element of it, as in [0]", key))
	}
	if index < 0 {
		index += len(list)
	}
	if index < 0 || index >= len(list) {
		return nil, nil
	}
	return list[index], nil
}

// get reads a field and notes it as a source of what is being made. Maps and lists on the way are not
// noted: the field read from them is.
func get(r *run, from map[string]any, key string) any {
	v := from[key]
	switch v.(type) {
	case map[string]any, []map[string]any:
		if !isFile(v) {
			return v
		}
	case []any:
		if list := v.([]any); len(list) > 0 {
			if _, rows := list[0].(map[string]any); rows && !isFile(list[0]) {
				return v
			}
		}
	}
	r.note(from, key, v)
	return v
}

// add is +: a sum of numbers, or texts joined, whose size is counted.
func add(r *run, args []any) (any, error) {
	a, b := args[0], args[1]
	if x, ok := a.(int); ok {
		if y, ok := b.(int); ok {
			return x + y, nil
		}
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return x + y, nil
		}
	}
	left, err := asText(a)
	if err != nil {
		return nil, err
	}
	right, err := asText(b)
	if err != nil {
		return nil, err
	}
	if err := r.grow(len(left) + len(right)); err != nil {
		return nil, err
	}
	return left + right, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
