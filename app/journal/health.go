package journal

import "time"

// Connection is how a connection of a portal is.
type Connection struct {
	Name    string
	Kind    string // realty, diadoc
	Default bool
	State   string // "", refused, again
	Note    string
	Since   time.Time // when it came to that state; zero: not known
	Moved   time.Time // when something new was read; zero: never
	Read    time.Time // when it was last read to an end, well or not; zero: never
	Next    time.Time
	// Failing is since when every read fails, with the latest words; zero: the last one went well.
	Failing time.Time
	Words   string
	Reads   bool // whether a row of work follows it
	// Lag is for how long it had not been read, in minutes, every quarter of an hour of the last day.
	Lag []Point
}

// Backlog is a portal's work that has not ended.
type Backlog struct {
	Waiting int       // due by now
	Later   int       // waits for its time
	Dead    int       // failed and not tried again
	Oldest  time.Time // the oldest that is due; zero: none
	Capped  bool      // there are more than were counted
}

// Point is a value of a minute.
type Point struct {
	At    time.Time
	Value float64
}
