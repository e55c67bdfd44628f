package bitrixsim

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// robot is a registered automation rule or activity; both kinds share one namespace of codes.
type robot struct {
	in           *installation
	code         string
	activity     bool
	handler      string
	authUser     int
	subscription string // Y, N or empty: the designer chooses, and no choice means to wait
	properties   *array
	returns      *array
	filter       *array
	settings     string // PLACEMENT_HANDLER; empty: no settings page of its own
}

// codePattern and propertyPattern are the allowed spellings.
var (
	codePattern     = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	propertyPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
)

func invalid(text string) *restError { return bad("ERROR_ACTIVITY_VALIDATION_FAILURE", text) }

func robotMethods() map[string]method {
	app, admin := bad("ACCESS_DENIED", "Application context required"), bad("ACCESS_DENIED", "Access denied!")
	out := map[string]method{}
	for _, kind := range []string{"robot", "activity"} {
		activity := kind == "activity"
		for verb, run := range map[string]func(*call, bool) (any, *restError){
			"add": robotAdd, "update": robotUpdate, "delete": robotDelete, "list": robotList,
		} {
			out["bizproc."+kind+"."+verb] = method{
				scope: "bizproc", app: app, admin: admin, run: func(c *call) (any, *restError) { return run(c, activity) },
			}
		}
	}
	return out
}

// robotAdd is bizproc.robot.add and bizproc.activity.add.
func robotAdd(c *call, activity bool) (any, *restError) {
	if c.params.len() <= btoi(c.params.has("auth")) {
		return nil, invalid("Empty data!")
	}
	code := str(c.params.fold("CODE"))
	if code == "" {
		return nil, invalid("Empty activity code!")
	}
	if !codePattern.MatchString(code) {
		return nil, invalid("Wrong activity code!")
	}
	r := &robot{in: c.in, code: code, activity: activity}
	if err := r.apply(c.params, true); err != nil {
		return nil, err
	}
	if c.in.robots[code] != nil {
		return nil, bad("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
	}
	c.in.robots[code] = r
	return true, nil
}

func robotUpdate(c *call, activity bool) (any, *restError) {
	r, err := c.ownRobot(activity)
	if err != nil {
		return nil, err
	}
	fields := asArray(c.params.fold("FIELDS"))
	if fields.len() == 0 {
		return nil, invalid("No fields to update")
	}
	next := *r
	if err := next.apply(fields, false); err != nil {
		return nil, err
	}
	*r = next
	return true, nil
}

func (c *call) ownRobot(activity bool) (*robot, *restError) {
	code := str(c.params.fold("CODE"))
	if code == "" {
		return nil, invalid("Empty activity code!")
	}
	r := c.in.robots[code]
	if r == nil || r.activity != activity {
		return nil, bad("ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
	}
	return r, nil
}

func robotDelete(c *call, activity bool) (any, *restError) {
	r, err := c.ownRobot(activity)
	if err != nil {
		return nil, err
	}
	delete(c.in.robots, r.code)
	return true, nil
}

func robotList(c *call, activity bool) (any, *restError) {
	codes := []string{}
	for _, code := range slices.Sorted(maps.Keys(c.in.robots)) {
		if c.in.robots[code].activity == activity {
			codes = append(codes, code)
		}
	}
	return codes, nil
}

// apply reads registration parameters; all of them on add, those given on update.
func (r *robot) apply(params *array, all bool) *restError {
	if raw, given := params.lookup("HANDLER"); given || all {
		if err := r.in.checkHandler(str(raw)); err != nil {
			return err
		}
		r.handler = str(raw)
	}
	if raw, given := params.lookup("NAME"); given || all {
		if str(raw) == "" && asArray(raw).len() == 0 {
			return invalid("Empty activity NAME!")
		}
	}
	for name, into := range map[string]**array{"PROPERTIES": &r.properties, "RETURN_PROPERTIES": &r.returns} {
		raw, given := params.lookup(name)
		if !given || str(raw) == "" && asArray(raw) == nil {
			continue
		}
		if err := checkProperties(raw); err != nil {
			return err
		}
		*into = asArray(raw)
	}
	if err := checkDocuments(params); err != nil {
		return err
	}
	if raw, given := params.lookup("FILTER"); given {
		r.filter = asArray(raw)
	}
	if err := r.applyPlacement(params); err != nil {
		return err
	}
	if raw, given := params.lookup("AUTH_USER_ID"); given {
		r.authUser = intOf(raw)
	}
	if raw, given := params.lookup("USE_SUBSCRIPTION"); given {
		r.subscription = strings.ToUpper(str(raw))
	}
	return nil
}

// applyPlacement reads USE_PLACEMENT and PLACEMENT_HANDLER; the page must be on HTTPS unless the portal itself is on
// loopback.
func (r *robot) applyPlacement(params *array) *restError {
	use, given := params.lookup("USE_PLACEMENT")
	address, moved := params.lookup("PLACEMENT_HANDLER")
	switch {
	case given && !yes(use):
		r.settings = ""
		return nil
	case !given && (!moved || r.settings == ""):
		return nil
	case given && !moved && r.settings != "":
		return nil
	}
	if err := r.in.checkHandler(str(address)); err != nil {
		return err
	}
	if !strings.HasPrefix(strings.ToLower(str(address)), "https:") && !r.in.portal.s.onLoopback() {
		return bad("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")
	}
	r.settings = str(address)
	return nil
}

// checkHandler enforces the same-domain rule.
func (in *installation) checkHandler(address string) *restError {
	u, err := url.Parse(address)
	own, ownErr := url.Parse(in.app.HandlerURL)
	switch {
	case err != nil || u.Host == "" && u.Scheme == "" || u.Scheme != "" && u.Host == "":
		return bad("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")
	case ownErr != nil || !strings.EqualFold(own.Hostname(), u.Hostname()):
		return bad("ERROR_HANDLER_URL_MATCH", "Handler URL host doesn't match application url")
	}
	return nil
}

func checkProperties(raw any) *restError {
	props := asArray(raw)
	if props == nil {
		return invalid("Wrong properties array!")
	}
	for _, key := range props.keys {
		if !propertyPattern.MatchString(key) {
			return invalid("Wrong property key " + key + "!")
		}
		p := asArray(props.vals[key])
		if name := p.fold("Name"); str(name) == "" && asArray(name).len() == 0 {
			return invalid("Empty property NAME " + key + "!")
		}
	}
	return nil
}

func checkDocuments(params *array) *restError {
	if raw, given := params.lookup("FILTER"); given && str(raw) == "" {
		filter := asArray(raw)
		for _, key := range keysOf(filter) {
			if key != "INCLUDE" && key != "EXCLUDE" || asArray(filter.vals[key]) == nil {
				return invalid("Wrong activity FILTER!")
			}
		}
	} else if given {
		return invalid("Wrong activity FILTER!")
	}
	if raw, given := params.lookup("DOCUMENT_TYPE"); given && (asArray(raw) == nil || asArray(raw).len() != 3) {
		return invalid("Wrong activity DOCUMENT_TYPE!")
	}
	return nil
}

// eventSend is bizproc.event.send: it closes the step, once.
func eventSend(c *call) (any, *restError) {
	wf := c.waiting()
	if wf == nil {
		return nil, fail(http.StatusForbidden, "ACCESS_DENIED", "Access denied!")
	}
	returned := map[string]any{}
	values := asArray(c.params.fold("RETURN_VALUES"))
	for _, declared := range keysOf(wf.robot.returns) {
		if v, ok := values.lookup(declared); ok {
			returned[declared] = toGo(v)
		}
	}
	if line := str(c.params.fold("LOG_MESSAGE")); line != "" {
		wf.Log = append(wf.Log, line)
	}
	c.p.resume(wf, returned)
	return true, nil
}

// waiting finds the workflow whose step waits for the posted token.
func (c *call) waiting() *workflow {
	token := str(c.params.fold("EVENT_TOKEN"))
	for _, wf := range c.p.workflows {
		if token != "" && wf.State == Running && wf.token == token && wf.robot.in == c.in {
			return wf
		}
	}
	return nil
}

// activityLog is bizproc.activity.log: a line, and the step keeps waiting.
func activityLog(c *call) (any, *restError) {
	line := str(c.params.fold("LOG_MESSAGE"))
	if line == "" {
		return nil, bad("ERROR_EMPTY_LOG_MESSAGE", "Empty log message!")
	}
	wf := c.waiting()
	if wf == nil {
		return nil, bad("ACCESS_DENIED", "Access denied!")
	}
	wf.Log = append(wf.Log, line)
	return true, nil
}
