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

// The fields that take an extract's key data where a card has them; docs/mapping.md lists them.
const (
	FieldExtractNumber       = "UF_CRM_KB_EXTRACT_NUMBER"
	FieldExtractDate         = "UF_CRM_KB_EXTRACT_DATE"
	FieldExtractObject       = "UF_CRM_KB_EXTRACT_OBJECT"
	FieldExtractAddress      = "UF_CRM_KB_EXTRACT_ADDRESS"
	FieldExtractArea         = "UF_CRM_KB_EXTRACT_AREA"
	FieldExtractCost         = "UF_CRM_KB_EXTRACT_COST"
	FieldExtractRights       = "UF_CRM_KB_EXTRACT_RIGHTS"
	FieldExtractEncumbrances = "UF_CRM_KB_EXTRACT_ENCUMBRANCES"
)

// keyFields are the values of those fields. Lists are texts of one line each, so that any text field
// takes them.
func keyFields(said *extract.Extract) map[string]any {
	o := said.Object
	var rights, encumbrances []string
	for _, right := range said.Rights {
		if right.EndDate == "" {
			rights = append(rights, strings.Join(filled(right.Type, right.Share, holders(right.Holders)), ", "))
		}
	}
	for _, e := range said.Encumbrances {
		encumbrances = append(encumbrances, strings.Join(filled(e.Type, e.Term, holders(e.Holders)), ", "))
	}
	return map[string]any{
		FieldExtractNumber: said.Number, FieldExtractDate: said.Date, FieldExtractObject: join(", ", o.Type, o.Name, o.CadastralNumber),
		FieldExtractAddress: o.Address, FieldExtractArea: area(o), FieldExtractCost: o.CadastralCost,
		FieldExtractRights: strings.Join(rights, "\n"), FieldExtractEncumbrances: strings.Join(encumbrances, "\n"),
	}
}

// setKeyFields writes an extract's key data into those of the fields that the card has.
func (r *run) setKeyFields(e Effect, said *extract.Extract) error {
	if said == nil {
		return nil
	}
	fields := map[string]any{}
	for name, value := range keyFields(said) {
		f, ok, err := r.field(name)
		if err != nil {
			return err
		}
		if ok {
			fields[f.name] = value
		}
	}
	return r.update(e, fields)
}
