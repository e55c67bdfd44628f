package bitrix

import (
	"fmt"
	"strings"
	"time"
)

// ParseLocal reads a moment that the portal wrote as a text in its Russian regional format, such as
// "24.08.2023 13:19:39" or "24.08.2023": a robot's property, a requisite's date, TIMESTAMP_X. The text
// has no zone: zone is the portal's or the user's, whichever it was written for. ISO 8601 is read too,
// with its own offset. "" is zero. A portal of another region writes other formats: they are refused.
func ParseLocal(s string, zone *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "02.01.2006 15:04:05", "02.01.2006 15:04", "02.01.2006", time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a moment in a format that is known", s)
}

// ParseUser reads a user in a robot's property or a workflow's parameter: "user_7", or a bare number.
// Groups ("group_…") and the designer's words ("Author") are refused: they name no one user.
func ParseUser(s string) (ID, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "user_")
	id, err := ParseID(digits)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%.40q is no user", s)
	}
	return id, nil
}

// UserValue is a user as a workflow's parameter takes it, such as user_14.
func UserValue(id ID) string { return "user_" + id.String() }

// AddressValue is the value of an address field: one line of text, which portals have been seen to follow
// by coordinates and a number of their own, "text|lat;lng|locationId".
type AddressValue struct {
	Text       string
	Latitude   string // decimal degrees; "" when there are none
	Longitude  string
	LocationID ID
}

// ParseAddress reads the value of an address field. What follows the text and cannot be read is left out:
// the pages do not describe it.
func ParseAddress(s string) AddressValue {
	parts := strings.Split(s, "|")
	a := AddressValue{Text: parts[0]}
	if len(parts) > 1 {
		a.Latitude, a.Longitude, _ = strings.Cut(parts[1], ";")
	}
	if len(parts) > 2 {
		if id, err := ParseID(parts[2]); err == nil {
			a.LocationID = id
		}
	}
	return a
}

// FilterFlag is a yes or no in a filter of crm.item.list, which takes 1 and 0 for fields that it reads as
// Y and N. doc: api-reference/crm/universal/**
func FilterFlag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
