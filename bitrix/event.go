package bitrix

import (
	"strings"
	"time"
)

// Names of the events that concern the application itself. doc: api-reference/common/events/*.md
const (
	EventAppInstall    = "ONAPPINSTALL"
	EventAppUpdate     = "ONAPPUPDATE"
	EventAppUninstall  = "ONAPPUNINSTALL"
	EventAppPayment    = "ONAPPPAYMENT"
	EventMethodConfirm = "ONAPPMETHODCONFIRM"
	EventAppTest       = "ONAPPTEST"
	EventOffline       = "ONOFFLINEEVENT"
)

// Event is a call by which a portal tells that something happened. It carries ids, not contents: read
// the card again. doc: api-reference/events/index.md
type Event struct {
	Name      string // upper case
	HandlerID ID     // of the binding; 0 when not sent
	TS        time.Time
	Data      *Form // the whole data tree; nil when the form had none
	Auth      Auth

	// What Data says about the object; zero where it says nothing.
	Subject
}

// Subject is the object that an event is about.
type Subject struct {
	ObjectID     ID
	EntityTypeID EntityTypeID // from the data, else from the event's name
	CategoryID   ID           // given with StageID by ONCRMDEALMOVETOCATEGORY; 0 is a funnel too
	StageID      string
}

// ParseEvent reads the body of an event or of an outgoing webhook. Required: event, auth[member_id];
// the caller compares the application token. It keeps no reference to body.
// Errors name the missing or malformed key.
func ParseEvent(body []byte) (Event, error) {
	form, err := ParseForm(body)
	if err != nil {
		return Event{}, badForm(err)
	}
	e := Event{Name: strings.ToUpper(form.Get("event")), Data: form.At("data")}
	if e.Name == "" {
		return Event{}, missing("event")
	}
	if e.HandlerID, err = ParseID(form.Get("event_handler_id")); err != nil {
		return Event{}, malformed("event_handler_id", err)
	}
	if e.TS, err = unixTime("ts", form.Get("ts")); err != nil {
		return Event{}, err
	}
	if e.Subject, err = subjectOf(e.Name, e.Data); err != nil {
		return Event{}, err
	}
	e.Auth, err = parseAuth(form.At("auth"))
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

// Encode writes the event as the form that ParseEvent reads back.
func (e Event) Encode() []byte {
	var w formWriter
	w.add("event", e.Name)
	if e.HandlerID != 0 {
		w.add("event_handler_id", e.HandlerID.String())
	}
	if e.Data != nil {
		e.Data.write(&w, "data")
	}
	w.addSet("ts", unixText(e.TS))
	e.Auth.write(&w)
	return []byte(w.String())
}

// undefined is what a task that is not there has for an id, literally.
const undefined = "undefined"

// subjectOf finds the object in the shapes that the events' pages show: data[FIELDS], data[ID] for
// timeline comments, data[FIELDS_AFTER] for tasks.
func subjectOf(name string, data *Form) (Subject, error) {
	var s Subject
	fields, path := data.At("FIELDS"), "data[FIELDS]"
	switch {
	case fields != nil:
	case data.At("FIELDS_AFTER") != nil:
		fields, path = data.At("FIELDS_AFTER"), "data[FIELDS_AFTER]"
	default:
		fields, path = data, "data"
	}
	id, kind := fields.Get("ID"), fields.Get("ENTITY_TYPE_ID")
	if path == "data[FIELDS_AFTER]" && (id == "" || id == undefined) { // a deleted task has only been
		if path, id = "data[FIELDS_BEFORE]", data.Get("FIELDS_BEFORE", "ID"); id == undefined {
			id = ""
		}
	}
	var err error
	if s.ObjectID, err = ParseID(id); err != nil {
		return s, malformed(path+"[ID]", err)
	}
	typeID, err := ParseID(kind)
	if err != nil || typeID > 1<<30 {
		return s, malformed(path+"[ENTITY_TYPE_ID]", err)
	}
	if s.EntityTypeID = EntityTypeID(typeID); s.EntityTypeID == 0 {
		s.EntityTypeID = entityOfEvent(name)
	}
	if s.CategoryID, err = ParseID(fields.Get("CATEGORY_ID")); err != nil {
		return s, malformed(path+"[CATEGORY_ID]", err)
	}
	s.StageID = fields.Get("STAGE_ID")
	return s, nil
}

// entityOfEvent is the object type in the name of a card's event, such as ONCRMDEALUPDATE or
// ONCRMDYNAMICITEMUPDATE_147; 0 for any other event (ONCRMDEALUSERFIELDADD is about a field).
func entityOfEvent(name string) EntityTypeID {
	rest, ok := strings.CutPrefix(name, "ONCRM")
	if !ok {
		return 0
	}
	if item, ok := strings.CutPrefix(rest, "DYNAMICITEM"); ok {
		_, digits, _ := strings.Cut(item, "_")
		n, _ := index(digits)
		return EntityTypeID(n)
	}
	for _, verb := range []string{"ADD", "UPDATE", "DELETE", "MOVETOCATEGORY"} {
		if kind, ok := strings.CutSuffix(rest, verb); ok {
			id, _ := ParseEntityName(kind) // a name of something else gives 0
			return id
		}
	}
	return 0
}
