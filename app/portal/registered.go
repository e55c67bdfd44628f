package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Registered is what an application has written in a portal and the portal does not show, by kind and name
// ("robot/realty_extract").
type Registered map[string]Written

// Written is one thing that was written.
type Written struct {
	Wanted string    `json:"w"` // imprint of what was asked for
	At     time.Time `json:"t"`
}

// rewriteAfter is how long a check leaves alone what it can't read back. Until then only what the bridge
// itself would write otherwise is written.
const rewriteAfter = 7 * 24 * time.Hour

// imprint is short and stands for a value: equal values have equal imprints.
func imprint(v any) string {
	raw, err := json.Marshal(v)
	if err != nil { // robots, tabs and fields always marshal
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
