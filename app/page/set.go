package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"
)

// Set is templates in both languages, with what all pages share. Safe for concurrent use.
type Set struct{ by map[string]*template.Template }

// NewSet parses a page package's templates. They may use the shared ones by name and must not define the
// same names.
func NewSet(files fs.FS, pattern string) (*Set, error) {
	s := &Set{by: map[string]*template.Template{}}
	for _, lang := range []string{"ru", "en"} {
		set, err := template.New("pages").Funcs(helpers(lang)).ParseFS(templates, "templates/shared/*.html")
		if err == nil && files != nil {
			set, err = set.ParseFS(files, pattern)
		}
		if err != nil {
			return nil, fmt.Errorf("parse the pages: %w", err)
		}
		s.by[lang] = set
	}
	return s, nil
}

// Render renders a fragment in the language of the request.
func (s *Set) Render(r Request, name string, data any) (Response, error) {
	out, err := s.HTML(r.Lang, name, data)
	return Response{HTML: out}, err
}

// HTML renders a template in a language.
func (s *Set) HTML(lang, name string, data any) ([]byte, error) {
	set := s.by[lang]
	if set == nil {
		set = s.by["ru"]
	}
	var out bytes.Buffer
	if err := set.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("render page %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// Text is a text in both languages; an empty English one falls back to Russian.
type Text struct{ RU, EN string }

// In gives the text in a language.
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.RU
}

// Chip is a state in a word.
type Chip struct{ Kind, Text string }

// Empty is a place with nothing to show.
type Empty struct{ Title, Text string }

// Notice is a remark within a page.
type Notice struct{ Kind, Text string }

// Step is one stop of a line of steps.
type Step struct {
	State string // done, now, failed, next
	Title string
	At    time.Time // zero: not yet
	Note  string
}

// Field is a field of a form.
type Field struct {
	ID, Name, Label string
	Kind            string // text, lines, select, check, password, date, number, file, hidden; "" is text
	Value           string
	Values          []string // of a select that takes several
	Options         []Option
	Hint, Fault     string
	Required        bool
	Multiple        bool
	Placeholder     string
	Accept          string // of files: ".sig,.p7s"
}

// Option is an entry of a select.
type Option struct {
	Value, Label string
	Selected     bool
}

// Fault is what is wrong with a form: at the field of that id, or with all of it.
type Fault struct{ Field, Text string }

func helpers(lang string) template.FuncMap {
	return template.FuncMap{
		"lang":   func() string { return lang },
		"t":      func(ru, en string) string { return translate(lang, ru, en) },
		"pick":   func(ru, en string) string { return Text{ru, en}.In(lang) },
		"say":    func(t Text) string { return t.In(lang) },
		"when":   func(at time.Time) template.HTML { return moment(at, "02.01.2006, 15:04", "moment") },
		"exact":  func(at time.Time) template.HTML { return moment(at, "02.01.2006, 15:04:05", "exact") },
		"day":    func(at time.Time) template.HTML { return moment(at, "02.01.2006", "day") },
		"icon":   icon,
		"chip":   func(kind, text string) Chip { return Chip{kind, text} },
		"empty":  func(title, text string) Empty { return Empty{title, text} },
		"notice": func(kind, text string) Notice { return Notice{kind, text} },
		"lines":  func(text string) []string { return strings.Split(text, "\n") },
		"add":    func(a, b int) int { return a + b },
		"join":   strings.Join,
	}
}

// moment shows a time of UTC that the script turns into the browser's zone.
func moment(at time.Time, layout, kind string) template.HTML {
	if at.IsZero() {
		return "—"
	}
	text := at.UTC().Format(layout)
	if kind != "day" {
		text += " UTC"
	}
	return template.HTML(fmt.Sprintf(`<time data-%s datetime="%s">%s</time>`, kind, at.UTC().Format(time.RFC3339), text))
}
