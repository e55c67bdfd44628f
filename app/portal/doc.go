// Package portal knows who may talk to the bridge: portals, their applications and tokens, and how an
// installation is proven, completed, repaired and removed.
package portal

import "strconv"

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
