package bitrix

import "context"

// Trigger is an automation trigger of the application: an administrator puts it on a stage, and running
// it moves a card there. doc: api-reference/crm/automation/**
type Trigger struct {
	Code string `json:"CODE"` // [a-z0-9.\-_]
	Name string `json:"NAME"`
}

// TriggerAdd registers a trigger; a code that is taken gets the new name. All methods of triggers but
// [Client.TriggerFire] need an administrator of the CRM and an application's token.
// Errors: ErrAuthKind, ErrAccessDenied, ErrParameter. doc: api-reference/crm/automation/**
func (c *Client) TriggerAdd(ctx context.Context, t Trigger) error {
	return c.confirmed(ctx, "crm.automation.trigger.add", t)
}

// TriggerList lists the application's triggers. doc: api-reference/crm/automation/**
func (c *Client) TriggerList(ctx context.Context) ([]Trigger, error) {
	return Call[List[Trigger]](ctx, c, "crm.automation.trigger.list", nil)
}

// TriggerDelete removes a trigger. Errors: ErrNotFound. doc: api-reference/crm/automation/**
func (c *Client) TriggerDelete(ctx context.Context, code string) error {
	return c.confirmed(ctx, "crm.automation.trigger.delete", map[string]string{"CODE": code})
}

// TriggerExecute runs a trigger for a card. Success says that it ran, not that the card moved: the stage
// may have no such trigger, or conditions that do not hold. Running it again is harmless for a card that
// moved already. Errors: ErrNotFound for an unknown code, ErrAccessDenied, ErrParameter.
// doc: api-reference/crm/automation/**
func (c *Client) TriggerExecute(ctx context.Context, code string, kind EntityTypeID, id ID) error {
	return c.confirmed(ctx, "crm.automation.trigger.execute", TriggerParams(code, kind, id))
}

// TriggerParams are the parameters of crm.automation.trigger.execute, for a [Command].
func TriggerParams(code string, kind EntityTypeID, id ID) any {
	return struct {
		Code string       `json:"CODE"`
		Kind EntityTypeID `json:"OWNER_TYPE_ID"`
		ID   ID           `json:"OWNER_ID"`
	}{code, kind, id}
}

// TriggerFire runs a trigger of the webhook kind that somebody set up on a stage by hand; it needs the
// right to edit the card, and no application. Errors: ErrNotFound, ErrAccessDenied, ErrParameter.
// doc: api-reference/crm/automation/**
func (c *Client) TriggerFire(ctx context.Context, code string, kind EntityTypeID, id ID) error {
	params := map[string]string{"target": kind.Name() + "_" + id.String(), "code": code}
	return c.confirmed(ctx, "crm.automation.trigger", params)
}
