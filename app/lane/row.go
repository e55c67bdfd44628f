package lane

import (
	"context"
	"errors"
	"time"
)

// ErrLeaseLost is returned for a write under a lease that another node has taken over.
var ErrLeaseLost = errors.New("the lane's lease was lost")

// Row is one piece of work.
type Row struct {
	ID       int64
	Lane     string // portal or feed: the unit that a node leases
	Part     string // card: the unit of order
	Key      string // docflow, when known: rows with one key never pass each other
	Kind     string // what handles it: robot, event, hook, effects, news, …
	Code     string // action or event name within the kind
	Body     []byte // arguments, without any plain token
	Received time.Time
	RunAt    time.Time
	Aside    bool // waits for RunAt without holding its part
	Tries    int  // failed tries so far
	Lease    Lease
}

// due reports whether the row may run now. What was to run at once when it came runs whatever the clock
// says: the clock of another node, or of this one after a step back, may be behind the one that wrote it.
func (r *Row) due(now time.Time) bool {
	return !r.RunAt.After(now) || !r.RunAt.After(r.Received)
}

// NewRow is a row that is about to be stored.
type NewRow struct {
	Lane, Part, Key, Kind, Code string
	Body                        []byte
	RunAt                       time.Time // zero: now
	Aside                       bool      // until then the rows behind it may run
}

// Likeness is what makes two unstarted rows interchangeable when both only tell to look at a card.
type Likeness struct{ Lane, Part, Kind, Code string }

// Like gives the row's likeness.
func (n NewRow) Like() Likeness { return Likeness{n.Lane, n.Part, n.Kind, n.Code} }

// LaneWrite marks NewRow as a write that may be committed with an outcome: work that causes work.
func (NewRow) LaneWrite() {}

// Lease is the right to work a lane. The fence grows with every claim.
type Lease struct {
	Lane  string
	Fence int64
}

// Rest is what a lane that is given back leaves behind. The store compares it with the table: when
// another process changed the lane's rows and its word of it has not arrived yet, the lane is due at once.
type Rest struct {
	Due time.Time // of the earliest row; zero: none
	Sum int64     // of the rows that the holder knows, see [RestSum]
}

// RestFactor makes the sum of a [Rest]: every unfinished row counts RestFactor plus the milliseconds of
// its run time modulo RestFactor, so that rows that came, went or were moved in time all show.
const RestFactor = 1_000_000_007

// Write is a change that is committed in one transaction with a row's outcome, or by itself in the
// middle of a row's work. The store knows every type that implements it.
type Write interface{ LaneWrite() }

// Verdict is how a row's work ended.
type Verdict int

// The verdicts; doc.go tells what each means.
const (
	Done Verdict = iota
	Again
	Backoff
	Aside
	Dead
)

// String names the verdict for logs, metrics and the journal.
func (v Verdict) String() string {
	return [...]string{"done", "again", "backoff", "aside", "dead"}[v]
}

// Result is the outcome of one run of a row.
type Result struct {
	Verdict Verdict
	At      time.Time // of the next run, for Again, Backoff and Aside
	Note    string    // for the journal, in words, without secrets
	Key     string    // set with Aside: the docflow whose later rows must wait too
	Writes  []Write   // committed with the outcome or not at all
	// Trace is what the run leaves in the journal: committed with the outcome, whatever that is, also beside
	// an error. Nil: nothing.
	Trace Write
}

// Worker works one row. An error is judged by its class (see [Judge]), and of the Result beside it only the
// Trace is taken; a Result with a nil error is taken as it is. The same row may be run again after a crash: a
// worker starts from what is stored.
type Worker interface {
	Work(ctx context.Context, row Row) (Result, error)
}

// Store is what the scheduler needs of the database.
type Store interface {
	// Claim leases up to max lanes that are due and that nobody holds.
	Claim(ctx context.Context, node string, lease time.Duration, max int) ([]Lease, error)
	// Renew prolongs the leases and reports those that were lost.
	Renew(ctx context.Context, node string, lease time.Duration, held []Lease) (lost []Lease, err error)
	// Load returns unfinished rows of a lane with an id above after, in id order.
	Load(ctx context.Context, lane string, after int64, limit int) ([]Row, error)
	// Finish commits a row's outcome with its writes under its lease; done is told once, never
	// before the commit, from another goroutine. An outcome that is sent again because its first
	// commit was not answered is applied once: the row's next run time tells.
	Finish(row Row, result Result, tries int, done func(error))
	// Release gives a lane back. idle is asked at the moment of writing, with all earlier writes of
	// this process committed or in the same transaction; it is asked again when that transaction is
	// tried again. When it reports false, or is not asked, the lane stays held. done is told once.
	Release(lease Lease, idle func() (rest Rest, ok bool), done func(error))
}
