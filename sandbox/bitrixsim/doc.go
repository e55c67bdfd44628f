// Package bitrixsim is a stateful, strict simulator of Bitrix24: the authorization server, the REST of any
// number of portals, their event queues, automation rules (robots), triggers, workflows and drives.
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
//	/portal/{name}/rest/{METHOD}           REST with an application's token; {METHOD}.xml answers XML
//	/portal/{name}/rest/{user}/{secret}/{METHOD}   inbound webhook
//	/portal/{name}/rest/api/…              REST 3.0, which has tasks and no CRM
//	/portal/{name}/bitrix/...              files of cards, authorised
//	/control/bitrix/...                    JSON for people and scripts, when Config.Control is set
//
// What a person does in a portal is a method of Portal: CreateItem, MoveStage, PlaceRobot, PlaceTrigger, OpenPage,
// OpenRobotSettings, PressActivity, DismissUser, DeleteRobots and their like. What goes wrong on the way is one too:
// FailNext, DropAnswerNext, LoseRequestNext, HangNext, SetOutage, BlockMethod, FillBucket, LimitRate, PauseDelivery,
// SuspendOnline, DropNextDeliveries, ExpireAccessTokens, Rename. Server.Advance moves the clock, Portal.Stats tells
// what was counted.
//
// Not simulated: document generator, tasks of the previous REST, chats, telephony, price lists, the market.
package bitrixsim
