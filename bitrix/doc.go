// Package bitrix is a typed client of the Bitrix24 REST platform and a reader of what a portal sends.
//
// # Calling a portal
//
// A [Client] calls the methods of one portal. [New] makes it from a transport and a [TokenSource]:
//
//   - [NewToken] is an application's token, with a function that renews it, or without one for the
//     short-lived token of an opened page;
//   - [NewWebhook] and [ParseWebhook] are an inbound webhook, whose address is the credential;
//   - a TokenSource of the caller's own shares a pair among processes. One that is a [Substitute] too puts
//     another administrator's token in the place of one whose user was dismissed.
//
// Webhooks have no application context: [NeedsApp] methods are refused to them with [ErrAuthKind] before
// anything is sent. A renamed portal is followed, as a POST, to an address that its owner confirms
// ([WithConfirm]); a call is repeated with a renewed token once. Nothing else is repeated, but by a Limiter what
// was refused for its rate.
//
// Typed methods cover the system (AppInfo, Profile, Users, Feature), events and their offline queue, robots,
// activities, workflows with their templates and tasks, automation triggers, cards of every type (Item…,
// and Legacy… by the old names), product rows, funnels, stages and dictionaries, requisites, user fields
// and own field types, comments, log lines, to-dos, configurable activities, notices, placements, drives,
// options and storages. [Call] and [CallList] call any other method with any parameters, [CallFiles] one
// that takes files, [CallV3] one of REST 3.0. Positional parameters of the oldest methods are keys
// "0", "1", ….
//
// # Limits
//
// A portal takes two requests a second, an Enterprise one five, and counts run time per method.
// [WithLimiter] makes calls wait for a [Limiter] that all clients at one source address share.
// [WithPacker] also packs the calls that wait into batches; each gets its own answer or error, as if it had
// gone alone. A method that spent its run time is held by itself; the portal's other methods go on.
//
// # Errors
//
// Every failed call is an error with a class (package upstream): Retry, Wait with a time, Relogin, Refused,
// Broken; and it tells by MaybeDone whether the portal may have carried the call out although no usable
// answer came, in which case a write must be looked for before it is repeated: REST 2 has no idempotency
// key. An [*APIError] is a refusal; errors.Is tells its meaning ([ErrNotFound], [ErrAccessDenied],
// [ErrField], …), for codes, statuses and texts differ from portal to portal. [Reactions] is the whole
// table. An [*AnswerError] is an answer that nobody understands. No error holds a credential.
//
// # Lists and batches
//
// Every list method has an iterator ([Client.Items], [Client.Users], …) that walks all rows in the order of
// their ids, so that rows which appear or vanish meanwhile shift nothing and late pages are as fast as
// early ones. Rows without ids ([Client.Addresses], [Client.RequisiteLinks]) are walked page by page. Page methods
// (ItemList and the like) remain for other orders.
//
// [Client.Batch] sends up to fifty commands in one request. It is no transaction. Empty lists, files and
// texts that look like references to other commands are refused ([Batchable]) rather than changed.
//
// # Files
//
// A file field is read as [FileRef] values; [Client.Download] streams their content and follows links on
// the portal's own host alone. Files are written as [*Upload], which is read while it is sent, or as
// [FileContent]. An update of a card deletes the files of a multiple field that it does not list.
//
// # What a portal sends
//
// [ParseEvent], [ParseRobotCall], [ParseHook] and [ParsePage] read events, robot calls, the webhook step and
// page openings; [Event.App], [Event.TimelineAction], [PageOpening.RobotSettings] and
// [PageOpening.FieldPage] read what is special to some. They check form, not truth: compare the
// application token, or show an access token to the authorization server, before believing anything.
//
// # Values
//
// PHP writes one thing in many ways. [ID], [Flag], [Text], [Kopecks], [Money], [Date], [Time], [Multi],
// [List] and [Map] read all that have been seen: "57" and 57, "Y", true and 1, "1000|RUB", midnight for a
// day, one value for a list, [] for an empty object. An [Item] reads a card's fields by them. Links in
// items hold tokens and values are personal data, so an Item shows nothing but its id in logs.
//
// Comments name their source as "doc: <path>" inside the vendor's public documentation. Where that is
// silent, a comment says so.
package bitrix
