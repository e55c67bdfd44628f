package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// RuleExpression is the rule of a problem that an expression made; other rules are the schema's.
const RuleExpression = "expression"

// Severity says whether a problem stops the sending.
type Severity string

// An error stops it, a warning is only shown.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing wrong with what was made of a card.
type Problem struct {
	Path     string   // in the target: "object.cadastralNumber"; "" is the root
	Rule     string   // RuleExpression, or the schema's word
	Severity Severity // of the problem
	Fields   []string // CRM fields that the place was made of, as in Result.Sources
	RU, EN   string   // what is wrong; it may hold values of the card, so it is for CRM and not for logs

	ids map[string]string
}

// Text is the Russian line for the card: path, what is wrong, which field to correct.
func (p Problem) Text() string { return p.line(p.RU, "поле ", "поля ", russianField) }

// English is Text in English.
func (p Problem) English() string { return p.line(p.EN, "field ", "fields ", englishField) }

// maxFields bounds how many fields a message names: a whole missing side has dozens.
const maxFields = 4

func (p Problem) line(message, one, several string, name func(string, map[string]string) string) string {
	line := message
	if p.Path != "" {
		line = p.Path + ": " + line
	}
	if len(p.Fields) == 0 {
		return line
	}
	var names []string
	for _, field := range ordered(p.Fields)[:min(len(p.Fields), maxFields)] {
		names = append(names, name(field, p.ids))
	}
	if len(p.Fields) > maxFields {
		names = append(names, "…")
	}
	if len(names) == 1 {
		return line + "; " + one + names[0]
	}
	return line + "; " + several + strings.Join(names, ", ")
}

// ordered puts the card's own fields before those of contacts and companies.
func ordered(fields []string) []string {
	own := func(field string) int {
		if holder, _, _ := strings.Cut(field, "."); holder == "deal" || holder == "lead" || holder == "item" {
			return 0
		}
		return 1
	}
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b string) int { return own(a) - own(b) })
	return sorted
}

// russianField names a field for people: «сделки UF_CRM_CADASTRAL», «контакта 12 NAME».
func russianField(source string, ids map[string]string) string {
	return fieldName(source, ids, map[string]string{
		"deal": "сделки", "lead": "лида", "item": "смарт-процесса", "contacts": "контакта", "company": "компании",
		"requisites": "реквизитов", "user": "сотрудника", "files": "файла", "docflow": "документооборота",
		"products": "товара", "document": "документа", "nested": "реквизитов",
	})
}

func englishField(source string, ids map[string]string) string {
	return fieldName(source, ids, map[string]string{
		"deal": "of the deal", "lead": "of the lead", "item": "of the smart process item", "contacts": "of contact", "company": "of the company",
		"requisites": "of the requisites", "user": "of the user", "files": "of the file", "docflow": "of the docflow",
		"products": "of the product", "document": "of the document", "nested": "of the requisites",
	})
}

func fieldName(source string, ids, owners map[string]string) string {
	dot := strings.LastIndexByte(source, '.')
	if dot < 0 {
		return source
	}
	holder, field := source[:dot], source[dot+1:]
	first, rest, nested := strings.Cut(holder, ".")
	root, _, isElement := strings.Cut(first, "[")
	owner := owners[root]
	if id := ids[first]; id != "" {
		owner += " " + id
	} else if isElement {
		owner += " " + first
	}
	if nested && strings.HasPrefix(rest, "REQUISITES") {
		owner = owners["nested"] + " " + owner
	}
	return owner + " " + field
}

// sortProblems puts errors before warnings, each in the order of their paths.
func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Rule, b.Rule))
	})
}

// Problems is problems as an error of one line, in English and without the card's values.
type Problems []Problem

// Error names paths and rules alone, so that it may be logged.
func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, problem := range p {
		parts[i] = fmt.Sprintf("%s (%s)", problem.Path, problem.Rule)
	}
	return "mapping: " + strings.Join(parts, ", ")
}
