package bitrixsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// requisiteTypeID is the entityTypeId of requisites.
const requisiteTypeID = 8

// requisiteTexts are the fields of a Russian requisite, without RQ_.
const requisiteTexts = "NAME FIRST_NAME LAST_NAME SECOND_NAME COMPANY_NAME COMPANY_FULL_NAME COMPANY_REG_DATE DIRECTOR ACCOUNTANT CEO_NAME " +
	"CEO_WORK_POS CONTACT EMAIL PHONE FAX IDENT_DOC IDENT_DOC_SER IDENT_DOC_NUM IDENT_DOC_DATE IDENT_DOC_ISSUED_BY IDENT_DOC_DEP_CODE INN " +
	"KPP IFNS OGRN OGRNIP OKPO OKTMO OKVED RESIDENCE_COUNTRY BASE_DOC ST_CERT_SER ST_CERT_NUM ST_CERT_DATE VAT_ID"

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
		"DATE_CREATE": p.localNow(), "DATE_MODIFY": nil, "MODIFY_BY_ID": nil,
	}
	for _, name := range strings.Fields(requisiteTexts) {
		row["RQ_"+name] = nil
	}
	for name, v := range fields {
		row[name] = text(v)
	}
	p.requisites = append(p.requisites, row)
	p.requisiteEvent("REQUISITEADD", rid, by)
	return rid
}

// localNow is now in the text that the rows of requisites hold.
func (p *Portal) localNow() string { return p.s.now().Format("02.01.2006 15:04:05") }

func (p *Portal) requisiteEvent(kind string, id int, by actor) {
	p.fire("ONCRM"+kind, itoa(id), pairs("FIELDS", pairs("ID", itoa(id))), by)
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

func requisiteMethods() map[string]method {
	crm := func(run func(c *call) (any, *restError)) method { return method{scope: "crm", run: run} }
	return map[string]method{
		"crm.requisite.list": crm(requisiteList), "crm.requisite.get": crm(requisiteGet), "crm.requisite.add": crm(requisiteAdd),
		"crm.requisite.update": crm(requisiteUpdate), "crm.requisite.delete": crm(requisiteDelete), "crm.requisite.fields": crm(requisiteFields),
		"crm.requisite.link.get": crm(linkGet), "crm.requisite.link.list": crm(linkList), "crm.requisite.link.fields": crm(linkRowFields),
		"crm.requisite.link.register": crm(linkRegister), "crm.requisite.link.unregister": crm(linkUnregister),
		"crm.requisite.bankdetail.list": crm(bankList), "crm.requisite.bankdetail.get": crm(bankGet), "crm.requisite.bankdetail.add": crm(bankAdd),
		"crm.requisite.bankdetail.update": crm(bankUpdate), "crm.requisite.bankdetail.delete": crm(bankDelete),
		"crm.requisite.bankdetail.fields": crm(bankFields),
		"crm.requisite.preset.list":       crm(presetList), "crm.requisite.preset.get": crm(presetGet), "crm.requisite.preset.fields": crm(presetFields),
		"crm.address.list": crm(addressList), "crm.address.add": crm(addressAdd), "crm.address.update": crm(addressUpdate),
		"crm.address.delete": crm(addressDelete), "crm.address.fields": crm(addressFields), "crm.enum.addresstype": crm(addressTypes),
	}
}

// requisiteList leaves out what belongs to cards that the user may not read; one who may read neither companies nor
// contacts is refused, with a number for a code.
func requisiteList(c *call) (any, *restError) {
	if !c.user.sees(Company, 0) && !c.user.sees(Contact, 0) {
		return nil, &restError{status: http.StatusBadRequest, code: 0, text: "Access denied."}
	}
	rows := slices.DeleteFunc(c.p.requisites.copy(), func(row map[string]any) bool { return !c.seesOwner(row) })
	return selectRows(c, rows, "ID")
}

// seesOwner reports whether the user may read the card that a requisite belongs to.
func (c *call) seesOwner(row map[string]any) bool {
	return c.user.sees(intOf(row["ENTITY_TYPE_ID"]), intOf(row["ENTITY_ID"]))
}

func requisiteGet(c *call) (any, *restError) {
	row, err := c.rowOf(c.p.requisites, "Requisite")
	if err == nil && !c.seesOwner(row) {
		return nil, bad("", "Access denied.")
	}
	return row, err
}

// copy keeps the stored rows out of the reach of select.
func (r rows) copy() []map[string]any {
	out := make([]map[string]any, 0, len(r))
	for _, row := range r {
		out = append(out, maps.Clone(row))
	}
	return out
}

func requisiteFields(*call) (any, *restError) {
	out := plainFields("ID integer r", "ENTITY_TYPE_ID integer *i", "ENTITY_ID integer *i", "PRESET_ID integer *", "DATE_CREATE datetime r",
		"DATE_MODIFY datetime r", "CREATED_BY_ID user r", "MODIFY_BY_ID user r", "NAME string *", "CODE string", "XML_ID string",
		"ORIGINATOR_ID string", "ACTIVE char", "ADDRESS_ONLY char", "SORT integer")
	return stringFields(out, "RQ_", requisiteTexts), nil
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

// touch marks a row as changed by the caller.
func (c *call) touch(row map[string]any) {
	row["DATE_MODIFY"], row["MODIFY_BY_ID"] = c.p.localNow(), itoa(c.user.id)
}

func requisiteUpdate(c *call) (any, *restError) {
	row, err := c.rowOf(c.p.requisites, "Requisite")
	if err != nil {
		return nil, err
	}
	merge(row, asArray(c.params.fold("fields")), "ID", "ENTITY_TYPE_ID", "ENTITY_ID", "DATE_CREATE", "CREATED_BY_ID")
	c.touch(row)
	c.p.requisiteEvent("REQUISITEUPDATE", intOf(row["ID"]), c.actor())
	return true, nil
}

// requisiteDelete takes the links, addresses and bank details of the requisite along.
func requisiteDelete(c *call) (any, *restError) {
	row, err := c.rowOf(c.p.requisites, "Requisite")
	if err != nil {
		return nil, err
	}
	id := row["ID"]
	maps.DeleteFunc(c.p.links, func(_ [2]int, l map[string]any) bool { return l["REQUISITE_ID"] == id || l["MC_REQUISITE_ID"] == id })
	for _, bank := range c.p.banks.copy() {
		if bank["ENTITY_ID"] == id {
			c.dropBank(intOf(bank["ID"]))
		}
	}
	c.dropAddresses(func(a map[string]any) bool {
		return a["ENTITY_TYPE_ID"] == itoa(requisiteTypeID) && a["ENTITY_ID"] == id
	})
	c.p.requisites.drop(intOf(id))
	c.p.requisiteEvent("REQUISITEDELETE", intOf(id), c.actor())
	return true, nil
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
	var all []map[string]any
	for _, r := range c.p.links {
		all = append(all, maps.Clone(r))
	}
	return selectRows(c, all, "ENTITY_ID")
}

func linkRowFields(*call) (any, *restError) {
	return plainFields("ENTITY_TYPE_ID integer *", "ENTITY_ID integer *", "REQUISITE_ID integer *", "BANK_DETAIL_ID integer *",
		"MC_REQUISITE_ID integer *", "MC_BANK_DETAIL_ID integer *"), nil
}

// linkRegister wants all six ids, and a requisite of the card's own client.
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
	if err := c.checkLink(key, row); err != nil {
		return nil, err
	}
	row["ENTITY_TYPE_ID"], row["ENTITY_ID"] = key[0], key[1]
	c.p.links[key] = row
	return true, nil
}

// checkLink refuses ids that do not exist, a requisite that is not the card's client's, and a bank detail that is not
// the requisite's. Own companies are taken as they come: a card need not name one.
func (c *call) checkLink(key [2]int, row map[string]any) *restError {
	t := c.p.types[key[0]]
	if t == nil || t.items[key[1]] == nil {
		return bad("", "Entity is not found")
	}
	requisite := row["REQUISITE_ID"].(string)
	if requisite != "0" {
		found := c.p.requisites.find(intOf(requisite))
		if found == nil {
			return bad("", "The Requisite with ID '"+requisite+"' is not found")
		}
		if client := t.items[key[1]].client(found); client != "" {
			return bad("", "The Requisite with ID '"+requisite+"' is not assigned to "+client)
		}
	}
	bank := row["BANK_DETAIL_ID"].(string)
	if bank == "0" {
		return nil
	}
	found := c.p.banks.find(intOf(bank))
	if found == nil {
		return bad("", "The BankDetail with ID '"+bank+"' is not found")
	}
	if found["ENTITY_ID"] != requisite {
		return bad("", "The BankDetail with ID '"+bank+"' is not assigned to Requisite with ID '"+requisite+"'")
	}
	return nil
}

// client names the client of a card when it does not own the requisite; empty when it does.
func (it *item) client(requisite map[string]any) string {
	owner, id := requisite["ENTITY_TYPE_ID"], intOf(requisite["ENTITY_ID"])
	company, _ := it.vals["COMPANY_ID"].(int)
	contacts, _ := it.vals["CONTACT_IDS"].([]any)
	if owner == itoa(Company) && company == id || owner == itoa(Contact) && slices.Contains(contacts, any(id)) {
		return ""
	}
	if company != 0 {
		return "Company with ID '" + itoa(company) + "'"
	}
	contact, _ := it.vals["CONTACT_ID"].(int)
	return "Contact with ID '" + itoa(contact) + "'"
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
