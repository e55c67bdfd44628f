package bitrixsim

import "maps"

// method is one REST method and who may call it.
type method struct {
	scope   string     // needed scope; alternatives by "|"; empty: basic
	also    string     // a second scope that is needed beside it
	app     *restError // the refusal without application context; nil: an inbound webhook may call it
	admin   *restError // the refusal of those who are not administrators; nil: anyone may
	noBatch bool
	run     func(c *call) (any, *restError)
}

// restMethods is the whole REST of a portal.
func restMethods() map[string]method {
	all := crmMethods()
	for _, family := range []map[string]method{
		systemMethods(), eventMethods(), oldMethods(), placementMethods(), robotMethods(), workflowMethods(), triggerMethods(), diskMethods(),
		fieldMethods(), fieldTypeMethods(), entityMethods(), linkMethods(), requisiteMethods(), productMethods(), activityMethods(), dictionaryMethods(), notifyMethods(),
	} {
		maps.Copy(all, family)
	}
	return all
}

func crmMethods() map[string]method {
	crm := func(run func(c *call) (any, *restError)) method { return method{scope: "crm", run: run} }
	return map[string]method{
		"crm.item.get": crm(itemGet), "crm.item.list": crm(itemList), "crm.item.add": crm(itemAdd), "crm.item.update": crm(itemUpdate),
		"crm.item.delete": crm(itemDelete), "crm.item.fields": crm(itemFields),
		"crm.timeline.comment.add": crm(commentAdd), "crm.timeline.comment.get": crm(commentGet), "crm.timeline.comment.list": crm(commentList),
		"crm.timeline.comment.update": crm(commentUpdate), "crm.timeline.comment.delete": crm(commentDelete),
		"crm.timeline.logmessage.add": crm(logAdd), "crm.timeline.logmessage.get": crm(logGet), "crm.timeline.logmessage.list": crm(logList),
		"crm.timeline.logmessage.delete": crm(logDelete), "crm.timeline.icon.list": crm(iconList),
		"crm.timeline.bindings.bind": crm(timelineBind), "crm.timeline.bindings.unbind": crm(timelineUnbind),
		"crm.timeline.bindings.list": crm(timelineBindings), "crm.timeline.bindings.fields": crm(timelineBindingFields),
	}
}
