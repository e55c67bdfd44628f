package bitrix

import (
	"cmp"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
)

// ScanOptions narrows a walk over all rows of a list method; the zero value walks all of them.
type ScanOptions struct {
	Select []string       // empty: what the method selects by itself; the id is added
	Filter map[string]any // keys with prefixes; without a condition on the id
	After  ID             // start behind this row
}

// page is the options of the page behind the row after. start=-1 saves the portal the counting.
// doc: settings/how-to-call-rest-api/list-methods-pecularities.md
func (o ScanOptions) page(key string, after ID) ListOptions {
	list := ListOptions{Select: o.Select, Filter: withCondition(o.Filter, ">"+key, after), Order: Order{{Field: key}}, Start: -1}
	if len(list.Select) > 0 && !slices.Contains(list.Select, key) && !slices.Contains(list.Select, "*") {
		list.Select = append([]string{key}, list.Select...)
	}
	return list
}

// withCondition adds a condition to a copy of filter.
func withCondition(filter map[string]any, key string, value any) map[string]any {
	all := maps.Clone(filter)
	if all == nil {
		all = map[string]any{}
	}
	all[key] = value
	return all
}

// byID walks a list method by the numbers of its rows, which are under key: rows that appear or vanish
// meanwhile shift nothing, and no page gets slower than the first. doc: settings/performance/huge-data.md
func byID[T any](method, key string, opts ScanOptions, page func(ListOptions) (ListAnswer[[]T], error), idOf func(T) ID) iter.Seq2[T, error] {
	return scan(method, opts.After, func(after ID) ([]T, error) {
		list, err := page(opts.page(key, after))
		return list.Result, err
	}, idOf)
}

// scan walks pages by the id of the last row until a page is not full.
func scan[T any, K cmp.Ordered](method string, after K, page func(after K) ([]T, error), idOf func(T) K) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for last := after; ; {
			rows, err := page(last)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows {
				id := idOf(row)
				if id <= last { // never ask for the same page for ever
					yield(none, noProgress(method, "rows are not in the order of their ids"))
					return
				}
				last = id
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < pageSize {
				return
			}
		}
	}
}

// byStart walks a list method by the offset of its pages, for rows without an id of their own. Rows that
// vanish meanwhile let others slip past it.
func byStart[T any](method string, page func(start int) (ListAnswer[[]T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for start := 0; ; {
			list, err := page(start)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range list.Result {
				if !yield(row, nil) {
					return
				}
			}
			if list.Next == 0 {
				return
			}
			if list.Next <= start {
				yield(none, noProgress(method, "the next page is not behind this one"))
				return
			}
			start = list.Next
		}
	}
}

func noProgress(method, why string) error {
	return &AnswerError{Method: method, Status: http.StatusOK, Cause: errors.New(why), executed: true}
}
