package bitrixsim

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Trigger is an automation trigger that an administrator put on a stage: when it runs for a card of the same funnel,
// the card moves to the stage.
type Trigger struct {
	EntityTypeID int    `json:"entityTypeId"`
	Stage        string `json:"stage"`
	Code         string `json:"code"`
	// Webhook makes it the built-in webhook trigger, which crm.automation.trigger runs; else it is an application's,
	// which crm.automation.trigger.execute runs.
	Webhook bool `json:"webhook,omitempty"`
	// When lets it run for cards with these values only; names as in CreateItem.
	When map[string]any `json:"when,omitempty"`
}

// triggerPattern is the allowed spelling of a trigger's code.
var triggerPattern = regexp.MustCompile(`^[a-z0-9.\-_]+$`)

// PlaceTrigger puts a trigger on a stage, as the automation settings of a funnel do.
func (p *Portal) PlaceTrigger(t Trigger) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	t.When = maps.Clone(t.When)
	p.triggers = append(p.triggers, t)
	p.s.notify()
}

// Triggers lists the triggers on stages, in the order in which they were placed.
func (p *Portal) Triggers() []Trigger {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	return slices.Clone(p.triggers)
}

func triggerMethods() map[string]method {
	app := bad("ACCESS_DENIED", "Access denied! Application context required")
	admin := bad("ACCESS_DENIED", "Access denied! Admin permissions required")
	own := func(run func(*call) (any, *restError)) method {
		return method{scope: "crm", app: app, admin: admin, run: run}
	}
	return map[string]method{
		"crm.automation.trigger":         {scope: "crm", run: triggerWebhook},
		"crm.automation.trigger.add":     own(triggerAdd),
		"crm.automation.trigger.list":    own(triggerList),
		"crm.automation.trigger.execute": own(triggerExecute),
		"crm.automation.trigger.delete":  own(triggerDelete),
	}
}

func (c *call) triggerCode() (string, *restError) {
	code := str(c.params.fold("CODE"))
	if code == "" {
		return "", bad("", "Empty trigger code!")
	}
	if !triggerPattern.MatchString(code) {
		return "", bad("", "Wrong trigger code!")
	}
	return code, nil
}

// triggerAdd is crm.automation.trigger.add; a code that exists is renamed.
func triggerAdd(c *call) (any, *restError) {
	code, err := c.triggerCode()
	if err != nil {
		return nil, err
	}
	name := str(c.params.fold("NAME"))
	if name == "" {
		return nil, bad("", "Empty trigger name!")
	}
	c.in.triggers[code] = name
	return true, nil
}

func triggerList(c *call) (any, *restError) {
	rows := []any{}
	for _, code := range slices.Sorted(maps.Keys(c.in.triggers)) {
		rows = append(rows, map[string]any{"NAME": c.in.triggers[code], "CODE": code})
	}
	return rows, nil
}

func triggerDelete(c *call) (any, *restError) {
	code, err := c.triggerCode()
	if err != nil {
		return nil, err
	}
	if _, known := c.in.triggers[code]; !known {
		return nil, bad("", "Trigger not found")
	}
	delete(c.in.triggers, code)
	return true, nil
}

// triggerExecute runs an application's trigger; true says that it ran, not that the card moved.
func triggerExecute(c *call) (any, *restError) {
	code, err := c.triggerCode()
	if err != nil {
		return nil, err
	}
	if _, known := c.in.triggers[code]; !known {
		return nil, bad("", "Trigger with code "+code+" is not registered.")
	}
	t := c.p.types[intOf(c.params.fold("OWNER_TYPE_ID"))]
	if t == nil || t.stageField() == "" {
		return nil, bad("", "Incorrect parameter OWNER_TYPE_ID.")
	}
	it := t.items[intOf(c.params.fold("OWNER_ID"))]
	if it == nil {
		return nil, bad("", "Incorrect parameter OWNER_ID.")
	}
	c.p.runTriggers(t, it, code, false)
	return true, nil
}

// triggerWebhook is the bare crm.automation.trigger: the target is TYPE_ID, as DEAL_57 or DYNAMIC_147_1.
func triggerWebhook(c *call) (any, *restError) {
	target := str(c.params.fold("target"))
	if target == "" {
		return nil, bad("", "Target is not set.")
	}
	cut := strings.LastIndexByte(target, '_')
	if cut < 0 {
		return nil, bad("", "Incorrect target format.")
	}
	t := c.p.types[c.p.ownerType(target[:cut])]
	id, err := strconv.Atoi(target[cut+1:])
	if err != nil || t == nil || t.stageField() == "" {
		return nil, bad("", "Incorrect target format.")
	}
	it := t.items[id]
	if it == nil {
		return nil, bad("", "Target is not found.")
	}
	code, refused := c.triggerCode()
	if refused != nil {
		return nil, refused
	}
	c.p.runTriggers(t, it, code, true)
	return true, nil
}

// runTriggers moves the card to the first stage of its funnel that has the trigger, meets the conditions and is not
// where the card stands. A move that the stage refuses is left, as in the portal.
func (p *Portal) runTriggers(t *cardType, it *item, code string, webhook bool) {
	category, _ := it.vals["CATEGORY_ID"].(int)
	for _, tr := range p.triggers {
		if tr.EntityTypeID != t.id || tr.Code != code || tr.Webhook != webhook || it.vals[t.stageField()] == tr.Stage ||
			p.stage(t, category, tr.Stage) == nil || !t.meets(it, tr.When) {
			continue
		}
		_ = p.update(t, it, map[string]any{t.stageField(): tr.Stage}, actor{robot: true})
		return
	}
}

// meets reports whether a card has all the given values.
func (t *cardType) meets(it *item, want map[string]any) bool {
	for name, v := range want {
		f := t.field(name, namesAny)
		if f == nil || !compareOp("=", it.vals[f.upper], fromGo(v)) {
			return false
		}
	}
	return true
}
