package bitrixsim

import (
	"errors"
	"fmt"
	"time"
)

// configurableAdd is crm.activity.configurable.add.
func configurableAdd(c *call) (any, *restError) {
	if err := c.need("ownerTypeId", "ownerId", "fields"); err != nil {
		return nil, err
	}
	a := &activity{provider: providerConfigurable, kind: "CONFIGURABLE", app: c.in}
	a.EntityTypeID, a.OwnerID = intOf(c.params.get("ownerTypeId")), intOf(c.params.get("ownerId"))
	if err := c.ownerOf(a.EntityTypeID, a.OwnerID); err != nil {
		return nil, err
	}
	if err := c.readConfigurable(a, true); err != nil {
		return nil, err
	}
	c.addActivity(a, KindActivity)
	return map[string]any{"activity": map[string]any{"id": a.ID}}, nil
}

// readConfigurable takes fields and layout over; on update either may be left out.
func (c *call) readConfigurable(a *activity, adding bool) *restError {
	if err := c.readActivityFields(a, asArray(c.params.get("fields"))); err != nil {
		return err
	}
	if a.incoming && !a.Deadline.IsZero() {
		return bad("INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE", "Incoming activity cannot have a deadline")
	}
	if !c.params.has("layout") && !adding {
		return nil
	}
	layout := c.params.get("layout")
	if err := checkLayout(layout); err != nil {
		return err
	}
	a.layout = asArray(layout)
	a.Subject = label(asArray(a.layout.get("header")), "title")
	return nil
}

func (c *call) readActivityFields(a *activity, fields *array) *restError {
	for _, name := range keysOf(fields) {
		v := fields.vals[name]
		wrong := bad("WRONG_FIELD_VALUE", "Incorrect value of the field \""+name+"\"")
		switch name {
		case "typeId":
			if str(v) != "" && str(v) != "CONFIGURABLE" {
				return wrong // types of one's own are made by crm.activity.type.add
			}
		case "completed":
			a.Completed = yes(v)
		case "isIncomingChannel":
			a.incoming = yes(v)
		case "deadline":
			a.Deadline = time.Time{}
			if str(v) == "" {
				continue
			}
			t, err := parseTime(str(v))
			if err != nil {
				return wrong
			}
			a.Deadline = t
		case "pingOffsets":
			a.pings = list(v)
		case "responsibleId":
			if c.p.users[intOf(v)] == nil {
				return wrong
			}
			a.Responsible = intOf(v)
		case "badgeCode":
			if str(v) != "" && c.p.badges[str(v)] == nil {
				return wrong
			}
			a.Badge = str(v)
		case "originatorId":
			a.OriginatorID = str(v)
		case "originId":
			a.OriginID = str(v)
		}
	}
	return nil
}

// ownActivity finds a configurable activity of the caller's application.
func (c *call) ownActivity() (*activity, *restError) {
	if err := c.need("id"); err != nil {
		return nil, err
	}
	a := c.p.activities[intOf(c.params.get("id"))]
	switch {
	case a == nil || a.provider != providerConfigurable:
		return nil, notFound("Not found.")
	case !c.user.changes(a.EntityTypeID, a.OwnerID):
		return nil, bad("ACCESS_DENIED", "Access denied")
	case a.app.app.ClientID != c.in.app.ClientID:
		return nil, bad("ERROR_WRONG_APPLICATION", "The activity can only be updated by the application that created it")
	}
	return a, nil
}

// configurableUpdate frees an activity that a pressed button blocked.
func configurableUpdate(c *call) (any, *restError) {
	a, err := c.ownActivity()
	if err != nil {
		return nil, err
	}
	next := *a
	if err := c.readConfigurable(&next, false); err != nil {
		return nil, err
	}
	*a = next
	a.Blocked = false
	c.saveActivity(a)
	return map[string]any{"activity": map[string]any{"id": a.ID}}, nil
}

func configurableGet(c *call) (any, *restError) {
	a, err := c.ownActivity()
	if err != nil {
		return nil, err
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	var deadline any
	if !a.Deadline.IsZero() {
		deadline = a.Deadline.Format(isoTime)
	}
	pings := a.pings
	if pings == nil {
		pings = []any{}
	}
	return map[string]any{"activity": map[string]any{
		"id": a.ID, "ownerTypeId": a.EntityTypeID, "ownerId": a.OwnerID, "layout": a.layout,
		"fields": map[string]any{
			"typeId": a.kind, "completed": a.Completed, "deadline": deadline, "pingOffsets": pings, "isIncomingChannel": a.incoming,
			"responsibleId": a.Responsible, "badgeCode": a.Badge, "originatorId": null(a.OriginatorID), "originId": null(a.OriginID),
		},
	}}, nil
}

// errNoButton is returned when the activity has nothing of that key to press, or it is blocked.
var errNoButton = errors.New("bitrixsim: there is nothing to press")

// PressActivity presses a button, a menu item or a tag of a configurable activity by its key in the layout. A restEvent
// goes to the handlers of the activity's application; with an animation the activity is blocked until it is updated.
//
// Errors: there is no such activity or key, what it does is no restEvent, or the activity is blocked.
func (p *Portal) PressActivity(activityID int, key string, userID int) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	a := p.activities[activityID]
	if a == nil || a.layout == nil || a.Blocked {
		return fmt.Errorf("activity %d: %w", activityID, errNoButton)
	}
	footer, header := asArray(a.layout.get("footer")), asArray(a.layout.get("header"))
	for _, place := range []any{footer.get("buttons"), asArray(footer.get("menu")).get("items"), header.get("tags")} {
		action := asArray(asArray(asArray(place).get(key)).get("action"))
		if str(action.get("type")) != "restEvent" {
			continue
		}
		fields := pairs("id", str(action.get("id")), "entityTypeId", itoa(a.EntityTypeID), "entityId", itoa(a.OwnerID), "activityId", itoa(a.ID),
			"userId", itoa(userID))
		params := asArray(action.get("actionParams"))
		for _, name := range keysOf(params) {
			fields.set(name, params.vals[name])
		}
		a.Blocked = str(action.get("animationType")) != ""
		p.fireFor(a.app.app.ClientID, "ONCRMTIMELINEITEMACTION", itoa(a.ID), pairs("FIELDS", fields), actor{user: userID})
		return nil
	}
	return fmt.Errorf("activity %d, %q: %w", activityID, key, errNoButton)
}
