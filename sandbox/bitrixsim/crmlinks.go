package bitrixsim

import "slices"

// linkMethods are the links between cards: contacts of deals, leads and companies, companies of contacts.
func linkMethods() map[string]method {
	out := map[string]method{}
	for _, m := range []struct {
		name  string
		owner int
		key   string
	}{
		{"crm.deal.contact.", Deal, "CONTACT"}, {"crm.lead.contact.", Lead, "CONTACT"},
		{"crm.contact.company.", Contact, "COMPANY"}, {"crm.company.contact.", Company, "CONTACT"},
	} {
		for verb, run := range map[string]func(*call, int, string) (any, *restError){
			"items.get": linksGet, "items.set": linksSet, "items.delete": linksClear, "add": linkAdd, "delete": linkDelete, "fields": linkFields,
		} {
			out[m.name+verb] = method{scope: "crm", run: func(c *call) (any, *restError) { return run(c, m.owner, m.key) }}
		}
	}
	return out
}

// linkIDs lists the linked contacts or companies of a card, the primary one first.
func linkIDs(it *item, key string) []any {
	ids, _ := it.vals[key+"_IDS"].([]any)
	if len(ids) == 0 {
		if id, _ := it.vals[key+"_ID"].(int); id != 0 {
			return []any{id}
		}
	}
	return ids
}

func (c *call) linkOwner(owner int) (*item, *restError) {
	id, ok := num(c.params.fold("id"))
	if !ok || id <= 0 {
		return nil, bad("", "The parameter 'ownerEntityID' is invalid or not defined.")
	}
	it := c.p.types[owner].items[id]
	if it == nil {
		return nil, bad("", "Not found.")
	}
	if !c.user.sees(owner, id) {
		return nil, bad("ACCESS_DENIED", "Access denied!")
	}
	return it, nil
}

func linksGet(c *call, owner int, key string) (any, *restError) {
	it, err := c.linkOwner(owner)
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for i, id := range linkIDs(it, key) {
		rows = append(rows, map[string]any{key + "_ID": id, "SORT": (i + 1) * 10, "ROLE_ID": 0, "IS_PRIMARY": flag(i == 0)})
	}
	return rows, nil
}

// saveLinks stores the linked ids of a card.
func (c *call) saveLinks(owner int, key string, it *item, ids []any) (any, *restError) {
	if !c.user.changes(owner, it.id) {
		return nil, bad("", "Access denied.")
	}
	if err := c.p.update(c.p.types[owner], it, map[string]any{key + "_IDS": ids}, c.actor()); err != nil {
		return nil, oldRefusal(err)
	}
	return true, nil
}

func linksSet(c *call, owner int, key string) (any, *restError) {
	it, err := c.linkOwner(owner)
	if err != nil {
		return nil, err
	}
	ids := []any{}
	for _, row := range list(c.params.fold("items")) {
		id := intOf(asArray(row).fold(key + "_ID"))
		switch {
		case id == 0:
		case yes(asArray(row).fold("IS_PRIMARY")):
			ids = slices.Insert(ids, 0, any(id))
		default:
			ids = append(ids, id)
		}
	}
	return c.saveLinks(owner, key, it, ids)
}

func linksClear(c *call, owner int, key string) (any, *restError) {
	it, err := c.linkOwner(owner)
	if err != nil {
		return nil, err
	}
	return c.saveLinks(owner, key, it, []any{})
}

// linkOne reads the card and the one linked id of crm.*.add and crm.*.delete.
func (c *call) linkOne(owner int, key, param string) (it *item, id int, fields *array, err *restError) {
	if it, err = c.linkOwner(owner); err != nil {
		return nil, 0, nil, err
	}
	if fields = asArray(c.params.fold("fields")); fields == nil {
		return nil, 0, nil, bad("", "The parameter '"+param+"' must be array.")
	}
	other := map[string]int{"CONTACT": Contact, "COMPANY": Company}[key]
	if id = intOf(fields.fold(key + "_ID")); c.p.types[other].items[id] == nil {
		return nil, 0, nil, bad("", "The parameter 'fields' is not valid.")
	}
	return it, id, fields, nil
}

func linkAdd(c *call, owner int, key string) (any, *restError) {
	it, id, fields, err := c.linkOne(owner, key, "fields")
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(linkIDs(it, key))
	if slices.Contains(ids, any(id)) {
		return false, nil
	}
	if yes(fields.fold("IS_PRIMARY")) {
		return c.saveLinks(owner, key, it, slices.Insert(ids, 0, any(id)))
	}
	return c.saveLinks(owner, key, it, append(ids, id))
}

func linkDelete(c *call, owner int, key string) (any, *restError) {
	it, id, _, err := c.linkOne(owner, key, "item")
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(linkIDs(it, key))
	if !slices.Contains(ids, any(id)) {
		return false, nil
	}
	return c.saveLinks(owner, key, it, slices.DeleteFunc(ids, func(v any) bool { return v == any(id) }))
}

func linkFields(_ *call, _ int, key string) (any, *restError) {
	return plainFields(key+"_ID integer *", "SORT integer", "ROLE_ID integer", "IS_PRIMARY char"), nil
}
