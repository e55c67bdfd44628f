package bitrix

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// PropertyValue is what a robot's property or a hook's parameter holds: a text or a list of texts. A
// multiple property with one value may arrive either way.
type PropertyValue struct {
	Values []string
	List   bool // whether it came as a list
}

// First is the first value; "" when there is none.
func (v PropertyValue) First() string {
	if len(v.Values) == 0 {
		return ""
	}
	return v.Values[0]
}

// All are the values that are not empty.
func (v PropertyValue) All() []string {
	return slices.DeleteFunc(slices.Clone(v.Values), func(s string) bool { return s == "" })
}

// Properties are values by name; a name that did not arrive reads as an empty value.
type Properties map[string]PropertyValue

// First is the first value of a property; "" when there is none.
func (p Properties) First(name string) string { return p[name].First() }

// All are the values of a property that are not empty.
func (p Properties) All(name string) []string { return p[name].All() }

func parseProperties(f *Form) Properties {
	p := Properties{}
	for _, name := range f.Keys() {
		node := f.At(name)
		p[name] = PropertyValue{Values: node.Texts(), List: node.IsMap()}
	}
	return p
}

func (p Properties) write(w *formWriter, prefix, suffix string) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		key := prefix + name + suffix
		if !p[name].List {
			w.add(key, p[name].First())
			continue
		}
		for i, value := range p[name].Values {
			w.add(key+"["+ID(i).String()+"]", value)
		}
	}
}

// RobotCall is one run of an automation rule. It is answered with [Client.EventSend], once.
// doc: tutorials/bizproc/setting-robot.md
type RobotCall struct {
	WorkflowID   string
	Code         string // of the robot
	DocumentID   DocumentID
	DocumentType DocumentType // zero when not sent
	EventToken   Secret       // the key of this run; "" only in a stored copy
	Properties   Properties
	Waits        bool          // whether the workflow waits for an answer; anything but "N" does
	Timeout      time.Duration // until the step gives up; 0 is never
	TS           time.Time
	Auth         Auth
}

// ParseRobotCall reads the body of a robot call. Required: code, document_id, event_token,
// auth[member_id]; the caller compares the application token. It keeps no reference to body.
// Errors name the missing or malformed key.
func ParseRobotCall(body []byte) (RobotCall, error) {
	form, err := ParseForm(body)
	if err != nil {
		return RobotCall{}, badForm(err)
	}
	r := RobotCall{
		WorkflowID: form.Get("workflow_id"), Code: form.Get("code"), EventToken: Secret(form.Get("event_token")),
		Properties: parseProperties(form.At("properties")), Waits: form.Get("use_subscription") != "N",
	}
	if r.Code == "" {
		return RobotCall{}, missing("code")
	}
	if r.EventToken == "" {
		return RobotCall{}, missing("event_token")
	}
	if r.DocumentID, err = formDocument(form); err != nil {
		return RobotCall{}, err
	}
	if kind := form.At("document_type"); kind != nil {
		parts, err := threeTexts(kind)
		if err != nil {
			return RobotCall{}, malformed("document_type", err)
		}
		r.DocumentType = DocumentType{parts[0], parts[1], parts[2]}
	}
	if r.Timeout, err = secondsText("timeout_duration", form.Get("timeout_duration")); err != nil {
		return RobotCall{}, err
	}
	if r.TS, err = unixTime("ts", form.Get("ts")); err != nil {
		return RobotCall{}, err
	}
	if r.Auth, err = parseAuth(form.At("auth")); err != nil {
		return RobotCall{}, err
	}
	return r, nil
}

// Encode writes the call as the form that ParseRobotCall reads back.
func (r RobotCall) Encode() []byte {
	var w formWriter
	w.addSet("workflow_id", r.WorkflowID)
	w.add("code", r.Code)
	r.DocumentID.write(&w)
	if r.DocumentType != (DocumentType{}) {
		w.add("document_type[0]", r.DocumentType.Module)
		w.add("document_type[1]", r.DocumentType.Entity)
		w.add("document_type[2]", r.DocumentType.Type)
	}
	w.add("event_token", string(r.EventToken))
	r.Properties.write(&w, "properties[", "]")
	use := "Y"
	if !r.Waits {
		use = "N"
	}
	w.add("use_subscription", use)
	w.addSet("timeout_duration", durationText(r.Timeout))
	w.addSet("ts", unixText(r.TS))
	r.Auth.write(&w)
	return []byte(w.String())
}

func formDocument(form *Form) (DocumentID, error) {
	node := form.At("document_id")
	if node == nil {
		return DocumentID{}, missing("document_id")
	}
	parts, err := threeTexts(node)
	if err != nil {
		return DocumentID{}, malformed("document_id", err)
	}
	return DocumentID{parts[0], parts[1], parts[2]}, nil
}

func threeTexts(node *Form) ([3]string, error) {
	children, ok := node.List()
	if !ok || len(children) != 3 {
		return [3]string{}, errors.New("it is not a list of three")
	}
	var parts [3]string
	for i, child := range children {
		if parts[i] = child.Text(); parts[i] == "" {
			return parts, errors.New("a part of it is empty")
		}
	}
	return parts, nil
}

func (d DocumentID) write(w *formWriter) {
	w.add("document_id[0]", d.Module)
	w.add("document_id[1]", d.Entity)
	w.add("document_id[2]", d.Element)
}
