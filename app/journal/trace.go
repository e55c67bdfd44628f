package journal

import "time"

// MaxCalls is how many calls of one run are kept; the rest is counted.
const MaxCalls = 100

// Call is one call of an upstream. It holds no address, body or credential.
type Call struct {
	Job     int64
	Run     time.Time // when its run began
	Docflow string    // "" when the run's outcome named none
	System  string    // bitrix, oauth, realty, diadoc, …
	Op      string
	Began   time.Time
	Took    time.Duration
	Status  int    // of HTTP; 0 when no answer came
	Class   string // "" for a good answer; retry, wait, relogin, refused, broken
	Packed  int    // calls that shared its request
	Words   string // the failure
}

// Failed reports whether the answer was no good.
func (c Call) Failed() bool { return c.Class != "" }

// Trace is what a run leaves behind, whatever its outcome.
type Trace struct {
	Began time.Time
	Calls []Call
	More  int  // calls that were not kept
	Error bool // the run ended with an error
}

// LaneWrite marks the write.
func (Trace) LaneWrite() {}

// Failed reports whether the run failed, or a call of it that did not succeed later on.
func (t Trace) Failed() bool {
	type operation struct{ system, op string }
	last := map[operation]bool{}
	for _, c := range t.Calls {
		last[operation{c.System, c.Op}] = c.Failed()
	}
	for _, failed := range last {
		if failed {
			return true
		}
	}
	return t.Error
}

// Run is one run of a row, or several in a row that ended alike.
type Run struct {
	Began   time.Time
	Ended   time.Time // of the last one
	Verdict string    // done, again, backoff, aside, dead
	Failed  bool
	Times   int
	Note    string
	More    int // calls that were not kept
}

// Act is what a person did to a row.
type Act struct {
	At   time.Time
	Act  string // retry, cancel
	User int64  // of the portal; 0: the operator, by a command
}
