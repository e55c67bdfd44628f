package bitrixsim

import (
	"slices"
	"strings"
)

// boundRecord reads OWNER_ID, ENTITY_TYPE and ENTITY_ID of crm.timeline.bindings.*.
func (c *call) boundRecord() (*timelineRow, [2]int, *restError) {
	fields := asArray(c.params.fold("fields"))
	i := slices.IndexFunc(c.p.timelines, func(r *timelineRow) bool { return r.ID == intOf(fields.get("OWNER_ID")) })
	if i < 0 {
		return nil, [2]int{}, bad("", "OWNER_ID is not defined or invalid.")
	}
	t := c.p.types[c.p.ownerType(str(fields.get("ENTITY_TYPE")))]
	if t == nil {
		return nil, [2]int{}, bad("", "ENTITY_TYPE is not defined or invalid.")
	}
	id := intOf(fields.get("ENTITY_ID"))
	if t.items[id] == nil {
		return nil, [2]int{}, bad("", "ENTITY_ID is not defined or invalid.")
	}
	if !c.user.changes(t.id, id) {
		return nil, [2]int{}, bad("", "Access denied.")
	}
	return c.p.timelines[i], [2]int{t.id, id}, nil
}

// cards lists the cards that a record is shown in.
func (r *timelineRow) cards(p *Portal) [][2]int {
	var out [][2]int
	if !r.unbound {
		out = append(out, [2]int{r.entityTypeID, r.owner})
	}
	return append(out, p.bound[r.ID]...)
}

// timelineBind is crm.timeline.bindings.bind; false says that the record is bound already.
func timelineBind(c *call) (any, *restError) {
	row, card, err := c.boundRecord()
	if err != nil {
		return nil, err
	}
	if slices.Contains(row.cards(c.p), card) {
		return false, nil
	}
	if card == [2]int{row.entityTypeID, row.owner} {
		row.unbound = false
		return true, nil
	}
	c.p.bound[row.ID] = append(c.p.bound[row.ID], card)
	return true, nil
}

func timelineUnbind(c *call) (any, *restError) {
	row, card, err := c.boundRecord()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(row.cards(c.p), card) {
		return nil, bad("", "Not found.")
	}
	if card == [2]int{row.entityTypeID, row.owner} {
		row.unbound = true
	} else {
		c.p.bound[row.ID] = slices.DeleteFunc(c.p.bound[row.ID], func(have [2]int) bool { return have == card })
	}
	return true, nil
}

func timelineBindings(c *call) (any, *restError) {
	filter := asArray(c.params.fold("filter"))
	owner := intOf(filter.get("OWNER_ID"))
	if owner == 0 {
		owner = intOf(filter.get("=OWNER_ID"))
	}
	i := slices.IndexFunc(c.p.timelines, func(r *timelineRow) bool { return r.ID == owner })
	if i < 0 {
		return nil, bad("", "OWNER_ID is not defined or invalid.")
	}
	var all []map[string]any
	for _, card := range c.p.timelines[i].cards(c.p) {
		all = append(all, map[string]any{
			"OWNER_ID": itoa(owner), "ENTITY_ID": itoa(card[1]), "ENTITY_TYPE": strings.ToLower(c.p.types[card[0]].name()),
		})
	}
	return selectRows(c, all, "ENTITY_ID")
}

func timelineBindingFields(*call) (any, *restError) {
	return plainFields("OWNER_ID integer *i", "ENTITY_ID integer *i", "ENTITY_TYPE string *i"), nil
}

// iconCodes are some of the codes that a log line may show.
func iconCodes() []string {
	return []string{"info", "call", "arrow-down", "document", "check", "attention"}
}

func iconList(c *call) (any, *restError) {
	all := []any{}
	for _, code := range iconCodes() {
		all = append(all, map[string]any{"code": code, "isSystem": true, "fileUri": ""})
	}
	return map[string]any{"icons": page(c, all)}, nil
}

// logDelete is crm.timeline.logmessage.delete: only what the application itself wrote.
func logDelete(c *call) (any, *restError) {
	if err := c.need("id"); err != nil {
		return nil, err
	}
	id := intOf(c.params.get("id"))
	i := slices.IndexFunc(c.p.timelines, func(r *timelineRow) bool { return r.Kind == KindLog && r.ID == id })
	switch {
	case i < 0:
		return nil, notFound("Timeline logmessage not found for id " + itoa(id))
	case c.p.timelines[i].app != c.appID():
		return nil, bad("REMOVING_DISABLED", "The record was created by another application")
	}
	c.p.timelines = slices.Delete(c.p.timelines, i, i+1)
	return true, nil
}

// appID is the caller's application; empty for an inbound webhook.
func (c *call) appID() string {
	if c.in == nil {
		return ""
	}
	return c.in.app.ClientID
}
