package bitrixsim

import (
	"maps"
	"strings"
)

// AddRequisite adds a requisite to a contact (3) or a company (4): RQ_INN, RQ_KPP, RQ_COMPANY_NAME and the like as
// strings. It returns the id.
func (p *Portal) AddRequisite(entityTypeID, id int, fields map[string]any) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.addRequisite(entityTypeID, id, fields, actor{user: 1})
}

func (p *Portal) addRequisite(entityTypeID, id int, fields map[string]any, by actor) int {
	rid := p.nextID("requisite", 60)
	row := map[string]any{
		"ID": itoa(rid), "ENTITY_TYPE_ID": itoa(entityTypeID), "ENTITY_ID": itoa(id), "PRESET_ID": "1", "NAME": "Реквизиты", "ACTIVE": "Y",
		"ADDRESS_ONLY": "N", "SORT": "500", "CODE": nil, "XML_ID": nil, "ORIGINATOR_ID": nil, "CREATED_BY_ID": itoa(max(by.user, 1)),
		"DATE_CREATE": p.s.now().Format("02.01.2006 15:04:05"), "DATE_MODIFY": nil, "MODIFY_BY_ID": nil,
	}
	for _, name := range strings.Fields("NAME FIRST_NAME LAST_NAME SECOND_NAME COMPANY_NAME COMPANY_FULL_NAME COMPANY_REG_DATE DIRECTOR " +
		"ACCOUNTANT CEO_NAME CEO_WORK_POS CONTACT EMAIL PHONE FAX IDENT_DOC IDENT_DOC_SER IDENT_DOC_NUM IDENT_DOC_DATE IDENT_DOC_ISSUED_BY " +
		"IDENT_DOC_DEP_CODE INN KPP IFNS OGRN OGRNIP OKPO OKTMO OKVED") {
		row["RQ_"+name] = nil
	}
	for name, v := range fields {
		row[name] = text(v)
	}
	p.requisites = append(p.requisites, row)
	p.fire("ONCRMREQUISITEADD", itoa(rid), pairs("FIELDS", pairs("ID", itoa(rid))), by)
	return rid
}

// LinkRequisite chooses the requisite of a card, as the client block of the card does.
func (p *Portal) LinkRequisite(entityTypeID, id, requisiteID int) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.links[[2]int{entityTypeID, id}] = map[string]any{
		"ENTITY_TYPE_ID": entityTypeID, "ENTITY_ID": id, "REQUISITE_ID": itoa(requisiteID), "BANK_DETAIL_ID": "0",
		"MC_REQUISITE_ID": "0", "MC_BANK_DETAIL_ID": "0",
	}
	p.s.notify()
}

// AddAddress adds an address to a requisite: TYPE_ID (1 physical, 4 registered, 6 legal, …), ADDRESS_1, CITY,
// REGION and the like as strings. An address has no id of its own, its type and its owner tell it.
func (p *Portal) AddAddress(requisiteID int, fields map[string]any) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	row := map[string]any{"TYPE_ID": "1", "ENTITY_TYPE_ID": "8", "ENTITY_ID": itoa(requisiteID)}
	for _, name := range strings.Fields("ADDRESS_1 ADDRESS_2 CITY POSTAL_CODE REGION PROVINCE COUNTRY COUNTRY_CODE LOC_ADDR_ID ANCHOR_TYPE_ID ANCHOR_ID") {
		row[name] = nil
	}
	for name, v := range fields {
		row[name] = text(v)
	}
	p.addresses = append(p.addresses, row)
	p.s.notify()
}

func addressList(c *call) (any, *restError) {
	rows := make([]map[string]any, 0, len(c.p.addresses))
	for _, r := range c.p.addresses {
		rows = append(rows, maps.Clone(r))
	}
	return selectRows(c, rows, "ENTITY_ID")
}

func requisiteList(c *call) (any, *restError) {
	rows := make([]map[string]any, 0, len(c.p.requisites))
	for _, r := range c.p.requisites {
		rows = append(rows, maps.Clone(r))
	}
	return selectRows(c, rows, "ID")
}

func requisiteGet(c *call) (any, *restError) {
	id := intOf(c.params.fold("id"))
	for _, r := range c.p.requisites {
		if r["ID"] == itoa(id) {
			return r, nil
		}
	}
	return nil, bad("", "The Requisite with ID '"+itoa(id)+"' is not found")
}

func requisiteAdd(c *call) (any, *restError) {
	fields := asArray(c.params.fold("fields"))
	for _, name := range []string{"ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID", "NAME"} {
		if str(fields.get(name)) == "" {
			return nil, bad("", name+" is not defined or invalid.")
		}
	}
	row := map[string]any{}
	for _, name := range fields.keys {
		row[name] = str(fields.vals[name])
	}
	return c.p.addRequisite(intOf(row["ENTITY_TYPE_ID"]), intOf(row["ENTITY_ID"]), row, c.actor()), nil
}

// linkKey reads entityTypeId and entityId of crm.requisite.link.*.
func (c *call) linkKey() ([2]int, *restError) {
	t, id := intOf(c.params.fold("entityTypeId")), intOf(c.params.fold("entityId"))
	if t <= 0 {
		return [2]int{}, bad("", "entityTypeId is not defined or invalid")
	}
	if id <= 0 {
		return [2]int{}, bad("", "entityId is not defined or invalid")
	}
	return [2]int{t, id}, nil
}

func linkGet(c *call) (any, *restError) {
	key, err := c.linkKey()
	if err != nil {
		return nil, err
	}
	row := c.p.links[key]
	if row == nil {
		return nil, bad("", "Not found")
	}
	return row, nil
}

func linkList(c *call) (any, *restError) {
	var rows []map[string]any
	for _, r := range c.p.links {
		rows = append(rows, maps.Clone(r))
	}
	return selectRows(c, rows, "ENTITY_ID")
}

func linkRegister(c *call) (any, *restError) {
	fields := asArray(c.params.fold("fields"))
	row := map[string]any{}
	for _, name := range []string{"ENTITY_TYPE_ID", "ENTITY_ID", "REQUISITE_ID", "BANK_DETAIL_ID", "MC_REQUISITE_ID", "MC_BANK_DETAIL_ID"} {
		if str(fields.get(name)) == "" {
			return nil, bad("", name+" is not defined or invalid")
		}
		row[name] = str(fields.get(name))
	}
	key := [2]int{intOf(row["ENTITY_TYPE_ID"]), intOf(row["ENTITY_ID"])}
	row["ENTITY_TYPE_ID"], row["ENTITY_ID"] = key[0], key[1]
	c.p.links[key] = row
	return true, nil
}

func linkUnregister(c *call) (any, *restError) {
	key, err := c.linkKey()
	if err != nil {
		return nil, err
	}
	_, had := c.p.links[key]
	delete(c.p.links, key)
	return had, nil
}
