package bitrixsim

import "time"

// Entity type ids of the built-in CRM objects. Smart processes start at SmartProcessMin.
const (
	Lead            = 1
	Deal            = 2
	Contact         = 3
	Company         = 4
	Quote           = 7
	SmartInvoice    = 31
	SmartProcessMin = 128
)

// App is one registered local application. Every portal of the simulator may install it, so that one process
// can serve several portals with the same keys.
type App struct {
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"-"`
	HandlerURL   string   `json:"handlerUrl"` // the main page; its host is the only one that robots may call
	InstallURL   string   `json:"installUrl"` // installer page, or the ONAPPINSTALL callback when NoUI
	Scopes       []string `json:"scopes"`     // granted scopes; "basic" is implied
	NoUI         bool     `json:"noUi"`       // "script only": installed by saving the form
}

// Step is one step of an automation rule or a workflow template. Exactly one of Robot, Webhook, Task and SetField is set.
type Step struct {
	// Robot is the CODE of a registered robot or activity; Properties are its inputs. Strings may hold
	// {=Document:FIELD}, {=Template:PARAMETER} and {=A1:output} (output of the first robot of this workflow).
	Robot      string         `json:"robot,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	// Wait is the designer's choice whether to wait; it counts only when the registration leaves USE_SUBSCRIPTION empty.
	Wait *bool `json:"wait,omitempty"`
	// Timeout is how long the step waits; zero waits forever.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Webhook is the URL of the built-in webhook step; placeholders are allowed in it.
	Webhook string `json:"webhook,omitempty"`
	// Task asks people and waits for the first answer; its values are the outputs of the step.
	Task *TaskStep `json:"task,omitempty"`
	// SetField writes fields of the document, by original names.
	SetField map[string]any `json:"setField,omitempty"`
}

// Workflow states.
const (
	Running    = "running"
	Done       = "done"
	Terminated = "terminated"
)

// Workflow is a snapshot of one workflow instance. A killed instance is gone altogether.
type Workflow struct {
	ID         string           `json:"id"`
	TemplateID int              `json:"templateId"` // 0: automation of a stage
	Document   [3]string        `json:"document"`
	Parameters map[string]any   `json:"parameters"`
	State      string           `json:"state"`
	WaitingFor string           `json:"waitingFor"` // code of the robot whose answer is awaited
	Returns    []map[string]any `json:"returns"`    // outputs of each robot step that waited, in order
	Log        []string         `json:"log"`
	Started    time.Time        `json:"started"`
	StartedBy  int              `json:"startedBy"`
}

// Kinds of timeline entries.
const (
	KindComment  = "comment"
	KindLog      = "log"
	KindTodo     = "todo"
	KindActivity = "activity" // a configurable one; Text is the title of its header
)

// File is a stored file.
type File struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Data []byte `json:"-"`
}

// TimelineEntry is one line of a card's timeline. For log lines Text is "title: text"; for to-dos "title: description".
type TimelineEntry struct {
	ID      int       `json:"id"`
	Kind    string    `json:"kind"`
	Text    string    `json:"text"`
	Files   []File    `json:"files"`
	Author  int       `json:"author"`
	Created time.Time `json:"created"`
}

// Notification is a message in a user's notification list.
type Notification struct {
	ID      int       `json:"id"`
	UserID  int       `json:"userId"`
	Message string    `json:"message"`
	Type    string    `json:"type"` // USER or SYSTEM
	Tag     string    `json:"tag"`
	SubTag  string    `json:"subTag,omitempty"`
	Created time.Time `json:"created"`
	from    string    // application or CLIENT_ID
}

// Call is one REST command that the portal saw.
type Call struct {
	Method  string    `json:"method"` // lower case
	At      time.Time `json:"at"`
	InBatch bool      `json:"inBatch"`
	Status  int       `json:"status"`
	Error   string    `json:"error"` // error code, or empty
	UserID  int       `json:"userId"`
}

// Delivery is one attempt of the queue to call an application; there is never a second one.
type Delivery struct {
	URL    string    `json:"url"`
	Event  string    `json:"event"` // event name; empty for robots and webhook steps
	Code   string    `json:"code"`  // robot code; empty for events
	Body   string    `json:"-"`
	Status int       `json:"status"` // 0 when no answer came
	Err    string    `json:"err"`
	At     time.Time `json:"at"`
}

// Binding is one event.bind.
type Binding struct {
	ID        int    `json:"id"`
	ClientID  string `json:"clientId"`
	Event     string `json:"event"`
	Handler   string `json:"handler"`
	AuthType  int    `json:"authType"`
	Offline   bool   `json:"offline"`
	Connector string `json:"connector"`
}

// Placement is one placement.bind.
type Placement struct {
	ClientID  string `json:"clientId"`
	Placement string `json:"placement"`
	Handler   string `json:"handler"`
	Title     string `json:"title"`
}

// UserField is a custom field of a card type.
type UserField struct {
	ID        int            `json:"id"`
	Name      string         `json:"name"` // UF_CRM_X
	Type      string         `json:"type"` // string, integer, double, boolean, date, datetime, enumeration, file, money, employee, crm, url, address
	Multiple  bool           `json:"multiple"`
	Mandatory bool           `json:"mandatory"`
	Label     string         `json:"label"`
	XMLID     string         `json:"xmlId"`
	Sort      int            `json:"sort,omitempty"` // place in forms; zero: 100
	Settings  map[string]any `json:"settings,omitempty"`
	Options   []EnumOption   `json:"options,omitempty"`
}

// EnumOption is one option of an enumeration field; ID is given by the portal.
type EnumOption struct {
	ID    int    `json:"id"`
	Value string `json:"value"`
	XMLID string `json:"xmlId"`
}

// OfflineRow is one row of the offline event queue.
type OfflineRow struct {
	ID        int    `json:"id"`
	ClientID  string `json:"clientId"`
	Event     string `json:"event"`
	ObjectID  string `json:"objectId"`
	MessageID string `json:"messageId"`
	ProcessID string `json:"processId"`
	Error     bool   `json:"error"`
}
