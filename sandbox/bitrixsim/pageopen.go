package bitrixsim

import (
	"net/url"
	"strings"
)

// OpenPage is what a browser posts when a user opens a page of an application: the query and the form. An
// application that is not installed yet becomes "not finished" (the installer page) until FinishInstall.
// Both are nil when the application is unknown. Options is the JSON text of PLACEMENT_OPTIONS; empty leaves it out.
func (p *Portal) OpenPage(clientID, placement, options string, userID int) (query, body url.Values) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	app := p.s.apps[clientID]
	if app == nil {
		return nil, nil
	}
	in, err := p.installation(clientID, app.InstallURL == "")
	if err != nil {
		return nil, nil
	}
	return in.open(placement, options, userID)
}

// open makes the query and the form of a page opening; the caller holds mu.
func (in *installation) open(placement, options string, userID int) (query, body url.Values) {
	p, s := in.portal, in.portal.s
	access, refresh := in.issuePair(userID)
	if placement == "" {
		placement = "DEFAULT"
	}
	protocol := "0"
	if strings.HasPrefix(s.baseURL, "https:") {
		protocol = "1"
	}
	query = url.Values{"DOMAIN": {host(s.baseURL)}, "PROTOCOL": {protocol}, "LANG": {"ru"}, "APP_SID": {s.random()[:32]}}
	body = url.Values{
		"AUTH_ID": {access.token}, "AUTH_EXPIRES": {itoa(int(accessLife.Seconds()))}, "REFRESH_ID": {refresh.token},
		"SERVER_ENDPOINT": {s.authBase() + "/rest/"}, "APPLICATION_TOKEN": {in.appToken},
		"APPLICATION_SCOPE": {strings.Join(in.app.Scopes, ",")}, "member_id": {p.memberID}, "status": {"L"}, "PLACEMENT": {placement},
	}
	if options != "" {
		body.Set("PLACEMENT_OPTIONS", options)
	}
	s.notify()
	return query, body
}

// RobotSettings is the opening of a robot's own settings page.
type RobotSettings struct {
	Handler     string
	Query, Form url.Values
}

// OpenRobotSettings opens the settings page of the index-th step (from 0) on a stage, as the robot designer does in
// a slider; ok is false when the step is no robot with USE_PLACEMENT.
func (p *Portal) OpenRobotSettings(entityTypeID int, stage string, index, userID int) (page RobotSettings, ok bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	steps, t := p.automation[stageKey{entityTypeID, stage}], p.types[entityTypeID]
	if t == nil || index < 0 || index >= len(steps) {
		return page, false
	}
	r := p.findRobot(steps[index].Robot)
	if r == nil || r.settings == "" {
		return page, false
	}
	current := map[string]any{}
	for _, key := range keysOf(r.properties) {
		if v, set := steps[index].Properties[key]; set {
			current[key] = v
		} else {
			current[key] = toGo(asArray(r.properties.vals[key]).fold("Default"))
		}
	}
	fields := map[string]any{}
	for _, f := range t.fields() {
		fields[f.upper] = map[string]any{"Id": f.upper, "Name": f.upper, "Type": f.typ, "Multiple": f.multiple}
	}
	options := encode(map[string]any{
		"code": r.code, "activity_name": "A" + itoa(10000+index), "properties": r.describe(), "current_values": phpMap(current),
		"document_type": cardDocument(t, 0).kind, "document_fields": fields,
		"template": map[string]any{
			"parameters": []any{}, "variables": []any{}, "constants": []any{}, "global_constants": []any{}, "global_variables": []any{},
			"return_activities": []any{},
		},
	})
	page.Handler = r.settings
	page.Query, page.Form = r.in.open("BIZPROC_ACTIVITY_PROPERTIES_DIALOG", strings.TrimSpace(string(options)), userID)
	return page, true
}

// describe is the one format of properties that a settings page gets.
func (r *robot) describe() any {
	out := map[string]any{}
	for _, key := range keysOf(r.properties) {
		def := asArray(r.properties.vals[key])
		out[key] = map[string]any{
			"Id": key, "Type": str(def.fold("Type")), "Name": label(def, "Name", "NAME"), "Description": label(def, "Description", "DESCRIPTION"),
			"Multiple": yes(def.fold("Multiple")), "Required": yes(def.fold("Required")), "Options": toGo(def.fold("Options")),
			"Settings": nil, "Default": toGo(def.fold("Default")),
		}
	}
	return phpMap(out)
}

// SetRobotProperties stores what a settings page gave to setPropertyValue and the designer saved; unregistered names
// are dropped. It reports whether there is such a step.
func (p *Portal) SetRobotProperties(entityTypeID int, stage string, index int, values map[string]any) bool {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	steps := p.automation[stageKey{entityTypeID, stage}]
	if index < 0 || index >= len(steps) {
		return false
	}
	r := p.findRobot(steps[index].Robot)
	if r == nil {
		return false
	}
	next := map[string]any{}
	for _, key := range keysOf(r.properties) {
		if v, given := values[key]; given {
			next[key] = v
		} else if v, had := steps[index].Properties[key]; had {
			next[key] = v
		}
	}
	steps[index].Properties = next
	p.s.notify()
	return true
}
