package mapping

import (
	"fmt"
	"strings"
)

// SchemaProblem is what a schema says about a place.
type SchemaProblem struct {
	Path      string // "object.cadastralNumber", "seller.sharedOwnership.shares[0].owner"
	Rule      string // the schema's word: "required", "pattern", "enum"
	Severity  Severity
	MessageRU string
	MessageEN string
	Value     any // what stands there now; nil when nothing does
}

// Checker knows the shapes of docflow types.
type Checker interface {
	// Check finds what is wrong with the options of a docflow type.
	Check(kind string, options any) []SchemaProblem
}

// provisional stands for the ids of files that are not uploaded yet, so that the rest can be checked first.
const provisional = "00000000-0000-4000-8000-000000000000"

// Check finds everything that the docflow type refuses or warns about, each with the CRM fields that the
// place came from. It needs no upload: files count as PDF contents.
func Check(checker Checker, kind string, result Result) []Problem {
	options, err := result.Resolve(func(use FileUse) (any, error) {
		signatures := make([]string, len(use.Ref.Signatures))
		for i := range signatures {
			signatures[i] = provisional
		}
		return Content("pdf", provisional, signatures), nil
	})
	if err != nil {
		return []Problem{{Rule: RuleExpression, Severity: SeverityError, RU: err.Error(), EN: err.Error()}}
	}
	var problems []Problem
	for _, found := range checker.Check(kind, options) {
		if result.failed[found.Path] && found.Rule == "required" {
			continue // it is missing because its expression failed, which was said
		}
		problems = append(problems, Problem{
			Path: found.Path, Rule: found.Rule, Severity: found.Severity, Fields: result.FieldsOf(found.Path),
			RU: withValue(found.MessageRU, "сейчас", found.Value), EN: withValue(found.MessageEN, "now", found.Value),
			ids: result.ids,
		})
	}
	sortProblems(problems)
	return problems
}

// maxValue bounds the value that a message quotes, in characters.
const maxValue = 100

// withValue adds what stands there now, where it is a single value and the message doesn't say it.
func withValue(message, now string, value any) string {
	text, err := asText(value)
	if err != nil || text == "" || strings.Contains(message, text) {
		return message
	}
	if runes := []rune(text); len(runes) > maxValue {
		text = string(runes[:maxValue]) + "…"
	}
	return fmt.Sprintf("%s, %s «%s»", message, now, text)
}

// FieldsOf lists the CRM fields that a place of the target was made of: those of the place itself, else
// those of the places below it, else those of the nearest place above.
func (r Result) FieldsOf(path string) []string {
	if own := r.Sources[path]; len(own) > 0 {
		return own
	}
	var below []string
	for at, fields := range r.Sources {
		if path == "" || under(at, path) {
			below = append(below, fields...)
		}
	}
	if len(below) > 0 {
		return mergeSorted(below, nil)
	}
	for path != "" {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
		if own := r.Sources[path]; len(own) > 0 {
			return own
		}
	}
	return nil
}
