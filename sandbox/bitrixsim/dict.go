package bitrixsim

import "strings"

// historyRow is one move of a card through its stages.
type historyRow struct {
	id, kind, entityTypeID, owner, category int
	stage, semantic, created                string
}

// noteStage writes the stage history: 1 created, 2 intermediate, 3 final, 5 funnel change.
func (p *Portal) noteStage(t *cardType, it *item, kind int) {
	cat, _ := it.vals["CATEGORY_ID"].(int)
	code, _ := it.vals[t.stageField()].(string)
	semantic := p.stage(t, cat, code).semantic()
	if kind == 2 && semantic != "P" {
		kind = 3
	}
	p.history = append(p.history, historyRow{
		id: p.nextID("history", 35), kind: kind, entityTypeID: t.id, owner: it.id, category: cat, stage: code, semantic: semantic,
		created: p.s.now().Format(isoTime),
	})
}

// stageHistory is crm.stagehistory.list.
func stageHistory(c *call) (any, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, err
	}
	stage := "STAGE"
	if t.stageField() == "STATUS_ID" {
		stage = "STATUS"
	}
	var rows []map[string]any
	for _, h := range c.p.history {
		if h.entityTypeID != t.id {
			continue
		}
		row := map[string]any{
			"ID": h.id, "TYPE_ID": h.kind, "OWNER_ID": h.owner, "CREATED_TIME": h.created,
			stage + "_SEMANTIC_ID": h.semantic, stage + "_ID": h.stage,
		}
		if len(t.categories) > 0 {
			row["CATEGORY_ID"] = h.category
		}
		rows = append(rows, row)
	}
	rows, err = selectRows(c, rows, "ID")
	if err != nil {
		return nil, err
	}
	return map[string]any{"items": rows}, nil
}

// statusList is crm.status.list: all rows at once, as strings.
func statusList(c *call) (any, *restError) {
	rows := []any{}
	for _, st := range c.p.statuses {
		var category, semantics any
		if strings.Contains(st.entity, "_STAGE_") {
			category = itoa(st.category)
		}
		if st.semantics != "" {
			semantics = st.semantics
		}
		row := map[string]any{
			"ID": itoa(st.id), "ENTITY_ID": st.entity, "STATUS_ID": st.code, "NAME": st.name, "NAME_INIT": "", "SORT": itoa(st.sort),
			"SYSTEM": flag(st.system), "CATEGORY_ID": category, "COLOR": "#2FC6F6", "SEMANTICS": semantics,
		}
		if !strings.HasPrefix(st.entity, "DYNAMIC_") {
			word := map[string]string{"": "process", "S": "success", "F": "failure"}[st.semantics]
			row["EXTRA"] = map[string]any{"SEMANTICS": word, "COLOR": "#2FC6F6"}
		}
		ok, _ := matches(asArray(c.params.fold("filter")), func(name string) (any, bool) { return row[name], true })
		if ok {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (c *call) funnels() (*cardType, *restError) {
	t, err := c.universal()
	if err != nil {
		return nil, err
	}
	if len(t.categories) == 0 {
		return nil, bad("ENTITY_TYPE_NOT_SUPPORTED", "Entity type does not support categories")
	}
	return t, nil
}

func (cat category) render(t *cardType, i int) map[string]any {
	return map[string]any{"id": cat.id, "name": cat.name, "sort": 300 + i*100, "entityTypeId": t.id, "isDefault": flag(cat.def)}
}

func categoryList(c *call) (any, *restError) {
	t, err := c.funnels()
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for i, cat := range t.categories {
		rows = append(rows, cat.render(t, i))
	}
	return map[string]any{"categories": page(c, rows)}, nil
}

func categoryGet(c *call) (any, *restError) {
	t, err := c.funnels()
	if err != nil {
		return nil, err
	}
	id, ok := num(c.params.get("id"))
	for i, cat := range t.categories {
		if ok && cat.id == id {
			return map[string]any{"category": cat.render(t, i)}, nil
		}
	}
	return nil, notFound("Element not found")
}
