package sandbox

import (
	"fmt"
	"regexp"

	"konturbridge/sandbox/bitrixsim"
)

// Sign puts the signatures of all statements of a card's docflow into the card's field for them, as a manager does
// who got the files from everybody: each is detached, made by its own person, and over its own statement. What the
// field held before is replaced.
//
// Errors: the card is in no docflow that waits for signatures; it has no field for them.
func (s *Sandbox) Sign(p *bitrixsim.Portal, typ, id int) error {
	item, ok := p.Item(typ, id)
	if !ok {
		return errNoCard
	}
	field, ok := signatureField(p, typ)
	if !ok {
		return errNoField
	}
	d, ok := s.Realty.Docflow(docflowOf(item))
	if !ok || d.Waits != "signature" {
		return errNotWaiting
	}
	var files []any
	for i, st := range d.Statements {
		for _, person := range st.Persons {
			data, err := s.Realty.SignatureOf(d.ID, st.FileID, person)
			if err != nil {
				return err
			}
			files = append(files, p.AddFile(fmt.Sprintf("Заявление %d %s.sig", i+1, person), data))
		}
	}
	return p.UpdateItem(typ, id, map[string]any{field: files})
}

// ownName cuts off what a field's name has before the part that is the same on every type: UF_CRM_, on a smart
// process UF_CRM_7_.
var ownName = regexp.MustCompile(`^UF_CRM_(\d+_)?`)

func signatureField(p *bitrixsim.Portal, typ int) (string, bool) {
	for _, f := range p.UserFields(typ) {
		if ownName.ReplaceAllString(f.Name, "UF_CRM_") == SignatureField && f.Type == "file" {
			return f.Name, true
		}
	}
	return "", false
}

// docflowOf is the docflow that the bridge wrote into a card.
func docflowOf(item map[string]any) string {
	for name, value := range item {
		if ownName.ReplaceAllString(name, "UF_CRM_") == "UF_CRM_KB_REALTY_ID" {
			return text(value)
		}
	}
	return ""
}
