package portal

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"
)

// progressLife is how long an installer page can ask what became of a setup.
const progressLife = time.Hour

// The states of a setup.
const (
	SetupWaiting = "waiting" // not begun yet, or nothing is known of it
	SetupRunning = "running"
	SetupAgain   = "again"    // something did not answer; it is tried again by itself
	SetupDone    = "done"     // everything is registered
	SetupPartly  = "problems" // the rest needs a person: Problems says what
)

// Progress is how far a setup has come, for the installer page.
type Progress struct {
	State    string         `json:"state"`
	Steps    []StepProgress `json:"steps,omitempty"`
	Problems []string       `json:"problems,omitempty"`
}

// StepProgress is one step of it.
type StepProgress struct {
	Name  string `json:"name"` // portal, robots, events, fields, tabs, triggers
	Done  int    `json:"done"`
	Total int    `json:"total"`
}

// Memory is the cache that nodes share: the page may be answered by another node than the one that
// works. What it loses is only the sight of a setup, never the setup.
type Memory interface {
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

func progressKey(id ID) string { return "setup:" + string(id) }

// Progress tells how far the portal's latest setup has come.
func (s *Setup) Progress(ctx context.Context, id ID) Progress {
	return readProgress(ctx, s.deps.Memory, id)
}

func readProgress(ctx context.Context, m Memory, id ID) Progress {
	var p Progress
	raw, found, err := m.Get(ctx, progressKey(id))
	if err != nil || !found || json.Unmarshal(raw, &p) != nil {
		return Progress{State: SetupWaiting}
	}
	return p
}

// tracker publishes the progress of one run.
type tracker struct {
	memory Memory // nil: nobody watches
	log    *slog.Logger
	id     ID
	mu     sync.Mutex
	now    Progress
}

func newTracker(m Memory, log *slog.Logger, id ID) *tracker {
	return &tracker{memory: m, log: log, id: id, now: Progress{State: SetupRunning}}
}

// quiet gives a tracker that nobody watches.
func (t *tracker) quiet() *tracker { return &tracker{log: t.log} }

// begin opens a step; advance counts in it, finish fills it.
func (t *tracker) begin(ctx context.Context, name string, total int) {
	t.change(ctx, func(p *Progress) { p.Steps = append(p.Steps, StepProgress{Name: name, Total: total}) })
}

func (t *tracker) advance(ctx context.Context) {
	t.change(ctx, func(p *Progress) { p.Steps[len(p.Steps)-1].Done++ })
}

func (t *tracker) finish(ctx context.Context) {
	t.change(ctx, func(p *Progress) { p.Steps[len(p.Steps)-1].Done = p.Steps[len(p.Steps)-1].Total })
}

func (t *tracker) end(ctx context.Context, state string, problems []string) {
	t.change(ctx, func(p *Progress) { p.State, p.Problems = state, problems })
}

func (t *tracker) change(ctx context.Context, do func(*Progress)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do(&t.now)
	if t.memory != nil {
		t.publish(ctx)
	}
}

func (t *tracker) publish(ctx context.Context) {
	raw, err := json.Marshal(t.now)
	if err == nil {
		err = t.memory.Set(ctx, progressKey(t.id), raw, progressLife)
	}
	if err != nil {
		t.log.LogAttrs(ctx, slog.LevelDebug, "a setup's progress cannot be shown", slog.String("error", err.Error()))
	}
}
