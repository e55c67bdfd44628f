// Package upstream is the one HTTP transport that every client of the bridge calls through.
//
// It owns what must never differ between clients: a deadline on each call, a cap on each answer, no
// automatic redirects, one log line and one measurement per call without a secret in either, and a
// class on each failure that says what a caller may do next (see [Class]).
package upstream
