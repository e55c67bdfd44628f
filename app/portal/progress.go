package portal

import (
	"context"
	"encoding/json"
	"log/slog"
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
	Name  string `json:"name"` // portal, robots, events, fields, tabs
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
	memory Memory
	log    *slog.Logger
	id     ID
	now    Progress
}

func newTracker(m Memory, log *slog.Logger, id ID) *tracker {
	return &tracker{memory: m, log: log, id: id, now: Progress{State: SetupRunning}}
}

// begin opens a step; advance counts in it.
func (t *tracker) begin(ctx context.Context, name string, total int) {
	t.now.Steps = append(t.now.Steps, StepProgress{Name: name, Total: total})
	t.publish(ctx)
}

func (t *tracker) advance(ctx context.Context) {
	t.now.Steps[len(t.now.Steps)-1].Done++
	t.publish(ctx)
}

func (t *tracker) end(ctx context.Context, state string, problems []string) {
	t.now.State, t.now.Problems = state, problems
	t.publish(ctx)
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
