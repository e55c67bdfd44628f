// Package realtysim is a stateful, strict stand-in for Контур.Реестро HTTP API v1, the property-rights
// docflow service, together with the land registry behind it.
//
// A Server is a plain http.Handler that serves the documented paths under /realty/v1 and keeps accounts,
// sessions, uploaded contents, docflows and news in memory. What people do outside the API (the registrar,
// the payer) and what goes wrong on the way (lost answers, expired sessions) are Go methods; with
// Config.Control the same levers answer over HTTP under /control/realty.
//
// Everything is written from the service's documentation alone and shares nothing with any client, so that
// a misreading on one side shows on the other. Where the pages contradict each other the zero Switches
// give the recommended reading and each field of Switches gives another one.
package realtysim
