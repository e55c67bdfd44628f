package mapping

import "strings"

// part is a piece of a string: text as it stands, or an expression between braces.
type part struct {
	text   string
	isExpr bool
	offset int // of an expression's text in the whole string, in characters
}

type splitError struct {
	column  int
	message string
}

// split cuts a string at its {{ … }}. Quotes and braces inside an expression are respected, so that map
// literals may end in }} themselves.
func split(text string) ([]part, *splitError) {
	var parts []part
	characters := 0 // before rest
	for rest := text; rest != ""; {
		open := strings.Index(rest, "{{")
		if open < 0 {
			parts = append(parts, part{text: rest})
			break
		}
		if open > 0 {
			parts = append(parts, part{text: rest[:open]})
		}
		start := characters + len([]rune(rest[:open])) + 2
		inner := rest[open+2:]
		end := closing(inner)
		if end < 0 {
			return nil, &splitError{start - 1, "{{ without }}"}
		}
		if strings.TrimSpace(inner[:end]) == "" {
			return nil, &splitError{start - 1, "an empty expression"}
		}
		parts = append(parts, part{text: inner[:end], isExpr: true, offset: start})
		characters = start + len([]rune(inner[:end])) + 2
		rest = inner[end+2:]
	}
	return parts, nil
}

// closing finds the }} that ends an expression; -1 when there is none.
func closing(text string) int {
	var (
		depth int
		quote byte
	)
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quote != 0:
			if b == '\\' && quote != '`' {
				i++
			} else if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'' || b == '`':
			quote = b
		case b == '{':
			depth++
		case b == '}' && depth > 0:
			depth--
		case b == '}' && i+1 < len(text) && text[i+1] == '}':
			return i
		}
	}
	return -1
}

// single reports whether the parts are one expression with nothing but blanks around it.
func single(parts []part) (part, bool) {
	var found *part
	for i := range parts {
		switch {
		case parts[i].isExpr && found == nil:
			found = &parts[i]
		case parts[i].isExpr || strings.TrimSpace(parts[i].text) != "":
			return part{}, false
		}
	}
	if found == nil {
		return part{}, false
	}
	return *found, true
}
