package diadoc

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"konturbridge/internal/upstream"
)

// numbered yields the items of pages that are counted from 1, until one is shorter than [MaxPage].
func numbered[T any](read func(page int) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := 1; ; page++ {
			items, err := read(page)
			if !give(items, err, yield) || len(items) < MaxPage {
				return
			}
		}
	}
}

// keyed yields the items of pages that follow each other by a key, until next says that there are no more.
// A key that does not move is an error: the same page would come for ever.
func keyed[T any, K ~string](operation string, key K, read func(after K) (items []T, next K, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			items, next, more, err := read(key)
			if !give(items, err, yield) || !more {
				return
			}
			if next == key || next == "" {
				var none T
				yield(none, &APIError{Operation: operation, Class: upstream.Broken, Cause: ErrBadAnswer,
					Text: "a full page without a key of the next one"})
				return
			}
			key = next
		}
	}
}

// following is the key of the page after a full one; more is false after a short one.
func following[T any, K ~string](items []T, size int, key func(T) K) (next K, more bool) {
	if len(items) == 0 || len(items) < size {
		return "", false
	}
	return key(items[len(items)-1]), true
}

// give reports whether the reader wants more.
func give[T any](items []T, err error, yield func(T, error) bool) bool {
	if err != nil {
		var none T
		yield(none, err)
		return false
	}
	for _, item := range items {
		if !yield(item, nil) {
			return false
		}
	}
	return true
}

// readList reads an answer whose only documented part are the items of its list: the list is looked for
// under the name that its kind suggests, else the only array of objects is taken.
func readList[T any](raw []byte, name string, into *[]T, extra *Extra) error {
	var fields map[string]Raw
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	found, err := listField(fields, name)
	if err != nil {
		return err
	}
	*into, *extra = nil, nil
	if err := fields[found].Decode(into); err != nil {
		return fmt.Errorf("%s: %w", found, err)
	}
	delete(fields, found)
	if len(fields) > 0 {
		*extra = Extra(fields)
	}
	return nil
}

func listField(fields map[string]Raw, name string) (string, error) {
	if _, ok := fields[name]; ok || len(fields) == 0 {
		return name, nil
	}
	var found []string
	for other, value := range fields {
		var items []struct{}
		if json.Unmarshal(value, &items) == nil && items != nil {
			found = append(found, other)
		}
	}
	if len(found) > 1 || len(found) == 0 && !onlyScalars(fields) {
		return "", errors.New("no list that can be told from the others")
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return name, nil
}

// onlyScalars tells an empty list that was left out from one that cannot be recognized.
func onlyScalars(fields map[string]Raw) bool {
	for _, value := range fields {
		if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
			return false
		}
	}
	return true
}
