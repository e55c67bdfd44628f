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
// Every documented operation has its path: those that have been removed answer 410, and those that are not
// simulated answer 501 with their name. Not simulated are registration, GetMyPermissions, employees' changes
// and subscriptions, organisation properties and storage, addresses, tax-service registration, templates,
// roaming notices, powers of attorney, ExtendedSignerDetails, automatic receipts, partner and security events,
// resolution routes, forwarded documents other than ForwardDocument itself, the V3 and V4 forms of the docflow
// methods, SearchDocflows and the superseded generators and parsers. Unsimulated lists them.
package diadocsim
