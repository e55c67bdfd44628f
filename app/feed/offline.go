package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/app/docflow"
	"konturbridge/app/inbox"
	"konturbridge/app/lane"
	"konturbridge/app/portal"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// OfflineRow makes the row that reads a portal's offline queue, for ever.
func OfflineRow(id portal.ID) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: inbox.KindOffline, Kind: inbox.KindOffline}
}

// OfflineDeps of the offline worker.
type OfflineDeps struct {
	Bitrix func(ctx context.Context, id portal.ID) (*bitrix.Client, error)
	Write  func(ctx context.Context, lease lane.Lease, writes ...lane.Write) error
	// Cards reads what was seen of up to 50 cards of a type.
	Cards  func(ctx context.Context, id portal.ID, entityType int, items []int64) (map[int64]portal.Card, error)
	Active func(id portal.ID) bool
	// Repair is asked to bind events of the portal whose binding is missing. Nil: nothing is checked.
	Repair   func(ctx context.Context, id portal.ID) error
	Interval time.Duration
	Settle   time.Duration // see inbox.Settle
	Now      func() time.Time
	Log      *slog.Logger
}

// Offline reads what happened in a portal while nobody listened. What also came online is looked at once.
type Offline struct {
	OfflineDeps
	mu      sync.Mutex
	portals map[portal.ID]*offlineState
}

// offlineState is what this process knows of a portal's queue.
type offlineState struct {
	known     bool // the rest was asked for, and reservations that were left behind were read again
	confirms  bool // the portal's plan lets reads be confirmed
	connector bool // and has a queue of the bridge's own name, which its own changes stay out of
	audited   time.Time
	noticed   time.Time // when a notice was last answered
}

// NewOffline returns an Offline worker.
func NewOffline(d OfflineDeps) *Offline {
	return &Offline{OfflineDeps: d, portals: map[portal.ID]*offlineState{}}
}

// Work implements lane.Worker. With confirmation: reserve, store, confirm; a reservation that was left
// unconfirmed is found again by its process id. Without: the portal deletes what it hands out, so it is
// stored in the same breath; what a crash right then loses, the next sweep finds.
func (o *Offline) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	id := portal.ID(row.Lane)
	if !o.Active(id) {
		return lane.Result{Note: "the portal is not active any more"}, nil
	}
	read := &reading{Offline: o, ctx: ctx, id: id, row: row, state: o.state(id)}
	notice := row.Kind == inbox.KindNotice
	if next := read.state.noticed.Add(o.pause()); notice && o.Now().Before(next) {
		return lane.Result{Verdict: lane.Again, At: next}, nil
	}
	rows, more, err := read.all()
	if errors.Is(err, lane.ErrLeaseLost) || errors.Is(err, lane.ErrStoreDown) || ctx.Err() != nil {
		return lane.Result{}, err
	}
	if err != nil {
		o.Log.Warn("the offline queue cannot be read", "portal", row.Lane, "error", err)
	}
	switch {
	case err == nil && more:
		return lane.Result{Verdict: lane.Again, At: o.Now()}, nil
	case err == nil && notice && rows > 0: // what came within a second of the first is not told by a notice of its own
		read.state.noticed = o.Now()
		return lane.Result{Verdict: lane.Again, At: o.Now().Add(o.pause())}, nil
	case notice: // it is done, or the row that reads for ever takes over
		read.state.noticed = o.Now()
		return lane.Result{Writes: []lane.Write{inbox.Forget{Row: row.ID}}}, nil
	}
	at, note := o.Now().Add(o.Interval), ""
	if err != nil {
		note = err.Error()
		if until := upstream.RetryAt(err); until.After(at) {
			at = until
		}
	}
	return lane.Result{Verdict: lane.Again, At: at, Note: note}, nil
}

// noticePause is the least time between two readings for the sake of notices. A busy portal sends one every
// second; most of what they tell comes online, too, and its budget of requests is needed for other things.
const noticePause = 10 * time.Second

func (o *Offline) pause() time.Duration { return min(noticePause, o.Interval) }

func (o *Offline) state(id portal.ID) *offlineState {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.portals[id]
	if s == nil {
		s = &offlineState{}
		o.portals[id] = s
	}
	return s
}

// reading is one reading of a portal's queues. Rows of one part never run side by side, so its state has no
// other user.
type reading struct {
	*Offline
	ctx   context.Context
	id    portal.ID
	row   lane.Row
	state *offlineState
	b24   *bitrix.Client
}

// all reads a page of each queue: the application's, and that of the bridge's own connector.
func (r *reading) all() (rows int, more bool, err error) {
	if r.b24, err = r.Bitrix(r.ctx, r.id); err != nil {
		return 0, false, err
	}
	if !r.state.known {
		if err := r.learn(); err != nil {
			return 0, false, err
		}
	}
	if err := r.audit(); err != nil {
		return 0, false, err
	}
	for _, connector := range r.queues() {
		n, err := r.page(connector)
		if err != nil {
			r.state.known = false // what was handed out and is not stored is looked for before anything else
			return rows, false, err
		}
		rows, more = rows+n, more || n >= offlinePage
	}
	return rows, more, nil
}

// offlinePage is how many rows one reading gives at most; fewer are all that there were.
// doc: api-reference/events/event-offline-get.md
const offlinePage = 50

// queues names the queues by their connectors. Bindings of the time before the plan knew names have none.
func (r *reading) queues() []string {
	if r.state.connector {
		return []string{"", portal.Connector}
	}
	return []string{""}
}

// learn asks what the portal's plan offers and reads again what was reserved and not confirmed.
func (r *reading) learn() (err error) {
	if r.state.confirms, err = r.b24.Feature(r.ctx, bitrix.FeatureOfflineExtended); err != nil {
		return err
	}
	if r.state.connector, err = r.b24.Feature(r.ctx, bitrix.FeatureAuthConnector); err != nil {
		return err
	}
	if r.state.confirms {
		for _, connector := range r.queues() {
			if err := r.recover(connector); err != nil {
				return err
			}
		}
	}
	r.state.known = true
	return nil
}

// auditEvery is the pause between two sweeps of a portal, and between two looks at its bindings.
const auditEvery = time.Hour

// audit has the portal swept after a start and every hour, and its bindings put in order when somebody
// deleted one: nothing may depend on the queue alone.
func (r *reading) audit() error {
	if r.Repair == nil || r.Now().Sub(r.state.audited) < auditEvery {
		return nil
	}
	bound, err := r.b24.EventGet(r.ctx)
	if err != nil {
		return err
	}
	why := "hourly"
	if r.state.audited.IsZero() {
		why = "start"
	}
	connector, err := r.b24.Feature(r.ctx, bitrix.FeatureAuthConnector)
	if err != nil {
		return err
	}
	if portal.MissesEvents(bound) || connector != r.state.connector {
		if err := r.Repair(r.ctx, r.id); err != nil {
			return err
		}
	}
	if err := r.Write(r.ctx, r.row.Lease, inbox.Look{Row: inbox.SweepRow(r.row.Lane, why)}); err != nil {
		return err
	}
	r.state.audited, r.state.connector = r.Now(), connector
	return nil
}

// page reads and stores one page of a queue.
func (r *reading) page(connector string) (n int, err error) {
	batch, err := r.b24.OfflineGet(r.ctx, bitrix.OfflineQuery{Delete: !r.state.confirms, AuthConnector: connector})
	if err != nil {
		if !r.state.confirms && upstream.MaybeDone(err) { // deleted with its answer: only a sweep finds it
			err = errors.Join(err, r.Write(r.ctx, r.row.Lease, inbox.Look{Row: inbox.SweepRow(r.row.Lane, "lost answer")}))
		}
		return 0, err
	}
	return len(batch.Events), r.take(batch, r.state.confirms)
}

// recover reads reservations again that were not confirmed.
func (r *reading) recover(connector string) error {
	var left []string
	for e, err := range r.b24.OfflineEvents(r.ctx, connector, bitrix.ScanOptions{Filter: map[string]any{"!PROCESS_ID": ""}}) {
		if err != nil {
			return err
		}
		if process := string(e.ProcessID); process != "" && !slices.Contains(left, process) {
			left = append(left, process)
		}
	}
	for _, process := range left {
		batch, err := r.b24.OfflineGet(r.ctx, bitrix.OfflineQuery{ProcessID: process, AuthConnector: connector})
		if err != nil {
			return err
		}
		if batch.ProcessID == "" {
			batch.ProcessID = process
		}
		if err := r.take(batch, true); err != nil {
			return err
		}
	}
	return nil
}

// take stores the events as work and then confirms them.
func (r *reading) take(batch bitrix.OfflineBatch, confirm bool) error {
	if len(batch.Events) == 0 {
		return nil
	}
	happened, blind := r.happened(batch.Events)
	seen, err := r.seen(happened)
	if err != nil {
		return err
	}
	var writes []lane.Write
	for _, e := range happened {
		if e.older(seen[e.Card]) {
			continue
		}
		look, err := inbox.EventRow(r.row.Lane, e.Happened, r.Now(), r.Settle)
		if err != nil {
			return err
		}
		writes = append(writes, inbox.Look{Row: look})
	}
	if blind {
		writes = append(writes, inbox.Look{Row: inbox.SweepRow(r.row.Lane, "no data")})
	}
	if len(writes) > 0 {
		if err := r.Write(r.ctx, r.row.Lease, writes...); err != nil {
			return err
		}
	}
	if !confirm || batch.ProcessID == "" {
		return nil
	}
	if err := r.b24.OfflineClear(r.ctx, batch.ProcessID); err != nil {
		return fmt.Errorf("confirm the offline events: %w", err)
	}
	return nil
}

// queued is an event of the queue.
type queued struct {
	inbox.Happened
	at time.Time // by the portal's clock, in whole seconds; zero: it is told in a way of its own
}

// happened reads the rows. A row that tells no card, as the samples of the page do, says all the same that
// something changed: then blind is true, and a sweep finds out what.
func (r *reading) happened(rows []bitrix.OfflineEvent) (all []queued, blind bool) {
	for _, row := range rows {
		subject, err := row.Subject()
		h, ok := inbox.HappenedTo(strings.ToUpper(row.Name), subject, r.Now())
		if err != nil || !ok {
			blind = blind || portal.TellsOfCards(row.Name)
			continue
		}
		at, err := time.Parse(time.RFC3339, string(row.Timestamp))
		if err != nil { // regional text on some portals, without a zone
			at = time.Time{}
		}
		all = append(all, queued{h, at})
	}
	return all, blind
}

// older reports whether the card was looked at after the event: it came online, too, and is answered. A
// deletion is always looked for.
func (q queued) older(seen portal.Card) bool {
	return !q.at.IsZero() && !seen.Looked.IsZero() && !seen.Gone && !strings.Contains(q.Event, "DELETE") &&
		!q.at.Add(time.Second).After(seen.Looked)
}

// seen reads what was seen of the events' cards.
func (r *reading) seen(all []queued) (map[docflow.Card]portal.Card, error) {
	byType := map[int][]int64{}
	for _, q := range all {
		byType[q.Card.EntityType] = append(byType[q.Card.EntityType], q.Card.ID)
	}
	seen := map[docflow.Card]portal.Card{}
	for kind, ids := range byType {
		for len(ids) > 0 {
			n := min(len(ids), offlinePage)
			cards, err := r.Cards(r.ctx, r.id, kind, ids[:n])
			if err != nil {
				return nil, err
			}
			for _, c := range cards {
				seen[c.Card] = c
			}
			ids = ids[n:]
		}
	}
	return seen, nil
}
