// Package bitrix is a typed client of the Bitrix24 REST platform.
//
// It has three parts. A [Client] calls methods of one portal: [Call] and [CallList] call any method,
// [Client.Batch] packs up to fifty of them, and the typed methods cover what an integration of CRM
// cards needs. [ParseEvent], [ParseRobotCall], [ParseHook] and [ParsePage] read what a portal sends.
// [Client.Download] streams files out of cards.
//
// Every failed call is an error with a class (package upstream): what may be done next, from when, and
// whether the portal may have carried the call out although no usable answer came. Nothing here
// repeats a call by itself, except once with a renewed token, once at a renamed portal's confirmed
// address, and with a [Limiter] when the portal refused a request for its rate: each time the first try
// was surely not executed.
//
// With [WithPacker] calls wait for the portal's limits and go together in batches when they wait, each
// with an answer or an error of its own; the typed methods know nothing of it.
//
// Comments name their source as "doc: <path>" inside the vendor's public documentation.
package bitrix
