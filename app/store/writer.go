package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"konturbridge/app/lane"
)

// Sizes of a group commit. They bound the time that one transaction takes, nothing waits for them.
const (
	queueLen     = 4096
	maxAccepts   = 512
	maxOthers    = 512
	commitWithin = 20 * time.Second
)

// op is one unit of a group commit: an accept, or anything else that writes.
type op struct {
	accept *Accept
	run    func(*tx) error
	ended  *ended // what run does, when it does no more than end a row
	writes []lane.Write
	done   func(error)
	err    error
}

// writer commits together what arrived while the last commit ran. There is no timer: an op that comes
// to an idle writer is committed at once.
type writer struct {
	s       *Store
	accepts chan *op
	others  chan *op
	quit    chan struct{}
	ended   chan struct{}
	stopped sync.WaitGroup
	fault   atomic.Pointer[error]
	observe func(Commit)
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	unsure  bool // a commit was not answered: what it stored, the scheduler was not told
}

func newWriter(s *Store, observe func(Commit)) *writer {
	w := &writer{s: s, accepts: make(chan *op, queueLen), others: make(chan *op, queueLen),
		quit: make(chan struct{}), ended: make(chan struct{}), observe: observe}
	w.stopped.Go(w.loop)
	return w
}

// broken is the fault that took readiness away for good, if any.
func (w *writer) broken() error {
	if p := w.fault.Load(); p != nil {
		return *p
	}
	return nil
}

func (w *writer) stop() {
	close(w.quit)
	w.stopped.Wait()
}

func (w *writer) loop() {
	defer close(w.ended)
	defer w.dropConn()
	var group []*op
	for {
		group = group[:0]
		select {
		case o := <-w.accepts:
			group = append(group, o)
		case o := <-w.others:
			group = append(group, o)
		case <-w.quit:
			if len(w.accepts) == 0 && len(w.others) == 0 {
				return
			}
		}
		group = w.gather(group)
		if len(group) > 0 {
			w.commit(group)
		}
	}
}

// gather takes what is already waiting. It lets handlers that are ready to run hand in what they hold,
// as long as that makes the group grow: on a machine with few cores the commit itself would keep them
// from it. It never waits for anything that is not running.
func (w *writer) gather(group []*op) []*op {
	for {
		before := len(group)
		group = drain(group, w.accepts, maxAccepts)
		group = drain(group, w.others, maxOthers)
		if len(group) == before || len(group) >= maxAccepts {
			return group
		}
		runtime.Gosched()
	}
}

func drain(group []*op, from chan *op, limit int) []*op {
	for n := 0; n < limit; n++ {
		select {
		case o := <-from:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// commit stores the group in one transaction. When one op is refused, each is tried by itself, so that
// it fails alone.
func (w *writer) commit(group []*op) {
	started := time.Now()
	accepts := 0
	for _, o := range group {
		if o.accept != nil {
			accepts++
		}
	}
	t, err := w.transact(group)
	for try := 0; try < 3 && collided(err); try++ { // with another node: one of the two had to give way
		t, err = w.transact(group)
	}
	if err != nil && len(group) > 1 && !errors.Is(err, lane.ErrStoreDown) {
		for _, o := range group {
			t, err := w.transact([]*op{o})
			w.answer([]*op{o}, t, err)
		}
		w.observe(Commit{Accepts: accepts, Others: len(group) - accepts, Took: time.Since(started)})
		return
	}
	w.observe(Commit{Accepts: accepts, Others: len(group) - accepts, Took: time.Since(started), Err: err})
	w.answer(group, t, err)
}

// answer tells the scheduler of new rows, then everybody of their outcome, and then the scheduler of what
// was changed past it: an outcome that it has not taken in yet would pass for newer than that change.
func (w *writer) answer(group []*op, t *tx, err error) {
	if err == nil && !w.unsure { // else all is read again, and in order with what that commit stored
		pushed := slices.DeleteFunc(t.pushed, func(r lane.Row) bool { return slices.Contains(t.reread, r.Lane) })
		if len(pushed) > 0 {
			w.s.scheduler().Push(pushed)
		}
	}
	if err == nil {
		for _, c := range t.covers {
			w.s.scheduler().Ended(c.lane, c.ids)
		}
	}
	for _, o := range group {
		if err != nil {
			o.done(err)
		} else {
			o.done(o.err)
		}
	}
	if err == nil {
		w.reread(t)
	}
}

// reread lets the scheduler read again what was changed past it.
func (w *writer) reread(t *tx) {
	for _, name := range t.reread {
		w.s.scheduler().Foreign(name)
	}
	if w.unsure {
		w.unsure = false
		w.s.scheduler().Foreign("")
	}
}

// transact runs the group in one transaction, which is returned when it was committed.
func (w *writer) transact(group []*op) (*tx, error) {
	if err := w.broken(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitWithin)
	defer cancel()
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	t := &tx{ctx: ctx, s: w.s, w: w, now: w.s.now(), told: map[string]bool{}, fences: map[string]int64{}}
	begin := "BEGIN IMMEDIATE"
	if w.s.d.postgres {
		begin = "BEGIN"
	}
	if _, err := w.conn.ExecContext(ctx, begin); err != nil {
		w.dropConn()
		return nil, down(err)
	}
	if err := t.runAll(group); err != nil {
		if _, rollback := w.conn.ExecContext(ctx, "ROLLBACK"); rollback != nil || ctx.Err() != nil {
			w.dropConn()
			return nil, down(err)
		}
		if !refused(err) {
			return nil, down(err)
		}
		return nil, err
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		w.dropConn()
		w.unsure = true
		return nil, w.commitFailed(err)
	}
	return t, nil
}

// commitFailed judges a failed commit. An embedded database whose fsync failed may have lost pages that
// it believes to be written: no second attempt is taken as a repair, the process must be restarted.
func (w *writer) commitFailed(err error) error {
	failure := down(fmt.Errorf("commit failed: %w", err))
	if !w.s.d.postgres {
		w.fault.Store(&failure)
		w.s.log.Error("the database failed to commit; nothing more is accepted until a restart", "error", err)
	}
	return failure
}

func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.s.write.Conn(ctx)
	if err != nil {
		return down(err)
	}
	w.conn, w.stmts = conn, map[string]*sql.Stmt{}
	return nil
}

// dropConn gives the connection up; after a failure database/sql opens a new one.
func (w *writer) dropConn() {
	if w.conn == nil {
		return
	}
	for _, st := range w.stmts {
		_ = st.Close()
	}
	// A connection in an unknown state must not return to the pool.
	_ = w.conn.Raw(func(any) error { return errDiscard })
	_ = w.conn.Close()
	w.conn, w.stmts = nil, nil
}

// submit hands in an accept; it fails when the queue is full.
func (w *writer) submit(o *op) error {
	select {
	case <-w.ended:
		return errClosed
	default:
	}
	select {
	case w.accepts <- o:
		return nil
	default:
		return ErrBusy
	}
}

// hand gives the writer an op that must not be dropped, without waiting for its commit.
func (w *writer) hand(o *op) {
	select {
	case <-w.ended: // checked first: a queue that nobody reads has room, too
		go o.done(errClosed)
		return
	default:
		select {
		case w.others <- o:
			return
		default:
		}
	}
	go func() {
		select {
		case w.others <- o:
		case <-w.ended:
			o.done(errClosed)
		}
	}()
}

// do hands in an op that must not be dropped and waits for its commit. writes are what run applies.
func (w *writer) do(ctx context.Context, run func(*tx) error, writes ...lane.Write) error {
	result := make(chan error, 1)
	o := &op{run: run, writes: writes, done: func(err error) { result <- err }}
	select {
	case w.others <- o:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
		return errClosed
	}
	return w.await(ctx, result)
}

// await gives an op's outcome. When ctx ends first the op may still be committed: its author starts from
// what is stored.
func (w *writer) await(ctx context.Context, result <-chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
	}
	select {
	case err := <-result: // it was answered at last
		return err
	default:
		return errClosed
	}
}
