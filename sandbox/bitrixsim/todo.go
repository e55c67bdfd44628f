package bitrixsim

import "slices"

// todoAdd is crm.activity.todo.add.
func todoAdd(c *call) (any, *restError) {
	if err := c.need("ownerTypeId", "ownerId", "deadline"); err != nil {
		return nil, err
	}
	a := &activity{provider: providerTodo}
	a.EntityTypeID, a.OwnerID = intOf(c.params.get("ownerTypeId")), intOf(c.params.get("ownerId"))
	if err := c.ownerOf(a.EntityTypeID, a.OwnerID); err != nil {
		return nil, err
	}
	if err := todoAll(c, a); err != nil {
		return nil, err
	}
	c.addActivity(a, KindTodo)
	return map[string]any{"id": a.ID}, nil
}

// changeTodo finds a to-do by id and owner and changes it; a completed one stays as it is.
func (c *call) changeTodo(change func(*call, *activity) *restError) (any, *restError) {
	if err := c.need("id", "ownerTypeId", "ownerId"); err != nil {
		return nil, err
	}
	owner, id := intOf(c.params.get("ownerTypeId")), intOf(c.params.get("ownerId"))
	if err := c.ownerOf(owner, id); err != nil {
		return nil, err
	}
	a := c.p.activities[intOf(c.params.get("id"))]
	if a == nil || a.provider != providerTodo || a.EntityTypeID != owner || a.OwnerID != id {
		return nil, notFound("Not found.")
	}
	if a.Completed {
		return nil, bad("CAN_NOT_UPDATE_COMPLETED_TODO", "Completed activity cannot be modified")
	}
	next := *a
	if err := change(c, &next); err != nil {
		return nil, err
	}
	*a = next
	c.saveActivity(a)
	return map[string]any{"id": a.ID}, nil
}

// todoAll reads the parameters of crm.activity.todo.add and .update.
func todoAll(c *call, a *activity) *restError {
	if err := c.need("deadline"); err != nil {
		return err
	}
	if err := c.readDeadline(a, "deadline"); err != nil {
		return err
	}
	get := c.params.lookup
	if v, given := get("title"); given {
		a.Subject = str(v)
	}
	if v, given := get("description"); given {
		a.Description = str(v)
	}
	if v, given := get("responsibleId"); given {
		a.Responsible = intOf(v)
	}
	if v, given := get("pingOffsets"); given {
		a.pings = list(v)
	}
	if v, given := get("colorId"); given {
		a.color = str(v)
	}
	if parent := c.p.activities[intOf(c.params.get("parentActivityId"))]; parent != nil {
		if parent.Completed {
			return bad("ERROR_PARENT_ACTIVITY_RESTRICT", "Cannot schedule an activity for a closed one")
		}
		a.parent = parent.ID
	}
	return nil
}

func (c *call) readDeadline(a *activity, name string) *restError {
	t, err := parseTime(str(c.params.get(name)))
	if err != nil {
		return bad("WRONG_DATETIME_FORMAT", "Wrong datetime format")
	}
	a.Deadline = t
	return nil
}

func todoDeadline(c *call, a *activity) *restError {
	if err := c.need("value"); err != nil {
		return err
	}
	return c.readDeadline(a, "value")
}

func todoDescription(c *call, a *activity) *restError {
	if err := c.need("value"); err != nil {
		return err
	}
	a.Description = str(c.params.get("value"))
	return nil
}

func todoColor(c *call, a *activity) *restError {
	if err := c.need("colorId"); err != nil {
		return err
	}
	if n, ok := num(c.params.get("colorId")); !ok || n < 1 || n > 7 {
		return bad("CAN_NOT_UPDATE_WRONG_COLOR_TODO", "Invalid color value")
	}
	a.color = str(c.params.get("colorId"))
	return nil
}

func todoResponsible(c *call, a *activity) *restError {
	if err := c.need("responsibleId"); err != nil {
		return err
	}
	a.Responsible = intOf(c.params.get("responsibleId"))
	if a.Responsible <= 0 {
		return bad("INVALID_ARG_VALUE", "Parameter \"responsibleId\" must be greater than 0")
	}
	return nil
}

// badge is a mark on the kanban that activities wear.
func badgeAdd(c *call) (any, *restError) {
	if !c.user.admin {
		return nil, bad("ACCESS_DENIED", "Access denied")
	}
	row := map[string]any{}
	for _, name := range []string{"code", "title", "value", "type"} {
		if str(c.params.get(name)) == "" && asArray(c.params.get(name)).len() == 0 {
			return nil, bad("REQUIRED_ARG_MISSING", "Required argument \""+name+"\" is missing")
		}
		row[name] = toGo(c.params.get(name))
	}
	if !slices.Contains([]string{"success", "failure", "warning", "primary", "secondary"}, str(c.params.get("type"))) {
		return nil, bad("INVALID_ARG_VALUE", "Unknown badge type") // the page lists the types, not the refusal
	}
	c.p.badges[str(c.params.get("code"))] = row
	return map[string]any{"badge": row}, nil
}

func badgeGet(c *call) (any, *restError) {
	row := c.p.badges[str(c.params.get("code"))]
	if row == nil {
		return nil, notFound("Not found.")
	}
	return map[string]any{"badge": row}, nil
}

func badgeList(c *call) (any, *restError) {
	all := []any{}
	for _, code := range sortedNames(c.p.badges) {
		all = append(all, c.p.badges[code])
	}
	return map[string]any{"badges": all}, nil
}

func badgeDelete(c *call) (any, *restError) {
	if !c.user.admin {
		return nil, bad("ACCESS_DENIED", "Access denied")
	}
	code := str(c.params.get("code"))
	if c.p.badges[code] == nil {
		return nil, notFound("Not found.")
	}
	delete(c.p.badges, code)
	return true, nil
}
