package bitrixsim

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// array is PHP's ordered map: JSON objects, JSON lists and bracketed form keys all become one, as in the portal.
// Values are nil, bool, string, json.Number or *array.
type array struct {
	keys []string
	vals map[string]any
	next int
}

func newArray() *array { return &array{vals: map[string]any{}} }

// set stores a value under a key; a digit key moves the counter of add.
func (a *array) set(key string, v any) {
	if _, ok := a.vals[key]; !ok {
		a.keys = append(a.keys, key)
	}
	a.vals[key] = v
	if n, err := strconv.Atoi(key); err == nil && n >= a.next && strconv.Itoa(n) == key {
		a.next = n + 1
	}
}

func (a *array) add(v any) { a.set(strconv.Itoa(a.next), v) }

func (a *array) get(key string) any {
	if a == nil {
		return nil
	}
	return a.vals[key]
}

func (a *array) has(key string) bool {
	if a == nil {
		return false
	}
	_, ok := a.vals[key]
	return ok
}

// fold finds a key in any case, as the older method families do.
func (a *array) fold(key string) any {
	v, _ := a.lookup(key)
	return v
}

// lookup is fold that also tells whether the key was there.
func (a *array) lookup(key string) (any, bool) {
	if a == nil {
		return nil, false
	}
	if v, ok := a.vals[key]; ok {
		return v, true
	}
	for _, k := range a.keys {
		if strings.EqualFold(k, key) {
			return a.vals[k], true
		}
	}
	return nil, false
}

func (a *array) len() int {
	if a == nil {
		return 0
	}
	return len(a.keys)
}

// isList reports whether the keys are exactly 0..n-1 in order.
func (a *array) isList() bool {
	for i, k := range a.keys {
		if k != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// values lists the values in order; nil is an empty list.
func (a *array) values() []any {
	if a == nil {
		return nil
	}
	out := make([]any, 0, len(a.keys))
	for _, k := range a.keys {
		out = append(out, a.vals[k])
	}
	return out
}

// asArray is the value as an array, or nil.
func asArray(v any) *array {
	a, _ := v.(*array)
	return a
}

// list is a value that may be one scalar or many.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case *array:
		return v.values()
	default:
		return []any{v}
	}
}

// str is PHP's string conversion; arrays become empty.
func str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

// num reads an integer from a number or a numeric string.
func num(v any) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(str(v)))
	return n, err == nil
}

func intOf(v any) int {
	n, _ := num(v)
	return n
}

// yes reads the platform's many spellings of true.
func yes(v any) bool {
	switch strings.ToLower(str(v)) {
	case "y", "1", "true":
		return true
	}
	return false
}

func itoa(n int) string { return strconv.Itoa(n) }

// parseForm reads application/x-www-form-urlencoded with PHP's bracketed keys into an array, keeping the order.
func parseForm(into *array, body string) error {
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		rawKey, rawVal, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return fmt.Errorf("form key: %w", err)
		}
		val, err := url.QueryUnescape(rawVal)
		if err != nil {
			return fmt.Errorf("form value: %w", err)
		}
		setPath(into, splitKey(key), val)
	}
	return nil
}

// maxDepth bounds nesting of keys and JSON, like the portal's own input limits.
const maxDepth = 64

// splitKey splits a[b][] into a, b and an empty last part.
func splitKey(key string) []string {
	open := strings.IndexByte(key, '[')
	if open <= 0 {
		return []string{key}
	}
	parts := []string{key[:open]}
	rest := key[open:]
	for len(rest) > 0 && rest[0] == '[' && len(parts) < maxDepth {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			break
		}
		parts = append(parts, rest[1:end])
		rest = rest[end+1:]
	}
	return parts
}

// setPath stores a value, making arrays on the way; a scalar in the way is replaced, as PHP does.
func setPath(a *array, path []string, v any) {
	for i, key := range path {
		if key == "" && i > 0 {
			key = strconv.Itoa(a.next)
		}
		if i == len(path)-1 {
			a.set(key, v)
			return
		}
		child := asArray(a.get(key))
		if child == nil {
			child = newArray()
			a.set(key, child)
		}
		a = child
	}
}

// errDepth refuses bodies nested deeper than maxDepth.
var errDepth = errors.New("nested too deep")

// parseJSON reads one JSON value, keeping the order of keys.
func parseJSON(body []byte) (any, error) {
	if !json.Valid(body) { // the token reader below is laxer than the grammar
		return nil, errors.New("json: not a value")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	a := newArray()
	for dec.More() {
		var key any
		if delim == '{' {
			if key, err = dec.Token(); err != nil {
				return nil, err
			}
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if name, ok := key.(string); ok {
			a.set(name, v)
		} else {
			a.add(v)
		}
	}
	_, err = dec.Token()
	return a, err
}

// fromGo turns any Go value into the values of this file.
func fromGo(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	out, err := parseJSON(raw)
	if err != nil {
		return nil
	}
	return out
}

// toGo turns a value into plain Go: map[string]any, []any, string, float64, bool, nil.
func toGo(v any) any {
	switch v := v.(type) {
	case *array:
		if v.isList() {
			out := make([]any, 0, v.len())
			for _, e := range v.values() {
				out = append(out, toGo(e))
			}
			return out
		}
		out := make(map[string]any, v.len())
		for _, k := range v.keys {
			out[k] = toGo(v.vals[k])
		}
		return out
	case json.Number:
		f, _ := v.Float64()
		return f
	default:
		return v
	}
}

// phpMap is a map as PHP serialises it: an empty one is a list.
func phpMap[V any](m map[string]V) any {
	if len(m) == 0 {
		return []any{}
	}
	return m
}

// form builds a form body in a fixed order.
type form struct{ b strings.Builder }

func (f *form) add(key, val string) {
	if f.b.Len() > 0 {
		f.b.WriteByte('&')
	}
	f.b.WriteString(url.QueryEscape(key))
	f.b.WriteByte('=')
	f.b.WriteString(url.QueryEscape(val))
}

// addValue flattens nested values; like PHP it leaves nothing of an empty array or a null.
func (f *form) addValue(key string, v any) {
	switch v := v.(type) {
	case nil:
	case *array:
		for _, k := range v.keys {
			f.addValue(key+"["+k+"]", v.vals[k])
		}
	default:
		f.add(key, str(v))
	}
}

func (f *form) String() string { return f.b.String() }

// randomHex is 64 hex digits from the system's generator.
func randomHex() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// MarshalJSON keeps the order of keys; an array whose keys are 0..n-1 is a list, an empty one too.
func (a *array) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	isList := a.isList()
	b.WriteByte("{["[btoi(isList)])
	for i, k := range a.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		if !isList {
			b.Write(encode(k))
			b.WriteByte(':')
		}
		b.Write(encode(a.vals[k]))
	}
	b.WriteByte("}]"[btoi(isList)])
	return b.Bytes(), nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
