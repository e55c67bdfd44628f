package bitrix

import "encoding/json"

// Layout is the look of a configurable activity. The portal demands an icon, a title, a logo and 1 to 20
// blocks, and takes at most two buttons. doc: api-reference/crm/timeline/**
type Layout struct {
	Icon    string // a code of the portal's, such as "info"
	Title   Texts
	OnTitle *Action
	Tags    any // the pages at hand do not show their shape
	Logo    string
	OnLogo  *Action
	Blocks  Blocks
	Buttons Buttons
	Menu    *Menu
}

// MarshalJSON implements json.Marshaler.
func (l Layout) MarshalJSON() ([]byte, error) {
	header, logo := map[string]any{"title": l.Title}, map[string]any{"code": l.Logo}
	if l.OnTitle != nil {
		header["titleAction"] = l.OnTitle
	}
	if l.Tags != nil {
		header["tags"] = l.Tags
	}
	if l.OnLogo != nil {
		logo["action"] = l.OnLogo
	}
	layout := map[string]any{
		"icon": map[string]string{"code": l.Icon}, "header": header, "body": map[string]any{"logo": logo, "blocks": l.Blocks},
	}
	footer := map[string]any{}
	if len(l.Buttons) > 0 {
		footer["buttons"] = l.Buttons
	}
	if l.Menu != nil {
		footer["menu"] = l.Menu
	}
	if len(footer) > 0 {
		layout["footer"] = footer
	}
	return json.Marshal(layout)
}

// Types of a block.
const (
	BlockText      = "text"
	BlockLargeText = "largeText"
	BlockLink      = "link"
	BlockWithTitle = "withTitle"
	BlockLine      = "lineOfBlocks"
	BlockDeadline  = "deadline"
)

// Block is a part of an activity's body. What properties a type has, the pages at hand do not say.
type Block struct {
	Key        string         `json:"-"` // letters and digits, its own within the layout
	Type       string         `json:"type"`
	Properties map[string]any `json:"properties,omitempty"`
}

// Blocks are written as an object by their keys, in this order.
type Blocks []Block

// MarshalJSON implements json.Marshaler.
func (b Blocks) MarshalJSON() ([]byte, error) {
	return orderedObject(b, func(block Block) (string, any) { return block.Key, block })
}

// Kinds of a button.
const (
	ButtonPrimary   = "primary"
	ButtonSecondary = "secondary"
)

// Button stands under an activity.
type Button struct {
	Key            string `json:"-"`
	Title          Texts  `json:"title"`
	Type           string `json:"type"` // ButtonPrimary …
	Action         Action `json:"action"`
	Scope          string `json:"scope,omitempty"` // "web" or "mobile"; empty: both
	HideIfReadOnly bool   `json:"hideIfReadonly,omitempty"`
}

// Buttons are written as an object by their keys, in this order.
type Buttons []Button

// MarshalJSON implements json.Marshaler.
func (b Buttons) MarshalJSON() ([]byte, error) {
	return orderedObject(b, func(button Button) (string, any) { return button.Key, button })
}

// Menu is the menu of an activity.
type Menu struct {
	ShowPin      bool           `json:"showPinItem"`
	ShowPostpone bool           `json:"showPostponeItem"`
	ShowDelete   bool           `json:"showDeleteItem"`
	Items        map[string]any `json:"items,omitempty"`
}

// Action is what a press does; see Redirect, RestEvent and OpenApp.
type Action struct {
	Type      string         `json:"type"`
	URI       string         `json:"uri,omitempty"`
	ID        string         `json:"id,omitempty"`
	Params    map[string]any `json:"actionParams,omitempty"`
	Animation string         `json:"animationType,omitempty"`
	Slider    *Slider        `json:"sliderParams,omitempty"`
}

// Redirect opens an address.
func Redirect(uri string) Action { return Action{Type: "redirect", URI: uri} }

// What the activity shows while a RestEvent is worked on.
const (
	AnimateLoader  = "loader"
	AnimateDisable = "disable"
)

// RestEvent sends the application the event ONCRMTIMELINEITEMACTION, which [Event.TimelineAction] reads.
// The activity is blocked until [Client.ConfigurableUpdate].
func RestEvent(id string, params map[string]any, animation string) Action {
	return Action{Type: "restEvent", ID: id, Params: params, Animation: animation}
}

// OpenApp opens the application's page with params among its options.
func OpenApp(params map[string]any, slider *Slider) Action {
	return Action{Type: "openRestApp", Params: params, Slider: slider}
}

// Slider is the frame that slides in from the right.
type Slider struct {
	Title        string `json:"title,omitempty"`
	Width        int    `json:"width,omitempty"`        // pixels; or
	LeftBoundary int    `json:"leftBoundary,omitempty"` // pixels
}
