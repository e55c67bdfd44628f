package mapping

import (
	"fmt"
	"strings"
)

// The contact fields that say who somebody is in the deal.
const (
	fieldRole       = "UF_CRM_KB_ROLE"
	fieldRepresents = "UF_CRM_KB_REPRESENTS"
)

// roleWords are the Russian names of the roles, for a field that holds text.
func roleWords() map[string]string {
	return map[string]string{
		"продавец": "seller", "покупатель": "buyer",
		"представитель продавца": "seller_representative", "представитель покупателя": "buyer_representative",
		"залогодатель": "restricted", "залогодержатель": "encumbrancer", "застройщик": "developer",
	}
}

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
		word = strings.ToLower(strings.TrimSpace(word))
		if code, ok := roleWords()[word]; ok {
			word = code
		}
		out = append(out, word)
	}
	return out, nil
}

// contactsByRole gives the card's contacts of one role, in the card's order. Nobody is guessed: without a role
// a contact has none, because the sides of a deal must not be swapped by chance.
func contactsByRole(r *run, args []any) (any, error) {
	want, err := asText(args[0])
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, contact := range r.card.Contacts {
		has, err := roles(r, contact)
		if err != nil {
			return nil, err
		}
		for _, role := range has {
			if role == want {
				found = append(found, contact)
				break
			}
		}
	}
	return found, nil
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
