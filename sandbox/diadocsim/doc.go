// Package diadocsim is a stateful, strict stand-in for the HTTP API of Контур.Диадок, with its identity
// provider and with the other sides of the exchange behind it.
//
// A Server serves the API under /diadoc, the identity provider under /identity and, with Config.Control, its
// levers under /control/diadoc. It speaks JSON in both directions; a request for protobuf, the service's
// default, is refused with 415 or 501. What people do elsewhere (the partner who signs, the person who types
// a code) and what goes wrong on the way (lost answers, expired tokens) are Go methods and control calls.
//
// Everything is written from the service's documentation alone and shares nothing with any client, so that
// a misreading on one side shows on the other. Where the pages leave a question open the zero Switches give
// the recommended reading and each field of Switches gives another one.
//
// Every documented operation has its path. Those that have been removed answer 410, also after their announced
// last day; those that the pages describe too little to answer honestly answer 501 with the reason, which
// Unsimulated and Reason tell. Where a structure is not described but its meaning is, what comes is read by the
// names of the sibling structures, or kept as it came; the comment at the method says so.
//
// Schemas are not known: GenerateTitleXml wraps the user data into a title and ParseTitleXml takes it out again.
// There are no transport documents, so that every request to cancel a fixation in TtGis is a conflict. The time
// when universal messages become a must is in the future for every type. GetDocflowEvents tells the event before
// an event, but not the state of the document at that time.
package diadocsim
