package bitrix

import (
	"time"

	"konturbridge/internal/upstream"
)

// What callers do about the classes of errors, in the words of docs/bitrix24-errors.md.
const (
	thenBackOff  = "backs off, a second to hours; looks for a write before repeating it"
	thenReport   = "fails with the portal's words"
	thenBug      = "fails: a fault of the bridge"
	thenAdmin    = "fails: an administrator has to act"
	thenAside    = "sets the work aside until then"
	thenReauth   = "tries again a minute to hours later; an administrator may reconnect meanwhile"
	thenDone     = "takes it for done"
	doesPass     = "passes it on"
	doesRenew    = "renews the token once and repeats once"
	doesReplace  = "repeats with another user's token, when the TokenSource has one"
	doesWaitTime = "passes it on with the moment to wait for"
)

func refused(code, status, meaning string, is error) Reaction {
	return Reaction{Code: code, Status: status, Meaning: meaning, Class: upstream.Refused, Is: is, Does: doesPass, Then: thenReport}
}

func broken(code, status, meaning string, is error) Reaction {
	return Reaction{Code: code, Status: status, Meaning: meaning, Class: upstream.Broken, Is: is, Does: doesPass, Then: thenBug}
}

// told narrows a reaction to descriptions that fit.
func (r Reaction) told(text string) Reaction {
	r.Text = text
	return r
}

// of narrows a reaction to one method.
func (r Reaction) of(method string) Reaction {
	r.Method = method
	return r
}

func (r Reaction) does(what string) Reaction {
	r.Does = what
	return r
}

func (r Reaction) then(what string) Reaction {
	r.Then = what
	return r
}

// systemReactions are the errors of the platform itself, that any method may give.
// doc: _includes/system-errors.md, limits.md
func systemReactions() []Reaction {
	open := func(code string) Reaction {
		return Reaction{Code: code, Status: "500", Meaning: "fault of the portal", Class: upstream.Retry, Open: true, Does: doesPass, Then: thenBackOff}
	}
	return []Reaction{
		open("INTERNAL_SERVER_ERROR"),
		open("ERROR_UNEXPECTED_ANSWER"),
		{Code: "QUERY_LIMIT_EXCEEDED", Status: "503", Meaning: "the portal's request rate is used up", Class: upstream.Wait, Is: ErrRateLimited,
			Pause: time.Second, Does: "with a Limiter waits and sends it again; else passes it on with the moment", Then: thenAside},
		{Code: "OPERATION_TIME_LIMIT", Status: "429", Meaning: "the method's run time within ten minutes is used up", Class: upstream.Wait, Is: ErrOperatingLimit,
			Pause: minOperatingWait, Does: "passes it on with the method's operating_reset_at, ten seconds at least; with a Limiter holds the method until then", Then: thenAside},
		broken("OVERLOAD_LIMIT", "503", "the vendor blocked the portal's REST by hand", ErrBlocked).then(thenAdmin),
		broken("ERROR_BATCH_METHOD_NOT_ALLOWED", "405", "the method may not stand in a batch", ErrNotBatchable).does("sends a packed call by itself").then("calls it directly"),
		broken("ERROR_BATCH_LENGTH_EXCEEDED", "400", "more than 50 commands in a batch", ErrParameter),
		broken("INVALID_REQUEST", "400", "HTTPS is required", ErrParameter),
		broken("ERROR_MANIFEST_IS_NOT_AVAILABLE", "404", "the manifest is not available", nil),
		broken("ERROR_METHOD_NOT_FOUND", "404", "no such method in this edition, scope or version", ErrMethodNotFound),
		{Code: "PORTAL_DELETED", Status: "500, 410", Meaning: "the portal is closed or deleted; believed after repeated answers", Class: upstream.Retry,
			Is: ErrPortalDeleted, Does: doesPass, Then: "backs off, ever more rarely, for about two days"},
		{Code: "METHOD_CONFIRM_WAITING", Status: "401", Meaning: "an administrator has to confirm the method for this token", Class: upstream.Wait,
			Is: ErrConfirmation, Pause: 10 * time.Minute, Does: "passes it on with a pause of ten minutes", Then: thenAside},
		refused("METHOD_CONFIRM_DENIED", "403", "the administrator refused the method", ErrAccessDenied).then(thenAdmin),
		{Code: codeMoved, Status: "301, 302, 307, 308", Meaning: "the portal was renamed, and nobody confirms the new address", Class: upstream.Retry, Is: ErrMoved,
			Does: "follows once, as a POST, to the address that the authorization server confirms", Then: thenBackOff},
	}
}

// accessReactions are about credentials, rights and plans. doc: _includes/system-errors.md
func accessReactions() []Reaction {
	relogin := func(code, meaning string) Reaction {
		return Reaction{Code: code, Status: "401", Meaning: meaning, Class: upstream.Relogin, Is: ErrExpiredToken, Does: doesRenew, Then: thenReauth}
	}
	gone := func(code string) Reaction {
		return broken(code, "401", "the application is not installed, or the token is another application's", ErrAppGone).
			does(doesReplace).then("fails: the application has to be installed again")
	}
	return []Reaction{
		relogin("NO_AUTH_FOUND", "wrong token or webhook code"),
		relogin("expired_token", "the token is older than an hour"),
		relogin("invalid_token", "the token is malformed or revoked"),
		{Code: "authorization_error", Status: "401", Meaning: "the token's user is dismissed or disabled; the application is still there", Class: upstream.Relogin,
			Is: ErrUserGone, Does: doesReplace, Then: "tries again a minute to hours later; another administrator may reconnect meanwhile"},
		gone("ERROR_OAUTH"),
		gone("NOT_INSTALLED"),
		gone("APPLICATION_NOT_FOUND"),
		refused("PAYMENT_REQUIRED", "401, 402", "the plan or the application is not paid", ErrPaymentRequired).then(thenAdmin),
		refused("ACCESS_DENIED", "403", "REST is available on commercial plans only", ErrPaymentRequired).told("commercial plans").then(thenAdmin),
		broken("ACCESS_DENIED", "400, 403", "the method needs an application's token, this is a webhook", ErrAuthKind).told("application context required"),
		refused("ACCESS_DENIED", "403", "the step was answered, ran out of time, ended, or never waited", ErrStepGone).of("bizproc.event.send").then(thenDone),
		refused("ACCESS_DENIED", "400, 403", "the step was answered, ran out of time, ended, or never waited", ErrStepGone).of("bizproc.activity.log").then(thenDone),
		refused("ACCESS_DENIED", "400, 403", "no right to the object or the method", ErrAccessDenied),
		refused("INVALID_CREDENTIALS", "401, 403", "the token's user lacks rights; wrong webhook secret", ErrAccessDenied),
		refused("user_access_error", "403", "the application is not open to this user", ErrAccessDenied).does(doesReplace).then(thenAdmin),
		refused("allowed_only_intranet_user", "403", "the token belongs to an extranet or collab user", ErrAccessDenied).then(thenAdmin),
		refused("ACCESS_ERROR", "403", "no access", ErrAccessDenied),
		refused("insufficient_scope", "401, 403", "the application's form does not grant the scope", ErrScope).then(thenAdmin),
		refused("invalid_scope", "403", "the application's form does not grant the scope", ErrScope).then(thenAdmin),
		broken("WRONG_AUTH_TYPE", "403", "needs an application's token and got a webhook, or the reverse", ErrAuthKind),
		broken("ERROR_WRONG_CONTEXT", "400", "needs an application's token", ErrAuthKind),
		broken("AccessException", "400", "needs an application's token", ErrAuthKind).told("application context required"),
		refused("AccessException", "400", "needs an administrator or a user", ErrAccessDenied),
	}
}

// argumentReactions are about parameters. doc: _includes/system-errors.md
func argumentReactions() []Reaction {
	wrong := func(code, status, meaning string) Reaction { return broken(code, status, meaning, ErrParameter) }
	return []Reaction{
		wrong("INVALID_ARG_VALUE", "400", "a parameter is missing or has a wrong value; a field is not allowed in a filter or an order; an empty comment"),
		wrong("ERROR_ARGUMENT", "200, 400", "a parameter is missing or of the wrong type; the error's argument names it"),
		wrong("100", "400", "a parameter is missing or of the wrong type"),
		wrong("ArgumentNullException", "400", "a parameter is empty"),
		wrong("REQUIRED_ARG_MISSING", "400", "a parameter is missing"),
		wrong("ERROR_SELECT_VALIDATION_FAILURE", "400", "SELECT names an unknown field"),
		wrong("WRONG_DATETIME_FORMAT", "400", "a moment is not ISO 8601"),
	}
}

// v3Reactions are the errors of REST 3.0. doc: api-reference/rest-v3.md, _includes/error-info-v3.md
func v3Reactions() []Reaction {
	const prefix = "BITRIX_REST_V3_EXCEPTION_"
	wrong := func(code, status, meaning string) Reaction { return broken(prefix+code, status, meaning, ErrParameter) }
	return []Reaction{
		wrong("VALIDATION_REQUESTVALIDATIONEXCEPTION", "400", "fields are wrong; the error's Fields name them"),
		wrong("INVALIDJSONEXCEPTION", "400", "the body is not JSON"),
		wrong("UNKNOWNDTOPROPERTYEXCEPTION", "400", "unknown field"),
		wrong("UNKNOWNFILTEROPERATOREXCEPTION", "400", "unknown operator in a filter"),
		refused(prefix+"ENTITYNOTFOUNDEXCEPTION", "400", "no such object", ErrNotFound),
		refused(prefix+"ACCESSDENIEDEXCEPTION", "403", "no right to the object or the method", ErrAccessDenied),
		refused(prefix+"INSUFFICIENTSCOPEEXCEPTION", "403", "the scope is not granted", ErrScope).then(thenAdmin),
		wrong("IDEMPOTENCYKEYREUSEDEXCEPTION", "422", "the idempotency key was used with another body"),
		wrong("INVALIDIDEMPOTENCYKEYEXCEPTION", "400", "the idempotency key is not 1 to 255 printable ASCII characters"),
	}
}

// statusReactions remain for errors whose code and text say nothing.
func statusReactions() []Reaction {
	by := func(status, meaning string, class upstream.Class, is error) Reaction {
		return Reaction{Code: anyCode, Status: status, Meaning: meaning, Class: class, Is: is, Does: doesPass, Then: thenReport}
	}
	wait, fault := by("429", "too many requests", upstream.Wait, ErrRateLimited), by("5xx", "fault of the portal", upstream.Retry, nil)
	wait.Pause, wait.Does, wait.Then = minOperatingWait, doesWaitTime, thenAside
	fault.Open, fault.Then = true, thenBackOff
	return []Reaction{
		by("401", "the credential is refused", upstream.Relogin, nil).then(thenReauth),
		by("402", "not paid", upstream.Refused, ErrPaymentRequired).then(thenAdmin),
		by("403", "no right to it", upstream.Refused, ErrAccessDenied),
		by("404", "not found", upstream.Refused, ErrNotFound),
		wait,
		by("3xx", "redirected elsewhere", upstream.Retry, ErrMoved).then(thenBackOff),
		fault,
		by("", "a check of the portal failed: the text says which, such as a field required by the stage", upstream.Refused, nil),
	}
}
