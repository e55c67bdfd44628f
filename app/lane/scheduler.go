package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Config tunes a Scheduler; zero fields take the defaults named beside them.
type Config struct {
	Node     string        // names this process among the holders: unlike any other's, its own earlier runs included; required
	Workers  int           // rows worked at once; 64
	PerLane  int           // of them at most for one lane, the last quarter for kinds that have few; three quarters of Workers
	Parked   int           // rows that wait without a worker at most, a quarter of them for one lane; 64 times Workers
	Page     int           // rows of one lane read and kept in memory at once; 1000
	Lanes    int           // lanes held at most; 2000
	Lease    time.Duration // 15 s
	Renew    time.Duration // 5 s
	Idle     time.Duration // how long a lane without due work is kept; 3 s
	Sweep    time.Duration // the slow look for what no wake-up told of; 2 s
	Schedule Schedule
	Log      *slog.Logger
	Now      func() time.Time
	Observe  func(Run) // told of every finished run; must not block
}

// Run describes one finished run of a row for logs and metrics.
type Run struct {
	Row      Row
	Verdict  Verdict
	Note     string
	Took     time.Duration // working
	Waited   time.Duration // from the moment it was due until it started
	Failed   error
	Canceled bool
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if c.Workers == 0 {
		c.Workers = 64
	}
	if c.PerLane == 0 {
		c.PerLane = max(1, c.Workers*3/4)
	}
	if c.Parked == 0 {
		c.Parked = 64 * c.Workers
	}
	if c.Page == 0 {
		c.Page = 1000
	}
	if c.Lanes == 0 {
		c.Lanes = 2000
	}
	set(&c.Lease, 15*time.Second)
	set(&c.Renew, c.Lease/3)
	set(&c.Idle, 3*time.Second)
	set(&c.Sweep, 2*time.Second)
	if c.Schedule.Retry == nil {
		c.Schedule = DefaultSchedule()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Observe == nil {
		c.Observe = func(Run) {}
	}
	return c
}

// Scheduler works the rows of the lanes that this node holds.
type Scheduler struct {
	cfg    Config
	store  Store
	worker Worker

	mu      sync.Mutex
	cond    *sync.Cond // workers wait here for a ready row
	queues  map[string]*queue
	ring    []*queue // lanes with ready parts, for round-robin
	timers  timers
	crowded int             // length of timers at which the stale ones are thrown out
	loops   int             // workers, with those that stay with parked rows
	parked  int             // rows of all lanes that need no worker now, see [Park]
	stopped bool            // nothing new is started
	ended   bool            // Run has returned
	runs    context.Context // of all runs

	wake    chan struct{} // the timer loop looks again
	claim   chan struct{} // the lease loop looks for lanes now
	loads   sync.WaitGroup
	workers sync.WaitGroup
}

// New returns a scheduler; Run starts it.
func New(cfg Config, store Store, worker Worker) *Scheduler {
	s := &Scheduler{cfg: cfg.withDefaults(), store: store, worker: worker, queues: map[string]*queue{},
		runs: context.Background(), wake: make(chan struct{}, 1), claim: make(chan struct{}, 1)}
	s.cond = sync.NewCond(&s.mu)
	return s
}

// Run works until ctx ends, then lets what runs finish or be given back for at most grace, commits its
// outcomes and gives the lanes back.
func (s *Scheduler) Run(ctx context.Context, grace time.Duration) error {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var loops sync.WaitGroup
	s.mu.Lock()
	s.runs = work
	for range s.cfg.Workers {
		s.spawn()
	}
	s.mu.Unlock()
	loops.Go(func() { s.timerLoop(ctx) })
	loops.Go(func() { s.leaseLoop(ctx) })
	<-ctx.Done()
	s.mu.Lock()
	s.stopped = true
	s.cond.Broadcast()
	s.mu.Unlock()
	timer := time.AfterFunc(grace, func() { cancel(errShutdown) })
	s.workers.Wait()
	timer.Stop()
	loops.Wait()
	s.loads.Wait()
	s.releaseAll()
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	return nil
}

var errShutdown = errors.New("the process is stopping")

// Push tells of rows that this process has just stored. Rows of a lane that it does not hold wake the
// claim; the rest is worked without another look at the table.
func (s *Scheduler) Push(rows []Row) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		q := s.queues[row.Lane]
		switch {
		case q == nil || q.leaving:
			s.nudge()
		case q.loading: // it is in the table and will be read in its turn
			if q.missed == 0 || row.ID < q.missed {
				q.missed = row.ID
			}
		case row.ID > q.loaded && (q.more || q.live >= 2*s.cfg.Page):
			q.more = true // it, too, will be read in its turn
			s.refill(q)
		default:
			q.add(row, now)
			s.offer(q)
		}
	}
}

// Holds reports whether this node works the lane now.
func (s *Scheduler) Holds(lane string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[lane]
	return q != nil && !q.leaving
}

// Pending reports whether an unstarted row of the same part, kind and code waits in memory.
func (s *Scheduler) Pending(like NewRow) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[like.Lane]
	return q != nil && !q.leaving && q.pending(like)
}

// Ended tells that the outcome of a row, which is about to be told too, has ended others of its part. No
// row like them may be taken for one that waits from now on.
func (s *Scheduler) Ended(lane string, ids []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[lane]; q != nil {
		q.ended(ids, s.cfg.Now())
	}
}

// Foreign tells that another process changed a lane's rows ("" means any lane).
func (s *Scheduler) Foreign(lane string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nudge()
	for name, q := range s.queues {
		if lane == "" || name == lane {
			s.load(q, 0)
		}
	}
}

// Waiting counts what is in memory, for metrics; running counts the parked rows, too.
func (s *Scheduler) Waiting() (lanes, rows, running int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		rows += len(q.items)
		running += q.running()
	}
	return len(s.queues), rows, running
}

// Parked counts the rows that wait without a worker, for metrics.
func (s *Scheduler) Parked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parked
}

func (s *Scheduler) nudge() {
	select {
	case s.claim <- struct{}{}:
	default:
	}
}

// offer puts q into the ring when a worker could take something of it. The caller holds mu.
func (s *Scheduler) offer(q *queue) {
	if q.offered || q.leaving || len(q.ready) == 0 || q.working.all >= s.cfg.PerLane {
		return
	}
	q.offered = true
	s.ring = append(s.ring, q)
	s.cond.Signal()
}

// next blocks until a row may run or the scheduler stops. Lanes take turns, row by row.
func (s *Scheduler) next() (*queue, Row, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.stopped || s.surplus() {
			return nil, Row{}, false
		}
		for len(s.ring) > 0 {
			q := s.ring[0]
			s.ring[0] = nil
			s.ring = s.ring[1:]
			q.offered = false
			if s.queues[q.lease.Lane] != q || q.leaving || q.working.all >= s.cfg.PerLane {
				continue
			}
			row, ok := q.take(s.cfg.Now())
			s.offer(q)
			if ok {
				return q, row, true
			}
			s.refill(q)
		}
		s.cond.Wait()
	}
}

func (s *Scheduler) workLoop() {
	for {
		q, row, ok := s.next()
		if !ok {
			return
		}
		s.runOne(q, row)
	}
}

func (s *Scheduler) runOne(q *queue, row Row) {
	started := s.cfg.Now()
	sl := &slot{s: s, q: q, kind: row.Kind, job: row.ID}
	ctx := context.WithValue(q.ctx, slotKey{}, sl)
	result, err := s.work(ctx, row)
	s.leave(sl)
	now := s.cfg.Now()
	run := Run{Row: row, Took: now.Sub(started), Waited: started.Sub(row.RunAt), Failed: err}
	if err != nil && (errors.Is(err, ErrLeaseLost) || context.Cause(ctx) != nil) {
		run.Canceled = true
		s.cfg.Observe(run)
		if errors.Is(err, ErrLeaseLost) {
			s.forget(row.Lease)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if q := s.holding(row.Lease); q != nil {
			q.giveBack(row.ID, now)
		}
		return
	}
	tries := 0
	if err != nil {
		trace := result.Trace
		result, tries = s.cfg.Schedule.Judge(err, row.Tries, now)
		result.Trace = trace
	}
	if result.At.UnixMilli() == row.RunAt.UnixMilli() {
		result.At = result.At.Add(time.Millisecond) // an outcome moves the row: see Store.Finish
	}
	run.Verdict, run.Note = result.Verdict, result.Note
	s.cfg.Observe(run)
	s.commit(row, result, tries)
}

// work shields the scheduler from a panic in one row's work: that row is a bug of ours and is parked.
func (s *Scheduler) work(ctx context.Context, row Row) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
			s.cfg.Log.Error("work panicked", "kind", row.Kind, "code", row.Code, "job", row.ID, "panic", fmt.Sprint(p))
		}
	}()
	return s.worker.Work(ctx, row)
}

// commit writes the outcome and then lets the part go on. An outcome that cannot be written now is
// written again until it is, or until the lease is lost: the work was done and must not be repeated
// only because the database was away.
func (s *Scheduler) commit(row Row, result Result, tries int) {
	s.store.Finish(row, result, tries, func(err error) {
		switch {
		case err == nil:
			s.finished(row, result, tries)
		case errors.Is(err, ErrLeaseLost):
			s.forget(row.Lease)
		case result.Trace != nil && !errors.Is(err, ErrStoreDown): // no work is done twice for the journal's sake
			s.cfg.Log.Error("outcome refused; trying without its trace", "kind", row.Kind, "job", row.ID, "error", err)
			result.Trace = nil
			s.commit(row, result, tries)
		case len(result.Writes) > 0 && !errors.Is(err, ErrStoreDown):
			// The writes themselves were refused: the work is done again from what is stored.
			s.cfg.Log.Error("outcome refused", "kind", row.Kind, "code", row.Code, "job", row.ID, "error", err)
			again, tries := s.cfg.Schedule.Judge(retryable{err}, row.Tries, s.cfg.Now())
			s.commit(row, again, tries)
		default:
			time.AfterFunc(500*time.Millisecond, func() { s.recommit(row, result, tries) })
		}
	})
}

// recommit writes an outcome again, unless Run has returned: then the row is worked again by whoever
// comes next.
func (s *Scheduler) recommit(row Row, result Result, tries int) {
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	if !ended {
		s.commit(row, result, tries)
	}
}

func (s *Scheduler) finished(row Row, result Result, tries int) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.holding(row.Lease)
	if q == nil {
		return
	}
	q.finish(row.ID, result, tries, now)
	s.offer(q)
	s.refill(q)
}

// holding is the queue of a lease that is still the one we work under. The caller holds mu.
func (s *Scheduler) holding(lease Lease) *queue {
	if q := s.queues[lease.Lane]; q != nil && q.lease.Fence == lease.Fence {
		return q
	}
	return nil
}

func (s *Scheduler) forget(lease Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.holding(lease); q != nil {
		s.drop(q, ErrLeaseLost)
		s.cfg.Log.Warn("lane lost", "fence", lease.Fence)
	}
}

// drop ends the holding of a lane; what still runs of it is told why. The caller holds mu.
func (s *Scheduler) drop(q *queue, cause error) {
	delete(s.queues, q.lease.Lane)
	q.cancel(cause)
}
