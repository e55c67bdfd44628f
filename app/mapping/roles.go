package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// The contact fields that say who somebody is in the deal.
const (
	fieldRole       = "UF_CRM_KB_ROLE"
	fieldRepresents = "UF_CRM_KB_REPRESENTS"
)

// roles gives the codes of a contact's role field.
func roles(r *run, contact map[string]any) ([]string, error) {
	v, err := optionCode(r, []any{get(r, contact, fieldRole)})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, item := range asList(v) {
		word, err := asText(item)
		if err != nil {
			return nil, err
		}
		out = append(out, strings.ToLower(dictionary().code("role", word)))
	}
	return out, nil
}

// contactsByRole gives the card's contacts of a role, or of any of several, in the card's order. Nobody is guessed:
// without a role a contact has none, because the sides of a deal must not be swapped by chance.
func contactsByRole(r *run, args []any) (any, error) {
	found := []any{}
	for _, contact := range r.card.Contacts {
		has, err := hasRole(r, append([]any{contact}, args...))
		if err != nil {
			return nil, err
		}
		if has == true {
			found = append(found, contact)
		}
	}
	if len(found) == 0 { // nobody has it: that field of a contact is what to fill in
		r.noteField("contacts."+fieldRole, false)
	}
	return found, nil
}

// hasRole tells whether a contact has one of the roles.
func hasRole(r *run, args []any) (any, error) {
	contact, ok := args[0].(map[string]any)
	if !ok || contact == nil {
		return false, nil
	}
	has, err := roles(r, contact)
	if err != nil {
		return nil, err
	}
	for _, arg := range args[1:] {
		want, err := asText(arg)
		if err != nil {
			return nil, err
		}
		if slices.Contains(has, want) {
			return true, nil
		}
	}
	return false, nil
}

// contactByRole gives the first contact of a role, nil when there is none.
func contactByRole(r *run, args []any) (any, error) {
	all, err := contactsByRole(r, args)
	if err != nil {
		return nil, err
	}
	if list := all.([]any); len(list) > 0 {
		return list[0], nil
	}
	return nil, nil
}

// representative gives the contact whose UF_CRM_KB_REPRESENTS names this one: by id, or as a binding like C_12.
func representative(r *run, args []any) (any, error) {
	person, ok := args[0].(map[string]any)
	if !ok || person == nil {
		return nil, nil
	}
	id, err := asText(person["ID"])
	if err != nil || id == "" {
		return nil, err
	}
	for _, contact := range r.card.Contacts {
		for _, v := range asList(get(r, contact, fieldRepresents)) {
			named, err := asText(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", fieldRepresents, err)
			}
			if strings.TrimPrefix(strings.TrimSpace(named), "C_") == id {
				return contact, nil
			}
		}
	}
	return nil, nil
}
