package bitrixsim

import (
	"slices"
	"time"
)

// offlineRow is one row of an application's offline queue.
type offlineRow struct {
	OfflineRow
	connector string
	at        time.Time
	reserved  time.Time
	data      *array
	user      int
}

// OfflineRows lists the offline queues of all applications.
func (p *Portal) OfflineRows() []OfflineRow {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var rows []OfflineRow
	for _, in := range p.installs {
		for _, r := range in.offline {
			rows = append(rows, r.OfflineRow)
		}
	}
	slices.SortFunc(rows, func(a, b OfflineRow) int { return a.ID - b.ID })
	return rows
}

// queueRow keeps one row per object and event: a later change replaces an unread row. Changes made through the
// binding's own connector are not kept.
func (in *installation) queueRow(b *binding, event, object string, data *array, by actor) {
	p := in.portal
	if b.Connector != "" && b.Connector == by.connector {
		return
	}
	row := &offlineRow{
		OfflineRow: OfflineRow{ID: p.nextID("offline", 1), ClientID: b.ClientID, Event: event, ObjectID: object, MessageID: p.s.random()[:32]},
		connector:  b.Connector, at: p.s.now(), data: data, user: by.user,
	}
	in.offline = slices.DeleteFunc(in.offline, func(r *offlineRow) bool {
		return r.Event == event && r.ObjectID == object && r.connector == b.Connector && r.ProcessID == "" && !r.Error
	})
	in.offline = append(in.offline, row)
	in.noticeOffline()
}

func (r *offlineRow) value(name string) (any, bool) {
	switch name {
	case "ID":
		return r.ID, true
	case "TIMESTAMP_X":
		return r.at.Format(isoTime), true
	case "EVENT_NAME":
		return r.Event, true
	case "MESSAGE_ID":
		return r.MessageID, true
	case "PROCESS_ID":
		return r.ProcessID, true
	case "ERROR":
		return map[bool]string{true: "1", false: "0"}[r.Error], true
	}
	return nil, false
}

func (r *offlineRow) render() map[string]any {
	out := map[string]any{"EVENT_DATA": any(false), "EVENT_ADDITIONAL": any(false)}
	for _, name := range []string{"ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR"} {
		v, _ := r.value(name)
		out[name] = text(v)
	}
	if r.data != nil {
		out["EVENT_DATA"] = toGo(r.data)
	}
	if r.user != 0 {
		out["EVENT_ADDITIONAL"] = map[string]any{"user_id": itoa(r.user)}
	}
	return out
}

// reservationLife is how long an unconfirmed reservation is kept.
const reservationLife = 30 * 24 * time.Hour

// connector is the source key of the call; a plan without rest_auth_connector knows none.
func (c *call) connector() string {
	if !c.p.features["rest_auth_connector"] {
		return ""
	}
	return str(c.params.fold("auth_connector"))
}

// offlineRows picks, filters and orders rows of the caller's queue; those of another connector stay invisible.
func (c *call) offlineRows(defOrder string, pick func(*offlineRow) bool) ([]*offlineRow, *restError) {
	connector := c.connector()
	c.in.offline = slices.DeleteFunc(c.in.offline, func(r *offlineRow) bool {
		return r.ProcessID != "" && c.s.now().Sub(r.reserved) > reservationLife
	})
	var rows []*offlineRow
	for _, r := range c.in.offline {
		if r.connector != connector || !pick(r) {
			continue
		}
		ok, unknown := matches(asArray(c.params.fold("filter")), r.value)
		if unknown != "" {
			return nil, bad("ERROR_ARGUMENT", "Unknown field "+unknown)
		}
		if ok {
			rows = append(rows, r)
		}
	}
	order := asArray(c.params.fold("order"))
	if order.len() == 0 {
		order = pairs(defOrder, "ASC")
	}
	sortRows(rows, order, func(r *offlineRow, name string) any { v, _ := r.value(name); return v })
	return rows, nil
}

// offlineGet is event.offline.get: clear=1 (default) deletes what it returns, clear=0 reserves it. Without the
// feature rest_offline_extended there is no reservation, so clear=0 deletes as well.
func offlineGet(c *call) (any, *restError) {
	process := str(c.params.fold("process_id"))
	marked := yes(c.params.fold("error"))
	rows, err := c.offlineRows("TIMESTAMP_X", func(r *offlineRow) bool {
		if process != "" {
			return r.ProcessID == process && r.Error == marked
		}
		return r.Error == marked && (marked || r.ProcessID == "")
	})
	if err != nil {
		return nil, err
	}
	limit, set := num(c.params.fold("limit"))
	if !set || limit <= 0 || limit > 50 {
		limit = 50
	}
	rows = rows[:min(limit, len(rows))]
	clearing, given := c.params.lookup("clear")
	keep := given && !yes(clearing) && c.p.features["rest_offline_extended"]
	var processID any
	if keep {
		if process == "" {
			process = c.s.random()[:32]
		}
		processID = process
	}
	events := []any{}
	for _, r := range rows {
		if keep {
			r.ProcessID, r.reserved = process, c.s.now()
		}
		events = append(events, r.render())
	}
	if !keep {
		c.in.offline = slices.DeleteFunc(c.in.offline, func(r *offlineRow) bool { return slices.Contains(rows, r) })
	}
	return map[string]any{"process_id": processID, "events": events}, nil
}

func offlineList(c *call) (any, *restError) {
	rows, err := c.offlineRows("ID", func(*offlineRow) bool { return true })
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, r := range page(c, rows) {
		out = append(out, r.render())
	}
	return out, nil
}

// reserved picks rows of a reservation, narrowed by id or message_id.
func (c *call) reserved() (func(*offlineRow) bool, *restError) {
	process := str(c.params.fold("process_id"))
	if process == "" {
		return nil, bad("ERROR_ARGUMENT", "Argument 'PROCESS_ID' is null or empty")
	}
	ids, byID := c.params.lookup("id")
	messages, byMessage := c.params.lookup("message_id")
	return func(r *offlineRow) bool {
		switch {
		case r.ProcessID != process:
			return false
		case byID:
			return slices.ContainsFunc(list(ids), func(v any) bool { return intOf(v) == r.ID })
		case byMessage:
			return slices.ContainsFunc(list(messages), func(v any) bool { return str(v) == r.MessageID })
		}
		return true
	}, nil
}

func offlineClear(c *call) (any, *restError) {
	match, err := c.reserved()
	if err != nil {
		return nil, err
	}
	c.in.offline = slices.DeleteFunc(c.in.offline, match)
	return true, nil
}

func offlineError(c *call) (any, *restError) {
	match, err := c.reserved()
	if err != nil {
		return nil, err
	}
	for _, r := range c.in.offline {
		if match(r) {
			r.Error = true
		}
	}
	return true, nil
}
