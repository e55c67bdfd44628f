package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"konturbridge/app/lane"
	"konturbridge/bitrix"
	"konturbridge/internal/upstream"
)

// The kinds of the rows that [Setup] works: the setup after an installation, and the self-check that
// repeats it.
const (
	KindSetup = "setup"
	KindCheck = "setup-check"
)

// The codes of such rows that say why they were made; an installation's and the daily check's have none.
const (
	SetupSuccession = "succession" // another administrator or application does the work now
	setupSettings   = "settings"   // the settings name other smart processes
	SetupEvents     = "events"     // a binding is missing
	checkAsked      = "asked"      // by a person: it ends with its outcome
)

// KindErase is the kind of the rows that erase what a removed portal left behind.
const KindErase = "erase"

// WaitingNote is the note of work that waits because its portal needs reconnecting.
const WaitingNote = "waits until an administrator of the portal reconnects the application"

const (
	// CheckEvery is the pause between two self-checks of a portal.
	CheckEvery = 24 * time.Hour
	// ReviveEvery is the pause between two tries to go on with a portal that needs reconnecting.
	ReviveEvery = time.Hour
	// saveReport bounds the writes that tell what a setup did: they are made although it was cut off.
	saveReport = 10 * time.Second
)

// The parts of a portal's lane that setups and checks run in: a check of tomorrow must not hold back a setup
// of today. Setups of one portal take turns by themselves.
const (
	setupPart = "setup"
	checkPart = "setup-check"
)

// SetupRow makes the row of a setup that runs at once.
func SetupRow(id ID, why string) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: setupPart, Kind: KindSetup, Code: why}
}

// SettingsRow makes the row of a setup that follows new settings, of which there is one.
func SettingsRow(id ID, version int64) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: setupPart + "/" + itoa(version), Kind: KindSetup, Code: setupSettings}
}

// AskedCheckRow makes the row of a self-check that a person waits for: it ends, whatever it finds.
func AskedCheckRow(id ID) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: checkPart + "/" + checkAsked, Kind: KindCheck, Code: checkAsked}
}

func checkRow(id ID, at time.Time) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: checkPart, Kind: KindCheck, RunAt: at}
}

// Findings keeps what setups learn and write.
type Findings interface {
	// LearnApplication stores a portal's LICENSE_FAMILY and an application's scope and status.
	LearnApplication(ctx context.Context, id ID, family string, a Application) error
	Registered(ctx context.Context, id ID, clientID string) (Registered, error)
	SaveRegistered(ctx context.Context, id ID, clientID string, r Registered) error
	SaveCheck(ctx context.Context, id ID, r Report) error
}

// SetupDeps is what a Setup needs. Processes, Rebound, Tokens, Now and Log may be left out.
type SetupDeps struct {
	Portals *Directory
	Store   Findings
	// Client gives the client of one of a portal's applications; "" stands for the one at work.
	Client func(ctx context.Context, id ID, clientID string) (*bitrix.Client, error)
	// Processes lists the entityTypeIds of the smart processes that the portal's settings name.
	Processes func(ctx context.Context, id ID) ([]int, error)
	// Rebound is told when offline bindings had to be made: what happened without them is looked for.
	Rebound func(ctx context.Context, id ID) error
	// Tokens gives the tokens of one of the portal's applications; "" stands for the one at work.
	Tokens    func(id ID, clientID string) *Tokens
	Robots    []RobotSpec // the catalogue
	PublicURL string      // BRIDGE_PUBLIC_URL
	Memory    Memory
	// EchoFor is how long a check that a person asked for waits for a test event, which may come to any
	// node: every one of them has to see the Memory. Zero: none is sent.
	EchoFor time.Duration
	Now     func() time.Time
	Log     *slog.Logger
}

// Setup registers in a portal what the bridge needs there: automation rules, event handlers, fields, tabs
// and automation triggers, and repairs the difference later. It reads first and writes only what differs, so
// it may be cut off anywhere and run again at any time. What is not the bridge's own is never touched. It is
// a lane.Worker of the rows of KindSetup and KindCheck.
type Setup struct {
	deps  SetupDeps
	mu    sync.Mutex
	turns map[ID]chan struct{} // held by the setup that runs; its lane's lease keeps other nodes out
}

var _ lane.Worker = (*Setup)(nil)

// NewSetup returns a Setup.
func NewSetup(deps SetupDeps) *Setup {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	deps.PublicURL = strings.TrimRight(deps.PublicURL, "/")
	return &Setup{deps: deps, turns: map[ID]chan struct{}{}}
}

// turn waits for the portal's other setup to end, and gives what ends this one.
func (s *Setup) turn(ctx context.Context, id ID) (end func(), err error) {
	s.mu.Lock()
	turn := s.turns[id]
	if turn == nil {
		turn = make(chan struct{}, 1)
		s.turns[id] = turn
	}
	s.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Work implements lane.Worker. What a person must put in order ends a setup as dead, with the list for
// the journal; a self-check goes on checking.
func (s *Setup) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	id, asked := ID(row.Lane), row.Code == checkAsked
	end, err := s.turn(ctx, id)
	if err != nil {
		return lane.Result{}, err
	}
	defer end()
	if row.Kind == KindSetup || asked { // another process may have made it, and changed the portal with it
		if err := s.deps.Portals.Reload(ctx); err != nil {
			return lane.Result{}, err
		}
	}
	if row.Kind == KindCheck && s.deps.Tokens != nil {
		if err := s.deps.Tokens(id, "").Tend(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.LogAttrs(ctx, slog.LevelWarn, "the administrators' tokens cannot be looked after now",
				slog.String("portal", row.Lane), slog.String("error", err.Error()))
		}
	}
	p, ok := s.deps.Portals.Get(id)
	switch {
	case !ok || p.State == Removed:
		return lane.Result{Note: "the portal is not installed any more"}, nil
	case p.State == Paused && asked:
		return lane.Result{Note: p.Needs()}, nil
	case p.State == Paused && row.Kind == KindCheck:
		return lane.Result{Verdict: lane.Again, At: s.deps.Now().Add(ReviveEvery), Note: p.Needs()}, nil
	}
	why := setsUp
	switch {
	case asked:
		why = isAsked
	case row.Kind == KindCheck:
		why = checks
	}
	report, err := s.run(ctx, p, why)
	if ctx.Err() != nil {
		return lane.Result{}, errors.Join(err, ctx.Err())
	}
	switch {
	case asked && err != nil:
		report.Problems = append(report.Problems, err.Error())
	case asked && s.deps.EchoFor > 0:
		s.echo(ctx, p, &report)
	}
	if err == nil || asked || !passingFault(err) {
		s.save(ctx, id, report, err)
	}
	switch {
	case asked:
		return lane.Result{Note: report.String()}, nil
	case err != nil && row.Kind == KindCheck && !passingFault(err):
		return s.again(err.Error()), nil // a dead check would never look again
	case err != nil:
		return lane.Result{}, err
	case row.Kind == KindCheck:
		return s.again(report.String()), nil
	case len(report.Problems) > 0:
		return lane.Result{Verdict: lane.Dead, Note: report.String()}, nil
	default:
		return lane.Result{Note: report.String()}, nil
	}
}

// purpose is why a run is made.
type purpose int

const (
	setsUp  purpose = iota // all is written, and the installation may still be going on
	checks                 // what differs is written, as far as that is known
	isAsked                // all is written: somebody thinks that something is wrong
)

// passingFault reports whether the same setup may get through later.
func passingFault(err error) bool {
	class := upstream.ClassOf(err)
	return class == upstream.Retry || class == upstream.Wait
}

func (s *Setup) again(note string) lane.Result {
	return lane.Result{Verdict: lane.Again, At: s.deps.Now().Add(CheckEvery), Note: note}
}

// save keeps the report for whoever looks at the portal.
func (s *Setup) save(ctx context.Context, id ID, report Report, failed error) {
	if failed != nil && !slices.Contains(report.Problems, failed.Error()) {
		report.Problems = append(report.Problems, failed.Error())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveReport)
	defer cancel()
	if err := s.deps.Store.SaveCheck(ctx, id, report); err != nil {
		s.deps.Log.LogAttrs(ctx, slog.LevelWarn, "a self-check's report cannot be stored", slog.String("error", err.Error()))
	}
}

// Run does the setup now, and writes also what the portal does not show: the automation rules. What the
// portal refuses for good is among the report's problems; the error is for what may pass later, or for a
// portal that does not know the application any more.
func (s *Setup) Run(ctx context.Context, p Portal) (Report, error) { return s.run(ctx, p, setsUp) }

// Check is Run that writes only what differs, as far as that is known. A second one right after it writes
// nothing.
func (s *Setup) Check(ctx context.Context, p Portal) (Report, error) { return s.run(ctx, p, checks) }

func (s *Setup) run(ctx context.Context, p Portal, why purpose) (Report, error) {
	var (
		report *Report
		track  *tracker
		err    error
	)
	for range maxHeirs {
		report, track = &Report{At: s.deps.Now()}, newTracker(s.deps.Memory, s.deps.Log, p.ID)
		if err = s.all(ctx, p, why, report, track); !errors.Is(err, errSucceeded) {
			break
		}
		p, _ = s.deps.Portals.Get(p.ID)
	}
	switch {
	case err != nil:
		track.end(ctx, SetupAgain, []string{err.Error()})
	case len(report.Problems) > 0:
		track.end(ctx, SetupPartly, report.Problems)
	default:
		track.end(ctx, SetupDone, nil)
	}
	return *report, err
}

// all sets up the service application, which does the portal's work, and what the other applications of the
// portal need beside it.
func (s *Setup) all(ctx context.Context, p Portal, why purpose, report *Report, track *tracker) error {
	service, ok := p.Service()
	if !ok {
		report.Problems = append(report.Problems, "no application of the portal is active")
		return nil
	}
	client, err := s.deps.Client(ctx, p.ID, "")
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	var types []int
	if s.deps.Processes != nil {
		if types, err = s.deps.Processes(ctx, p.ID); err != nil {
			report.Problems = append(report.Problems, "the smart processes of the settings: "+err.Error())
		}
	}
	r := &run{s: s, p: p, app: service, c: client, service: true, why: why, types: types, track: track, report: report}
	if err := r.all(ctx); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	for _, other := range p.Apps {
		if other.ClientID == service.ClientID || other.State != Active {
			continue
		}
		if err := s.beside(ctx, p, other, why, report, track); err != nil {
			report.Notes = append(report.Notes, fmt.Sprintf("application %s, which is not the one at work: %s", other.ClientID, err))
		}
	}
	return nil
}

// beside keeps up what an application has in the portal that does not do its work: rules that were placed in
// its name, and the events that tell what becomes of it.
func (s *Setup) beside(ctx context.Context, p Portal, a Application, why purpose, report *Report, track *tracker) error {
	client, err := s.deps.Client(ctx, p.ID, a.ClientID)
	if err != nil {
		return err
	}
	own := &Report{}
	r := &run{s: s, p: p, app: a, c: client, why: why, track: track.quiet(), report: own}
	err = r.all(ctx)
	for d, names := range map[deed][]string{didAdd: own.Added, didRemove: own.Removed, didChange: own.Changed} {
		for _, name := range names {
			report.note(d, name+" of "+a.ClientID)
		}
	}
	report.Renewed += own.Renewed
	for _, problem := range own.Problems {
		report.Notes = append(report.Notes, a.ClientID+": "+problem)
	}
	return err
}
