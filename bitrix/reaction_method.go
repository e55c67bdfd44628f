package bitrix

import "konturbridge/internal/upstream"

// eventReactions: doc: api-reference/events/event-bind.md
func eventReactions() []Reaction {
	return []Reaction{
		refused("ERROR_EVENT_NOT_FOUND", "400", "unknown event, or its scope is not granted", ErrNotFound),
		refused("ERROR_CORE", "400", "the handler is already bound to the event", ErrAlreadyBound).told("unable to set event handler").then(thenDone),
		refused(anyCode, "400", "the handler is already bound to the event", ErrAlreadyBound).told("unable to set event handler").then(thenDone),
	}
}

// robotReactions: doc: api-reference/bizproc/bizproc-robot/bizproc-robot-add.md, bizproc-activity-log.md
func robotReactions() []Reaction {
	fault := Reaction{Code: "ERROR_ACTIVITY_ADD_FAILURE", Status: "400", Meaning: "the portal could not save it", Class: upstream.Retry, Open: true,
		Does: doesPass, Then: thenBackOff}
	return []Reaction{
		broken("ERROR_ACTIVITY_VALIDATION_FAILURE", "400", "the code, name, properties, filter or document type is wrong, or nothing is to be updated", ErrParameter),
		broken("ERROR_UNSUPPORTED_PROTOCOL", "400", "the handler's address is not HTTP", ErrParameter),
		broken("ERROR_WRONG_HANDLER_URL", "400", "the handler's address cannot be read, has no domain or is local", ErrParameter),
		broken("ERROR_HANDLER_URL_MATCH", "400", "the handler is not on the application's own domain", ErrParameter).then(thenAdmin),
		refused("ERROR_ACTIVITY_ALREADY_INSTALLED", "400", "the code is taken", ErrAlreadyInstalled).then("updates it instead"),
		refused("ERROR_ACTIVITY_ADD_FAILURE", "400", "somebody else added it meanwhile", ErrAlreadyInstalled).told("already added").then("updates it instead"),
		fault,
		refused("ERROR_ACTIVITY_NOT_FOUND", "400", "no robot or activity has this code", ErrNotFound).then("adds it instead; when removing, takes it for done"),
		broken("ERROR_EMPTY_LOG_MESSAGE", "400", "a log line without a text", ErrParameter),
	}
}

// workflowReactions: doc: api-reference/bizproc/**
func workflowReactions() []Reaction {
	return []Reaction{
		refused("ERROR_WRONG_WORKFLOW_ID", "400", "no such template", ErrNotFound).told("not found"),
		broken("ERROR_WRONG_WORKFLOW_ID", "400", "the template's or the workflow's id is empty", ErrParameter),
		broken("ERROR_TEMPLATE_VALIDATION_FAILURE", "400", "a field of the template is wrong, or nothing is to be updated", ErrParameter),
		refused("ERROR_TEMPLATE_NOT_FOUND", "400", "no such template", ErrNotFound),
		refused("ERROR_TEMPLATE_NOT_OWNER", "400", "the template was not made by this application", ErrAccessDenied),
		broken("ERROR_TASK_VALIDATION", "400", "a task's id or status is wrong", ErrParameter),
		refused("ERROR_TASK_NOT_FOUND", "400", "no such task", ErrNotFound),
		refused("ERROR_TASK_COMPLETED", "400", "the task is completed already", ErrTaskCompleted).then(thenDone),
		broken("ERROR_TASK_TYPE", "400", "tasks of this kind cannot be completed by REST", ErrParameter),
		refused("ERROR_TASK_EXECUTION", "400", "the activity refused the answer; the text says why", ErrField),
		broken("ERROR_INVALID_USER_ID", "400", "a user's id is wrong", ErrParameter),
		refused("ERROR_DELEGATION_NOT_ALLOWED", "400", "the task may not be delegated so", ErrAccessDenied),
		refused("", "400", "the document does not fit the template", ErrParameter).told("^wrong document_id"),
		refused("", "400", "the document does not fit the template", ErrParameter).told("^incorrect document type"),
		refused("", "400", "the document does not fit the template", ErrParameter).told("^template type and document_id mismatch"),
	}
}

// crmReactions: doc: api-reference/crm/universal/**, api-reference/crm/timeline/**, api-reference/crm/automation/**
func crmReactions() []Reaction {
	plan := "the plan limits smart processes"
	return []Reaction{
		refused("NOT_FOUND", "400", "no such card, type, comment or row", ErrNotFound),
		refused("OWNER_NOT_FOUND", "400", "no such card", ErrNotFound),
		refused("ENTITY_TYPE_NOT_SUPPORTED", "400", "the type has no universal methods, or no funnels", ErrParameter),
		refused("CRM_FIELD_ERROR_VALUE_NOT_VALID", "400", "a field's value is not valid", ErrField),
		refused("CRM_FIELD_ERROR_REQUIRED", "400", "a field required by the type or the stage is empty", ErrField),
		refused("-", "400", "no right to move the card to this stage", ErrAccessDenied),
		refused("CREATE_DYNAMIC_ITEM_RESTRICTED", "400", plan, ErrPaymentRequired).then(thenAdmin),
		refused("UPDATE_DYNAMIC_ITEM_RESTRICTED", "400", plan, ErrPaymentRequired).then(thenAdmin),
		refused("", "400", "a trigger's code or name is empty or has wrong characters", ErrParameter).told("^empty trigger"),
		refused("", "400", "a trigger's code or name is empty or has wrong characters", ErrParameter).told("^wrong trigger"),
		refused("", "400", "no such trigger", ErrNotFound).told("^trigger not found"),
		refused("", "400", "no such trigger", ErrNotFound).told("is not registered$"),
		refused("", "400", "the card's type or id is wrong", ErrParameter).told("^incorrect parameter owner_"),
		refused("", "400", "the target is not written as DEAL_57", ErrParameter).told("^target is not set"),
		refused("", "400", "the target is not written as DEAL_57", ErrParameter).told("^incorrect target format"),
	}
}

// fieldReactions: doc: api-reference/crm/deals/**, api-reference/crm/requisites/**
func fieldReactions() []Reaction {
	return []Reaction{
		refused("ERROR_CORE", "400", "a field of this name or external code is there", ErrExists).told("already exist").then(thenDone),
		refused("", "400", "a field of this name is there", ErrExists).told("already exist").then(thenDone),
		refused("", "400", "a required key of the field is missing", ErrParameter).told("' field is not found$"),
		refused("", "400", "a smart process's field is not named UF_{entityId}_…", ErrParameter).told("^you cannot create custom fields"),
		refused("", "400", "parameters are not written as an object", ErrParameter).told("must be array$"),
		refused("", "400", "an id or a type is missing", ErrParameter).told("not defined"),
		refused("", "400", "the value of the currency is not valid", ErrField).told("^invalid value for the"),
		refused("", "400", "the portal's disk is full", ErrNoRoom).told("^disk resource exhausted").then(thenAdmin),
	}
}

// diskReactions: doc: api-reference/disk/**
func diskReactions() []Reaction {
	return []Reaction{
		refused("ERROR_NOT_FOUND", "400", "no such file, folder or storage", ErrNotFound),
		broken("DISK_BASE_SERVICE_22001", "400", "NAME is missing", ErrParameter),
		refused("ERROR_COULD_NOT_SAVE_FILE", "400", "the quota is used up, or the content is not base64", ErrNoRoom).then(thenAdmin),
		refused("DISK_OBJ_22000", "400", "an object of this name is there", ErrExists),
		refused("", "400", "rights are not written as a list", ErrParameter).told("^invalid rights format"),
	}
}

// activityReactions: doc: api-reference/crm/timeline/**, api-reference/chats/notifications/*.md
func activityReactions() []Reaction {
	wrong := func(code, meaning string) Reaction { return broken(code, "400", meaning, ErrParameter) }
	return []Reaction{
		refused("ERROR_WRONG_APPLICATION", "400", "the activity belongs to another application", ErrAccessDenied),
		wrong("WRONG_FIELD_VALUE", "a field of the activity has a wrong value"),
		wrong("INCOMING_ACTIVITY_CAN_NOT_BE_WITH_DEADLINE", "an incoming activity cannot have a deadline"),
		wrong("ERROR_EMPTY_LAYOUT", "the layout is empty"),
		wrong("FIELD_IS_REQUIRED", "a key of the layout is missing"),
		wrong("FIELD_IS_REDUNDANT", "the layout has an unknown key"),
		wrong("ENUM_FIELD", "a key of the layout has a value outside its list"),
		wrong("TOO_MANY_ITEMS", "the layout has too many blocks or buttons"),
		wrong("KEY_CONTAIN_WRONG_SYMBOLS", "the name of a block or a button has wrong characters"),
		wrong("WRONG_LANG", "a text is in a language that the portal does not know"),
		wrong("USER_ID_EMPTY", "a notice without a user"),
		wrong("MESSAGE_EMPTY", "a notice without a text"),
		wrong("ATTACH_OVERSIZE", "the attachment is longer than 60000 characters"),
		wrong("ATTACH_ERROR", "the attachment cannot be read"),
		wrong("PARAMS_ERROR", "neither an id nor a tag of a notice"),
	}
}

// widgetReactions: doc: api-reference/widgets/**, api-reference/entity/**
func widgetReactions() []Reaction {
	return []Reaction{
		refused("ERROR_PLACEMENT_MAX_COUNT", "200", "the placement takes one handler of an application, and one is bound", nil),
		broken("ERROR_PLACEMENT_USER_MODE", "200", "the placement cannot be bound for one user", ErrParameter),
		broken("EMPTY_ERROR_HANDLER_URL", "200", "OPTIONS[errorHandlerUrl] is missing", ErrParameter),
		refused("ERROR_PLACEMENT_NOT_FOUND", "400", "unknown placement, or its scope is not granted", ErrNotFound),
		refused("ERROR_CORE", "400", "the handler is already bound", ErrAlreadyBound).told("already binded").then(thenDone),
		refused(anyCode, "400", "the handler is already bound", ErrAlreadyBound).told("already binded").then(thenDone),
		refused("ERROR_ENTITY_ALREADY_EXISTS", "400", "a storage of this name is there", ErrExists),
		refused("ERROR_ENTITY_NOT_FOUND", "400", "no such storage", ErrNotFound),
		refused("ERROR_CORE", "400", "any other failed check; the text says which", nil),
	}
}

// textReactions are what old methods say in words alone.
func textReactions() []Reaction {
	return []Reaction{
		refused("", "400", "no such card, row or link", ErrNotFound).told("^not found"),
		refused("", "400", "no such requisite, target or other object", ErrNotFound).told("is not found$"),
		refused("", "400", "no right to it", ErrAccessDenied).told("^access denied"),
	}
}
