package bitrix

import (
	"context"
	"slices"
	"strings"
)

// What a robot's Subscription says. Empty behaves as SubscriptionYes and leaves the choice to the
// designer. doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
const (
	SubscriptionYes = "Y" // the workflow waits for EventSend
	SubscriptionNo  = "N"
)

// Robot is an automation rule, or an activity of the workflow designer. In an update, empty fields stay as they are on the portal.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
type Robot struct {
	Code             string          `json:"CODE,omitempty"`    // [A-Za-z0-9._-]+
	Handler          string          `json:"HANDLER,omitempty"` // on the application's own domain
	AuthUserID       ID              `json:"AUTH_USER_ID,omitempty"`
	Subscription     string          `json:"USE_SUBSCRIPTION,omitempty"`
	Name             Texts           `json:"NAME,omitempty"`
	Description      Texts           `json:"DESCRIPTION,omitempty"`
	Properties       RobotProperties `json:"PROPERTIES,omitempty"`
	ReturnProperties RobotProperties `json:"RETURN_PROPERTIES,omitempty"` // whatever is not here is dropped from answers
	DocumentType     *DocumentType   `json:"DOCUMENT_TYPE,omitempty"`
	Filter           *RobotFilter    `json:"FILTER,omitempty"`
	UsePlacement     string          `json:"USE_PLACEMENT,omitempty"` // "Y": PlacementHandler is its settings page
	PlacementHandler string          `json:"PLACEMENT_HANDLER,omitempty"`
}

// RobotFilter limits where a robot is offered. A rule is a document type in full or in part, such as
// []string{"crm", "CCrmDocumentDeal"}, or the text "b24" or "box".
type RobotFilter struct {
	Include []any `json:"INCLUDE,omitempty"`
	Exclude []any `json:"EXCLUDE,omitempty"`
}

// RobotProperty is an input or an output of a robot.
type RobotProperty struct {
	ID          string          `json:"-"` // [A-Za-z][A-Za-z0-9_]*
	Name        Texts           `json:"Name"`
	Description Texts           `json:"Description,omitempty"`
	Type        string          `json:"Type"` // bool, int, double, string, text, date, datetime, select, user, file
	Options     PropertyOptions `json:"Options,omitempty"`
	Required    Flag            `json:"Required"`
	Multiple    Flag            `json:"Multiple"`
	Default     any             `json:"Default,omitempty"`
}

// RobotProperties are written as an object by ID, in the order in which the designer shows them.
type RobotProperties []RobotProperty

// MarshalJSON implements json.Marshaler.
func (p RobotProperties) MarshalJSON() ([]byte, error) {
	return orderedObject(p, func(row RobotProperty) (string, any) { return row.ID, row })
}

// Undeclared are the names of values that the properties do not have: the portal drops them from a robot's
// answer without a word. Case does not matter to it.
func (p RobotProperties) Undeclared(values map[string]any) []string {
	var names []string
	for name := range values {
		if !slices.ContainsFunc(p, func(row RobotProperty) bool { return strings.EqualFold(row.ID, name) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// PropertyOption is one choice of a select property; the key is what arrives.
type PropertyOption struct{ Key, Title string }

// PropertyOptions are written as an object in this order.
type PropertyOptions []PropertyOption

// MarshalJSON implements json.Marshaler.
func (o PropertyOptions) MarshalJSON() ([]byte, error) {
	return orderedObject(o, func(row PropertyOption) (string, any) { return row.Key, row.Title })
}

// RobotAdd registers a robot. It needs an administrator and the application's own token, like all
// methods of robots and activities but [Client.EventSend] and [Client.ActivityLog].
// Errors: ErrAlreadyInstalled when the code is taken, ErrParameter, ErrAccessDenied, ErrAuthKind.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md
func (c *Client) RobotAdd(ctx context.Context, r Robot) error {
	return c.confirmed(ctx, "bizproc.robot.add", r)
}

// RobotUpdate changes the robot with the same code. Errors: ErrNotFound, ErrParameter.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-update.md
func (c *Client) RobotUpdate(ctx context.Context, r Robot) error {
	return c.confirmed(ctx, "bizproc.robot.update", changeOf(r))
}

// changeOf is a robot as an update takes it.
func changeOf(r Robot) any {
	params := struct {
		Code   string `json:"CODE"`
		Fields Robot  `json:"FIELDS"`
	}{Code: r.Code, Fields: r}
	params.Fields.Code = ""
	return params
}

// RobotDelete removes a robot; where it stands in automation it is blocked. Errors: ErrNotFound.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-delete.md
func (c *Client) RobotDelete(ctx context.Context, code string) error {
	return c.confirmed(ctx, "bizproc.robot.delete", map[string]string{"CODE": code})
}

// RobotList lists the codes of the application's robots.
// doc: api-reference/bizproc/bizproc-robot/bizproc-robot-list.md
func (c *Client) RobotList(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "bizproc.robot.list", nil)
}

// ActivityAdd registers an activity of the workflow designer. Activities and robots share one set of
// codes, and are called and answered alike. Errors: ErrAlreadyInstalled, ErrParameter, ErrAccessDenied.
// doc: api-reference/bizproc/bizproc-activity/bizproc-activity-add.md
func (c *Client) ActivityAdd(ctx context.Context, r Robot) error {
	return c.confirmed(ctx, "bizproc.activity.add", r)
}

// ActivityUpdate changes the activity with the same code. Errors: ErrNotFound, ErrParameter.
// doc: api-reference/bizproc/bizproc-activity/bizproc-activity-update.md
func (c *Client) ActivityUpdate(ctx context.Context, r Robot) error {
	return c.confirmed(ctx, "bizproc.activity.update", changeOf(r))
}

// ActivityDelete removes an activity; where it stands in templates it is blocked. Errors: ErrNotFound.
// doc: api-reference/bizproc/bizproc-activity/bizproc-activity-delete.md
func (c *Client) ActivityDelete(ctx context.Context, code string) error {
	return c.confirmed(ctx, "bizproc.activity.delete", map[string]string{"CODE": code})
}

// ActivityList lists the codes of the application's activities.
// doc: api-reference/bizproc/bizproc-activity/bizproc-activity-list.md
func (c *Client) ActivityList(ctx context.Context) ([]string, error) {
	return Call[List[string]](ctx, c, "bizproc.activity.list", nil)
}

// RobotAnswer ends the step of a robot that waits.
type RobotAnswer struct {
	EventToken   Secret
	ReturnValues map[string]any // by ids of ReturnProperties; lists for multiple ones
	LogMessage   string         // a line of the workflow's log
}

// Params are the parameters of bizproc.event.send with the token in clear, for a [Command].
func (a RobotAnswer) Params() map[string]any {
	params := map[string]any{"EVENT_TOKEN": string(a.EventToken)}
	if len(a.ReturnValues) > 0 {
		params["RETURN_VALUES"] = a.ReturnValues
	}
	setNonZero(params, "LOG_MESSAGE", a.LogMessage)
	return params
}

// EventSend answers a robot call and lets its workflow go on. It works once.
// Errors: ErrStepGone when the step was answered, timed out, ended, or never waited; that is final.
// doc: api-reference/bizproc/bizproc-robot/bizproc-event-send.md
func (c *Client) EventSend(ctx context.Context, a RobotAnswer) error {
	return c.confirmed(ctx, "bizproc.event.send", a.Params())
}

// ActivityLog writes a line into the workflow's log and leaves the step waiting.
// Errors: ErrStepGone. doc: api-reference/bizproc/bizproc-activity/bizproc-activity-log.md
func (c *Client) ActivityLog(ctx context.Context, token Secret, message string) error {
	params := map[string]string{"EVENT_TOKEN": string(token), "LOG_MESSAGE": message}
	return c.confirmed(ctx, "bizproc.activity.log", params)
}
