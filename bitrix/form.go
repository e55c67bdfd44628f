package bitrix

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of an inbound form. The platform names none; real bodies stay far below.
const (
	MaxFormBytes = 1 << 20
	maxFormDepth = 10
	maxFormKeys  = 4096
	maxFormName  = 512 // bytes of one key
)

// Form is a decoded form with PHP's bracket keys: a tree whose leaves are texts. A nil *Form is an
// empty one, so lookups can be chained.
type Form struct {
	text  string
	keys  []string         // in order of appearance
	nodes map[string]*Form // nil for a text
	next  int              // number that "[]" gets
}

// ParseForm decodes an application/x-www-form-urlencoded body or a query with bracket keys. It keeps
// no reference to body. It refuses what would be read in two ways: a key that is a text and a map at
// once, a repeated key, broken brackets or escapes, NUL and broken UTF-8; and what is too large.
func ParseForm(body []byte) (*Form, error) { return parseForm(body, false) }

// parseLoose decodes the query of an address that a person typed with placeholders in it, whose
// escaping is not guaranteed: a broken escape is kept as it stands, a key that cannot be read is left
// out, the first of repeated keys wins.
func parseLoose(query []byte) (*Form, error) { return parseForm(query, true) }

func parseForm(body []byte, loose bool) (*Form, error) {
	if len(body) > MaxFormBytes {
		return nil, fmt.Errorf("the form is larger than %d bytes", MaxFormBytes)
	}
	root := &Form{nodes: map[string]*Form{}}
	count := 0
	for pair := range strings.SplitSeq(string(body), "&") { // string copies: callers reuse their buffers
		if pair == "" {
			continue
		}
		if count++; count > maxFormKeys {
			return nil, fmt.Errorf("the form has more than %d keys", maxFormKeys)
		}
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, err := unescape(rawKey, loose)
		if err != nil {
			return nil, fmt.Errorf("key %.64q: %w", rawKey, err)
		}
		value, err := unescape(rawValue, loose)
		if err != nil {
			return nil, fmt.Errorf("key %.64q: its value: %w", key, err)
		}
		path, err := splitKey(key)
		if err == nil {
			err = root.set(path, value)
		}
		if err != nil && !loose {
			return nil, fmt.Errorf("key %.64q: %w", key, err)
		}
	}
	return root, nil
}

func unescape(s string, loose bool) (string, error) {
	plain, err := url.QueryUnescape(s)
	switch {
	case err == nil && utf8.ValidString(plain) && !strings.ContainsRune(plain, 0):
		return plain, nil
	case !loose && err != nil:
		return "", errors.New("it is badly escaped")
	case !loose:
		return "", errors.New("it is not clean UTF-8")
	case err != nil:
		plain = s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(plain, "\uFFFD"), "\x00", "\uFFFD"), nil
}

// splitKey turns "data[FIELDS][ID]" into its segments; "[]" gives an empty one.
func splitKey(key string) ([]string, error) {
	if len(key) > maxFormName {
		return nil, errors.New("it is too long")
	}
	name, rest, nested := strings.Cut(key, "[")
	if name == "" || strings.Contains(name, "]") {
		return nil, errors.New("it has no name before its brackets")
	}
	path := []string{name}
	for nested {
		segment, after, closed := strings.Cut(rest, "]")
		if !closed || strings.Contains(segment, "[") {
			return nil, errors.New("its brackets do not match")
		}
		if path = append(path, segment); len(path) > maxFormDepth {
			return nil, fmt.Errorf("it is nested deeper than %d", maxFormDepth)
		}
		if after == "" {
			break
		}
		if after[0] != '[' {
			return nil, errors.New("text follows its brackets")
		}
		rest = after[1:]
	}
	return path, nil
}

// set puts a text at path. An empty segment is the next free number.
func (f *Form) set(path []string, value string) error {
	node := f
	for i, key := range path {
		if key == "" {
			key = strconv.Itoa(node.next)
		}
		child, known := node.nodes[key]
		last := i == len(path)-1
		switch {
		case known && last && child.nodes == nil:
			return errors.New("it is repeated")
		case known && last != (child.nodes == nil):
			return errors.New("it is a text and a map at once")
		case !known:
			child = &Form{text: value}
			if !last {
				child = &Form{nodes: map[string]*Form{}}
			}
			node.add(key, child)
		}
		node = child
	}
	return nil
}

func (f *Form) add(key string, child *Form) {
	f.keys = append(f.keys, key)
	f.nodes[key] = child
	if n, ok := index(key); ok && n >= f.next {
		f.next = n + 1
	}
}

// index reads a list key: a small decimal without sign or leading zeroes.
func index(key string) (int, bool) {
	n, err := strconv.Atoi(key)
	return n, err == nil && n >= 0 && n < 1<<30 && strconv.Itoa(n) == key
}

// At is the node at path; nil when there is none.
func (f *Form) At(path ...string) *Form {
	for _, key := range path {
		if f == nil {
			return nil
		}
		f = f.nodes[key]
	}
	return f
}

// Get is the text at path; "" when there is none.
func (f *Form) Get(path ...string) string { return f.At(path...).Text() }

// Text is the node's own text; "" for a map or nil.
func (f *Form) Text() string {
	if f == nil {
		return ""
	}
	return f.text
}

// IsMap reports whether the node has keys instead of a text.
func (f *Form) IsMap() bool { return f != nil && f.nodes != nil }

// Keys are the node's keys in order of appearance.
func (f *Form) Keys() []string {
	if f == nil {
		return nil
	}
	return slices.Clone(f.keys)
}

// List gives the children of a node whose keys are consecutive numbers (from any start), in the
// numbers' order; ok is false for any other node.
func (f *Form) List() (children []*Form, ok bool) {
	if f == nil || len(f.keys) == 0 {
		return nil, false
	}
	numbers := make([]int, 0, len(f.keys))
	for _, key := range f.keys {
		n, ok := index(key)
		if !ok {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	if numbers[len(numbers)-1]-numbers[0] != len(numbers)-1 {
		return nil, false
	}
	for _, n := range numbers {
		children = append(children, f.nodes[strconv.Itoa(n)])
	}
	return children, true
}

// Texts are all texts under the node: of a list in its order, of a map in order of appearance.
func (f *Form) Texts() []string {
	if f == nil {
		return nil
	}
	if f.nodes == nil {
		return []string{f.text}
	}
	children, ok := f.List()
	if !ok {
		for _, key := range f.keys {
			children = append(children, f.nodes[key])
		}
	}
	var texts []string
	for _, child := range children {
		texts = append(texts, child.Texts()...)
	}
	return texts
}

// Encode writes the form with explicit keys; ParseForm reads it back.
func (f *Form) Encode() []byte {
	var w formWriter
	if f != nil {
		for _, key := range f.keys {
			f.nodes[key].write(&w, key)
		}
	}
	return []byte(w.String())
}

func (f *Form) write(w *formWriter, key string) {
	if f.nodes == nil {
		w.add(key, f.text)
		return
	}
	for _, name := range f.keys {
		f.nodes[name].write(w, key+"["+name+"]")
	}
}

// formWriter collects escaped pairs.
type formWriter struct{ strings.Builder }

func (w *formWriter) add(key, value string) {
	if w.Len() > 0 {
		w.WriteByte('&')
	}
	w.WriteString(url.QueryEscape(key))
	w.WriteByte('=')
	w.WriteString(url.QueryEscape(value))
}

// addSet writes a pair unless its value is empty.
func (w *formWriter) addSet(key, value string) {
	if value != "" {
		w.add(key, value)
	}
}
