package bitrixsim

import (
	"maps"
	"slices"
	"strings"
)

// bankTexts are the fields of a bank detail, without RQ_.
const bankTexts = "BANK_NAME BANK_ADDR BIK ACC_NAME ACC_NUM COR_ACC_NUM ACC_CURRENCY IBAN SWIFT BIC"

// AddBankDetail adds a bank detail to a requisite: RQ_BIK, RQ_ACC_NUM and the like as strings. It returns the id.
func (p *Portal) AddBankDetail(requisiteID int, fields map[string]any) int {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return p.addBank(requisiteID, fields, actor{user: 1})
}

func (p *Portal) addBank(requisiteID int, fields map[string]any, by actor) int {
	id := p.nextID("bank detail", 24)
	row := map[string]any{
		"ID": itoa(id), "ENTITY_TYPE_ID": itoa(requisiteTypeID), "ENTITY_ID": itoa(requisiteID), "COUNTRY_ID": "1", "NAME": "Банковские реквизиты",
		"ACTIVE": "Y", "SORT": "500", "CODE": nil, "XML_ID": nil, "ORIGINATOR_ID": nil, "COMMENTS": nil, "DATE_CREATE": p.localNow(),
		"DATE_MODIFY": nil, "CREATED_BY_ID": itoa(max(by.user, 1)), "MODIFY_BY_ID": nil,
	}
	for _, name := range strings.Fields(bankTexts) {
		row["RQ_"+name] = nil
	}
	for name, v := range fields {
		row[name] = text(v)
	}
	p.banks = append(p.banks, row)
	p.requisiteEvent("BANKDETAILADD", id, by)
	return id
}

func bankList(c *call) (any, *restError) { return selectRows(c, c.p.banks.copy(), "ID") }
func bankGet(c *call) (any, *restError)  { return c.rowOf(c.p.banks, "RequisiteBankDetail") }

func bankFields(*call) (any, *restError) {
	out := plainFields("ID integer r", "ENTITY_TYPE_ID integer r", "ENTITY_ID integer *i", "COUNTRY_ID integer", "NAME string *", "CODE string",
		"XML_ID string", "ORIGINATOR_ID string", "ACTIVE char", "SORT integer", "COMMENTS string", "DATE_CREATE datetime r",
		"DATE_MODIFY datetime r", "CREATED_BY_ID user r", "MODIFY_BY_ID user r")
	return stringFields(out, "RQ_", bankTexts), nil
}

func bankAdd(c *call) (any, *restError) {
	fields := asArray(c.params.fold("fields"))
	owner := intOf(fields.get("ENTITY_ID"))
	if c.p.requisites.find(owner) == nil {
		return nil, bad("", "ENTITY_ID is not defined or invalid.")
	}
	if str(fields.get("NAME")) == "" {
		return nil, bad("", "NAME is not defined or invalid.")
	}
	row := map[string]any{}
	for _, name := range fields.keys {
		row[name] = str(fields.vals[name])
	}
	return c.p.addBank(owner, row, c.actor()), nil
}

func bankUpdate(c *call) (any, *restError) {
	row, err := c.rowOf(c.p.banks, "RequisiteBankDetail")
	if err != nil {
		return nil, err
	}
	merge(row, asArray(c.params.fold("fields")), "ID", "ENTITY_TYPE_ID", "ENTITY_ID", "DATE_CREATE", "CREATED_BY_ID")
	c.touch(row)
	c.p.requisiteEvent("BANKDETAILUPDATE", intOf(row["ID"]), c.actor())
	return true, nil
}

func bankDelete(c *call) (any, *restError) {
	row, err := c.rowOf(c.p.banks, "RequisiteBankDetail")
	if err != nil {
		return nil, err
	}
	c.dropBank(intOf(row["ID"]))
	return true, nil
}

func (c *call) dropBank(id int) {
	c.p.banks.drop(id)
	c.p.requisiteEvent("BANKDETAILDELETE", id, c.actor())
}

// presets are the templates that a Russian portal begins with.
func presets() rows {
	var out rows
	for i, name := range []string{"Организация", "ИП", "Физ. лицо", "Организация (доп.)"} {
		out = append(out, map[string]any{
			"ID": itoa(i + 1), "ENTITY_TYPE_ID": "8", "COUNTRY_ID": "1", "DATE_CREATE": "2024-05-24T15:45:44+03:00", "DATE_MODIFY": "",
			"CREATED_BY_ID": "1", "MODIFY_BY_ID": nil, "NAME": name, "XML_ID": "#CRM_REQUISITE_PRESET_DEF_RU_" + itoa(i+1) + "#", "ACTIVE": "Y",
			"SORT": itoa(500 + i*10),
		})
	}
	return out
}

func presetList(c *call) (any, *restError) { return selectRows(c, presets(), "ID") }
func presetGet(c *call) (any, *restError)  { return c.rowOf(presets(), "Preset") }

func presetFields(*call) (any, *restError) {
	return plainFields("ID integer r", "ENTITY_TYPE_ID integer *i", "COUNTRY_ID integer *", "DATE_CREATE datetime r", "DATE_MODIFY datetime r",
		"CREATED_BY_ID user r", "MODIFY_BY_ID user r", "NAME string *", "XML_ID string", "ACTIVE char", "SORT integer"), nil
}

// addressTexts are the fields of an address beside its key.
const addressTexts = "ADDRESS_1 ADDRESS_2 CITY POSTAL_CODE REGION PROVINCE COUNTRY COUNTRY_CODE LOC_ADDR_ID"

// AddAddress adds an address to a requisite: TYPE_ID (1 physical, 4 registered, 6 legal, …), ADDRESS_1, CITY,
// REGION and the like as strings. An address has no id of its own, its type and its owner tell it.
func (p *Portal) AddAddress(requisiteID int, fields map[string]any) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.addAddress(requisiteTypeID, requisiteID, fields, actor{user: 1})
}

// addAddress anchors an address of a requisite at the requisite's owner.
func (p *Portal) addAddress(owner, id int, fields map[string]any, by actor) {
	row := map[string]any{"TYPE_ID": "1", "ENTITY_TYPE_ID": itoa(owner), "ENTITY_ID": itoa(id), "ANCHOR_TYPE_ID": nil, "ANCHOR_ID": nil}
	for _, name := range strings.Fields(addressTexts) {
		row[name] = nil
	}
	if requisite := p.requisites.find(id); owner == requisiteTypeID && requisite != nil {
		row["ANCHOR_TYPE_ID"], row["ANCHOR_ID"] = requisite["ENTITY_TYPE_ID"], requisite["ENTITY_ID"]
	}
	for name, v := range fields {
		row[name] = text(v)
	}
	p.addresses = append(p.addresses, row)
	p.addressEvent("REGISTER", row, by)
}

func (p *Portal) addressEvent(kind string, row map[string]any, by actor) {
	fields := newArray()
	for _, name := range []string{"TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID", "ANCHOR_ID", "ANCHOR_TYPE_ID"} {
		fields.set(name, text(row[name]))
	}
	p.fire("ONCRMADDRESS"+kind, text(row["TYPE_ID"])+":"+text(row["ENTITY_TYPE_ID"])+":"+text(row["ENTITY_ID"]), pairs("FIELDS", fields), by)
}

func addressList(c *call) (any, *restError) { return selectRows(c, c.p.addresses.copy(), "ENTITY_ID") }

func addressFields(*call) (any, *restError) {
	out := plainFields("TYPE_ID integer *i", "ENTITY_TYPE_ID integer *i", "ENTITY_ID integer *i", "ANCHOR_TYPE_ID integer r", "ANCHOR_ID integer r")
	return stringFields(out, "", addressTexts), nil
}

// addressKey reads the three parts that tell an address.
func (c *call) addressKey() (*array, func(map[string]any) bool, *restError) {
	fields := asArray(c.params.fold("fields"))
	for _, name := range []string{"TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID"} {
		if intOf(fields.get(name)) <= 0 {
			return nil, nil, bad("", name+" is not defined or invalid.")
		}
	}
	return fields, func(row map[string]any) bool {
		for _, name := range []string{"TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID"} {
			if row[name] != str(fields.get(name)) {
				return false
			}
		}
		return true
	}, nil
}

// addressAdd writes over an address of the same type and owner, for there can be one only.
func addressAdd(c *call) (any, *restError) {
	fields, same, err := c.addressKey()
	if err != nil {
		return nil, err
	}
	c.p.addresses = slices.DeleteFunc(c.p.addresses, same)
	row := map[string]any{}
	for _, name := range fields.keys {
		row[name] = str(fields.vals[name])
	}
	c.p.addAddress(intOf(row["ENTITY_TYPE_ID"]), intOf(row["ENTITY_ID"]), row, c.actor())
	return true, nil
}

func addressUpdate(c *call) (any, *restError) {
	fields, same, err := c.addressKey()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.p.addresses, same)
	if i < 0 {
		return nil, bad("", "TypeAddress not found.")
	}
	merge(c.p.addresses[i], fields, "TYPE_ID", "ENTITY_TYPE_ID", "ENTITY_ID", "ANCHOR_TYPE_ID", "ANCHOR_ID")
	c.p.addressEvent("REGISTER", c.p.addresses[i], c.actor())
	return true, nil
}

func addressDelete(c *call) (any, *restError) {
	_, same, err := c.addressKey()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(c.p.addresses, same) {
		return nil, bad("", "TypeAddress not found.")
	}
	c.dropAddresses(same)
	return true, nil
}

func (c *call) dropAddresses(which func(map[string]any) bool) {
	for _, row := range c.p.addresses {
		if which(row) {
			c.p.addressEvent("UNREGISTER", maps.Clone(row), c.actor())
		}
	}
	c.p.addresses = slices.DeleteFunc(c.p.addresses, which)
}

func addressTypes(*call) (any, *restError) {
	names := map[int]string{1: "Фактический адрес", 4: "Адрес регистрации", 6: "Юридический адрес", 8: "Почтовый адрес", 9: "Адрес бенефициара", 11: "Адрес доставки"}
	out := []any{}
	for _, id := range sortedKeys(names) {
		out = append(out, map[string]any{"ID": id, "NAME": names[id], "SYMBOL_CODE": nil, "SYMBOL_CODE_SHORT": nil})
	}
	return out, nil
}
