package journal

import (
	"errors"
	"time"

	"konturbridge/app/docflow"
)

// ErrNotFound is returned for what does not exist, or belongs to another portal.
var ErrNotFound = errors.New("not found in the journal")

// Job is a row of work as people see it.
type Job struct {
	ID       int64     `json:"id"`
	Portal   string    `json:"lane"`
	Part     string    `json:"part"`
	Kind     string    `json:"kind"`
	Code     string    `json:"code"`
	State    string    `json:"state"` // waiting, done, dead, canceled
	Tries    int       `json:"tries"`
	Note     string    `json:"note,omitempty"`
	Received time.Time `json:"received"`
	RunAt    time.Time `json:"run_at"`
	Finished time.Time `json:"finished,omitzero"`

	Doc     docflow.ID `json:"-"`
	Cause   int64      `json:"-"` // the row whose work made it; 0: it arrived
	LastRun time.Time  `json:"-"` // zero: it has not ended a run yet
}

// States are the states of a job in the order of their numbers in the table.
func States() []string { return []string{"waiting", "done", "dead", "canceled"} }

// Query says which rows are looked for. Its zero fields ask for nothing.
type Query struct {
	Portal  string // required
	State   string // of [States]; "" any
	Service bool   // rows by which the bridge keeps itself going, too
	Card    docflow.Card
	Number  string // of a docflow: its id, the service's, the request's, a cadastral, document or duty number
	From    time.Time
	To      time.Time // not included
	Before  int64     // go on below this id
	Limit   int
}

// Page is a stretch of the journal, newest first.
type Page struct {
	Jobs []Job
	// Next is where to go on; 0 at the end. A page may hold fewer rows than asked for, or none, with more
	// behind it: one look reads a bounded stretch.
	Next int64
}

// Effect is a thing that had to happen in Bitrix24.
type Effect struct {
	ID       int64
	Docflow  docflow.ID
	Kind     string
	State    string // waiting, applied, failed
	Note     string
	Created  time.Time
	Finished time.Time
	Job      int64 // that ended it
}

// EffectStates are the states of an effect in the order of their numbers in the table.
func EffectStates() []string { return []string{"waiting", "applied", "failed"} }

// Docflow is a filing with all its states.
type Docflow struct {
	Record  docflow.Record // without its body
	History []docflow.HistoryEntry
	Jobs    []int64 // by the history's entries: the row that brought the state; 0: news
}

// Story is what became of a row. Lists are bounded; Cut reports whether one of them was.
type Story struct {
	Job      Job
	Call     Arrived
	Cause    *Job
	Made     []Job
	Runs     []Run
	Calls    []Call // of the row, and of those that applied its effects
	Acts     []Act
	Docflows []Docflow
	Effects  []Effect
	Cut      bool
}

// Arrived is what is told of a request's own words.
type Arrived struct {
	Workflow bool  // a business process waits for its answer
	User     int64 // who started it, when that was told
	Event    string
}
