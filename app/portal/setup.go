package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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

// CheckEvery is the pause between two self-checks of a portal.
const CheckEvery = 12 * time.Hour

// setupPart keeps a portal's setups in order, one at a time.
const setupPart = "setup"

func setupRow(id ID) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: setupPart, Kind: KindSetup}
}

func checkRow(id ID, at time.Time) lane.NewRow {
	return lane.NewRow{Lane: string(id), Part: setupPart, Kind: KindCheck, RunAt: at}
}

// Families stores a portal's LICENSE_FAMILY: it decides the rate of requests.
type Families interface {
	SetFamily(ctx context.Context, id ID, family string) error
}

// SetupDeps is what a Setup needs. Now and Log may be left out.
type SetupDeps struct {
	Portals *Directory
	Store   Families
	// Client gives the client of the portal's service application, with its limiter.
	Client    func(ctx context.Context, id ID) (*bitrix.Client, error)
	Robots    []RobotSpec // the catalogue
	PublicURL string      // BRIDGE_PUBLIC_URL
	Memory    Memory
	Now       func() time.Time
	Log       *slog.Logger
}

// Setup registers in a portal what the bridge needs there: automation rules, event handlers, fields and
// tabs. It looks before each step and does only what is missing, so it may be cut off anywhere and run
// again at any time. It is a lane.Worker of the rows of KindSetup and KindCheck.
type Setup struct{ deps SetupDeps }

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
	return &Setup{deps: deps}
}

// Work implements lane.Worker. What a person must put in order ends a setup as dead, with the list for
// the journal; a self-check goes on checking.
func (s *Setup) Work(ctx context.Context, row lane.Row) (lane.Result, error) {
	p, ok := s.deps.Portals.Get(ID(row.Lane))
	if !ok || p.State == Removed {
		return lane.Result{Note: "the portal is not installed any more"}, nil
	}
	if p.State == Paused && row.Kind == KindCheck {
		return s.again("the portal is paused"), nil
	}
	report, err := s.Run(ctx, p)
	switch {
	case err != nil && row.Kind == KindCheck && upstream.ClassOf(err) != upstream.Retry && upstream.ClassOf(err) != upstream.Wait:
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

func (s *Setup) again(note string) lane.Result {
	return lane.Result{Verdict: lane.Again, At: s.deps.Now().Add(CheckEvery), Note: note}
}

// Report is what one setup found and did.
type Report struct {
	Family   string   // the portal's LICENSE_FAMILY
	Scope    []string // granted scopes
	Added    []string // what was missing and is there now, such as "robot realty_extract"
	Removed  []string
	Problems []string // what a person has to put in order
}

// String is the report in a line, for the journal.
func (r Report) String() string {
	text := fmt.Sprintf("plan family %q, added %d, removed %d", r.Family, len(r.Added), len(r.Removed))
	if len(r.Problems) > 0 {
		text += "; problems: " + strings.Join(r.Problems, "; ")
	}
	return text
}

// run is one run of a setup.
type run struct {
	s      *Setup
	p      Portal
	app    Application
	c      *bitrix.Client
	track  *tracker
	report Report
}

// Run does the setup now. What the portal refuses for good is among the report's problems; the error is
// for what may pass later, or for a portal that does not know the application any more.
func (s *Setup) Run(ctx context.Context, p Portal) (Report, error) {
	r := &run{s: s, p: p, track: newTracker(s.deps.Memory, s.deps.Log, p.ID)}
	err := r.all(ctx)
	switch {
	case err != nil:
		r.track.end(ctx, SetupAgain, []string{err.Error()})
	case len(r.report.Problems) > 0:
		r.track.end(ctx, SetupPartly, r.report.Problems)
	default:
		r.track.end(ctx, SetupDone, nil)
	}
	return r.report, err
}

func (r *run) all(ctx context.Context) error {
	var ok bool
	if r.app, ok = r.p.Service(); !ok {
		r.problem("no application of the portal is active")
		return nil
	}
	var err error
	if r.c, err = r.s.deps.Client(ctx, r.p.ID); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	for _, step := range []func(context.Context) error{r.portal, r.robots, r.events, r.fields, r.tabs} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("set up: %w", err)
		}
	}
	return nil
}

func (r *run) problem(text string) { r.report.Problems = append(r.report.Problems, text) }

// judge keeps a refusal as a problem and lets the setup go on; what may pass, and an application that is
// gone, ends it.
func (r *run) judge(what string, err error) error {
	if err == nil {
		return nil
	}
	class := upstream.ClassOf(err)
	_, classified := errors.AsType[upstream.Classified](err)
	if !classified || class == upstream.Retry || class == upstream.Wait || class == upstream.Relogin ||
		errors.Is(err, bitrix.ErrAppGone) {
		return fmt.Errorf("%s: %w", what, err)
	}
	r.problem(what + ": " + err.Error())
	return nil
}

// requires reports whether the application's form grants a scope; without it the step is a problem.
func (r *run) requires(scope, step string) bool {
	for _, granted := range r.report.Scope {
		if strings.EqualFold(granted, scope) {
			return true
		}
	}
	r.problem(fmt.Sprintf("%s: the application's form does not grant the scope %q", step, scope))
	return false
}

// portal reads what the portal says about itself and the user whose tokens do the work.
func (r *run) portal(ctx context.Context) error {
	r.track.begin(ctx, "portal", 3)
	info, err := r.c.AppInfo(ctx)
	if err := r.judge("read the plan", err); err != nil {
		return err
	}
	r.track.advance(ctx)
	if r.report.Family = string(info.LicenseFamily); r.report.Family != "" && r.report.Family != r.p.Family {
		if err := r.s.deps.Store.SetFamily(ctx, r.p.ID, r.report.Family); err != nil {
			return fmt.Errorf("store the plan: %w", err)
		}
	}
	scope, err := r.c.Scope(ctx)
	if err := r.judge("read the scopes", err); err != nil {
		return err
	}
	if r.report.Scope = scope; err != nil {
		r.report.Scope = r.app.Scope
	}
	r.track.advance(ctx)
	user, err := r.c.Profile(ctx)
	if err := r.judge("read the user", err); err != nil {
		return err
	}
	if err == nil && !user.Admin {
		r.problem("the user whose tokens do the work is no administrator of the portal")
	}
	r.track.advance(ctx)
	return nil
}
