package bitrixsim

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// multifield is one phone, e-mail, site or messenger of a card.
type multifield struct {
	id        int
	typeID    string // PHONE, EMAIL, WEB, IM
	valueType string
	value     string
}

// coercer turns posted values into stored ones.
type coercer struct {
	p      *Portal
	lever  bool // a Go lever: file fields hold file ids, unchecked otherwise
	append bool // old update methods append files of multiple fields
}

// coerce reads the value of one field; ok is false when the field does not take it. current is the stored value.
func (c coercer) coerce(f *fieldDef, raw, current any) (v any, ok bool) {
	if f.typ == "crm_multifield" {
		return c.multifields(raw, current)
	}
	if f.typ == "file" {
		return c.files(f, raw, current)
	}
	if !f.multiple {
		if a := asArray(raw); a != nil {
			if a.len() != 1 || !c.lever {
				return nil, a.len() == 0
			}
			raw = a.values()[0]
		}
		return scalar(f, raw)
	}
	values := []any{}
	for _, e := range list(raw) {
		one, ok := scalar(f, e)
		if !ok {
			return nil, false
		}
		if !empty(one) {
			values = append(values, one)
		}
	}
	return values, true
}

// scalar reads one value by the field's type.
func scalar(f *fieldDef, raw any) (any, bool) {
	s := strings.TrimSpace(str(raw))
	if b, isBool := raw.(bool); isBool && f.typ != "boolean" {
		return nil, !b // PHP's false is "empty" everywhere
	}
	if s == "" && f.user != nil {
		return nil, true
	}
	switch f.typ {
	case "integer", "user", "employee", "crm_company", "crm_contact", "crm_category", "crm_lead", "crm_quote":
		if s == "" {
			return 0, true
		}
		n, err := strconv.ParseFloat(s, 64)
		return int(n), err == nil
	case "enumeration":
		if s == "" || s == "0" {
			return nil, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && (f.user == nil || f.user.option(n) != nil)
	case "double":
		if s == "" {
			return 0.0, true
		}
		n, err := strconv.ParseFloat(s, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	case "boolean":
		return flag(yes(raw)), true
	case "date", "datetime":
		return moment(f.typ, s)
	case "crm":
		return s, true
	}
	return str(raw), asArray(raw) == nil
}

// moment normalises a date to midnight and a datetime to the server's zone, as they come out.
func moment(typ, s string) (any, bool) {
	if s == "" {
		return "", true
	}
	t, err := parseTime(s)
	if err != nil {
		return nil, false
	}
	if typ == "date" {
		y, m, d := t.Date() // the date part counts, whatever the offset
		return isoDate(y, int(m), d), true
	}
	return t.In(portalZone()).Format(isoTime), true
}

const isoTime = "2006-01-02T15:04:05-07:00"

func isoDate(y, m, d int) string {
	pad := func(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
	return strconv.Itoa(y) + "-" + pad(m) + "-" + pad(d) + "T00:00:00+03:00"
}

// files reads a file field: ["name","base64"] and {"fileData":[…]} add, {"id":n} keeps, anything left out goes.
func (c coercer) files(f *fieldDef, raw, current any) (any, bool) {
	kept := idsOf(current)
	var next []any
	if c.append && f.multiple {
		for _, id := range kept {
			next = append(next, id)
		}
	}
	for _, e := range fileEntries(raw) {
		if id, ok := num(e); ok && c.lever {
			next = append(next, id)
			continue
		}
		a := asArray(e)
		if a == nil {
			continue
		}
		if data := asArray(a.fold("fileData")); data != nil {
			a = data
		}
		if id, ok := num(a.fold("id")); ok {
			for _, k := range kept {
				if k == id {
					next = append(next, id)
				}
			}
			continue
		}
		if a.len() >= 2 && a.isList() {
			next = append(next, c.p.addFile(str(a.get("0")), decodeBase64(str(a.get("1")))))
		}
	}
	if f.multiple {
		if next == nil {
			next = []any{}
		}
		return next, true
	}
	if len(next) == 0 {
		return nil, true
	}
	return next[0], true
}

// fileEntries lists the entries of a posted file value: one file is a list of two strings, several a list of lists.
func fileEntries(raw any) []any {
	a := asArray(raw)
	switch {
	case a == nil && str(raw) == "":
		return nil
	case a == nil:
		return []any{raw}
	case !a.isList(): // {"id":…} or {"fileData":…}; form keys of several files may start anywhere
		if _, single := a.lookup("id"); single || a.has("fileData") {
			return []any{a}
		}
		return a.values()
	case a.len() == 2 && asArray(a.get("0")) == nil && asArray(a.get("1")) == nil && !isNumber(a.get("0")):
		return []any{a}
	}
	return a.values()
}

func isNumber(v any) bool { _, ok := num(v); return ok }

// decodeBase64 decodes what it can: a broken string is stored as a broken file without an error.
func decodeBase64(s string) []byte {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, s)
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		data, _ = base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	}
	return data
}

func (p *Portal) addFile(name string, data []byte) int {
	id := p.nextID("file", 30001)
	p.files[id] = &File{ID: id, Name: name, Data: data}
	return id
}

// multifields applies new, changed and removed entries to the stored ones, from either method family's shape.
func (c coercer) multifields(raw, current any) (any, bool) {
	have, _ := current.([]multifield)
	next := append([]multifield(nil), have...)
	for _, e := range list(raw) {
		a := asArray(e)
		if a == nil {
			return nil, false
		}
		mf := multifield{
			id: intOf(a.fold("id")), value: str(a.fold("value")), typeID: strings.ToUpper(firstOf(a, "typeId", "TYPE_ID")),
			valueType: firstOf(a, "valueType", "VALUE_TYPE"),
		}
		next = mergeMultifield(c.p, next, mf, yes(a.fold("DELETE")))
	}
	return next, true
}

func firstOf(a *array, names ...string) string {
	for _, n := range names {
		if v := str(a.fold(n)); v != "" {
			return v
		}
	}
	return ""
}

func mergeMultifield(p *Portal, have []multifield, mf multifield, remove bool) []multifield {
	for i := range have {
		if have[i].id != mf.id || mf.id == 0 {
			continue
		}
		if remove || mf.value == "" {
			return append(have[:i], have[i+1:]...)
		}
		have[i].value = mf.value
		if mf.valueType != "" {
			have[i].valueType = mf.valueType
		}
		return have
	}
	if mf.value == "" {
		return have
	}
	mf.id = p.nextID("multifield", 156)
	if mf.valueType == "" {
		mf.valueType = "WORK"
	}
	return append(have, mf)
}

// idsOf lists the file ids of a stored file value.
func idsOf(v any) []int {
	switch v := v.(type) {
	case int:
		if v != 0 {
			return []int{v}
		}
	case []any:
		var ids []int
		for _, e := range v {
			if id, ok := e.(int); ok {
				ids = append(ids, id)
			}
		}
		return ids
	}
	return nil
}

// empty reports whether a stored value counts as not filled.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case int:
		return v == 0
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case []multifield:
		return len(v) == 0
	}
	return false
}
