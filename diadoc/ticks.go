package diadoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Ticks is a moment in units of 100 ns since the year 1, UTC. The service compares ticks for equality: keep
// them as they came. Zero means "not set".
type Ticks int64

const (
	tick      = 100 * time.Nanosecond
	perSecond = int64(time.Second / tick)
	unixEpoch = 621355968000000000 // ticks of 1970-01-01
)

// TicksOf is the moment t, cut to whole ticks; zero for the zero time.
func TicksOf(t time.Time) Ticks {
	if t.IsZero() {
		return 0
	}
	return Ticks(t.Unix()*perSecond + int64(t.Nanosecond())/int64(tick) + unixEpoch)
}

// Time is the moment in UTC; the zero time for zero.
func (t Ticks) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	since := int64(t) - unixEpoch
	return time.Unix(since/perSecond, since%perSecond*int64(tick)).UTC()
}

// UnmarshalJSON reads a number, or the text of one; null leaves zero.
func (t *Ticks) UnmarshalJSON(raw []byte) error {
	n, err := wholeNumber(raw)
	*t = Ticks(n)
	return err
}

// MoscowTicks is a moment in ticks of Moscow's wall clock, as confirmations of the operator have it. Zero
// means "not applicable".
type MoscowTicks int64

// Time is the moment in UTC. Moscow has been three hours ahead since 26 October 2014 and was four before;
// the documentation still speaks of four. When a minute matters, compare with the time of the event.
func (t MoscowTicks) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	local := Ticks(t).Time()
	if local.Before(time.Date(2014, time.October, 26, 2, 0, 0, 0, time.UTC)) {
		return local.Add(-4 * time.Hour)
	}
	return local.Add(-3 * time.Hour)
}

// UnmarshalJSON reads a number, or the text of one; null leaves zero.
func (t *MoscowTicks) UnmarshalJSON(raw []byte) error {
	n, err := wholeNumber(raw)
	*t = MoscowTicks(n)
	return err
}

// wholeNumber never goes through a float: ticks have more digits than one holds.
func wholeNumber(raw []byte) (int64, error) {
	raw = bytes.TrimSpace(raw)
	if bytes.Equal(raw, []byte("null")) || bytes.Equal(raw, []byte(`""`)) {
		return 0, nil
	}
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, err
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number of ticks", text)
	}
	return n, nil
}

// Timestamp is a moment inside a structure. A computed DateTime that some answers put beside the ticks is
// ignored.
type Timestamp struct {
	Ticks Ticks
}

// Time is the moment in UTC; the zero time when it is not set.
func (t Timestamp) Time() time.Time { return t.Ticks.Time() }

// TimestampOf is the moment t.
func TimestampOf(t time.Time) Timestamp { return Timestamp{TicksOf(t)} }

// Forms of dates and times in texts: metadata, filters by document date.
const (
	DateLayout  = "02.01.2006"
	ClockLayout = "15:04"
)
