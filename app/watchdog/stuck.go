package watchdog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"konturbridge/app/portal"
)

// Stuck is a workflow that seems to wait for a call that never came.
type Stuck struct {
	Portal   portal.ID `json:"portal"`
	Workflow string    `json:"workflow"`
	Template int64     `json:"template"` // 0: the portal named none
	Document string    `json:"document"` // DEAL_57
	Started  time.Time `json:"started"`
	Modified time.Time `json:"modified"` // since when nothing has moved
	Missing  []string  `json:"missing"`  // robots that workflows of this template call, and this one did not
	Received []string  `json:"received"` // robots whose calls came
	Found    time.Time `json:"found"`
}

// Reason says in words why the workflow is suspected.
func (s Stuck) Reason() string {
	missing := strings.Join(s.Missing, ", ")
	if len(s.Received) == 0 {
		return fmt.Sprintf("ни один вызов не пришёл; другие процессы этого шаблона вызывают: %s", missing)
	}
	return fmt.Sprintf("не пришёл вызов: %s; пришли: %s", missing, strings.Join(s.Received, ", "))
}

// Template is a workflow template whose workflows have called robots.
type Template struct {
	ID     int64
	Entity string               // class of its documents
	Robots map[string]time.Time // when the bridge learned that they are called
}

// Calls are what a workflow has asked for.
type Calls struct {
	Codes []string // of the robots
	Open  bool     // something of it is still being worked or waited for
}

// missing lists the robots that a workflow should have called: those that were known when it began.
func (t Template) missing(c Calls, started time.Time) []string {
	if t.ID == 0 && len(c.Codes) > 0 {
		return nil // workflows without a template have nothing in common
	}
	var codes []string
	for code, learned := range t.Robots {
		if learned.Before(started) && !slices.Contains(c.Codes, code) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Learned stores which template workflows are of; one that has ended is of none.
type Learned struct {
	Portal    portal.ID
	Workflows []Origin
}

// Origin is where a workflow comes from.
type Origin struct {
	Workflow string
	Ended    bool // it was not running any more
	Template int64
	Entity   string
}

// Found replaces the suspects of a portal, and forgets calls of before a moment.
type Found struct {
	Portal portal.ID
	Stuck  []Stuck
	Forget time.Time
}

// Gone forgets what was learned of a removed portal.
type Gone struct{ Portal portal.ID }

// LaneWrite marks the write.
func (Gone) LaneWrite() {}

// Ended takes a suspect out that was ended.
type Ended struct {
	Portal   portal.ID
	Workflow string
}

// LaneWrite marks the writes.
func (Learned) LaneWrite() {}

// LaneWrite marks the writes.
func (Found) LaneWrite() {}

// LaneWrite marks the writes.
func (Ended) LaneWrite() {}
