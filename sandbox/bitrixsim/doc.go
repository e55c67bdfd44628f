// Package bitrixsim is a stateful, strict simulator of Bitrix24: the authorization server, the REST of any
// number of portals, their event queues, automation rules (robots) and workflows.
//
// It is a plain http.Handler plus Go levers. What the public documentation promises is enforced, what it
// forbids is refused, and what it leaves open is done the least convenient way that handlers are known to meet.
// It shares no type and no parser with the client that talks to it.
//
// Layout under Config.BaseURL:
//
//	/oauth/token/                          authorization server: tokens
//	/rest/app.info                         authorization server: whose token is this
//	/portal/{name}/oauth/authorize/        a portal's consent page, redirects with a code
//	/portal/{name}/rest/{METHOD}           REST with an application's token
//	/portal/{name}/rest/{user}/{secret}/{METHOD}   inbound webhook
//	/portal/{name}/bitrix/...              files of cards, authorised
//	/control/bitrix/...                    JSON for people and scripts, when Config.Control is set
package bitrixsim
