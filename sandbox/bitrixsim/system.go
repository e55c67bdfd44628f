package bitrixsim

import "time"

// allScopes are the scopes that the simulator knows.
func allScopes() []string {
	return []string{"crm", "bizproc", "placement", "user_brief", "user_basic", "user", "disk", "im", "userfieldconfig", "entity", "task", "tasks", "documentgenerator", "catalog", "lists", "log", "appform"}
}

func systemMethods() map[string]method {
	option := bad("AccessException", "Application context required")
	return map[string]method{
		"app.info":        {app: bad("ACCESS_DENIED", "Application context required"), run: portalAppInfo},
		"profile":         {run: profile},
		"user.admin":      {run: func(c *call) (any, *restError) { return c.user.admin, nil }},
		"user.access":     {run: userAccess},
		"user.current":    {scope: "user|user_basic|user_brief", run: func(c *call) (any, *restError) { return c.user.render(c), nil }},
		"user.get":        {scope: "user|user_basic|user_brief", run: userGet},
		"scope":           {run: scopeList},
		"method.get":      {run: methodGet},
		"feature.get":     {run: featureGet},
		"access.name":     {run: accessName},
		"server.time":     {run: func(c *call) (any, *restError) { return c.s.now().Format(time.RFC3339), nil }},
		"app.option.get":  {app: option, run: appOptionGet},
		"app.option.set":  {app: option, admin: bad("AccessException", "Administrator authorization required"), run: appOptionSet},
		"user.option.get": {app: option, run: userOptionGet},
		"user.option.set": {app: option, run: userOptionSet},
	}
}

func portalAppInfo(c *call) (any, *restError) {
	return map[string]any{
		"ID": c.in.id, "CODE": c.in.app.ClientID, "VERSION": c.in.version, "STATUS": "L", "INSTALLED": c.in.finished, "PAYMENT_EXPIRED": "N",
		"DAYS": nil, "LANGUAGE_ID": "ru", "LICENSE": "ru_" + c.p.family, "LICENSE_TYPE": c.p.family, "LICENSE_FAMILY": c.p.family,
	}, nil
}

func profile(c *call) (any, *restError) {
	return map[string]any{
		"ID": itoa(c.user.id), "ADMIN": c.user.admin, "NAME": c.user.name, "LAST_NAME": c.user.lastName, "PERSONAL_GENDER": "", "TIME_ZONE": "",
	}, nil
}

func scopeList(c *call) (any, *restError) {
	if yes(c.params.fold("full")) {
		return allScopes(), nil
	}
	granted := []string{}
	if c.in != nil {
		granted = append(granted, c.in.app.Scopes...)
	} else {
		granted = append(granted, c.hook.scopes...)
	}
	return granted, nil
}

func methodGet(c *call) (any, *restError) {
	m, ok := c.s.methods[methodName(str(c.params.fold("name")))]
	return map[string]any{"isExisting": ok, "isAvailable": ok && c.hasScope(m.scope) && c.hasScope(m.also)}, nil
}

func featureGet(c *call) (any, *restError) {
	code := str(c.params.fold("CODE"))
	if code == "" {
		return nil, bad("ERROR_ARGUMENT", "Argument 'CODE' is null or empty")
	}
	return map[string]any{"value": flag(c.p.features[code])}, nil
}

func optionGet(c *call, from map[string]any) any {
	if name := str(c.params.fold("option")); name != "" {
		return from[name]
	}
	return phpMap(from)
}

func optionSet(c *call, into map[string]any) (any, *restError) {
	options := asArray(c.params.fold("options"))
	if options.len() == 0 {
		return nil, bad("ArgumentNullException", "options is empty")
	}
	for _, k := range options.keys {
		into[k] = toGo(options.vals[k])
	}
	return true, nil
}

func appOptionGet(c *call) (any, *restError) { return optionGet(c, c.in.options), nil }
func appOptionSet(c *call) (any, *restError) { return optionSet(c, c.in.options) }

func (c *call) userOptions() map[string]any {
	if c.in.userOptions[c.user.id] == nil {
		c.in.userOptions[c.user.id] = map[string]any{}
	}
	return c.in.userOptions[c.user.id]
}

func userOptionGet(c *call) (any, *restError) { return optionGet(c, c.userOptions()), nil }
func userOptionSet(c *call) (any, *restError) { return optionSet(c, c.userOptions()) }
