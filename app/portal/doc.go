// Package portal knows who may talk to the bridge: portals, their applications and tokens, and how an
// installation is proven, completed, repaired and removed.
//
// Nothing that a request says about itself is believed, and no address that came in one is ever called:
// an installation and the opening of a page are proven by showing the posted token to an allowed
// authorization server, everything later by the application_token that the proven installation brought.
//
// The reading order is portal.go (what is stored), directory.go and trust.go (the check of every
// request), installer.go and pending.go (installations), lifecycle.go (removal, renaming), visit.go and
// session.go (pages), tokens.go (whose tokens do the work), setup.go, survey.go, setup_run.go and the steps
// beside it (what is registered in the portal, and how it is repaired).
package portal

import "strconv"

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
