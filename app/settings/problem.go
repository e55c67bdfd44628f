package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a settings file.
type Problem struct {
	Line   int    // of the file, from 1; 0 when there is none (a fault against the stored settings)
	Path   string // "triggers[1].action"; "" is the file itself
	RU, EN string // what is wrong and what to do
}

// String is the English line: "line 12: triggers[1].action: unknown action x".
func (p Problem) String() string { return p.in("line", p.EN) }

// Russian is the line for pages: «строка 12: triggers[1].action: …».
func (p Problem) Russian() string { return p.in("строка", p.RU) }

func (p Problem) in(line, message string) string {
	var parts []string
	if p.Line > 0 {
		parts = append(parts, fmt.Sprintf("%s %d", line, p.Line))
	}
	if p.Path != "" {
		parts = append(parts, p.Path)
	}
	return strings.Join(append(parts, message), ": ")
}

// Problems is everything wrong with a file, as an error of one line.
type Problems []Problem

// Error joins the English lines.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return "settings: " + strings.Join(lines, "; ")
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
}

// words lists names for a message: «a, b, c», or a dash when there are none.
func words(names []string) string {
	quoted := make([]string, 0, len(names))
	for _, name := range names {
		if name == "" {
			name = `""`
		}
		quoted = append(quoted, name)
	}
	if len(quoted) == 0 {
		return "–"
	}
	return strings.Join(quoted, ", ")
}
