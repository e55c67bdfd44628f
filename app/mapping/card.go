package mapping

import (
	"fmt"
	"reflect"
	"regexp"
)

// Card is everything that expressions can see. Names of fields are Bitrix24's upper-case ones
// (doc: api-reference/crm/deals/crm-deal-get; crm.item.* gives them by useOriginalUfNames and upperName).
// Values are what JSON gives: string, float64, bool, nil, []any, map[string]any.
// Nothing in a Card is changed, and it may be rendered by several goroutines.
type Card struct {
	// Entity says which of the three the card itself is: "deal", "lead" or "item". Empty: the first one
	// that isn't nil. Expressions reach it as card, whichever it is.
	Entity           string
	Deal, Lead, Item map[string]any
	// Contacts in the card's order, the primary one first. Below the CRM's own fields a contact holds
	// REQUISITES (rows of crm.requisite.list, each with ADDRESSES, rows of crm.address.list).
	Contacts []map[string]any
	// Company of the card, with REQUISITES as above; nil when there is none.
	Company map[string]any
	// Requisites is the row chosen for this card (crm.requisite.link.get), else the company's first.
	Requisites map[string]any
	// User is whom the card is assigned to.
	User map[string]any
	// Files are what came with the request itself: file values of a robot's parameters.
	Files []any
	// Docflow is the state of the docflow in question: id, state, requirement, uin, amount and so on.
	Docflow map[string]any
	// Products are the card's product rows in their order, under the names of crm.item.productrow.*.
	Products []any
	// Document is what a document of Диадок is asked for: number, date, amount, box, counteragent and so on.
	Document map[string]any
	// Options are the list fields' values by their id, for text() and code().
	Options map[string]Option
}

// Option is one value of a list field (doc: api-reference/crm/universal/user-defined-fields).
type Option struct {
	Text string // what people see
	Code string // XML_ID, the same on every portal
}

// roots lists the names that every expression knows.
func roots() []string {
	return []string{"card", "deal", "lead", "item", "contacts", "company", "requisites", "user", "files", "docflow", "products", "document"}
}

// FindFile gives the value of the file field that holds the file with this id, anywhere in the card: its
// urlMachine is good for as long as the token that the card was read with, and must be neither logged nor stored.
func (c Card) FindFile(id string) (map[string]any, bool) {
	var found map[string]any
	walk := func(v any) bool { return findFile(v, id, &found) }
	for _, part := range []map[string]any{c.Deal, c.Lead, c.Item, c.Company, c.Requisites} {
		if walk(part) {
			return found, true
		}
	}
	for _, contact := range c.Contacts {
		if walk(contact) {
			return found, true
		}
	}
	return found, walk(c.Files)
}

func findFile(v any, id string, found *map[string]any) bool {
	switch v := v.(type) {
	case map[string]any:
		if fileID(v) == id {
			*found = v
			return true
		}
		for _, below := range v {
			if findFile(below, id, found) {
				return true
			}
		}
	case []any:
		for _, below := range v {
			if findFile(below, id, found) {
				return true
			}
		}
	}
	return false
}

// origin says where a map of the card came from.
type origin struct {
	path  string            // "deal", "contacts[1].REQUISITES[0]"
	names map[string]string // what a field is really called, where card renames it
}

// origins knows the card's maps by identity, so that reading a field can be traced to its place however an
// expression got hold of the map.
type origins map[uintptr]origin

func (o origins) add(v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return
		}
		key := reflect.ValueOf(v).Pointer()
		if _, known := o[key]; known {
			return
		}
		o[key] = origin{path: path}
		for name, below := range v {
			o.add(below, path+"."+name)
		}
	case []any:
		for i, below := range v {
			o.add(below, fmt.Sprintf("%s[%d]", path, i))
		}
	case []map[string]any:
		for i, below := range v {
			o.add(below, fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

// environment makes the names of expressions, and notes where each map came from.
func (c Card) environment() (map[string]any, origins) {
	known := origins{}
	contacts := make([]any, len(c.Contacts))
	for i, contact := range c.Contacts {
		contacts[i] = contact
	}
	env := map[string]any{
		"deal": c.Deal, "lead": c.Lead, "item": c.Item, "contacts": contacts, "company": c.Company,
		"requisites": c.Requisites, "user": c.User, "files": append([]any{}, c.Files...), "docflow": c.Docflow,
		"products": append([]any{}, c.Products...), "document": c.Document,
	}
	for _, name := range roots() {
		known.add(env[name], name)
	}
	env["card"] = c.self(known)
	for _, name := range roots() {
		if m, ok := env[name].(map[string]any); ok && m == nil {
			env[name] = nil // so that `company == nil` says what a person expects
		}
	}
	return env, known
}

// typedField is a smart process's user field: its name carries the type's id, UF_CRM_7_KB_CADASTRAL.
const typedField = `^UF_CRM_\d+_(.+)$`

// self is the card under the names that deals and leads have, so that one mapping serves all three.
func (c Card) self(known origins) map[string]any {
	switch {
	case c.Entity == "lead", c.Entity == "" && c.Deal == nil && c.Lead != nil:
		return c.Lead
	case c.Entity == "deal", c.Entity == "" && c.Deal != nil:
		return c.Deal
	case c.Item == nil:
		return nil
	}
	var (
		pattern = regexp.MustCompile(typedField)
		same    = make(map[string]any, len(c.Item))
		names   = map[string]string{}
	)
	for name, value := range c.Item {
		same[name] = value
	}
	for name, value := range c.Item {
		m := pattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		plain := "UF_CRM_" + m[1]
		if _, taken := c.Item[plain]; !taken {
			same[plain], names[plain] = value, name
		}
	}
	known[reflect.ValueOf(same).Pointer()] = origin{path: "item", names: names}
	return same
}
