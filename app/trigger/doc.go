// Package trigger turns events of CRM cards into actions.
//
// Bitrix24 has no event for a stage, and its events carry ids only. So an event makes the bridge look at the
// card: it reads it, asks the portal's stage history what happened between this look and the last one, and
// runs what the settings ask for, once for each stage that was entered. What was seen, the actions that it
// starts and the end of every event that waited for the same look are one transaction.
//
// The reading order is trigger.go (one look), look.go (many looks share their requests), history.go (which
// stages were entered; pure), start.go (the rows of the actions), sweep.go (cards that changed while nobody
// told).
package trigger
