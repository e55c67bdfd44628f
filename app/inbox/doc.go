// Package inbox takes in what Bitrix24 sends: it turns a verified request into a row of work that is
// stored before the request is answered, and recognises repeats.
//
// What is stored holds no token in the clear: the request's own tokens are dropped, a robot's event
// token is sealed. A repeat is told by a robot's event token, by a webhook's document and parameters within
// a short window, and by an event's name and card while an earlier one still waits unstarted.
package inbox
