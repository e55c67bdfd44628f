package bitrixsim

// fieldMethods are crm.*.userfield.* and userfieldconfig.*.
func fieldMethods() map[string]method {
	out := map[string]method{}
	for name, id := range map[string]int{
		"lead": Lead, "deal": Deal, "contact": Contact, "company": Company, "quote": Quote, "requisite": requisiteTypeID,
	} {
		for verb, run := range map[string]func(*call, *cardType) (any, *restError){
			"add": userFieldAdd, "get": userFieldGet, "list": userFieldList, "update": userFieldUpdate, "delete": userFieldDelete,
		} {
			out["crm."+name+".userfield."+verb] = method{scope: "crm", run: func(c *call) (any, *restError) {
				t := c.p.types[id]
				if id == requisiteTypeID {
					t = c.p.requisiteType
				}
				return run(c, t)
			}}
		}
	}
	for verb, run := range map[string]func(*call) (any, *restError){
		"add": configAdd, "get": configGet, "list": configList, "update": configUpdate, "delete": configDelete, "gettypes": configTypes,
	} {
		out["userfieldconfig."+verb] = method{scope: "userfieldconfig", also: "crm", run: run}
	}
	return out
}
