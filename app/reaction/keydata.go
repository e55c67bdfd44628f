package reaction

import (
	"fmt"
	"strings"

	"konturbridge/realty/extract"
)

// keyData says what an extract is about, in lines for the timeline.
func keyData(said *extract.Extract) []string {
	if said == nil {
		return nil
	}
	o := said.Object
	lines := []string{strings.Join(filled(join(", ", o.Type, o.Name), o.CadastralNumber, area(o), o.Address), "; ")}
	for _, right := range said.Rights {
		if right.EndDate != "" {
			continue // passed on
		}
		lines = append(lines, "Право: "+strings.Join(filled(right.Type, right.Share, holders(right.Holders)), ", "))
	}
	if len(said.Encumbrances) == 0 {
		lines = append(lines, "Обременения в выписке не указаны")
	}
	for _, e := range said.Encumbrances {
		lines = append(lines, "Обременение: "+strings.Join(filled(e.Type, e.Term, holders(e.Holders)), ", "))
	}
	if len(lines) > maxKeyLines {
		lines = append(lines[:maxKeyLines], fmt.Sprintf("… и ещё %d", len(lines)-maxKeyLines))
	}
	return lines
}

// maxKeyLines bounds what a house with hundreds of owners says in the timeline.
const maxKeyLines = 12

func area(o extract.Object) string { return join(" ", o.Area, o.AreaUnit) }

func holders(all []extract.Holder) string {
	names := make([]string, 0, len(all))
	for _, h := range all {
		names = append(names, h.Name)
	}
	return strings.Join(filled(names...), "; ")
}

func filled(parts ...string) []string {
	var out []string
	for _, part := range parts {
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

func join(sep string, parts ...string) string { return strings.Join(filled(parts...), sep) }
