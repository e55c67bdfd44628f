package bitrixsim

import (
	"slices"
	"time"
)

// Providers of the activities that applications make.
const (
	providerTodo         = "CRM_TODO"
	providerConfigurable = "CONFIGURABLE_REST_APP"
)

// Activity is a snapshot of an activity of a card.
type Activity struct {
	ID           int            `json:"id"`
	EntityTypeID int            `json:"entityTypeId"`
	OwnerID      int            `json:"ownerId"`
	Subject      string         `json:"subject"`
	Description  string         `json:"description"`
	Deadline     time.Time      `json:"deadline"` // zero: none
	Completed    bool           `json:"completed"`
	Responsible  int            `json:"responsible"`
	Badge        string         `json:"badge"`
	OriginatorID string         `json:"originatorId"`
	OriginID     string         `json:"originId"`
	Layout       map[string]any `json:"layout,omitempty"` // of a configurable one
	Blocked      bool           `json:"blocked"`          // a button was pressed and the application did not update it yet
}

// activity is a stored activity.
type activity struct {
	Activity
	provider, kind   string // kind is typeId of a configurable one
	incoming         bool
	pings            []any
	color            string
	parent, author   int
	layout           *array
	app              *installation
	created, updated time.Time
}

// Activities lists the activities of a card by id.
func (p *Portal) Activities(entityTypeID, id int) []Activity {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var out []Activity
	for _, key := range sortedKeys(p.activities) {
		if a := p.activities[key]; a.EntityTypeID == entityTypeID && a.OwnerID == id {
			snap := a.Activity
			if a.layout != nil {
				snap.Layout, _ = toGo(a.layout).(map[string]any)
			}
			out = append(out, snap)
		}
	}
	return out
}

func activityMethods() map[string]method {
	crm := func(run func(c *call) (any, *restError)) method { return method{scope: "crm", run: run} }
	context := bad("ERROR_WRONG_CONTEXT", "Method call is only possible in the context of an application")
	own := func(run func(c *call) (any, *restError)) method { return method{scope: "crm", app: context, run: run} }
	out := map[string]method{
		"crm.activity.todo.add": crm(todoAdd), "crm.activity.get": crm(activityGet), "crm.activity.list": crm(activityList),
		"crm.activity.update": crm(activityUpdate), "crm.activity.delete": crm(activityDelete),
		"crm.activity.configurable.add": own(configurableAdd), "crm.activity.configurable.update": own(configurableUpdate),
		"crm.activity.configurable.get": own(configurableGet),
		"crm.activity.badge.add":        crm(badgeAdd), "crm.activity.badge.get": crm(badgeGet), "crm.activity.badge.list": crm(badgeList),
		"crm.activity.badge.delete": crm(badgeDelete),
	}
	for verb, change := range map[string]func(*call, *activity) *restError{
		"update": todoAll, "updatedeadline": todoDeadline, "updatedescription": todoDescription, "updatecolor": todoColor,
		"updateresponsibleuser": todoResponsible,
	} {
		out["crm.activity.todo."+verb] = crm(func(c *call) (any, *restError) { return c.changeTodo(change) })
	}
	return out
}

// need refuses a call without the named parameters.
func (c *call) need(names ...string) *restError {
	for _, name := range names {
		if str(c.params.get(name)) == "" && asArray(c.params.get(name)) == nil {
			return bad("100", "Could not find value for parameter {"+name+"}")
		}
	}
	return nil
}

// addActivity stores an activity with its line in the timeline, and tells the event.
func (c *call) addActivity(a *activity, kind string) {
	row := c.p.addTimeline(kind, a.EntityTypeID, a.OwnerID, a.line(), c.user.id)
	a.ID, a.author, a.created, a.updated = row.ID, c.user.id, c.s.now(), c.s.now()
	if a.Responsible == 0 {
		a.Responsible = c.user.id
	}
	c.p.activities[a.ID] = a
	c.p.activityEvent(a, "ADD", c.actor())
}

// line is what the timeline shows.
func (a *activity) line() string {
	if a.provider == providerConfigurable {
		return a.Subject
	}
	return a.Subject + ": " + a.Description
}

// saveActivity notes a change of an activity.
func (c *call) saveActivity(a *activity) {
	a.updated = c.s.now()
	for _, row := range c.p.timelines {
		if row.ID == a.ID {
			row.Text = a.line()
		}
	}
	c.p.activityEvent(a, "UPDATE", c.actor())
}

func (p *Portal) activityEvent(a *activity, kind string, by actor) {
	p.fire("ONCRMACTIVITY"+kind, itoa(a.ID), pairs("FIELDS", pairs("ID", itoa(a.ID))), by)
}

// activityOf finds the activity of the id parameter that the caller may change.
func (c *call) activityOf(missing *restError) (*activity, *restError) {
	a := c.p.activities[intOf(c.params.fold("id"))]
	if a == nil {
		return nil, missing
	}
	if !c.user.changes(a.EntityTypeID, a.OwnerID) {
		return nil, bad(text(missing.code), "Access denied.")
	}
	return a, nil
}

func noActivity() *restError { return bad("", "Activity is not found.") }

func activityGet(c *call) (any, *restError) {
	a, err := c.activityOf(noActivity())
	if err != nil {
		return nil, err
	}
	return a.render(), nil
}

func activityList(c *call) (any, *restError) {
	var all []map[string]any
	for _, id := range sortedKeys(c.p.activities) {
		if a := c.p.activities[id]; c.user.sees(a.EntityTypeID, a.OwnerID) {
			all = append(all, a.render())
		}
	}
	return selectRows(c, all, "ID")
}

// render is a row of crm.activity.*: strings.
func (a *activity) render() map[string]any {
	moment := func(t time.Time) any {
		if t.IsZero() {
			return ""
		}
		return t.Format(isoTime)
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	kind := "TODO"
	if a.provider == providerConfigurable {
		kind = a.kind
	}
	return map[string]any{
		"ID": itoa(a.ID), "OWNER_ID": itoa(a.OwnerID), "OWNER_TYPE_ID": itoa(a.EntityTypeID), "TYPE_ID": "6", "PROVIDER_ID": a.provider,
		"PROVIDER_TYPE_ID": kind, "PROVIDER_GROUP_ID": nil, "ASSOCIATED_ENTITY_ID": "0", "SUBJECT": a.Subject, "CREATED": moment(a.created),
		"LAST_UPDATED": moment(a.updated), "START_TIME": moment(a.created), "END_TIME": moment(a.Deadline), "DEADLINE": moment(a.Deadline),
		"COMPLETED": flag(a.Completed), "STATUS": itoa(1 + btoi(a.Completed)), "RESPONSIBLE_ID": itoa(a.Responsible), "PRIORITY": "2",
		"NOTIFY_TYPE": "0", "NOTIFY_VALUE": "0", "DESCRIPTION": a.Description, "DESCRIPTION_TYPE": "1", "DIRECTION": "0", "LOCATION": "",
		"SETTINGS": []any{}, "ORIGINATOR_ID": null(a.OriginatorID), "ORIGIN_ID": null(a.OriginID), "AUTHOR_ID": itoa(a.author),
		"EDITOR_ID": itoa(a.author), "PROVIDER_PARAMS": []any{}, "PROVIDER_DATA": nil,
	}
}

// activityUpdate is crm.activity.update: old, but the one that completes a to-do.
func activityUpdate(c *call) (any, *restError) {
	a, err := c.activityOf(noActivity())
	if err != nil {
		return nil, err
	}
	if a.provider == providerConfigurable {
		return nil, bad("", "Use crm.activity.configurable.update for this activity provider")
	}
	fields := asArray(c.params.fold("fields"))
	if fields == nil {
		return nil, bad("", "Parameter 'fields' must be array.")
	}
	if v, given := fields.lookup("COMPLETED"); given {
		a.Completed = yes(v)
	}
	if v, given := fields.lookup("SUBJECT"); given {
		a.Subject = str(v)
	}
	if v, given := fields.lookup("DESCRIPTION"); given {
		a.Description = str(v)
	}
	if v, given := fields.lookup("RESPONSIBLE_ID"); given {
		a.Responsible = intOf(v)
	}
	c.saveActivity(a)
	return true, nil
}

func activityDelete(c *call) (any, *restError) {
	a, err := c.activityOf(noActivity())
	if err != nil {
		return nil, err
	}
	delete(c.p.activities, a.ID)
	c.p.timelines = slices.DeleteFunc(c.p.timelines, func(r *timelineRow) bool { return r.ID == a.ID })
	c.p.activityEvent(a, "DELETE", c.actor())
	return true, nil
}
