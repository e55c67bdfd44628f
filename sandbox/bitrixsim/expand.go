package bitrixsim

import (
	"regexp"
	"strings"
)

// placeholder is {=Document:FIELD}, {=Template:PARAMETER}, {=A1:output}, or {{FIELD}} as the robot editor writes it.
var placeholder = regexp.MustCompile(`\{=([A-Za-z0-9_]+):([A-Za-z0-9_.]+)\}|\{\{([^{}]+)\}\}`)

// expandAll fills the placeholders of a value. A text that is one placeholder keeps all values of a multiple field;
// in mixed text they are joined.
func (p *Portal) expandAll(wf *workflow, raw any) []string {
	if a := asArray(raw); a != nil {
		out := []string{}
		for _, v := range a.values() {
			out = append(out, p.expandAll(wf, v)...)
		}
		return out
	}
	s := str(raw)
	if b, ok := raw.(bool); ok {
		s = flag(b)
	}
	if m := placeholder.FindStringSubmatch(s); m != nil && m[0] == s {
		return p.placeholder(wf, m)
	}
	return []string{placeholder.ReplaceAllStringFunc(s, func(one string) string {
		return strings.Join(p.placeholder(wf, placeholder.FindStringSubmatch(one)), ", ")
	})}
}

func (p *Portal) placeholder(wf *workflow, m []string) []string {
	source, name := m[1], m[2]
	if m[3] != "" {
		source, name = "Document", m[3]
	}
	switch source {
	case "Document":
		return p.documentValue(wf, name)
	case "Template":
		return p.texts(fromGo(wf.Parameters[name]))
	}
	return p.texts(fromGo(wf.outputs[source][name]))
}

func (p *Portal) texts(v any) []string {
	out := []string{}
	for _, e := range list(v) {
		out = append(out, str(e))
	}
	return out
}

// documentValue is a field as automation sees it: local dates, user_N, links instead of files.
func (p *Portal) documentValue(wf *workflow, name string) []string {
	t, it := wf.doc.t, wf.card()
	if it == nil {
		return nil
	}
	f := t.field(name, namesAny)
	if f == nil {
		return nil
	}
	values, many := it.vals[f.upper].([]any)
	if !many {
		values = []any{it.vals[f.upper]}
	}
	out := []string{}
	for _, v := range values {
		s := text(v)
		switch {
		case f.typ == "file" && !empty(v):
			s = p.s.baseURL + p.showPath(t, it, f, v.(int))
		case f.typ == "file":
			continue
		case (f.typ == "user" || f.typ == "employee") && !empty(v):
			s = "user_" + s
		case f.typ == "date" || f.typ == "datetime":
			s = localDate(f.typ, s)
		}
		out = append(out, s)
	}
	return out
}

// localDate is a stored moment in the portal's regional format.
func localDate(typ, s string) string {
	t, err := parseTime(s)
	if err != nil {
		return s
	}
	if typ == "date" {
		return t.Format("02.01.2006")
	}
	return t.Format("02.01.2006 15:04:05")
}
