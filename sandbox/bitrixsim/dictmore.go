package bitrixsim

import (
	"slices"
	"strings"
)

// dictionaryMethods are the lesser dictionaries of the CRM.
func dictionaryMethods() map[string]method {
	crm := func(run func(c *call) (any, *restError)) method { return method{scope: "crm", run: run} }
	return map[string]method{
		"crm.category.list": crm(categoryList), "crm.category.get": crm(categoryGet), "crm.category.fields": crm(categoryFields),
		"crm.status.list": crm(statusList), "crm.status.fields": crm(statusFields), "crm.status.entity.types": crm(statusTypes),
		"crm.stagehistory.list": crm(stageHistory), "crm.type.list": crm(typeList), "crm.enum.ownertype": crm(ownerTypes),
	}
}

func categoryFields(c *call) (any, *restError) {
	if _, err := c.funnels(); err != nil {
		return nil, err
	}
	return map[string]any{"fields": plainFields("id integer r", "name string *", "sort integer", "entityTypeId integer ri", "isDefault boolean",
		"originId string", "originatorId string")}, nil
}

func statusFields(*call) (any, *restError) {
	return plainFields("ID integer r", "ENTITY_ID string *i", "STATUS_ID string *i", "SORT integer", "NAME string *", "NAME_INIT string r",
		"SYSTEM char r", "CATEGORY_ID integer i", "COLOR string", "SEMANTICS char i", "EXTRA crm_status_extra"), nil
}

// statusTypes lists the directories; those of stages tell their first and final ones.
func statusTypes(c *call) (any, *restError) {
	var names []string
	for _, st := range c.p.statuses {
		if !slices.Contains(names, st.entity) {
			names = append(names, st.entity)
		}
	}
	out := []any{}
	for _, name := range names {
		row := map[string]any{"ID": name, "NAME": name}
		if stages := c.p.stages(name); strings.Contains(name, "STAGE") || name == "STATUS" || name == "QUOTE_STATUS" {
			row["SEMANTIC_INFO"] = map[string]any{
				"START_FIELD": stages[0].code, "FINAL_SUCCESS_FIELD": stageOf(stages, "S"), "FINAL_UNSUCCESS_FIELD": stageOf(stages, "F"),
				"FINAL_SORT": 0,
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// stageOf is the first stage with a meaning.
func stageOf(stages []status, semantics string) string {
	for _, st := range stages {
		if st.semantics == semantics {
			return st.code
		}
	}
	return ""
}

func ownerTypes(c *call) (any, *restError) {
	out := []any{}
	for _, id := range sortedKeys(c.p.types) {
		t := c.p.types[id]
		out = append(out, map[string]any{"ID": id, "NAME": t.title, "SYMBOL_CODE": t.name(), "SYMBOL_CODE_SHORT": t.short()})
	}
	return out, nil
}
