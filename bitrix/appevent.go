package bitrix

// AppEvent is what an event about the application itself says: ONAPPINSTALL, ONAPPUPDATE, ONAPPUNINSTALL,
// ONAPPPAYMENT, ONAPPMETHODCONFIRM. What the event does not say is zero.
// doc: api-reference/common/events/*.md
type AppEvent struct {
	Version         string
	PreviousVersion string // ONAPPUPDATE
	Active          bool   // ONAPPINSTALL
	Installed       bool   // ONAPPINSTALL: false while the installer page has not finished
	Language        string
	Clean           bool // ONAPPUNINSTALL: settings and data are to be deleted too

	// Of ONAPPPAYMENT, which carries no token at all: a hint to read the application's state again.
	Code           string
	Status         string // L, F, D, T, P
	PaymentExpired bool
	Days           ID

	// Of ONAPPMETHODCONFIRM, the administrator's answer to ErrConfirmation.
	Method    string
	Confirmed bool
	Token     Secret // of the user for whom it was asked
}

// App reads an event about the application. Errors name the malformed key and wrap ErrMalformed.
func (e Event) App() (AppEvent, error) {
	a := AppEvent{
		Version: e.Data.Get("VERSION"), PreviousVersion: e.Data.Get("PREVIOUS_VERSION"), Language: e.Data.Get("LANGUAGE_ID"),
		Code: e.Data.Get("CODE"), Status: e.Data.Get("STATUS"), Method: e.Data.Get("METHOD"), Token: Secret(e.Data.Get("TOKEN")),
	}
	for key, flag := range map[string]*bool{
		"ACTIVE": &a.Active, "INSTALLED": &a.Installed, "CLEAN": &a.Clean, "PAYMENT_EXPIRED": &a.PaymentExpired, "CONFIRMED": &a.Confirmed,
	} {
		set, err := ParseFlag(e.Data.Get(key))
		if err != nil {
			return AppEvent{}, malformed("data["+key+"]", err)
		}
		*flag = bool(set)
	}
	var err error
	if a.Days, err = ParseID(e.Data.Get("DAYS")); err != nil {
		return AppEvent{}, malformed("data[DAYS]", err)
	}
	return a, nil
}

// EventTimelineAction is the press of a button with a RestEvent.
const EventTimelineAction = "ONCRMTIMELINEITEMACTION"

// TimelineAction is the press of a button of a configurable activity. The activity is blocked until
// [Client.ConfigurableUpdate], so that must follow, also when the action fails.
// doc: api-reference/crm/timeline/**
type TimelineAction struct {
	ID         string // of the RestEvent
	Kind       EntityTypeID
	EntityID   ID
	ActivityID ID
	UserID     ID    // who pressed
	Params     *Form // actionParams of the RestEvent; nil when there are none
}

// TimelineAction reads an event EventTimelineAction. The pages show its keys, but not whether they stand
// in data[FIELDS] or in data: both are read. Errors name the missing or malformed key and wrap
// ErrMalformed.
func (e Event) TimelineAction() (TimelineAction, error) {
	fields, path := e.Data, "data"
	if e.Data.At("FIELDS") != nil {
		fields, path = e.Data.At("FIELDS"), "data[FIELDS]"
	}
	a := TimelineAction{ID: fields.Get("id"), Params: fields.At("actionParams")}
	if a.ID == "" {
		return TimelineAction{}, missing(path + "[id]")
	}
	kind := ID(0)
	for key, id := range map[string]*ID{"entityTypeId": &kind, "entityId": &a.EntityID, "activityId": &a.ActivityID, "userId": &a.UserID} {
		var err error
		if *id, err = ParseID(fields.Get(key)); err != nil {
			return TimelineAction{}, malformed(path+"["+key+"]", err)
		}
	}
	if a.ActivityID <= 0 {
		return TimelineAction{}, missing(path + "[activityId]")
	}
	a.Kind = EntityTypeID(kind)
	return a, nil
}
