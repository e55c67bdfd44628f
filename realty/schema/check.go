package schema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Severity divides what stops a filing from what a person should look at.
type Severity int

const (
	// Refuse: the service's pages forbid it; the filing must not be sent.
	Refuse Severity = iota
	// Warn: unlikely, but legal or undecided; show it and send.
	Warn
)

// String names the severity for logs.
func (s Severity) String() string {
	if s == Warn {
		return "warn"
	}
	return "refuse"
}

// Problem is one fault of the options. Its texts name the field, but not its value where that could be
// a person's.
type Problem struct {
	// Path of the field inside the options: buyer.sharedOwnership.shares[0].owner.person.snils.
	Path string
	// Rule that is broken: required, pattern, format, length, enum, type, minItems, choice, kind for a
	// refusal; for a warning required, checkDigit, cadastralFormat, dates, series, unknown, unusual,
	// alias, house, guid, signatures, details, documentType, attorney, share, shareSum, duplicate,
	// several, evidence.
	Rule      string
	Severity  Severity
	MessageRU string
	MessageEN string
	Value     any // what stands at the path, nil when nothing does; may be personal data
}

// Check finds every fault of the options of a docflow, sorted by severity and path; none means that
// they can be sent. options is a tree of maps and slices, JSON text in a []byte, or anything that
// marshals to a JSON object. An unknown kind is a problem with the rule "kind".
func (s *Set) Check(docflowKind string, options any) []Problem {
	rules, ok := s.kinds[docflowKind]
	if !ok {
		return []Problem{{Rule: "kind", MessageRU: "Неизвестный вид документооборота «" + docflowKind + "»",
			MessageEN: "unknown docflow type " + docflowKind, Value: docflowKind}}
	}
	tree, err := normal(options)
	if err != nil {
		return []Problem{{Rule: "type", MessageRU: "Параметры документооборота не читаются как JSON",
			MessageEN: "the options cannot be read as JSON: " + err.Error()}}
	}
	root := place{node: rules.root, value: tree}
	found := &findings{kind: docflowKind, root: root, broken: map[string]bool{}}
	if err := rules.schema.Validate(tree); err != nil {
		failure, ok := errors.AsType[*jsonschema.ValidationError](err)
		if !ok {
			return []Problem{{Rule: "type", MessageRU: "Параметры документооборота не читаются как JSON",
				MessageEN: "the options cannot be checked: " + err.Error()}}
		}
		found.collect(failure)
	}
	found.warn()
	slices.SortStableFunc(found.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), strings.Compare(a.Path, b.Path), strings.Compare(a.Rule, b.Rule))
	})
	return found.problems
}

// Refused reports whether any of the problems stops the filing.
func Refused(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Refuse })
}

// findings gathers problems, one refusal for each place at most.
type findings struct {
	kind     string
	root     place
	problems []Problem
	broken   map[string]bool // paths that were refused
}

func (f *findings) refuse(at place, rule, ru, en string) {
	if f.broken[at.path] {
		return
	}
	f.broken[at.path] = true
	f.problems = append(f.problems, Problem{Path: at.path, Rule: rule, Severity: Refuse,
		MessageRU: ru, MessageEN: or(at.path, "options") + ": " + en, Value: at.value})
}

// collect walks down to the errors that name a field. A failed choice is named itself: each of its
// branches would only demand another field.
func (f *findings) collect(failure *jsonschema.ValidationError) {
	at := f.root.at(failure.InstanceLocation)
	switch broken := failure.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		f.choice(at)
		return
	case *kind.Required:
		f.missing(at, broken.Missing)
		return
	case *kind.DependentRequired:
		f.missing(at, broken.Missing)
		return
	}
	if len(failure.Causes) > 0 {
		for _, cause := range failure.Causes {
			f.collect(cause)
		}
		return
	}
	f.leaf(at, failure.ErrorKind)
}

func (f *findings) choice(at place) {
	ru, en := "допустимо только одно из полей", "exactly one of the fields is wanted"
	if at.node != nil {
		ru, en = or(at.node.choice, ru), or(at.node.choiceEN, en)
	}
	f.refuse(at, "choice", "«"+at.label()+"»: "+ru, en)
}

func (f *findings) missing(at place, names []string) {
	for _, name := range names {
		f.required(at.child(name, nil))
	}
}

func (f *findings) required(at place) {
	f.refuse(at, "required", "Не заполнено поле «"+at.label()+"»", "required")
}

// leaf words an error of one value. A blank text is a field that was not filled in, whatever form it
// ought to have.
func (f *findings) leaf(at place, broken jsonschema.ErrorKind) {
	if text, ok := at.value.(string); ok && strings.TrimSpace(text) == "" {
		f.required(at)
		return
	}
	field := "Поле «" + at.label() + "»: "
	hint, hintEN := "", ""
	var labels map[string]string
	if at.node != nil {
		hint, hintEN, labels = at.node.hint, at.node.hintEN, at.node.labels
	}
	switch k := broken.(type) {
	case *kind.Enum:
		ru, en := allowed(k.Want, labels)
		f.refuse(at, "enum", field+"недопустимое значение; можно: "+ru, "must be one of "+en)
	case *kind.Pattern:
		f.refuse(at, "pattern", field+"неверный вид, нужно: "+or(hint, k.Want), "must be "+or(hintEN, k.Want))
	case *kind.Format:
		f.refuse(at, "format", field+"неверный вид, нужно: "+or(hint, k.Want), "must be "+or(hintEN, k.Want))
	case *kind.MinLength, *kind.MaxLength:
		f.refuse(at, "length", field+"неверная длина, нужно: "+hint, "must be "+hintEN)
	case *kind.MinItems:
		f.refuse(at, "minItems", "Список «"+at.label()+"» пуст", "at least one element is required")
	case *kind.Type:
		f.refuse(at, "type", field+"значение не того типа, нужно: "+typesRU(k.Want), "must be "+strings.Join(k.Want, " or "))
	default:
		f.refuse(at, strings.Join(broken.KeywordPath(), "/"), field+"значение недопустимо", "not allowed")
	}
}

// allowed lists the values of an enum with their labels. Of two spellings of one thing the first is what to write.
func allowed(values []any, labels map[string]string) (ru, en string) {
	var listed, plain []string
	named := map[string]bool{}
	for _, value := range values {
		word := fmt.Sprint(value)
		if label := labels[word]; label != "" && named[label] {
			continue
		}
		named[labels[word]] = true
		plain = append(plain, word)
		if label := labels[word]; label != "" && len(values) <= 10 {
			word += " (" + label + ")"
		}
		listed = append(listed, word)
	}
	return strings.Join(listed, ", "), strings.Join(plain, ", ")
}

func typesRU(types []string) string {
	names := map[string]string{"string": "текст", "number": "число", "object": "группа полей", "array": "список"}
	words := make([]string, 0, len(types))
	for _, one := range types {
		words = append(words, or(names[one], one))
	}
	return strings.Join(words, " или ")
}
